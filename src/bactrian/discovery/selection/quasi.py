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

from bactrian.core.errors import InputError
from bactrian.discovery.selection.dispersion import estimate_dispersions, residual_freedom
from bactrian.discovery.selection.glm import (
    LOG2,
    average_log_cpm,
    fit_means,
    fit_prior_means,
    likelihood_ratio,
)
from bactrian.discovery.selection.normalise import check_columns
from bactrian.discovery.selection.normalise import norm_factors as estimate_norm_factors
from bactrian.discovery.selection.squeeze import log_upper_tail, squeeze_variances

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

PRIOR_COUNT = 0.125
"""Average prior count of the log2 fold changes shown (edgeR's default)."""
DEPTH = 1.470402
"""How far, in standard errors, the interval null reaches inwards from each edge (edgeR's)."""
LEAST = 1e-6
"""Least quasi-dispersion: statistics stay finite where columns agree exactly; the Poisson bound rules there."""
ROOT_TAU = math.sqrt(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class GroupFit:
    """A table fitted group by group.

    Args:
        counts: (n, m) reads.
        groups: (m,) group of every column, 0 to k - 1.
        sizes: (m,) effective library sizes.
        log2cpm: (n,) average abundance.
        dispersion: (n,) dispersion the tests use: the trend, or the fixed one.
        tagwise: (n,) each unit's own moderated dispersion.
        common_dispersion: Dispersion of all units together; its square root is the common BCV.
        rates: (n, k) natural logarithm of the rate per read; minus infinity without reads.
        prior_rates: (n, k) the same with a prior count, always finite.
        s2: (n,) quasi-dispersion of each unit alone.
        s2_prior: (n,) its trend.
        s2_post: (n,) the moderated one.
        df_prior: (n,) prior degrees of freedom; may be infinite.
        df_residual: (n,) residual degrees of freedom of the unit over the groups in which it has reads.
        residual: Residual degrees of freedom of the table: columns minus groups. With 0 nothing can be
            tested.
        fixed: Whether the dispersion was given, not estimated; nothing can be tested then either.
    """

    counts: NDArray[np.int64]
    groups: NDArray[np.int64]
    sizes: NDArray[np.float64]
    log2cpm: NDArray[np.float64]
    dispersion: NDArray[np.float64]
    tagwise: NDArray[np.float64]
    common_dispersion: float
    rates: NDArray[np.float64]
    prior_rates: NDArray[np.float64]
    s2: NDArray[np.float64]
    s2_prior: NDArray[np.float64]
    s2_post: NDArray[np.float64]
    df_prior: NDArray[np.float64]
    df_residual: NDArray[np.float64]
    residual: int
    fixed: bool

    @property
    def testable(self) -> bool:
        """Whether the variability between columns is known from the columns themselves."""
        return self.residual > 0 and not self.fixed


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


def fit_groups(
    counts: ArrayLike,
    groups: ArrayLike,
    *,
    lib_sizes: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    robust: bool = True,
    bcv: float | None = None,
) -> GroupFit:
    """Fit a table of counts group by group.

    Args:
        counts: (n, m) reads, units × columns.
        groups: (m,) group of every column, numbers 0 to k - 1, each present.
        lib_sizes: (m,) reads of every column; None for the sums of the table.
        norm_factors: (m,) normalisation factors; None to estimate them by TMM with singleton pairing.
        robust: Whether outliers keep their own variability.
        bcv: Biological coefficient of variation to take for given, where no group has replicates.

    Returns:
        The fit. Without a residual degree of freedom and without `bcv`, dispersions and quasi-dispersions
        are NaN and the fold changes take the Poisson fit, which is exact there.

    Raises:
        InputError: If a column has no reads, or no unit has 5 reads or more.
        ValueError: If the groups do not fit the table.
    """
    table = check_columns(counts)
    labels = _check_groups(groups, table.shape[1])
    totals = table.sum(axis=0).astype(np.float64) if lib_sizes is None else np.asarray(lib_sizes, np.float64)
    factors = estimate_norm_factors(table) if norm_factors is None else np.asarray(norm_factors, np.float64)
    sizes = totals * factors
    units = table.shape[0]
    residual = labels.size - (int(labels.max()) + 1)
    nan = np.full(units, np.nan)
    common, tagwise = math.nan, nan
    if bcv is not None:
        if not bcv >= 0:
            msg = f"the biological coefficient of variation is {bcv}, not 0 or more."
            raise ValueError(msg)
        common = bcv * bcv
        dispersion = tagwise = np.full(units, common)
        log2cpm = average_log_cpm(table, sizes, dispersion=common)
    elif residual == 0:
        dispersion = nan
        log2cpm = average_log_cpm(table, sizes)
    else:
        if not (table.sum(axis=1) >= 5).any():
            msg = (
                "No unit of the test has 5 reads or more, so nothing can be said about variability. "
                "Sequence deeper, or lower no filter further."
            )
            raise InputError(msg)
        found = estimate_dispersions(table, sizes, groups=labels, robust=robust)
        common, dispersion, tagwise, log2cpm = found.common, found.trended, found.tagwise, found.log2cpm
    fitted_at = np.zeros(units) if np.isnan(dispersion).any() else dispersion
    rates, deviance = fit_means(table, sizes, groups=labels, dispersion=fitted_at)
    prior_rates = fit_prior_means(table, sizes, groups=labels, dispersion=fitted_at, prior=PRIOR_COUNT)
    freedom = residual_freedom(table, labels)
    total = deviance.sum(axis=1)
    s2 = np.divide(total, freedom, out=np.zeros(units), where=freedom > 0)
    if bcv is not None:
        s2_prior = s2_post = np.ones(units)
        df_prior = np.full(units, np.inf)
    elif residual == 0:
        s2 = s2_prior = s2_post = df_prior = nan
    else:
        squeezed = squeeze_variances(s2, freedom, covariate=log2cpm, robust=robust)
        s2_prior, df_prior = squeezed.prior, squeezed.freedom
        s2_post = np.maximum(squeezed.posterior, LEAST)
    return GroupFit(
        table, labels, sizes, log2cpm, dispersion, tagwise, common, rates, prior_rates,
        s2, s2_prior, s2_post, df_prior, freedom, residual, bcv is not None,
    )  # fmt: skip


def _check_groups(groups: ArrayLike, columns: int) -> NDArray[np.int64]:
    """Give the groups as numbers 0 to k - 1."""
    labels = np.asarray(groups, dtype=np.int64)
    if labels.shape != (columns,):
        msg = f"there are {labels.size} groups for {columns} columns."
        raise ValueError(msg)
    if columns == 0 or labels.min() < 0 or (np.bincount(labels) == 0).any():
        msg = "groups must be the numbers 0 to k - 1, each present."
        raise ValueError(msg)
    return labels


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


def total_freedom(fit: GroupFit) -> NDArray[np.float64]:
    """Give the degrees of freedom of the tests: prior plus residual, at most those of the whole table pooled.

    Args:
        fit: The fitted table.

    Returns:
        (n,) degrees of freedom.
    """
    pooled = float(fit.counts.shape[0] * fit.residual)
    return np.minimum(fit.df_prior + fit.df_residual, pooled)


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


def tamer_than_poisson(fit: GroupFit) -> NDArray[np.bool_]:
    """Say which units have, by their moderated quasi-dispersion, a variance below their mean in some column.

    Args:
        fit: The fitted table.

    Returns:
        (n,) whether the unit is believed no more than reads drawn at random allow.
    """
    smallest = np.full(fit.counts.shape[0], np.inf)
    for group in range(fit.rates.shape[1]):
        size = fit.sizes[fit.groups == group].min()
        smallest = np.minimum(smallest, size * np.exp(fit.rates[:, group]))
    return np.asarray(fit.s2_post * (1.0 + fit.dispersion * smallest) < 1.0)


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
        null: `edge` takes the worst case, a fold change of exactly ±τ; `interval` averages over the null fold
            changes between, which is less strict.

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
        return np.asarray(ndtr(-near) + ndtr(-far))
    wide = far - near > DEPTH
    split = _mean_ndtr(-near - DEPTH, -near) + _mean_ndtr(-far, -far + DEPTH)
    return np.asarray(np.where(wide, split, 2.0 * _mean_ndtr(-far, -near)))


def _mean_ndtr(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mean of the normal distribution function over an interval."""
    above = high * ndtr(high) + np.exp(-high * high / 2.0) / ROOT_TAU
    below = low * ndtr(low) + np.exp(-low * low / 2.0) / ROOT_TAU
    mean = np.divide(above - below, high - low, out=ndtr(high), where=high - low > 1e-6)
    return np.asarray(np.maximum(mean, 0.0))


def _z_of_t(t: NDArray[np.float64], freedom: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the normal deviates with the upper tail probabilities of t ≥ 0."""
    return np.asarray(-ndtri_exp(log_upper_tail(t * t, 1.0, freedom) - math.log(2.0)))
