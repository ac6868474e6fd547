"""Primers: how they are written, where they sit in the mates, and how to see them when nobody names them.

A primer pair frames the molecule: the forward primer starts one mate, the reverse primer the other, in
either order. What stands before a primer is cut; bases under its unambiguous positions carry no biology.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from bactrian.core.errors import InputError, Where

# ruff: noqa: PLR0917  (kernels take their arrays by position)

if TYPE_CHECKING:
    from numpy.typing import NDArray

IUPAC: dict[str, str] = {
    "A": "A", "C": "C", "G": "G", "T": "T", "U": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT",
    "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
BASE_BITS: dict[str, int] = {"A": 1, "C": 2, "G": 4, "T": 8}
# Eight certain positions are hit by chance, with two mismatches, in one window of 40 out of six; a real
# primer of 14 or more in one out of 8,000. Below eight the search would find primers anywhere.
SHORTEST_PRIMER = 8


def _bits(letter: str) -> int:
    return sum(BASE_BITS[base] for base in IUPAC[letter])


def _bit_table() -> NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    for base, bit in BASE_BITS.items():
        table[ord(base)] = bit
    return table


BITS = _bit_table()
_PARTNERS = str.maketrans("ACGTN", "TGCAN")
COMPLEMENT = np.zeros(256, np.uint8)
for _base, _partner in zip(b"ACGTN", b"TGCAN", strict=True):
    COMPLEMENT[_base] = _partner


@dataclass(frozen=True, slots=True)
class PrimerPair:
    """The two primers that frame a molecule, as they are ordered (5' to 3').

    Args:
        forward: Annealing part of the forward primer, IUPAC capitals.
        reverse: Annealing part of the reverse primer, on the reverse strand.

    Raises:
        InputError: If a primer holds other letters or fewer than eight certain bases.
    """

    forward: str
    reverse: str

    def __post_init__(self) -> None:
        for name, primer in (("forward", self.forward), ("reverse", self.reverse)):
            check_primer(primer, name)

    def exchanged(self) -> PrimerPair:
        """Give the pair with forward and reverse exchanged."""
        return PrimerPair(self.reverse, self.forward)

    def __str__(self) -> str:
        return f"{self.forward},{self.reverse}"


def check_primer(primer: str, name: str, where: Where | None = None) -> None:
    """Refuse a primer that cannot be searched for.

    Args:
        primer: Annealing part.
        name: `forward` or `reverse`, for the message.
        where: The place it came from.

    Raises:
        InputError: If it holds other letters than IUPAC capitals or fewer than eight certain bases.
    """
    strange = next((letter for letter in primer if letter not in IUPAC), None)
    if strange is not None:
        msg = (
            f"the {name} primer '{primer}' holds '{strange}', which is no IUPAC letter. Write bases A, C, "
            "G, T or the codes R Y S W K M B D H V N, the annealing part in capitals."
        )
        raise InputError(msg, where)
    certain = sum(len(IUPAC[letter]) == 1 for letter in primer)
    if certain < SHORTEST_PRIMER:
        msg = (
            f"the {name} primer '{primer}' has {certain} certain bases. Expected at least "
            f"{SHORTEST_PRIMER} of A, C, G, T in its annealing part, written in capitals; lower case marks "
            "a tail that does not anneal."
        )
        raise InputError(msg, where)


def parse_primer(text: str, name: str, where: Where | None = None) -> str:
    """Read one primer; a lower-case tail before the capitals is dropped.

    A primer without any capital has no tail marked: all of it anneals.

    Args:
        text: Primer as ordered, 5' to 3'.
        name: `forward` or `reverse`, for the message.
        where: The place it came from.

    Returns:
        The annealing part in capitals, U as T.

    Raises:
        InputError: If it is no primer.

    Examples:
        >>> parse_primer("tcgtcggcagTCCTGTGCAGCCTC", "forward")
        'TCCTGTGCAGCCTC'
    """
    primer = "".join(text.split())
    annealing = primer.upper() if primer.islower() else primer.lstrip("abcdefghijklmnopqrstuvwxyz")
    if any(letter.islower() for letter in annealing):
        msg = (
            f"the {name} primer '{primer}' has lower-case letters after its capitals. Lower case marks a "
            "tail that does not anneal and stands before the annealing part; write the rest in capitals."
        )
        raise InputError(msg, where)
    check_primer(annealing, name, where)
    return annealing.replace("U", "T")


def parse_primers(text: str, where: Where | None = None) -> PrimerPair:
    """Read `FWD,REV`.

    Args:
        text: Forward and reverse primer, each 5' to 3', parted by a comma.
        where: The place it came from.

    Returns:
        The pair.

    Raises:
        InputError: If there are not two primers or one is none.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(parts):
        msg = (
            f"'{text}' does not name two primers. Write the forward and the reverse primer, each 5' to 3', "
            "with one comma between them, for instance TCCTGTGCAGCCTC,ACCTGGGTCCCCTG."
        )
        raise InputError(msg, where)
    return PrimerPair(parse_primer(parts[0], "forward", where), parse_primer(parts[1], "reverse", where))


