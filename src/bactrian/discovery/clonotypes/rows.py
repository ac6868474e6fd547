"""Molecule rows of a library: checked, added up, sorted, and their texts as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from bactrian.discovery.clonotypes.links import Index

COLUMNS = (
    "sample", "rung", "cdr1", "cdr2", "cdr3", "cdr1_nt", "cdr2_nt", "cdr3_nt", "aligned", "fr_insertions",
    "nt", "count",
)  # fmt: skip


def take_rows(molecules: pl.DataFrame) -> pl.DataFrame:
    """Check the columns, add up equal rows and sort, so that results do not depend on the order of the rows.

    Args:
        molecules: The molecules of a library.

    Returns:
        The columns `COLUMNS`, distinct but for `count`, sorted.

    Raises:
        InputError: A column is missing, or a molecule has no CDR3.
    """
    missing = [name for name in COLUMNS if name not in molecules.columns]
    if missing:
        message = f"The molecules lack the column '{missing[0]}'. They need {', '.join(COLUMNS)}."
        raise InputError(message)
    without = molecules.filter(pl.col("cdr3").is_null() | pl.col("cdr3_nt").is_null()).height
    if without:
        message = f"{without} molecules have no CDR3. Give productive molecules only, with cdr3 and cdr3_nt."
        raise InputError(message)
    keys = [name for name in COLUMNS if name != "count"]
    return (
        molecules.select(COLUMNS)
        .with_columns(pl.col(keys).cast(pl.String), pl.col("count").cast(pl.Int64))
        .with_columns(pl.col("fr_insertions").fill_null(""))
        .filter(pl.col("count") > 0)
        .group_by(keys)
        .agg(pl.col("count").sum())
        .sort(keys)
    )


def number(values: pl.Series, names: pl.Series) -> Index:
    """Number values by a list of names.

    Args:
        values: Values (n).
        names: Distinct names; their place is their number.

    Returns:
        Numbers (n), -1 for a value that is no name.
    """
    numbers = names.to_frame("name").with_row_index("number")
    found = values.to_frame("name").join(numbers, on="name", how="left", maintain_order="left")["number"]
    return found.cast(pl.Int64).fill_null(-1).to_numpy()


def number_pairs(read: pl.DataFrame, pairs: pl.DataFrame) -> Index:
    """Number CDR1–2 by a list of pairs.

    Args:
        read: `cdr1, cdr2` (n).
        pairs: Distinct pairs; their place is their number.

    Returns:
        Numbers (n), -1 where one of the two is null.
    """
    numbered = pairs.with_row_index("number")
    found = read.join(numbered, on=["cdr1", "cdr2"], how="left", maintain_order="left")["number"]
    return found.cast(pl.Int64).fill_null(-1).to_numpy()
