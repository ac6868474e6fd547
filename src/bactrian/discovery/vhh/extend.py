"""Frameworks before the aligned part that fit too little to be found, but are there all the same.

The profile is one of VHHs. FR1 or FR2 of another V gene (human VH2 and VH4, mouse VH1) may score below
what an end of the alignment must. Where the residues are present, stand at the distance of a loop from
the framework that was found, and carry its anchor, that framework is read without gaps.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from bactrian.discovery.vhh.align import COLUMNS, IMPOSSIBLE, LOOP_LIMIT, STARTS, label_loop, score_loop
from bactrian.discovery.vhh.chain import ANCHORS, MAX_SHIFT, head_pays, loop_change
from bactrian.discovery.vhh.labels import LAST_START
from bactrian.discovery.vhh.profile import RESIDUES

# Standard deviations by which residues must fit better than random ones. A new framework may take any of
# some 20 places that carry its anchor, and FR2 has 17 columns: at 4.5 one in 3,000 random heads is read as
# FR2 (of 20,000 random sequences before an FR3), none as FR1. The rest of a framework that is found in part
# has one place: 3 (normal tail 1e-3).
NEW_BLOCK: Final = 4.5
SAME_BLOCK: Final = 3.0

_ANCHOR_RESIDUES: Final = np.array([RESIDUES.index(residue) for residue in "CWC"], dtype=np.uint8)
_LAST_START: Final = int(np.flatnonzero(COLUMNS == LAST_START)[0])


@njit(cache=True, nogil=True)
def _fits(codes, tables, low, high, shift, deviations):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Say whether profile columns low to high fit clearly better than random residues, without a gap."""
    score = 0
    for k in range(low, high):
        score += tables.residue[k, codes[k + shift]]
    mean = tables.chance_mean[high] - tables.chance_mean[low]
    variance = tables.chance_variance[high] - tables.chance_variance[low]
    return score >= mean + deviations * np.sqrt(variance)


@njit(cache=True, nogil=True)
def _gap_pays(codes, tables, block, shift, loop_start):  # type: ignore[no-untyped-def]
    """Say whether a gap in a framework would pay: then its place is not certain.

    Args:
        codes: Residue codes.
        tables: Score tables.
        block: Framework.
        shift: Its place: profile column k on residue k + shift.
        loop_start: First residue of the loop before it, -1 if that is not read.
    """
    start, end = STARTS[block], STARTS[block + 1]
    kept = np.zeros(end - start, np.int64)
    value = 0
    for k in range(max(start, -shift), end):
        value += tables.residue[k, codes[k + shift]]
        kept[k - start] = value
    span = (loop_start, start + shift)
    for step in range(-MAX_SHIFT, MAX_SHIFT + 1):
        if step == 0:
            continue
        before = 0
        if loop_start >= 0:
            before = loop_change(codes, tables, block - 1, span, span[0], span[1] + step)
        if head_pays(codes, tables, block, shift, step, before, kept):
            return True
    return False


@njit(cache=True, nogil=True)
def _is_whole(block, shift):  # type: ignore[no-untyped-def]
    """Say whether the sequence holds a framework from its first column on; FR1 from IMGT 9."""
    return shift >= -(_LAST_START if block == 0 else STARTS[block])


@njit(cache=True, nogil=True)
def _place_before(codes, tables, block, end):  # type: ignore[no-untyped-def]
    """Place a framework with its anchor before a loop that ends at `end`; say whether it fits there."""
    place, best = 0, IMPOSSIBLE
    for length in range(min(LOOP_LIMIT[block], end) + 1):
        shift = end - length - STARTS[block + 1]
        if not _is_whole(block, shift):
            break
        if codes[ANCHORS[block] + shift] != _ANCHOR_RESIDUES[block]:
            continue
        value = score_loop(codes, tables, block, end - length, end)
        for k in range(max(STARTS[block], -shift), STARTS[block + 1]):
            value += tables.residue[k, codes[k + shift]]
        if value > best:
            place, best = shift, value
    if best == IMPOSSIBLE:
        return place, False
    low, high = max(STARTS[block], -place), STARTS[block + 1]
    return place, _fits(codes, tables, low, high, place, NEW_BLOCK)


@njit(cache=True, nogil=True)
def _read_block(codes, tables, block, shift, labels):  # type: ignore[no-untyped-def]
    """Write the labels of a framework and its score, without gaps."""
    score = 0
    for k in range(max(STARTS[block], -shift), STARTS[block + 1]):
        labels.position[k + shift] = COLUMNS[k]
        labels.insertion[k + shift] = 0
        score += tables.residue[k, codes[k + shift]]
    labels.blocks[block] = score


@njit(cache=True, nogil=True)
def extend_head(codes, tables, labels):  # type: ignore[no-untyped-def]
    """Read the frameworks before the aligned part as far as they are there.

    Args:
        codes: Residue codes (n, uint8) of a sequence that holds a VHH or VH.
        tables: Score tables.
        labels: Its alignment; receives what is read.
    """
    n, start = len(codes), 0
    position, loops = labels.position, labels.loops
    while start < n and position[start] == 0:
        start += 1
    if start in (0, n) or position[start] <= LAST_START:
        return
    k = 0
    while k < len(COLUMNS) and COLUMNS[k] != position[start]:
        k += 1
    if k == len(COLUMNS):
        return
    block = 3
    while k < STARTS[block]:
        block -= 1
    shift = start - k
    is_known, after = k == STARTS[block], -1
    if not is_known:
        # The framework was found in part: what stands before that part belongs to it, without a gap.
        for later in range(k, STARTS[block + 1]):
            if later + shift >= n or position[later + shift] != COLUMNS[later]:
                return
        low = max(STARTS[block], -shift)
        if not _is_whole(block, shift) or not _fits(codes, tables, low, k, shift, SAME_BLOCK):
            return
    while True:
        before, loop_start = 0, -1
        if block > 0:
            before, found = _place_before(codes, tables, block - 1, STARTS[block] + shift)
            if found:
                loop_start = STARTS[block] + before
        if not is_known:
            if _gap_pays(codes, tables, block, shift, loop_start):
                return
            _read_block(codes, tables, block, shift, labels)
            if after >= 0:
                loops[block, 0], loops[block, 1] = STARTS[block + 1] + shift, after
                label_loop(block, labels)
        if loop_start < 0:
            return
        after = STARTS[block] + shift
        block, shift, is_known = block - 1, before, False
