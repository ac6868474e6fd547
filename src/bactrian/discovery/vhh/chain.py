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
    EMPTY_COLUMN_BONUS,
    END_COST,
    IMPOSSIBLE,
    INSERTION_COST,
    INSERTION_EXTEND,
    INSERTION_OPEN,
    LOOP_LIMIT,
    MIN_BLOCK,
    START_COST,
    STARTS,
    finish_labels,
    score_loop,
)
from bactrian.discovery.vhh.profile import RESIDUES

DECLINED: Final = IMPOSSIBLE
NOWHERE: Final = IMPOSSIBLE

_CYSTEINE: Final = RESIDUES.index("C")
_TRYPTOPHAN: Final = RESIDUES.index("W")
_GLYCINE: Final = RESIDUES.index("G")
# Profile columns of the anchors C23, W41, C104 and G119.
_C23: Final = 21
_W41: Final = 27
_C104: Final = 79
_G119: Final = 81
ANCHORS: Final = np.array([_C23, _W41, _C104, _G119], dtype=np.int64)

# A framework is taken from this share of its best possible score, and only if no second place for it
# scores MIN_BLOCK: shortcuts are for the plain case.
MIN_SHARE: Final = 0.4
# Gaps up to this long are tried; a framework that loses more than MAX_LOSS may hide a longer one.
MAX_SHIFT: Final = 4
MAX_LOSS: Final = 400
# A framework at an end of the chain that scores less is compared with every other place for it.
SURE_BLOCK: Final = 200
# Says that the alignment may start or end in a framework, where it has no loop to gain from.
OPEN: Final = -IMPOSSIBLE
LEAST_INSERTION: Final = INSERTION_OPEN + INSERTION_EXTEND - EMPTY_COLUMN_BONUS


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
        shifts[2], score = _place_end(codes, tables, 2, STARTS[2] + shifts[1])
        if shifts[2] == NOWHERE or score < MIN_BLOCK:
            return -1, -1
        last = 2
    if first in (-1, last):
        return -1, -1
    # A framework of which the sequence holds little must be better placed than anywhere else.
    if first_score[first] < SURE_BLOCK:
        end = STARTS[first + 1] + shifts[first + 1]
        if end < 0 or end > n or _place_start(codes, tables, first, end) != shifts[first]:
            return -1, -1
    if first_score[last] < SURE_BLOCK:
        start = STARTS[last] + shifts[last - 1]
        if start < 0 or start > n or _place_end(codes, tables, last, start)[0] != shifts[last]:
            return -1, -1
    return first, last


@njit(cache=True, nogil=True)
def _place_end(codes, tables, block, start):  # type: ignore[no-untyped-def]
    """Place the last framework of a chain, which the end of the sequence may cut, by its best loop.

    Args:
        codes: Residue codes.
        tables: Score tables.
        block: The framework; the one before it is placed.
        start: First residue of the loop between the two.

    Returns:
        Its place (profile column k on residue k + shift), or `NOWHERE` if two places are equally good,
        and the score of its residues there.
    """
    n = len(codes)
    place, best, framework = NOWHERE, IMPOSSIBLE, 0
    for length in range(min(LOOP_LIMIT[block - 1], n - start) + 1):
        shift = start + length - STARTS[block]
        running, top, score = 0, IMPOSSIBLE, 0
        for k in range(STARTS[block], min(STARTS[block + 1], n - shift)):
            running += tables.residue[k, codes[k + shift]]
            if running - END_COST[k] > top:
                top, score = running - END_COST[k], running
        value = top + score_loop(codes, tables, block - 1, start, start + length)
        if value == best:
            place = NOWHERE
        elif value > best:
            place, best, framework = shift, value, score
    return place, framework


@njit(cache=True, nogil=True)
def _place_start(codes, tables, block, end):  # type: ignore[no-untyped-def]
    """Place the first framework of a chain, which the start of the sequence may cut, by its best loop.

    Args:
        codes: Residue codes.
        tables: Score tables.
        block: The framework; the one after it is placed.
        end: Residue after the loop between the two.

    Returns:
        Its place, or `NOWHERE` if two places are equally good.
    """
    place, best = NOWHERE, IMPOSSIBLE
    for length in range(min(LOOP_LIMIT[block], end) + 1):
        shift = end - length - STARTS[block + 1]
        running, top = 0, IMPOSSIBLE
        for k in range(STARTS[block + 1] - 1, max(STARTS[block], -shift) - 1, -1):
            running += tables.residue[k, codes[k + shift]]
            top = max(top, running - START_COST[k])
        value = top + score_loop(codes, tables, block, end - length, end)
        if value == best:
            place = NOWHERE
        elif value > best:
            place, best = shift, value
    return place


