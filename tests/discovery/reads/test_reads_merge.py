from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bactrian.discovery.reads.errors import AGREE, DIFFER
from bactrian.discovery.reads.merge import merge_pair
from bactrian.discovery.reads.primers import reverse_complement


def random_dna(length: int, seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


def test_posterior_errors_are_those_of_the_published_formulas():
    p = 10**-2.0
    assert AGREE[20, 20] == pytest.approx((p * p / 3) / (1 - 2 * p + 4 * p * p / 3))
    assert DIFFER[20, 20] == pytest.approx(p * (1 - p / 3) / (2 * p - 4 * p * p / 3))
    assert DIFFER[30, 10] == pytest.approx(0.001 * (1 - 0.1 / 3) / (0.001 + 0.1 - 4 * 0.0001 / 3))
    assert np.allclose(AGREE, AGREE.T)


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(30, 500),
    first=st.integers(30, 300),
    second=st.integers(30, 300),
    seed=st.integers(0, 10**6),
)
def test_error_free_mates_that_overlap_give_the_molecule(length, first, second, seed):
    assume(first + second >= length + 12)
    molecule = random_dna(length, seed)
    adapter1, adapter2 = random_dna(300, seed + 1), random_dna(300, seed + 2)
    mate1 = (molecule + adapter1)[:first]
    mate2 = (reverse_complement(molecule) + adapter2)[:second]
    merged = merge_pair(mate1, mate2)
    assert merged is not None
    assert merged[0] == molecule
    turned = merge_pair(mate2, mate1)
    assert turned is not None
    assert turned[0] == reverse_complement(molecule)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_mates_without_overlap_are_not_merged(seed):
    assert merge_pair(random_dna(151, seed), random_dna(151, seed + 1)) is None


@pytest.mark.parametrize("overlap", [10, 11, 12, 15, 20])
def test_short_true_overlaps_are_found(overlap):
    hits = 0
    for seed in range(50):
        molecule = random_dna(302 - overlap, seed)
        merged = merge_pair(molecule[:151], reverse_complement(molecule)[:151])
        hits += merged is not None and merged[0] == molecule
    assert hits >= (49 if overlap > 10 else 45)


def test_tails_of_one_letter_are_no_overlap():
    first, second = random_dna(100, 1), random_dna(100, 2)
    assert merge_pair(first + "G" * 51, second + "C" * 51) is None
    assert merge_pair(first + "G" * 51, second + "G" * 51) is None


def test_the_better_call_wins_and_its_error_is_counted():
    molecule = random_dna(60, 5)
    wrong = "C" if molecule[30] != "C" else "A"
    first = molecule[:30] + wrong + molecule[31:]
    quality = [37] * 60
    quality[30] = 11
    merged = merge_pair(first, reverse_complement(molecule), qual1=quality)
    assert merged is not None
    assert merged[0] == molecule
    assert merged[1] == pytest.approx(59 * AGREE[37, 37] + DIFFER[11, 37])


def test_n_matches_nothing_and_is_filled_by_the_other_mate():
    molecule = random_dna(60, 6)
    first = molecule[:20] + "N" * 5 + molecule[25:]
    merged = merge_pair(first, reverse_complement(molecule))
    assert merged is not None
    assert merged[0] == molecule
    assert merge_pair("N" * 40, "N" * 40) is None


def test_low_qualities_do_not_veto_a_long_overlap():
    molecule = random_dna(200, 7)
    rng = np.random.default_rng(7)
    noisy = list(reverse_complement(molecule)[:150])
    places = rng.choice(np.arange(90, 150), 20, replace=False)
    quality = [37] * 150
    for place in places:
        noisy[place] = {"A": "C", "C": "G", "G": "T", "T": "A"}[noisy[place]]
        quality[place] = 2
    merged = merge_pair(molecule[:150], "".join(noisy), qual2=quality)
    assert merged is not None
    assert merged[0] == molecule
