from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from bactrian.discovery.selection.lowess import smooth_lowess
from bactrian.discovery.selection.peaks import peak_positions, spline_curvature
from bactrian.discovery.selection.smoothing import natural_spline_trend, smooth_local_means


def test_local_means_keep_constants_and_follow_steps() -> None:
    x = np.sort(np.random.default_rng(1).uniform(0, 10, 500))
    values = np.column_stack([np.full(500, 3.0), (x > 5).astype(float)])
    smooth = smooth_local_means(values, x, span=0.1)
    np.testing.assert_allclose(smooth[:, 0], 3.0)
    np.testing.assert_allclose(smooth[x < 4, 1], 0, atol=0.05)
    np.testing.assert_allclose(smooth[x > 6, 1], 1, atol=0.05)


def test_local_mean_at_an_end_is_the_tricube_mean() -> None:
    x = np.array([0.0, 1.0, 2.0, 4.0, 7.0, 8.0])
    y = np.array([1.0, 5.0, 2.0, 8.0, 3.0, 4.0])
    # The fourth nearest of the first point lies at 4.
    weights = (1 - (x[:3] / 4) ** 3) ** 3
    smooth = smooth_local_means(y[:, None], x, span=4 / 6)
    assert smooth[0, 0] == pytest.approx(weights @ y[:3] / weights.sum())


@pytest.mark.parametrize("rows", [1, 2, 3], ids="{}-rows".format)
def test_local_means_of_few_rows_are_finite(rows: int) -> None:
    x = np.arange(rows, dtype=float)
    assert np.isfinite(smooth_local_means(x[:, None], x, span=1.0)).all()
    assert np.isfinite(smooth_local_means(x[:, None], np.zeros(rows), span=1.0)).all()


def test_peaks_of_cubics_are_exact() -> None:
    # A spline with this end condition repeats a cubic exactly.
    knots = np.arange(-10.0, 11.0)
    tops = np.array([-3.3, 0.0, 4.75])
    values = np.array([-((knots - top) ** 2) * (60 + knots - top) for top in tops])
    curvature = spline_curvature(knots.size, 1.0)
    np.testing.assert_allclose(peak_positions(values, curvature, first=-10.0, step=1.0), tops, atol=1e-9)


def test_a_peak_at_the_end_of_the_grid_stays_there() -> None:
    knots = np.arange(-10.0, 11.0)
    curvature = spline_curvature(knots.size, 1.0)
    values = np.vstack([knots, -knots])
    np.testing.assert_allclose(peak_positions(values, curvature, first=-10.0, step=1.0), [10.0, -10.0])


def test_lowess_draws_a_line_and_forgives_outliers() -> None:
    x = np.sort(np.random.default_rng(2).uniform(0, 1, 300))
    y = 2 + 3 * x
    np.testing.assert_allclose(smooth_lowess(y, x, span=0.4), y, atol=1e-9)
    bent = y.copy()
    bent[::10] += 50
    np.testing.assert_allclose(smooth_lowess(bent, x, span=0.4), y, atol=0.05)


def test_natural_spline_is_a_natural_spline_and_straight_outside() -> None:
    rng = np.random.default_rng(4)
    x = np.sort(rng.uniform(0, 1, 200))
    knots = np.quantile(x, np.linspace(0, 1, 4))
    curve = CubicSpline(knots, [1.0, -2.0, 0.5, 3.0], bc_type="natural")
    fitted, residual, outside = natural_spline_trend(
        curve(x), x, functions=4, asked=np.array([knots[-1] + 1.0, knots[-1] + 2.0])
    )
    np.testing.assert_allclose(fitted, curve(x), atol=1e-9)
    assert residual == pytest.approx(0, abs=1e-15)
    slope = float(curve(knots[-1], 1))
    np.testing.assert_allclose(outside, 3.0 + slope * np.array([1.0, 2.0]), atol=1e-8)


def test_local_means_beside_many_equal_values_are_finite() -> None:
    rng = np.random.default_rng(0)
    covariate = np.r_[np.full(400, rng.uniform(0.2, 0.8)), rng.uniform(0, 1, 600)]
    values = rng.normal(size=(1000, 3))
    smooth = smooth_local_means(values, covariate, span=0.3)
    assert np.isfinite(smooth).all()
    assert np.abs(smooth).max() < np.abs(values).max()
