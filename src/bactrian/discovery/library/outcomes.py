"""What the molecules of a sample turned out to be: shares with intervals, and inserts that are no VHH."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.discovery.library.diversity import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

OUTCOMES = ("productive", "stop", "frameshift", "truncated", "not_vhh")
SHARES_SCHEMA = {
    "sample": pl.String,
    "outcome": pl.String,
    "count": pl.Int64,
    "of": pl.Int64,
    "share": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
INSERTS_SCHEMA = {
    "nt": pl.String,
    "length": pl.Int64,
    "count": pl.Int64,
    "share": pl.Float64,
    "kind": pl.String,
}


def wilson_interval(
    successes: ArrayLike, trials: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the Wilson score interval of shares.

    Args:
        successes: Counts, any shape.
        trials: Counts they are part of, the same shape; where 0 the interval is NaN.
        confidence: Level of the interval.

    Returns:
        Lower and upper ends.

    References:
        Wilson (1927) J Am Stat Assoc 22:209; Brown, Cai & DasGupta (2001) Stat Sci 16:101.
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    z2 = normal_quantile(confidence) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, k / n, math.nan)
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2) / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    # The ends are 0 and 1 exactly where nothing or everything was seen, which rounding misses.
    low = np.where(share == 0, 0.0, np.clip(middle - half, 0.0, 1.0))
    return low, np.where(share == 1, 1.0, np.clip(middle + half, 0.0, 1.0))


def outcome_shares(tallies: pl.DataFrame, *, confidence: float = 0.95) -> pl.DataFrame:
    """Give the share of each outcome among the annotated molecules of each sample.

    Args:
        tallies: One row per sample with the columns sample, productive, stop, frameshift, truncated,
            not_vhh.
        confidence: Level of the Wilson interval.

    Returns:
        Columns sample, outcome, count, of (the sum of the five outcomes), share, low, high; samples in
        the order of `tallies`, outcomes in the order named above. Shares of an empty sample are null.
        The interval holds the sampling of molecules only, not PCR or cloning.
    """
    if tallies.height == 0:
        return pl.DataFrame(schema=SHARES_SCHEMA)
    of = tallies.select(pl.sum_horizontal(*OUTCOMES).cast(pl.Int64)).to_series()
    counts = tallies.select(pl.col(OUTCOMES).cast(pl.Int64)).to_numpy()
    low, high = wilson_interval(
        counts, np.repeat(of.to_numpy()[:, None], len(OUTCOMES), axis=1), confidence=confidence
    )
    frame = pl.DataFrame(
        {
            "sample": np.repeat(tallies["sample"].to_list(), len(OUTCOMES)).tolist(),
            "outcome": list(OUTCOMES) * tallies.height,
            "count": counts.reshape(-1),
            "of": np.repeat(of.to_numpy(), len(OUTCOMES)),
            "low": low.reshape(-1),
            "high": high.reshape(-1),
        }
    )
    share = pl.when(pl.col("of") > 0).then(pl.col("count") / pl.col("of"))
    bounds = [pl.col(name).fill_nan(None) for name in ("low", "high")]
    return (
        frame.with_columns(share.alias("share"), *bounds)
        .select(list(SHARES_SCHEMA))
        .cast(pl.Schema(SHARES_SCHEMA))
    )


def suspect_inserts(
    molecules: pl.DataFrame,
    *,
    total: int,
    vhh_length: int,
    short: float = 0.6,
    recurs: int = 10,
    recurs_share: float = 0.001,
) -> pl.DataFrame:
    """List the sequences between the primers that look like empty vector or stuffer.

    An insert is `short` when it has less than `short` of the length of this library's VHHs: the
    shortest VHH domains have about 0.9 of the median, so 0.6 leaves room for truncated VHHs. It is
    `recurrent` when it is long enough but one exact sequence recurs: chance errors and contaminating
    DNA fragments are nearly all different, a stuffer or an empty vector is always the same.

    Args:
        molecules: The not_vhh molecules of one sample: columns `nt` (between and with the primers),
            `count`.
        total: Annotated molecules of the sample, the denominator of the shares.
        vhh_length: Median nucleotide length of the sample's productive molecules.
        short: Fraction of `vhh_length` below which an insert is short.
        recurs: Least count of a recurrent insert.
        recurs_share: Least share of `total` of a recurrent insert.

    Returns:
        Columns nt, length, count, share, kind (short | recurrent), most frequent first.
    """
    table = (
        molecules.lazy()
        .group_by("nt")
        .agg(pl.col("count").cast(pl.Int64).sum())
        .with_columns(pl.col("nt").str.len_chars().cast(pl.Int64).alias("length"))
        .with_columns(
            (pl.col("count") / max(total, 1)).alias("share"),
            pl.when(pl.col("length") < short * vhh_length)
            .then(pl.lit("short"))
            .when((pl.col("count") >= recurs) & (pl.col("count") >= recurs_share * total))
            .then(pl.lit("recurrent"))
            .alias("kind"),
        )
        .filter(pl.col("kind").is_not_null())
        .sort(["count", "nt"], descending=[True, False])
        .collect()
    )
    return table.select(list(INSERTS_SCHEMA)).cast(pl.Schema(INSERTS_SCHEMA))


def empty_vector_share(
    inserts: pl.DataFrame, *, total: int, confidence: float = 0.95
) -> tuple[int, float, float, float]:
    """Give the count, share and Wilson interval of the molecules that look like empty vector.

    Args:
        inserts: The list of `suspect_inserts`.
        total: Annotated molecules of the sample.
        confidence: Level of the interval.

    Returns:
        Count, share, lower end, upper end; the last three NaN for an empty sample.
    """
    count = int(inserts["count"].sum())
    low, high = wilson_interval([count], [total], confidence=confidence)
    return count, count / total if total else math.nan, float(low[0]), float(high[0])
