"""Replicates count as consistent only above every single reference."""

from __future__ import annotations

import numpy as np
import pytest

from bactrian.discovery.selection.consistency import (
    consistent_replicates,
    lead_over_references,
    needed_replicates,
)

TARGET = np.array([0, 1, 2])
REFERENCES = np.array([3, 4])
# Three target and two reference columns.
CPM = np.array(
    [
        [100.0, 100.0, 100.0, 30.0, 10.0],  # 120 > 2 × 50 in all three
        [100.0, 80.0, 79.9, 30.0, 10.0],  # 100 and 99.9 do not exceed 100
        [5000.0, 0.0, 0.0, 0.0, 0.0],  # an explosion is one replicate
        [21.0, 20.0, 19.0, 0.0, 0.0],  # 41 exceeds 40, 40 does not
    ]
)


def test_replicates_are_counted_against_the_highest_reference() -> None:
    assert consistent_replicates(CPM, TARGET, REFERENCES).tolist() == [3, 1, 1, 1]


def test_without_reference_every_replicate_is_consistent() -> None:
    assert consistent_replicates(CPM, TARGET, np.array([], dtype=np.intp)).tolist() == [3, 3, 3, 3]


def test_the_lead_is_that_of_the_replicate_that_decides() -> None:
    lead = lead_over_references(CPM, TARGET, REFERENCES, rank=2)
    np.testing.assert_allclose(2.0**lead, [120 / 50, 100 / 50, 20 / 20, 40 / 20])


def test_a_unit_leads_by_the_fold_just_where_enough_replicates_are_consistent() -> None:
    cpm = np.random.default_rng(1).lognormal(4, 1.5, (500, 5)) * [4, 4, 4, 1, 1]
    enough = consistent_replicates(cpm, TARGET, REFERENCES) >= 2
    assert 50 < enough.sum() < 450
    np.testing.assert_array_equal(lead_over_references(cpm, TARGET, REFERENCES, rank=2) > 1, enough)


def test_too_few_replicates_have_no_lead() -> None:
    assert np.isnan(lead_over_references(CPM, TARGET[:1], REFERENCES, rank=2)).all()


@pytest.mark.parametrize(("replicates", "needed"), [(1, 2), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (9, 6)])
def test_two_thirds_and_two_at_least_are_needed(replicates: int, needed: int) -> None:
    assert needed_replicates(replicates) == needed
