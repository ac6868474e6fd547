"""How many different units there are: richness, coverage and Hill numbers, with intervals.

The estimators say what the sequenced pool of molecules holds at least. They cannot see a unit whose
frequency is far below one in the number of molecules, and read errors count as singletons: collapse
them first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import digamma
from scipy.stats import norm

from bactrian.discovery.library.abundance import Spectrum, spectrum_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard error and interval; all NaN where the sample cannot say.

    Args:
        value: Point estimate.
        se: Standard error.
        low: Lower end of the interval.
        high: Upper end of the interval.
    """

    value: float
    se: float
    low: float
    high: float


UNKNOWN = Estimate(math.nan, math.nan, math.nan, math.nan)


def normal_quantile(confidence: float) -> float:
    """Give the two-sided normal quantile of a confidence level (1.96 for 0.95)."""
    return float(norm.ppf(0.5 + confidence / 2))


def chao1(spectrum: Spectrum, *, bias_corrected: bool = True, confidence: float = 0.95) -> Estimate:
    """Give a lower bound of the number of units in the pool, seen and unseen.

    Args:
        spectrum: Abundances of one sample.
        bias_corrected: `S + f1(f1-1) / 2(f2+1)`; otherwise `S + (n-1)/n · f1² / 2f2` (which falls back
            to the first form, times (n-1)/n, where f2 is 0).
        confidence: Level of the interval, which is log-normal in the number of unseen units.

    Returns:
        The estimate; NaN for an empty sample.

    References:
        Chao (1984) Scand J Stat 11:265; Chao (1987) Biometrics 43:783 (variance and interval);
        Chao (2005) Encyclopedia of Statistical Sciences 12:7907 (bias-corrected form).
    """
    n, observed = spectrum.total, spectrum.observed
    f1, f2 = spectrum.singletons, spectrum.doubletons
    if n == 0:
        return UNKNOWN
    small = 1.0 if bias_corrected else (n - 1) / n
    if bias_corrected or f2 == 0:
        unseen = small * f1 * (f1 - 1) / (2 * (f2 + 1))
        variance = (
            small * f1 * (f1 - 1) / (2 * (f2 + 1))
            + small**2 * f1 * (2 * f1 - 1) ** 2 / (4 * (f2 + 1) ** 2)
            + small**2 * f1**2 * f2 * (f1 - 1) ** 2 / (4 * (f2 + 1) ** 4)
        )
        if f2 == 0 and unseen > 0:
            variance -= small**2 * f1**4 / (4 * (observed + unseen))
    else:
        ratio = f1 / f2
        unseen = small * f1**2 / (2 * f2)
        variance = f2 * (small * ratio**2 / 2 + small**2 * ratio**3 + small**2 * ratio**4 / 4)
    z = normal_quantile(confidence)
    if unseen > 0:
        spread = math.exp(z * math.sqrt(math.log1p(max(variance, 0.0) / unseen**2)))
        return Estimate(
            observed + unseen,
            math.sqrt(max(variance, 0.0)),
            observed + unseen / spread,
            observed + unseen * spread,
        )
    return _complete_richness(spectrum, z)


def _complete_richness(spectrum: Spectrum, z: float) -> Estimate:
    """Give the richness where the singletons say that nothing is unseen."""
    observed, sizes, numbers = spectrum.observed, spectrum.sizes, spectrum.numbers
    missed = np.exp(-sizes.astype(float))
    variance = float(numbers @ (missed - missed**2) - (numbers @ (sizes * missed)) ** 2 / spectrum.total)
    se = math.sqrt(max(variance, 0.0))
    seen = 1 - float(numbers @ missed) / observed
    return Estimate(observed, se, max(observed, (observed - z * se) / seen), (observed + z * se) / seen)


