"""Units that exploded in one replicate alone.

A jackpot is a clone that won by chance (an early doubling, a plaque too many) and not by binding: it
is far above the other replicates, above its own past, and no other replicate saw it rise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.discovery.library.takeovers import replicates_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.library.abundance import CountMatrix

FOLD = 50.0
"""Factor over the replicates: 99.9 % of units differ by less than 50-fold between two sequencings of
one phage library (published null of the phage-seq data set), so replicates differ by more only through
what happened between them."""

RISE = 4.0
"""Factor over the past from which a unit rises: two doublings."""

FEWEST_COUNT = 20  # molecules: a Poisson count of 20 is known to within a factor of 1.6
FEWEST_READS = 1_000  # productive molecules of a replicate that may testify

JACKPOTS_SCHEMA = {
    "sample": pl.String,
    "cdr3": pl.String,
    "count": pl.Int64,
    "share": pl.Float64,
    "replicates": pl.Int64,
    "replicate_share": pl.Float64,
    "fold": pl.Float64,
    "past": pl.String,
    "past_share": pl.Float64,
    "reason": pl.String,
}


def past_of(sheet: pl.DataFrame, sample: str, samples: set[str]) -> tuple[str, list[str]]:
    """Give the samples that show a selection's past.

    Args:
        sheet: Columns sample, selection, round, arm, library.
        sample: The sample.
        samples: Samples that count.

    Returns:
        What it is in words, and the samples: those of the same selection in the nearest earlier round,
        else the unpanned library, else none.
    """
    rows = {row["sample"]: row for row in sheet.iter_rows(named=True) if row["sample"] in samples}
    own = rows[sample]
    if own["arm"] == "input":
        return "", []
    earlier = [
        row
        for row in rows.values()
        if row["selection"] == own["selection"] and row["arm"] == own["arm"] and row["round"] < own["round"]
    ]
    if earlier:
        last = max(row["round"] for row in earlier)
        return f"round {last}", [row["sample"] for row in earlier if row["round"] == last]
    inputs = [
        name for name, row in rows.items() if row["arm"] == "input" and row["library"] == own["library"]
    ]
    return ("unpanned library" if inputs else ""), inputs


def _upper_share(counts: NDArray[np.int64], total: int) -> NDArray[np.float64]:
    """Give shares with one molecule added, so that an unseen unit has the share that may hide there."""
    return np.asarray((counts + 1.0) / (total + 1.0), dtype=np.float64)


def find_jackpots(
    matrix: CountMatrix,
    sheet: pl.DataFrame,
    *,
    fold: float = FOLD,
    rise: float = RISE,
    fewest_count: int = FEWEST_COUNT,
    fewest_reads: int = FEWEST_READS,
) -> pl.DataFrame:
    """List the units that exploded in one replicate selection alone.

    A unit of a panned sample is a jackpot where (a) it has `fewest_count` molecules or more, (b) its
    share is at least `fold` times the median share of the other replicates of that round, (c) at least
    `rise` times its share in the past of its own selection, if there is any, and (d) no other replicate
    saw it rise by `rise` over the past with `fewest_count` / 4 molecules or more. Shares of the
    replicates and of the past count one molecule more than was seen. Unpanned libraries have no jackpots.

    Args:
        matrix: Counts of CDR3s.
        sheet: Columns sample, selection, round, arm, antigen, library.
        fold: Factor over the median of the other replicates.
        rise: Factor over the past.
        fewest_count: Least molecules of a jackpot.
        fewest_reads: Productive molecules that the sample and each replicate need.

    Returns:
        Columns sample, cdr3, count, share, replicates, replicate_share (median), fold, past, past_share,
        reason; in the order of the matrix, the largest share first. Without a second replicate a
        jackpot cannot be told from a binder, so nothing is listed.
    """
    totals = dict(zip(matrix.samples, matrix.totals.tolist(), strict=True))
    deep = {sample for sample in matrix.samples if totals[sample] >= fewest_reads}
    arms = dict(sheet.select("sample", "arm").iter_rows())
    replicates = replicates_of(sheet, sorted(deep))
    rows: list[dict[str, object]] = []
    for sample in matrix.samples:
        others = replicates.get(sample, [])
        if sample not in deep or not others or arms.get(sample) == "input":
            continue
        counts = matrix.column(sample)
        places = np.flatnonzero(counts >= fewest_count)
        share = counts[places] / totals[sample]
        seen = matrix.columns(others)[places]
        beside = np.column_stack([_upper_share(seen[:, j], totals[other]) for j, other in enumerate(others)])
        median = np.median(beside, axis=1)
        past, past_samples = past_of(sheet, sample, deep)
        before = _past_share(matrix, past_samples, places, totals)
        is_jackpot = (share >= fold * median) & (
            (before is None) | (share >= rise * (0 if before is None else before))
        )
        for j, other in enumerate(others):
            other_before = _past_share(matrix, past_of(sheet, other, deep)[1], places, totals)
            if other_before is not None:
                rises = (seen[:, j] / totals[other] >= rise * other_before) & (seen[:, j] >= fewest_count / 4)
                is_jackpot &= ~rises
        found = np.flatnonzero(is_jackpot)
        for at in found[np.argsort(-share[found], kind="stable")].tolist():
            times = float(share[at] / median[at])
            rows.append(
                {
                    "sample": sample,
                    "cdr3": matrix.units[places[at]],
                    "count": int(counts[places[at]]),
                    "share": float(share[at]),
                    "replicates": len(others),
                    "replicate_share": float(np.median(seen[at] / [totals[other] for other in others])),
                    "fold": times,
                    "past": past,
                    "past_share": None if before is None else float(before[at]),
                    "reason": f"{times:.0f}-fold or more over the median of {len(others)} other replicates"
                    + (f", {share[at] / before[at]:.0f}-fold over the {past}" if before is not None else ""),
                }
            )
    return pl.DataFrame(rows, schema=JACKPOTS_SCHEMA)


def _past_share(
    matrix: CountMatrix, samples: list[str], places: NDArray[np.int64], totals: dict[str, int]
) -> NDArray[np.float64] | None:
    """Give the pooled share in the past, one molecule added, or nothing without a past."""
    if not samples:
        return None
    return _upper_share(matrix.columns(samples)[places].sum(axis=1), sum(totals[name] for name in samples))
