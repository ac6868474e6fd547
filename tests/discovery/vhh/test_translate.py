from __future__ import annotations

from itertools import product

import pytest
from Bio.Data import CodonTable
from hypothesis import given
from hypothesis import strategies as st

from bactrian.discovery.vhh.translate import IUPAC, reverse_complement, translate_six_frames

STANDARD = CodonTable.unambiguous_dna_by_id[1]
CODES = "ACGTRYSWKMBDHVN"


def read_codon(codon, amber):
    """Translate by Biopython's table of the standard code."""
    readings = set()
    for bases in product(*(IUPAC[code] for code in codon)):
        plain = "".join(bases)
        residue = "*" if plain in STANDARD.stop_codons else STANDARD.forward_table[plain]
        readings.add("Q" if amber and plain == "TAG" else residue)
    return readings.pop() if len(readings) == 1 else "X"


@pytest.mark.parametrize("amber", [False, True], ids=["plain", "amber"])
def test_every_codon_of_iupac_codes(amber):
    codons = ["".join(codon) for codon in product(CODES, repeat=3)]
    protein = translate_six_frames("".join(codons), amber=amber)[0].protein
    assert protein == "".join(read_codon(codon, amber) for codon in codons)


@given(st.text(alphabet=CODES, max_size=40))
def test_six_frames_are_those_of_both_strands(nucleotides):
    frames = {frame.name: frame for frame in translate_six_frames(nucleotides)}
    assert list(frames) == ["+1", "+2", "+3", "-1", "-2", "-3"]
    other = {frame.name: frame for frame in translate_six_frames(reverse_complement(nucleotides))}
    for name, frame in frames.items():
        assert len(frame.protein) == max(0, (len(nucleotides) - frame.offset) // 3)
        assert frame.protein == other["+-"[name[0] == "+"] + name[1]].protein


def test_rna_is_read_as_dna():
    assert translate_six_frames("AUGUAG")[0].protein == "M*"
