"""Which reading frame of a nucleotide sequence holds a VHH, and whether the frame changes on the way."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from bactrian.discovery.vhh.align import COLUMNS, IMPOSSIBLE, MIN_BLOCK, N_PROFILE, STARTS, Labels, align_one
from bactrian.discovery.vhh.chain import DECLINED, chain_one
from bactrian.discovery.vhh.extend import extend_head
from bactrian.discovery.vhh.labels import N_COLUMNS
from bactrian.discovery.vhh.scores import STOP
from bactrian.discovery.vhh.translate import LETTERS, translate_frame

# Status of a sequence, in the order of `STATUSES`.
NOT_VHH: Final = 0
FRAMESHIFT: Final = 1
STOPPED: Final = 2
TRUNCATED: Final = 3
PRODUCTIVE: Final = 4
STATUSES: Final = ("not_vhh", "frameshift", "stop", "truncated", "productive")

# A sequence is a VHH (or VH, or a part of one) from this score in all, and this score per framework
# column: random proteins and light chains stay below (docs/explanations/numbering.md).
MIN_SCORE: Final = 150
MIN_COLUMN_SCORE: Final = 3

# Residues left beside the aligned part that make us look for the rest of it in another frame.
MIN_UNCOVERED: Final = 5
# Score of a gapless framework segment in another frame that proves a frameshift. With λ = 0.1 and
# K ≈ 0.3 (Karlin & Altschul 1990) 30 random residues hold one with a probability below 0.02.
MIN_SEGMENT: Final = 110

_GAP: Final = ord("-")
_UNREAD: Final = ord(".")


@njit(cache=True, nogil=True)
def judge_score(score, columns):  # type: ignore[no-untyped-def]
    """Say whether a score over so many framework columns is that of a VHH."""
    return score >= MIN_SCORE and score >= MIN_COLUMN_SCORE * columns


@njit(cache=True, nogil=True)
def in_loop(column):  # type: ignore[no-untyped-def]
    """Say whether an IMGT column belongs to a CDR."""
    return 27 <= column <= 38 or 56 <= column <= 65 or 105 <= column <= 117


@njit(cache=True, nogil=True)
def measure_domain(position, insertion):  # type: ignore[no-untyped-def]
    """Give start, end, first column, last column and framework columns read of one sequence."""
    start, end, first, last, columns = 0, 0, 0, 0, 0
    for i in range(len(position)):
        column = position[i]
        if column == 0:
            continue
        if first == 0:
            start, first = i, column
        end, last = i + 1, column
        if not in_loop(column) and insertion[i] == 0:
            columns += 1
    return start, end, first, last, columns


@njit(cache=True, nogil=True)
def find_segment(codes, tables, first, last):  # type: ignore[no-untyped-def]
    """Give the best score of a gapless framework segment.

    Args:
        codes: Residue codes to look at.
        tables: Score tables.
        first: First profile column allowed.
        last: Profile column after the last allowed.
    """
    best, n = 0, len(codes)
    for block in range(4):
        low, high = max(first, STARTS[block]), min(last, STARTS[block + 1])
        for shift in range(low - n + 1, high):
            running = 0
            for k in range(max(low, shift), min(high, n + shift)):
                running = max(0, running + tables.residue[k, codes[k - shift]])
                best = max(best, running)
    return best


@njit(cache=True, nogil=True)
def _is_covered(n, start, end, first, last):  # type: ignore[no-untyped-def]
    """Say whether nothing of a VHH can be left beside the aligned part."""
    head = start < MIN_UNCOVERED or first <= MIN_UNCOVERED
    tail = n - end < MIN_UNCOVERED or last > N_COLUMNS - MIN_UNCOVERED
    return head and tail


@njit(cache=True, nogil=True)
def _changes_frame(codes, sizes, frame, labels, tables):  # type: ignore[no-untyped-def]
    """Say whether the columns missing before or after the aligned part stand in another frame."""
    position, insertion = labels.position[frame, : sizes[frame]], labels.insertion[frame, : sizes[frame]]
    start, end, first, last, _ = measure_domain(position, insertion)
    first_k = 0
    while first_k < N_PROFILE and COLUMNS[first_k] < first:
        first_k += 1
    last_k = first_k
    while last_k < N_PROFILE and COLUMNS[last_k] <= last:
        last_k += 1
    for other in range(3):
        if other == frame:
            continue
        n = sizes[other]
        if start >= MIN_UNCOVERED and first > MIN_UNCOVERED:
            segment = find_segment(codes[other, : min(start, n)], tables, 0, first_k)
            if segment >= MIN_SEGMENT:
                return True
        if sizes[frame] - end >= MIN_UNCOVERED and last <= N_COLUMNS - MIN_UNCOVERED:
            segment = find_segment(codes[other, min(end, n) : n], tables, last_k, N_PROFILE)
            if segment >= MIN_SEGMENT:
                return True
    return False


@njit(cache=True, nogil=True)
def _leaves_frame(bases, first_base, codon_table, tables):  # type: ignore[no-untyped-def]
    """Say whether FR4 is left in another frame than it is entered: one or two bases too few or too many.

    The rest of FR4 is often shorter than `MIN_UNCOVERED`; but its place in the other frame is known, and
    what stands there instead must fit worse.

    Args:
        bases: Base codes of the sequence.
        first_base: Where FR4 begins, right behind CDR3.
        codon_table: Residue code of each codon.
        tables: Score tables.
    """
    n = len(bases)
    for shift in (-2, -1, 1, 2):
        here, there = 0, 0
        for k in range(N_PROFILE - 1, STARTS[3], -1):
            p = first_base + 3 * (k - STARTS[3])
            q = p + shift
            if max(p, q) + 3 > n:
                continue
            here += tables.residue[k, codon_table[bases[p], bases[p + 1], bases[p + 2]]]
            there += tables.residue[k, codon_table[bases[q], bases[q + 1], bases[q + 2]]]
            if there >= MIN_BLOCK and there - here >= MIN_SEGMENT:
                return True
    return False


class FoundReads(NamedTuple):
    """Annotation of n packed nucleotide sequences.

    Args:
        status: Index into `STATUSES` (n).
        frame: Frame that was read (n).
        score: Score of the alignment (n).
        span: First and last IMGT column read, and residues inserted in frameworks (n × 3).
        loops: Start and end of each CDR in residues of the frame, -1 unread (n × 3 × 2).
        aligned: The residues at the 128 IMGT columns (n × 128).
        letters: Residues of the frame that was read; sequence r begins at offsets[r] // 3 + r.
        position: IMGT columns of those residues.
        insertion: Insertion ordinals of those residues.
    """

    status: npt.NDArray[np.uint8]
    frame: npt.NDArray[np.int8]
    score: npt.NDArray[np.float64]
    span: npt.NDArray[np.int16]
    loops: npt.NDArray[np.int32]
    aligned: npt.NDArray[np.uint8]
    letters: npt.NDArray[np.uint8]
    position: npt.NDArray[np.int16]
    insertion: npt.NDArray[np.int8]


@njit(cache=True, nogil=True)
def number_one(codes, tables, work, labels):  # type: ignore[no-untyped-def]
    """Number one sequence: by the gapless chain if that is safe, otherwise by alignment.

    Args:
        codes: Residue codes (n, uint8).
        tables: Score tables.
        work: Workspace for at least n residues.
        labels: Receives the labels.

    Returns:
        The score, and whether it is that of a VHH, a VH or a part of one.
    """
    score = chain_one(codes, tables, labels)
    if score == DECLINED:
        score = align_one(codes, tables, work, labels)
    is_vhh = judge_score(score, measure_domain(labels.position, labels.insertion)[4])
    if is_vhh:
        extend_head(codes, tables, labels)
    return score, is_vhh


@njit(cache=True, nogil=True)
def _choose_frame(codes, sizes, stops, tables, work, labels):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Number the frames as far as needed; give the best one and its score.

    A frame with a safe gapless chain that covers the sequence needs no other. Otherwise the frames
    are aligned, the one with the fewest stops first, until one covers the sequence.
    """
    scores = np.full(3, IMPOSSIBLE)
    best = 0
    for turn in range(2):
        for rank in range(3):
            f = rank if turn == 0 else -1
            if turn == 1:
                for candidate in range(3):
                    if scores[candidate] == IMPOSSIBLE and (f == -1 or stops[candidate] < stops[f]):
                        f = candidate
                if f == -1:
                    break
            n = sizes[f]
            slot = Labels(labels.position[f, :n], labels.insertion[f, :n], labels.loops[f], labels.blocks[f])
            if turn == 0:
                score = chain_one(codes[f, :n], tables, slot)
                if score == DECLINED:
                    continue
            else:
                score = max(align_one(codes[f, :n], tables, work, slot), 0)
            scores[f] = score
            if scores[best] < score:
                best = f
            start, end, first, last, columns = measure_domain(slot.position, slot.insertion)
            if judge_score(score, columns) and _is_covered(n, start, end, first, last):
                return f, score
    return best, scores[best]


