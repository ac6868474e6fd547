"""Smooth curves over abundance, and the maximum of a likelihood known on a grid.

Three kinds: local means over nearest neighbours for many curves at once, robust local lines (lowess), and
natural cubic splines.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
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
            reach = bandwidth * (1 + 1e-9)
            rows = slice(*np.searchsorted(x, [at - reach, at + reach]))
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


def spline_curvature(knots: int, step: float) -> NDArray[np.float64]:
    """Give the matrix that turns values at evenly spaced knots into second derivatives of their cubic spline.

    At each end the third derivative is that of the cubic through the four outermost knots.

    Args:
        knots: Number of knots, at least 4.
        step: Distance between knots.

    Returns:
        (knots, knots) matrix.

    References:
        Forsythe, Malcolm and Moler (1977), Computer Methods for Mathematical Computations, Prentice-Hall.
    """
    left = np.zeros((knots, knots))
    right = np.zeros((knots, knots))
    for i in range(1, knots - 1):
        left[i, i - 1 : i + 2] = (1.0, 4.0, 1.0)
        right[i, i - 1 : i + 2] = (6.0, -12.0, 6.0)
    left[0, :2] = (-1.0, 1.0)
    right[0, :4] = (-1.0, 3.0, -3.0, 1.0)
    left[-1, -2:] = (-1.0, 1.0)
    right[-1, -4:] = (-1.0, 3.0, -3.0, 1.0)
    return np.asarray(np.linalg.solve(left, right) / step**2)


@njit(cache=True, nogil=True)
def _peaks(values, second, first, step, peaks):  # type: ignore[no-untyped-def]
    rows, knots = values.shape
    for i in range(rows):
        best = 0
        for k in range(1, knots):
            if values[i, k] > values[i, best]:
                best = k
        height = values[i, best]
        peak = first + best * step
        for k in (best - 1, best):
            if k < 0 or k + 1 >= knots:
                continue
            # On a segment the spline is value + slope t + half bend t² + sixth t³, t from its left knot.
            cubic = (second[i, k + 1] - second[i, k]) / (6.0 * step)
            square = second[i, k] / 2.0
            slope = (values[i, k + 1] - values[i, k]) / step - step * (
                2.0 * second[i, k] + second[i, k + 1]
            ) / 6.0
            inside = square * square - 3.0 * cubic * slope
            if inside <= 0.0:
                continue
            root = math.sqrt(inside)
            # The maximum is where the second derivative, 2 square + 6 cubic t, is -2 root.
            if square < 0.0:
                t = slope / (root - square)
            elif cubic != 0.0:
                t = -(root + square) / (3.0 * cubic)
            else:
                continue
            if 0.0 < t < step:
                at = values[i, k] + t * (slope + t * (square + t * cubic))
                if at > height:
                    height = at
                    peak = first + k * step + t
        peaks[i] = peak


def peak_positions(
    values: NDArray[np.float64], curvature: NDArray[np.float64], *, first: float, step: float
) -> NDArray[np.float64]:
    """Give where the cubic spline through each row is highest.

    Args:
        values: (n, k) values at evenly spaced knots.
        curvature: (k, k) matrix of `spline_curvature`.
        first: Abscissa of the first knot.
        step: Distance between knots.

    Returns:
        (n,) abscissae.
    """
    peaks = np.empty(values.shape[0])
    _peaks(np.ascontiguousarray(values), np.ascontiguousarray(values @ curvature.T), first, step, peaks)
    return peaks


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


@njit(cache=True, nogil=True)
def _local_line(x, y, robust, use_robust, at, left, right, weights):  # type: ignore[no-untyped-def] # noqa: PLR0917
    # Gives the height of a weighted line at x[at], or NaN when no weight is left.
    point = x[at]
    bandwidth = max(point - x[left], x[right] - point)
    near, far = 0.001 * bandwidth, 0.999 * bandwidth
    total = 0.0
    last = left
    for j in range(left, x.size):
        weights[j] = 0.0
        distance = abs(x[j] - point)
        last = j
        if distance <= far:
            weight = 1.0
            if distance > near:
                cube = (distance / bandwidth) ** 3
                weight = (1.0 - cube) ** 3
            if use_robust:
                weight *= robust[j]
            weights[j] = weight
            total += weight
        elif x[j] > point:
            break
    if total <= 0.0:
        return np.nan
    centre = 0.0
    for j in range(left, last + 1):
        weights[j] /= total
        centre += weights[j] * x[j]
    if bandwidth > 0.0:
        spread = 0.0
        for j in range(left, last + 1):
            spread += weights[j] * (x[j] - centre) ** 2
        if math.sqrt(spread) > 0.001 * (x[-1] - x[0]):
            tilt = (point - centre) / spread
            for j in range(left, last + 1):
                weights[j] *= tilt * (x[j] - centre) + 1.0
    height = 0.0
    for j in range(left, last + 1):
        height += weights[j] * y[j]
    return height


@njit(cache=True, nogil=True)
def _lowess(x, y, nearest, rounds, delta, fitted):  # type: ignore[no-untyped-def] # noqa: PLR0917
    number = x.size
    robust = np.ones(number)
    weights = np.zeros(number)
    for turn in range(rounds + 1):
        left, right = 0, nearest - 1
        last = -1
        i = 0
        while True:
            while right < number - 1 and x[i] - x[left] > x[right + 1] - x[i]:
                left += 1
                right += 1
            height = _local_line(x, y, robust, turn > 0, i, left, right, weights)
            fitted[i] = y[i] if math.isnan(height) else height
            for j in range(last + 1, i):
                share = (x[j] - x[last]) / (x[i] - x[last])
                fitted[j] = share * fitted[i] + (1.0 - share) * fitted[last]
            last = i
            limit = x[last] + delta
            i = last + 1
            while i < number and x[i] <= limit:
                if x[i] == x[last]:
                    fitted[i] = fitted[last]
                    last = i
                i += 1
            i = max(last + 1, i - 1)
            if last >= number - 1:
                break
        if turn == rounds:
            break
        residual = np.abs(y - fitted)
        bound = 6.0 * np.median(residual)
        if bound < 1e-7 * residual.mean():
            break
        for j in range(number):
            if residual[j] <= 0.001 * bound:
                robust[j] = 1.0
            elif residual[j] > 0.999 * bound:
                robust[j] = 0.0
            else:
                robust[j] = (1.0 - (residual[j] / bound) ** 2) ** 2


def smooth_lowess(
    values: NDArray[np.float64], covariate: NDArray[np.float64], *, span: float, rounds: int = 3
) -> NDArray[np.float64]:
    """Smooth a scatter plot by robust local lines.

    Lines are fitted at points at least a hundredth of the range apart and joined linearly.

    Args:
        values: (n,) ordinates.
        covariate: (n,) abscissae.
        span: Share of the points in a neighbourhood.
        rounds: Times the weights are renewed from the residuals.

    Returns:
        (n,) smoothed values.

    References:
        Cleveland (1979), Journal of the American Statistical Association 74:829–836.
    """
    number = values.size
    if number < 2:
        return values.copy()
    order = np.argsort(covariate, kind="stable")
    x = np.ascontiguousarray(covariate[order])
    nearest = max(2, min(number, int(span * number + 1e-7)))
    fitted = np.empty(number)
    delta = 0.01 * float(x[-1] - x[0])
    _lowess(x, np.ascontiguousarray(values[order]), nearest, rounds, delta, fitted)
    smooth = np.empty(number)
    smooth[order] = fitted
    return smooth
