"""Errors fold into the clone they came from; clones stay."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bactrian.discovery.clonotypes.collapse import find_error_pairs, fold_errors
from bactrian.discovery.clonotypes.hamming import Packed, link_close, paired_distances
from bactrian.discovery.clonotypes.settings import ClonotypeSettings

PARENT = "GCAGCAGCCAGGGAGGGAAACACACTTACTACTACGGGAAAG"


def substitute(nt: str, places: int) -> str:
    """Change the first base of the first codons."""
    swap = str.maketrans("ACGT", "CATG")
    return "".join(
        base.translate(swap) if k % 3 == 0 and k < 3 * places else base for k, base in enumerate(nt)
    )


def collapse(sequences: dict[str, int], **constants: float) -> dict[str, str]:
    chosen = ClonotypeSettings(**constants)
    names = pl.Series(sorted(sequences))
    counts = np.array([sequences[name] for name in names], dtype=np.int64)
    pairs = find_error_pairs(names, counts, groups=np.zeros(counts.size, np.int64), settings=chosen)
    folded = fold_errors(names, counts, pairs=pairs, keep=np.zeros(pairs.child.size, np.bool_))
    return {names[k]: names[int(folded[k])] for k in range(counts.size)}


@pytest.mark.parametrize(
    ("distance", "parent", "child", "folds"),
    [
        (1, 800, 100, True),
        (1, 800, 101, False),
        (2, 3200, 100, True),
        (2, 3200, 101, False),
        (3, 1280, 10, True),
        (3, 1280, 11, False),
        (4, 100_000, 1, False),
        (1, 8, 1, True),
        (1, 7, 1, False),
        (2, 8, 1, True),
        (2, 63, 2, False),
        (3, 16, 1, True),
        (3, 15, 1, False),
    ],
    ids=str,
)
def test_the_skew_decides_at_its_edge(distance: int, parent: int, child: int, folds: bool) -> None:
    other = substitute(PARENT, distance)
    folded = collapse({PARENT: parent, other: child})
    assert (folded[other] == PARENT) is folds


def test_a_steeper_skew_keeps_more() -> None:
    other = substitute(PARENT, 1)
    assert collapse({PARENT: 800, other: 100}, skew_alpha=3.0)[other] == other


def test_an_insertion_is_no_substitution() -> None:
    other = PARENT[:-3]
    assert collapse({PARENT: 10_000, other: 1})[other] == other


def test_short_cdr3s_fold_at_one_substitution_only() -> None:
    short = "GCATGTGGTGGTGGTGAT"
    two = "CCAAGTGGTGGTGGTGAT"
    one = "CCATGTGGTGGTGGTGAT"
    folded = collapse({short: 10_000, two: 5, one: 5})
    assert folded[two] == two
    assert folded[one] == short


def test_an_error_of_an_error_goes_to_the_clone() -> None:
    once, twice = substitute(PARENT, 1), substitute(PARENT, 2)
    folded = collapse({PARENT: 10_000, once: 300, twice: 20})
    assert folded[once] == folded[twice] == PARENT


def test_the_likelier_parent_is_taken() -> None:
    near, far = substitute(PARENT, 1), substitute(PARENT, 3)
    # `far` is two away from `near`, three from PARENT: 2000 / 32 expects more of it than 4000 / 128.
    assert collapse({PARENT: 4000, near: 2000, far: 20})[far] == near


def test_an_unread_base_agrees_with_every_base() -> None:
    unsure = PARENT[:10] + "N" + PARENT[11:]
    assert collapse({PARENT: 2, unsure: 2})[unsure] == PARENT
    assert collapse({unsure: 2, substitute(PARENT, 4): 2})[unsure] == unsure


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.text("ACGT", min_size=12, max_size=14), st.integers(1, 400)),
        min_size=2,
        max_size=40,
        unique_by=lambda p: p[0],
    )
)
def test_pairs_are_those_of_comparing_all_with_all(drawn: list[tuple[str, int]]) -> None:
    chosen = ClonotypeSettings(bases_per_error=4)
    names = pl.Series([name for name, _ in drawn])
    counts = np.array([count for _, count in drawn], dtype=np.int64)
    pairs = find_error_pairs(names, counts, groups=np.zeros(counts.size, np.int64), settings=chosen)
    found = set(zip(pairs.child.tolist(), pairs.parent.tolist(), pairs.distance.tolist(), strict=True))
    expected = set()
    for i, j in [pair for a, b in combinations(range(len(drawn)), 2) for pair in ((a, b), (b, a))]:
        (child, few), (parent, many) = drawn[i], drawn[j]
        if len(child) != len(parent) or few > many:
            continue
        distance = sum(a != b for a, b in zip(child, parent, strict=True))
        allowed = chosen.single_skew(distance) if few == 1 else chosen.skew(distance)
        if distance <= 3 and few <= max(allowed, chosen.skew(distance)) * many:
            expected.add((i, j, distance))
    assert found == expected
    assert len(found) == pairs.child.size


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("ACDE", min_size=4, max_size=6), min_size=1, max_size=40, unique=True), st.integers(0, 3)
)
def test_links_are_those_of_comparing_all_with_all(names: list[str], limit: int) -> None:
    expected = list(range(len(names)))
    for _ in names:
        for i, j in combinations(range(len(names)), 2):
            near = (
                len(names[i]) == len(names[j])
                and sum(a != b for a, b in zip(names[i], names[j], strict=True)) <= limit
            )
            if near:
                expected[i] = expected[j] = min(expected[i], expected[j])
    found = link_close(Packed.of(pl.Series(names)), np.full(len(names), limit, np.int64))
    assert found.tolist() == expected


def test_distances_of_named_pairs() -> None:
    packed = Packed.of(pl.Series(["ACGT", "ACGA", "ACG"]))
    assert paired_distances(packed, np.array([0, 0, 2]), np.array([1, 2, 2])).tolist() == [1, 1 << 30, 0]


def test_a_constant_out_of_range_is_named() -> None:
    with pytest.raises(ValueError, match=r"^max_distance is 4\. It must lie from 0 to 3\.$"):
        ClonotypeSettings(max_distance=4)
