"""Why a clonotype is or is not a lead, antigen by antigen: each criterion and what was found for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from bactrian.discovery.leads.criteria import NOT_NOMINATED, check_unit
from bactrian.discovery.selection.settings import SelectionSettings

if TYPE_CHECKING:
    from bactrian.discovery.leads.criteria import Check
    from bactrian.discovery.leads.questions import Question

_UNITS = {"cdr3": "CDR3", "clonotype": "clonotype", "lineage": "lineage"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the selection says of one unit for one antigen.

    Args:
        library: Library.
        antigen: Target antigen.
        key: The tested unit, None where it was not tested.
        tier: Its tier, None where it was not tested.
        rank: Its rank, likewise.
        answer: Whether it is a lead and why, in one sentence.
        checks: The criteria one by one; none where it was not tested.
        counts: Count and CPM in every column of the test: role, column, count, CPM.
        beside: What other units, the takeover samples and the design say, one sentence each.
    """

    library: str
    antigen: str
    key: str | None
    tier: int | None
    rank: int | None
    answer: str
    checks: tuple[Check, ...]
    counts: tuple[tuple[str, str, int, float], ...]
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to a question about a clonotype.

    Args:
        asked: What was asked for.
        about: What it is, one sentence each.
        verdicts: One per library, antigen and tested unit.
    """

    asked: str
    about: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


def explain(
    question: Question,
    table: pl.DataFrame,
    *,
    contrasts: pl.DataFrame,
    replicates: pl.DataFrame,
    designs: pl.DataFrame,
    clonotypes: pl.DataFrame | None = None,
    leads: pl.DataFrame | None = None,
    near_misses: pl.DataFrame | None = None,
    limits: SelectionSettings | None = None,
) -> Explanation:
    """Explain why a clonotype is or is not a lead.

    Args:
        question: Of `understand`.
        table: `Selection.table`.
        contrasts: `Selection.contrasts`.
        replicates: `Selection.replicates`.
        designs: `Selection.designs`.
        clonotypes: `clonotypes.parquet`.
        leads: `leads.parquet`; None where nothing was picked yet.
        near_misses: `leads_near_misses.csv`, likewise.
        limits: Limits that made the tiers.

    Returns:
        The explanation.
    """
    limits = limits or SelectionSettings()
    units = _with_optional(table)
    verdicts = []
    for design in designs.iter_rows(named=True):
        if question.antigen and design["antigen"] != question.antigen:
            continue
        place = (pl.col("library") == design["library"]) & (pl.col("antigen") == design["antigen"])
        own = units.filter(place & pl.col("key").is_in(list(question.keys))).sort("rank")
        for row in own.iter_rows(named=True):
            mine = place & (pl.col("key") == row["key"])
            checks = check_unit(row, contrasts.filter(mine).to_dicts(), limits)
            verdicts.append(
                Verdict(
                    library=design["library"],
                    antigen=design["antigen"],
                    key=row["key"],
                    tier=row["tier"],
                    rank=row["rank"],
                    answer=_answer(row, design, leads, near_misses),
                    checks=tuple(checks),
                    counts=tuple(
                        (one["role"], one["column"], one["count"], one["cpm"])
                        for one in replicates.filter(mine).iter_rows(named=True)
                    ),
                    beside=tuple(_beside(row, design)),
                )
            )
        if not own.height:
            verdicts.append(_untested(question, design, clonotypes, limits))
    return Explanation(question.asked, tuple(_about(question, table, clonotypes)), tuple(verdicts))


def _with_optional(table: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that a table may lack."""
    from bactrian.discovery.leads.candidates import OPTIONAL  # noqa: PLC0415 - keeps this module light

    absent = [pl.lit(None, kind).alias(name) for name, kind in OPTIONAL.items() if name not in table.columns]
    return table.with_columns(absent)


