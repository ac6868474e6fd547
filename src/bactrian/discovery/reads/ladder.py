"""Takes each pair to the best rung that its qualities allow, and writes what is used as a key of nucleotides.

Rungs, best first: the merged molecule; both mates whole; the longest good starts of both mates. The
expected errors of what is used stay within the limit; bases under certain primer positions count none. A
key is one letter, the forward part, a bar and the reverse part on the forward strand; equal keys are one
molecule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from bactrian.discovery.reads.errors import AGREE, DIFFER, ERROR, OTHER_BASE, SAME_BASE
from bactrian.discovery.reads.merge import find_length, write_consensus
from bactrian.discovery.reads.primers import BITS, COMPLEMENT, encode_primer, find_primer, place_primers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.reads.fastq import ReadChunk
    from bactrian.discovery.reads.primers import PrimerPair
    from bactrian.discovery.reads.settings import ReadSettings

# ruff: noqa: PLR0917  (kernels take their arrays by position)

# First letter of a key: merged; both mates whole; starts of both mates, the reverse one cut or whole; a
# single read, whole or its start.
MERGED, WHOLE, CUT, CUT_FORWARD, READ, READ_CUT = (ord(letter) for letter in "MWCFRr")
BAR = ord("|")


@njit(cache=True, nogil=True)
def copy_mate(seq, qual, start, n, error, out, errors):  # type: ignore[no-untyped-def]
    """Copy a mate's bases and their error probabilities."""
    for i in range(n):
        out[i] = seq[start + i]
        errors[i] = 0.75 if out[i] == 78 else error[qual[start + i]]


@njit(cache=True, nogil=True)
def cover_start(out, errors, n, fixed):  # type: ignore[no-untyped-def]
    """Replace the bases under certain positions of the primer that starts a mate; they carry no error."""
    for i in range(min(fixed.size, n)):
        if fixed[i]:
            out[i], errors[i] = fixed[i], 0.0


@njit(cache=True, nogil=True)
def cover_end(out, errors, n, fixed, complement):  # type: ignore[no-untyped-def]
    """Replace the bases under certain positions of the other primer where a mate ends with it."""
    for i in range(min(fixed.size, n)):
        if fixed[i]:
            out[n - 1 - i], errors[n - 1 - i] = complement[fixed[i]], 0.0


@njit(cache=True, nogil=True)
def far_length(seq, start, n, own, far_bits, table):  # type: ignore[no-untyped-def]
    """Give a single read's length up to the end of the other primer, or `n` when it does not read that far.

    Only an exact match counts: framework 3 ends like framework 1 (YYCAA, SCAAS), so a primer in framework 1
    stands there once more with one or two mismatches. Mates that read through are known by their overlap.
    """
    if far_bits.size == 0 or n < own + far_bits.size:
        return n, False
    place, _ = find_primer(seq, start + own, start + n, far_bits, n, 0, table)
    if place < 0:
        return n, False
    return own + place + far_bits.size, True


@njit(cache=True, nogil=True)
def good_start(errors, n, max_ee):  # type: ignore[no-untyped-def]
    """Give the length of the longest start whose expected errors stay within `max_ee`, and all its errors."""
    total = 0.0
    good = n
    for i in range(n):
        total += errors[i]
        if total > max_ee and good == n:
            good = i
    return good, total


@njit(cache=True, nogil=True)
def write_parts(keys, at, letter, out1, n1, out2, n2, complement):  # type: ignore[no-untyped-def]
    """Write a key of two parts; give where it ends."""
    keys[at] = letter
    at += 1
    for i in range(n1):
        keys[at + i] = out1[i]
    at += n1
    keys[at] = 124
    at += 1
    for i in range(n2):
        keys[at + i] = complement[out2[n2 - 1 - i]]
    return at + n2


@njit(cache=True, nogil=True)
def climb(  # type: ignore[no-untyped-def]
    seq1, off1, qual1, seq2, off2, qual2, exchange, start1, start2, found,
    fixed_f, fixed_r, far_f, far_r, min_overlap, max_ee, longest,
    error, agree, differ, same, other, complement, table, keys, key_off,
):  # fmt: skip
    """Write the key of every pair with both primers; the key of any other pair is empty."""
    out1, out2, both = (
        np.empty(longest, np.uint8),
        np.empty(longest, np.uint8),
        np.empty(2 * longest, np.uint8),
    )
    err1, err2, err = np.empty(longest), np.empty(longest), np.empty(2 * longest)
    at = 0
    key_off[0] = 0
    for i in range(off1.size - 1):
        if found[i] < 2:
            key_off[i + 1] = at
            continue
        a, qa, a0, a1, b, qb, b0, b1 = seq1, qual1, off1[i], off1[i + 1], seq2, qual2, off2[i], off2[i + 1]
        if exchange[i]:
            a, qa, a0, a1, b, qb, b0, b1 = b, qb, b0, b1, a, qa, a0, a1
        a0 += min(start1[i], a1 - a0)
        b0 += min(start2[i], b1 - b0)
        n1, n2 = a1 - a0, b1 - b0
        length = find_length(a, qa, a0, n1, b, qb, b0, n2, min_overlap, same, other, complement)
        if length > 0:
            write_consensus(a, qa, a0, n1, b, qb, b0, n2, length, error, agree, differ, complement, both, err)
            cover_start(both, err, length, fixed_f)
            cover_end(both, err, length, fixed_r, complement)
            if good_start(err, length, max_ee)[0] == length:
                at = write_parts(keys, at, 77, both, length, both, 0, complement)
                key_off[i + 1] = at
                continue
            ends1, ends2 = length <= n1, length <= n2
            n1, n2 = min(n1, length), min(n2, length)
        else:
            ends1, ends2 = False, False
            if n2 == 0:
                n1, ends1 = far_length(a, a0, n1, fixed_f.size, far_r, table)
            if n1 == 0:
                n2, ends2 = far_length(b, b0, n2, fixed_r.size, far_f, table)
        copy_mate(a, qa, a0, n1, error, out1, err1)
        copy_mate(b, qb, b0, n2, error, out2, err2)
        cover_start(out1, err1, n1, fixed_f)
        cover_start(out2, err2, n2, fixed_r)
        if ends1:
            cover_end(out1, err1, n1, fixed_r, complement)
        if ends2:
            cover_end(out2, err2, n2, fixed_f, complement)
        good1, total1 = good_start(err1, n1, max_ee)
        good2, total2 = good_start(err2, n2, max_ee)
        if n1 == 0 or n2 == 0:
            letter = 82 if good1 == n1 and good2 == n2 else 114
        elif total1 + total2 <= max_ee:
            letter = 87
        else:
            letter = 70 if good2 == n2 else 67
        if letter != 87:
            n1, n2 = good1, good2
        at = write_parts(keys, at, letter, out1, n1, out2, n2, complement)
        key_off[i + 1] = at