def ace(spectrum: Spectrum, *, rare: int = 10) -> float:
    """Give the abundance-based coverage estimate of richness.

    Args:
        spectrum: Abundances of one sample.
        rare: Largest count of a rare unit.

    Returns:
        The estimate; where every rare unit is a singleton, the bias-corrected Chao1; NaN for an empty
        sample.

    References:
        Chao & Lee (1992) J Am Stat Assoc 87:210; Chazdon et al. (1998) for the limit of 10.
    """
    if spectrum.total == 0:
        return math.nan
    is_rare = spectrum.sizes <= rare
    sizes, numbers = spectrum.sizes[is_rare], spectrum.numbers[is_rare]
    rare_units, rare_total = int(numbers.sum()), int(sizes @ numbers)
    if rare_units == 0:
        return float(spectrum.observed)
    coverage = 1 - spectrum.singletons / rare_total
    if coverage == 0:
        return chao1(spectrum).value
    pairs = float((sizes * (sizes - 1)) @ numbers)
    variation = max(rare_units / coverage * pairs / (rare_total * (rare_total - 1)) - 1, 0.0)
    abundant = spectrum.observed - rare_units
    return abundant + rare_units / coverage + spectrum.singletons / coverage * variation


def good_coverage(spectrum: Spectrum) -> float:
    """Give Good's coverage, 1 - f1/n: the share of the pool that belongs to units already seen.

    References:
        Good (1953) Biometrika 40:237.
    """
    return 1 - spectrum.singletons / spectrum.total if spectrum.total else math.nan


def mean_unseen_frequency(spectrum: Spectrum) -> float:
    """Give A, the estimated mean frequency of the units seen once.

    References:
        Chao & Jost (2012) Ecology 93:2533, the Good-Turing frequency of singletons.
    """
    n, f1, f2 = spectrum.total, spectrum.singletons, spectrum.doubletons
    if f2 > 0:
        return 2 * f2 / ((n - 1) * f1 + 2 * f2)
    return 2 / ((n - 1) * (f1 - 1) + 2) if f1 > 0 else 1.0


def sample_coverage(spectrum: Spectrum) -> float:
    """Give the coverage estimate that also uses the doubletons, `1 - f1/n · (1 - A)`.

    References:
        Chao & Jost (2012) Ecology 93:2533.
    """
    if spectrum.total == 0:
        return math.nan
    return 1 - spectrum.singletons / spectrum.total * (1 - mean_unseen_frequency(spectrum))


def shannon(spectrum: Spectrum) -> float:
    """Give the Shannon entropy of the observed shares, in nats."""
    if spectrum.total == 0:
        return math.nan
    share = spectrum.sizes / spectrum.total
    return float(-(spectrum.numbers * share) @ np.log(share))


def simpson(spectrum: Spectrum) -> float:
    """Give the Gini-Simpson index of the observed shares: two molecules drawn are of different units."""
    if spectrum.total == 0:
        return math.nan
    return float(1 - spectrum.numbers @ (spectrum.sizes / spectrum.total) ** 2)


def hill_observed(spectrum: Spectrum, q: int) -> float:
    """Give the Hill number of the observed shares: units that count when weighed by q.

    Args:
        spectrum: Abundances of one sample.
        q: 0 counts every unit, 1 weighs by share (exp of Shannon), 2 by dominance (inverse Simpson).

    Returns:
        The Hill number; NaN for an empty sample.

    Raises:
        ValueError: If q is not 0, 1 or 2.

    References:
        Hill (1973) Ecology 54:427.
    """
    _check_order(q)
    if spectrum.total == 0:
        return math.nan
    if q == 0:
        return float(spectrum.observed)
    return math.exp(shannon(spectrum)) if q == 1 else 1 / (1 - simpson(spectrum))


def hill_asymptotic(spectrum: Spectrum, q: int) -> float:
    """Give the Hill number of the pool, corrected for the units that were not seen.

    Args:
        spectrum: Abundances of one sample.
        q: 0 (bias-corrected Chao1, a lower bound), 1 or 2 (nearly unbiased).

    Returns:
        The Hill number; NaN for an empty sample, and for q = 2 where every unit is a singleton.

    Raises:
        ValueError: If q is not 0, 1 or 2.

    References:
        Chao, Wang & Jost (2013) Methods Ecol Evol 4:1091 (q = 1); Chao & Jost (2015) Methods Ecol Evol
        6:873; Simpson (1949) Nature 163:688 (q = 2).
    """
    _check_order(q)
    n = spectrum.total
    if n == 0:
        return math.nan
    if q == 0:
        return chao1(spectrum).value
    if q == 1:
        return math.exp(_entropy(spectrum))
    pairs = float((spectrum.sizes * (spectrum.sizes - 1)) @ spectrum.numbers)
    return n * (n - 1) / pairs if pairs else math.nan


