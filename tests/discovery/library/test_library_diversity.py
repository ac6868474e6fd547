import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bactrian.discovery.library.abundance import Spectrum, spectrum_of
from bactrian.discovery.library.diversity import (
    ace,
    chao1,
    good_coverage,
    hill_asymptotic,
    hill_estimates,
    hill_observed,
    mean_unseen_frequency,
    reconstruct_pool,
    sample_coverage,
    shannon,
    simpson,
)

# Spiders of two canopy treatments (Sackett et al. 2011, Ecosphere 2:74), the worked example of Chao et al.
# (2014) and Hsieh, Ma & Chao (2016); the expected figures are those printed there for iNEXT.
GIRDLED = [46, 22, 17, 15, 15, 9, 8, 6, 6, 4, *[2] * 4, *[1] * 12]
LOGGED = [88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2, *[1] * 14]
# The ten counts of scikit-bio's tests of chao1 (figures recomputed by hand from the formulas).
TEN = [0, 1, 1, 4, 2, 5, 2, 4, 1, 2]

counts_lists = st.lists(st.integers(0, 60), max_size=60)


def test_spectrum_counts_of_counts():
    spectrum = spectrum_of(GIRDLED)
    assert (spectrum.total, spectrum.observed, spectrum.singletons, spectrum.doubletons) == (168, 26, 12, 4)
    assert spectrum.top == 46
    assert sorted(spectrum.counts().tolist(), reverse=True) == GIRDLED


@pytest.mark.parametrize("counts", [[-1, 2], [1.5]], ids=["negative", "fraction"])
def test_counts_must_be_whole(counts):
    with pytest.raises(ValueError, match=r"^counts must be whole numbers from 0\.$"):
        spectrum_of(counts)


def test_spectrum_refuses_unordered_sizes():
    with pytest.raises(ValueError, match="ascending"):
        Spectrum(np.array([2, 1]), np.array([1, 1]))


@pytest.mark.parametrize(
    ("counts", "value", "se", "low", "high"),
    [(GIRDLED, 43.893, 14.306, 30.511, 96.971), (LOGGED, 61.403, 18.532, 43.502, 128.583)],
    ids=["girdled", "logged"],
)
def test_chao1_with_interval_as_published(counts, value, se, low, high):
    found = chao1(spectrum_of(counts), bias_corrected=False)
    assert (found.value, found.se, found.low, found.high) == pytest.approx((value, se, low, high), abs=6e-4)


def test_chao1_bias_corrected_by_hand():
    found = chao1(spectrum_of(TEN))  # f1 = f2 = 3, S = 9: 9 + 3·2 / (2·4)
    assert found.value == 9.75
    assert (found.low, found.high) == pytest.approx((9.07, 17.45), abs=5e-3)


def test_chao1_without_singletons_sees_nothing_missing():
    found = chao1(spectrum_of([5, 5, 6, 8]))
    assert found.value == 4
    assert 4 <= found.low <= found.high < 4.5


def test_chao1_of_singletons_alone():
    found = chao1(spectrum_of([1] * 10))
    assert found.value == 10 + 10 * 9 / 2
    assert found.low > 10


def test_ace_by_hand():
    # Girdled: 21 rare units of 53 molecules, coverage 1 - 12/53, Σ i(i-1)F = 208, so γ² = 1.0487.
    coverage = 41 / 53
    variation = 21 / coverage * 208 / (53 * 52) - 1
    assert ace(spectrum_of(GIRDLED)) == pytest.approx(5 + 21 / coverage + 12 / coverage * variation)
    assert ace(spectrum_of([1] * 10)) == chao1(spectrum_of([1] * 10)).value
    assert ace(spectrum_of([50, 60])) == 2


@pytest.mark.parametrize(
    ("counts", "good", "coverage"), [(GIRDLED, 1 - 12 / 168, 0.9289), (LOGGED, 1 - 14 / 252, 0.9446)]
)
def test_coverage_as_published(counts, good, coverage):
    assert good_coverage(spectrum_of(counts)) == pytest.approx(good)
    assert sample_coverage(spectrum_of(counts)) == pytest.approx(coverage, abs=5e-5)


def test_hill_numbers_as_published():
    girdled, logged = spectrum_of(GIRDLED), spectrum_of(LOGGED)
    assert [hill_observed(girdled, q) for q in (0, 1, 2)] == pytest.approx([26, 12.05965, 7.84], abs=1e-4)
    assert [hill_observed(logged, q) for q in (0, 1, 2)] == pytest.approx([37, 14.421, 6.761], abs=6e-4)
    assert [hill_asymptotic(girdled, q) for q in (1, 2)] == pytest.approx([13.826, 8.175], abs=6e-4)
    assert [hill_asymptotic(logged, q) for q in (1, 2)] == pytest.approx([16.337, 6.920], abs=6e-4)
    assert shannon(girdled) == pytest.approx(2.4898652106915704)
    assert simpson(girdled) == pytest.approx(1 - 1 / 7.84, abs=1e-4)


