"""Hallmark calls and the disulfides of extra cysteines, on molecules from the literature."""

from __future__ import annotations

import pytest

from bactrian.discovery.vhh.cysteines import pair_cysteines
from bactrian.discovery.vhh.hallmarks import HALLMARK_POSITIONS, read_hallmarks


@pytest.mark.parametrize(
    ("residues", "call", "margin"),
    [
        ("FERF", "vhh", 4),
        ("FERG", "vhh", 4),
        ("YQRL", "vhh", 4),
        ("FECF", "vhh", 4),
        ("FGRL", "vhh", 2),
        ("VGLW", "vh", -4),
        ("IGLW", "vh", -4),
        ("FGLA", "ambiguous", 0),
        ("VGEL", "ambiguous", -1),
        ("VGLX", "vh", -3),
        ("....", None, 0),
        ("F..F", None, 2),
    ],
)
def test_call(residues: str, call: str | None, margin: int) -> None:
    numbered = {p: r for p, r in zip(HALLMARK_POSITIONS, residues, strict=True) if r != "."}
    hallmarks = read_hallmarks(numbered)
    assert (hallmarks.call, hallmarks.residues, hallmarks.margin) == (call, residues, margin)


def test_one_substitution_never_turns_a_call_into_its_opposite() -> None:
    letters = "ACDEFGHIKLMNPQRSTVWY"
    for residues in ("FERF", "VGLW", "FGRL", "FGLA", "YQRW"):
        before = read_hallmarks(dict(zip(HALLMARK_POSITIONS, residues, strict=True))).call
        for place in range(4):
            for letter in letters:
                mutant = residues[:place] + letter + residues[place + 1 :]
                after = read_hallmarks(dict(zip(HALLMARK_POSITIONS, mutant, strict=True))).call
                assert {before, after} != {"vhh", "vh"}


@pytest.mark.parametrize(
    ("cysteines", "pairs", "free"),
    [
        (["23", "104"], "", ()),
        (["23", "38", "104", "111A"], "38–111A (CDR1–CDR3)", ()),
        (["23", "55", "104", "112B"], "55–112B (FR2–CDR3)", ()),
        (["23", "58", "104", "109"], "58–109 (CDR2–CDR3)", ()),
        (["23", "50", "104", "109"], "50–109 (FR2–CDR3)", ()),
        (["23", "104", "107", "111D"], "107–111D (CDR3–CDR3)", ()),
        (["23", "54", "78", "104"], "54–78 (FR2–FR3)", ()),
        (["23", "93", "104"], "", ("93",)),
        (["23", "104", "110"], "", ("110",)),
        (["23", "55", "104"], "", ("55",)),
        (["23", "55", "104", "108", "112A"], "55–108|112A (FR2–CDR3)", ("108|112A",)),
        (["23", "38", "55", "104", "108", "112A"], "55–108|112A (FR2–CDR3); 38–108|112A (CDR1–CDR3)", ()),
    ],
)
def test_disulfides(cysteines: list[str], pairs: str, free: tuple[str, ...]) -> None:
    found = pair_cysteines(cysteines, "C" * len(cysteines))
    assert found.describe_pairs() == pairs
    assert found.free == free


def test_half_of_the_canonical_pair_is_free() -> None:
    found = pair_cysteines(["23", "104"], "YC")
    assert found.free == ("104",)


def test_unread_partner_of_the_canonical_pair_is_no_free_cysteine() -> None:
    assert pair_cysteines(["99", "104"], "AC").free == ()
