"""Nucleotides to residues, IUPAC codes included: one frame for the kernels, six for any sequence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from bactrian.discovery.vhh.profile import RESIDUES
from bactrian.discovery.vhh.scores import STOP, UNKNOWN

# The standard genetic code, bases in the order T C A G (NCBI translation table 1).
STANDARD_CODE: Final = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
AMBER: Final = "TAG"
LETTERS: Final = np.frombuffer((RESIDUES + "X*").encode("ascii"), dtype=np.uint8)
IUPAC: Final = {
    "A": "A", "C": "C", "G": "G", "T": "T", "U": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT",
    "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
"""Bases that each nucleotide code stands for."""

_BASES: Final = "TCAG"
_ANY_BASE: Final = 15
_COMPLEMENT: Final = str.maketrans("ACGTURYSWKMBDHVN", "TGCAAYRSWMKVHDBN")


def _make_base_codes() -> npt.NDArray[np.uint8]:
    """Give the base code of each byte: one bit per base it may be; all four for a foreign letter."""
    codes = np.full(256, _ANY_BASE, dtype=np.uint8)
    for letter, bases in IUPAC.items():
        codes[ord(letter)] = codes[ord(letter.lower())] = sum(1 << _BASES.index(base) for base in bases)
    return codes


BASE_CODES: Final = _make_base_codes()


@cache
def make_codon_table(*, amber: bool = False) -> npt.NDArray[np.uint8]:
    """Make the table 16 × 16 × 16 of residue codes: what all readings of a codon share, else unknown.

    Args:
        amber: Read TAG as Q, as in an amber-suppressing host such as TG1.
    """
    residues = np.array([STOP if r == "*" else RESIDUES.index(r) for r in STANDARD_CODE]).reshape(4, 4, 4)
    if amber:
        residues[tuple(_BASES.index(base) for base in AMBER)] = RESIDUES.index("Q")
    # One bit per residue; a code that may be several bases collects the bits of them all.
    bits = np.left_shift(1, residues)
    members = (np.arange(16)[:, None] >> np.arange(4)) & 1 == 1
    for axis in range(3):
        spread = [np.bitwise_or.reduce(bits.compress(some, axis=axis), axis=axis) for some in members]
        bits = np.stack(spread, axis=axis)
    table = np.full((16, 16, 16), UNKNOWN, dtype=np.uint8)
    for code in {*residues.ravel().tolist()}:
        table[bits == 1 << code] = code
    table.setflags(write=False)
    return table


@njit(cache=True, nogil=True)
def translate_frame(bases, frame, codon_table, codes):  # type: ignore[no-untyped-def]
    """Translate one frame into `codes`.

    Args:
        bases: Base codes (n, uint8).
        frame: 0, 1 or 2: the first base read.
        codon_table: Residue code of each codon (16 × 16 × 16).
        codes: Receives the residue codes.

    Returns:
        How many residues were written, and how many of them are stops.
    """
    n = max(0, (len(bases) - frame) // 3)
    stops = 0
    for i in range(n):
        k = frame + 3 * i
        code = codon_table[bases[k], bases[k + 1], bases[k + 2]]
        codes[i] = code
        stops += code == STOP
    return n, stops


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


def translate_six_frames(nucleotides: str, *, amber: bool = False) -> list[ReadingFrame]:
    """Translate a nucleotide sequence in all six frames.

    Args:
        nucleotides: IUPAC codes in capitals.
        amber: Whether TAG reads as Q.

    Returns:
        Frames +1, +2, +3, -1, -2, -3.

    Examples:
        >>> [frame.protein for frame in translate_six_frames("CAGGTN")]
        ['QV', 'R', 'G', 'XL', 'T', 'P']
    """
    table, frames = make_codon_table(amber=amber), []
    for sign, strand in (("+", nucleotides), ("-", reverse_complement(nucleotides))):
        bases = BASE_CODES[np.frombuffer(strand.encode("ascii"), dtype=np.uint8)]
        codes = np.empty(len(bases), dtype=np.uint8)
        for offset in range(3):
            n, _ = translate_frame(bases, offset, table, codes)
            protein = LETTERS[codes[:n]].tobytes().decode("ascii")
            frames.append(ReadingFrame(f"{sign}{offset + 1}", strand, offset, protein))
    return frames
