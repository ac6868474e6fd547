"""All plans of a sheet on one count table: every unit with its tier, its contrasts and what was compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.core.errors import InputError
from bactrian.discovery.selection import frames
from bactrian.discovery.selection.design import plan_selection
from bactrian.discovery.selection.designs import describe_design
from bactrian.discovery.selection.judgement import judge_plan
from bactrian.discovery.selection.notes import say_plans, say_samples, say_with_takeovers
from bactrian.discovery.selection.settings import UNITS, SelectionSettings
from bactrian.discovery.selection.trajectories import trace_units

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from bactrian.discovery.library.abundance import CountMatrix
    from bactrian.discovery.selection.design import Plan
    from bactrian.discovery.selection.judgement import Judged


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What the selection statistics found; the columns are those of `frames.SCHEMAS`.

    Args:
        unit: What was tested: cdr3, clonotype or lineage.
        table: One row per library, target antigen and tested unit.
        contrasts: One row per such row and comparator.
        columns: One row per plan and column: which samples it sums, its reads and normalisation.
        replicates: Count and CPM of the leading units in every column.
        trajectories: Count and CPM of the leading units in every sample of their library.
        designs: One row per plan: what was compared, how many were nominated, what can be claimed.
        floors: One row per label swap: what the same rule nominates without a signal.
        notes: What a person must know before they believe it, one sentence each.
    """

    unit: str
    table: pl.DataFrame
    contrasts: pl.DataFrame
    columns: pl.DataFrame
    replicates: pl.DataFrame
    trajectories: pl.DataFrame
    designs: pl.DataFrame
    floors: pl.DataFrame
    notes: tuple[str, ...]


def select_units(
    counts: CountMatrix,
    samples: pl.DataFrame,
    settings: SelectionSettings | None = None,
    *,
    takeovers: Collection[str] = (),
    clonotypes: pl.DataFrame | None = None,
) -> Selection:
    """Test every unit against every target antigen of every library.

    Args:
        counts: Counts of every unit in every sample of the sheet; samples it lacks count as empty.
        samples: One row per sample: sample, selection, replicate, round, arm, antigen, library and, if the
            sheet has it, wanted_with.
        settings: Unit, rounds and limits.
        takeovers: Samples flagged as takeover: left out unless the settings keep them; the tier with them
            stands beside.
        clonotypes: The main clonotype of each key: library, key, clonotype. Without it, it is the key where
            the unit is a clonotype and unknown otherwise.

    Returns:
        The selection; its frames have no rows where the sheet has no target.

    Raises:
        InputError: If no sample of the table is in the sheet, or a round is asked for that no target has.
    """
    settings = settings or SelectionSettings()
    known = [sample for sample in samples["sample"] if sample in set(counts.samples)]
    if not known:
        msg = "No sample of the sheet has a column in the counts. Name the columns like the samples."
        raise InputError(msg)
    totals = dict(zip(counts.samples, counts.totals.tolist(), strict=True))
    empty = [sample for sample in samples["sample"] if not totals.get(sample, 0)]
    out = [] if settings.keep_takeovers else [sample for sample in takeovers if sample in set(known)]
    plans, thin = _settle_plans(counts, samples, settings, left_out={*out, *empty})
    judged = [judge_plan(plan, column_counts(counts, plan), settings) for plan in plans]
    beside = _tiers_with_takeovers(counts, samples, settings, empty=empty, plans=plans, takeovers=out)
    parts = []
    for plan, one, kept in zip(plans, judged, beside, strict=True):
        parts.append(_describe(plan, one, counts, samples, settings, clonotypes=clonotypes, beside=kept))
    return Selection(
        unit=settings.unit,
        **{name: _stack(name, [part[name] for part in parts]) for name in frames.SCHEMAS},
        notes=tuple(
            dict.fromkeys(
                (
                    *say_samples(empty, thin, out),
                    *say_plans(plans, judged, settings),
                    *say_with_takeovers(plans, judged, beside),
                )
            )
        ),
    )


