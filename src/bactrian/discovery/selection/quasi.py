"""Quasi-likelihood tests of contrasts between groups of columns.

`fit_groups` estimates everything once for a table; `test_contrast` and `treat_contrast` then compare any two
groups. The test statistic divides a likelihood ratio at the trended dispersion by the moderated
quasi-dispersion of the unit, so that a unit more variable than others of its abundance is believed less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri_exp

from bactrian.discovery.selection.glm import LOG2, fit_means, likelihood_ratio
from bactrian.discovery.selection.group_fit import GroupFit, fit_groups, tamer_than_poisson, total_freedom
from bactrian.discovery.selection.squeeze import log_upper_tail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Contrast", "GroupFit", "fit_groups", "fold_change", "test_contrast", "treat_contrast"]

DEPTH = 1.470402
"""How far, in standard errors, the interval null reaches inwards from each edge (edgeR's)."""
ROOT_TAU = math.sqrt(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class Contrast:
    """One group against another.

    Args:
        log2fc: (n,) log2 fold change with a prior count of 0.125.
        f: (n,) F statistics, NaN where nothing can be tested.
        p: (n,) two-sided p-values, NaN where nothing can be tested.
    """

    log2fc: NDArray[np.float64]
    f: NDArray[np.float64]
    p: NDArray[np.float64]


def fold_change(fit: GroupFit, numerator: int, *, denominator: int) -> NDArray[np.float64]:
    """Give the log2 fold change of every unit between two groups, with a prior count of 0.125.

    Args:
        fit: The fitted table.
        numerator: Group above.
        denominator: Group below.

    Returns:
        (n,) log2 fold changes.
    """
    return np.asarray((fit.prior_rates[:, numerator] - fit.prior_rates[:, denominator]) / LOG2)


def _ratio(
    fit: GroupFit,
    numerator: int,
    denominator: int,
    log2fc: float = 0.0,
) -> NDArray[np.float64]:
    """Give the likelihood ratio of a contrast at the fit's dispersion."""
    return likelihood_ratio(
        fit.counts,
        fit.sizes,
        groups=fit.groups,
        rates=fit.rates,
        dispersion=fit.dispersion,
        numerator=numerator,
        denominator=denominator,
        log2fc=log2fc,
    )


def test_contrast(fit: GroupFit, numerator: int, denominator: int) -> Contrast:
    """Test every unit for a difference between two groups with the quasi-likelihood F-test.

    Where the moderated quasi-dispersion would make the counts less variable than reads drawn at random, the
    p-value is at least that of the Poisson likelihood ratio.

    Args:
        fit: The fitted table.
        numerator: Group above.
        denominator: Group below.

    Returns:
        The contrast; F and p are NaN if the fit has no residual degrees of freedom or a fixed dispersion.

    References:
        Lund, Nettleton, McCarthy and Smyth (2012), Statistical Applications in Genetics and Molecular
        Biology 11:8.
    """
    log2fc = fold_change(fit, numerator, denominator=denominator)
    if not fit.testable:
        nothing = np.full(log2fc.size, np.nan)
        return Contrast(log2fc, nothing, nothing)
    f = _ratio(fit, numerator, denominator) / fit.s2_post
    p = np.exp(log_upper_tail(f, 1.0, total_freedom(fit)))
    for rows, table, rates in _poisson(fit):
        ratio = _poisson_ratio(fit, table, rates, numerator, denominator)
        p[rows] = np.maximum(p[rows], chdtrc(1.0, ratio))
    return Contrast(log2fc, f, p)


test_contrast.__test__ = False  # type: ignore[attr-defined]  # its name is the verb of the field, not a test of pytest


def _poisson(
    fit: GroupFit,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    """Give rows, counts and Poisson rates of the units that are tamer than reads drawn at random."""
    rows = np.flatnonzero(tamer_than_poisson(fit))
    if rows.size:
        table = np.ascontiguousarray(fit.counts[rows])
        yield rows, table, fit_means(table, fit.sizes, groups=fit.groups, dispersion=np.zeros(rows.size))[0]


def _poisson_ratio(  # noqa: PLR0917
    fit: GroupFit,
    table: NDArray[np.int64],
    rates: NDArray[np.float64],
    numerator: int,
    denominator: int,
    log2fc: float = 0.0,
) -> NDArray[np.float64]:
    """Give the Poisson likelihood ratio of a contrast for some of the units."""
    return likelihood_ratio(
        table,
        fit.sizes,
        groups=fit.groups,
        rates=rates,
        dispersion=np.zeros(table.shape[0]),
        numerator=numerator,
        denominator=denominator,
        log2fc=log2fc,
    )


def treat_contrast(
    fit: GroupFit,
    numerator: int,
    denominator: int,
    *,
    log2fc: float = 1.0,
    null: Literal["interval", "edge"] = "interval",
) -> NDArray[np.float64]:
    """Test every unit for a fold change beyond a threshold (TREAT).

    Args:
        fit: The fitted table.
        numerator: Group above.
        denominator: Group below.
        log2fc: Threshold τ of |log2 fold change|; 0 gives the two-sided test without threshold.
        null: `interval`, as edgeR's glmTreat has it by default, averages over null fold changes between
            -τ and τ; `edge` takes the worst case, exactly ±τ, and is stricter. Where the Poisson bound rules,
            edgeR averages whatever null is asked for; here the bound follows the null.

    Returns:
        (n,) p-values, NaN if the fit has no residual degrees of freedom or a fixed dispersion.

    References:
        McCarthy and Smyth (2009), Bioinformatics 25:765–771.
    """
    if not fit.testable:
        return np.full(fit.counts.shape[0], np.nan)
    threshold = abs(log2fc)
    estimate = _estimate(fit.rates, numerator, denominator)
    freedom = total_freedom(fit)
    near, far = (
        _z_of_t(np.sqrt(_ratio(fit, numerator, denominator, edge) / fit.s2_post), freedom)
        for edge in (threshold, -threshold)
    )
    p = _treat(near, far, inside=np.abs(estimate) <= threshold, null=null)
    for rows, table, rates in _poisson(fit):
        edges = (
            np.sqrt(_poisson_ratio(fit, table, rates, numerator, denominator, edge))
            for edge in (threshold, -threshold)
        )
        inside = np.abs(_estimate(rates, numerator, denominator)) <= threshold
        p[rows] = np.maximum(p[rows], _treat(*edges, inside=inside, null=null))
    return p


def _estimate(rates: NDArray[np.float64], numerator: int, denominator: int) -> NDArray[np.float64]:
    """Give the plain log2 fold change: infinite without reads in one group, 0 without reads in both."""
    above, below = rates[:, numerator], rates[:, denominator]
    return np.asarray(np.subtract(above, below, out=np.zeros_like(above), where=above != below) / LOG2)


def _treat(
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    *,
    inside: NDArray[np.bool_],
    null: Literal["interval", "edge"],
) -> NDArray[np.float64]:
    """Give p-values from the distances, in standard errors, to both edges of the null."""
    far = np.maximum(one, other)
    near = np.minimum(one, other)
    near = np.where(inside, -near, near)
    if null == "edge":
        return np.asarray(np.minimum(ndtr(-near) + ndtr(-far), 1.0))
    wide = far - near > DEPTH
    split = _mean_ndtr(-near - DEPTH, -near) + _mean_ndtr(-far, -far + DEPTH)
    return np.asarray(np.minimum(np.where(wide, split, 2.0 * _mean_ndtr(-far, -near)), 1.0))


def _mean_ndtr(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mean of the normal distribution function over an interval."""
    above = high * ndtr(high) + np.exp(-high * high / 2.0) / ROOT_TAU
    below = low * ndtr(low) + np.exp(-low * low / 2.0) / ROOT_TAU
    mean = np.divide(above - below, high - low, out=ndtr(high), where=high - low > 1e-6)
    return np.asarray(np.maximum(mean, 0.0))


def _z_of_t(t: NDArray[np.float64], freedom: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the normal deviates with the upper tail probabilities of t ≥ 0."""
    return np.asarray(-ndtri_exp(log_upper_tail(t * t, 1.0, freedom) - math.log(2.0)))
