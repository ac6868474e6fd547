"""The loop that writes reads: molecule, PCR substitutions, both mates with qualities and errors.

Every pair draws from a counter-based stream of its own (SplitMix64 on the sample's key and the
pair's number), so chunks may have any size.
"""
# Numba kernels take their arrays by position, and its decorator has no types.
# ruff: noqa: PLR0917
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

Bytes = npt.NDArray[np.uint8]

# Illumina TruSeq adapters as each mate reads them when the insert is shorter than the read.
ADAPTER_1: Final = np.frombuffer(b"AGATCGGAAGAGCACACGTCTGAACTCCAGTCAC", dtype=np.uint8).copy()
ADAPTER_2: Final = np.frombuffer(b"AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT", dtype=np.uint8).copy()

BASES: Final = np.frombuffer(b"ACGT", dtype=np.uint8).copy()
CODES: Final = np.zeros(256, dtype=np.int64)
CODES[BASES] = np.arange(4)
COMPLEMENT: Final = np.full(256, ord("N"), dtype=np.uint8)
COMPLEMENT[BASES] = np.frombuffer(b"TGCA", dtype=np.uint8)

# Steps per Phred unit in which the true quality of a base is held.
QUALITY_STEPS: Final = 8
_LETTER_G: Final = ord("G")
_LETTER_N: Final = ord("N")


@njit(cache=True, nogil=True)
def _mix(state: np.uint64) -> np.uint64:
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)
def _read_mate(
    template: Bytes,
    length: int,
    reverse: bool,
    adapter: Bytes,
    curve: npt.NDArray[np.float32],
    offset: float,
    low: Bytes,
    high: Bytes,
    chance_low: npt.NDArray[np.float32],
    error: npt.NDArray[np.float64],
    indels: float,
    unread: float,
    state: np.uint64,
    sequence: Bytes,
    quality: Bytes,
) -> tuple[np.uint64, int]:
    golden = np.uint64(0x9E3779B97F4A7C15)
    top = low.shape[0] - 1
    place = 0
    inserted = False
    wrong = 0
    for cycle in range(sequence.shape[0]):
        state += golden
        r = _mix(state)
        # Two fair eight-sided dice: mean 0, standard deviation 1.6 Phred units.
        noise = 0.5 * (float(r & np.uint64(7)) + float((r >> np.uint64(3)) & np.uint64(7)) - 7.0)
        step = int((curve[cycle] + offset + noise) * QUALITY_STEPS + 0.5)
        step = max(0, min(top, step))
        pick = float((r >> np.uint64(6)) & np.uint64(0xFFFF)) / 65536.0
        phred = low[step] if pick < chance_low[step] else high[step]
        draw = float(r >> np.uint64(22)) / 4398046511104.0  # 42 bits
        if place < length:
            base = COMPLEMENT[template[length - 1 - place]] if reverse else template[place]
        elif place - length < adapter.shape[0]:
            base = adapter[place - length]
        else:
            base = np.uint8(_LETTER_G)
        inside = place < length
        if draw < indels:
            state += golden
            extra = _mix(state)
            if extra & np.uint64(1):  # a base too many: the template does not move on
                base = BASES[int((extra >> np.uint64(1)) & np.uint64(3))]
                inserted = True
            elif place + 1 < length:  # a base left out
                place += 1
                base = COMPLEMENT[template[length - 1 - place]] if reverse else template[place]
            wrong += 1 if inside else 0
        elif draw < indels + unread:
            base = np.uint8(_LETTER_N)
            phred = np.uint8(2)
            wrong += 1 if inside else 0
        elif draw < indels + unread + error[phred]:
            state += golden
            shift = 1 + int(_mix(state) % np.uint64(3))
            base = BASES[(CODES[base] + shift) & 3]
            wrong += 1 if inside else 0
        sequence[cycle] = base
        quality[cycle] = phred
        if inserted:
            inserted = False
        else:
            place += 1
    return state, wrong


