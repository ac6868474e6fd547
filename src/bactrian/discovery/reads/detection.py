"""Finds the primers of a sample in its reads: the start of each mate that is the same in all molecules.

A primer is written into every molecule, so its columns agree to more than 99 % among good bases; the
germline behind it agrees to 90-97 %. Reads may start with a spacer of 0-8 bases, and mates may be swapped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bactrian.discovery.reads.primers import COMPLEMENT, IUPAC, PrimerPair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.reads.fastq import ReadChunk

    Mate = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8]]

READS_USED = 20_000
FEWEST_READS = 50
SPACER = 8
SEED = 10
# One primer column holds its base in more than 99 % of good calls, the germline column after it in 90-97 %
# (both by general knowledge of primer synthesis and of VHH framework 1 and 4); the cut lies between.
PRIMER_SHARE = 0.98
MIXED_BASE = 0.10
# Behind a primer the framework of a synthetic library may be as constant as the primer; 20 bases from FR1
# or FR4 do not reach far into a CDR.
LONGEST = 20
SHORTEST = 12
FEWEST_CERTAIN = 10
GROUP_SHARE = 0.5
GOOD_QUALITY = 20
# Reads are weighed by what follows at 45-69 bases, once per distinct text, so that one clone which took over
# a sample does not make its own framework look like a primer.
BODY = slice(45, 69)
TEXT = SPACER + SEED + LONGEST

CODES: dict[str, str] = {"".join(sorted(bases)): code for code, bases in IUPAC.items() if code != "U"}
BASES = np.frombuffer(b"ACGT", np.uint8)


def detect_primers(chunk: ReadChunk) -> PrimerPair | None:
    """See the primers in the first reads of a sample.

    Args:
        chunk: First pairs (2,000 or more make it sure; fewer than 50 are refused) or single reads.

    Returns:
        The pair, or None where the mates have no conserved start. Forward is the primer that starts most
        first mates.
    """
    (bases1, good1), (bases2, good2) = _mate_starts(chunk)
    if min(len(bases1), len(bases2)) < FEWEST_READS:
        return None
    straight = _conserved_start(bases1, good1), _conserved_start(bases2, good2)
    if straight[0] and straight[1]:
        return PrimerPair(straight[0], straight[1])
    if not chunk.paired:
        return None
    return _detect_swapped(np.concatenate([bases1, bases2]), np.concatenate([good1, good2]))


def may_show_primers(chunk: ReadChunk) -> bool:
    """Say whether there are enough usable reads to see primers, or that there are none."""
    return all(len(bases) >= FEWEST_READS for bases, _ in _mate_starts(chunk))


def _mate_starts(chunk: ReadChunk) -> list[tuple[NDArray[np.uint8], NDArray[np.bool_]]]:
    """Give the starts of both mates, one pair per distinct body; a single read has its other end as mate."""
    mates = [(chunk.seq1, chunk.off1, chunk.qual1)]
    if chunk.seq2 is not None and chunk.off2 is not None and chunk.qual2 is not None:
        mates.append((chunk.seq2, chunk.off2, chunk.qual2))
    else:
        mates.append(_reversed_reads(chunk))
    rows = _distinct_pairs(mates)
    return [_starts(*mate, rows) for mate in mates]


def _detect_swapped(bases: NDArray[np.uint8], good: NDArray[np.bool_]) -> PrimerPair | None:
    """Part a pool of mates in which each primer starts about half of the reads."""
    first = _conserved_start(bases, good, group_share=GROUP_SHARE / 2)
    if first is None:
        return None
    rest = ~_carries(bases, first)
    second = _conserved_start(bases[rest], good[rest])
    return None if second is None else PrimerPair(first, second)


def _distinct_pairs(mates: list[Mate]) -> NDArray[np.int64]:
    """Give one pair per distinct body, told by the mate that knows more of them (it reads the CDR3)."""
    long_enough = np.all([np.diff(off)[:READS_USED] >= BODY.stop for _, off, _ in mates], axis=0)
    rows = np.flatnonzero(long_enough)
    kept = rows
    for seq, off, _ in mates if len(rows) else []:
        bodies = seq[off[rows, None] + np.arange(BODY.start, BODY.stop)]
        _, once = np.unique(bodies, axis=0, return_index=True)
        if kept is rows or len(once) > len(kept):
            kept = rows[np.sort(once)]
    return kept


def _starts(
    seq: NDArray[np.uint8], off: NDArray[np.int64], qual: NDArray[np.uint8], rows: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Give the first bases of some reads, and which of them are good."""
    places = off[rows, None] + np.arange(TEXT)
    bases, good = seq[places], qual[places] >= GOOD_QUALITY
    # A read of one letter is a cluster without signal.
    alive = (bases == bases[:, :1]).mean(axis=1) < 0.8
    return bases[alive], good[alive]


