"""One sample from its read files to its molecule frame, with the tally that accounts for every pair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import polars as pl

from bactrian.discovery.reads.join import MOLECULE_COLUMNS, settle_molecules
from bactrian.discovery.reads.pairing import choose_primers, pair_reads, start_lanes
from bactrian.discovery.reads.primers import reverse_complement
from bactrian.discovery.reads.settings import ReadSettings
from bactrian.discovery.vhh.reads import annotate_reads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bactrian.discovery.reads.fastq import ReadChunk
    from bactrian.discovery.reads.pairing import Lanes, PairedSample, Progress
    from bactrian.discovery.reads.primers import PrimerPair

RUNGS: Final = ("merged", "joined", "single")
STATUSES: Final = ("productive", "stop", "frameshift", "truncated", "not_vhh")
# So many of the most frequent molecules say which mate is the forward one.
PROBED = 300


class Annotate(Protocol):
    """What `annotate_reads` does."""

    def __call__(self, nt: Sequence[str] | pl.Series, *, amber: bool = False) -> pl.DataFrame:
        """Annotate nucleotide sequences on the forward strand, one row each."""


@dataclass(frozen=True, slots=True)
class ReadTally:
    """Where every pair of a sample went.

    primers_found - filtered = merged + joined + single
    = productive + stop + frameshift + truncated + not_vhh.

    Args:
        pairs: Pairs (or single reads) in the files.
        primers_found: Pairs with both primers; all pairs where there are no primers.
        filtered: Of these, pairs whose CDR3 the expected-error filter cut away.
        merged: Molecules whose mates overlap (or single reads from CDR1 to CDR3).
        joined: Molecules joined over a gap by their IMGT columns.
        single: Molecules that one mate alone speaks for.
        productive: In frame, without stop, CDR3 read.
        stop: With a stop codon.
        frameshift: Out of frame.
        truncated: A VHH whose CDR3 is unread.
        not_vhh: No VHH.
    """

    pairs: int
    primers_found: int
    filtered: int
    merged: int
    joined: int
    single: int
    productive: int
    stop: int
    frameshift: int
    truncated: int
    not_vhh: int


@dataclass(frozen=True, slots=True)
class SampleReads:
    """The molecules of one sample.

    Args:
        molecules: One row per distinct molecule, most frequent first: `rung`, `status`, `cdr1`, `cdr2`,
            `cdr3`, `cdr1_nt`, `cdr2_nt`, `cdr3_nt`, `aligned`, `fr_insertions`, `nt`, `count`.
        tally: Where every pair went.
        primers: The primers used, given or detected; None if there are none.
        lengths: CDR3 lengths: `rung` (merged | joined | single | mate2), `length`, `count`; mate2 is the
            reverse mate alone.
        pairs: Per pair in file order: `molecule` (row of `molecules`; -1 primers not found, -2 filtered),
            `rung`, `status`, `cdr3`, `mate2_cdr3` (in-frame CDR3 of the reverse mate alone); None unless
            kept.
    """

    molecules: pl.DataFrame
    tally: ReadTally
    primers: PrimerPair | None
    lengths: pl.DataFrame
    pairs: pl.DataFrame | None


def read_sample(
    lanes: Lanes,
    settings: ReadSettings | None = None,
    *,
    progress: Progress | None = None,
    annotate: Annotate = annotate_reads,
) -> SampleReads:
    """Take the read files of one sample to its annotated molecules.

    Args:
        lanes: Files of forward and reverse mates, lane by lane; the second is None for single reads.
        settings: What the user chose.
        progress: Called with the number of pairs of each finished chunk.
        annotate: What annotates nucleotide sequences.

    Returns:
        Molecules, tally and CDR3 lengths.

    Raises:
        InputError: If a file cannot be read as FASTQ.
    """
    settings = settings or ReadSettings()
    primers, chunks = start_sample(lanes, settings, annotate)
    sample = pair_reads(chunks, settings, primers=primers, progress=progress)
    keys = sample.keys
    texts = pl.concat([keys["nt1"], keys["nt2"], sample.mate2["nt"]]).unique()
    annotation = annotate_texts(texts, settings, annotate)
    settled = settle_molecules(keys, annotation, amber=settings.amber)
    if sample.primers is None:
        settled = _turn_strangers(keys, settled, settings, annotate)
    settled = settled.with_row_index("key")
    kept = settled.filter(pl.col("rung").is_not_null())
    molecules = _group(kept)
    mate2 = sample.mate2.join(
        annotation.select("nt", "status", "cdr3"), on="nt", how="left", maintain_order="left"
    )
    mate2 = mate2.with_columns(cdr3=pl.when(pl.col("status") == "productive").then("cdr3"))
    return SampleReads(
        molecules=molecules.drop("keys"),
        tally=_tally(sample, molecules),
        primers=sample.primers,
        lengths=_lengths(molecules, mate2),
        pairs=_pair_records(sample, molecules, mate2),
    )


def start_sample(
    lanes: Lanes, settings: ReadSettings, annotate: Annotate
) -> tuple[PrimerPair | None, Iterator[ReadChunk]]:
    """Open a sample and settle which primers there are and which mate is the forward one.

    Args:
        lanes: Its files.
        settings: What the user chose.
        annotate: What annotates nucleotide sequences.

    Returns:
        The primers, forward first whatever order they were given in, and all chunks of the sample.

    Raises:
        InputError: If a file cannot be read as FASTQ.
    """
    first, chunks = start_lanes(lanes)
    primers = choose_primers(first, settings)
    if first is None or primers is None:
        return primers, chunks
    probe = replace(settings, keep_pairs=False, keep_mate2=False)
    keys = pair_reads(iter([first]), probe, primers=primers).keys
    keys = keys.sort("count", "nt1", "nt2", descending=[True, False, False]).head(PROBED)
    ways = [keys, _turned(keys)]
    seen = [
        int(
            (
                annotate_texts(pl.concat([way["nt1"], way["nt2"]]).unique(), settings, annotate)["status"]
                != "not_vhh"
            ).sum()
        )
        for way in ways
    ]
    return (primers.exchanged() if seen[1] > seen[0] else primers), chunks


def annotate_texts(texts: pl.Series, settings: ReadSettings, annotate: Annotate) -> pl.DataFrame:
    """Annotate distinct texts; the column `nt` says which."""
    texts = texts.filter(texts != "").sort()
    return annotate(texts, amber=settings.amber).with_columns(nt=texts)


def _turned(keys: pl.DataFrame) -> pl.DataFrame:
    """Give the keys as if the mates were exchanged: each molecule on its other strand."""
    return keys.with_columns(
        nt1=pl.Series(
            [reverse_complement(b or a) for a, b in keys.select("nt1", "nt2").iter_rows()], dtype=pl.String
        ),
        nt2=pl.Series(
            [reverse_complement(a) if b else "" for a, b in keys.select("nt1", "nt2").iter_rows()],
            dtype=pl.String,
        ),
    )


def _turn_strangers(
    keys: pl.DataFrame, settled: pl.DataFrame, settings: ReadSettings, annotate: Annotate
) -> pl.DataFrame:
    """Read on the other strand what is no VHH on this one; without primers nobody knows the strand."""
    strange = (settled["status"] == "not_vhh").to_numpy()
    turned = _turned(keys.filter(strange))
    annotation = annotate_texts(pl.concat([turned["nt1"], turned["nt2"]]).unique(), settings, annotate)
    again = settle_molecules(turned, annotation, amber=settings.amber)
    better = again["status"] != "not_vhh"
    rows = pl.Series(np.flatnonzero(strange), dtype=pl.UInt32).filter(better)
    changes = again.filter(better).with_columns(row=rows)
    return settled.with_row_index("row").update(changes, on="row", include_nulls=True).sort("row").drop("row")


def _group(settled: pl.DataFrame) -> pl.DataFrame:
    """Give one row per distinct molecule, with the keys it came from."""
    same = [column for column in MOLECULE_COLUMNS if column != "count"]
    return (
        settled.group_by(same)
        .agg(pl.col("count").sum(), keys=pl.col("key"))
        .sort("count", *same, descending=[True, *[False] * len(same)])
        .select(*MOLECULE_COLUMNS, "keys")
    )


def _tally(sample: PairedSample, molecules: pl.DataFrame) -> ReadTally:
    rungs = dict(molecules.group_by("rung").agg(pl.col("count").sum()).iter_rows())
    statuses = dict(molecules.group_by("status").agg(pl.col("count").sum()).iter_rows())
    kept = int(molecules["count"].sum())
    return ReadTally(
        pairs=sample.pairs,
        primers_found=sample.primers_found,
        filtered=sample.primers_found - kept,
        **{rung: rungs.get(rung, 0) for rung in RUNGS},
        **{status: statuses.get(status, 0) for status in STATUSES},
    )


def _lengths(molecules: pl.DataFrame, mate2: pl.DataFrame) -> pl.DataFrame:
    frames = [
        molecules.select("rung", "cdr3", "count"),
        mate2.select(pl.lit("mate2").alias("rung"), "cdr3", "count"),
    ]
    return (
        pl.concat(frames)
        .filter(pl.col("cdr3").is_not_null() & ~pl.col("cdr3").str.contains("*", literal=True))
        .group_by("rung", pl.col("cdr3").str.len_chars().alias("length"))
        .agg(pl.col("count").sum())
        .sort("rung", "length")
    )


def _pair_records(sample: PairedSample, molecules: pl.DataFrame, mate2: pl.DataFrame) -> pl.DataFrame | None:
    if sample.pair_key is None:
        return None
    place = np.full(len(sample.keys) + 1, -2, np.int64)
    owners = molecules.select("keys").with_row_index("molecule").explode("keys")
    place[owners["keys"].to_numpy()] = owners["molecule"].to_numpy()
    place[-1] = -1
    molecule = pl.Series("molecule", place[sample.pair_key])
    row = molecule.set(molecule < 0, None)
    records = molecule.to_frame().with_columns(
        [molecules[column].gather(row).alias(column) for column in ("rung", "status", "cdr3")]
    )
    if sample.pair_mate2 is None:
        return records.with_columns(mate2_cdr3=pl.lit(None, pl.String))
    alone = pl.Series(sample.pair_mate2)
    return records.with_columns(mate2_cdr3=mate2["cdr3"].gather(alone.set(alone < 0, None)))
