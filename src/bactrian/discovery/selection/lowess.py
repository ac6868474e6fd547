"""Robust local lines (lowess): the trend of a scatter plot that a few outliers do not bend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
