"""CDR lengths by rung, and whether the ladder loses long CDR3s: the bias plot.

The mate that carries CDR3 sees it whatever the length of the amplicon, so its lengths are the truth
that each rung and all rungs together are held against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LENGTHS_SCHEMA = {
    "cdr": pl.String,
    "rung": pl.String,
    "length": pl.Int64,
    "count": pl.Int64,
    "share": pl.Float64,
}
BIAS_SCHEMA = {
    "rung": pl.String,
    "count": pl.Int64,
    "mate_count": pl.Int64,
    "kolmogorov": pl.Float64,
    "mean_shift": pl.Float64,
    "long_share": pl.Float64,
    "mate_long_share": pl.Float64,
}
RUNGS = ("merged", "joined", "single")
LONG_CDR3 = 18  # residues: the length from which a 2×151 nt amplicon can no longer be merged


def cdr_lengths(molecules: pl.DataFrame) -> pl.DataFrame:
    """Give the CDR length distributions of the productive molecules of one sample by rung.

    Args:
        molecules: Columns rung, cdr1, cdr2, cdr3 (null where unread), count, and where present status:
            then only productive rows.

    Returns:
        Columns cdr, rung (merged, joined, single and all), length (residues), count, share (of the
        molecules of that rung which read that CDR), ordered.
    """
    table = molecules
    if "status" in table.columns:
        table = table.filter(pl.col("status") == "productive")
    parts = []
    for cdr in ("cdr1", "cdr2", "cdr3"):
        read = table.filter(pl.col(cdr).is_not_null()).select(
            pl.lit(cdr).alias("cdr"),
            pl.col("rung").cast(pl.String),
            pl.col(cdr).cast(pl.String).str.len_chars().cast(pl.Int64).alias("length"),
            pl.col("count").cast(pl.Int64),
        )
        parts += [read, read.with_columns(pl.lit("all").alias("rung"))]
    whole = pl.concat(parts).group_by("cdr", "rung", "length").agg(pl.col("count").sum())
    order = pl.col("rung").replace_strict(
        {rung: at for at, rung in enumerate((*RUNGS, "all"))}, default=len(RUNGS) + 1, return_dtype=pl.Int64
    )
    shared = whole.with_columns((pl.col("count") / pl.col("count").sum().over("cdr", "rung")).alias("share"))
    return shared.sort("cdr", order, "length").select(list(LENGTHS_SCHEMA)).cast(pl.Schema(LENGTHS_SCHEMA))


def kolmogorov_distance(
    lengths_a: ArrayLike, counts_a: ArrayLike, lengths_b: ArrayLike, counts_b: ArrayLike
) -> float:
    """Give the largest difference of two cumulative length distributions.

    Args:
        lengths_a: Lengths of the first, one per entry.
        counts_a: How often each, the same shape.
        lengths_b: Lengths of the second.
        counts_b: How often each.

    Returns:
        Distance from 0 (the same) to 1 (apart); NaN if either is empty.
    """
    xa, ya = np.asarray(lengths_a, dtype=np.int64), np.asarray(counts_a, dtype=float)
    xb, yb = np.asarray(lengths_b, dtype=np.int64), np.asarray(counts_b, dtype=float)
    if ya.sum() == 0 or yb.sum() == 0:
        return float("nan")
    top = int(max(xa.max(), xb.max())) + 1
    first = np.bincount(xa, weights=ya, minlength=top).cumsum() / ya.sum()
    second = np.bincount(xb, weights=yb, minlength=top).cumsum() / yb.sum()
    return float(np.abs(first - second).max())


def length_bias(lengths: pl.DataFrame, mate_lengths: pl.DataFrame, *, long: int = LONG_CDR3) -> pl.DataFrame:
    """Hold the CDR3 lengths of each rung against those that the CDR3 mate alone gives.

    Args:
        lengths: Result of `cdr_lengths` of one sample.
        mate_lengths: CDR3 lengths read from one mate alone, before pairing: columns length, count.
        long: Residues from which a CDR3 counts as long.

    Returns:
        Columns rung (merged, joined, single, all: those present), count, mate_count, kolmogorov (distance
        of the two distributions), mean_shift (mean length of the rung less the mate's), long_share,
        mate_long_share. Figures are null where either side is empty. A distance for one rung alone is
        no fault: rungs differ in length by nature; `all` is the one that should be near 0.
    """
    cdr3 = lengths.filter(pl.col("cdr") == "cdr3")
    mate_length = mate_lengths["length"].cast(pl.Int64).to_numpy()
    mate_count = mate_lengths["count"].cast(pl.Int64).to_numpy()
    mates = int(mate_count.sum())
    rows = []
    for rung in (*RUNGS, "all"):
        part = cdr3.filter(pl.col("rung") == rung)
        if part.height == 0:
            continue
        length, count = part["length"].to_numpy(), part["count"].to_numpy()
        known = mates > 0
        mate_mean = float(mate_length @ mate_count) / mates if known else None
        rows.append(
            {
                "rung": rung,
                "count": int(count.sum()),
                "mate_count": mates,
                "kolmogorov": kolmogorov_distance(length, count, mate_length, mate_count) if known else None,
                "mean_shift": float(length @ count) / count.sum() - mate_mean
                if mate_mean is not None
                else None,
                "long_share": float(count[length >= long].sum() / count.sum()),
                "mate_long_share": float(mate_count[mate_length >= long].sum() / mates) if known else None,
            }
        )
    return pl.DataFrame(rows, schema=BIAS_SCHEMA)