def _settle_plans(
    counts: CountMatrix, samples: pl.DataFrame, settings: SelectionSettings, *, left_out: Collection[str]
) -> tuple[tuple[Plan, ...], tuple[str, ...]]:
    """Plan, and plan again without the samples of columns that hold no read of any tested unit.

    Returns:
        The plans and the samples left out for this.
    """
    thin: dict[str, None] = {}
    while True:
        plans = plan_selection(samples, settings, left_out={*left_out, *thin})
        found: list[str] = []
        for plan in plans:
            own = column_counts(counts, plan)
            tested = own[own.sum(axis=1) >= settings.min_reads]
            if tested.size:
                blank = np.flatnonzero(tested.sum(axis=0) == 0)
                found += [sample for at in blank for sample in plan.columns[at].samples]
        if not found:
            return plans, tuple(thin)
        thin |= dict.fromkeys(found)


def column_counts(counts: CountMatrix, plan: Plan) -> NDArray[np.int64]:
    """Sum the samples of each column of a plan.

    Args:
        counts: Counts of every unit in every sample.
        plan: Columns.

    Returns:
        Units × columns.
    """
    known = set(counts.samples)
    summed = np.zeros((len(counts.units), len(plan.columns)), dtype=np.int64)
    for number, column in enumerate(plan.columns):
        for sample in column.samples:
            if sample in known:
                summed[:, number] += counts.column(sample)
    return summed


def _tiers_with_takeovers(
    counts: CountMatrix,
    samples: pl.DataFrame,
    settings: SelectionSettings,
    *,
    empty: Collection[str],
    plans: Sequence[Plan],
    takeovers: Sequence[str],
) -> list[dict[int, int] | None]:
    """Give each plan the tier of every tested row with takeovers kept; None where none was left out."""
    if not takeovers:
        return [None] * len(plans)
    everything, _ = _settle_plans(
        counts, samples, replace(settings, keep_takeovers=True), left_out=set(empty)
    )
    found: list[dict[int, int] | None] = []
    for plan, full in zip(plans, everything, strict=True):
        if not set(plan.left_out) & set(takeovers):
            found.append(None)
            continue
        one = judge_plan(full, column_counts(counts, full), settings)
        found.append({} if one is None else dict(zip(one.tested.tolist(), one.tier.tolist(), strict=True)))
    return found


def _describe(
    plan: Plan,
    judged: Judged | None,
    counts: CountMatrix,
    samples: pl.DataFrame,
    settings: SelectionSettings,
    *,
    clonotypes: pl.DataFrame | None,
    beside: dict[int, int] | None,
) -> dict[str, pl.DataFrame]:
    """Give the frames of one plan."""
    made = {
        "columns": frames.list_columns(plan, judged),
        "designs": describe_design(plan, judged, settings),
    }
    if judged is None:
        return made | {name: frames.no_rows(name) for name in frames.SCHEMAS if name not in made}
    keys = [counts.units[at] for at in judged.tested]
    table = frames.list_units(judged, keys, settings, beside=beside)
    if clonotypes is not None:
        own = clonotypes.filter(pl.col("library") == plan.library).select("key", "clonotype")
        table = table.drop("clonotype").join(own, on="key", how="left", maintain_order="left")
    elif settings.unit == "clonotype":
        table = table.with_columns(clonotype=pl.col("key"))
    leading = frames.leading_units(judged)
    traced = trace_units(plan, judged, counts, samples, leading=leading)
    by_rank = np.argsort(judged.ranks)
    table = table.with_columns(
        pl.Series("fitness", traced.fitness[by_rank]).fill_nan(None),
        pl.Series("fitness_se", traced.standard_error[by_rank]).fill_nan(None),
        *(pl.lit(None, pl.Int8).alias(f"tier_{unit}") for unit in UNITS),
    )
    return made | {
        "table": table,
        "contrasts": frames.list_contrasts(judged, keys),
        "replicates": frames.list_replicates(judged, keys, leading),
        "trajectories": traced.frame,
        "floors": frames.list_floors(judged),
    }


def _stack(name: str, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    schema = frames.SCHEMAS[name]
    return pl.concat(
        [frames.no_rows(name), *(part.select(list(schema)).cast(pl.Schema(schema)) for part in parts)]
    )
