"""Which reading frame of a nucleotide sequence holds a VHH, and whether the frame changes on the way."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from bactrian.discovery.vhh.align import COLUMNS, N_PROFILE, STARTS, align_one
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
        in_loop = 27 <= column <= 38 or 56 <= column <= 65 or 105 <= column <= 117
        if not in_loop and insertion[i] == 0:
            columns += 1
    return start, end, first, last, columns


@njit(cache=True, nogil=True)
def find_segment(codes, start, end, residue, first, last):  # type: ignore[no-untyped-def]
    """Give the best score of a gapless framework segment.

    Args:
        codes: Residue codes of a frame.
        start: First residue to look at.
        end: Residue after the last.
        residue: Framework scores, profile columns × residue codes.
        first: First profile column allowed.
        last: Profile column after the last allowed.
    """
    best = 0
    for block in range(4):
        low, high = max(first, STARTS[block]), min(last, STARTS[block + 1])
        for shift in range(low - end + 1, high - start):
            running = 0
            for k in range(max(low, start + shift), min(high, end + shift)):
                running = max(0, running + residue[k, codes[k - shift]])
                best = max(best, running)
    return best


@njit(cache=True, nogil=True)
def _is_covered(n, start, end, first, last):  # type: ignore[no-untyped-def]
    """Say whether nothing of a VHH can be left beside the aligned part."""
    head = start < MIN_UNCOVERED or first <= MIN_UNCOVERED
    tail = n - end < MIN_UNCOVERED or last > N_COLUMNS - MIN_UNCOVERED
    return head and tail


@njit(cache=True, nogil=True)
def _changes_frame(codes, sizes, frame, start, end, first, last, residue):  # type: ignore[no-untyped-def]
    """Say whether the columns missing before or after the aligned part stand in another frame."""
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
            segment = find_segment(codes[other], 0, min(start, n), residue, 0, first_k)
            if segment >= MIN_SEGMENT:
                return True
        if sizes[frame] - end >= MIN_UNCOVERED and last <= N_COLUMNS - MIN_UNCOVERED:
            segment = find_segment(codes[other], min(end, n), n, residue, last_k, N_PROFILE)
            if segment >= MIN_SEGMENT:
                return True
    return False


@njit(cache=True, nogil=True)
def annotate_bases(  # type: ignore[no-untyped-def]
    bases, offsets, codon_table, residue, loop_residue, loop_length, work, longest,
    status, frame, score, span, loops, letters, aligned, positions, insertions,
):  # fmt: skip
    """Annotate packed nucleotide sequences; every array from `status` on receives a result.

    Args:
        bases: Base codes of all sequences (uint8).
        offsets: Start of each sequence, and the end of the last (n + 1).
        codon_table: Residue code of each codon.
        residue: Framework scores.
        loop_residue: CDR scores by IMGT column.
        loop_length: CDR length scores.
        work: Workspace of the alignment.
        longest: Residues of the longest translation.
        status: Index into `STATUSES` (n).
        frame: Frame that was read (n).
        score: Score of the alignment (n).
        span: First and last IMGT column read and residue insertions in frameworks (n × 3).
        loops: Start and end of each CDR in residues of the frame, -1 unread (n × 3 × 2).
        letters: Residues of the frame that was read, from a third of the sequence's offset on.
        aligned: The residues at the 128 IMGT columns (n × 128).
        positions: IMGT columns of those residues, as `letters`.
        insertions: Insertion ordinals of those residues, as `letters`.
    """
    codes = np.zeros((3, longest), np.uint8)
    position = np.zeros((3, longest), np.int16)
    insertion = np.zeros((3, longest), np.int8)
    loop = np.zeros((3, 3, 2), np.int32)
    blocks = np.zeros(4, np.int32)
    sizes = np.zeros(3, np.int64)
    stops = np.zeros(3, np.int64)
    scores = np.zeros(3, np.int64)
    for row in range(len(offsets) - 1):
        sequence = bases[offsets[row] : offsets[row + 1]]
        for f in range(3):
            sizes[f], stops[f] = translate_frame(sequence, f, codon_table, codes[f])
            scores[f] = -1
        # The right frame mostly has the fewest stops; when its alignment covers the sequence, the
        # other two need none.
        best = -1
        for _ in range(3):
            f = -1
            for candidate in range(3):
                if scores[candidate] == -1 and (f == -1 or stops[candidate] < stops[f]):
                    f = candidate
            n = sizes[f]
            found = align_one(
                codes[f, :n], residue, loop_residue, loop_length, work,
                position[f, :n], insertion[f, :n], loop[f], blocks,
            )  # fmt: skip
            scores[f] = max(found, 0)
            if best == -1 or scores[f] > scores[best]:
                best = f
            start, end, first, last, columns = measure_domain(position[f, :n], insertion[f, :n])
            if judge_score(scores[f], columns) and _is_covered(n, start, end, first, last):
                best = f
                break
        n = sizes[best]
        start, end, first, last, columns = measure_domain(position[best, :n], insertion[best, :n])
        score[row] = scores[best]
        frame[row] = best
        aligned[row] = _UNREAD
        loops[row] = -1
        span[row] = 0
        origin = offsets[row] // 3 + row
        for i in range(n):
            letters[origin + i] = LETTERS[codes[best, i]]
        if not judge_score(scores[best], columns):
            status[row] = NOT_VHH
            continue
        loops[row] = loop[best]
        span[row, 0], span[row, 1] = first, last
        stopped = False
        aligned[row, first - 1 : last] = _GAP
        for i in range(start, end):
            stopped |= codes[best, i] == STOP
            column, ordinal = position[best, i], insertion[best, i]
            positions[origin + i], insertions[origin + i] = column, ordinal
            if column > 0 and ordinal == 0:
                aligned[row, column - 1] = letters[origin + i]
            elif ordinal > 0 and not (27 <= column <= 38 or 56 <= column <= 65 or 105 <= column <= 117):
                span[row, 2] += 1
        if not _is_covered(n, start, end, first, last) and _changes_frame(
            codes, sizes, best, start, end, first, last, residue
        ):
            status[row] = FRAMESHIFT
        elif stopped:
            status[row] = STOPPED
        elif loops[row, 2, 0] < 0:
            status[row] = TRUNCATED
        else:
            status[row] = PRODUCTIVE
