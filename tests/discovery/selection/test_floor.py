"""Label swaps keep every group's size, block binders, and say when there are none."""

from __future__ import annotations

import numpy as np
import pytest

from bactrian.discovery.selection.consistency import consistent_replicates, needed_replicates
from bactrian.discovery.selection.floor import explain_absence, list_swaps


def design(replicates: int, *comparators: int) -> np.ndarray:
    sizes = [replicates, *comparators, 3]
    return np.repeat(np.arange(len(sizes)), sizes)


@pytest.mark.parametrize(
    ("replicates", "swaps", "exchanged"), [(2, 4, 1), (3, 9, 2), (4, 9, 2), (5, 9, 2), (6, 9, 3)]
)
def test_swaps_exchange_as_few_columns_as_block_a_binder(replicates: int, swaps: int, exchanged: int) -> None:
    groups = design(replicates, replicates)
    listed = list_swaps(groups, 0, [1])
    assert len(listed) == len({tuple(one) for one in listed}) == swaps
    for one in listed:
        np.testing.assert_array_equal(np.bincount(one), np.bincount(groups))
        assert (one[groups == 0] != 0).sum() == exchanged
        np.testing.assert_array_equal(one[groups == 2], 2)


@pytest.mark.parametrize("replicates", [2, 3, 4, 5, 6, 9])
def test_a_binder_of_either_side_is_never_consistent_in_a_swap_of_its_own(replicates: int) -> None:
    groups = design(replicates, replicates)
    cpm = np.where(groups == 0, 1000.0, 0.0)[None, :]
    for swapped in list_swaps(groups, 0, [1]):
        target, references = np.flatnonzero(swapped == 0), np.flatnonzero(swapped > 0)
        assert consistent_replicates(cpm, target, references)[0] < needed_replicates(replicates)


def test_few_swaps_are_spread_over_columns_and_comparators() -> None:
    groups = design(3, 3, 3)
    listed = list_swaps(groups, 0, [1, 2])
    assert len(listed) == 9
    entered = np.array([(one == 0) & (groups != 0) for one in listed]).sum(axis=0)
    assert (entered[(groups == 1) | (groups == 2)] > 0).all()


def test_a_comparator_of_one_selection_lends_what_it_has() -> None:
    groups = design(3, 1)
    for swapped in list_swaps(groups, 0, [1]):
        np.testing.assert_array_equal(np.bincount(swapped), np.bincount(groups))


@pytest.mark.parametrize(
    ("groups", "comparators", "sentence"),
    [
        (design(3), [], "There is no noise floor: without a comparator no labels can be swapped."),
        (
            design(1, 3),
            [1],
            "There is no noise floor: with one target replicate a swap exchanges target and comparator "
            "altogether.",
        ),
        (design(2, 2), [1], ""),
    ],
    ids=["no comparator", "one replicate", "enough"],
)
def test_absence_is_explained(groups: np.ndarray, comparators: list[int], sentence: str) -> None:
    assert explain_absence(groups, 0, comparators) == sentence
    assert bool(list_swaps(groups, 0, comparators)) == (not sentence)
