"""A prior is never surer than the bound, and units that were less sure keep their own."""

from __future__ import annotations

import numpy as np

from bactrian.core.seeds import make_rng
from bactrian.discovery.selection.group_fit import fit_groups
from bactrian.discovery.selection.quasi import test_contrast as run_contrast
from bactrian.discovery.selection.tempering import MOST_FREEDOM, temper_prior


def test_moderation_uses_the_bounded_prior() -> None:
    rng = make_rng(1, "tempering")
    counts = rng.poisson(rng.lognormal(4, 1, (3000, 1)) * rng.gamma(4, 0.25, (3000, 6)))
    fit = fit_groups(counts, np.repeat([0, 1], 3))
    assert np.isinf(fit.df_prior).mean() > 0.5 or fit.df_prior.max() > MOST_FREEDOM
    tempered = temper_prior(fit)
    assert tempered.df_prior.max() == MOST_FREEDOM
    expected = (30.0 * fit.s2_prior + 4.0 * fit.s2) / 34.0
    sure = (fit.df_prior >= MOST_FREEDOM) & (fit.df_residual == 4)
    assert sure.sum() > 1000
    np.testing.assert_allclose(tempered.s2_post[sure], expected[sure], rtol=1e-9)
    # Where a unit is as even as its like, only the tail of the test grows heavier.
    plain, bounded = run_contrast(fit, 0, 1), run_contrast(tempered, 0, 1)
    even = sure & (np.abs(np.log(fit.s2 / fit.s2_prior)) < 0.1)
    far = even & (plain.p < 0.01)
    assert far.any()
    assert (bounded.p[far] > plain.p[far]).all()
    assert np.abs(np.log(bounded.p[even] / plain.p[even])).max() < 1.5


def test_units_with_fewer_degrees_of_freedom_keep_theirs() -> None:
    rng = make_rng(2, "tempering")
    counts = rng.poisson(rng.lognormal(4, 1, (500, 1)) * rng.gamma(4, 0.25, (500, 6)))
    fit = fit_groups(counts, np.repeat([0, 1], 3))
    loose = temper_prior(temper_prior(fit, most=3.0))
    np.testing.assert_array_equal(loose.df_prior, np.minimum(fit.df_prior, 3.0))