def _check_order(q: int) -> None:
    if q not in (0, 1, 2):
        msg = f"'{q}' is not an order of a Hill number. Write 0, 1 or 2."
        raise ValueError(msg)


def _entropy(spectrum: Spectrum) -> float:
    """Give the Chao-Wang-Jost entropy in nats.

    The unseen part is f1/n · Σ over j from 0 of (1-A)^(j+1) / (n+j). The sum equals the integral over
    u from 0 of e^-u (1-A) / n(1 - (1-A) e^(-u/n)), taken here on a logarithmic grid of u, on which the
    trapezoid rule is exact to rounding; the difference in the published form loses all digits for large n.
    """
    n = spectrum.total
    seen = float(spectrum.numbers @ (spectrum.sizes / n * (digamma(n) - digamma(spectrum.sizes))))
    mean = mean_unseen_frequency(spectrum)
    if spectrum.singletons == 0 or mean >= 1:
        return seen
    log_u = np.linspace(-60.0, 6.0, 4001)
    u = np.exp(log_u)
    kernel = u * np.exp(-u) * (1 - mean) / (-n * np.expm1(math.log1p(-mean) - u / n))
    return seen + spectrum.singletons / n * float(np.trapezoid(kernel, log_u))


def reconstruct_pool(spectrum: Spectrum) -> NDArray[np.float64]:
    """Give the frequencies of a pool that would yield such a sample, the unseen units included.

    Args:
        spectrum: Abundances of one sample that is not empty.

    Returns:
        Frequencies that sum to 1, the seen units (ascending) first.

    References:
        Chao et al. (2014) Ecol Monogr 84:45, appendix G.
    """
    n = spectrum.total
    share = spectrum.sizes / n
    gap = 1 - sample_coverage(spectrum)
    unseen = math.ceil(chao1(spectrum, bias_corrected=False).value - spectrum.observed)
    missed = (1 - share) ** n
    weight = float(spectrum.numbers @ (share * missed))
    if unseen == 0 or gap <= 0 or weight == 0:
        return np.repeat(share, spectrum.numbers)
    shrunk = share * (1 - gap / weight * missed)
    pool = np.concatenate([np.repeat(shrunk, spectrum.numbers), np.full(unseen, gap / unseen)])
    pool = np.clip(pool, 0.0, None)
    return np.asarray(pool / pool.sum())


def hill_estimates(
    spectrum: Spectrum, rng: np.random.Generator, *, resamplings: int = 100, confidence: float = 0.95
) -> dict[int, Estimate]:
    """Give the asymptotic Hill numbers of order 0, 1 and 2 with intervals.

    Order 0 has the analytic interval of `chao1`; 1 and 2 have bootstrap standard errors on the log
    scale, from samples of the same size drawn from the reconstructed pool.

    Args:
        spectrum: Abundances of one sample.
        rng: Source of the bootstrap samples.
        resamplings: Bootstrap samples, 2 or more.
        confidence: Level of the intervals.

    Returns:
        One estimate per order, all NaN for an empty sample.

    References:
        Chao et al. (2014) Ecol Monogr 84:45; Chao & Jost (2015) Methods Ecol Evol 6:873.
    """
    if spectrum.total == 0:
        return dict.fromkeys((0, 1, 2), UNKNOWN)
    pool = reconstruct_pool(spectrum)
    drawn = [spectrum_of(rng.multinomial(spectrum.total, pool)) for _ in range(resamplings)]
    z = normal_quantile(confidence)
    estimates = {0: chao1(spectrum, confidence=confidence)}
    for q in (1, 2):
        value = hill_asymptotic(spectrum, q)
        logs = np.log([hill_asymptotic(sample, q) for sample in drawn])
        logs = logs[np.isfinite(logs)]
        if not math.isfinite(value) or logs.size < 2:
            estimates[q] = Estimate(value, math.nan, math.nan, math.nan)
            continue
        spread = float(logs.std(ddof=1))
        low, high = value * math.exp(-z * spread), value * math.exp(z * spread)
        estimates[q] = Estimate(value, value * spread, max(low, 1.0), high)
    return estimates
