"""Motifs: what they mean, and what they say of residues that were not read."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bactrian.assays.chemistry import AMINO_ACIDS
from bactrian.assays.motifs import find_motif, parse_motif


def find(motif: str, residues: str) -> list[tuple[int, int, str]]:
    return list(find_motif(parse_motif(motif), residues))


def test_overlapping_motifs_are_all_found() -> None:
    assert find("N[^P][ST]", "NNSSNPS") == [(0, 3, "read"), (1, 4, "read")]


def test_of_alternatives_the_longest_is_given_and_what_lies_within_is_not() -> None:
    assert find("VV|VVV", "VVVGVV") == [(0, 3, "read"), (4, 6, "read")]
    assert find("WW|W.W", "WWAW") == [(0, 2, "read"), (1, 4, "read")]


@pytest.mark.parametrize(
    ("motif", "residues", "expected"),
    [
        ("N[^P][ST]", "NXS", [(0, 3, "possible")]),
        ("N[^P][ST]", "NXP", []),
        ("N[^P][ST]", "XGS", []),
        ("W.W", "WXW", [(0, 3, "read")]),
        ("NG", "NX", [(0, 2, "possible")]),
        ("NG", "XG", []),
        ("NG", "XX", []),
        ("M", "X", []),
        ("VV|VVV", "VVX", [(0, 2, "read"), (1, 3, "possible")]),
    ],
    ids=["middle", "excluded", "first unread", "any", "end", "start", "nothing read", "single", "sure first"],
)
def test_unread_residues_neither_make_nor_hide_a_motif(
    motif: str, residues: str, expected: list[tuple[int, int, str]]
) -> None:
    assert find(motif, residues) == expected


@given(
    st.text(alphabet="NGSTPVWX", min_size=1, max_size=7), st.sampled_from(["N[^P][ST]", "NG", "W.W", "V[VG]"])
)
def test_sure_places_stand_whatever_was_not_read(residues: str, motif: str) -> None:
    places = [place for place, letter in enumerate(residues) if letter == "X"][:3]
    width = len(parse_motif(motif).patterns[0])
    found = {start: standing for start, _, standing in find(motif, residues)}
    if residues.count("X") > len(places):
        return
    stands: dict[int, set[bool]] = {start: set() for start in range(len(residues))}
    # Letters of every kind that the motifs tell apart stand for all twenty.
    for letters in itertools.product("NGSTPVWA", repeat=len(places)):
        filled = list(residues)
        for place, letter in zip(places, letters, strict=True):
            filled[place] = letter
        for start, outcomes in stands.items():
            outcomes.add(bool(re.fullmatch(motif, "".join(filled[start : start + width]))))
    for start, outcomes in stands.items():
        if outcomes == {True}:
            assert found.get(start) == "read"
        elif True in outcomes and residues[start] != "X":
            assert found.get(start) == "possible"
        else:
            assert start not in found


@given(st.text(alphabet=AMINO_ACIDS, max_size=60))
def test_without_unread_residues_the_places_are_those_of_a_regular_expression(residues: str) -> None:
    for motif in ("N[^P][ST]", "D[GS]", "W.W", "KE|KD|EK|ED"):
        theirs = [match.start() for match in re.finditer(f"(?={motif})", residues)]
        assert [start for start, _, _ in find(motif, residues)] == theirs


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("N[^P", "a '[' is not closed"),
        ("N[]", "'[]' names no residue"),
        ("NB", "'B' is not an amino acid"),
        ("n", "'n' is not an amino acid"),
        ("N+", "'+' is not an amino acid"),
        ("NG|", "an alternative is empty"),
        ("", "an alternative is empty"),
    ],
)
def test_what_is_no_motif(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        parse_motif(text)
