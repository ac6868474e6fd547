"""Gapless chain of frameworks found by their anchors: most VHHs need no more.

Frameworks are placed where an anchor allows (C23, W41, C104, G119-x-G121), scored without gaps and
chained over the loops. The chain is accepted only if no shifted part of a framework could pay for
a gap; otherwise, and whenever anything is unusual, it declines and the alignment decides.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from bactrian.discovery.vhh.align import (
    COLUMNS,
    DELETION_EXTEND,
    DELETION_OPEN,
    END_COST,
    IMPOSSIBLE,
    INSERTION_COST,
    INSERTION_EXTEND,
    LOOP_LIMIT,
    MIN_BLOCK,
    START_COST,
    STARTS,
    finish_labels,
    score_loop,
)
from bactrian.discovery.vhh.profile import RESIDUES

DECLINED: Final = IMPOSSIBLE

_CYSTEINE: Final = RESIDUES.index("C")
_TRYPTOPHAN: Final = RESIDUES.index("W")
_GLYCINE: Final = RESIDUES.index("G")
# Profile columns of the anchors C23, W41, C104 and G119.
_C23: Final = 21
_W41: Final = 27
_C104: Final = 79
_G119: Final = 81

# A framework is taken from this share of its best possible score, and only if no second place for it
# scores MIN_BLOCK: shortcuts are for the plain case.
MIN_SHARE: Final = 0.4
# Gaps up to this long are tried; a framework that loses more than MAX_LOSS may hide a longer one.
MAX_SHIFT: Final = 4
MAX_LOSS: Final = 400


@njit(cache=True, nogil=True)
def _place_block(codes, tables, block, shift):  # type: ignore[no-untyped-def]
    """Score a framework without gaps, profile column k on residue k + shift, as far as both exist."""
    low, high = max(STARTS[block], -shift), min(STARTS[block + 1], len(codes) - shift)
    if high - low < 3:
        return IMPOSSIBLE
    score = 0
    for k in range(low, high):
        score += tables.residue[k, codes[k + shift]]
    if score < MIN_SHARE * (tables.ceiling[high] - tables.ceiling[low]):
        return IMPOSSIBLE
    return score


@njit(cache=True, nogil=True)
def _find_blocks(codes, tables, shifts):  # type: ignore[no-untyped-def]
    """Place frameworks by their anchors; give the first and last block, or -1 to decline."""
    n = len(codes)
    first_score, second_score = np.full(4, IMPOSSIBLE), np.full(4, IMPOSSIBLE)
    for i in range(n):
        code = codes[i]
        if code == _CYSTEINE:
            tries = ((0, _C23), (2, _C104))
        elif code == _TRYPTOPHAN:
            tries = ((1, _W41), (1, _W41))
        elif code == _GLYCINE and i + 2 < n and codes[i + 2] == _GLYCINE:
            tries = ((3, _G119), (3, _G119))
        else:
            continue
        for t in range(2):
            block, anchor = tries[t]
            if t == 1 and block == tries[0][0]:
                continue
            score = _place_block(codes, tables, block, i - anchor)
            if score > first_score[block]:
                second_score[block] = first_score[block]
                first_score[block] = score
                shifts[block] = i - anchor
            elif score > second_score[block]:
                second_score[block] = score
    first, last = -1, -1
    for block in range(4):
        if second_score[block] >= MIN_BLOCK:
            return -1, -1
        if first_score[block] < MIN_BLOCK:
            continue
        if first == -1:
            first = block
        elif last != block - 1:
            return -1, -1
        last = block
    if first >= 0 and last == 1:
        if not _place_open_end(codes, tables, shifts):
            return -1, -1
        last = 2
    if first == -1 or first == last:
        return -1, -1
    return first, last


@njit(cache=True, nogil=True)
def _place_open_end(codes, tables, shifts):  # type: ignore[no-untyped-def]
    """Place a FR3 that the end of the sequence cuts before C104, by the best CDR2; say if it is clear."""
    n = len(codes)
    start = STARTS[2] + shifts[1]
    best, ties = IMPOSSIBLE, 0
    for length in range(min(LOOP_LIMIT[1], n - start) + 1):
        shift = start + length - STARTS[2]
        running, top = 0, IMPOSSIBLE
        for k in range(STARTS[2], min(STARTS[3], n - shift)):
            running += tables.residue[k, codes[k + shift]]
            top = max(top, running)
        value = top + score_loop(codes, tables, 1, start, start + length)
        if top < MIN_BLOCK or value < best:
            continue
        ties = ties + 1 if value == best else 1
        best = value
        shifts[2] = shift
    return ties == 1


@njit(cache=True, nogil=True)
def _shift_pays(codes, tables, block, shift, step, before, after, is_first, is_last):  # type: ignore[no-untyped-def]
    """Say whether a gap that moves the head or the tail of a framework by `step` residues may pay.

    Args:
        codes: Residue codes.
        tables: Score tables.
        block: Framework.
        shift: Its place: profile column k on residue k + shift.
        step: Residues that a moved head lies further on (and a moved tail further back): more than 0
            for a deletion of framework columns, less for an insertion.
        before: What the loop before gains from the move of the head.
        after: What the loop after gains from the move of the tail.
        is_first: Whether the alignment may start in this framework.
        is_last: Whether it may end in this framework.
    """
    n = len(codes)
    low, high = STARTS[block], STARTS[block + 1]
    size = max(step, 0)
    extend = DELETION_EXTEND * step if step > 0 else -INSERTION_EXTEND * step
    # Heads: `kept[k]` and `moved` are the best scores through column k in place and moved.
    kept = np.empty(high - low, np.int64)
    value = IMPOSSIBLE if is_first else 0
    for k in range(low, high):
        if is_first:
            value = max(value, -START_COST[k])
        i = k + shift
        value = value + tables.residue[k, codes[i]] if 0 <= i < n else IMPOSSIBLE
        kept[k - low] = value
    value = IMPOSSIBLE if is_first else before
    for k in range(low, high - 1 - size):
        if is_first:
            value = max(value, -START_COST[k])
        i = k + shift + step
        value = value + tables.residue[k, codes[i]] if 0 <= i < n else IMPOSSIBLE
        cost = DELETION_OPEN if step > 0 else INSERTION_COST[k]
        if cost > 0 and value - cost - extend >= kept[k + size - low] and value > IMPOSSIBLE // 2:
            return True
    # Tails: the same from the end.
    value = IMPOSSIBLE if is_last else 0
    for k in range(high - 1, low - 1, -1):
        if is_last:
            value = max(value, -END_COST[k])
        i = k + shift
        value = value + tables.residue[k, codes[i]] if 0 <= i < n else IMPOSSIBLE
        kept[k - low] = value
    value = IMPOSSIBLE if is_last else after
    for k in range(high - 1, low + size, -1):
        if is_last:
            value = max(value, -END_COST[k])
        i = k + shift - step
        value = value + tables.residue[k, codes[i]] if 0 <= i < n else IMPOSSIBLE
        cost = DELETION_OPEN if step > 0 else INSERTION_COST[k - 1]
        if cost > 0 and value - cost - extend >= kept[k - size - low] and value > IMPOSSIBLE // 2:
            return True
    return False


@njit(cache=True, nogil=True)
def _loop_change(codes, tables, loop, start, end, new_start, new_end):  # type: ignore[no-untyped-def]
    """Give what a loop's score changes by when its ends move; impossible if it cannot."""
    length = new_end - new_start
    if length < 0 or length > LOOP_LIMIT[loop] or new_start < 0 or new_end > len(codes):
        return IMPOSSIBLE
    old = score_loop(codes, tables, loop, start, end)
    return score_loop(codes, tables, loop, new_start, new_end) - old


