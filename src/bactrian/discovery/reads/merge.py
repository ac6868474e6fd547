"""Merges mates that overlap: finds the length of the molecule, and the consensus that both qualities support.

A molecule of length L is read by the forward mate from its start and by the reverse mate from its end, so
base i of one meets base L - 1 - i of the other; every L is tried. L smaller than a mate is a read-through:
what lies behind the molecule is adapter and is cut.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from bactrian.discovery.reads.errors import AGREE, DIFFER, ERROR, OTHER_BASE, SAME_BASE
from bactrian.discovery.reads.primers import COMPLEMENT

# ruff: noqa: PLR0917  (kernels take their arrays by position)

# The odds that the best length must have against all other lengths and against no overlap together.
ODDS = 1000.0
# A running score this low (nats) after any prefix is given up: a true overlap gets there once in e^15.
HOPELESS = -15.0
UNKNOWN = 78  # N


@njit(cache=True, nogil=True)
def score_length(  # type: ignore[no-untyped-def]
    seq1, qual1, a0, n1, seq2, qual2, b0, n2, length, same, other, complement
):
    """Give the log odds of one molecule length from the bases both mates read (-1e9: hopeless)."""
    first = max(0, length - n2)
    last = min(n1, length)
    score = 0.0
    for i in range(first, last):
        x = seq1[a0 + i]
        y = complement[seq2[b0 + length - 1 - i]]
        if UNKNOWN in (x, y):
            continue
        q1 = min(qual1[a0 + i], 63)
        q2 = min(qual2[b0 + length - 1 - i], 63)
        if x == y:
            score += same[q1, q2]
        else:
            score += other[q1, q2]
            if score < HOPELESS:
                return -1e9
    return score


@njit(cache=True, nogil=True)
def find_length(  # type: ignore[no-untyped-def]
    seq1, qual1, a0, n1, seq2, qual2, b0, n2, min_overlap, same, other, complement
):
    """Give the molecule's length, or 0 when no overlap is certain.

    Lengths compete: the best one's odds against every other length, and against mates that do not overlap
    (taken as likely as all lengths together), must pass `ODDS`. Low-complexity tails fit many lengths
    and fail by that alone.
    """
    longest = n1 + n2 - min_overlap
    if n1 < min_overlap or n2 < min_overlap or longest < min_overlap:
        return 0
    best = 0.0
    length = 0
    rivals = 0.0  # sum of the odds of the other lengths, relative to exp(best)
    for trial in range(min_overlap, longest + 1):
        score = score_length(seq1, qual1, a0, n1, seq2, qual2, b0, n2, trial, same, other, complement)
        if score <= 0.0:
            continue
        if score > best:
            rivals = (rivals + (1.0 if length else 0.0)) * math.exp(best - score)
            best, length = score, trial
        else:
            rivals += math.exp(score - best)
    if length == 0:
        return 0
    chance = rivals + (longest - min_overlap + 1) * math.exp(-best)
    return length if chance * ODDS <= 1.0 else 0


@njit(cache=True, nogil=True)
def write_consensus(  # type: ignore[no-untyped-def]
    seq1, qual1, a0, n1, seq2, qual2, b0, n2, length, error, agree, differ, complement, out, errors
):
    """Write a molecule's bases and their error probabilities into `out` and `errors`.

    Where both mates read, the better call wins (the forward one among equals) with its posterior error;
    N counts as unread.
    """
    for i in range(length):
        in1, in2 = i < n1, length - 1 - i < n2
        x = seq1[a0 + i] if in1 else UNKNOWN
        y = complement[seq2[b0 + length - 1 - i]] if in2 else UNKNOWN
        q1 = qual1[a0 + i] if in1 else 0
        q2 = qual2[b0 + length - 1 - i] if in2 else 0
        if x == UNKNOWN and y == UNKNOWN:
            out[i], errors[i] = UNKNOWN, 0.75
        elif y == UNKNOWN:
            out[i], errors[i] = x, error[q1]
        elif x == UNKNOWN:
            out[i], errors[i] = y, error[q2]
        elif x == y:
            out[i], errors[i] = x, agree[min(q1, 63), min(q2, 63)]
        else:
            out[i] = x if q1 >= q2 else y
            errors[i] = differ[min(q1, 63), min(q2, 63)]


def merge_pair(
    first: str,
    second: str,
    *,
    qual1: int | list[int] = 37,
    qual2: int | list[int] = 37,
    min_overlap: int = 10,
) -> tuple[str, float] | None:
    """Merge one pair of mates; the pipeline runs the same kernels on chunks.

    Args:
        first: Forward mate.
        second: Reverse mate, as sequenced.
        qual1: Phred scores of `first`, one for all or one per base.
        qual2: Phred scores of `second`.
        min_overlap: Fewest bases both must read.

    Returns:
        The molecule and its expected errors, or None when no overlap is certain.

    Examples:
        >>> merge_pair("ACGTTGCATGCCATTAG", "CTAATGGCATGCAACG")[0]
        'ACGTTGCATGCCATTAG'
    """
    seq1, seq2 = np.frombuffer(first.encode(), np.uint8), np.frombuffer(second.encode(), np.uint8)
    scores1 = np.broadcast_to(np.asarray(qual1, np.uint8), seq1.shape).copy()
    scores2 = np.broadcast_to(np.asarray(qual2, np.uint8), seq2.shape).copy()
    mates = (seq1, scores1, 0, len(seq1), seq2, scores2, 0, len(seq2))
    length = find_length(*mates, min_overlap, SAME_BASE, OTHER_BASE, COMPLEMENT)
    if length == 0:
        return None
    out, errors = np.empty(length, np.uint8), np.empty(length)
    write_consensus(*mates, length, ERROR, AGREE, DIFFER, COMPLEMENT, out, errors)
    return out.tobytes().decode(), float(errors.sum())
