"""Units that were nearly leads: held back while picking, or failing one criterion, each with its reason.

A list of its own shows what a person would otherwise look for in vain: the enriched clone that the veto took,
the one just above the limit, the lineage that was full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bactrian.discovery.leads import criteria, picking
from bactrian.discovery.selection.consistency import needed_replicates
from bactrian.discovery.selection.reasons import say_fold, say_rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bactrian.discovery.leads.settings import PickSettings
    from bactrian.discovery.selection.settings import SelectionSettings

NEAR_MISS_COLUMNS: Final = {
    "antigen": pl.String,
    "unit": pl.String,
    "key": pl.String,
    "clonotype": pl.String,
    "lineage": pl.String,
    "tier": pl.Int8,
    "rank": pl.Int32,
    "criterion": pl.String,
    "reason": pl.String,
    "log2fc_e": pl.Float64,
    "log2fc_s": pl.Float64,
    "fdr_e": pl.Float64,
    "fdr_s": pl.Float64,
    "comparator": pl.String,
    "replicates_consistent": pl.Int32,
    "vetoed_by": pl.String,
    "log2fc_veto": pl.Float64,
    "tier_with_takeovers": pl.Int8,
    "known": pl.String,
    "known_kind": pl.String,
    "library": pl.String,
}
# What counts as narrow decides only what is listed, never what is nominated: an FDR up to four times its
# limit, a fold change whose logarithm is at least half of the one that is needed.
NARROW_FDR: Final = 4.0
NARROW_FOLD: Final = 0.5


def list_near_misses(
    units: pl.DataFrame,
    held: pl.DataFrame,
    *,
    contrasts: pl.DataFrame | None,
    limits: SelectionSettings,
    settings: PickSettings,
) -> pl.DataFrame:
    """List what was nearly picked, with the criterion that failed.

    Held-back units come first, by rank. The others fail exactly one criterion, which is told by name:
    narrowly where it is a limit, or however far where the unit is enriched but vetoed, grows by itself, or
    shows in too few replicates. Where there are too many, each criterion gives its best in turn.

    Args:
        units: All candidates of `describe_candidates`, marked by `mark_known`.
        held: Those of them that had the tier, from `pick_leads`, the picked ones included.
        contrasts: `Selection.contrasts`, for every comparator; None to judge by the worst alone.
        limits: Limits of the tiers.
        settings: Tier asked for, and how many near misses are kept per antigen.

    Returns:
        Rows with `NEAR_MISS_COLUMNS`.
    """
    rows: list[dict[str, Any]] = []
    failing = _failing(units, contrasts, limits)
    for antigen in units["antigen"].unique(maintain_order=True):
        own = held.filter(pl.col("antigen") == antigen)
        picks = {row["pick"]: row for row in own.filter(pl.col("pick").is_not_null()).iter_rows(named=True)}
        found = [
            {**row, "criterion": row["held_by"], "reason": say_held(row, picks, settings)}
            for row in own.filter(pl.col("pick").is_null()).iter_rows(named=True)
        ]
        found += _lower_tier(units.filter(pl.col("antigen") == antigen), settings)
        missed = failing.filter((pl.col("antigen") == antigen) & (pl.col("tier") < min(1, settings.tier)))
        queues = [list(part.iter_rows(named=True)) for _, part in _by_criterion(missed)]
        rest = (
            {**row, "reason": say_failed(row, limits)}
            for turn in range(max(map(len, queues), default=0))
            for queue in queues
            if turn < len(queue)
            for row in (queue[turn],)
        )
        found += list(rest)
        rows += found[: settings.near_misses]
    return pl.DataFrame(rows, schema_overrides=NEAR_MISS_COLUMNS, infer_schema_length=None).select(
        pl.col(name).cast(kind) for name, kind in NEAR_MISS_COLUMNS.items()
    ) if rows else pl.DataFrame(schema=NEAR_MISS_COLUMNS)  # fmt: skip


def say_held(row: Mapping[str, Any], picks: Mapping[int, Mapping[str, Any]], settings: PickSettings) -> str:
    """Say why a unit that has the tier was not picked."""
    standing = f"Tier {row['tier']}, rank {row['rank']}"
    if row["held_by"] == picking.KNOWN:
        return f"{standing}; marked {row['known_kind']} '{row['known']}' ({row['known_match']})"
    if row["held_by"] == picking.LINEAGE:
        same = [
            f"{number} ({pick['key']})"
            for number, pick in sorted(picks.items())
            if pick["lineage"] == row["lineage"] and pick["library"] == row["library"]
        ]
        word = "pick" if len(same) == 1 else "picks"
        return f"{standing}; lineage {row['lineage']} is full: {word} {' and '.join(same)}"
    if row["held_by"] == picking.DISTANCE:
        pick = picks[row["closest_pick"]]
        share, needed = 100 * row["closest_share"], 100 * settings.min_distance
        return (
            f"{standing}; too close to pick {row['closest_pick']} ({pick['cdr3']}): {share:.0f} % of the "
            f"CDR3 differ, {needed:g} % needed"
        )
    return f"{standing}; beyond the {settings.top} picks asked for"


def say_failed(row: Mapping[str, Any], limits: SelectionSettings) -> str:
    """Say which criterion a unit failed, beside what speaks for it."""
    enriched = "" if row["log2fc_e"] is None else f"{say_fold(row['log2fc_e'])} over input"
    name = row["comparator"] or "the comparator"
    specific = "" if row["log2fc_s"] is None else f"{say_fold(row['log2fc_s'])} over {name}"
    effects = ", ".join(filter(None, (enriched, specific)))
    criterion = row["criterion"]
    if criterion == criteria.VETO:
        there = "" if row["log2fc_veto"] is None else f" {say_fold(row['log2fc_veto'])}"
        return f"enriched on {row['vetoed_by'] or name}{there}; on {row['antigen']} {effects}"
    if criterion == criteria.CONSISTENCY:
        needed = needed_replicates(row["replicates"])
        shown = (
            f"{row['replicates_consistent']} of {row['replicates']} replicates consistent, {needed} needed"
        )
        return f"{shown}; {effects}"
    if criterion == criteria.GROWER:
        grown = (
            "" if row["log2fc_a"] is None else f": {say_fold(row['log2fc_a'])} in the amplification control"
        )
        return f"a grower{grown}; {effects}"
    if criterion in {criteria.ENRICHMENT_FDR, criteria.SPECIFICITY_FDR}:
        against = "input" if criterion == criteria.ENRICHMENT_FDR else name
        fdr = row["fdr_e"] if criterion == criteria.ENRICHMENT_FDR else row["fdr_worst"]
        return f"FDR {say_rate(fdr)} against {against}, just above {limits.fdr:g}; {effects}"
    if criterion in {criteria.ENRICHMENT_FOLD, criteria.SPECIFICITY_FOLD}:
        against, fold = ("input", row["log2fc_e"])
        if criterion == criteria.SPECIFICITY_FOLD:
            against, fold = row["least_over"] or name, row["log2fc_least"]
        return f"only {say_fold(fold)} over {against}, {say_fold(limits.log2fc)} needed; {effects}"
    said = str(row["reason"] or "").removeprefix(criteria.NOT_NOMINATED)
    return f"{said}; {effects}"


def _lower_tier(own: pl.DataFrame, settings: PickSettings) -> Iterator[dict[str, Any]]:
    """Yield the units that are nominated, but at a lower tier than the one asked for."""
    lower = own.filter((pl.col("tier") > 0) & (pl.col("tier") < settings.tier))
    for row in lower.iter_rows(named=True):
        rate = "" if row["fdr_treat"] is None else f" (TREAT FDR {say_rate(row['fdr_treat'])})"
        said = f"Tier {row['tier']}, rank {row['rank']}; Tier {settings.tier} was asked for{rate}"
        yield {**row, "criterion": criteria.TREAT, "reason": said}


def _failing(units: pl.DataFrame, contrasts: pl.DataFrame | None, limits: SelectionSettings) -> pl.DataFrame:
    """Give the units that fail one criterion, narrowly or strikingly, with that `criterion`."""
    worst = _over_comparators(units, contrasts)
    needed = pl.col("replicates").replace_strict(
        {n: needed_replicates(n) for n in units["replicates"].drop_nulls().unique().to_list()},
        default=None,
        return_dtype=pl.Int32,
    )
    fails = {
        criteria.ENRICHMENT_FOLD: pl.col("log2fc_e") <= limits.log2fc,
        criteria.ENRICHMENT_FDR: pl.col("fdr_e") >= limits.fdr,
        criteria.SPECIFICITY_FOLD: pl.col("log2fc_least") <= limits.log2fc,
        criteria.SPECIFICITY_FDR: pl.col("fdr_worst") >= limits.fdr,
        criteria.CONSISTENCY: pl.col("replicates_consistent") < needed,
        criteria.GROWER: pl.col("grower"),
    }
    veto = pl.col("vetoed") & limits.veto
    failed = [
        expression.fill_null(value=name != criteria.GROWER).alias(f"fails {name}")
        for name, expression in fails.items()
    ]
    judged = worst.filter((pl.col("tier") == 0) & (pl.col("label") == "")).with_columns(
        *failed, veto.alias(f"fails {criteria.VETO}")
    )
    enriched = ~pl.col(f"fails {criteria.ENRICHMENT_FOLD}") & ~pl.col(f"fails {criteria.ENRICHMENT_FDR}")
    names = [*fails, criteria.VETO]
    alone = pl.sum_horizontal(pl.col(f"fails {name}").cast(pl.Int32) for name in names)
    narrow = {
        criteria.ENRICHMENT_FOLD: pl.col("log2fc_e") >= NARROW_FOLD * limits.log2fc,
        criteria.ENRICHMENT_FDR: pl.col("fdr_e") <= NARROW_FDR * limits.fdr,
        criteria.SPECIFICITY_FOLD: pl.col("log2fc_least") >= NARROW_FOLD * limits.log2fc,
        criteria.SPECIFICITY_FDR: pl.col("fdr_worst") <= NARROW_FDR * limits.fdr,
        criteria.CONSISTENCY: pl.lit(value=True),
        criteria.GROWER: pl.lit(value=True),
    }
    # What is enriched on a comparator too is rarely specific as well: the veto tells why.
    ways = [pl.when(pl.col(f"fails {criteria.VETO}") & enriched).then(pl.lit(criteria.VETO))]
    ways += [
        pl.when((alone == 1) & pl.col(f"fails {name}") & close).then(pl.lit(name))
        for name, close in narrow.items()
    ]
    ways.append(pl.when(alone == 0).then(pl.lit(criteria.FURTHER)))
    return judged.with_columns(criterion=pl.coalesce(ways)).filter(pl.col("criterion").is_not_null())


def _over_comparators(units: pl.DataFrame, contrasts: pl.DataFrame | None) -> pl.DataFrame:
    """Add the least fold change over any comparator, whose it is, and the largest FDR."""
    if contrasts is None or not contrasts.height:
        return units.with_columns(
            log2fc_least=pl.col("log2fc_s"), least_over=pl.col("comparator"), fdr_worst=pl.col("fdr_s")
        )
    place = ["library", "antigen", "key"]
    least = contrasts.group_by(place).agg(
        log2fc_least=pl.col("log2fc").min(),
        least_over=pl.col("comparator").sort_by("log2fc", "comparator").first(),
        fdr_worst=pl.col("fdr").max(),
    )
    return units.join(least, on=place, how="left", maintain_order="left")


def _by_criterion(missed: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the failing units by criterion, the most telling of each first."""
    for name in (
        criteria.VETO, criteria.CONSISTENCY, criteria.SPECIFICITY_FDR, criteria.ENRICHMENT_FDR,
        criteria.SPECIFICITY_FOLD, criteria.ENRICHMENT_FOLD, criteria.GROWER, criteria.FURTHER,
    ):  # fmt: skip
        own = missed.filter(pl.col("criterion") == name)
        if name == criteria.VETO:
            own = own.sort("log2fc_e", "key", descending=[True, False])
        yield name, own
