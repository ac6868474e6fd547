"""How many units fewer or more molecules would show, and how many molecules are still needed.

Below the depth of the sample the expectation is exact (Hurlbert); above it, it extrapolates with the
Good-Turing frequencies, which holds to about twice the depth and is a lower bound beyond.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import gammaln

from bactrian.discovery.library.diversity import (
    chao1,
    mean_unseen_frequency,
    normal_quantile,
    sample_coverage,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.library.abundance import Spectrum

CURVE_SCHEMA = {
    "reads": pl.Int64,
    "kind": pl.String,
    "expected": pl.Float64,
    "sd": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "coverage": pl.Float64,
}


def _log_missed(sizes: NDArray[np.int64], n: int, depth: int) -> NDArray[np.float64]:
    """Give the log chance that a unit of each size is absent from `depth` of `n` molecules."""
    rest = n - sizes
    log = np.full(sizes.shape, -np.inf)
    fits = rest >= depth
    kept = rest[fits]
    log[fits] = gammaln(kept + 1) - gammaln(kept - depth + 1) - gammaln(n + 1) + gammaln(n - depth + 1)
    return log


def expected_units(spectrum: Spectrum, depth: int) -> float:
    """Give the number of units that `depth` molecules of this pool are expected to show.

    Args:
        spectrum: Abundances of one sample of n molecules.
        depth: Molecules, 0 or more; above n the expectation is extrapolated.

    Returns:
        Expected number of units; NaN for an empty sample.

    Raises:
        ValueError: If depth is negative.

    References:
        Hurlbert (1971) Ecology 52:577; Chao et al. (2014) Ecol Monogr 84:45, equations 4 and 9.
    """
    return float(_gradient(spectrum, depth)[1])


def expected_sd(spectrum: Spectrum, depth: int) -> float:
    """Give the standard deviation of `expected_units` over repeated samples of the same pool.

    It treats the counts of counts as multinomial among the estimated number of units, so that it does
    not vanish at the full depth, where the sample is still only one of many possible.

    Args:
        spectrum: Abundances of one sample.
        depth: Molecules, 0 or more.

    Returns:
        Standard deviation in units; NaN for an empty sample.

    Raises:
        ValueError: If depth is negative.

    References:
        Colwell et al. (2012) J Plant Ecol 5:3, equations 5 and 10.
    """
    if spectrum.total == 0:
        return math.nan
    slope, _ = _gradient(spectrum, depth)
    richness = chao1(spectrum, bias_corrected=False).value
    variance = spectrum.numbers @ slope**2 - (spectrum.numbers @ slope) ** 2 / richness
    return math.sqrt(max(float(variance), 0.0))


def _gradient(spectrum: Spectrum, depth: int) -> tuple[NDArray[np.float64], float]:
    """Give how the expectation changes with one unit more of each size, and the expectation."""
    n = spectrum.total
    if depth < 0:
        msg = f"'{depth}' is not a depth. Write a whole number from 0."
        raise ValueError(msg)
    if n == 0:
        return np.zeros(0), math.nan
    if depth <= n:
        shown = -np.expm1(_log_missed(spectrum.sizes, n, depth))
        return shown, float(spectrum.numbers @ shown)
    f1, f2 = float(spectrum.singletons), float(spectrum.doubletons)
    more = _extrapolated(n, f1, f2, depth - n)
    slope = np.ones(spectrum.sizes.size)
    for size, step in ((1, (1.0, 0.0)), (2, (0.0, 1.0))):
        if spectrum.number_of(size):
            up = _extrapolated(n, f1 + step[0] / 2, f2 + step[1] / 2, depth - n)
            down = _extrapolated(n, f1 - step[0] / 2, f2 - step[1] / 2, depth - n)
            slope[np.searchsorted(spectrum.sizes, size)] += up - down
    return slope, spectrum.observed + more


def _extrapolated(n: int, f1: float, f2: float, more: int) -> float:
    """Give the new units expected in `more` molecules beyond the n of the sample."""
    if f1 <= 0:
        return 0.0
    unseen = (n - 1) / n * (f1**2 / (2 * f2) if f2 > 0 else f1 * (f1 - 1) / 2)
    if unseen <= 0:
        return 0.0
    return -unseen * math.expm1(more * math.log1p(-f1 / (n * unseen + f1)))


def expected_coverage(spectrum: Spectrum, depth: int) -> float:
    """Give the share of the pool that belongs to units which `depth` molecules would show.

    Args:
        spectrum: Abundances of one sample.
        depth: Molecules, 0 or more.

    Returns:
        Coverage from 0 to 1; NaN for an empty sample.

    References:
        Chao & Jost (2012) Ecology 93:2533, equations 4b and 12.
    """
    n = spectrum.total
    if n == 0:
        return math.nan
    if depth < n:
        rest = n - spectrum.sizes
        missed = np.zeros(rest.shape)
        fits = rest >= depth
        kept = rest[fits]
        missed[fits] = np.exp(gammaln(kept + 1) - gammaln(kept - depth + 1) - gammaln(n) + gammaln(n - depth))
        return float(1 - (spectrum.numbers * spectrum.sizes / n) @ missed)
    if spectrum.singletons == 0:
        return 1.0
    left = 1 - mean_unseen_frequency(spectrum)
    return 1 - spectrum.singletons / n * left ** (depth - n + 1)


def depth_for_coverage(spectrum: Spectrum, target: float) -> float:
    """Give the depth at which the units seen hold the share `target` of the pool.

    Args:
        spectrum: Abundances of one sample.
        target: Share between 0 and 1, both excluded.

    Returns:
        Molecules in all (not in addition), rounded up; infinity where the sample shows no unit twice and
        so gives no hold, NaN for an empty sample.

    Raises:
        ValueError: If target is not between 0 and 1.

    References:
        Chao & Jost (2012) Ecology 93:2533, equation 12 solved for the depth.
    """
    if not 0 < target < 1:
        msg = f"'{target}' is not a coverage. Write a share between 0 and 1."
        raise ValueError(msg)
    n = spectrum.total
    if n == 0:
        return math.nan
    if spectrum.singletons == n:
        return math.inf
    if sample_coverage(spectrum) >= target:
        low, high = 1, n
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if expected_coverage(spectrum, middle) >= target else (middle + 1, high)
        return float(low)
    left = math.log1p(-mean_unseen_frequency(spectrum))
    more = (math.log(n / spectrum.singletons) + math.log1p(-target)) / left - 1
    return float(n + math.ceil(more - 1e-9))


def rarefaction_curve(
    spectrum: Spectrum, *, knots: int = 20, extend: float = 2.0, confidence: float = 0.95
) -> pl.DataFrame:
    """Give the expected units and the coverage from one molecule to beyond the depth of the sample.

    Args:
        spectrum: Abundances of one sample.
        knots: Depths below the full depth, and as many beyond it.
        extend: Last depth as a multiple of the full depth; 1 for no extrapolation. Beyond 2 to 3 the
            figures are only a lower bound.
        confidence: Level of the interval `expected ± z·sd`.

    Returns:
        Columns reads, kind (rarefied | observed | extrapolated), expected, sd, low, high, coverage;
        ascending in reads, without rows for an empty sample.

    Raises:
        ValueError: If knots is below 1 or extend below 1.
    """
    if knots < 1 or extend < 1:
        msg = "knots and extend must be 1 or more."
        raise ValueError(msg)
    n = spectrum.total
    if n == 0:
        return pl.DataFrame(schema=CURVE_SCHEMA)
    last = int(n * extend)
    depths = {n, last, *np.linspace(1, n, knots + 1).astype(int).tolist()}
    depths.update(np.linspace(n, last, knots + 1).astype(int).tolist())
    reads = sorted(depths)
    expected = np.array([expected_units(spectrum, depth) for depth in reads])
    sd = np.array([expected_sd(spectrum, depth) for depth in reads])
    z = normal_quantile(confidence)
    kinds = ["rarefied" if depth < n else "observed" if depth == n else "extrapolated" for depth in reads]
    return pl.DataFrame(
        {
            "reads": reads,
            "kind": kinds,
            "expected": expected,
            "sd": sd,
            "low": np.maximum(expected - z * sd, 0.0),
            "high": expected + z * sd,
            "coverage": [expected_coverage(spectrum, depth) for depth in reads],
        },
        schema=CURVE_SCHEMA,
    )
