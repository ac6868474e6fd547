"""A few units of a fitted table under other group labels, at the dispersions of the whole table."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bactrian.discovery.selection.dispersion import residual_freedom
from bactrian.discovery.selection.glm import fit_means, fit_prior_means
from bactrian.discovery.selection.group_fit import LEAST, PRIOR_COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.selection.group_fit import GroupFit


def regroup_units(
    fit: GroupFit, rows: NDArray[np.intp], *, counts: NDArray[np.int64], groups: NDArray[np.int64]
) -> GroupFit:
    """Fit some units again under other labels.

    Trended dispersions and prior quasi-dispersions stay those of the whole table, which a change of a few
    labels hardly moves; the units' own quasi-dispersions are those of the new groups.

    Args:
        fit: The whole table under its own labels.
        rows: (r,) the units.
        counts: (r, m) their counts.
        groups: (m,) the other labels, of the same number of groups.

    Returns:
        A fit of r units.
    """
    dispersion = fit.dispersion[rows]
    rates, deviance = fit_means(counts, fit.sizes, groups=groups, dispersion=dispersion)
    freedom = residual_freedom(counts, groups)
    s2 = np.divide(deviance.sum(axis=1), freedom, out=np.zeros(rows.size), where=freedom > 0)
    prior, weight = fit.s2_prior[rows], fit.df_prior[rows]
    with np.errstate(invalid="ignore"):
        moderated = (weight * prior + freedom * s2) / (weight + freedom)
    # The tests bound their degrees of freedom by those of the table pooled, which is the whole table.
    pooled = fit.residual * math.ceil(fit.counts.shape[0] / max(rows.size, 1))
    return replace(
        fit,
        counts=counts,
        groups=groups,
        log2cpm=fit.log2cpm[rows],
        dispersion=dispersion,
        tagwise=fit.tagwise[rows],
        rates=rates,
        prior_rates=fit_prior_means(
            counts, fit.sizes, groups=groups, dispersion=dispersion, prior=PRIOR_COUNT
        ),
        s2=s2,
        s2_prior=prior,
        s2_post=np.maximum(np.where(np.isinf(weight), prior, moderated), LEAST),
        df_prior=weight,
        df_residual=freedom,
        residual=pooled,
    )
