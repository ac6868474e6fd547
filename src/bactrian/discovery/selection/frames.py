"""The arrays of a judged plan as frames with named columns: what files, leads and figures read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from bactrian.discovery.selection.power import smallest_log2fc
from bactrian.discovery.selection.reasons import Standing, say_reason

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
}
SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "table": _TABLE,
    "contrasts": {
        "library": pl.String, "antigen": pl.String, "key": pl.String, "comparator": pl.String,
        "log2fc": pl.Float64, "p": pl.Float64, "fdr": pl.Float64, "p_treat": pl.Float64,
        "shrunken": pl.Float64, "low": pl.Float64, "high": pl.Float64, "log2fc_e": pl.Float64,
        "fdr_e": pl.Float64,
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
NORMALISATION: Final = "TMM with singleton pairing"


def no_rows(name: str) -> pl.DataFrame:
    """Give a frame of the selection without rows."""
    return pl.DataFrame(schema=SCHEMAS[name])


def leading_units(judged: Judged) -> NDArray[np.int64]:
    """Give where the units stand whose single counts are kept: those with a tier, and the best ranked."""
    return np.flatnonzero((judged.tier > 0) | (judged.ranks <= LEADING))
