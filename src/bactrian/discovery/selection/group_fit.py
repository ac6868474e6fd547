"""A table of counts fitted group by group: what every contrast of it then starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bactrian.core.errors import InputError
from bactrian.discovery.selection.dispersion import estimate_dispersions, residual_freedom
from bactrian.discovery.selection.glm import average_log_cpm, fit_means, fit_prior_means
from bactrian.discovery.selection.normalise import check_columns
from bactrian.discovery.selection.normalise import norm_factors as estimate_norm_factors
from bactrian.discovery.selection.squeeze import squeeze_variances

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PRIOR_COUNT = 0.125
"""Average prior count of the log2 fold changes shown (edgeR's default)."""
LEAST = 1e-6
"""Least quasi-dispersion, so that statistics stay finite where columns agree exactly; the Poisson bound
rules there."""


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


def total_freedom(fit: GroupFit) -> NDArray[np.float64]:
    """Give the degrees of freedom of the tests: prior plus residual, at most those of the whole table pooled.

    Args:
        fit: The fitted table.

    Returns:
        (n,) degrees of freedom.
    """
    pooled = float(fit.counts.shape[0] * fit.residual)
    return np.minimum(fit.df_prior + fit.df_residual, pooled)


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
