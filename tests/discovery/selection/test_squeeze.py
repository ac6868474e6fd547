from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import polygamma
from scipy.stats import chi2
from scipy.stats import f as f_distribution

from bactrian.discovery.selection.squeeze import (
    inverse_trigamma,
    log_upper_tail,
    squeeze_variances,
    winsorised_moments,
)


@pytest.mark.parametrize("robust", [True, False], ids=["robust", "plain"])
def test_prior_is_found_again(robust: bool) -> None:
    rng = np.random.default_rng(7)
    covariate = rng.uniform(4, 14, 6000)
    trend = np.exp(1 - 0.1 * covariate)
    variances = trend * f_distribution.rvs(6, 10, size=6000, random_state=rng)
    squeezed = squeeze_variances(variances, np.full(6000, 6.0), covariate=covariate, robust=robust)
    assert np.median(squeezed.freedom) == pytest.approx(10, rel=0.15)
    np.testing.assert_allclose(squeezed.prior, trend, rtol=0.12)
    weight = squeezed.freedom / (squeezed.freedom + 6)
    np.testing.assert_allclose(squeezed.posterior, weight * squeezed.prior + (1 - weight) * variances)


def test_robust_lets_an_outlier_keep_its_variance() -> None:
    rng = np.random.default_rng(8)
    variances = rng.chisquare(6, 500) / 6
    variances[3] = 200.0
    freedom = np.full(500, 6.0)
    robust = squeeze_variances(variances, freedom, robust=True)
    assert robust.posterior[3] > 100
    assert np.median(robust.freedom) > 50
    plain = squeeze_variances(variances, freedom, robust=False)
    assert np.median(plain.freedom) < np.median(robust.freedom)


def test_equal_variances_are_pooled() -> None:
    rng = np.random.default_rng(9)
    variances = 2 * rng.chisquare(5, 2000) / 5
    squeezed = squeeze_variances(variances, np.full(2000, 5.0), robust=False)
    if np.isinf(squeezed.freedom).all():
        np.testing.assert_allclose(squeezed.posterior, variances.mean())
    assert squeezed.freedom.min() > 40
    np.testing.assert_allclose(squeezed.prior, 2, rtol=0.05)


def test_units_without_degrees_of_freedom_get_the_prior() -> None:
    rng = np.random.default_rng(10)
    variances, freedom = rng.chisquare(4, 100) / 4, np.full(100, 4.0)
    variances[:5], freedom[:5] = 0.0, 0.0
    for covariate in (None, np.linspace(0, 1, 100)):
        for robust in (True, False):
            squeezed = squeeze_variances(variances, freedom, covariate=covariate, robust=robust)
            np.testing.assert_allclose(squeezed.posterior[:5], squeezed.prior[:5])
            assert np.isfinite(squeezed.posterior).all()


def test_one_variance_stays() -> None:
    squeezed = squeeze_variances(np.array([3.0]), np.array([4.0]))
    assert squeezed.posterior.tolist() == [3.0]
    assert squeezed.freedom.tolist() == [0.0]


@pytest.mark.parametrize("second", [3.0, 40.0, np.inf], ids="d0={}".format)
def test_winsorised_moments_by_integration(second: float) -> None:
    law = chi2(5, scale=1 / 5) if np.isinf(second) else f_distribution(5, second)
    low, high = np.log(law.ppf([0.05, 0.9]))

    def moment(power: int, centre: float = 0.0) -> float:
        inner = quad(
            lambda z: (z - centre) ** power * law.pdf(np.exp(z)) * np.exp(z), low, high, epsabs=1e-11
        )[0]
        return float(inner + 0.05 * (low - centre) ** power + 0.1 * (high - centre) ** power)

    mean, variance = winsorised_moments(5, second)
    assert mean == pytest.approx(moment(1), rel=1e-5, abs=1e-6)
    assert variance == pytest.approx(moment(2, moment(1)), rel=1e-5)


def test_log_tails_far_out() -> None:
    values = np.array([0.0, 0.5, 4.0, 30.0])
    np.testing.assert_allclose(
        log_upper_tail(values, 1.0, 7.0), f_distribution.logsf(values, 1, 7), rtol=1e-10
    )
    # By ten-fold steps of F the tail of F(1, 400) falls by 10^-200 in the end.
    far = log_upper_tail(np.array([1e6, 1e7]), 1.0, 400.0)
    assert np.isfinite(far).all()
    assert (far[1] - far[0]) / np.log(10) == pytest.approx(-200, abs=0.1)
    near = log_upper_tail(np.array([1e5, 1.02e5]), 1.0, 220.0)  # on either side of the change of method
    assert near[1] < near[0]


@pytest.mark.parametrize("value", [1e-8, 1e-3, 0.7, 5.0, 1e4, 1e9], ids=str)
def test_inverse_trigamma(value: float) -> None:
    assert float(polygamma(1, inverse_trigamma(value))) == pytest.approx(value, rel=1e-6)