@dataclass(frozen=True, slots=True)
class PrimerCode:
    """One primer as the kernels read it.

    Args:
        bits: Allowed bases per position (A 1, C 2, G 4, T 8).
        fixed: The base (ASCII) where only one is allowed, else 0.
        far_bits: `bits` of the reverse complement, as the primer looks at the end of the other mate.
    """

    bits: NDArray[np.uint8]
    fixed: NDArray[np.uint8]
    far_bits: NDArray[np.uint8]


def encode_primer(primer: str) -> PrimerCode:
    """Give the kernels' form of a primer; the empty string stands for no primer."""
    bits = np.array([_bits(letter) for letter in primer], np.uint8)
    fixed = np.array(
        [ord(letter) if len(IUPAC[letter]) == 1 else 0 for letter in primer.replace("U", "T")], np.uint8
    )
    swapped = ((bits & 1) << 3) | ((bits & 2) << 1) | ((bits & 4) >> 1) | ((bits & 8) >> 3)
    return PrimerCode(bits, fixed, np.ascontiguousarray(swapped[::-1]).astype(np.uint8))


def reverse_complement(nt: str) -> str:
    """Give the other strand.

    Examples:
        >>> reverse_complement("AACGN")
        'NCGTT'
    """
    return nt.translate(_PARTNERS)[::-1]


@njit(cache=True, nogil=True)
def find_primer(seq, start, end, bits, last_start, most, table):  # type: ignore[no-untyped-def]
    """Find a primer in seq[start:end] starting at most `last_start` behind `start`.

    Gives (offset from start, mismatches) of the best place, the first one among equals, or (-1, most + 1).
    """
    best, place = most + 1, -1
    stop = min(end - start - bits.size, last_start)
    for offset in range(stop + 1):
        wrong = 0
        for i in range(bits.size):
            if table[seq[start + offset + i]] & bits[i] == 0:
                wrong += 1
                if wrong >= best:
                    break
        if wrong < best:
            best, place = wrong, offset
            if wrong == 0:
                break
    return place, best


@njit(cache=True, nogil=True)
def place_primers(  # type: ignore[no-untyped-def]
    seq1, off1, seq2, off2, forward, reverse, window, most, table
):
    """Find both primers in every pair.

    Gives per pair whether the mates must be exchanged, where the molecule starts in the forward and in the
    reverse mate, and how many of the two primers are there. A single read (an empty second mate) counts
    as complete with the primer at its start.
    """
    n = off1.size - 1
    exchange = np.zeros(n, np.bool_)
    start1 = np.zeros(n, np.int64)
    start2 = np.zeros(n, np.int64)
    found = np.zeros(n, np.int8)
    for i in range(n):
        a0, a1, b0, b1 = off1[i], off1[i + 1], off2[i], off2[i + 1]
        single = b1 == b0
        if forward.size == 0:
            found[i] = 2
            continue
        f, _ = find_primer(seq1, a0, a1, forward, window, most, table)
        r, _ = find_primer(seq2, b0, b1, reverse, window, most, table)
        here = (f >= 0) + (r >= 0)
        if here < 2 and not (single and f >= 0):
            swapped_f, _ = find_primer(seq2, b0, b1, forward, window, most, table)
            swapped_r, _ = find_primer(seq1, a0, a1, reverse, window, most, table)
            there = (swapped_f >= 0) + (swapped_r >= 0)
            if there > here:
                exchange[i] = True
                f, r, here = swapped_f, swapped_r, there
        start1[i], start2[i] = max(f, 0), max(r, 0)
        found[i] = 2 if single and here == 1 else here
    return exchange, start1, start2, found