@njit(cache=True, nogil=True)
def loop_change(codes, tables, loop, span, new_start, new_end):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Give what a loop's score changes by when its ends move; impossible if it cannot."""
    length = new_end - new_start
    if length < 0 or length > LOOP_LIMIT[loop] or new_start < 0 or new_end > len(codes):
        return IMPOSSIBLE
    old = score_loop(codes, tables, loop, span[0], span[1])
    return score_loop(codes, tables, loop, new_start, new_end) - old


@njit(cache=True, nogil=True)
def head_pays(codes, tables, block, shift, step, before, kept):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Say whether a gap may pay behind which a framework stays and before which it moves.

    Args:
        codes: Residue codes.
        tables: Score tables.
        block: Framework.
        shift: Its place: profile column k on residue k + shift.
        step: Residues by which the head moves on: more than 0 deletes columns, less inserts residues.
        before: What the loop before gains from the move, or `OPEN` if the alignment starts here.
        kept: Best score in place through each column of the framework.
    """
    low, high = STARTS[block], STARTS[block + 1]
    size = max(step, 0)
    extend = DELETION_OPEN + DELETION_EXTEND * step if step > 0 else -INSERTION_EXTEND * step
    is_open = before == OPEN
    value = IMPOSSIBLE if is_open else before
    for k in range(max(low, -shift - step), min(high - 1, len(codes) - shift) - size):
        if is_open:
            value = max(value, -START_COST[k])
        value += tables.residue[k, codes[k + shift + step]]
        if step > 0 or INSERTION_COST[k] > 0:
            cost = extend if step > 0 else extend + INSERTION_COST[k]
            if value - cost >= kept[k + size - low]:
                return True
    return False


@njit(cache=True, nogil=True)
def _tail_pays(codes, tables, block, shift, step, after, kept):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Say whether a gap may pay before which a framework stays and behind which it moves back.

    Args:
        codes: Residue codes.
        tables: Score tables.
        block: Framework.
        shift: Its place.
        step: Residues by which the tail moves back: more than 0 deletes columns, less inserts residues.
        after: What the loop after gains from the move, or `OPEN` if the alignment ends here.
        kept: Best score in place from each column of the framework on.
    """
    low, high, n = STARTS[block], STARTS[block + 1], len(codes)
    size = max(step, 0)
    extend = DELETION_OPEN + DELETION_EXTEND * step if step > 0 else -INSERTION_EXTEND * step
    is_open = after == OPEN
    value = IMPOSSIBLE if is_open else after
    for k in range(min(high, n - shift + step) - 1, max(low, -shift) + size, -1):
        if is_open:
            value = max(value, -END_COST[k])
        value += tables.residue[k, codes[k + shift - step]]
        if step > 0 or INSERTION_COST[k - 1] > 0:
            cost = extend if step > 0 else extend + INSERTION_COST[k - 1]
            if value - cost >= kept[k - size - low]:
                return True
    return False


@njit(cache=True, nogil=True)
def _gap_may_pay(codes, tables, shifts, first, last):  # type: ignore[no-untyped-def]
    """Say whether a gap in any framework of the chain may pay."""
    n = len(codes)
    heads, tails = np.empty(40, np.int64), np.empty(40, np.int64)
    for block in range(first, last + 1):
        shift = shifts[block]
        start, end = STARTS[block], STARTS[block + 1]
        low, high = max(start, -shift), min(end, n - shift)
        value = 0
        for k in range(low, high):
            if block == first:
                value = max(value, -START_COST[k]) if k > low else -START_COST[k]
            value += tables.residue[k, codes[k + shift]]
            heads[k - start] = value
        value = 0
        for k in range(high - 1, low - 1, -1):
            if block == last:
                value = max(value, -END_COST[k]) if k < high - 1 else -END_COST[k]
            value += tables.residue[k, codes[k + shift]]
            tails[k - start] = value
        loss = tables.ceiling[high] - tables.ceiling[low]
        for k in range(low, high):
            loss -= tables.residue[k, codes[k + shift]]
        if loss > MAX_LOSS:
            return True
        whole = low == start and high == end
        for step in range(-MAX_SHIFT, MAX_SHIFT + 1):
            if step == 0:
                continue
            cost = DELETION_OPEN + DELETION_EXTEND * step if step > 0 else LEAST_INSERTION
            before, after = OPEN, OPEN
            if block > first:
                span = (start + shifts[block - 1], start + shift)
                before = loop_change(codes, tables, block - 1, span, span[0], span[1] + step)
            if block < last:
                span = (end + shift, end + shifts[block + 1])
                after = loop_change(codes, tables, block, span, span[0] - step, span[1])
            # No gap can win back more than the framework has lost (and its loop gains).
            if (not whole or loss + (0 if before == OPEN else before) >= cost) and head_pays(
                codes, tables, block, shift, step, before, heads
            ):
                return True
            if (not whole or loss + (0 if after == OPEN else after) >= cost) and _tail_pays(
                codes, tables, block, shift, step, after, tails
            ):
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