def test_entropy_sum_equals_the_published_form():
    spectrum = spectrum_of(GIRDLED)
    n, mean = spectrum.total, mean_unseen_frequency(spectrum)
    seen = sum(x / n * sum(1 / k for k in range(x, n)) for x in GIRDLED)
    tail = -math.log(mean) - sum((1 - mean) ** r / r for r in range(1, n))
    expected = seen + 12 / n * (1 - mean) ** (1 - n) * tail
    assert math.log(hill_asymptotic(spectrum, 1)) == pytest.approx(expected, rel=1e-9)


def test_entropy_of_a_large_even_pool():
    # 300,000 even units, 200,000 molecules: most are singletons, and the published form has no digits left.
    rng = np.random.default_rng(5)
    spectrum = spectrum_of(np.bincount(rng.integers(0, 300_000, 200_000)))
    assert hill_asymptotic(spectrum, 1) == pytest.approx(300_000, rel=0.03)
    assert hill_observed(spectrum, 1) < 160_000


def test_reconstructed_pool_keeps_coverage():
    spectrum = spectrum_of(GIRDLED)
    pool = reconstruct_pool(spectrum)
    assert pool.sum() == pytest.approx(1)
    assert pool.size == 26 + 18
    assert pool[:26].sum() == pytest.approx(sample_coverage(spectrum))


def test_hill_intervals_near_the_published_errors():
    # Printed standard errors for Girdled: 1.486 (q = 1) and about 0.94 (q = 2), bootstrap of the same kind.
    found = hill_estimates(spectrum_of(GIRDLED), np.random.default_rng(1), resamplings=400)
    assert found[1].se == pytest.approx(1.486, rel=0.25)
    assert found[2].se == pytest.approx(0.94, rel=0.3)
    assert found[1].low < 13.826 < found[1].high


def test_hill_intervals_hold_the_truth():
    rng = np.random.default_rng(11)
    pool = rng.lognormal(0, 1.2, 400)
    pool /= pool.sum()
    truth = {1: math.exp(-(pool @ np.log(pool))), 2: 1 / (pool @ pool)}
    held = {1: 0, 2: 0}
    for _ in range(60):
        found = hill_estimates(spectrum_of(rng.multinomial(1_500, pool)), rng, resamplings=50)
        for q in (1, 2):
            held[q] += found[q].low <= truth[q] <= found[q].high
    assert held[1] >= 51
    assert held[2] >= 51


def test_same_seed_same_interval():
    spectrum = spectrum_of(GIRDLED)
    first = hill_estimates(spectrum, np.random.default_rng(3))
    assert first == hill_estimates(spectrum, np.random.default_rng(3))


def test_empty_sample_is_unknown():
    empty = spectrum_of([])
    assert math.isnan(chao1(empty).value)
    assert math.isnan(ace(empty))
    assert math.isnan(sample_coverage(empty))
    assert all(math.isnan(hill_observed(empty, q)) for q in (0, 1, 2))
    assert all(math.isnan(one.value) for one in hill_estimates(empty, np.random.default_rng(0)).values())


def test_order_is_checked():
    with pytest.raises(ValueError, match=r"^'3' is not an order of a Hill number. Write 0, 1 or 2\.$"):
        hill_asymptotic(spectrum_of(TEN), 3)


def test_one_unit_is_one():
    spectrum = spectrum_of([40])
    assert chao1(spectrum).value == 1
    assert [hill_asymptotic(spectrum, q) for q in (0, 1, 2)] == pytest.approx([1, 1, 1])


@given(counts_lists.filter(lambda counts: sum(counts) > 0))
def test_estimates_are_at_least_what_was_seen(counts):
    spectrum = spectrum_of(counts)
    for corrected in (True, False):
        found = chao1(spectrum, bias_corrected=corrected)
        assert spectrum.observed <= found.value
        assert spectrum.observed <= found.low <= found.high
    assert ace(spectrum) >= spectrum.observed - 1e-9
    assert hill_asymptotic(spectrum, 1) >= hill_observed(spectrum, 1) - 1e-9
    assert (
        hill_observed(spectrum, 0) >= hill_observed(spectrum, 1) - 1e-9 >= hill_observed(spectrum, 2) - 2e-9
    )


@given(counts_lists, st.randoms())
def test_order_of_units_does_not_matter(counts, random):
    shuffled = counts.copy()
    random.shuffle(shuffled)
    first, second = spectrum_of(counts), spectrum_of(shuffled)
    assert np.array_equal(first.sizes, second.sizes)
    assert np.array_equal(first.numbers, second.numbers)
