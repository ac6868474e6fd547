"""Shrunken effects: how large a fold change probably is, with its interval.

The quasi-likelihood of a log2 fold change, the mean abundance profiled out, is weighted with a prior around 0
whose width comes from all units of the contrast. A few reads against none give a large ratio and little
knowledge; the prior pulls it in, and leaves a large, well-measured effect where it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize_scalar

from bactrian.core.errors import InputError
from bactrian.discovery.selection.blocks import over_blocks
from bactrian.discovery.selection.glm import LOG2
from bactrian.discovery.selection.group_fit import GroupFit, tamer_than_poisson, total_freedom
from bactrian.discovery.selection.posterior import PRIOR_FREEDOM, curve_rows, posterior_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCALE_UNITS = 1500
"""Units, evenly spaced over the table, that the width of the prior is estimated from."""
SCALE_POINTS = 121
"""Points of the grid for the width of the prior, dense around 0."""
SCALE_REACH = 15.0
"""Reach of that grid, in log2."""
SCALE_BEND = 5.0
"""How much denser it is around 0: the steps grow as the hyperbolic cosine from 0 to this."""
SCALE_BOUNDS = (0.2, 10.0)
"""Narrowest and widest prior; the narrowest, 15 %, is below any difference that would be acted upon."""


@dataclass(frozen=True, slots=True)
class Shrunken:
    """Shrunken log2 fold changes of one contrast.

    Args:
        log2fc: (n,) posterior means.
        low: (n,) lower ends of the 95 % intervals.
        high: (n,) upper ends.
        scale: Width of the prior, in log2.
    """

    log2fc: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    scale: float


def shrink_contrast(
    fit: GroupFit, numerator: int, denominator: int, *, units: NDArray[np.int64] | None = None
) -> Shrunken:
    """Give the posterior mean and 95 % interval of every unit's log2 fold change between two groups.

    The prior is a t distribution around 0 with 4 degrees of freedom; its width maximises the marginal
    likelihood of up to 1,500 units. A fit with few degrees of freedom has a wider likelihood, a t instead
    of a normal one.

    Args:
        fit: The fitted table; with a fixed dispersion one column per group is enough.
        numerator: Group above.
        denominator: Group below.
        units: Rows to shrink; None for all. The width of the prior comes from all rows in either case.

    Returns:
        The shrunken effects, finite for the rows asked for and NaN for others.

    Raises:
        InputError: If the fit has neither replicates nor a fixed dispersion.

    References:
        Zhu, Ibrahim and Love (2019), Bioinformatics 35:2084–2092, for a heavy-tailed prior on fold changes.
    """
    if np.isnan(fit.dispersion).any():
        msg = (
            "No group has replicates, so the variation between columns is unknown and effects cannot be "
            "shrunk. Give a biological coefficient of variation (bcv) to take for it."
        )
        raise InputError(msg)
    above = np.flatnonzero(fit.groups == numerator)
    columns = np.concatenate([above, np.flatnonzero(fit.groups == denominator)]).astype(np.int64)
    sizes = np.ascontiguousarray(fit.sizes[columns])
    rates = np.ascontiguousarray(fit.rates[:, [numerator, denominator]])
    freedom = np.full(fit.s2_post.size, np.inf) if fit.fixed else total_freedom(fit)
    tame = np.zeros(fit.s2_post.size, dtype=np.bool_) if fit.fixed else tamer_than_poisson(fit)
    # In tables of a few reads nothing may be known of a unit: its spread is that of the trend, its tails the
    # widest.
    blind = freedom <= 0
    spread, freedom = np.where(blind, 1.0, fit.s2_post), np.where(blind, 1.0, freedom)
    model = (fit.counts, sizes, columns, above.size, fit.dispersion, spread, freedom, tame, rates)
    scale = _prior_scale(model)
    out = np.full((fit.counts.shape[0], 3), np.nan)
    rows = np.arange(out.shape[0]) if units is None else np.asarray(units, dtype=np.int64)
    guess = (fit.prior_rates[:, numerator] - fit.prior_rates[:, denominator]) / LOG2

    def run(start: int, stop: int) -> None:
        posterior_rows(*model, guess, scale, rows, start, stop, out)

    over_blocks(run, rows.size)
    return Shrunken(out[:, 0].copy(), out[:, 1].copy(), out[:, 2].copy(), scale)


def _prior_scale(model: tuple[Any, ...]) -> float:
    """Give the width of the prior under which the units' counts are likeliest."""
    counts, columns = model[0], model[2]
    read = np.flatnonzero(counts[:, columns].any(axis=1))
    if not read.size:
        return 1.0
    rows = read[np.unique(np.linspace(0, read.size - 1, min(read.size, SCALE_UNITS)).astype(np.int64))]
    even = np.linspace(-SCALE_BEND, SCALE_BEND, SCALE_POINTS)
    effects = SCALE_REACH * np.sinh(even) / math.sinh(SCALE_BEND)
    steps = np.cosh(even)
    curves = np.empty((rows.size, effects.size))
    curve_rows(*model, rows, effects, curves)
    likelihood = np.exp(curves - curves.max(axis=1, keepdims=True))

    def cost(log_scale: float) -> float:
        scale = math.exp(log_scale)
        prior = steps * (1.0 + (effects / scale) ** 2 / PRIOR_FREEDOM) ** (-0.5 * (PRIOR_FREEDOM + 1.0))
        return -float(np.log(likelihood @ (prior / prior.sum())).sum())

    bounds = (math.log(SCALE_BOUNDS[0]), math.log(SCALE_BOUNDS[1]))
    return math.exp(float(minimize_scalar(cost, bounds=bounds, method="bounded").x))
