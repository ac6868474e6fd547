"""Edit distances of CDR3s."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bactrian.discovery.clonotypes.hamming import Packed
from bactrian.discovery.leads.distances import edit_distances, find_nearest, shares_that_differ

RESIDUES = st.text("ACDG", max_size=8)


def measure(one: str, other: str) -> int:
    return int(edit_distances(Packed.of(pl.Series([one, other])), 0, np.array([1]))[0])


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("AADRGGYDY", "AADRGGYDY", 0),
        ("AADRGGYDY", "AADRGGFDY", 1),
        ("AADRGGYDY", "AADRGYDY", 1),
        ("KITTEN", "SITTING", 3),
        ("AADRGGYDY", "", 9),
    ],
    ids=["same", "substitution", "deletion", "textbook", "nothing"],
)
def test_known_distances(one: str, other: str, distance: int) -> None:
    assert measure(one, other) == distance


@given(RESIDUES, RESIDUES, RESIDUES)
def test_a_distance_is_a_metric(one: str, two: str, three: str) -> None:
    assert measure(one, two) == measure(two, one)
    assert (measure(one, two) == 0) == (one == two)
    assert measure(one, three) <= measure(one, two) + measure(two, three)
    assert abs(len(one) - len(two)) <= measure(one, two) <= max(len(one), len(two))


def test_shares_are_of_the_longer_cdr3() -> None:
    packed = Packed.of(pl.Series(["AADRGGYDY", "AADRGGFDY", "AAD", ""]))
    shares = shares_that_differ(packed, 0, np.array([0, 1, 2, 3]))
    assert shares.tolist() == pytest.approx([0, 1 / 9, 6 / 9, 1])


def test_nearest_gives_what_holds_the_words_first() -> None:
    keys = ["AADRGGYDY", "NARYDPW", "CCAADRGGYCCCC"]
    assert find_nearest("AADRGGY", keys, most=2) == [("AADRGGYDY", 2), ("CCAADRGGYCCCC", 6)]
    assert find_nearest("NARYDPF", keys, most=1) == [("NARYDPW", 1)]
    assert find_nearest("µ", [], most=1) == []


def test_nearest_takes_names_in_any_letters() -> None:
    assert find_nearest("Клон_17", ["Клон_18", "Kλον"], most=1) == [("Клон_18", 1)]
