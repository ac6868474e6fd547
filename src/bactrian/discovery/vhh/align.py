"""Gapped alignment of one sequence to the VHH profile: the reference that every shortcut must equal.

A dynamic programme over the 91 framework columns with affine gaps. A CDR is a jump from the last
column of one framework to the first column of the next, scored by its length and by its residues
in their IMGT columns. A sequence may start and end in any framework column at a small cost, so
leaders, tags, truncated domains and single mates need no special case.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from bactrian.discovery.vhh.labels import LOOP_COLUMNS, LOOP_INSERTIONS, LOOPS, MAX_LOOP
from bactrian.discovery.vhh.scores import BLOCK_COLUMNS, BLOCK_STARTS

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]

IMPOSSIBLE: Final = -1_000_000

# Costs in units of the scores (ten times natural log odds), taken over from an earlier prototype;
# docs/explanations/numbering.md says what they were chosen on and how they are judged.
DELETION_OPEN: Final = 80
DELETION_EXTEND: Final = 3
INSERTION_OPEN: Final = 130
INSERTION_EXTEND: Final = 5
EMPTY_COLUMN_BONUS: Final = 10  # an insertion at IMGT 10 or 73 fills a column that IMGT provides
INSERTION_MARGIN: Final = 3  # framework columns beside a CDR where no insertion is allowed
# Nor can these columns be deleted: a changed residue beside a CDR (T66, W118S) would else move into it.
DELETION_MARGIN: Final = INSERTION_MARGIN
MISSING_COLUMN: Final = 6  # each framework column missing at an end of the domain ...
MISSING_CAP: Final = 60  # ... up to this much
# Residues left over beside the outermost aligned column take the next columns when they are no more
# than this many, or when no more columns than this are left: K for Q at IMGT 1, A for S at IMGT 128.
MAX_OVERHANG: Final = 3
# A framework at an end of the alignment counts as read from this score: W118 and G119, or four
# typical residues of FR1.
MIN_BLOCK: Final = 60

N_PROFILE: Final = BLOCK_STARTS[-1]
STARTS: Final = np.array(BLOCK_STARTS, dtype=np.int64)
COLUMNS: Final = np.array([column for block in BLOCK_COLUMNS for column in block], dtype=np.int16)
LOOP_LIMIT: Final = np.array(MAX_LOOP, dtype=np.int64)
# Residues at the left and right end of a loop that are scored in their columns: all columns of CDR1
# and CDR2, the three outer ones of CDR3, whose middle has no typical residues.
LOOP_LEFT: Final = np.array([6, 5, 3], dtype=np.int64)
LOOP_RIGHT: Final = np.array([6, 5, 3], dtype=np.int64)
LOOP_FIRST: Final = np.array([first for first, _ in LOOPS], dtype=np.int64)
LOOP_LAST: Final = np.array([last for _, last in LOOPS], dtype=np.int64)
START_COST: Final = np.minimum(MISSING_CAP, MISSING_COLUMN * np.arange(N_PROFILE)).astype(np.int32)
END_COST: Final = START_COST[::-1].copy()


def _insertion_costs() -> Int32:
    """Give the cost of opening an insertion after each profile column; 0 where it is forbidden."""
    costs = np.zeros(N_PROFILE, dtype=np.int32)
    for block, columns in enumerate(BLOCK_COLUMNS):
        first = 0 if block == 0 else INSERTION_MARGIN - 1
        last = len(columns) - 2 if block == len(BLOCK_COLUMNS) - 1 else len(columns) - INSERTION_MARGIN - 1
        for k in range(first, last + 1):
            bonus = EMPTY_COLUMN_BONUS if columns[k + 1] != columns[k] + 1 else 0
            costs[BLOCK_STARTS[block] + k] = INSERTION_OPEN - bonus
    return costs


INSERTION_COST: Final = _insertion_costs()


class Labels(NamedTuple):
    """What an alignment says of one sequence of n residues.

    Args:
        position: IMGT column of each residue (n), 0 outside the domain.
        insertion: Insertion ordinal of each residue (n): 0 none, 1 = A, ….
        loops: Start and end of each CDR (3 × 2), -1 where it is not completely read.
        blocks: Score of each framework (4), 0 where it is not read.
    """

    position: Int16
    insertion: Int8
    loops: Int32
    blocks: Int32


class Workspace(NamedTuple):
    """Arrays one alignment writes into; `make_workspace` sizes them for the longest sequence."""

    match: Int32
    delete: Int32
    insert: Int32
    entry: Int32
    left: Int32
    right: Int32


def make_workspace(length: int) -> Workspace:
    """Make the arrays for sequences of up to `length` residues."""
    size = length + 1
    matrix = [np.full((N_PROFILE, size), IMPOSSIBLE, dtype=np.int32) for _ in range(3)]
    lines = [np.full((n, size), IMPOSSIBLE, dtype=np.int32) for n in (4, 7, 7)]
    return Workspace(*matrix, *lines)


@njit(cache=True, nogil=True)
def _enter_block(codes, tables, work, block):  # type: ignore[no-untyped-def]
    """Fill `entry[block]`: the best score with the loop before `block` ending after i residues."""
    n, loop = len(codes), block - 1
    loop_residue, loop_length = tables.loop_residue, tables.loop_length
    entry = work.entry[block]
    leave = work.match[STARTS[block] - 1]
    left, right = work.left, work.right
    for i in range(n + 1):
        entry[i] = IMPOSSIBLE
        left[0, i] = 0
        right[0, i] = 0
    for h in range(1, LOOP_LEFT[loop] + 1):
        row = loop_residue[LOOP_FIRST[loop] + h - 1]
        for i in range(n - h + 1):
            left[h, i] = left[h - 1, i] + row[codes[i + h - 1]]
    for h in range(1, LOOP_RIGHT[loop] + 1):
        row = loop_residue[LOOP_LAST[loop] - h + 1]
        for i in range(h, n + 1):
            right[h, i] = right[h - 1, i] + row[codes[i - h]]
    for length in range(min(LOOP_LIMIT[loop], n) + 1):
        from_left = left[min((length + 1) // 2, LOOP_LEFT[loop])]
        from_right = right[min(length // 2, LOOP_RIGHT[loop])]
        score = loop_length[loop, length]
        for i in range(n + 1 - length):
            value = leave[i] + from_left[i] + from_right[i + length] + score
            entry[i + length] = max(entry[i + length], value)


@njit(cache=True, nogil=True)
def _fill(codes, tables, work):  # type: ignore[no-untyped-def]
    """Fill the matrices; give the best score, its profile column and the residues before its end."""
    n, residue = len(codes), tables.residue
    best, best_column, best_i = IMPOSSIBLE, 0, 0
    for block in range(4):
        if block > 0:
            _enter_block(codes, tables, work, block)
        first, last = STARTS[block], STARTS[block + 1] - 1
        for k in range(first, last + 1):
            match, delete, insert = work.match[k], work.delete[k], work.insert[k]
            score = residue[k]
            start = -START_COST[k]
            match[0] = IMPOSSIBLE
            if k == first:
                if block == 0:
                    for i in range(1, n + 1):
                        match[i] = start + score[codes[i - 1]]
                else:
                    entry = work.entry[block]
                    for i in range(1, n + 1):
                        match[i] = max(entry[i - 1], start) + score[codes[i - 1]]
                delete[: n + 1] = IMPOSSIBLE
            else:
                match_before, delete_before = work.match[k - 1], work.delete[k - 1]
                if INSERTION_COST[k - 1] > 0:
                    insert_before = work.insert[k - 1]
                    for i in range(1, n + 1):
                        value = max(match_before[i - 1], delete_before[i - 1], insert_before[i - 1])
                        match[i] = max(value, start) + score[codes[i - 1]]
                else:
                    for i in range(1, n + 1):
                        value = max(match_before[i - 1], delete_before[i - 1])
                        match[i] = max(value, start) + score[codes[i - 1]]
                beside = (block > 0 and k - first < DELETION_MARGIN) or (
                    block < 3 and last - k < DELETION_MARGIN
                )
                if beside or k == last:
                    delete[: n + 1] = IMPOSSIBLE
                else:
                    for i in range(n + 1):
                        opened = match_before[i] - (DELETION_OPEN + DELETION_EXTEND)
                        delete[i] = max(opened, delete_before[i] - DELETION_EXTEND)
            if INSERTION_COST[k] > 0:
                cost = INSERTION_COST[k] + INSERTION_EXTEND
                running = IMPOSSIBLE
                insert[0] = IMPOSSIBLE
                for i in range(1, n + 1):
                    running = max(running - INSERTION_EXTEND, match[i - 1] - cost)
                    insert[i] = running
            top = IMPOSSIBLE
            for i in range(1, n + 1):
                top = max(top, match[i])
            if top - END_COST[k] > best:
                best, best_column = top - END_COST[k], k
    match = work.match[best_column]
    for i in range(1, n + 1):
        if match[i] - END_COST[best_column] == best:
            best_i = i
            break
    return best, best_column, best_i


@njit(cache=True, nogil=True)
def score_loop(codes, tables, loop, start, end):  # type: ignore[no-untyped-def]
    """Score a loop by its length and by its residues in their IMGT columns."""
    length = end - start
    score = tables.loop_length[loop, length]
    for h in range(min((length + 1) // 2, LOOP_LEFT[loop])):
        score += tables.loop_residue[LOOP_FIRST[loop] + h, codes[start + h]]
    for h in range(min(length // 2, LOOP_RIGHT[loop])):
        score += tables.loop_residue[LOOP_LAST[loop] - h, codes[end - 1 - h]]
    return score


@njit(cache=True, nogil=True)
def _jump_length(codes, tables, work, loop, i):  # type: ignore[no-untyped-def]
    """Give the length of the loop that explains `entry` after i residues (the shortest of equals)."""
    wanted = work.entry[loop + 1, i]
    leave = work.match[STARTS[loop + 1] - 1]
    for length in range(min(LOOP_LIMIT[loop], i) + 1):
        if leave[i - length] + score_loop(codes, tables, loop, i - length, i) == wanted:
            return length
    return 0


@njit(cache=True, nogil=True)
def label_loop(loop, labels):  # type: ignore[no-untyped-def]
    """Write the IMGT labels of a loop."""
    position, insertion = labels.position, labels.insertion
    start = labels.loops[loop, 0]
    length = labels.loops[loop, 1] - start
    for k in range(length):
        position[start + k] = LOOP_COLUMNS[loop, length, k]
        insertion[start + k] = LOOP_INSERTIONS[loop, length, k]


@njit(cache=True, nogil=True)
def align_one(codes, tables, work, labels):  # type: ignore[no-untyped-def]
    """Align one sequence and write its IMGT labels.

    Args:
        codes: Residue codes (n, uint8).
        tables: Score tables.
        work: Workspace for at least n residues.
        labels: Receives the result.

    Returns:
        The score of the alignment.
    """
    n, residue = len(codes), tables.residue
    position, insertion, loops, blocks = labels.position, labels.insertion, labels.loops, labels.blocks
    position[:] = 0
    insertion[:] = 0
    loops[:] = -1
    blocks[:] = 0
    if n == 0:
        return 0
    score, k, i = _fill(codes, tables, work)
    block = 3
    while k < STARTS[block]:
        block -= 1
    last_block = block
    loop_score = np.zeros(3, np.int64)
    match, delete, insert = work.match, work.delete, work.insert
    state = 0
    while True:
        first = STARTS[block]
        if state == 0:
            gained = residue[k, codes[i - 1]]
            before = match[k, i] - gained
            blocks[block] += gained
            i -= 1
            position[i] = COLUMNS[k]
            if k == first:
                if block == 0 or work.entry[block, i] != before:
                    break
            elif match[k - 1, i] == before:
                k -= 1
                continue
            elif delete[k - 1, i] == before:
                k -= 1
                state = 1
                continue
            elif INSERTION_COST[k - 1] > 0 and insert[k - 1, i] == before:
                k -= 1
                state = 2
                continue
            else:
                break
        elif state == 1:
            blocks[block] -= DELETION_EXTEND
            k -= 1
            if delete[k, i] - DELETION_EXTEND != delete[k + 1, i]:
                blocks[block] -= DELETION_OPEN
                state = 0
            continue
        else:
            i -= 1
            position[i] = COLUMNS[k]
            insertion[i] = 1
            blocks[block] -= INSERTION_EXTEND
            if match[k, i] - INSERTION_COST[k] - INSERTION_EXTEND == insert[k, i + 1]:
                blocks[block] -= INSERTION_COST[k]
                state = 0
            continue
        # The first column of a framework was reached over a loop.
        block -= 1
        length = _jump_length(codes, tables, work, block, i)
        loops[block, 0] = i - length
        loops[block, 1] = i
        k = STARTS[block + 1] - 1
        loop_score[block] = work.entry[block + 1, i] - match[k, i - length]
        i -= length
    return finish_labels(block, last_block, score, loop_score, labels)


@njit(cache=True, nogil=True)
def _label_overhang(position, first_block, last_block):  # type: ignore[no-untyped-def]
    """Label the few residues left over beside the outermost aligned columns."""
    n, i = len(position), 0
    while i < n and position[i] == 0:
        i += 1
    if i == n:
        return
    k = STARTS[first_block]
    while COLUMNS[k] != position[i]:
        k += 1
    overhang = min(i, k - STARTS[first_block])
    if overhang <= MAX_OVERHANG:
        for h in range(1, overhang + 1):
            position[i - h] = COLUMNS[k - h]
    i = n - 1
    while position[i] == 0:
        i -= 1
    k = STARTS[last_block + 1] - 1
    while COLUMNS[k] != position[i]:
        k -= 1
    overhang = min(n - 1 - i, STARTS[last_block + 1] - 1 - k)
    if overhang <= MAX_OVERHANG:
        for h in range(1, overhang + 1):
            position[i + h] = COLUMNS[k + h]


@njit(cache=True, nogil=True)
def finish_labels(first_block, last_block, score, loop_score, labels):  # type: ignore[no-untyped-def]
    """Drop weak outer frameworks, number insertions, label loops; give the score of what is left."""
    position, insertion, loops, blocks = labels.position, labels.insertion, labels.loops, labels.blocks
    n = len(position)
    while last_block > first_block and blocks[last_block] < MIN_BLOCK:
        score -= blocks[last_block] + loop_score[last_block - 1]
        position[loops[last_block - 1, 0] :] = 0
        insertion[loops[last_block - 1, 0] :] = 0
        loops[last_block - 1] = -1
        blocks[last_block] = 0
        last_block -= 1
    while first_block < last_block and blocks[first_block] < MIN_BLOCK:
        score -= blocks[first_block] + loop_score[first_block]
        position[: loops[first_block, 1]] = 0
        insertion[: loops[first_block, 1]] = 0
        loops[first_block] = -1
        blocks[first_block] = 0
        first_block += 1
    _label_overhang(position, first_block, last_block)
    ordinal = 0
    for i in range(n):
        if insertion[i] == 0:
            ordinal = 0
            continue
        ordinal += 1
        if position[i] == 9 or position[i] == 72:
            position[i] += 1
            insertion[i] = ordinal - 1
        else:
            insertion[i] = ordinal
    for loop in range(3):
        if loops[loop, 0] >= 0:
            label_loop(loop, labels)
    return score
