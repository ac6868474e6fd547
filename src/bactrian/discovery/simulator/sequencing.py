"""One sample from molecule counts to read pairs: recombination in PCR, errors, qualities, mates.

Which molecules there are is drawn first, for the whole sample; the reads follow in chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from bactrian.core.errors import InputError
from bactrian.discovery.simulator.read_kernel import QUALITY_STEPS, write_reads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bactrian.discovery.simulator.settings import ReadSettings

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]

# The four qualities that a NovaSeq reports (2 stands for an unread base).
QUALITY_BINS: Final = (2, 11, 25, 37)
BEST_QUALITY: Final = 40
# Codons of FR2 (IMGT 39-55) and FR3 (66-104 less 73, which VHHs do not have).
FR2_CODONS: Final = 17
FR3_CODONS: Final = 38
CHUNK_PAIRS: Final = 50_000
CLONE_COLUMNS: Final = ("clone", "amplicon", "fr2_start", "fr3_start")


@dataclass(frozen=True, slots=True)
class Hopping:
    """Molecules of another sample of the run that carry this sample's index.

    Args:
        origin: Name of the other sample.
        counts: Molecules that hopped, per clone.
        partners: All molecules of the other sample, per clone: with these they recombined.
    """

    origin: str
    counts: Counts
    partners: Counts


@dataclass(frozen=True, slots=True)
class SampleReads:
    """Reads of a sample or of a part of it.

    Args:
        seq1: Mate 1, pairs × cycles, ASCII letters.
        qual1: Its Phred qualities (without the 33 of FASTQ).
        seq2: Mate 2, or None for single reads.
        qual2: Its Phred qualities, or None.
        truth: One row per pair: `clone` (of the CDR3), `clone_cdr1`, `clone_cdr2`, `recombined`,
            `chimeric` (recombined from two different clones), `hopped_from` (sample or null),
            `pcr_errors`, `error_free` (no PCR error), `errors_1`, `errors_2` (of the sequencer, in
            what each mate reads of the molecule), `swapped`.
    """

    seq1: Bytes
    qual1: Bytes
    seq2: Bytes | None
    qual2: Bytes | None
    truth: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Molecules:
    """What the reads of a sample are made of, one entry per pair."""

    right: Counts
    left: Counts
    cdr2: Counts
    cut_right: Counts
    cut_left: Counts
    recombined: npt.NDArray[np.bool_]
    origin: Counts


def simulate_sample(
    clones: pl.DataFrame,
    counts: npt.ArrayLike,
    *,
    settings: ReadSettings,
    rng: np.random.Generator,
    hopped: Sequence[Hopping] = (),
) -> SampleReads:
    """Sequence one sample and give all its reads with their truth.

    Args:
        clones: One row per clone: `clone` (its name or number), `amplicon` (nucleotides, primers
            included), `fr2_start` and `fr3_start` (offsets in the amplicon; null for a molecule
            that cannot recombine).
        counts: Molecules of each clone, counted by CDR3: a chimera counts for the clone whose CDR3
            it carries. Shape (clones,).
        settings: How molecules become reads.
        rng: Source of all chance.
        hopped: Molecules of other samples among the reads.

    Returns:
        sum(counts) pairs, and those that hopped, in random order.

    Raises:
        InputError: If the clone table lacks a column, or counts do not fit it.
    """
    parts = list(simulate_chunks(clones, counts, settings=settings, rng=rng, hopped=hopped))
    return SampleReads(
        seq1=np.concatenate([part.seq1 for part in parts]),
        qual1=np.concatenate([part.qual1 for part in parts]),
        seq2=np.concatenate([part.seq2 for part in parts if part.seq2 is not None])
        if settings.paired
        else None,
        qual2=np.concatenate([part.qual2 for part in parts if part.qual2 is not None])
        if settings.paired
        else None,
        truth=pl.concat([part.truth for part in parts]),
    )


def simulate_chunks(
    clones: pl.DataFrame,
    counts: npt.ArrayLike,
    *,
    settings: ReadSettings,
    rng: np.random.Generator,
    hopped: Sequence[Hopping] = (),
    chunk_pairs: int = CHUNK_PAIRS,
) -> Iterator[SampleReads]:
    """Sequence one sample chunk by chunk; the reads do not depend on `chunk_pairs`.

    Args:
        clones: As for `simulate_sample`.
        counts: As for `simulate_sample`.
        settings: How molecules become reads.
        rng: Source of all chance.
        hopped: Molecules of other samples among the reads.
        chunk_pairs: Pairs in a chunk.

    Yields:
        The pairs in order, at least one (possibly empty) chunk.

    Raises:
        InputError: If the clone table lacks a column, or counts do not fit it.
    """
    own = _check_sample(clones, counts)
    pools = [Hopping("", own, own), *hopped]
    fr2_start = _starts(clones, "fr2_start")
    fr3_start = _starts(clones, "fr3_start")
    molecules = _draw_molecules(pools, fr2_start, fr3_start, settings=settings, rng=rng)

    amplicons = [text.encode() for text in clones["amplicon"].to_list()]
    pool = np.frombuffer(b"".join(amplicons), dtype=np.uint8)
    starts = np.concatenate(([0], np.cumsum([len(text) for text in amplicons], dtype=np.int64)))
    pairs = molecules.right.size
    cycles = settings.read_length
    swapped = rng.random(pairs) < settings.swapped
    spacers = rng.integers(0, settings.spacers + 1, size=(2, pairs))
    offsets = rng.normal(0.0, settings.quality_spread, size=(pairs, 2)).astype(np.float32)
    key = np.uint64(rng.integers(0, 2**63))
    low, high, chance_low, error = _quality_tables(settings)
    curve_1 = _quality_curve(cycles, settings.quality_start, settings.quality_end_1)
    curve_2 = _quality_curve(cycles, settings.quality_start, settings.quality_end_2)
    for first in range(0, max(pairs, 1), chunk_pairs):
        part = slice(first, min(first + chunk_pairs, pairs))
        size = part.stop - part.start
        second = size if settings.paired else 0
        seq1, qual1 = np.empty((size, cycles), np.uint8), np.empty((size, cycles), np.uint8)
        seq2, qual2 = np.empty((second, cycles), np.uint8), np.empty((second, cycles), np.uint8)
        errors = np.zeros((size, 3), np.uint16)
        write_reads(
            pool,
            starts,
            molecules.right[part],
            molecules.left[part],
            molecules.cut_right[part],
            molecules.cut_left[part],
            swapped[part],
            spacers[0, part],
            spacers[1, part],
            offsets[part],
            curve_1,
            curve_2,
            low,
            high,
            chance_low,
            error,
            settings.pcr_substitutions,
            settings.indels if settings.sequencing_errors else 0.0,
            settings.unread if settings.sequencing_errors else 0.0,
            key,
            first,
            seq1,
            qual1,
            seq2,
            qual2,
            errors,
        )
        yield SampleReads(
            seq1=seq1,
            qual1=qual1,
            seq2=seq2 if settings.paired else None,
            qual2=qual2 if settings.paired else None,
            truth=_truth(clones, molecules, part, pools=pools, swapped=swapped, errors=errors),
        )


def _check_sample(clones: pl.DataFrame, counts: npt.ArrayLike) -> Counts:
    missing = [name for name in CLONE_COLUMNS if name not in clones.columns]
    if missing:
        msg = f"The clone table lacks the column '{missing[0]}'. It needs {', '.join(CLONE_COLUMNS)}."
        raise InputError(msg)
    own = np.asarray(counts, dtype=np.int64)
    if own.shape != (clones.height,):
        msg = f"There are counts of shape {own.shape} for {clones.height} clones. Give one count per clone."
        raise InputError(msg)
    if own.size and own.min() < 0:
        msg = f"'{own.min()}' is no count of molecules. Write whole numbers from 0."
        raise InputError(msg)
    return own


def _starts(clones: pl.DataFrame, column: str) -> Counts:
    return clones[column].cast(pl.Int64).fill_null(-1).to_numpy()


def _draw_molecules(
    pools: Sequence[Hopping],
    fr2_start: Counts,
    fr3_start: Counts,
    *,
    settings: ReadSettings,
    rng: np.random.Generator,
) -> _Molecules:
    """Draw which clone, or which two, each pair of a sample comes from."""
    right = np.concatenate([np.repeat(np.arange(pool.counts.size), pool.counts) for pool in pools])
    origin = np.repeat(np.arange(len(pools)), [int(pool.counts.sum()) for pool in pools])
    order = rng.permutation(right.size)
    right, origin = right[order].astype(np.int64), origin[order].astype(np.int64)
    left = right.copy()
    # A molecule without framework offsets (a defective one, an empty vector) has nowhere to recombine.
    possible = fr2_start >= 0
    recombined = (rng.random(right.size) < settings.chimeras) & possible[right]
    for number, pool in enumerate(pools):
        rows = np.flatnonzero(recombined & (origin == number))
        if rows.size:
            ladder = np.cumsum(np.where(possible, pool.partners, 0))
            left[rows] = np.searchsorted(ladder, rng.integers(0, ladder[-1], size=rows.size), side="right")
    left = np.where(recombined, left, right)
    in_fr2 = rng.random(right.size) < settings.fr2_breakpoints
    # At a codon border, where no hybrid codon can be a stop.
    inside = 3 * rng.integers(1, np.where(in_fr2, FR2_CODONS, FR3_CODONS))
    start = np.where(in_fr2, 0, 1)
    region = np.stack((fr2_start, fr3_start))
    return _Molecules(
        right=right,
        left=left,
        cdr2=np.where(recombined & ~in_fr2, left, right),
        cut_right=np.where(recombined, region[start, right] + inside, 0),
        cut_left=np.where(recombined, region[start, left] + inside, 0),
        recombined=recombined,
        origin=origin,
    )


def _truth(
    clones: pl.DataFrame,
    molecules: _Molecules,
    part: slice,
    *,
    pools: Sequence[Hopping],
    swapped: npt.NDArray[np.bool_],
    errors: npt.NDArray[np.uint16],
) -> pl.DataFrame:
    names = clones["clone"]
    origins = pl.Series("hopped_from", [None, *(pool.origin for pool in pools[1:])], dtype=pl.String)
    right, left = molecules.right[part], molecules.left[part]
    return pl.DataFrame(
        {
            "clone": names.gather(right),
            "clone_cdr1": names.gather(left),
            "clone_cdr2": names.gather(molecules.cdr2[part]),
            "recombined": molecules.recombined[part],
            "chimeric": left != right,
            "hopped_from": origins.gather(molecules.origin[part]),
            "pcr_errors": errors[:, 0],
            "error_free": errors[:, 0] == 0,
            "errors_1": errors[:, 1],
            "errors_2": errors[:, 2],
            "swapped": swapped[part],
        }
    )


def _quality_curve(cycles: int, start: float, end: float) -> npt.NDArray[np.float32]:
    """Give the mean quality by cycle: flat at first, falling with the square of the cycle."""
    place = np.arange(cycles) / max(cycles - 1, 1)
    return (start - (start - end) * place**2).astype(np.float32)


def _error_chance(quality: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.minimum(10.0 ** (-quality / 10.0), 0.75)


def _quality_tables(
    settings: ReadSettings,
) -> tuple[Bytes, Bytes, npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Give what is reported for each true quality, and the chance of error for each report.

    A binned quality is one of the two bins around the true one, drawn such that the expected
    number of errors stays that of the true quality: so either kind of quality keeps its word.
    """
    true = np.arange(BEST_QUALITY * QUALITY_STEPS + 1) / QUALITY_STEPS
    error = _error_chance(np.arange(BEST_QUALITY + 1, dtype=np.float64))
    if settings.binned:
        bins = np.array(QUALITY_BINS)
        above = np.clip(np.searchsorted(bins, true, side="right"), 1, bins.size - 1)
        low, high = bins[above - 1], bins[above]
        p_low, p_high = error[low], error[high]
        chance_low = np.clip((_error_chance(true) - p_high) / (p_low - p_high), 0.0, 1.0)
    else:
        low = high = np.clip(np.rint(true).astype(np.int64), QUALITY_BINS[0], BEST_QUALITY)
        chance_low = np.ones(true.size)
    if not settings.sequencing_errors:
        error = np.zeros_like(error)
    return low.astype(np.uint8), high.astype(np.uint8), chance_low.astype(np.float32), error