@njit(cache=True, nogil=True)
def annotate_bases(bases, offsets, codon_table, tables, work, found):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Annotate packed nucleotide sequences.

    Args:
        bases: Base codes of all sequences (uint8).
        offsets: Start of each sequence, and the end of the last (n + 1).
        codon_table: Residue code of each codon.
        tables: Score tables.
        work: Workspace of the alignment, for the longest translation.
        found: Receives the annotation.
    """
    longest = work.entry.shape[1] - 1
    codes = np.zeros((3, longest), np.uint8)
    labels = Labels(
        np.zeros((3, longest), np.int16),
        np.zeros((3, longest), np.int8),
        np.zeros((3, 3, 2), np.int32),
        np.zeros((3, 4), np.int32),
    )
    sizes = np.zeros(3, np.int64)
    stops = np.zeros(3, np.int64)
    for row in range(len(offsets) - 1):
        sequence = bases[offsets[row] : offsets[row + 1]]
        for f in range(3):
            sizes[f], stops[f] = translate_frame(sequence, f, codon_table, codes[f])
        frame, score = _choose_frame(codes, sizes, stops, tables, work, labels)
        n, origin = sizes[frame], offsets[row] // 3 + row
        position, insertion = labels.position[frame, :n], labels.insertion[frame, :n]
        is_vhh = judge_score(score, measure_domain(position, insertion)[4])
        if is_vhh:
            slot = Labels(position, insertion, labels.loops[frame], labels.blocks[frame])
            extend_head(codes[frame, :n], tables, slot)
        start, end, first, last, _ = measure_domain(position, insertion)
        found.score[row] = max(score, 0)
        found.frame[row] = frame
        found.aligned[row] = _UNREAD
        found.loops[row] = -1
        found.span[row] = 0
        for i in range(n):
            found.letters[origin + i] = LETTERS[codes[frame, i]]
        if not is_vhh:
            found.status[row] = NOT_VHH
            continue
        found.loops[row] = labels.loops[frame]
        found.span[row, 0], found.span[row, 1] = first, last
        found.aligned[row, first - 1 : last] = _GAP
        stopped = False
        for i in range(start, end):
            stopped |= codes[frame, i] == STOP
            column, ordinal = position[i], insertion[i]
            found.position[origin + i], found.insertion[origin + i] = column, ordinal
            if column > 0 and ordinal == 0:
                found.aligned[row, column - 1] = found.letters[origin + i]
            elif ordinal > 0 and not in_loop(column):
                found.span[row, 2] += 1
        shifted = not _is_covered(n, start, end, first, last)
        shifted = shifted and _changes_frame(codes, sizes, frame, labels, tables)
        if not shifted and found.loops[row, 2, 0] >= 0:
            shifted = _leaves_frame(sequence, frame + 3 * found.loops[row, 2, 1], codon_table, tables)
        if shifted:
            found.status[row] = FRAMESHIFT
        elif stopped:
            found.status[row] = STOPPED
        elif found.loops[row, 2, 0] < 0:
            found.status[row] = TRUNCATED
        else:
            found.status[row] = PRODUCTIVE
