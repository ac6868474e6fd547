"""Smooth curves over abundance: local means for many curves at once, and natural cubic splines for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lstsq

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUT = 0.8
"""A cell longer than this share of the smaller bandwidth at its ends is halved (locfit's default)."""


def smooth_local_means(
    values: NDArray[np.float64], covariate: NDArray[np.float64], *, span: float
) -> NDArray[np.float64]:
    """Smooth many curves at once by local means with tricube weights.

    The bandwidth at a point reaches its nearest neighbours, a share `span` of all. Means are taken at the
    ends of cells, halved until they are short beside the bandwidth, and interpolated linearly between.

    Args:
        values: (n, c) one curve per column.
        covariate: (n,) abscissa.
        span: Share of the rows in a neighbourhood, above 0 and up to 1.

    Returns:
        (n, c) smoothed values at the rows.

    References:
        Loader (1999), Local Regression and Likelihood, Springer, chapters 2 and 12.
    """
    order = np.argsort(covariate, kind="stable")
    x = covariate[order]
    low, high = float(x[0]), float(x[-1])
    nearest = max(int(x.size * span + 1e-12), 1)
    if not low < high:
        return np.broadcast_to(values.mean(axis=0), values.shape).copy()
    fits: dict[float, tuple[NDArray[np.float64], float]] = {}

    def fit(at: float) -> float:
        if at not in fits:
            bandwidth = _nearest_distance(x, at, nearest)
            # Beside many equal values the bandwidth is shorter than the rounding of `at`.
            reach = bandwidth * (1 + 1e-9) + 4 * float(np.spacing(abs(at)))
            rows = slice(
                int(np.searchsorted(x, at - reach)), int(np.searchsorted(x, at + reach, side="right"))
            )
            distance = np.abs(x[rows] - at)
            weights = np.ones_like(distance)
            if bandwidth > 0:
                weights = np.maximum(1 - (distance / bandwidth) ** 3, 0.0) ** 3
            if weights.sum() <= 0:
                weights = np.ones_like(distance)
            fits[at] = (weights @ values[order[rows]] / weights.sum(), bandwidth)
        return fits[at][1]

    cells = [(low, high)]
    while cells:
        a, b = cells.pop()
        if b - a > CUT * min(fit(a), fit(b)) and (b - a) > 1e-9 * (high - low):
            middle = (a + b) / 2
            cells += [(a, middle), (middle, b)]
    knots = np.array(sorted(fits))
    heights = np.array([fits[float(knot)][0] for knot in knots])
    cell = np.clip(np.searchsorted(knots, covariate, side="right") - 1, 0, knots.size - 2)
    share = ((covariate - knots[cell]) / (knots[cell + 1] - knots[cell]))[:, None]
    return np.asarray(heights[cell] * (1 - share) + heights[cell + 1] * share)


def _nearest_distance(x: NDArray[np.float64], at: float, nearest: int) -> float:
    """Give the distance to the `nearest`-th nearest of sorted values."""
    distance = np.abs(x - at)
    return float(np.partition(distance, nearest - 1)[nearest - 1])


def natural_spline_trend(
    values: NDArray[np.float64],
    covariate: NDArray[np.float64],
    *,
    functions: int,
    asked: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Fit a natural cubic spline by least squares.

    Knots are the extremes of the covariate and evenly spaced quantiles between; beyond the extremes the curve
    is straight.

    Args:
        values: (n,) ordinates.
        covariate: (n,) abscissae with at least `functions` different values.
        functions: Degrees of freedom of the curve, the constant included, at least 2.
        asked: (a,) further abscissae.

    Returns:
        (n,) fitted values, the residual mean square, and (a,) values at the further abscissae.
    """
    low, high = float(covariate.min()), float(covariate.max())
    x = (covariate - low) / (high - low)
    knots = np.unique(np.quantile(x, np.linspace(0.0, 1.0, functions)))
    basis = _natural_basis(x, knots)
    solution, _, rank, _ = lstsq(basis, values)
    fitted = basis @ solution
    residual = float(((values - fitted) ** 2).sum()) / max(values.size - int(rank), 1)
    return fitted, residual, _natural_basis((asked - low) / (high - low), knots) @ solution


def _natural_basis(x: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give a constant, the abscissa and truncated cubes that are straight beyond the outer knots.

    References:
        Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, section 5.2.1.
    """
    cubes = np.maximum(x[:, None] - knots, 0.0) ** 3
    slopes = (cubes[:, :-1] - cubes[:, -1:]) / (knots[-1] - knots[:-1])
    return np.column_stack([np.ones_like(x), x, slopes[:, :-1] - slopes[:, -1:]])
