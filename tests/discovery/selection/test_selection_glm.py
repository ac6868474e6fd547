from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import nbinom

from bactrian.discovery.selection.glm import average_log_cpm, fit_means, fit_prior_means, likelihood_ratio


def _cost(beta: float, y: np.ndarray, sizes: np.ndarray, dispersion: float) -> float:
    mean = sizes * math.exp(beta)
    return -float(nbinom.logpmf(y, 1 / dispersion, 1 / (1 + dispersion * mean)).sum())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 5000), min_size=2, max_size=6).filter(any),
    st.floats(0.01, 5),
    st.integers(0, 1000),
)
def test_the_rate_is_the_maximum_of_the_likelihood(counts: list[int], dispersion: float, seed: int) -> None:
    y = np.array([counts])
    sizes = np.random.default_rng(seed).uniform(1e3, 1e5, y.shape[1])
    groups = np.zeros(y.shape[1], dtype=np.int64)
    rates, _ = fit_means(y, sizes, groups=groups, dispersion=np.array([dispersion]))
    middle = math.log(y.sum() / sizes.sum())
    best = minimize_scalar(
        _cost, bounds=(middle - 6, middle + 6), args=(y[0], sizes, dispersion), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    assert _cost(float(rates[0, 0]), y[0], sizes, dispersion) <= best.fun + 1e-7


def test_columns_sizes_a_million_fold_apart_converge() -> None:
    y, sizes = np.array([[0, 10]]), np.array([1e6, 10.0])
    rates, _ = fit_means(y, sizes, groups=np.zeros(2, dtype=np.int64), dispersion=np.array([100.0]))
    mean = sizes * math.exp(rates[0, 0])
    assert ((y[0] - mean) / (1 + 100 * mean)).sum() == pytest.approx(0, abs=1e-6)


def test_poisson_rate_and_deviance_in_closed_form() -> None:
    y, sizes = np.array([[3, 9]]), np.array([100.0, 200.0])
    rates, deviance = fit_means(y, sizes, groups=np.zeros(2, dtype=np.int64), dispersion=np.zeros(1))
    assert rates[0, 0] == pytest.approx(math.log(12 / 300))
    assert deviance[0, 0] == pytest.approx(2 * (3 * math.log(3 / 4) + 9 * math.log(9 / 8)))


def test_likelihood_ratio_is_twice_the_difference_of_log_likelihoods() -> None:
    y = np.array([[12, 20, 3, 5, 9]])
    sizes, groups, phi = np.array([1e3, 1.5e3, 9e2, 1.1e3, 5e2]), np.array([0, 0, 1, 1, 2]), 0.2
    dispersion = np.array([phi])
    rates, _ = fit_means(y, sizes, groups=groups, dispersion=dispersion)
    for log2fc in (0.0, 1.0, -2.0):
        found = likelihood_ratio(
            y,
            sizes,
            groups=groups,
            rates=rates,
            dispersion=dispersion,
            numerator=0,
            denominator=1,
            log2fc=log2fc,
        )
        fold = np.where(groups == 0, 2.0**log2fc, 1.0)[:4]
        null = minimize_scalar(
            _cost, bounds=(-12, 0), args=(y[0, :4], sizes[:4] * fold, phi), method="bounded",
            options={"xatol": 1e-10},
        ).fun  # fmt: skip
        full = sum(_cost(rates[0, g], y[0, groups == g], sizes[groups == g], phi) for g in (0, 1))
        assert found[0] == pytest.approx(2 * (null - full), rel=1e-6)


def test_a_group_without_reads_has_no_rate_but_one_with_a_prior_count() -> None:
    y, sizes, groups = np.array([[0, 0, 8]]), np.full(3, 1e4), np.array([0, 0, 1])
    rates, deviance = fit_means(y, sizes, groups=groups, dispersion=np.array([0.1]))
    assert rates[0, 0] == -np.inf
    assert deviance[0, 0] == 0
    prior = fit_prior_means(y, sizes, groups=groups, dispersion=np.array([0.1]), prior=0.125)
    np.testing.assert_allclose(prior[0], np.log(np.array([0.125, 8.125]) / (1e4 + 0.25)))


def test_average_abundance_of_even_columns() -> None:
    cpm = average_log_cpm(np.array([[10, 10], [0, 0]]), np.full(2, 1e6))
    np.testing.assert_allclose(cpm, np.log2(np.array([12.0, 2.0]) / (1e6 + 4) * 1e6))
