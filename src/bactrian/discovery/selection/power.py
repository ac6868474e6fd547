"""The smallest fold change that a design mostly finds, from the spread between its own columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import norm, t

if TYPE_CHECKING:
    from bactrian.discovery.selection.quasi import GroupFit

POWER: Final = 0.8
"""Share of such units that are found."""
TRUE_SHARE: Final = 0.01
"""Share of specific units among the tested that the limit of p assumes, as in the simulated campaigns."""
_STEPS: Final = 200
_LARGEST: Final = 20.0


def smallest_log2fc(
    fit: GroupFit, *, replicates: int, references: int, fdr: float = 0.05, power: float = POWER
) -> float:
    """Give the log2 fold change over a comparator that a unit of middling abundance needs.

    A unit is found where its difference of logarithms exceeds the quantile of t at the p-value that passes
    Benjamini-Hochberg when `TRUE_SHARE` of the units are true, fdr × share, two-sided. The variance of a
    group's logarithm is (1/μ + φ)/n, with the median count μ in the comparator and φ the squared common BCV.

    Args:
        fit: A testable fit.
        replicates: Target columns.
        references: Columns of the comparator.
        fdr: False discovery rate.
        power: Share to be found.

    Returns:
        log2 fold change; infinite where the fit tells no spread or nothing below 2^20 would do.
    """
    if not fit.testable or math.isnan(fit.common_dispersion):
        return math.inf
    freedom = float(np.median(np.minimum(fit.df_prior, 1e6))) + fit.residual
    level = float(t.isf(fdr * TRUE_SHARE / 2, freedom)) + float(norm.ppf(power))
    mean = max(float(np.median(fit.counts.mean(axis=1))), 0.5)
    low, high = 0.0, _LARGEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        above = mean * 2.0**middle
        variance = (1 / above + fit.common_dispersion) / replicates + (
            1 / mean + fit.common_dispersion
        ) / references
        if middle * math.log(2) >= level * math.sqrt(variance):
            high = middle
        else:
            low = middle
    return high if high < _LARGEST else math.inf
