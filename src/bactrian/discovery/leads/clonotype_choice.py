"""The clonotype that stands for a counted unit: of its CDR3 the one that most molecules support."""

from __future__ import annotations

from typing import Final

import polars as pl

KEY_COLUMNS: Final = {"cdr3": "cdr3", "clonotype": "clonotype", "lineage": "lineage"}
CHOSEN: Final = {
    "library": pl.String,
    "key": pl.String,
    "clonotype": pl.String,
    "cdr1": pl.String,
    "cdr2": pl.String,
    "cdr3": pl.String,
    "lineage": pl.String,
    "lineage_members": pl.Int64,
    "n_clonotypes": pl.Int64,
    "clonotype_share": pl.Float64,
    "cdr12_support": pl.Float64,
    "cdr12_posterior": pl.Float64,
    "rung": pl.String,
    "vhh": pl.String,
    "nt": pl.String,
}


def choose_clonotypes(clonotypes: pl.DataFrame, unit: str) -> pl.DataFrame:
    """Choose the main clonotype of every unit.

    It is the one with the most molecules among those whose CDR1–2 is known; one with an unknown CDR1–2
    stands only where the CDR3 has no other. A lineage is stood for by its most abundant CDR3.

    Args:
        clonotypes: The table `clonotypes.parquet`.
        unit: `cdr3`, `clonotype` or `lineage`: what `key` is.

    Returns:
        One row per library and key with the columns `CHOSEN`: `clonotype_share` is the share of the key's
        molecules that the clonotype holds, `n_clonotypes` how many the key has, `lineage_members` how many
        CDR3s its lineage has.
    """
    key = KEY_COLUMNS[unit]
    place = ["library", "key"]
    return (
        clonotypes.with_columns(
            key=pl.col(key),
            known=pl.col("cdr1").is_not_null() & pl.col("cdr2").is_not_null(),
            lineage_members=pl.col("cdr3").n_unique().over("library", "lineage").cast(pl.Int64),
        )
        .with_columns(
            of_cdr3=pl.col("count").sum().over(*place, "cdr3"),
            clonotype_share=pl.col("count") / pl.col("count").sum().over(place),
            n_clonotypes=pl.len().over(place).cast(pl.Int64),
        )
        .sort(
            [*place, "of_cdr3", "cdr3", "known", "count", "clonotype"],
            descending=[False, False, True, False, True, True, False],
        )
        .unique(place, keep="first", maintain_order=True)
        .select(pl.col(name).cast(kind) for name, kind in CHOSEN.items())
    )
