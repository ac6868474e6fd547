"""Empirical-Bayes moderation of variances: what all units together say about the variance of one.

Sample variances s² on d degrees of freedom follow s0² F(d, d0); s0² may follow a trend over abundance, and d0
says how alike the units are. The robust fit lets outliers keep their own large variances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv, betaln, chdtrc, chdtri, digamma, hyp2f1, polygamma
from scipy.stats import rankdata

from bactrian.discovery.selection.lowess import smooth_lowess
from bactrian.discovery.selection.smoothing import natural_spline_trend

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOWER_TAIL = 0.05
"""Share of the log variances pulled in at the low end (Phipson et al. 2016)."""
UPPER_TAIL = 0.1
"""Share pulled in at the high end (Phipson et al. 2016)."""
SPAN = 0.4
"""Span of the robust trend (limma's default)."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)
"""Gauss–Legendre quadrature of the winsorised moments, between the tails where the quantiles are smooth."""
SMALLEST = 1e-15
"""Degrees of freedom or variances below this are none."""
LARGEST_LOG = 690.0
"""The largest log variance: its exponential is still finite where the trend of a few units runs away."""


@dataclass(frozen=True, slots=True)
class Squeezed:
    """Moderated variances.

    Args:
        prior: (n,) prior variance s0², the trend at the unit.
        freedom: (n,) prior degrees of freedom d0; may be infinite; small for outliers.
        posterior: (n,) moderated variances.
    """

    prior: NDArray[np.float64]
    freedom: NDArray[np.float64]
    posterior: NDArray[np.float64]


def squeeze_variances(
    variances: NDArray[np.float64],
    freedom: NDArray[np.float64],
    *,
    covariate: NDArray[np.float64] | None = None,
    robust: bool = True,
) -> Squeezed:
    """Moderate the variances of all units towards their common value or trend.

    Args:
        variances: (n,) sample variances, at least 0.
        freedom: (n,) their degrees of freedom; a unit with 0 says nothing and gets the prior.
        covariate: (n,) abscissa of the trend; None for a common prior variance.
        robust: Whether outliers keep their own variances.

    Returns:
        The moderated variances. With fewer than two units that have degrees of freedom they stay as they are.

    References:
        Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3:3; Phipson, Lee, Majewski,
        Alexander and Smyth (2016), Annals of Applied Statistics 10:946–963.
    """
    number = variances.size
    told = np.flatnonzero(freedom > SMALLEST)
    if told.size < 2:
        return Squeezed(variances.copy(), np.zeros(number), variances.copy())
    silent = np.flatnonzero(freedom <= SMALLEST)
    part = None if covariate is None else covariate[told]
    asked = np.empty(0) if covariate is None else covariate[silent]
    fit = _fit_robustly if robust else _fit_plainly
    found = fit(np.maximum(variances[told], 0.0), freedom[told], part, asked)
    prior_freedom = np.full(number, found.common)
    prior_freedom[told] = found.freedom
    prior = np.empty(number)
    prior[told] = found.prior
    prior[silent] = found.prior[0] if covariate is None else found.asked
    posterior = prior.copy()
    finite = np.isfinite(prior_freedom)
    total = prior_freedom[finite] + freedom[finite]
    weighted = prior_freedom[finite] * prior[finite] + freedom[finite] * variances[finite]
    posterior[finite] = np.divide(weighted, total, out=prior[finite].copy(), where=total > 0)
    return Squeezed(prior, prior_freedom, posterior)


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A scaled F distribution: prior and degrees of freedom per unit, these in common, priors elsewhere."""

    prior: NDArray[np.float64]
    freedom: NDArray[np.float64]
    common: float
    asked: NDArray[np.float64]


def _fit_plainly(
    variances: NDArray[np.float64],
    freedom: NDArray[np.float64],
    covariate: NDArray[np.float64] | None,
    asked: NDArray[np.float64],
) -> _Fitted:
    """Fit the scaled F distribution by the moments of the log variances (Smyth 2004)."""
    number = variances.size
    middle = float(np.median(variances)) or 1.0
    lifted = np.maximum(variances, 1e-5 * middle)
    centred = np.log(lifted) - digamma(freedom / 2) + np.log(freedom / 2)
    functions = 1 + (number >= 3) + (number >= 6) + (number >= 30)
    if covariate is not None:
        functions = min(functions, np.unique(covariate).size)
    if covariate is None or functions < 2:
        trend, elsewhere = np.full(number, centred.mean()), np.full(asked.size, centred.mean())
        spread = float(((centred - trend) ** 2).sum()) / (number - 1)
    else:
        trend, spread, elsewhere = natural_spline_trend(centred, covariate, functions=functions, asked=asked)
    spread -= float(polygamma(1, freedom / 2).mean())
    if spread > 0:
        prior_freedom = 2.0 * inverse_trigamma(spread)
        shift = float(digamma(prior_freedom / 2) - np.log(prior_freedom / 2))
    else:
        prior_freedom = np.inf
        shift = 0.0 if covariate is not None else float(np.log(lifted.mean()) - trend[0])
    return _Fitted(
        np.exp(trend + shift),
        np.full(number, prior_freedom),
        prior_freedom,
        np.exp(np.minimum(elsewhere + shift, LARGEST_LOG)),
    )


def _fit_robustly(
    variances: NDArray[np.float64],
    freedom: NDArray[np.float64],
    covariate: NDArray[np.float64] | None,
    asked: NDArray[np.float64],
) -> _Fitted:
    """Fit the scaled F distribution by winsorised moments and lower the prior weight of outliers."""
    number = variances.size
    middle = float(np.median(variances))
    if number < 3 or middle <= 0:
        return _fit_plainly(variances, freedom, covariate, asked)
    x = np.maximum(variances, 1e-12 * middle)
    plain = _fit_plainly(x, freedom, covariate, asked)
    most = float(freedom.max())
    fewer = np.flatnonzero(freedom < most - 1e-14)
    if fewer.size:
        scaled = _same_tail(x[fewer] / plain.prior[fewer], freedom[fewer], most=most, second=plain.common)
        x[fewer] = scaled * plain.prior[fewer]
    logs = np.log(x)
    if covariate is None:
        trimmed = np.sort(logs)[int(UPPER_TAIL * number) : number - int(UPPER_TAIL * number)]
        trend = np.full(number, trimmed.mean())
    else:
        trend = smooth_lowess(logs, covariate, span=SPAN)
    residual = logs - trend
    low, high = np.quantile(residual, [LOWER_TAIL, 1 - UPPER_TAIL])
    pulled = np.clip(residual, low, high)
    centre = float(pulled.mean())
    spread = float(((pulled - centre) ** 2).mean()) * number / (number - 1)

    def excess(share: float) -> float:
        if spread <= 0:
            return -math.inf
        return float(np.log(spread / winsorised_moments(most, _freedom_of(share))[1]))

    if excess(1.0) <= 0:
        prior_freedom = np.inf
    elif np.isinf(plain.common):
        return plain
    else:
        lowest = plain.common / (1 + plain.common)
        at_lowest = excess(lowest)
        share = lowest if at_lowest >= 0 else float(brentq(excess, lowest, 1.0, xtol=1e-12, rtol=1e-12))
        prior_freedom = _freedom_of(share)
    level = trend + centre - winsorised_moments(most, prior_freedom)[0]
    ratio = np.exp(logs - level)
    own = _freedom_of_outliers(ratio, most, prior_freedom)
    if covariate is None:
        elsewhere = np.full(asked.size, level[0])
    else:
        order = np.argsort(covariate, kind="stable")
        elsewhere = np.interp(asked, covariate[order], level[order])
    return _Fitted(np.exp(level), own, prior_freedom, np.exp(elsewhere))


def _freedom_of(share: float) -> float:
    """Give the degrees of freedom d of a share d / (1 + d)."""
    return np.inf if share >= 1.0 - 1e-9 else share / (1.0 - share)


def _freedom_of_outliers(ratio: NDArray[np.float64], first: float, second: float) -> NDArray[np.float64]:
    """Give each unit prior degrees of freedom, fewer for a variance too large for its rank."""
    number = ratio.size
    log_tail = log_upper_tail(ratio, first, second)
    expected = np.log(number - rankdata(ratio) + 0.5) - np.log(number)
    log_inlier = np.minimum(log_tail - expected, 0.0)
    if not (log_inlier < 0).any():
        return np.full(number, second)
    inlier = np.exp(log_inlier)
    own: NDArray[np.float64] = np.full(number, second)
    if np.isinf(second):
        suspected = log_inlier < 0
        own[suspected] = inlier[suspected] * number * first
        order = np.argsort(log_tail, kind="stable")
        own[order] = np.maximum.accumulate(own[order])
        return own
    smallest = float(log_tail.min())
    if np.isneginf(smallest):
        own = inlier * second
    else:
        # The fewest degrees of freedom make the largest ratio the median of its distribution.
        worst = np.log(0.5) / smallest * second
        at_worst = float(log_upper_tail(np.array([ratio.max()]), first, worst)[0])
        worst = np.log(0.5) / at_worst * worst
        own = inlier * second + -np.expm1(log_inlier) * worst
    order = np.argsort(log_tail, kind="stable")
    rising = own[order]
    means = np.cumsum(rising) / np.arange(1, number + 1)
    lowest = int(np.argmin(means))
    rising[: lowest + 1] = means[lowest]
    own[order] = np.maximum.accumulate(rising)
    return np.asarray(own)


def winsorised_moments(first: float, second: float) -> tuple[float, float]:
    """Give mean and variance of log F pulled in to its 5 % and 90 % quantiles.

    Args:
        first: Degrees of freedom above.
        second: Degrees of freedom below; may be infinite.

    Returns:
        Mean and variance.
    """
    low, high = LOWER_TAIL, 1 - UPPER_TAIL
    levels = np.concatenate([[low, high], (high - low) / 2 * NODES + (high + low) / 2])
    values = np.log(_f_quantile(levels, first, second))
    shares = np.concatenate([[low, UPPER_TAIL], WEIGHTS * (high - low) / 2])
    mean = float(shares @ values)
    return mean, float(shares @ (values - mean) ** 2)


def _f_quantile(level: NDArray[np.float64], first: float, second: float) -> NDArray[np.float64]:
    """Give quantiles of the F distribution."""
    if np.isinf(second):
        return np.asarray(chdtri(first, 1 - level) / first)
    inner = betaincinv(second / 2, first / 2, 1 - level)
    return np.asarray(second * (1 - inner) / (first * inner))


def log_upper_tail(
    ratio: NDArray[np.float64], first: float | NDArray[np.float64], second: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the natural logarithm of the upper tail of the F distribution, exact far out.

    Args:
        ratio: (n,) F values.
        first: Degrees of freedom above.
        second: Degrees of freedom below; may be infinite. With none at all, where nothing is known of the
            spread, the tail is 1, its limit.

    Returns:
        (n,) log p-values.
    """
    f, d1, d2 = np.broadcast_arrays(
        np.asarray(ratio, dtype=np.float64), np.asarray(first, dtype=np.float64), np.asarray(second, float)
    )
    log_p = np.zeros(f.shape)
    endless, ended = np.isinf(d2), np.isfinite(d2) & (d2 > 0)
    with np.errstate(divide="ignore"):
        log_p[endless] = np.log(chdtrc(d1[endless], d1[endless] * f[endless]))
        a, b = d2[ended] / 2, d1[ended] / 2
        x = a / (a + b * f[ended])
        tail = betainc(a, b, x)
        part = np.log(tail)
    far = tail < 1e-290
    if far.any():
        a, b, x = a[far], b[far], x[far]
        series = np.log(hyp2f1(a + b, 1.0, a + 1.0, x))
        part[far] = a * np.log(x) + b * np.log1p(-x) - np.log(a) - betaln(a, b) + series
    log_p[ended] = part
    return log_p


def _same_tail(
    ratio: NDArray[np.float64], freedom: NDArray[np.float64], *, most: float, second: float
) -> NDArray[np.float64]:
    """Give the F values on `most` degrees of freedom with the same tail probabilities."""
    upper = np.exp(log_upper_tail(ratio, freedom, second))
    if np.isinf(second):
        return np.asarray(chdtri(most, upper) / most)
    lower = betainc(freedom / 2, second / 2, freedom * ratio / (freedom * ratio + second))
    up = upper < lower
    equal = np.empty_like(ratio)
    inner = betaincinv(second / 2, most / 2, upper[up])
    equal[up] = second * (1 - inner) / (most * inner)
    outer = betaincinv(most / 2, second / 2, lower[~up])
    equal[~up] = second * outer / (most * (1 - outer))
    return equal


def inverse_trigamma(value: float) -> float:
    """Give x with trigamma(x) = value > 0, by Newton steps on 1 / trigamma, which is convex."""
    if value > 1e7:
        return 1.0 / math.sqrt(value)
    if value < 1e-6:
        return 1.0 / value
    x = 0.5 + 1.0 / value
    for _ in range(50):
        here = float(polygamma(1, x))
        step = here * (1 - here / value) / float(polygamma(2, x))
        x += step
        if -step / x < 1e-12:
            break
    return x
