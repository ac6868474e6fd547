"""The tables of a leads report: leads, near misses, comparators, designs and the columns of the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from bactrian.discovery.figures.leads.cards import CARDS, TRIAGE_STATES
from bactrian.discovery.figures.leads.results import UNITS, lead_key
from bactrian.report import Column, Table
from bactrian.report.tables import present
from bactrian.report.words import anchor

if TYPE_CHECKING:
    from bactrian.discovery.figures.leads.results import LeadsResults, TargetResults
    from bactrian.report.palette import State

SHOWN = 200
"""Rows of a long table that a page holds; the files beside it hold all."""

PAGE_SHOWN = 300
"""Rows of leads, and of near misses, that all antigens of a page have together."""

TIERS: dict[int, str] = {0: "not nominated", 1: "nominated", 2: "high confidence"}
TIER_STATES: dict[str, State] = {"nominated": "good", "high confidence": "good", "not nominated": "waiting"}
NO_INPUT = "not tested: no input"
NO_COMPARATOR = "not tested: no comparator"
NO_CONTROL = "no error control"


def list_leads(target: TargetResults, *, cards: int = CARDS, rows: int = SHOWN) -> Table:
    """List the leads with what decided and what to look at, each leading to its card."""
    leads = target.leads
    noun = UNITS[target.whole.unit]
    title = f"Leads for {target.name}"
    if leads.is_empty():
        frame = pl.DataFrame(schema={"key": pl.String})
        return Table(title, frame, (Column("key", noun),), empty=_no_leads(target))
    frame = leads.with_columns(
        card=pl.when(pl.int_range(pl.len()) < cards).then(
            pl.col("pick").map_elements(
                lambda pick: f"#{anchor(lead_key(target, pick))}", return_dtype=pl.String
            )
        ),
        name=pl.coalesce("cdr3", "key"),
        standing=pl.lit("exploratory") if target.exploratory else pl.col("tier").replace_strict(TIERS),
    )
    frame = frame.with_columns(order=pl.when("orderable").then(pl.lit("in order.fasta")))
    why = "what is missing stands on its card"
    columns = (
        Column("pick", "#", "count"),
        Column("well", "Well", about="Place on a 96-well plate, down the columns"),
        Column("name", "CDR3" if leads["cdr3"].is_not_null().any() else noun, "mono", link="card"),
        Column(
            "standing",
            "Tier",
            "flags",
            states=TIER_STATES | {"exploratory": "waiting"},
            about="Nominated: Tier 1; high confidence: Tier 2",
        ),
        Column(
            "s_shrunken",
            "Specificity",
            "number",
            unit="log2, worst comparator",
            missing=NO_COMPARATOR,
            about="Shrunken log2 fold change over the comparator that speaks most against it",
        ),
        Column("s_shrunken", "95 % interval", "interval", low="s_low", high="s_high", missing=NO_COMPARATOR),
        Column(
            "e_shrunken",
            "Enrichment",
            "number",
            unit="log2, over input",
            missing=NO_INPUT,
            about="Shrunken log2 fold change over input",
        ),
        Column(
            "replicates_consistent",
            "Replicates",
            "count",
            unit=f"of {target.replicates}",
            missing=NO_CONTROL,
            about="Replicates whose CPM + 20 exceeds twice that of every comparator and input column",
        ),
        Column("pi", "pI", "number", missing=why, about="Isoelectric point; method under Methods"),
        Column(
            "triage",
            "Sequence",
            "flags",
            states=TRIAGE_STATES,
            about="Where to look first, by liabilities, CDR lengths and hallmarks; no verdict",
        ),
        Column("liabilities", "Liabilities", missing="none of weight found in what was read"),
        Column("comparator", "Against", missing=NO_COMPARATOR),
        Column("fdr_s", "FDR of S", "probability", missing=NO_CONTROL, about="F-test, Benjamini–Hochberg"),
        Column("fdr_e", "FDR of E", "probability", missing=NO_CONTROL, about="F-test, Benjamini–Hochberg"),
        Column(
            "fdr_treat",
            "FDR of TREAT",
            "probability",
            missing=NO_CONTROL,
            about="Both changes tested against the least fold change, the larger p, Benjamini–Hochberg",
        ),
        Column("cpm_target", "On target", "count", unit="CPM"),
        Column("cpm_comparator", "On comparator", "count", unit="CPM", missing=NO_COMPARATOR),
        Column("cpm_input", "In input", "count", unit="CPM", missing=NO_INPUT),
        *_other_tiers(target, leads),
        Column("lineage", "Lineage", missing="no CDR3 to group by"),
        Column("known", "Known", missing="not in the list of known clonotypes"),
        Column("order", "Order", missing="not orderable; its card says why"),
    )
    shown = _known(frame if target.replicates > 1 else frame.drop("replicates_consistent"))
    lead = (
        "Ranked by shrunken specificity, not by p; one row a pick. "
        if "s_shrunken" in shown.columns
        else "Ranked by what was tested; one row a pick. "
    )
    return Table(
        title,
        frame.head(rows),
        present(columns, shown),
        lead=lead + "The sequence leads to the lead's card below.",
        total=frame.height,
        files=_files(target.whole, "leads.csv", "leads.xlsx", "leads.parquet", "leads.fasta", "order.fasta"),
    )


def list_near_misses(target: TargetResults, *, rows: int = SHOWN) -> Table:
    """List what was nearly a lead, with the one reason against it."""
    missed = target.near_misses
    noun = UNITS[target.whole.unit]
    title = f"Near misses for {target.name}"
    if missed.is_empty():
        return Table(
            title,
            pl.DataFrame(schema={"key": pl.String}),
            (Column("key", noun),),
            empty="No unit fails by one criterion alone.",
        )
    columns = (
        Column("key", noun, "mono"),
        Column("missed", "Why it is not a lead", "prose"),
        Column("rank", "Rank", "count"),
        Column("log2fc_e", "E", "number", unit="log2, over input", missing=NO_INPUT),
        Column("log2fc_s", "S", "number", unit="log2, worst comparator", missing=NO_COMPARATOR),
        Column("comparator", "Against", missing=NO_COMPARATOR),
        Column("fdr_e", "FDR of E", "probability", missing=NO_CONTROL),
        Column("fdr_s", "FDR of S", "probability", missing=NO_CONTROL),
        Column(
            "replicates_consistent", "Replicates", "count", unit=f"of {target.replicates}", missing=NO_CONTROL
        ),
        Column("vetoed_by", "Also enriched on", missing="on no comparator"),
    )
    return Table(
        title,
        missed.head(rows),
        present(columns, _known(missed)),
        total=missed.height,
        lead="Each was held back or fails one criterion; what decides is named first.",
        files=_files(target.whole, "leads_near_misses.csv", "selection.csv", "selection.parquet"),
    )


def list_designs(results: LeadsResults) -> list[Table]:
    """List what was compared with what, and the columns of every test."""
    optional = (name for name in ("bcv", "smallest_log2fc") if name not in results.designs.columns)
    frame = results.designs.with_columns(pl.lit(None, pl.Float64).alias(name) for name in optional)
    frame = frame.with_columns(
        state=pl.when("exploratory").then(pl.lit("exploratory")).otherwise(pl.lit("tested")),
        # Without replicates the spread is assumed, not measured.
        bcv=pl.when(~pl.col("exploratory")).then(pl.col("bcv")),
        smallest_fold=pl.lit(2.0) ** pl.col("smallest_log2fc"),
    )
    plain = [name for name in ("comparators", "left_out", "wanted_with", "rounds") if name in frame.columns]
    frame = frame.with_columns(pl.col(name).cast(pl.String).str.replace_all(";", ", ") for name in plain)
    unknown = "the spread between replicates is not known"
    columns = (
        Column("antigen", "Target antigen"),
        Column("library", "Library"),
        Column("state", "Design", "flags", states={"exploratory": "waiting", "tested": "good"}),
        Column("rounds", "Rounds", missing="none"),
        Column("replicates", "Replicates", "count", unit="selections"),
        Column("comparators", "Compared with", missing="nothing: specificity is not tested"),
        Column("wanted_with", "Wanted with", missing="nothing"),
        Column("inputs", "Input", "count", unit="samples"),
        Column("n_tested", "Tested", "count", unit=f"{UNITS[results.unit]}s"),
        Column("tier1", "Nominated", "count", unit="Tier 1 or 2"),
        Column("tier2", "High confidence", "count", unit="Tier 2"),
        Column(
            "bcv", "BCV", "number", digits=2, missing=unknown, about="Biological coefficient of variation"
        ),
        Column(
            "smallest_fold",
            "Detectable",
            "number",
            unit="times",
            missing=unknown,
            about="Smallest fold change that this design detects",
        ),
        Column(
            "floor_tier1", "Label swaps", "number", unit="nominate on average", missing="no swap is possible"
        ),
        Column("left_out", "Left out", missing="no sample"),
    )
    shown = _known(frame)
    tables = [Table("Designs", frame, present(columns, shown))]
    if results.columns.is_empty():
        return tables
    used = results.columns.with_columns(pl.col("samples").str.replace_all(";", ", "))
    parts = (
        Column(
            "column", "Column", "mono", about="An independent selection at the decisive rounds, or an input"
        ),
        Column("antigen", "In the test of"),
        Column("library", "Library"),
        Column("role", "Role"),
        Column("comparator", "Comparator", missing="it is none"),
        Column("replicate", "Replicate", missing="the sheet leaves it empty"),
        Column("samples", "Samples summed", "prose"),
        Column("reads", "Reads", "count"),
        Column("norm_factor", "Normalisation", "number", digits=2, missing="not normalised"),
    )
    files = _files(results, "selection/")
    tables.append(
        Table(
            "Columns of the tests",
            used.head(2 * SHOWN),
            present(parts, used),
            total=used.height,
            files=files,
        )
    )
    return tables


def _known(frame: pl.DataFrame) -> pl.DataFrame:
    """Give the columns that hold anything: one that no row fills is not shown."""
    return frame.select(name for name in frame.columns if frame[name].null_count() < frame.height)


def _other_tiers(target: TargetResults, leads: pl.DataFrame) -> tuple[Column, ...]:
    """Give the columns of the tiers that other choices give, where there are any."""
    columns = [
        Column(
            "tier_with_takeovers",
            "With takeovers",
            "count",
            unit="tier",
            missing="no sample was left out",
            about="Tier when samples flagged as takeover are kept",
        )
    ]
    columns += [
        Column(f"tier_{unit}", f"By {word}", "count", unit="tier", missing="not counted so")
        for unit, word in UNITS.items()
        if unit != target.whole.unit and f"tier_{unit}" in leads.columns
    ]
    return tuple(columns)


def _no_leads(target: TargetResults) -> str:
    if target.exploratory:
        return "Nothing is nominated without replicates. Pick by rank with `bactrian leads DIR --tier 0`."
    return "No unit passed every criterion. The near misses below say what each failed."


def _files(results: LeadsResults, *names: str) -> tuple[tuple[str, str], ...]:
    """Give the links to those files that stand beside the report."""
    return tuple((name, name) for name in names if name in results.files)
