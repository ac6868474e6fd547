"""The six reading frames of a nucleotide sequence, IUPAC codes included."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "U": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT",
    "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
"""Bases that each nucleotide code stands for."""

_COMPLEMENT = str.maketrans("ACGTURYSWKMBDHVN", "TGCAAYRSWMKVHDBN")
_RESIDUES = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
"""The standard genetic code, codons in the order TTT, TTC, TTA, TTG, TCT, …, GGG."""

_CODONS = {
    "".join(codon): residue for codon, residue in zip(product("TCAG", repeat=3), _RESIDUES, strict=True)
}


@dataclass(frozen=True, slots=True)
class ReadingFrame:
    """One of the six readings of a nucleotide sequence.

    Args:
        name: +1, +2, +3 on the strand as given, -1, -2, -3 on the other.
        strand: Nucleotides of that strand, 5' to 3'.
        offset: Nucleotides before the first codon: 0, 1 or 2.
        protein: Residues; '*' a stop, X a codon that can mean several residues.
    """

    name: str
    strand: str
    offset: int
    protein: str


def reverse_complement(nucleotides: str) -> str:
    """Give the other strand, 5' to 3', in IUPAC codes.

    Examples:
        >>> reverse_complement("AAGCTN")
        'NAGCTT'
    """
    return nucleotides.translate(_COMPLEMENT)[::-1]


@cache
def translate_codon(codon: str, *, amber: bool = False) -> str:
    """Translate a codon that may hold IUPAC codes.

    Args:
        codon: Three nucleotide codes.
        amber: Whether TAG reads as Q, as in an amber-suppressing strain.

    Returns:
        The residue that all readings of the codon share, or X.

    Examples:
        >>> translate_codon("GGN"), translate_codon("NNK"), translate_codon("TAG", amber=True)
        ('G', 'X', 'Q')
    """
    readings = {
        "Q" if amber and spelled == "TAG" else _CODONS[spelled]
        for spelled in map("".join, product(*(IUPAC[code] for code in codon)))
    }
    return readings.pop() if len(readings) == 1 else "X"


def translate_six_frames(nucleotides: str, *, amber: bool = False) -> list[ReadingFrame]:
    """Translate a nucleotide sequence in all six frames.

    Args:
        nucleotides: IUPAC codes in capitals.
        amber: Whether TAG reads as Q.

    Returns:
        Frames +1, +2, +3, -1, -2, -3.

    Examples:
        >>> [frame.protein for frame in translate_six_frames("CAGGTG")]
        ['QV', 'R', 'G', 'HL', 'T', 'P']
    """
    frames = []
    for sign, strand in (("+", nucleotides), ("-", reverse_complement(nucleotides))):
        for offset in range(3):
            last = len(strand) - 2
            protein = "".join(translate_codon(strand[i : i + 3], amber=amber) for i in range(offset, last, 3))
            frames.append(ReadingFrame(f"{sign}{offset + 1}", strand, offset, protein))
    return frames
