"""The tables of a screen report: samples, diversity, what was flagged, clonotypes, neighbours that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from bactrian.discovery.figures.diversity import cdr3_diversity
from bactrian.discovery.figures.marks import with_sheet
from bactrian.discovery.figures.samples import strongest_donors
from bactrian.report import Column, Table
from bactrian.report.tables import present

if TYPE_CHECKING:
    from bactrian.discovery.figures.results import ScreenResults
    from bactrian.report.palette import State

SHOWN = 200
"""Rows of a long table that a page holds; the files beside it hold all."""

FLAG_STATES: dict[str, State] = {
    "takeover": "bad",
    "watch": "waiting",
    "low_depth": "waiting",
    "contamination": "waiting",
    "failed": "bad",
}
FAILED = "the sample failed; see its note"
NOT_SAID = "the sheet leaves it empty"

BY_SAMPLES = "Chance that errors alone would spread over the samples as the neighbour does"
BY_CDR12 = "Chance that errors alone would carry the neighbour's CDR1–2 as often"

SAMPLES = (
    Column("sample", "Sample", "mono"),
    Column("flags", "Flags", "flags", states=FLAG_STATES),
    Column("selection", "Selection", missing=NOT_SAID),
    Column("replicate", "Replicate", missing=NOT_SAID),
    Column("round", "Round", "count", missing=NOT_SAID),
    Column("arm", "Arm", missing=NOT_SAID),
    Column("antigen", "Antigen", missing=NOT_SAID),
    Column("library", "Library", missing=NOT_SAID),
    Column("pairs", "Pairs", "count", missing=FAILED, about="Read pairs in the files of the sample"),
    Column(
        "primers_found",
        "With primers",
        "count",
        missing=FAILED,
        about="Pairs in which both primers were found",
    ),
    Column(
        "filtered",
        "Filtered",
        "count",
        missing=FAILED,
        about="Pairs with primers and too many expected errors",
    ),
    Column("merged", "Merged", "count", missing=FAILED, about="Mates overlap"),
    Column(
        "joined",
        "Joined",
        "count",
        missing=FAILED,
        about="Mates do not overlap; joined across the unread gap",
    ),
    Column("single", "One mate", "count", missing=FAILED, about="CDR3 from one mate alone"),
    Column("productive", "Productive", "count", missing=FAILED, about="In frame, no stop codon, CDR3 read"),
    Column("stop", "Stop", "count", missing=FAILED, about="A stop codon inside the VHH"),
    Column(
        "frameshift", "Frameshift", "count", missing=FAILED, about="The reading frame changes inside the VHH"
    ),
    Column(
        "truncated",
        "CDR3 unread",
        "count",
        missing=FAILED,
        about="A VHH whose CDR3 was not read from end to end",
    ),
    Column("not_vhh", "Not a VHH", "count", missing=FAILED, about="No alignment to the VHH profile"),
    Column(
        "empty_vector",
        "Empty vector",
        "share",
        missing=FAILED,
        about="Share of molecules that look like empty vector",
    ),
    Column(
        "chimeric",
        "Chimeric",
        "count",
        missing=FAILED,
        about="Productive molecules that recombination explains",
    ),
    Column("cdr3s", "CDR3s", "count", missing=FAILED, about="Distinct CDR3s"),
    Column("clonotypes", "Clonotypes", "count", missing=FAILED, about="Distinct CDR1-2-3"),
    Column("top_share", "Top clone", "share", missing=FAILED, about="Share of the commonest CDR3"),
)


def list_samples(results: ScreenResults) -> list[Table]:
    """List every sample with its tallies and flags."""
    frame = results.samples.with_columns(pl.col("flags").fill_null(""))
    if not results.empty_vector.is_empty():
        empty = results.empty_vector.select("sample", empty_vector=pl.col("share"))
        frame = frame.join(empty, on="sample", how="left", maintain_order="left")
    columns = present(SAMPLES, frame)
    known = {column.key for column in SAMPLES}
    more = tuple(
        Column(name, name.replace("_", " "), missing=NOT_SAID)
        for name in results.samples.columns
        if name not in known and name not in {"fastq_1", "fastq_2"}
    )
    if "round" in frame.columns:
        frame = frame.with_columns(pl.col("round").cast(pl.Int64, strict=False))
    return [Table("Samples", frame, columns + more, files=_files(results, "samples.csv"))]


def list_diversity(results: ScreenResults) -> list[Table]:
    """List the diversity of samples and libraries with its intervals."""
    tables = []
    few = "too few molecules to estimate it"
    wanted = (
        f"Molecules at which the CDR3s seen make up {results.coverage_target:.0%} of the pool's molecules"
    )
    estimates = (
        Column("reads", "Molecules", "count"),
        Column("observed", "CDR3s seen", "count"),
        Column(
            "chao1",
            "Chao1",
            "count",
            unit="CDR3s at least",
            missing=few,
            about="CDR3s that the pool holds at least",
        ),
        Column(
            "chao1", "95 % interval", "interval", digits=0, low="chao1_low", high="chao1_high", missing=few
        ),
        Column(
            "coverage",
            "Coverage",
            "share",
            missing=few,
            about="Share of the pool's molecules whose CDR3 was seen",
        ),
        Column("depth_for_coverage", "Depth needed", "count", unit="molecules", missing=few, about=wanted),
        Column(
            "hill1", "Hill 1", "count", missing=few, about="Equally common CDR3s of the same Shannon entropy"
        ),
        Column(
            "hill1", "95 % interval", "interval", digits=0, low="hill1_low", high="hill1_high", missing=few
        ),
        Column(
            "hill2", "Hill 2", "count", missing=few, about="Equally common CDR3s of the same Simpson index"
        ),
        Column(
            "hill2", "95 % interval", "interval", digits=0, low="hill2_low", high="hill2_high", missing=few
        ),
    )
    if not results.libraries.is_empty():
        unstated = "the number of transformants was not stated"
        unsequenced = "the unpanned library was not sequenced"
        columns = (
            Column("library", "Library"),
            Column("inputs", "Input samples", "count"),
            Column("productive_share", "Productive", "share", missing=unsequenced),
            *estimates[:6],
            Column("transformants", "Transformants", "count", unit="stated", missing=unstated),
            Column("observed_share", "Seen of them", "share", digits=2, missing=unstated),
            Column(
                "expected_share",
                "At most",
                "share",
                digits=2,
                missing=unstated,
                about="What this depth shows if all differ",
            ),
            Column("chao1_share", "Chao1 of them", "share", missing=unstated),
        )
        frame = cdr3_diversity(results.libraries)
        tables.append(Table("Libraries", frame, present(columns, frame)))
    frame = cdr3_diversity(results.diversity)
    if not frame.is_empty():
        tables.append(
            Table("Diversity", frame, present((Column("sample", "Sample", "mono"), *estimates), frame))
        )
    return tables


def list_flagged(results: ScreenResults) -> list[Table]:
    """List takeovers, jackpots and contaminated samples, each with its reason."""
    tables = []
    takeovers = results.takeovers
    if not takeovers.is_empty() and "verdict" in takeovers.columns:
        takeovers = takeovers.filter(pl.col("verdict").fill_null("") != "")
    if not takeovers.is_empty():
        columns = (
            Column("sample", "Sample", "mono"),
            Column("verdict", "Flag", "flags", states=FLAG_STATES),
            Column("cdr3", "CDR3", "mono"),
            Column("share", "Share", "share"),
            Column(
                "group_share",
                "With siblings",
                "share",
                about="With the CDR3s that differ from it in one or two residues",
            ),
            Column(
                "replicate_share",
                "In replicates",
                "share",
                missing="no replicate of this group",
                about="Median over the replicates",
            ),
            Column("reason", "Reason", "prose"),
        )
        tables.append(Table("Takeovers", takeovers, present(columns, takeovers)))
    if not results.jackpots.is_empty():
        columns = (
            Column("sample", "Sample", "mono"),
            Column("cdr3", "CDR3", "mono"),
            Column("count", "Molecules", "count"),
            Column("share", "Share", "share", digits=2),
            Column(
                "replicate_share", "In replicates", "share", digits=2, missing="no replicate of this group"
            ),
            Column("fold", "Fold", "number", unit="over replicates", missing="not seen in the replicates"),
            Column("reason", "Reason", "prose"),
        )
        jackpots = cdr3_diversity(results.jackpots)
        tables.append(
            Table(
                "Jackpots",
                jackpots.head(SHOWN),
                present(columns, jackpots),
                total=jackpots.height,
                lead="CDR3s that rose in one replicate alone: chance of growth or PCR rather than binding.",
            )
        )
    pairs = results.contamination
    if not pairs.is_empty() and {"donor", "recipient", "rate", "flagged"} <= set(pairs.columns):
        frame = with_sheet(strongest_donors(pairs).filter("flagged"), results.samples)
        if not frame.is_empty():
            shown = (
                Column("sample", "Sample", "mono"),
                Column("donor", "Likely donor", "mono"),
                Column("rate", "Share from it", "share", digits=2),
                Column("low", "Low", "share", digits=2, unit="95 % interval"),
                Column("high", "High", "share", digits=2, unit="95 % interval"),
            )
            tables.append(Table("Contaminated samples", frame, present(shown, frame)))
    return tables


def list_clonotypes(results: ScreenResults) -> list[Table]:
    """List the commonest clonotypes."""
    if results.clonotypes.is_empty():
        return []
    unread = "no mate read it"
    columns = (
        Column("cdr3", "CDR3", "mono"),
        Column("cdr1", "CDR1", "mono", missing=unread),
        Column("cdr2", "CDR2", "mono", missing=unread),
        Column("count", "Molecules", "count"),
        Column("n_samples", "Samples", "count", about="Samples that hold it"),
        Column(
            "n_chimeric",
            "Chimeric",
            "count",
            about="Molecules of its CDR3 with another clone's CDR1–2, counted here",
        ),
        Column("n_cdr12_read", "CDR1–2 read", "count", about="Molecules that read CDR1 and CDR2"),
        Column(
            "cdr12_support",
            "CDR1–2 support",
            "share",
            missing=unread,
            about="Share of those molecules that carry this CDR1–2",
        ),
        Column(
            "cdr12_posterior",
            "CDR1–2 certainty",
            "share",
            missing=unread,
            about="Probability that this is the parent CDR1–2",
        ),
        Column("lineage", "Lineage"),
        Column("vhh", "VHH", "mono", about="Commonest full sequence; X was not read"),
    )
    frame = results.clonotypes.with_columns(pl.col(pl.String).replace("?", None))
    return [
        Table(
            "Commonest clonotypes",
            frame.head(SHOWN),
            present(columns, frame),
            total=max(results.n_clonotypes or 0, frame.height),
            files=_files(results, "clonotypes.parquet", "counts_clonotype.parquet"),
        )
    ]


def list_neighbours(results: ScreenResults) -> list[Table]:
    """List the one-substitution neighbours that stay, with their evidence."""
    frame = results.neighbours
    if frame.is_empty():
        return []
    frame = frame.with_columns(pl.col("evidence").str.replace_all(";", ", ").str.replace("cdr12", "CDR1–2"))
    untested = "too few molecules to test"
    columns = (
        Column("child", "Neighbour", "mono"),
        Column("parent", "Common CDR3", "mono"),
        Column("count", "Molecules", "count", unit="of the neighbour"),
        Column("parent_count", "Molecules", "count", unit="of the common CDR3"),
        Column(
            "share", "Ratio", "share", digits=2, about="Molecules of the neighbour per molecule of the CDR3"
        ),
        Column("evidence", "Kept by", missing="no test alone keeps it"),
        Column("nt_distance", "Bases apart", "count", about="Nucleotides in which the two differ"),
        Column("p_samples", "P, samples", "probability", missing=untested, about=BY_SAMPLES),
        Column("p_cdr12", "P, CDR1–2", "probability", missing=untested, about=BY_CDR12),
        Column("cdr12", "CDR1–2", "mono", unit="of the neighbour", missing="no mate read it"),
        Column("parent_cdr12", "CDR1–2", "mono", unit="of the common CDR3", missing="no mate read it"),
        Column("library", "Library"),
    )
    return [
        Table(
            "Neighbours that stay",
            frame.head(SHOWN),
            present(columns, frame),
            total=frame.height,
            files=_files(results, "neighbours.csv"),
            lead=(
                "CDR3s one residue away from a common one that hold more than a set share of it and were not "
                "taken for its errors, with what keeps them: their count, more bases apart than an error may "
                "have, their spread over the samples, or a CDR1–2 of their own."
            ),
        )
    ]


def _files(results: ScreenResults, *names: str) -> tuple[tuple[str, str], ...]:
    """Give the links to those files that stand beside the report."""
    return tuple((name, name) for name in names if name in results.files)
