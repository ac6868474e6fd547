"""An explosion in one replicate is cut down; everything else is left as it was."""

from __future__ import annotations

import numpy as np

from bactrian.discovery.selection.outliers import limit_outliers

SIZES = np.array([1e6, 1e6, 2e6, 1e6, 1e6])
GROUPS = np.array([0, 0, 0, 1, 1])


def test_the_highest_column_is_cut_to_a_multiple_of_the_second() -> None:
    # CPM of the target 5000, 30, 10: (30 + 20) × 3.5 − 20 = 155.
    counts = np.array([[5000, 30, 20, 3, 1]])
    assert limit_outliers(counts, SIZES, groups=GROUPS, limited=[0]).tolist() == [[155, 30, 20, 3, 1]]


def test_cut_counts_follow_the_size_of_their_column() -> None:
    # The third column is twice as deep: 155 CPM are 310 reads.
    counts = np.array([[30, 10, 10_000, 0, 0]])
    assert limit_outliers(counts, SIZES, groups=GROUPS, limited=[0]).tolist() == [[30, 10, 310, 0, 0]]


def test_replicates_that_agree_and_few_reads_are_left_alone() -> None:
    counts = np.array([[900, 400, 1200, 40, 12], [50, 0, 0, 50, 0], [0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(limit_outliers(counts, SIZES, groups=GROUPS, limited=[0, 1]), counts)


def test_only_the_named_groups_are_treated_and_the_counts_given_stay() -> None:
    counts = np.array([[5000, 0, 0, 5000, 0]])
    cut = limit_outliers(counts, SIZES, groups=GROUPS, limited=[1])
    assert cut.tolist() == [[5000, 0, 0, 50, 0]]
    assert counts.tolist() == [[5000, 0, 0, 5000, 0]]


def test_a_group_of_one_column_has_nothing_to_be_measured_by() -> None:
    counts = np.array([[5000, 0]])
    sizes, groups = np.array([1e6, 1e6]), np.array([0, 1])
    assert limit_outliers(counts, sizes, groups=groups, limited=[0, 1]).tolist() == [[5000, 0]]


def test_a_column_that_one_clone_took_over_keeps_a_read_of_each_unit() -> None:
    # Normalised by what is left beside the takeover, one read is thousands of CPM.
    counts = np.array([[1, 0], [3, 0], [0, 40]])
    sizes, groups = np.array([50.0, 1e6]), np.array([0, 0])
    assert limit_outliers(counts, sizes, groups=groups, limited=[0])[:2].tolist() == [[1, 0], [1, 0]]