@njit(cache=True, nogil=True)
def _gap_may_pay(codes, tables, shifts, first, last):  # type: ignore[no-untyped-def]
    """Say whether a gap in any framework of the chain may pay."""
    for block in range(first, last + 1):
        shift = shifts[block]
        low, high = max(STARTS[block], -shift), min(STARTS[block + 1], len(codes) - shift)
        loss = tables.ceiling[high] - tables.ceiling[low]
        for k in range(low, high):
            loss -= tables.residue[k, codes[k + shift]]
        if loss > MAX_LOSS:
            return True
        whole = low == STARTS[block] and high == STARTS[block + 1]
        for step in range(-MAX_SHIFT, MAX_SHIFT + 1):
            if step == 0:
                continue
            before, after = 0, 0
            if block > first:
                start, end = STARTS[block] + shifts[block - 1], STARTS[block] + shift
                before = _loop_change(codes, tables, block - 1, start, end, start, end + step)
            if block < last:
                start, end = STARTS[block + 1] + shift, STARTS[block + 1] + shifts[block + 1]
                after = _loop_change(codes, tables, block, start, end, start - step, end)
            cheapest = DELETION_OPEN if step > 0 else np.int64(120)
            inner = whole and first < block < last
            if inner and loss + max(before, after) < cheapest:
                continue
            if _shift_pays(codes, tables, block, shift, step, before, after, block == first, block == last):
                return True
    return False