@njit(cache=True, nogil=True)
def write_reads(
    pool: Bytes,
    starts: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    left: npt.NDArray[np.int64],
    cut_right: npt.NDArray[np.int64],
    cut_left: npt.NDArray[np.int64],
    swapped: npt.NDArray[np.bool_],
    spacer_1: npt.NDArray[np.int64],
    spacer_2: npt.NDArray[np.int64],
    offsets: npt.NDArray[np.float32],
    curve_1: npt.NDArray[np.float32],
    curve_2: npt.NDArray[np.float32],
    low: Bytes,
    high: Bytes,
    chance_low: npt.NDArray[np.float32],
    error: npt.NDArray[np.float64],
    pcr_substitutions: float,
    indels: float,
    unread: float,
    key: np.uint64,
    first: int,
    seq_1: Bytes,
    qual_1: Bytes,
    seq_2: Bytes,
    qual_2: Bytes,
    errors: npt.NDArray[np.uint16],
) -> None:
    """Fill the read arrays of one chunk.

    Args:
        pool: Amplicons of all clones, one after the other.
        starts: Where each amplicon starts in `pool`, and the end of the last.
        right: Clone of the 3' part of each molecule, with the CDR3.
        left: Clone of the 5' part.
        cut_right: First nucleotide taken from the right clone (0: the whole clone).
        cut_left: Nucleotides taken from the left clone (0: none).
        swapped: Whether mate 1 reads the reverse strand.
        spacer_1: Phase spacer before the molecule.
        spacer_2: Phase spacer behind it.
        offsets: Quality offset of each read, pairs × 2.
        curve_1: Phred quality by cycle, mate 1.
        curve_2: Phred quality by cycle, mate 2.
        low: Reported quality below each step of the true quality.
        high: Reported quality above it.
        chance_low: Chance that the lower one is reported.
        error: Chance of a substitution by reported quality.
        pcr_substitutions: Per base.
        indels: Per base read.
        unread: N per base read.
        key: Key of the sample.
        first: Number of the first pair.
        seq_1: Out, pairs × cycles, ASCII.
        qual_1: Out, Phred.
        seq_2: Out, zero rows when single.
        qual_2: Out.
        errors: Out, pairs × 3: PCR substitutions, errors in mate 1, errors in mate 2.
    """
    golden = np.uint64(0x9E3779B97F4A7C15)
    longest = 0
    for clone in range(starts.shape[0] - 1):
        longest = max(longest, starts[clone + 1] - starts[clone])
    template = np.empty(2 * longest + 64, dtype=np.uint8)
    log_kept = np.log1p(-pcr_substitutions) if pcr_substitutions > 0 else -1.0
    paired = seq_2.shape[0] > 0
    for i in range(right.shape[0]):
        state = _mix(key + np.uint64(first + i + 1) * golden)
        length = 0
        for _ in range(spacer_1[i]):
            state += golden
            template[length] = BASES[int(_mix(state) & np.uint64(3))]
            length += 1
        begin = length
        base = starts[left[i]]
        for k in range(cut_left[i]):
            template[length] = pool[base + k]
            length += 1
        for k in range(starts[right[i]] + cut_right[i], starts[right[i] + 1]):
            template[length] = pool[k]
            length += 1
        end = length
        substituted = 0
        if pcr_substitutions > 0:
            place = begin - 1
            while True:
                state += golden
                u = (float(_mix(state) >> np.uint64(11)) + 0.5) / 9007199254740992.0
                skip = np.log(u) / log_kept
                if skip >= end:
                    break
                place += 1 + int(skip)
                if place >= end:
                    break
                state += golden
                shift = 1 + int(_mix(state) % np.uint64(3))
                template[place] = BASES[(CODES[template[place]] + shift) & 3]
                substituted += 1
        for _ in range(spacer_2[i]):
            state += golden
            template[length] = BASES[int(_mix(state) & np.uint64(3))]
            length += 1
        errors[i, 0] = substituted
        state, wrong = _read_mate(
            template,
            length,
            swapped[i],
            ADAPTER_1,
            curve_1,
            offsets[i, 0],
            low,
            high,
            chance_low,
            error,
            indels,
            unread,
            state,
            seq_1[i],
            qual_1[i],
        )
        errors[i, 1] = wrong
        errors[i, 2] = 0
        if paired:
            state, wrong = _read_mate(
                template,
                length,
                not swapped[i],
                ADAPTER_2,
                curve_2,
                offsets[i, 1],
                low,
                high,
                chance_low,
                error,
                indels,
                unread,
                state,
                seq_2[i],
                qual_2[i],
            )
            errors[i, 2] = wrong
