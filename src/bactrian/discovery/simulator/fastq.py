"""Simulated reads as gzipped FASTQ files; the same reads give the same bytes."""

from __future__ import annotations

import gzip
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from bactrian.core.tables import atomic_path

_GzipFile: Any
try:
    from isal.igzip import IGzipFile as _GzipFile
except ImportError:  # pragma: no cover - isal has no wheel for every processor
    _GzipFile = gzip.GzipFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Bytes = npt.NDArray[np.uint8]

# Instrument, run, flow cell, lane and tile; the pair's number stands for x, so that a name is unique.
_NAME: Final = b"@BACTRIAN:1:SIMULATED:1:1101:"
_DIGITS: Final = 9
_PHRED_ZERO: Final = 33


class Sink(Protocol):
    """Where the bytes of a file go."""

    def write(self, data: memoryview, /) -> int:
        """Take some bytes and tell how many."""


@contextmanager
def open_fastq(path: Path) -> Iterator[Sink]:
    """Open a gzipped file that appears at `path` when it is whole.

    Yields:
        A binary file. Its gzip header holds neither a time nor a name.
    """
    with (
        atomic_path(path) as temporary,
        temporary.open("wb") as raw,
        _GzipFile(filename="", mode="wb", compresslevel=1, fileobj=raw, mtime=0) as file,
    ):
        yield file


def format_fastq(seq: Bytes, qual: Bytes, *, mate: int, first: int) -> memoryview:
    """Format reads of one length as FASTQ records.

    Args:
        seq: Letters, reads × cycles.
        qual: Phred qualities, reads × cycles.
        mate: 1 or 2.
        first: Number of the first pair, from 0.

    Returns:
        The records' bytes.
    """
    reads, cycles = seq.shape
    ending = f":1 {mate}:N:0:1\n".encode()
    start = len(_NAME) + _DIGITS + len(ending)
    records = np.empty((reads, start + 2 * cycles + 4), dtype=np.uint8)
    records[:, : len(_NAME)] = np.frombuffer(_NAME, dtype=np.uint8)
    numbers = np.arange(first + 1, first + reads + 1)
    for place in range(_DIGITS):
        records[:, len(_NAME) + _DIGITS - 1 - place] = ord("0") + numbers // 10**place % 10
    records[:, len(_NAME) + _DIGITS : start] = np.frombuffer(ending, dtype=np.uint8)
    records[:, start : start + cycles] = seq
    records[:, start + cycles : start + cycles + 3] = np.frombuffer(b"\n+\n", dtype=np.uint8)
    records[:, start + cycles + 3 : -1] = qual + np.uint8(_PHRED_ZERO)
    records[:, -1] = ord("\n")
    return records.reshape(-1).data
