"""Normalisation factors: what a read of one column is worth in another.

Trimmed means of log ratios between pairs of columns. A clone that takes over a column takes reads from all
others alike; the trimmed mean sees the others' common shift and is blind to the clone itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from scipy.stats import rankdata

from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Method = Literal["tmmwsp", "tmm", "none"]

RATIO_TRIM = 0.3
"""Share of log ratios left out at each end (Robinson and Oshlack 2010)."""
SUM_TRIM = 0.05
"""Share of average abundances left out at each end (Robinson and Oshlack 2010)."""
OFFSET = 1e-6
"""Added to the variances with singleton pairing, so that no weight is endless (measured from edgeR's
results)."""
SAME = 1e-6
"""Largest log2 ratio at which two columns count as proportional."""


def norm_factors(counts: ArrayLike, *, method: Method = "tmmwsp") -> NDArray[np.float64]:
    """Give the normalisation factor of every column.

    The effective library size of a column is its total times its factor.

    Args:
        counts: (n, m) reads, units × columns.
        method: `tmm` compares units seen in both of two columns; `tmmwsp` also pairs the units seen in only
            one of them, largest with largest, which sparse tables need; `none` gives factors of 1.

    Returns:
        (m,) factors, geometric mean 1.

    Raises:
        InputError: If a column has no reads.
        ValueError: If the method is unknown.

    References:
        Robinson and Oshlack (2010), Genome Biology 11:R25 (TMM). TMM with singleton pairing is an option of
        edgeR from version 3.32; it is written here from its description there.
    """
    if method not in get_args(Method):
        msg = f"'{method}' is not a method of normalisation. Write tmmwsp, tmm or none."
        raise ValueError(msg)
    table = check_columns(counts).astype(np.float64)
    sizes = table.sum(axis=0)
    table = table[(table > 0).any(axis=1)]
    if method == "none" or table.shape[0] <= 1 or table.shape[1] == 1:
        return np.ones(table.shape[1])
    if method == "tmm":
        reference = _reference_by_quartile(table, sizes)
        pair = _tmm
    else:
        reference = int(np.argmax(np.sqrt(table).sum(axis=0)))
        pair = _tmmwsp
    factors = np.array(
        [pair(table[:, j], table[:, reference], sizes[j], sizes[reference]) for j in range(table.shape[1])]
    )
    return np.asarray(factors / np.exp(np.log(factors).mean()))


def check_columns(counts: ArrayLike) -> NDArray[np.int64]:
    """Give the counts as a table of whole numbers in which every column has reads.

    Args:
        counts: (n, m) reads.

    Returns:
        (n, m) int64, row by row in memory.

    Raises:
        InputError: If a column has no reads.
        ValueError: If the table is not two-dimensional or holds anything but whole numbers from 0.
    """
    values = np.asarray(counts)
    if values.ndim != 2:
        msg = f"the table has {values.ndim} dimensions, not 2."
        raise ValueError(msg)
    table = np.ascontiguousarray(values, dtype=np.int64)
    if table.size and (table.min() < 0 or (values.dtype.kind not in "iu" and (table != values).any())):
        msg = "counts must be whole numbers from 0."
        raise ValueError(msg)
    empty = np.flatnonzero(table.sum(axis=0) == 0)
    if empty.size:
        msg = (
            f"Column {empty[0] + 1} of the {table.shape[1]} columns of the test has no reads of any tested "
            "unit. Leave its samples out, or lower the minimum number of reads."
        )
        raise InputError(msg)
    return table


def _reference_by_quartile(table: NDArray[np.float64], sizes: NDArray[np.float64]) -> int:
    """Give the column whose upper quartile of shares is nearest to the mean of all."""
    quartiles = np.quantile(table, 0.75, axis=0) / sizes
    if np.median(quartiles) < 1e-20:
        return int(np.argmax(np.sqrt(table).sum(axis=0)))
    return int(np.argmin(np.abs(quartiles - quartiles.mean())))


def _tmm(
    column: NDArray[np.float64], reference: NDArray[np.float64], size: float, reference_size: float
) -> float:
    """Give the trimmed mean of M values of a column against the reference."""
    both = (column > 0) & (reference > 0)
    mine, theirs = column[both] / size, reference[both] / reference_size
    if not mine.size:
        return 1.0
    ratio = np.log2(mine / theirs)
    if np.abs(ratio).max() < SAME:
        return 1.0
    level = np.log2(mine * theirs) / 2.0
    number = ratio.size
    kept = np.ones(number, dtype=bool)
    for values, trim in ((ratio, RATIO_TRIM), (level, SUM_TRIM)):
        low = np.floor(number * trim) + 1
        rank = rankdata(values)
        kept &= (rank >= low) & (rank <= number + 1 - low)
    return _weighted(ratio[kept], mine[kept], theirs[kept], size, reference_size)


def _tmmwsp(
    column: NDArray[np.float64], reference: NDArray[np.float64], size: float, reference_size: float
) -> float:
    """Give the trimmed mean of M values with the units seen in one column only paired by rank."""
    both = (column > 0) & (reference > 0)
    mine_only = np.sort(column[(column > 0) & (reference == 0)])[::-1]
    theirs_only = np.sort(reference[(reference > 0) & (column == 0)])[::-1]
    pairs = min(mine_only.size, theirs_only.size)
    counts = np.concatenate([column[both], mine_only[:pairs]])
    others = np.concatenate([reference[both], theirs_only[:pairs]])
    number = counts.size
    if not number:
        return 1.0
    mine, theirs = counts / size, others / reference_size
    ratio = np.log2(mine / theirs)
    if np.abs(ratio).max() < SAME:
        return 1.0
    level = np.log2(mine * theirs) / 2.0
    # Equal ratios are ordered by the ratios of counts half a read larger. One against one and two against two
    # are still equal but for rounding, so this is written operation by operation as edgeR's results show.
    shrunk = np.log2(((counts + 0.5) / (size + 0.5)) / ((others + 0.5) / (reference_size + 0.5)))
    kept = np.ones(number, dtype=bool)
    for order, trim in (
        (np.lexsort((shrunk, ratio)), RATIO_TRIM),
        (np.argsort(level, kind="stable"), SUM_TRIM),
    ):
        cut = int(number * trim)
        inside = np.zeros(number, dtype=bool)
        inside[order[cut : number - cut]] = True
        kept &= inside
    return _weighted(ratio[kept], mine[kept], theirs[kept], size, reference_size, offset=OFFSET)


def _weighted(
    ratio: NDArray[np.float64],
    mine: NDArray[np.float64],
    theirs: NDArray[np.float64],
    size: float,
    reference_size: float,
    *,
    offset: float = 0.0,
) -> float:
    """Give two to the mean of log ratios, weighted by their inverse binomial variances plus an offset."""
    if not ratio.size:
        return 1.0
    weights = 1.0 / ((1.0 - mine) / mine / size + (1.0 - theirs) / theirs / reference_size + offset)
    return float(2.0 ** ((ratio * weights).sum() / weights.sum()))
