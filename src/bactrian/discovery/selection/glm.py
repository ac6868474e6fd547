"""Negative-binomial fits of one-way layouts: one mean per unit and group of columns.

The mean of unit i in column j of group g is N_j exp(b_ig), N_j the effective library size. Groups do not
share parameters, so every fit is one-dimensional: Fisher scoring on the log rate. A contrast of two groups is
tested against the fit in which they share their rate, or differ by a given fold.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from bactrian.discovery.selection.blocks import over_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-10
"""Change of the log rate at which scoring stops, where nothing else is asked."""
MOST_STEPS = 100
"""Scoring steps at most; two to six are usual, more happen only where column sizes differ a million-fold."""
LONGEST_STEP = 3.0
"""Longest step of the log rate, so that a poor start cannot overflow."""
AVERAGE_PRIOR = 2.0
"""Prior count of the average abundance that orders the trends (edgeR's default)."""
AVERAGE_DISPERSION = 0.05
"""Dispersion under which the average abundance is fitted while none is known (edgeR's default)."""
LOG2 = math.log(2.0)


@njit(cache=True, nogil=True)
def fit_rate(y, sizes, number, dispersion, start, tolerance):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Give the log rate of one unit in `number` columns.

    Args:
        y: Counts, float64, the first `number` used.
        sizes: Effective library sizes in the same order.
        number: Columns.
        dispersion: Negative-binomial dispersion, 0 = Poisson.
        start: Log rate to start from; NaN starts from total over total.
        tolerance: Change of the log rate at which scoring stops.

    Returns:
        The log rate; minus infinity when every count is zero.
    """
    total = 0.0
    whole = 0.0
    for j in range(number):
        total += y[j]
        whole += sizes[j]
    if total <= 0.0:
        return -np.inf
    crude = math.log(total / whole)
    if number == 1 or dispersion <= 0.0:
        return crude
    beta = crude if math.isnan(start) else start
    for _ in range(MOST_STEPS):
        rate = math.exp(beta)
        score = 0.0
        information = 0.0
        for j in range(number):
            mean = sizes[j] * rate
            weight = 1.0 / (1.0 + dispersion * mean)
            score += (y[j] - mean) * weight
            information += mean * weight
        step = score / information
        step = min(max(step, -LONGEST_STEP), LONGEST_STEP)
        beta += step
        if abs(step) < tolerance:
            break
    return beta


@njit(cache=True, nogil=True)
def half_deviance(y, sizes, number, dispersion, beta):  # type: ignore[no-untyped-def]
    """Give half the deviance of one unit in `number` columns at a log rate."""
    if beta == -np.inf:
        return 0.0
    rate = math.exp(beta)
    total = 0.0
    for j in range(number):
        mean = sizes[j] * rate
        count = y[j]
        if count > 0.0:
            total += count * math.log(count / mean)
        if dispersion * mean < 1e-8 and dispersion * count < 1e-8:
            total -= count - mean
        else:
            gap = dispersion * (count - mean) / (1.0 + dispersion * mean)
            total -= (count + 1.0 / dispersion) * math.log1p(gap)
    return max(total, 0.0)


@njit(cache=True, nogil=True)
def _fit_rows(counts, sizes, order, bounds, dispersion, start, stop, rates, deviance):  # type: ignore[no-untyped-def] # noqa: PLR0917
    columns = order.size
    y = np.empty(columns)
    for i in range(start, stop):
        for g in range(bounds.size - 1):
            first, number = bounds[g], bounds[g + 1] - bounds[g]
            for j in range(number):
                y[j] = counts[i, order[first + j]]
            beta = fit_rate(y, sizes[first:], number, dispersion[i], np.nan, TOLERANCE)
            rates[i, g] = beta
            deviance[i, g] = 2.0 * half_deviance(y, sizes[first:], number, dispersion[i], beta)


@njit(cache=True, nogil=True)
def _contrast_rows(counts, sizes, columns, fold, dispersion, separate, start, stop, ratio, shared):  # type: ignore[no-untyped-def] # noqa: PLR0917
    # `columns` names the columns of both groups, `fold` the factor each is multiplied by under the null,
    # `separate` the log rate of each column's own group.
    number = columns.size
    y = np.empty(number)
    folded = np.empty(number)
    for j in range(number):
        folded[j] = sizes[columns[j]] * fold[j]
    for i in range(start, stop):
        phi = dispersion[i]
        for j in range(number):
            y[j] = counts[i, columns[j]]
        beta = fit_rate(y, folded, number, phi, np.nan, TOLERANCE)
        shared[i] = beta
        total = 0.0
        if beta > -np.inf:
            rate = math.exp(beta)
            for j in range(number):
                null = folded[j] * rate
                full = sizes[columns[j]] * math.exp(separate[i, j])
                if y[j] > 0.0:
                    total += y[j] * math.log(full / null)
                if phi <= 0.0:
                    total -= full - null
                else:
                    total -= (y[j] + 1.0 / phi) * math.log1p(phi * (full - null) / (1.0 + phi * null))
        ratio[i] = max(2.0 * total, 0.0)


@njit(cache=True, nogil=True)
def _prior_rows(counts, sizes, prior, order, bounds, dispersion, start, stop, rates):  # type: ignore[no-untyped-def] # noqa: PLR0917
    columns = order.size
    y = np.empty(columns)
    for i in range(start, stop):
        for g in range(bounds.size - 1):
            first, number = bounds[g], bounds[g + 1] - bounds[g]
            for j in range(number):
                y[j] = counts[i, order[first + j]] + prior[first + j]
            rates[i, g] = fit_rate(y, sizes[first:], number, dispersion[i], np.nan, TOLERANCE)


def group_order(groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the columns sorted by group and where each group begins and ends.

    Args:
        groups: (m,) group of every column, numbers 0 to k - 1, each present.

    Returns:
        (m,) column numbers and (k + 1,) bounds into them.
    """
    order = np.argsort(groups, kind="stable").astype(np.int64)
    bounds = np.concatenate([[0], np.cumsum(np.bincount(groups))]).astype(np.int64)
    return order, bounds


def fit_means(
    counts: NDArray[np.int64],
    sizes: NDArray[np.float64],
    *,
    groups: NDArray[np.int64],
    dispersion: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit the rate of every unit in every group.

    Args:
        counts: (n, m) reads.
        sizes: (m,) effective library sizes.
        groups: (m,) group of every column, 0 to k - 1.
        dispersion: (n,) negative-binomial dispersions.

    Returns:
        (n, k) natural logarithms of the rate per read, minus infinity for a group without reads, and (n, k)
        deviances.
    """
    order, bounds = group_order(groups)
    rates = np.empty((counts.shape[0], bounds.size - 1))
    deviance = np.empty_like(rates)
    sorted_sizes = np.ascontiguousarray(sizes[order])

    def run(start: int, stop: int) -> None:
        _fit_rows(counts, sorted_sizes, order, bounds, dispersion, start, stop, rates, deviance)

    over_blocks(run, counts.shape[0])
    return rates, deviance


def fit_prior_means(
    counts: NDArray[np.int64],
    sizes: NDArray[np.float64],
    *,
    groups: NDArray[np.int64],
    dispersion: NDArray[np.float64],
    prior: float,
) -> NDArray[np.float64]:
    """Fit the rates after adding a prior count, so that a group without reads keeps a finite rate.

    The prior count of a column is proportional to its library size, on average `prior`, and its size grows by
    twice that count, so that a unit with equal rates keeps them.

    Args:
        counts: (n, m) reads.
        sizes: (m,) effective library sizes.
        groups: (m,) group of every column, 0 to k - 1.
        dispersion: (n,) negative-binomial dispersions.
        prior: Average prior count.

    Returns:
        (n, k) natural logarithms of the rate.
    """
    order, bounds = group_order(groups)
    added = prior * sizes / sizes.mean()
    grown = np.ascontiguousarray((sizes + 2.0 * added)[order])
    added = np.ascontiguousarray(added[order])
    rates = np.empty((counts.shape[0], bounds.size - 1))

    def run(start: int, stop: int) -> None:
        _prior_rows(counts, grown, added, order, bounds, dispersion, start, stop, rates)

    over_blocks(run, counts.shape[0])
    return rates


def average_log_cpm(
    counts: NDArray[np.int64], sizes: NDArray[np.float64], *, dispersion: float = AVERAGE_DISPERSION
) -> NDArray[np.float64]:
    """Give the average abundance of every unit over all columns.

    Args:
        counts: (n, m) reads.
        sizes: (m,) effective library sizes.
        dispersion: Dispersion under which columns are averaged; the larger, the less a large column counts.

    Returns:
        (n,) log2 counts per million, with a prior count of 2.
    """
    rates = fit_prior_means(
        counts,
        sizes,
        groups=np.zeros(counts.shape[1], dtype=np.int64),
        dispersion=np.full(counts.shape[0], dispersion),
        prior=AVERAGE_PRIOR,
    )
    return np.asarray((rates[:, 0] + math.log(1e6)) / LOG2)


def likelihood_ratio(
    counts: NDArray[np.int64],
    sizes: NDArray[np.float64],
    *,
    groups: NDArray[np.int64],
    rates: NDArray[np.float64],
    dispersion: NDArray[np.float64],
    numerator: int,
    denominator: int,
    log2fc: float = 0.0,
) -> NDArray[np.float64]:
    """Give twice the log-likelihood ratio of a contrast of two groups.

    Args:
        counts: (n, m) reads.
        sizes: (m,) effective library sizes.
        groups: (m,) group of every column.
        rates: (n, k) log rates of the full fit at the same dispersion.
        dispersion: (n,) dispersions.
        numerator: Group above.
        denominator: Group below.
        log2fc: log2 fold change under the null.

    Returns:
        (n,) likelihood ratios, at least 0.
    """
    columns = np.flatnonzero((groups == numerator) | (groups == denominator)).astype(np.int64)
    fold = np.where(groups[columns] == numerator, 2.0 ** (log2fc / 2.0), 2.0 ** (-log2fc / 2.0))
    separate = np.ascontiguousarray(rates[:, groups[columns]])
    ratio = np.empty(counts.shape[0])
    shared = np.empty(counts.shape[0])

    def run(start: int, stop: int) -> None:
        _contrast_rows(counts, sizes, columns, fold, dispersion, separate, start, stop, ratio, shared)

    over_blocks(run, counts.shape[0])
    return ratio
