"""In how many replicates a unit stands above every single reference.

A test of means can be won by one replicate that exploded. Counting the replicates that each beat the best
reference column cannot.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLD: Final = 2.0
"""Factor a replicate must exceed; the rule asks for a log2 fold change of 1 everywhere."""
PRIOR_CPM: Final = 20.0
"""Added to every CPM: 4 reads of 200,000, below which a ratio of counts says nothing. Chosen with the
fold among 18 variants on simulated campaigns of other seeds than any that are reported."""
FEWEST: Final = 2
"""Replicates that must agree at least: one alone cannot be told from a chance explosion."""


def consistent_replicates(
    cpm: NDArray[np.float64],
    target: NDArray[np.intp],
    references: NDArray[np.intp],
    *,
    fold: float = FOLD,
    prior: float = PRIOR_CPM,
) -> NDArray[np.int64]:
    """Count the target columns in which a unit exceeds every reference column.

    Args:
        cpm: (n, m) normalised counts per million.
        target: Numbers of the target columns.
        references: Numbers of the input and comparator columns.
        fold: Factor to exceed.
        prior: CPM added on both sides.

    Returns:
        (n,) number of target columns whose CPM + prior exceeds fold × (CPM + prior) of every reference; all
        target columns where there is no reference.
    """
    above = cpm[:, target] + prior
    if not len(references):
        return np.full(cpm.shape[0], len(target), dtype=np.int64)
    highest = (cpm[:, references] + prior).max(axis=1)
    return np.asarray((above > fold * highest[:, None]).sum(axis=1), dtype=np.int64)


def lead_over_references(
    cpm: NDArray[np.float64],
    target: NDArray[np.intp],
    references: NDArray[np.intp],
    *,
    rank: int,
    prior: float = PRIOR_CPM,
) -> NDArray[np.float64]:
    """Give by how much the replicate that decides consistency exceeds the best reference.

    Args:
        cpm: (n, m) normalised counts per million.
        target: Numbers of the target columns.
        references: Numbers of the input and comparator columns, one at least.
        rank: Which replicate decides, counted from the highest: as many as must be consistent.
        prior: CPM added on both sides.

    Returns:
        (n,) log2 ratios; NaN with fewer target columns than `rank`.
    """
    if len(target) < rank:
        return np.full(cpm.shape[0], np.nan)
    place = len(target) - rank
    deciding = np.partition(cpm[:, target], place, axis=1)[:, place]
    return np.asarray(np.log2((deciding + prior) / (cpm[:, references].max(axis=1) + prior)))


def needed_replicates(replicates: int) -> int:
    """Give how many replicates must be consistent: two thirds, and two at least.

    Args:
        replicates: Target replicates there are.

    Returns:
        ⌈2n/3⌉, both of two; with one replicate 2, so that nothing can be nominated.

    Examples:
        >>> [needed_replicates(n) for n in (1, 2, 3, 4, 6)]
        [2, 2, 2, 3, 4]
    """
    return max(FEWEST, math.ceil(2 * replicates / 3))
