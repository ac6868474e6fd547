"""Posterior of one unit's fold change on a grid: the compiled part of the shrinkage.

The likelihood of a log2 fold change is a quasi-likelihood with the mean abundance profiled out.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from bactrian.discovery.selection.glm import LOG2, fit_rate

PRIOR_FREEDOM = 4.0
"""Degrees of freedom of the prior, a t distribution: heavy enough to leave a precise effect alone (it is
pulled in by 5 SE² / effect), light enough that mean and upper end exist where the comparator has no read."""
LIMIT = 30.0
"""Largest |log2 fold change| looked at: a thousand million times."""
SCAN = 5
"""Points between 0 and the likeliest effect at which the search begins."""
FIRST_STEP = 0.05
"""First step, in log2, of the search for the ends of the grid."""
POINTS = 73
"""Points of the grid over the part of the posterior that counts, dense around its highest point."""
SHOULDER = 0.7
"""Fall of the log posterior that marks its width."""
DROP = 14.0
"""The grid ends where the log posterior has fallen by this much, to less than a millionth."""
LOOSE = 1e-5
"""Tolerance of the profiled rate; the likelihood is flat there, so its error is that squared."""
COVERAGE = 0.95
"""Probability of the interval."""


@njit(cache=True, nogil=True)
def _spread(y, sizes, first, last, dispersion, rate):  # type: ignore[no-untyped-def] # noqa: PLR0917
    # The sum of (y + 1 / dispersion) log(1 + dispersion mean), with one logarithm for all columns without
    # reads.
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
    # Log quasi-likelihood of a log2 fold change relative to the best, and the log rate that goes with it.
    # The first `split` columns are the numerator's. Finite degrees of freedom make it a t instead of a
    # normal likelihood. A `floor`, the best Poisson log-likelihood, keeps a unit from saying more than
    # reads drawn at random could.
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
    value = -0.5 * ratio
    if math.isfinite(freedom):
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
def curve_rows(counts, sizes, columns, split, dispersion, s2, freedom, tame, rates, rows, effects, curves):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Fill in the log-likelihood of some units at given log2 fold changes.

    Args:
        counts: (n, m) reads.
        sizes: (c,) effective library sizes of the columns of the contrast.
        columns: (c,) these columns, the numerator's first.
        split: Columns of the numerator.
        dispersion: (n,) dispersions.
        s2: (n,) moderated quasi-dispersions.
        freedom: (n,) degrees of freedom of these.
        tame: (n,) whether the Poisson likelihood bounds what the unit says.
        rates: (n, 2) log rates of numerator and denominator.
        rows: (r,) units asked for.
        effects: (e,) log2 fold changes.
        curves: (r, e) result.
    """
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
def posterior_rows(  # type: ignore[no-untyped-def] # noqa: PLR0917
    counts, sizes, columns, split, dispersion, s2, freedom, tame, rates, guess, scale, rows, start, stop, out
):
    """Fill in mean and interval of the posterior of some units.

    Args:
        counts: (n, m) reads.
        sizes: (c,) effective library sizes of the columns of the contrast.
        columns: (c,) these columns, the numerator's first.
        split: Columns of the numerator.
        dispersion: (n,) dispersions.
        s2: (n,) moderated quasi-dispersions.
        freedom: (n,) degrees of freedom of these.
        tame: (n,) whether the Poisson likelihood bounds what the unit says.
        rates: (n, 2) log rates of numerator and denominator.
        guess: (n,) finite log2 fold changes near the likeliest.
        scale: Width of the prior.
        rows: (r,) units asked for.
        start: First of `rows` to work on.
        stop: The one after the last.
        out: (n, 3) result: mean, lower and upper end.
    """
    number = columns.size
    y = np.empty(number)
    folded = np.empty(number)
    height = np.empty(POINTS)
    ends = np.empty(2)
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
        spread = LIMIT
        for side in range(2):
            sign = -1.0 if side == 0 else 1.0
            step = FIRST_STEP
            at = mode
            near = True
            while abs(at) < LIMIT:
                at += sign * step
                value, beta = _log_likelihood(
                    at, y, sizes, folded, split, number, phi, d, v, best, floor, beta
                )
                value += _log_prior(at, scale)
                if near and value < top - SHOULDER:
                    near = False
                    spread = min(spread, abs(at - mode))
                if value < top - DROP:
                    break
                step *= 1.7
            ends[side] = min(max(at, -LIMIT), LIMIT)
        for side in range(2):
            ends[side] = math.asinh((ends[side] - mode) / spread)
        # Even steps of `place` are steps of the effect that grow with the distance from the mode.
        width = (ends[1] - ends[0]) / (POINTS - 1)
        whole = 0.0
        mean = 0.0
        for k in range(POINTS):
            place = ends[0] + k * width
            at = mode + spread * math.sinh(place)
            value, beta = _log_likelihood(at, y, sizes, folded, split, number, phi, d, v, best, floor, beta)
            height[k] = math.exp(value + _log_prior(at, scale) - top) * math.cosh(place)
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
                place = ends[0] + (k + (wanted - passed) / piece) * width
                out[i, found] = mode + spread * math.sinh(place)
                found += 1
            passed += piece
        for k in range(found, 3):
            out[i, k] = mode + spread * math.sinh(ends[1])
