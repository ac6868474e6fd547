"""Takes the read files of a sample to unique keys of nucleotides with their counts, chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.discovery.reads.detection import detect_primers
from bactrian.discovery.reads.fastq import CHUNK_PAIRS, open_pairs
from bactrian.discovery.reads.ladder import Ladder
from bactrian.discovery.reads.molecules import MoleculeTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bactrian.discovery.reads.fastq import ReadChunk
    from bactrian.discovery.reads.primers import PrimerPair
    from bactrian.discovery.reads.settings import ReadSettings

    Lanes = Sequence[tuple[Path, Path | None]]
    Progress = Callable[[int], None]

KINDS: dict[str, str] = {
    "M": "merged", "W": "whole", "C": "cut", "F": "cut_forward", "R": "read", "r": "read_cut",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PairedSample:
    """The unique nucleotide sequences of a sample before annotation.

    Args:
        primers: The primers used, or None.
        pairs: Pairs (or single reads) in the files.
        primers_found: Pairs with both primers (all pairs when there are no primers).
        keys: One row per distinct key: `kind` (merged | whole | cut | cut_forward | read | read_cut), `nt1`,
            `nt2` on the forward strand, `count`. The kind says what the qualities allow: the merged molecule,
            both mates whole, their good starts (`cut_forward`: the reverse mate is whole), a single read.
        mate2: `nt`, `count` of the reverse mates alone, each whole mate within the expected errors.
        pair_key: Row of `keys` per pair (-1: primers not found), or None.
        pair_mate2: Row of `mate2` per pair (-1: too many expected errors), or None.
    """

    primers: PrimerPair | None
    pairs: int
    primers_found: int
    keys: pl.DataFrame
    mate2: pl.DataFrame
    pair_key: NDArray[np.int64] | None
    pair_mate2: NDArray[np.int64] | None


def pair_reads(
    chunks: Iterator[ReadChunk],
    settings: ReadSettings,
    *,
    primers: PrimerPair | None,
    progress: Progress | None = None,
) -> PairedSample:
    """Take chunks of pairs to unique keys.

    Args:
        chunks: The reads.
        settings: What the user chose.
        primers: Given or detected primers; None takes every mate from its first base.
        progress: Called with the number of pairs of each finished chunk.

    Returns:
        Keys in the order in which they were first met.
    """
    ladder, table, table2 = Ladder(primers, settings), MoleculeTable(), MoleculeTable()
    pairs = found = 0
    rows: list[NDArray[np.int64]] = []
    rows2: list[NDArray[np.int64]] = []
    for chunk in chunks:
        placed = ladder.place(chunk)
        row = table.absorb(*ladder.climb(chunk, placed))
        if settings.keep_mate2:
            row2 = table2.absorb(*ladder.take_mate2(chunk, placed))
            rows2 += [row2] if settings.keep_pairs else []
        rows += [row] if settings.keep_pairs else []
        pairs += chunk.n
        found += int((row >= 0).sum())
        if progress is not None:
            progress(chunk.n)
    return PairedSample(
        primers=primers,
        pairs=pairs,
        primers_found=found,
        keys=_key_frame(table),
        mate2=pl.DataFrame(
            {
                "nt": pl.Series(table2.texts(), dtype=pl.String),
                "count": pl.Series(table2.counts, dtype=pl.UInt32),
            }
        ),
        pair_key=np.concatenate([*rows, np.empty(0, np.int64)]) if settings.keep_pairs else None,
        pair_mate2=np.concatenate([*rows2, np.empty(0, np.int64)]) if rows2 else None,
    )


def choose_primers(first: ReadChunk | None, settings: ReadSettings) -> PrimerPair | None:
    """Give the primers of a sample: the user's, or those its first reads show."""
    if settings.primers is not None or not settings.find_primers or first is None:
        return settings.primers
    return detect_primers(first)


def start_lanes(
    lanes: Lanes, *, chunk_pairs: int = CHUNK_PAIRS
) -> tuple[ReadChunk | None, Iterator[ReadChunk]]:
    """Open a sample and look at its first chunk.

    Args:
        lanes: Its files.
        chunk_pairs: Pairs per chunk.

    Returns:
        The first chunk (None: no read) and all chunks, the first one included.

    Raises:
        InputError: If a file cannot be read as FASTQ.
    """
    chunks = open_pairs(lanes, chunk_pairs=chunk_pairs)
    first = next(chunks, None)
    return first, chunks if first is None else chain([first], chunks)


def _key_frame(table: MoleculeTable) -> pl.DataFrame:
    texts = table.texts()
    bars = [text.index("|") for text in texts]
    parts = list(zip(texts, bars, strict=True))
    return pl.DataFrame(
        {
            "kind": pl.Series([KINDS[text[0]] for text in texts], dtype=pl.String),
            "nt1": pl.Series([text[1:bar] for text, bar in parts], dtype=pl.String),
            "nt2": pl.Series([text[bar + 1 :] for text, bar in parts], dtype=pl.String),
            "count": pl.Series(table.counts, dtype=pl.UInt32),
        }
    )
