"""Read files and simulated samples for the tests of the reads step."""

from __future__ import annotations

import bz2
import gzip
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zstandard

from bactrian.discovery.simulator.library import draw_library
from bactrian.discovery.simulator.sequencing import simulate_sample
from bactrian.discovery.simulator.settings import LibrarySettings
from bactrian.discovery.simulator.settings import ReadSettings as Sequencing
from bactrian.discovery.vhh.profile import load_profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import polars as pl

PACKERS = {
    ".fastq": lambda data: data,
    ".fastq.gz": gzip.compress,
    ".fastq.bz2": bz2.compress,
    ".fastq.zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


def format_records(reads: Iterable[tuple[str, str, str]], *, newline: str = "\n") -> bytes:
    return "".join(newline.join((f"@{n}", s, "+", q)) + newline for n, s, q in reads).encode()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_file(name: str, data: bytes) -> Path:
        suffix = next((s for s in sorted(PACKERS, key=len, reverse=True) if name.endswith(s)), ".fastq")
        path = tmp_path / name
        path.write_bytes(PACKERS[suffix](data))
        return path

    return write_file


@pytest.fixture
def write_reads(write: Callable[..., Path]) -> Callable[..., Path]:
    def write_them(name: str, sequences: Iterable[str], *, quality: str = "I", mate: int = 1) -> Path:
        reads = [(f"read{i} {mate}:N:0:AC", seq, quality * len(seq)) for i, seq in enumerate(sequences)]
        return write(name, format_records(reads))

    return write_them


@pytest.fixture(scope="session")
def clones() -> pl.DataFrame:
    settings = LibrarySettings(clones=150, stop=0.05, frameshift=0.05, empty=0.02)
    return draw_library(settings, load_profile(), rng=np.random.default_rng(11))


@pytest.fixture(scope="session")
def sequence_clones(
    clones: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., tuple[list[tuple[Path, Path | None]], pl.DataFrame]]:
    """Give a function that writes the reads of the library and tells the truth about each pair."""

    def sequence(*, pairs: int = 1500, seed: int = 3, **settings: object):  # type: ignore[no-untyped-def]
        rng = np.random.default_rng(seed)
        frequency = clones["frequency"].to_numpy()
        counts = rng.multinomial(pairs, frequency / frequency.sum())
        reads = simulate_sample(clones, counts, settings=Sequencing(**settings), rng=rng)  # type: ignore[arg-type]
        folder = tmp_path_factory.mktemp("reads")
        paths: list[Path | None] = []
        for mate, seq, qual in ((1, reads.seq1, reads.qual1), (2, reads.seq2, reads.qual2)):
            if seq is None or qual is None:
                paths.append(None)
                continue
            path = folder / f"R{mate}.fastq.gz"
            rows = zip(seq, qual, strict=True)
            records = [
                (f"r{i}/{mate}", bytes(s).decode(), bytes(q + 33).decode()) for i, (s, q) in enumerate(rows)
            ]
            path.write_bytes(gzip.compress(format_records(records), 1))
            paths.append(path)
        return [tuple(paths)], reads.truth

    return sequence