def _answer(
    row: dict[str, Any], design: dict[str, Any], leads: pl.DataFrame | None, near_misses: pl.DataFrame | None
) -> str:
    """Say whether a tested unit is a lead."""
    same = (
        (pl.col("library") == design["library"])
        & (pl.col("antigen") == design["antigen"])
        & (pl.col("key") == row["key"])
    )
    if leads is not None and leads.height:
        picked = leads.filter(same)
        if picked.height:
            lead = picked.row(0, named=True)
            return f"a lead: pick {lead['pick']}, plate {lead['plate']} well {lead['well']}. {lead['reason']}"
    if near_misses is not None and near_misses.height:
        missed = near_misses.with_columns(pl.col("library").fill_null("")).filter(same)
        if missed.height:
            return f"not a lead, a near miss: {missed['reason'][0]}"
    if row["tier"]:
        return f"nominated at Tier {row['tier']}, not among the picks. {row['reason']}"
    return f"not a lead: {str(row['reason']).removeprefix(NOT_NOMINATED)}"


def _beside(row: dict[str, Any], design: dict[str, Any]) -> list[str]:
    """Say what other counts and the design say."""
    said = []
    for unit, name in _UNITS.items():
        tier = row[f"tier_{unit}"]
        if unit != row["unit"] and tier is not None:
            agrees = "the same" if tier == row["tier"] else "which disagrees"
            said.append(f"Counted by {name}: Tier {tier}, {agrees}.")
    if row["tier_with_takeovers"] is not None:
        said.append(f"With the samples flagged as takeover kept: Tier {row['tier_with_takeovers']}.")
    if design.get("left_out"):
        said.append(f"Left out as takeovers: {design['left_out'].replace(';', ', ')}.")
    if design.get("exploratory"):
        said.append("The design is exploratory: there is no error control.")
    return said


def _untested(
    question: Question, design: dict[str, Any], clonotypes: pl.DataFrame | None, limits: SelectionSettings
) -> Verdict:
    """Say why nothing of it was tested for an antigen."""
    answer = f"not tested: fewer than {limits.min_reads} reads over the target, comparator and input columns"
    if clonotypes is not None and question.cdr3 is not None:
        own = clonotypes.filter((pl.col("library") == design["library"]) & (pl.col("cdr3") == question.cdr3))
        total = int(own["count"].sum())
        if not total:
            answer = f"not tested: not seen in any sample of the library '{design['library']}'"
        elif total < limits.min_reads:
            answer = f"not tested: {total} reads in all samples together, {limits.min_reads} are needed"
        else:
            answer += (
                f"; the others of its {total:,} reads stand in other rounds, on other antigens or in samples "
                "that are left out"
            )
    return Verdict(design["library"], design["antigen"], None, None, None, answer, (), (), ())


def _about(question: Question, table: pl.DataFrame, clonotypes: pl.DataFrame | None) -> list[str]:
    """Say what the question is about."""
    if clonotypes is None or question.cdr3 is None:
        return []
    own = clonotypes.filter(pl.col("cdr3") == question.cdr3).sort(
        "count", "clonotype", descending=[True, False]
    )
    if not own.height:
        return []
    total = int(own["count"].sum())
    said = [
        f"CDR3 {question.cdr3}, lineage {own['lineage'][0]}: {total:,} reads in all samples, "
        f"{own.height} {'clonotype' if own.height == 1 else 'clonotypes'}."
    ]
    main = own.row(0, named=True)
    if main["cdr1"] is None:
        said.append("Its CDR1–2 is unknown: recombination hides which one is its own.")
    else:
        share = 100 * main["count"] / total
        said.append(f"Main clonotype {main['clonotype']} with {share:.0f} % of these reads.")
    if question.clonotype and question.clonotype not in set(own["clonotype"]):
        said.append(f"The clonotype asked for, {question.clonotype}, was not counted: its CDR1–2 is another.")
    elif question.clonotype and table.height and table["unit"][0] == "cdr3" and own.height > 1:
        said.append("The counts are by CDR3: all its clonotypes are counted together.")
    return said