@njit(cache=True, nogil=True)
def chain_one(codes, tables, labels):  # type: ignore[no-untyped-def]
    """Number one sequence by a gapless chain, or decline.

    Args:
        codes: Residue codes (n, uint8).
        tables: Score tables.
        labels: Receives the result, as in `align_one`; untouched if declined.

    Returns:
        The score of the alignment, or `DECLINED`.
    """
    n = len(codes)
    shifts = np.zeros(4, np.int64)
    first, last = _find_blocks(codes, tables, shifts)
    if first < 0:
        return DECLINED
    for block in range(first, last + 1):
        # Only the outermost frameworks may be cut, by an end of the sequence.
        if block > first and STARTS[block] + shifts[block] < 0:
            return DECLINED
        if block < last and STARTS[block + 1] + shifts[block] > n:
            return DECLINED
        if block > first:
            length = shifts[block] - shifts[block - 1]
            if length < 0 or length > LOOP_LIMIT[block - 1]:
                return DECLINED
    value, best = IMPOSSIBLE, IMPOSSIBLE
    start_k, best_start, best_end = -1, -1, -1
    loop_score = np.zeros(3, np.int64)
    for block in range(first, last + 1):
        shift = shifts[block]
        if block > first:
            start, end = STARTS[block] + shifts[block - 1], STARTS[block] + shift
            loop_score[block - 1] = score_loop(codes, tables, block - 1, start, end)
            value += loop_score[block - 1]
        for k in range(max(STARTS[block], -shift), min(STARTS[block + 1], n - shift)):
            if value < -START_COST[k]:
                value, start_k = -START_COST[k], k
            value += tables.residue[k, codes[k + shift]]
            if value - END_COST[k] > best:
                best, best_start, best_end = value - END_COST[k], start_k, k
    if best_start >= STARTS[first + 1] or best_end < STARTS[last]:
        return DECLINED
    # Residues beyond a framework at which the chain begins or ends may hold the next framework.
    if first > 0 and STARTS[first] + shifts[first] > 0:
        return DECLINED
    if last < 3 and STARTS[last + 1] + shifts[last] < n:
        return DECLINED
    if _gap_may_pay(codes, tables, shifts, first, last):
        return DECLINED
    labels.position[:] = 0
    labels.insertion[:] = 0
    labels.loops[:] = -1
    labels.blocks[:] = 0
    for block in range(first, last + 1):
        shift = shifts[block]
        for k in range(max(STARTS[block], best_start), min(STARTS[block + 1], best_end + 1)):
            labels.position[k + shift] = COLUMNS[k]
            labels.blocks[block] += tables.residue[k, codes[k + shift]]
        if block > first:
            labels.loops[block - 1, 0] = STARTS[block] + shifts[block - 1]
            labels.loops[block - 1, 1] = STARTS[block] + shift
    return finish_labels(first, last, best, loop_score, labels)
