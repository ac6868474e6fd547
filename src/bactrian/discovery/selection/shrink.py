"""Shrunken effects: how large a fold change probably is, with its interval.

The quasi-likelihood of a log2 fold change, the mean abundance profiled out, is weighted with a prior around 0
whose width comes from all units of the contrast. A few reads against none give a large ratio and little
knowledge; the prior pulls it in, and leaves a large, well-measured effect where it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy.optimize import minimize_scalar

from bactrian.core.errors import InputError
from bactrian.discovery.selection.blocks import over_blocks
from bactrian.discovery.selection.glm import LOG2, fit_rate
from bactrian.discovery.selection.quasi import GroupFit, tamer_than_poisson, total_freedom

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRIOR_FREEDOM = 4.0
"""Degrees of freedom of the prior, a t distribution. Heavy enough to leave a precise effect alone (it is pulled in
by 5 SE² / effect); light enough that mean and upper limit exist where the comparator has no read."""
LIMIT = 30.0
"""Largest |log2 fold change| looked at: a thousand million times."""
SCAN = 5
"""Points between 0 and the likeliest effect at which the search begins."""
FIRST_STEP = 0.05
"""First step, in log2, of the search for the ends of the grid."""
POINTS = 61
"""Points of the grid over the part of the posterior that counts."""
DROP = 14.0
"""The grid ends where the log posterior has fallen by this much, to less than a millionth."""
LOOSE = 1e-5
"""Tolerance of the profiled rate; the likelihood is flat there, so its error is of the order of the square."""
COVERAGE = 0.95
"""Probability of the interval."""
SCALE_UNITS = 1500
"""Units, evenly spaced over the table, that the width of the prior is estimated from."""
SCALE_POINTS = 121
"""Points of the grid for the width of the prior, dense around 0."""
SCALE_REACH = 15.0
"""Reach of that grid, in log2."""
SCALE_BEND = 5.0
"""How much denser it is around 0: the steps grow as the hyperbolic cosine from 0 to this."""
SCALE_BOUNDS = (0.05, 10.0)
"""Narrowest and widest prior."""


@dataclass(frozen=True, slots=True)
class Shrunken:
    """Shrunken log2 fold changes of one contrast.

    Args:
        log2fc: (n,) posterior means.
        low: (n,) lower ends of the 95 % intervals.
        high: (n,) upper ends.
        scale: Width of the prior, in log2.
    """

    log2fc: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    scale: float


@njit(cache=True, nogil=True)
def _spread(y, sizes, first, last, dispersion, rate):  # type: ignore[no-untyped-def] # noqa: PLR0917
    # The sum of (y + 1 / dispersion) log(1 + dispersion mean), with one logarithm for all columns without reads.
    value = 0.0
    logs = 0.0
    product = 1.0
    for j in range(first, last):
        mean = sizes[j] * rate
        if dispersion <= 0.0:
            value += mean
            continue
        factor = 1.0 + dispersion * mean
        if y[j] > 0.0:
            value += y[j] * math.log(factor)
        product *= factor
        if product > 1e200:
            logs += math.log(product)
            product = 1.0
    if dispersion > 0.0:
        value += (logs + math.log(product)) / dispersion
    return value


@njit(cache=True, nogil=True)
def _log_likelihood(effect, y, sizes, folded, split, number, dispersion, freedom, scaled, best, floor, start):  # type: ignore[no-untyped-def] # noqa: PLR0917
    # Log quasi-likelihood of a log2 fold change relative to the best, and the log rate that goes with it. The first
    # `split` columns are the numerator's. Finite degrees of freedom make it a t instead of a normal likelihood.
    # A `floor`, the best Poisson log-likelihood, keeps a unit from saying more than reads drawn at random could.
    up = math.exp(0.5 * effect * LOG2)
    total = 0.0
    tilt = 0.0
    for j in range(number):
        folded[j] = sizes[j] * up if j < split else sizes[j] / up
        total += y[j]
        tilt += y[j] if j < split else -y[j]
    if total <= 0.0:
        return 0.0, start
    beta = fit_rate(y, folded, number, dispersion, start, LOOSE)
    rate = math.exp(beta)
    value = total * beta + 0.5 * effect * LOG2 * tilt
    value -= _spread(y, folded, 0, number, dispersion, rate)
    ratio = max(2.0 * (best - value) / scaled, 0.0)
    if math.isinf(freedom):
        value = -0.5 * ratio
    else:
        value = -0.5 * (freedom + 1.0) * math.log1p(ratio / freedom)
    if not math.isnan(floor):
        whole = 0.0
        for j in range(number):
            whole += folded[j]
        poisson = total * (math.log(total / whole) - 1.0) + 0.5 * effect * LOG2 * tilt
        value = max(value, min(poisson - floor, 0.0))
    return value, beta


@njit(cache=True, nogil=True)
def _best(y, sizes, split, number, dispersion, rates):  # type: ignore[no-untyped-def] # noqa: PLR0917
    # The same sum with a rate for each group.
    value = 0.0
    for group in range(2):
        first, last = (0, split) if group == 0 else (split, number)
        if rates[group] == -np.inf:
            continue
        for j in range(first, last):
            value += y[j] * rates[group]
        value -= _spread(y, sizes, first, last, dispersion, math.exp(rates[group]))
    return value


@njit(cache=True, nogil=True)
def _best_poisson(y, sizes, split, number):  # type: ignore[no-untyped-def]
    value = 0.0
    for first, last in ((0, split), (split, number)):
        total = 0.0
        whole = 0.0
        for j in range(first, last):
            total += y[j]
            whole += sizes[j]
        if total > 0.0:
            value += total * (math.log(total / whole) - 1.0)
    return value


@njit(cache=True, nogil=True)
def _log_prior(effect, scale):  # type: ignore[no-untyped-def]
    return -0.5 * (PRIOR_FREEDOM + 1.0) * math.log1p((effect / scale) ** 2 / PRIOR_FREEDOM)


@njit(cache=True, nogil=True)
def _curve_rows(counts, sizes, columns, split, dispersion, s2, freedom, tame, rates, rows, effects, curves):  # type: ignore[no-untyped-def] # noqa: PLR0917
    number = columns.size
    y = np.empty(number)
    folded = np.empty(number)
    for k in range(rows.size):
        i = rows[k]
        for j in range(number):
            y[j] = counts[i, columns[j]]
        best = _best(y, sizes, split, number, dispersion[i], rates[i])
        floor = _best_poisson(y, sizes, split, number) if tame[i] else np.nan
        beta = np.nan
        for e in range(effects.size):
            curves[k, e], beta = _log_likelihood(
                effects[e],
                y,
                sizes,
                folded,
                split,
                number,
                dispersion[i],
                freedom[i],
                s2[i],
                best,
                floor,
                beta,
            )


@njit(cache=True, nogil=True)
def _posterior_rows(
    counts, sizes, columns, split, dispersion, s2, freedom, tame, rates, guess, scale, rows, start, stop, out
):  # type: ignore[no-untyped-def]
    number = columns.size
    y = np.empty(number)
    folded = np.empty(number)
    height = np.empty(POINTS)
    for row in range(start, stop):
        i = rows[row]
        for j in range(number):
            y[j] = counts[i, columns[j]]
        phi, d, v = dispersion[i], freedom[i], s2[i]
        best = _best(y, sizes, split, number, phi, rates[i])
        floor = _best_poisson(y, sizes, split, number) if tame[i] else np.nan
        # The posterior is highest between 0, where the prior is, and the likeliest effect.
        target = min(max(guess[i], -LIMIT), LIMIT)
        mode, top, beta = 0.0, -np.inf, np.nan
        for k in range(SCAN):
            at = k * target / (SCAN - 1)
            value, beta = _log_likelihood(at, y, sizes, folded, split, number, phi, d, v, best, floor, beta)
            value += _log_prior(at, scale)
            if value > top:
                mode, top = at, value
        ends = np.empty(2)
        for side in range(2):
            sign = -1.0 if side == 0 else 1.0
            step = FIRST_STEP
            at = mode
            while abs(at) < LIMIT:
                at += sign * step
                value, beta = _log_likelihood(
                    at, y, sizes, folded, split, number, phi, d, v, best, floor, beta
                )
                value += _log_prior(at, scale)
                if value < top - DROP:
                    break
                step *= 1.7
            ends[side] = min(max(at, -LIMIT), LIMIT)
        width = (ends[1] - ends[0]) / (POINTS - 1)
        whole = 0.0
        mean = 0.0
        for k in range(POINTS):
            at = ends[0] + k * width
            value, beta = _log_likelihood(at, y, sizes, folded, split, number, phi, d, v, best, floor, beta)
            height[k] = math.exp(value + _log_prior(at, scale) - top)
            weight = height[k] * (0.5 if k in (0, POINTS - 1) else 1.0)
            whole += weight
            mean += weight * at
        out[i, 0] = mean / whole
        passed = 0.0
        tail = 0.5 * (1.0 - COVERAGE) * whole
        found = 1
        for k in range(POINTS - 1):
            piece = 0.5 * (height[k] + height[k + 1])
            while found <= 2:
                wanted = tail if found == 1 else whole - tail
                if passed + piece < wanted or piece <= 0.0:
                    break
                out[i, found] = ends[0] + (k + (wanted - passed) / piece) * width
                found += 1
            passed += piece
        for k in range(found, 3):
            out[i, k] = ends[1]


def shrink_contrast(
    fit: GroupFit, numerator: int, denominator: int, *, units: NDArray[np.int64] | None = None
) -> Shrunken:
    """Give the posterior mean and 95 % interval of every unit's log2 fold change between two groups.

    The prior is a t distribution around 0 with 4 degrees of freedom; its width maximises the marginal likelihood of
    up to 1,500 units. A fit with few degrees of freedom has a wider likelihood, a t instead of a normal one.

    Args:
        fit: The fitted table; with a fixed dispersion one column per group is enough.
        numerator: Group above.
        denominator: Group below.
        units: Rows to shrink; None for all. The width of the prior comes from all rows in either case.

    Returns:
        The shrunken effects, finite for the rows asked for and NaN for others.

    Raises:
        InputError: If the fit has neither replicates nor a fixed dispersion.

    References:
        Zhu, Ibrahim and Love (2019), Bioinformatics 35:2084–2092, for a heavy-tailed prior on fold changes.
    """
    if np.isnan(fit.dispersion).any():
        msg = (
            "No group has replicates, so the variation between columns is unknown and effects cannot be shrunk. "
            "Give a biological coefficient of variation (bcv) to take for it."
        )
        raise InputError(msg)
    above = np.flatnonzero(fit.groups == numerator)
    columns = np.concatenate([above, np.flatnonzero(fit.groups == denominator)]).astype(np.int64)
    sizes = np.ascontiguousarray(fit.sizes[columns])
    rates = np.ascontiguousarray(fit.rates[:, [numerator, denominator]])
    freedom = np.full(fit.s2_post.size, np.inf) if fit.fixed else total_freedom(fit)
    tame = np.zeros(fit.s2_post.size, dtype=np.bool_) if fit.fixed else tamer_than_poisson(fit)
    model = (fit.counts, sizes, columns, above.size, fit.dispersion, fit.s2_post, freedom, tame, rates)
    scale = _prior_scale(model)
    out = np.full((fit.counts.shape[0], 3), np.nan)
    rows = np.arange(out.shape[0]) if units is None else np.asarray(units, dtype=np.int64)
    guess = (fit.prior_rates[:, numerator] - fit.prior_rates[:, denominator]) / LOG2

    def run(start: int, stop: int) -> None:
        _posterior_rows(*model, guess, scale, rows, start, stop, out)

    over_blocks(run, rows.size)
    return Shrunken(out[:, 0].copy(), out[:, 1].copy(), out[:, 2].copy(), scale)


def _prior_scale(model: tuple[Any, ...]) -> float:
    """Give the width of the prior under which the units' counts are likeliest."""
    counts, columns = model[0], model[2]
    read = np.flatnonzero(counts[:, columns].any(axis=1))
    if not read.size:
        return 1.0
    rows = read[np.unique(np.linspace(0, read.size - 1, min(read.size, SCALE_UNITS)).astype(np.int64))]
    even = np.linspace(-SCALE_BEND, SCALE_BEND, SCALE_POINTS)
    effects = SCALE_REACH * np.sinh(even) / math.sinh(SCALE_BEND)
    steps = np.cosh(even)
    curves = np.empty((rows.size, effects.size))
    _curve_rows(*model, rows, effects, curves)
    likelihood = np.exp(curves - curves.max(axis=1, keepdims=True))

    def cost(log_scale: float) -> float:
        scale = math.exp(log_scale)
        prior = steps * (1.0 + (effects / scale) ** 2 / PRIOR_FREEDOM) ** (-0.5 * (PRIOR_FREEDOM + 1.0))
        return -float(np.log(likelihood @ (prior / prior.sum())).sum())

    bounds = (math.log(SCALE_BOUNDS[0]), math.log(SCALE_BOUNDS[1]))
    return math.exp(float(minimize_scalar(cost, bounds=bounds, method="bounded").x))