@njit(cache=True, nogil=True)
def take_mate2(  # type: ignore[no-untyped-def]
    seq1, off1, qual1, seq2, off2, qual2, exchange, start2, fixed_r, max_ee, longest,
    error, complement, keys, key_off,
):  # fmt: skip
    """Write the reverse mate alone, on the forward strand, where the whole mate stays within `max_ee`."""
    out, errors = np.empty(longest, np.uint8), np.empty(longest)
    at = 0
    key_off[0] = 0
    for i in range(off1.size - 1):
        b, qb, b0, b1 = seq2, qual2, off2[i], off2[i + 1]
        if exchange[i]:
            b, qb, b0, b1 = seq1, qual1, off1[i], off1[i + 1]
        key_off[i + 1] = at
        whole = 0.0
        for j in range(b0, b1):
            whole += error[qb[j]]
        if whole > max_ee or b1 == b0:
            continue
        b0 += min(start2[i], b1 - b0)
        n = b1 - b0
        copy_mate(b, qb, b0, n, error, out, errors)
        cover_start(out, errors, n, fixed_r)
        for j in range(n):
            keys[at + j] = complement[out[n - 1 - j]]
        at += n
        key_off[i + 1] = at


class Ladder:
    """The kernels of the ladder with their tables, for one primer pair and one set of settings.

    Args:
        primers: The primers, or None when mates are taken from their first base.
        settings: What the user chose.
    """

    def __init__(self, primers: PrimerPair | None, settings: ReadSettings) -> None:
        self._forward = encode_primer(primers.forward if primers else "")
        self._reverse = encode_primer(primers.reverse if primers else "")
        self._settings = settings

    def place(self, chunk: ReadChunk) -> tuple[NDArray[np.generic], ...]:
        """Give per pair: mates exchanged?, molecule start in each mate, primers found."""
        seq2, off2, _ = second_mates(chunk)
        placed: tuple[NDArray[np.generic], ...] = place_primers(
            chunk.seq1, chunk.off1, seq2, off2, self._forward.bits, self._reverse.bits,
            self._settings.primer_window, self._settings.primer_mismatches, BITS,
        )  # fmt: skip
        return placed

    def climb(
        self, chunk: ReadChunk, placed: tuple[NDArray[np.generic], ...]
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Give the keys of a chunk's pairs and where each starts; without both primers the key is empty."""
        seq2, off2, qual2 = second_mates(chunk)
        keys, key_off = (
            np.empty(len(chunk.seq1) + len(seq2) + 2 * chunk.n, np.uint8),
            np.empty(chunk.n + 1, np.int64),
        )
        climb(
            chunk.seq1, chunk.off1, chunk.qual1, seq2, off2, qual2, *placed,
            self._forward.fixed, self._reverse.fixed, self._forward.far_bits, self._reverse.far_bits,
            self._settings.min_overlap, self._settings.max_ee, longest_read(chunk),
            ERROR, AGREE, DIFFER, SAME_BASE, OTHER_BASE, COMPLEMENT, BITS, keys, key_off,
        )  # fmt: skip
        return keys, key_off

    def take_mate2(
        self, chunk: ReadChunk, placed: tuple[NDArray[np.generic], ...], *, as_sequenced: bool = False
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Give the reverse mates alone, on the forward strand; empty where a mate has too many errors.

        `as_sequenced` leaves the bases under the primer as they were read.
        """
        seq2, off2, qual2 = second_mates(chunk)
        keys, key_off = np.empty(len(chunk.seq1) + len(seq2), np.uint8), np.empty(chunk.n + 1, np.int64)
        exchange, _, start2, _ = placed
        take_mate2(
            chunk.seq1, chunk.off1, chunk.qual1, seq2, off2, qual2, exchange, start2,
            self._reverse.fixed[:0] if as_sequenced else self._reverse.fixed,
            self._settings.max_ee, longest_read(chunk), ERROR, COMPLEMENT, keys, key_off,
        )  # fmt: skip
        return keys, key_off


def second_mates(chunk: ReadChunk) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8]]:
    """Give the second mates of a chunk; single reads get empty ones."""
    if chunk.seq2 is None or chunk.off2 is None or chunk.qual2 is None:
        return np.empty(0, np.uint8), np.zeros(chunk.n + 1, np.int64), np.empty(0, np.uint8)
    return chunk.seq2, chunk.off2, chunk.qual2


def longest_read(chunk: ReadChunk) -> int:
    """Give the length of the longest mate of a chunk."""
    lengths = [np.diff(off) for off in (chunk.off1, second_mates(chunk)[1])]
    return max(1, *(int(length.max(initial=0)) for length in lengths))
