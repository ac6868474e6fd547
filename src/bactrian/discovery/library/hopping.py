"""The rate at which molecules of a donor turn up in a recipient: model, fit and intervals.

Molecules that hop carry the donor's composition with them, so over the units that only the donor's
selection made frequent, the recipient's counts rise in proportion to the donor's shares:

    y_u ~ Poisson(n (b + β·l_u + h·d_u)),   b, β, h ≥ 0

y_u counts in the recipient of n molecules, d_u share in the donor, l_u share in the unpanned library,
h the rate: the part of the recipient that came from the donor. Units that stand out above the fit have
reasons of their own and are dropped in rounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from scipy.stats import chi2, norm, poisson
from scipy.stats import t as student

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTLIER = 1e-3
"""Chance under the fit below which a unit has a reason of its own: one honest unit in a thousand is lost."""


@dataclass(frozen=True, slots=True)
class HoppingRate:
    """The part of a recipient that came from a donor.

    Args:
        rate: Estimate h, 0 to 1.
        low: Lower end of the two-sided interval.
        high: Upper end.
        sure_above: One-sided lower bound at the stricter level.
        jackknife_low: Lower bound from leaving out one unit at a time: low where a single unit decides.
            NaN where `sure_above` is 0.
        kept: Private units in the fit.
        dropped: Private units left out because they have reasons of their own.
    """

    rate: float
    low: float
    high: float
    sure_above: float
    jackknife_low: float
    kept: int
    dropped: int


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def _fit(design: NDArray[np.float64], counts: NDArray[np.float64], fixed: float) -> NDArray[np.float64]:
    """Fit non-negative Poisson coefficients, the last one held at `fixed` where that is ≥ 0.

    The log likelihood is concave: a few EM steps come near its top, Newton steps on the coefficients
    that are not held at zero, halved until they climb, end on it.

    Args:
        design: Units × 3, expected molecules per unit of each coefficient.
        counts: Molecules per unit.
        fixed: Value of the last coefficient, or a negative number to fit it.

    Returns:
        The three coefficients.
    """
    units, terms = design.shape
    sums = np.zeros(terms)
    for u in range(units):
        for t in range(terms):
            sums[t] += design[u, t]
    total = counts.sum()
    scale = max(total, 0.5)
    # Coefficients are fitted as expected totals in parts of `scale`, so that the three are alike in size.
    free = np.zeros(terms, dtype=np.bool_)
    value = np.zeros(terms)
    for t in range(terms):
        if sums[t] > 0:
            free[t] = True
            value[t] = 1.0 / terms
    if fixed >= 0:
        free[terms - 1] = False
        value[terms - 1] = fixed * sums[terms - 1] / scale
    parts = np.zeros((units, terms))
    for u in range(units):
        for t in range(terms):
            if sums[t] > 0:
                parts[u, t] = scale * design[u, t] / sums[t]
    for step in range(200):
        gradient = np.zeros(terms)
        curvature = np.zeros((terms, terms))
        top = 0.0
        for u in range(units):
            mean = 1e-12
            for t in range(terms):
                mean += parts[u, t] * value[t]
            top += counts[u] * np.log(mean) - mean
            ratio = counts[u] / mean
            for t in range(terms):
                gradient[t] += parts[u, t] * (ratio - 1)
                for s in range(terms):
                    curvature[t, s] += ratio / mean * parts[u, t] * parts[u, s]
        if step < 15:
            for t in range(terms):
                if free[t]:
                    value[t] *= 1 + gradient[t] / scale
            continue
        system = np.eye(terms)
        target = np.zeros(terms)
        for t in range(terms):
            if free[t] and (value[t] > 1e-12 or gradient[t] > 0):
                target[t] = gradient[t]
                for s in range(terms):
                    if free[s] and (value[s] > 1e-12 or gradient[s] > 0):
                        system[t, s] = curvature[t, s]
                system[t, t] += 1e-9 * (1 + curvature[t, t])
        direction = np.linalg.solve(system, target)
        length = 1.0
        moved = 0.0
        for _ in range(40):
            trial = np.zeros(terms)
            for t in range(terms):
                trial[t] = max(value[t] + length * direction[t], 0.0) if free[t] else value[t]
            reached = 0.0
            for u in range(units):
                mean = 1e-12
                for t in range(terms):
                    mean += parts[u, t] * trial[t]
                reached += counts[u] * np.log(mean) - mean
            if reached >= top:
                for t in range(terms):
                    moved = max(moved, abs(trial[t] - value[t]))
                    value[t] = trial[t]
                break
            length /= 2
        if moved < 1e-10:
            break
    coefficients = np.zeros(terms)
    for t in range(terms):
        if sums[t] > 0:
            coefficients[t] = value[t] * scale / sums[t]
    if fixed >= 0:
        coefficients[terms - 1] = fixed
    return coefficients


def _log_likelihood(design: NDArray[np.float64], counts: NDArray[np.float64], fixed: float) -> float:
    """Give the largest Poisson log likelihood with the rate held at `fixed`."""
    mean = np.maximum(design @ _fit(design, counts, fixed), 1e-12)
    return float(counts @ np.log(mean) - mean.sum())


def _profile_bound(
    design: NDArray[np.float64], counts: NDArray[np.float64], rate: float, *, drop: float, upper: bool
) -> float:
    """Find where the profile likelihood of the rate has fallen by `drop` from its top."""
    best = _log_likelihood(design, counts, rate)
    if upper:
        inside, outside = rate, max(2 * rate, 1.0 / design[:, -1].sum())
        while best - _log_likelihood(design, counts, outside) < drop and outside < 1:
            inside, outside = outside, min(2 * outside, 1.0)
    else:
        inside, outside = rate, 0.0
        if rate == 0 or best - _log_likelihood(design, counts, 0.0) < drop:
            return 0.0
    for _ in range(30):
        middle = (inside + outside) / 2
        if best - _log_likelihood(design, counts, middle) < drop:
            inside = middle
        else:
            outside = middle
    return float((inside + outside) / 2)


def _jackknife_bound(
    design: NDArray[np.float64], counts: NDArray[np.float64], rate: float, *, confidence: float
) -> float:
    """Give the lower bound of the rate from leaving out one unit at a time."""
    units = counts.size
    if units < 3:
        return 0.0
    kept = ~np.eye(units, dtype=bool)
    rates = np.array([_fit(design[one], counts[one], -1.0)[-1] for one in kept])
    error = math.sqrt((units - 1) / units * float(((rates - rates.mean()) ** 2).sum()))
    return max(rate - float(student.ppf(0.5 + confidence / 2, units - 1)) * error, 0.0)


def estimate_hopping(
    recipient: NDArray[np.int64],
    donor_share: NDArray[np.float64],
    *,
    total: int,
    library_share: NDArray[np.float64] | None = None,
    confidence: float = 0.95,
    sure: float = 0.999,
) -> HoppingRate:
    """Estimate which part of a recipient came from a donor, over the donor's private units.

    Args:
        recipient: Counts of the private units in the recipient.
        donor_share: Their shares in the donor.
        total: Molecules of the recipient.
        library_share: Their shares in the unpanned library; zeros if unknown.
        confidence: Level of the two-sided interval.
        sure: Level of the one-sided bound `sure_above`.

    Returns:
        The rate. Intervals are profile likelihoods, widened by the dispersion of the kept units.

    Raises:
        ValueError: If the arrays differ in length, are empty, or total is below 1.
    """
    if recipient.shape != donor_share.shape or recipient.size == 0 or total < 1:
        msg = "recipient and donor_share must have the same length, at least one unit and one molecule."
        raise ValueError(msg)
    library = np.zeros(donor_share.shape) if library_share is None else library_share
    design = total * np.column_stack([np.ones(donor_share.shape), library, donor_share])
    counts = recipient.astype(float)
    kept = np.ones(counts.shape, dtype=bool)
    for _ in range(20):
        mean = design @ _fit(design[kept], counts[kept], -1.0)
        now = poisson.sf(counts - 1, np.maximum(mean, 1e-12)) >= OUTLIER
        if (now == kept).all() or now.sum() < 2:
            break
        kept = now
    x, y = design[kept], counts[kept]
    coefficients = _fit(x, y, -1.0)
    mean = np.maximum(x @ coefficients, 1e-12)
    freedom = max(int(kept.sum()) - int((coefficients > 0).sum()), 1)
    # The dispersion is Pearson's, with means below one half set to one half, where it would explode.
    dispersion = max(1.0, float(((y - mean) ** 2 / np.maximum(mean, 0.5)).sum() / freedom))
    rate = float(coefficients[-1])
    two_sided = dispersion * chi2.ppf(confidence, 1) / 2
    one_sided = dispersion * norm.ppf(sure) ** 2 / 2
    sure_above = _profile_bound(x, y, rate, drop=one_sided, upper=False)
    return HoppingRate(
        rate=0.0 if rate < 1e-9 else min(rate, 1.0),
        low=_profile_bound(x, y, rate, drop=two_sided, upper=False),
        high=_profile_bound(x, y, rate, drop=two_sided, upper=True),
        sure_above=sure_above,
        jackknife_low=_jackknife_bound(x, y, rate, confidence=confidence) if sure_above > 0 else math.nan,
        kept=int(kept.sum()),
        dropped=int((~kept).sum()),
    )
