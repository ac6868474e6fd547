"""Counts with the explosion of a single replicate cut down to what its replicates support.

A clone that explodes by chance in one selection (an early doubling, a drop that carried over) lifts the mean
of its group without limit, and a test of means believes it. Here no column may exceed a few times the second
highest of its group. A binder is high in its other replicates too and loses little; an explosion loses its
weight. All units are treated alike before dispersions are estimated, so that the tests fit the cut counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bactrian.discovery.selection.consistency import PRIOR_CPM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

FOLD: Final = 3.5
"""How far a column may exceed the second highest of its group. Replicate selections differ by a factor of
about 2 to 3 (biological coefficient of variation 0.7 to 1). Of 2, 3, 3.5, 4, 6 and 10, tried on simulated
campaigns of seeds 1 to 40: 2 and 3 leave too little of the true noise and false calls grow where clones are
few, 6 and 10 leave explosions enough to be found and cost binders where there are two replicates."""


def limit_outliers(
    counts: NDArray[np.int64],
    sizes: NDArray[np.float64],
    *,
    groups: NDArray[np.int64],
    limited: Iterable[int],
    fold: float = FOLD,
    prior: float = PRIOR_CPM,
) -> NDArray[np.int64]:
    """Cut the highest column of each group down to a multiple of the second highest.

    Args:
        counts: (n, m) reads.
        sizes: (m,) effective library sizes.
        groups: (m,) group of every column.
        limited: Groups that are treated; those of a single column are left as they are.
        fold: Multiple, of CPM + prior.
        prior: CPM added on both sides, so that a few reads beside none are left alone.

    Returns:
        (n, m) whole reads; a new table.

    References:
        Dixon and Tukey (1968), Technometrics 10:83–98 (winsorised samples).
    """
    cut = counts.copy()
    for group in limited:
        columns = np.flatnonzero(groups == group)
        if columns.size < 2:
            continue
        lifted = counts[:, columns] / sizes[columns] * 1e6 + prior
        second = np.partition(lifted, columns.size - 2, axis=1)[:, columns.size - 2]
        most = fold * second[:, None]
        # One read is no explosion, however little of a column is left beside a clone that took it over.
        allowed = np.maximum(np.rint((most - prior) * sizes[columns] / 1e6), 1.0).astype(np.int64)
        cut[:, columns] = np.where(lifted > most, allowed, counts[:, columns])
    return cut
