import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bactrian.discovery.library.abundance import spectrum_of
from bactrian.discovery.library.coverage import (
    coverage_of_transformants,
    depth_for_distinct,
    expected_distinct,
)
from bactrian.discovery.library.diversity import sample_coverage
from bactrian.discovery.library.rarefaction import (
    depth_for_coverage,
    expected_coverage,
    expected_sd,
    expected_units,
    rarefaction_curve,
)

GIRDLED = [46, 22, 17, 15, 15, 9, 8, 6, 6, 4, *[2] * 4, *[1] * 12]
# Depth, expected units and coverage of Girdled as iNEXT 3.0.2 gives them.
PUBLISHED = [
    (1, 1.0, 0.1223268),
    (10, 6.478617, 0.5969308),
    (50, 15.030098, 0.8674807),
    (100, 20.459426, 0.9072004),
    (167, 25.928571, 0.9285714),
    (168, 26.0, 0.9288554),
    (169, 26.071145, 0.9291383),
    (200, 28.141739, 0.9373713),
    (336, 34.730733, 0.9635701),
]


@pytest.mark.parametrize(("depth", "units", "coverage"), PUBLISHED)
def test_spiders_as_published(depth, units, coverage):
    spectrum = spectrum_of(GIRDLED)
    assert expected_units(spectrum, depth) == pytest.approx(units, abs=1e-6)
    assert expected_coverage(spectrum, depth) == pytest.approx(coverage, abs=1e-6)


def test_every_subset_counted():
    counts = [4, 3, 1, 1]
    molecules = [unit for unit, count in enumerate(counts) for _ in range(count)]
    for depth in range(len(molecules) + 1):
        seen = [len({molecules[at] for at in drawn}) for drawn in combinations(range(len(molecules)), depth)]
        assert expected_units(spectrum_of(counts), depth) == pytest.approx(np.mean(seen))


def test_sd_at_full_depth_is_the_binomial_one():
    # Counts of counts multinomial among S_est units: Var(S) = S (1 - S / S_est); S_est = 43.893.
    assert expected_sd(spectrum_of(GIRDLED), 168) == pytest.approx(
        math.sqrt(26 * (1 - 26 / 43.893)), abs=1e-3
    )


def test_sd_does_not_jump_at_full_depth():
    spectrum = spectrum_of(GIRDLED)
    below, at, above = (expected_sd(spectrum, depth) for depth in (167, 168, 169))
    assert below < at < above
    assert above - at == pytest.approx(at - below, rel=0.5)


def test_extrapolation_of_a_known_pool():
    rng = np.random.default_rng(2)
    pool = rng.lognormal(0, 1.2, 2_000)
    pool /= pool.sum()
    spectrum = spectrum_of(rng.multinomial(3_000, pool))
    doubled = float((1 - (1 - pool) ** 6_000).sum())
    assert expected_units(spectrum, 6_000) == pytest.approx(doubled, rel=0.04)
    seen_share = float(pool @ (1 - (1 - pool) ** 6_000))
    assert expected_coverage(spectrum, 6_000) == pytest.approx(seen_share, abs=0.02)


@pytest.mark.parametrize("target", [0.3, 0.8, 0.93, 0.95, 0.99])
def test_depth_for_coverage_is_the_first_that_reaches_it(target):
    spectrum = spectrum_of(GIRDLED)
    depth = int(depth_for_coverage(spectrum, target))
    assert expected_coverage(spectrum, depth) >= target - 1e-12
    assert expected_coverage(spectrum, depth - 1) < target


def test_depth_for_coverage_without_hold():
    assert depth_for_coverage(spectrum_of([1] * 50), 0.9) == math.inf
    assert math.isnan(depth_for_coverage(spectrum_of([]), 0.9))
    assert depth_for_coverage(spectrum_of([9]), 0.9) == 1
    with pytest.raises(ValueError, match=r"^'1' is not a coverage. Write a share between 0 and 1\.$"):
        depth_for_coverage(spectrum_of([9]), 1)


def test_negative_depth_is_refused():
    with pytest.raises(ValueError, match=r"^'-1' is not a depth. Write a whole number from 0\.$"):
        expected_units(spectrum_of([3]), -1)


def test_curve_passes_through_the_sample():
    curve = rarefaction_curve(spectrum_of(GIRDLED), knots=10)
    observed = curve.filter(curve["kind"] == "observed").row(0, named=True)
    assert (observed["reads"], observed["expected"]) == (168, pytest.approx(26))
    assert curve["reads"].to_list()[0] == 1
    assert curve["reads"].to_list()[-1] == 336
    assert curve["reads"].is_sorted()
    assert set(curve["kind"]) == {"rarefied", "observed", "extrapolated"}


@pytest.mark.parametrize(
    ("counts", "rows"),
    [([], 0), ([1], 2), ([7], 14), ([1] * 30, 61)],
    ids=["empty", "one", "single unit", "singletons"],
)
def test_curves_of_odd_samples(counts, rows):
    curve = rarefaction_curve(spectrum_of(counts), knots=100)
    assert curve.height <= max(rows, 1) + 1
    assert (curve.height == 0) == (rows == 0)
    assert curve["expected"].is_finite().all()


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_curve_only_rises(counts):
    spectrum = spectrum_of(counts)
    depths = range(2 * spectrum.total + 1)
    units = np.array([expected_units(spectrum, depth) for depth in depths])
    covered = np.array([expected_coverage(spectrum, depth) for depth in depths])
    assert (np.diff(units) >= -1e-9).all()
    assert (np.diff(covered) >= -1e-9).all()
    assert units[spectrum.total] == pytest.approx(spectrum.observed)
    assert covered[spectrum.total] == pytest.approx(sample_coverage(spectrum))
    assert (units <= np.maximum(depths, 0) + 1e-9).all()


def test_expected_distinct_by_hand():
    assert expected_distinct(2, 2) == pytest.approx(1.5)  # AA, AB, BA, BB
    assert expected_distinct(1, 5) == 1
    assert expected_distinct(1_000_000_000, 1_000) == pytest.approx(1_000 - 1_000 * 999 / 2e9, rel=1e-9)


def test_depth_for_distinct_is_three_times_the_library():
    assert depth_for_distinct(1_000_000, 0.95) == pytest.approx(2_995_731, abs=2)
    assert expected_distinct(1_000_000, int(depth_for_distinct(1_000_000, 0.95))) >= 950_000


def test_coverage_of_an_even_library():
    rng = np.random.default_rng(7)
    found = coverage_of_transformants(spectrum_of(rng.multinomial(20_000, np.full(10_000, 1e-4))), 10_000)
    assert found.observed == pytest.approx(found.expected, rel=0.01)
    assert found.expected_share == pytest.approx(1 - math.exp(-2), abs=1e-3)
    assert found.chao1_share.low < 1 < found.chao1_share.high
    assert found.depth_even == 29_956


def test_coverage_of_a_library_smaller_than_stated():
    rng = np.random.default_rng(8)
    found = coverage_of_transformants(spectrum_of(rng.multinomial(20_000, np.full(2_000, 5e-4))), 100_000)
    assert found.chao1_share.high < 0.03
    assert found.observed_share < 0.2 * found.expected_share


@pytest.mark.parametrize(("transformants", "reads"), [(0, 5), (5, -1)])
def test_impossible_library_is_refused(transformants, reads):
    with pytest.raises(ValueError, match="make no library"):
        expected_distinct(transformants, reads)
