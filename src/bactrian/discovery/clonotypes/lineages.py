"""Lineages: CDR3s of one length that a chain of close relatives connects."""

from __future__ import annotations

import numpy as np
import polars as pl

from bactrian.discovery.clonotypes.hamming import Packed, link_close


def group_lineages(cdr3s: pl.DataFrame, *, identity: float = 0.8) -> pl.DataFrame:
    """Group CDR3s by single linkage at a least share of equal residues.

    Two CDR3s are linked if they have the same length L and differ in at most floor((1 - identity) L)
    residues.

    Args:
        cdr3s: Distinct `cdr3` with `count` (molecules).
        identity: Least share of equal residues, 0 to 1.

    Returns:
        `cdr3`, `lineage` sorted by cdr3; lineages are numbered L000001 onwards from the most molecules to
        the fewest, equals by their first CDR3 in the alphabet.
    """
    ordered = cdr3s.select("cdr3", "count").sort("cdr3")
    lengths = ordered["cdr3"].str.len_bytes().to_numpy().astype(np.int64)
    limits = np.floor((1.0 - identity) * lengths + 1e-9).astype(np.int64)
    roots = link_close(Packed.of(ordered["cdr3"]), limits)
    grouped = ordered.with_columns(root=pl.Series(roots))
    ranks = (
        grouped.group_by("root")
        .agg(pl.col("count").cast(pl.Int64).sum())
        .sort(["count", "root"], descending=[True, False])
        .with_row_index("rank", offset=1)
        .select("root", lineage=pl.format("L{}", pl.col("rank").cast(pl.String).str.zfill(6)))
    )
    return grouped.join(ranks, on="root", how="left").select("cdr3", "lineage").sort("cdr3")
