"""The maximum of a likelihood known on a grid, by the cubic spline through its values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
