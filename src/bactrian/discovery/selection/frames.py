"""The arrays of a judged plan as frames with named columns: what files, leads and figures read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from bactrian.discovery.selection.standings import say_reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bactrian.discovery.selection.design import Plan
    from bactrian.discovery.selection.judgement import Judged
    from bactrian.discovery.selection.settings import SelectionSettings

# Units whose single counts are kept beside the nominated ones: enough for every figure and near miss.
LEADING: Final = 500

SELECTION_COLUMNS: Final = (
    "unit", "key", "clonotype", "antigen", "tier", "rank", "log2fc_e", "log2fc_s", "p_e", "p_s", "fdr_e",
    "fdr_s", "replicates_consistent", "reason", "library", "tier_with_takeovers",
)  # fmt: skip
"""Columns of selection.csv; selection.parquet has all of the table."""

_TABLE: Final[dict[str, Any]] = {
    "unit": pl.String,
    "key": pl.String,
    "clonotype": pl.String,
    "antigen": pl.String,
    "tier": pl.Int8,
    "rank": pl.Int32,
    "log2fc_e": pl.Float64,
    "log2fc_s": pl.Float64,
    "p_e": pl.Float64,
    "p_s": pl.Float64,
    "fdr_e": pl.Float64,
    "fdr_s": pl.Float64,
    "replicates_consistent": pl.Int32,
    "reason": pl.String,
    "library": pl.String,
    "tier_with_takeovers": pl.Int8,
    "reads": pl.Int64,
    "replicates": pl.Int32,
    "comparator": pl.String,
    "s_shrunken": pl.Float64,
    "s_low": pl.Float64,
    "s_high": pl.Float64,
    "e_shrunken": pl.Float64,
    "e_low": pl.Float64,
    "e_high": pl.Float64,
    "p_treat_e": pl.Float64,
    "p_treat_s": pl.Float64,
    "fdr_treat": pl.Float64,
    "log2fc_veto": pl.Float64,
    "fdr_veto": pl.Float64,
    "vetoed": pl.Boolean,
    "vetoed_by": pl.String,
    "log2fc_a": pl.Float64,
    "fdr_a": pl.Float64,
    "grower": pl.Boolean,
    "cpm_target": pl.Float64,
    "cpm_input": pl.Float64,
    "cpm_comparator": pl.Float64,
    "fitness": pl.Float64,
    "fitness_se": pl.Float64,
    "tier_cdr3": pl.Int8,
    "tier_clonotype": pl.Int8,
    "tier_lineage": pl.Int8,
}
_LATER: Final = ("fitness", "fitness_se", "tier_cdr3", "tier_clonotype", "tier_lineage")
SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "table": _TABLE,
    "contrasts": {
        "library": pl.String, "antigen": pl.String, "key": pl.String, "comparator": pl.String,
        "log2fc": pl.Float64, "p": pl.Float64, "fdr": pl.Float64, "p_treat": pl.Float64,
        "log2fc_e": pl.Float64, "fdr_e": pl.Float64, "cpm": pl.Float64,
    },
    "columns": {
        "library": pl.String, "antigen": pl.String, "column": pl.String, "role": pl.String,
        "comparator": pl.String, "selection": pl.String, "replicate": pl.String, "samples": pl.String,
        "reads": pl.Int64, "norm_factor": pl.Float64,
    },
    "replicates": {
        "library": pl.String, "antigen": pl.String, "key": pl.String, "column": pl.String, "role": pl.String,
        "comparator": pl.String, "count": pl.Int64, "cpm": pl.Float64,
    },
    "trajectories": {
        "library": pl.String, "antigen": pl.String, "key": pl.String, "sample": pl.String,
        "selection": pl.String, "arm": pl.String, "panned_on": pl.String, "round": pl.Int64,
        "count": pl.Int64, "cpm": pl.Float64,
    },
    "designs": {
        "library": pl.String, "antigen": pl.String, "rounds": pl.String, "replicates": pl.Int32,
        "comparators": pl.String, "inputs": pl.Int32, "control": pl.Boolean, "wanted_with": pl.String,
        "n_tested": pl.Int64, "tier1": pl.Int64, "tier2": pl.Int64, "bcv": pl.Float64,
        "df_prior": pl.Float64, "smallest_log2fc": pl.Float64, "floor_tier1": pl.Float64,
        "floor_tier2": pl.Float64, "normalisation": pl.String, "left_out": pl.String,
        "exploratory": pl.Boolean, "claim": pl.String,
    },
    "floors": {
        "library": pl.String, "antigen": pl.String, "kind": pl.String, "run": pl.Int32, "tier1": pl.Int64,
        "tier2": pl.Int64,
    },
}  # fmt: skip


def no_rows(name: str) -> pl.DataFrame:
    """Give a frame of the selection without rows."""
    return pl.DataFrame(schema=SCHEMAS[name])


def leading_units(judged: Judged) -> NDArray[np.int64]:
    """Give where the units stand whose single counts are kept: those with a tier, and the best ranked."""
    return np.flatnonzero((judged.tier > 0) | (judged.ranks <= LEADING))


def list_units(
    judged: Judged, keys: Sequence[str], settings: SelectionSettings, *, beside: dict[int, int] | None
) -> pl.DataFrame:
    """Give one row per tested unit: the selection's table without the fitness.

    Args:
        judged: The judgement of a plan.
        keys: Key of each tested unit, length n.
        settings: Limits, for the reasons.
        beside: Tier of each row of the count table with takeover samples kept; None without any.

    Returns:
        The rows in the order of the ranks.
    """
    n = judged.tested.size
    nothing = np.full(n, np.nan)
    evidence, tiers, plan = judged.evidence, judged.tiers, judged.plan
    each = np.arange(n)
    names: list[str | None] = [comparator.name for comparator in plan.comparators]

    def of_worst(table: NDArray[np.float64]) -> NDArray[np.float64]:
        return table[each, judged.worst] if table.shape[1] else nothing

    log2fc_s = of_worst(evidence.log2fc_s) if evidence else of_worst(judged.plain_s)
    vetoed_by = tiers.vetoed_by if tiers is not None else np.full(n, -1)
    cpm = _mean_cpm(judged)
    columns: dict[str, Any] = {
        "unit": [settings.unit] * n,
        "key": list(keys),
        "clonotype": [None] * n,
        "antigen": [plan.antigen] * n,
        "tier": judged.tier,
        "rank": judged.ranks,
        "log2fc_e": evidence.log2fc_e if evidence else judged.plain_e,
        "log2fc_s": log2fc_s,
        "p_e": evidence.p_e if evidence else nothing,
        "p_s": of_worst(evidence.p_s) if evidence else nothing,
        "fdr_e": evidence.fdr_e if evidence else nothing,
        "fdr_s": of_worst(evidence.fdr_s) if evidence else nothing,
        "replicates_consistent": judged.consistent,
        "reason": say_reasons(judged, settings),
        "library": [plan.library] * n,
        "tier_with_takeovers": [None] * n
        if beside is None
        else [beside.get(at, 0) for at in judged.tested.tolist()],
        "reads": judged.counts.sum(axis=1),
        "replicates": [plan.replicates] * n,
        "comparator": [names[at] if names else None for at in judged.worst],
        "s_shrunken": judged.s.log2fc if judged.s else nothing,
        "s_low": judged.s.low if judged.s else nothing,
        "s_high": judged.s.high if judged.s else nothing,
        "e_shrunken": judged.e.log2fc if judged.e else nothing,
        "e_low": judged.e.low if judged.e else nothing,
        "e_high": judged.e.high if judged.e else nothing,
        "p_treat_e": evidence.treat_e if evidence else nothing,
        "p_treat_s": of_worst(evidence.treat_s) if evidence else nothing,
        "fdr_treat": tiers.fdr_treat if tiers is not None else nothing,
        "log2fc_veto": of_worst(evidence.log2fc_veto) if evidence else nothing,
        "fdr_veto": of_worst(evidence.fdr_veto) if evidence else nothing,
        "vetoed": tiers.vetoed if tiers is not None else [None] * n,
        "vetoed_by": [names[at] if at >= 0 else None for at in vetoed_by],
        "log2fc_a": evidence.log2fc_a if evidence else nothing,
        "fdr_a": evidence.fdr_a if evidence else nothing,
        "grower": tiers.grower if tiers is not None else [None] * n,
        **cpm,
    }
    schema = {name: kind for name, kind in _TABLE.items() if name not in _LATER}
    frame = pl.DataFrame({name: _series(name, columns[name], schema[name]) for name in schema})
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None)).sort("rank")


def list_contrasts(judged: Judged, keys: Sequence[str]) -> pl.DataFrame:
    """Give one row per tested unit and comparator."""
    parts = [no_rows("contrasts")]
    n = judged.tested.size
    nothing = np.full(n, np.nan)
    for number, comparator in enumerate(judged.plan.comparators):
        evidence = judged.evidence
        own = {
            "library": [judged.plan.library] * n,
            "antigen": [judged.plan.antigen] * n,
            "key": list(keys),
            "comparator": [comparator.name] * n,
            "log2fc": evidence.log2fc_s[:, number] if evidence else judged.plain_s[:, number],
            "p": evidence.p_s[:, number] if evidence else nothing,
            "fdr": evidence.fdr_s[:, number] if evidence else nothing,
            "p_treat": evidence.treat_s[:, number] if evidence else nothing,
            "log2fc_e": evidence.log2fc_veto[:, number] if evidence else nothing,
            "fdr_e": evidence.fdr_veto[:, number] if evidence else nothing,
            "cpm": judged.cpm[:, judged.plan.at(comparator.group)].mean(axis=1),
        }
        frame = pl.DataFrame(
            {name: _series(name, own[name], kind) for name, kind in SCHEMAS["contrasts"].items()}
        )
        parts.append(frame.with_columns(pl.col(pl.Float64).fill_nan(None)))
    return pl.concat(parts)


def list_columns(plan: Plan, judged: Judged | None) -> pl.DataFrame:
    """Give one row per column of a plan: which samples it sums, its reads and how it was normalised."""
    names = {comparator.group: comparator.name for comparator in plan.comparators}
    reads = [None] * len(plan.columns) if judged is None else judged.counts.sum(axis=0).tolist()
    factors = (
        [None] * len(plan.columns)
        if judged is None
        else (judged.fit.sizes / judged.counts.sum(axis=0)).tolist()
    )
    return pl.DataFrame(
        [
            {
                "library": plan.library,
                "antigen": plan.antigen,
                "column": column.name,
                "role": column.role,
                "comparator": names.get(column.group),
                "selection": column.selection,
                "replicate": column.replicate,
                "samples": ";".join(column.samples),
                "reads": reads[number],
                "norm_factor": factors[number],
            }
            for number, column in enumerate(plan.columns)
        ],
        schema=SCHEMAS["columns"],
    )


def list_replicates(judged: Judged, keys: Sequence[str], leading: NDArray[np.int64]) -> pl.DataFrame:
    """Give count and CPM of the leading units in every column of the plan."""
    plan = judged.plan
    names = {comparator.group: comparator.name for comparator in plan.comparators}
    n, m = leading.size, len(plan.columns)
    own = {
        "library": [plan.library] * (n * m),
        "antigen": [plan.antigen] * (n * m),
        "key": [keys[at] for at in leading for _ in range(m)],
        "column": [column.name for column in plan.columns] * n,
        "role": [column.role for column in plan.columns] * n,
        "comparator": [names.get(column.group) for column in plan.columns] * n,
        "count": judged.counts[leading].ravel(),
        "cpm": judged.cpm[leading].ravel(),
    }
    return pl.DataFrame(
        {name: _series(name, own[name], kind) for name, kind in SCHEMAS["replicates"].items()}
    )


def list_floors(judged: Judged) -> pl.DataFrame:
    """Give one row per label swap."""
    n = judged.floors.shape[0]
    return pl.DataFrame(
        {
            "library": [judged.plan.library] * n,
            "antigen": [judged.plan.antigen] * n,
            "kind": ["label swap"] * n,
            "run": list(range(1, n + 1)),
            "tier1": judged.floors[:, 0].tolist(),
            "tier2": judged.floors[:, 1].tolist(),
        },
        schema=SCHEMAS["floors"],
    )


def _series(name: str, values: Any, kind: Any) -> pl.Series:
    if isinstance(values, np.ndarray) and values.dtype == object:
        values = values.tolist()
    return pl.Series(name, values, strict=False).cast(kind)


def _mean_cpm(judged: Judged) -> dict[str, NDArray[np.float64]]:
    """Give the mean CPM of target, input and the comparator that decides."""
    n = judged.tested.size
    plan = judged.plan

    def mean_of(group: int | None) -> NDArray[np.float64]:
        at = plan.at(group)
        return np.asarray(judged.cpm[:, at].mean(axis=1)) if at.size else np.full(n, np.nan)

    compared = [mean_of(comparator.group) for comparator in plan.comparators]
    worst = np.stack(compared, axis=1)[np.arange(n), judged.worst] if compared else np.full(n, np.nan)
    return {"cpm_target": mean_of(plan.target), "cpm_input": mean_of(plan.input), "cpm_comparator": worst}