def _reversed_reads(chunk: ReadChunk) -> Mate:
    total = len(chunk.seq1)
    return np.asarray(COMPLEMENT[chunk.seq1[::-1]], np.uint8), total - chunk.off1[::-1], chunk.qual1[::-1]


def _conserved_start(
    bases: NDArray[np.uint8], good: NDArray[np.bool_], group_share: float = GROUP_SHARE
) -> str | None:
    if len(bases) < FEWEST_READS:
        return None
    windows = sliding_window_view(bases[:, : SPACER + SEED], SEED, axis=1)
    seed = _top_seed(windows)
    wrong = (windows != seed).sum(axis=2)
    offset = wrong.argmin(axis=1)
    inside = wrong[np.arange(len(wrong)), offset] <= 1
    if inside.mean() < group_share:
        return None
    primer = ""
    for _ in range(2):
        primer, lead = _walk(bases[inside], good[inside], offset[inside])
        if len(primer) < SHORTEST or sum(len(IUPAC[code]) == 1 for code in primer) < FEWEST_CERTAIN:
            return None
        inside &= _mismatches(bases, offset - lead, primer) <= 2
    return primer


def _top_seed(windows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give the most frequent start text of `SEED` bases, the leftmost among nearly equal ones."""
    n, places, _ = windows.shape
    texts = np.ascontiguousarray(windows).view(f"S{SEED}").reshape(n, places)
    values, first, counts = np.unique(texts, return_index=True, return_counts=True)
    near = np.flatnonzero(counts >= 0.97 * counts.max())
    mean_place = [np.nonzero(texts == values[i])[1].mean() for i in near]
    chosen = near[int(np.argmin(mean_place))]
    row, place = divmod(int(first[chosen]), places)
    return np.asarray(windows[row, place], np.uint8)


def _walk(bases: NDArray[np.uint8], good: NDArray[np.bool_], offset: NDArray[np.int64]) -> tuple[str, int]:
    """Spell the primer column by column; give it and how many columns lie before the seed."""
    codes: dict[int, str] = {}
    for direction in (range(LONGEST), range(-1, -SPACER - 1, -1)):
        for column in direction:
            code = _column_code(bases, good, offset + column)
            if code is None:
                break
            codes[column] = code
    columns = sorted(codes)[:LONGEST]
    while columns and len(IUPAC[codes[columns[-1]]]) > 1:
        columns.pop()
    while columns and len(IUPAC[codes[columns[0]]]) > 1:
        columns.pop(0)
    return "".join(codes[column] for column in columns), -columns[0] if columns else 0


def _column_code(bases: NDArray[np.uint8], good: NDArray[np.bool_], place: NDArray[np.int64]) -> str | None:
    there = (place >= 0) & (place < bases.shape[1])
    if there.mean() < 0.9:
        return None
    rows = np.flatnonzero(there)
    letters = bases[rows, place[rows]][good[rows, place[rows]]]
    if len(letters) < FEWEST_READS // 2:
        return None
    shares = (letters[:, None] == BASES).mean(axis=0)
    if shares.max() >= PRIMER_SHARE:
        return "ACGT"[int(shares.argmax())]
    mixed = shares >= MIXED_BASE
    if mixed.sum() == 2 and shares[mixed].sum() >= PRIMER_SHARE:
        return CODES["".join("ACGT"[i] for i in np.flatnonzero(mixed))]
    return None


def _mismatches(bases: NDArray[np.uint8], place: NDArray[np.int64], primer: str) -> NDArray[np.int64]:
    wrong = np.zeros(len(bases), np.int64)
    for i, code in enumerate(primer):
        column = np.clip(place + i, 0, bases.shape[1] - 1)
        allowed = np.frombuffer(IUPAC[code].encode(), np.uint8)
        wrong += ~np.isin(bases[np.arange(len(bases)), column], allowed)
    return wrong


def _carries(bases: NDArray[np.uint8], primer: str) -> NDArray[np.bool_]:
    offsets = range(SPACER + 1)
    every = [_mismatches(bases, np.full(len(bases), offset), primer) for offset in offsets]
    return np.asarray(np.min(every, axis=0) <= 3)
