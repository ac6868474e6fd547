from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from bactrian.core.errors import InputError
from bactrian.discovery.selection.multiplicity import adjust_bh
from bactrian.discovery.selection.quasi import fit_groups, fold_change, test_contrast, treat_contrast


def _null(units: int, columns: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mean = rng.lognormal(np.log(40), 1, units)[:, None]
    phi = 0.1 * 20 / rng.chisquare(20, units)[:, None]
    return rng.negative_binomial(1 / phi, 1 / (1 + phi * mean), size=(units, columns))


def test_p_is_uniform_without_a_difference() -> None:
    p = test_contrast(fit_groups(_null(4000, 6, 1), [0, 0, 0, 1, 1, 1]), 0, 1).p
    assert kstest(p, "uniform").statistic < 0.03
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.012)


def test_no_discovery_among_replicates_of_one_condition() -> None:
    found = sum(
        (adjust_bh(test_contrast(fit_groups(_null(300, 6, seed), [0, 1, 0, 1, 1, 0]), 0, 1).p) < 0.05).any()
        for seed in range(40)
    )
    # 5 % of 40 sets, + 2 standard errors.
    assert found <= 4


def test_differences_are_found_and_only_they() -> None:
    counts = _null(1000, 6, 3)
    counts[:50, :3] *= 16
    fit = fit_groups(counts, [0, 0, 0, 1, 1, 1])
    contrast = test_contrast(fit, 0, 1)
    called = adjust_bh(contrast.p) < 0.05
    assert called[:50].mean() > 0.95
    assert called[50:].sum() <= 6
    np.testing.assert_allclose(np.median(contrast.log2fc[:50]), 4, atol=0.3)
    assert np.median(contrast.log2fc[50:]) == pytest.approx(0, abs=0.1)


def test_contrasts_turn_round() -> None:
    fit = fit_groups(_null(200, 7, 4), [0, 0, 0, 1, 1, 2, 2])
    forth, back = test_contrast(fit, 0, 2), test_contrast(fit, 2, 0)
    np.testing.assert_allclose(forth.log2fc, -back.log2fc)
    np.testing.assert_allclose(forth.p, back.p, rtol=1e-6)
    np.testing.assert_allclose(treat_contrast(fit, 0, 2), treat_contrast(fit, 2, 0), rtol=1e-6)


def test_treat_is_stricter_than_no_threshold_where_it_matters_and_its_edge_strictest() -> None:
    counts = _null(500, 6, 5)
    counts[:60, :3] *= 5
    fit = fit_groups(counts, [0, 0, 0, 1, 1, 1])
    plain = test_contrast(fit, 0, 1).p
    low = treat_contrast(fit, 0, 1, log2fc=0.5)
    high = treat_contrast(fit, 0, 1, log2fc=1.5)
    small = plain < 0.05
    assert (low[small] > plain[small]).all()
    assert (high[small] > low[small]).all()
    assert (treat_contrast(fit, 0, 1, log2fc=0.5, null="edge") >= low - 1e-9).all()
    np.testing.assert_allclose(treat_contrast(fit, 0, 1, log2fc=0.0), plain, rtol=1e-6)
    np.testing.assert_allclose(treat_contrast(fit, 0, 1, log2fc=0.0, null="edge"), plain, rtol=1e-6)


def test_edge_null_keeps_its_level_at_the_threshold() -> None:
    rng = np.random.default_rng(6)
    mean = rng.lognormal(np.log(60), 0.8, 3000)[:, None] * np.array([2, 2, 2, 1, 1, 1])
    counts = rng.negative_binomial(10, 1 / (1 + 0.1 * mean))
    fit = fit_groups(counts, [0, 0, 0, 1, 1, 1], lib_sizes=np.full(6, 1e6), norm_factors=np.ones(6))
    assert (treat_contrast(fit, 0, 1, log2fc=1.0, null="edge") < 0.05).mean() == pytest.approx(
        0.05, abs=0.015
    )


def test_variation_of_the_table_is_found_again() -> None:
    rng = np.random.default_rng(7)
    mean = rng.lognormal(np.log(50), 1, 2000)[:, None] * np.ones(9)
    counts = rng.negative_binomial(1 / 0.16, 1 / (1 + 0.16 * mean))
    fit = fit_groups(counts, np.repeat([0, 1, 2], 3))
    assert np.sqrt(fit.common_dispersion) == pytest.approx(0.4, abs=0.02)
    np.testing.assert_allclose(np.sqrt(fit.dispersion), 0.4, atol=0.08)


