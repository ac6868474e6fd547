"""Nucleotides to residue codes, in any of three frames."""

from __future__ import annotations

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
_BASES: Final = "TCAG"
_ANY_BASE: Final = 4


def _make_base_codes() -> npt.NDArray[np.uint8]:
    codes = np.full(256, _ANY_BASE, dtype=np.uint8)
    for code, base in enumerate(_BASES):
        codes[ord(base)] = codes[ord(base.lower())] = code
    codes[ord("U")] = codes[ord("u")] = 0
    return codes


BASE_CODES: Final = _make_base_codes()


def make_codon_table(*, amber: bool = False) -> npt.NDArray[np.uint8]:
    """Make the table 5 × 5 × 5 of residue codes; a codon with an unknown base is an unknown residue.

    Args:
        amber: Read TAG as Q, as in an amber-suppressing host such as TG1.
    """
    table = np.full((5, 5, 5), UNKNOWN, dtype=np.uint8)
    for index, residue in enumerate(STANDARD_CODE):
        first, rest = divmod(index, 16)
        table[first, rest // 4, rest % 4] = STOP if residue == "*" else RESIDUES.index(residue)
    if amber:
        first, second, third = (_BASES.index(base) for base in AMBER)
        table[first, second, third] = RESIDUES.index("Q")
    return table


@njit(cache=True, nogil=True)
def translate_frame(bases, frame, codon_table, codes):  # type: ignore[no-untyped-def]
    """Translate one frame into `codes`.

    Args:
        bases: Base codes (n, uint8).
        frame: 0, 1 or 2: the first base read.
        codon_table: Residue code of each codon (5 × 5 × 5).
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
