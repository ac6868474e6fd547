"""Negative-binomial dispersions: one for all units, a trend over abundance, and one per unit.

The Cox–Reid adjusted profile likelihood of every unit is known on a grid of dispersions; sums and local
means of these curves give the common and the trended dispersion, and a weighted sum of own and local curve
that of a unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from bactrian.discovery.selection.blocks import over_blocks
from bactrian.discovery.selection.glm import average_log_cpm, fit_means, fit_rate, group_order
from bactrian.discovery.selection.peaks import peak_positions, spline_curvature
from bactrian.discovery.selection.smoothing import smooth_local_means
from bactrian.discovery.selection.squeeze import squeeze_variances

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID = np.arange(-10.0, 11.0)
"""log2 of dispersion / MIDDLE at the grid (edgeR's default)."""
MIDDLE = 0.1
"""Dispersion in the middle of the grid."""
SMALLEST_SUM = 5
"""Units with fewer reads in all take no part (edgeR's default)."""
SMALL_COUNT = 12
"""Counts up to this go without gamma functions."""
LARGE_PRODUCT = 1e200
"""A product is logged before it can overflow."""
LOOSE = 1e-7
"""Tolerance of the profiled rate; the likelihood is flat there, so its error is that squared."""
LARGEST_WEIGHT = 1e6
"""A prior weight above this is taken for this, so that the unit's own curve vanishes beside the trend."""


@dataclass(frozen=True, slots=True)
class Dispersions:
    """Dispersions of a table.

    Args:
        common: The dispersion of all units together.
        log2cpm: (n,) average abundance under the common dispersion, the abscissa of the trend.
        trended: (n,) the trend at each unit's abundance.
        tagwise: (n,) each unit's own, moderated.
        prior_freedom: (n,) prior degrees of freedom the moderation used.
    """

    common: float
    log2cpm: NDArray[np.float64]
    trended: NDArray[np.float64]
    tagwise: NDArray[np.float64]
    prior_freedom: NDArray[np.float64]


@njit(cache=True, nogil=True)
def _profile_rows(counts, sizes, order, bounds, dispersions, start, stop, profile):  # type: ignore[no-untyped-def] # noqa: PLR0917
    columns = order.size
    y = np.empty(columns)
    for i in range(start, stop):
        for d in range(dispersions.size):
            profile[i, d] = 0.0
        for g in range(bounds.size - 1):
            first, number = bounds[g], bounds[g + 1] - bounds[g]
            total = 0.0
            for j in range(number):
                y[j] = counts[i, order[first + j]]
                total += y[j]
            if total == 0.0:
                continue
            beta = np.nan
            for d in range(dispersions.size):
                phi = dispersions[d]
                inverse = 1.0 / phi
                beta = fit_rate(y, sizes[first:], number, phi, beta, LOOSE)
                rate = math.exp(beta)
                # Logarithms are taken of whole products: of 1 + phi mean over the columns, and of the factors
                # 1 + k phi, k below the count, that make up the gamma functions of a small count.
                likelihood = total * beta
                information = 0.0
                spreads = 1.0
                rising = 1.0
                for j in range(number):
                    mean = sizes[first + j] * rate
                    spread = 1.0 + phi * mean
                    information += mean / spread
                    spreads *= spread
                    if y[j] > 0.0:
                        likelihood -= y[j] * math.log(spread)
                        if y[j] <= SMALL_COUNT:
                            for k in range(1, int(y[j])):
                                rising *= 1.0 + k * phi
                        else:
                            likelihood += (
                                math.lgamma(inverse + y[j]) - math.lgamma(inverse) + y[j] * math.log(phi)
                            )
                    if spreads > LARGE_PRODUCT or rising > LARGE_PRODUCT:
                        likelihood += math.log(rising) - inverse * math.log(spreads)
                        spreads = 1.0
                        rising = 1.0
                likelihood += math.log(rising) - inverse * math.log(spreads)
                profile[i, d] += likelihood - 0.5 * math.log(information)


def profile_likelihoods(
    counts: NDArray[np.int64],
    sizes: NDArray[np.float64],
    *,
    groups: NDArray[np.int64],
    dispersions: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Give the Cox–Reid adjusted profile log-likelihood of every unit at given dispersions.

    A group without reads of a unit says nothing about its dispersion and is left out of it.

    Args:
        counts: (n, m) reads.
        sizes: (m,) effective library sizes.
        groups: (m,) group of every column.
        dispersions: (d,) dispersions above 0.

    Returns:
        (n, d) log-likelihoods up to a constant of each unit.

    References:
        McCarthy, Chen and Smyth (2012), Nucleic Acids Research 40:4288–4297.
    """
    order, bounds = group_order(groups)
    # A group of one column is fitted exactly whatever the dispersion, and still carries its adjustment.
    sorted_sizes = np.ascontiguousarray(sizes[order])
    profile = np.empty((counts.shape[0], dispersions.size))

    def run(start: int, stop: int) -> None:
        _profile_rows(counts, sorted_sizes, order, bounds, dispersions, start, stop, profile)

    over_blocks(run, counts.shape[0])
    return profile


def residual_freedom(counts: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the residual degrees of freedom of every unit over the groups in which it has reads.

    Args:
        counts: (n, m) reads.
        groups: (m,) group of every column.

    Returns:
        (n,) columns of groups with reads minus the number of these groups.
    """
    freedom = np.zeros(counts.shape[0])
    for group in np.unique(groups):
        columns = np.flatnonzero(groups == group)
        freedom += (counts[:, columns].sum(axis=1) > 0) * (columns.size - 1.0)
    return freedom


def estimate_dispersions(
    counts: NDArray[np.int64],
    sizes: NDArray[np.float64],
    *,
    groups: NDArray[np.int64],
    robust: bool = True,
) -> Dispersions:
    """Estimate common, trended and unit-wise dispersions.

    Args:
        counts: (n, m) reads.
        sizes: (m,) effective library sizes.
        groups: (m,) group of every column, with at least one column more than groups.
        robust: Whether the moderation lets outliers keep their own dispersion.

    Returns:
        The dispersions.

    Raises:
        ValueError: If no unit has 5 reads or more.

    References:
        McCarthy, Chen and Smyth (2012), Nucleic Acids Research 40:4288–4297; Chen, Lun and Smyth (2014), in
        Statistical Analysis of Next Generation Sequencing Data, Springer, chapter 3.
    """
    used = np.flatnonzero(counts.sum(axis=1) >= SMALLEST_SUM)
    if not used.size:
        msg = f"no unit has {SMALLEST_SUM} reads or more."
        raise ValueError(msg)
    table = np.ascontiguousarray(counts[used])
    profile = profile_likelihoods(table, sizes, groups=groups, dispersions=MIDDLE * 2.0**GRID)
    step = float(GRID[1] - GRID[0])
    curvature = spline_curvature(GRID.size, step)

    def highest(curves: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(MIDDLE * 2.0 ** peak_positions(curves, curvature, first=float(GRID[0]), step=step))

    common = float(highest(profile.sum(axis=0, keepdims=True))[0])
    log2cpm = average_log_cpm(counts, sizes, dispersion=common)
    abundance = log2cpm[used]
    local = smooth_local_means(profile, abundance, span=_span(used.size))
    trend = highest(local)
    freedom = residual_freedom(table, groups)
    deviance = fit_means(table, sizes, groups=groups, dispersion=trend)[1].sum(axis=1)
    variances = np.divide(deviance, freedom, out=np.zeros_like(deviance), where=freedom > 0)
    prior_freedom = squeeze_variances(variances, freedom, covariate=abundance, robust=robust).freedom
    whole = groups.size - np.unique(groups).size
    weight = np.minimum(prior_freedom / whole, LARGEST_WEIGHT)
    own = highest(profile + weight[:, None] * local)
    rarest = float(trend[np.argmin(abundance)])
    trended = np.full(counts.shape[0], rarest)
    tagwise = np.full(counts.shape[0], rarest)
    whole_freedom = np.full(counts.shape[0], np.inf)
    trended[used], tagwise[used], whole_freedom[used] = trend, own, prior_freedom
    return Dispersions(common, log2cpm, trended, tagwise, whole_freedom)


def _span(units: int) -> float:
    """Give the share of units in a neighbourhood: all up to 50, falling to a quarter (edgeR's default)."""
    return 1.0 if units <= 50 else 0.25 + 0.75 * math.sqrt(50 / units)