def test_without_residual_degrees_of_freedom_there_is_no_p() -> None:
    fit = fit_groups([[50, 10], [20, 21], [0, 9]], [0, 1], lib_sizes=[1e4, 1e4], norm_factors=[1, 1])
    contrast = test_contrast(fit, 0, 1)
    assert fit.residual == 0
    assert not fit.testable
    assert np.isnan(contrast.p).all()
    assert np.isnan(treat_contrast(fit, 0, 1)).all()
    assert np.isfinite(contrast.log2fc).all()
    assert contrast.log2fc[0] > 2
    assert contrast.log2fc[2] < -4


def test_a_given_variation_gives_no_p() -> None:
    fit = fit_groups([[50, 40, 10], [20, 30, 21]], [0, 0, 1], bcv=0.7)
    assert fit.common_dispersion == pytest.approx(0.49)
    assert np.isnan(test_contrast(fit, 0, 1).p).all()
    assert np.isfinite(fold_change(fit, 0, denominator=1)).all()


@pytest.mark.parametrize("robust", [True, False], ids=["robust", "plain"])
@pytest.mark.parametrize(
    "counts",
    [
        [[50, 60, 10, 12]],
        [[50, 60, 10, 12], [3, 9, 80, 20]],
        [[50, 60, 10, 12], [3, 9, 80, 20], [5, 5, 5, 5]],
        [[9, 9, 0, 0]] + [[0, 0, 0, 0]] * 30 + [[0, 0, 5, 5]],
        [[100, 90, 0, 0]] * 5 + [[0, 0, 80, 70]] * 5,
        [[k] * 4 for k in range(1, 30)],
        [[10_000_000, 12_000_000, 0, 1]] + [[k, k + 1, k, k + 2] for k in range(5, 40)],
        [[7, 8, 9, 7]] * 40,
    ],
    ids=["one-unit", "two-units", "three-units", "empty-rows", "apart", "even", "huge", "all-alike"],
)
def test_odd_tables_give_probabilities(counts: list[list[int]], robust: bool) -> None:
    fit = fit_groups(counts, [0, 0, 1, 1], robust=robust)
    for p in (
        test_contrast(fit, 0, 1).p,
        treat_contrast(fit, 0, 1),
        treat_contrast(fit, 0, 1, null="edge"),
    ):
        assert ((p >= 0) & (p <= 1)).all()
    empty = np.sum(counts, axis=1) == 0
    assert (test_contrast(fit, 0, 1).p[empty] == 1).all()
    assert test_contrast(fit, 0, 1).log2fc[empty] == pytest.approx(0, abs=1e-9)


def test_columns_as_even_as_they_can_be_are_not_believed_beyond_poisson() -> None:
    counts = [[30, 30, 30, 10, 10, 10]] + [[20, 20, 20, 20, 20, 20]] * 50
    fit = fit_groups(counts, [0, 0, 0, 1, 1, 1], lib_sizes=np.full(6, 1e4), norm_factors=np.ones(6))
    ratio = 2 * (90 * np.log(90 / 60) + 30 * np.log(30 / 60))
    assert test_contrast(fit, 0, 1).p[0] == pytest.approx(chi2.sf(ratio, 1), rel=1e-6)


@pytest.mark.parametrize("groups", [[0, 1], [0, 0, 2], [-1, 0, 0]], ids=["few", "gap", "negative"])
def test_groups_that_do_not_fit_the_table(groups: list[int]) -> None:
    with pytest.raises(ValueError, match="group"):
        fit_groups([[1, 2, 3]], groups)


def test_a_negative_variation() -> None:
    with pytest.raises(ValueError, match=r"the biological coefficient of variation is -1, not 0 or more\."):
        fit_groups([[1, 2]], [0, 1], bcv=-1)


def test_too_few_reads_to_know_any_variation() -> None:
    with pytest.raises(InputError) as caught:
        fit_groups(np.eye(4, dtype=int), [0, 0, 1, 1])
    assert str(caught.value) == (
        "No unit of the test has 5 reads or more, so nothing can be said about variability. "
        "Sequence deeper, or lower no filter further."
    )


def test_an_empty_column() -> None:
    with pytest.raises(
        InputError, match="Column 4 of the 4 columns of the test has no reads of any tested unit"
    ):
        fit_groups([[1, 2, 3, 0], [4, 2, 1, 0]], [0, 0, 1, 1])


def test_threads_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = _null(500, 6, 9)
    whole = fit_groups(counts, [0, 0, 0, 1, 1, 1])
    monkeypatch.setattr("bactrian.discovery.selection.blocks.BLOCK", 64)
    monkeypatch.setattr("bactrian.discovery.selection.blocks._processors", lambda: 3)
    parts = fit_groups(counts, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(whole.s2_post, parts.s2_post)
    np.testing.assert_array_equal(test_contrast(whole, 0, 1).p, test_contrast(parts, 0, 1).p)
