"""CDR3s counted from the reverse mates alone: what a sample holds before any pair is merged or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from bactrian.discovery.reads.ladder import Ladder
from bactrian.discovery.reads.molecules import MoleculeTable
from bactrian.discovery.reads.sample import annotate_texts, start_sample
from bactrian.discovery.reads.settings import ReadSettings
from bactrian.discovery.vhh.reads import annotate_reads

if TYPE_CHECKING:
    from bactrian.discovery.reads.pairing import Lanes
    from bactrian.discovery.reads.sample import Annotate

# IMGT positions around the CDR3 that hold one residue in nearly every VHH: what a motif search relies on.
ANCHORS: Final = {102: "Y", 104: "C", 118: "W", 119: "G", 121: "G"}


def count_cdr3_mate2(
    lanes: Lanes, settings: ReadSettings | None = None, *, annotate: Annotate = annotate_reads
) -> pl.DataFrame:
    """Count CDR3s from the reverse mates alone, before pairing and collapse.

    Args:
        lanes: Files of forward and reverse mates.
        settings: What the user chose; `max_ee` holds for the whole reverse mate, primer included.
        annotate: What annotates nucleotide sequences.

    Returns:
        One row per CDR3, most frequent first: `cdr3`; `count`, mates in frame and without stop whose
        framework is intact around the CDR3 (Y102, C104, W118, G119, G121 as sequenced, and one frame from
        CDR3 to primer), which is what a motif search counts; `count_any`, all mates that the alignment reads
        in frame and without stop.

    Raises:
        InputError: If a file cannot be read as FASTQ.
    """
    settings = settings or ReadSettings()
    primers, chunks = start_sample(lanes, settings, annotate)
    ladder, table = Ladder(primers, settings), MoleculeTable()
    for chunk in chunks:
        table.absorb(*ladder.take_mate2(chunk, ladder.place(chunk), as_sequenced=True))
    mates = pl.DataFrame({"nt": pl.Series(table.texts(), dtype=pl.String), "count": table.counts})
    annotation = annotate_texts(mates["nt"], settings, annotate)
    behind = (
        pl.col("nt").str.len_chars().cast(pl.Int64) - pl.col("cdr3_start") - pl.col("cdr3_nt").str.len_chars()
    )
    seen = (
        mates.join(annotation, on="nt")
        .filter(pl.col("status") == "productive")
        .with_columns(phase=behind % 3, intact=pl.all_horizontal(_has(*anchor) for anchor in ANCHORS.items()))
    )
    if primers is not None and len(seen):
        phases = seen.group_by("phase").agg(pl.col("count").sum()).sort("count", "phase", descending=True)
        seen = seen.with_columns(intact=pl.col("intact") & (pl.col("phase") == phases["phase"][0]))
    return (
        seen.group_by("cdr3")
        .agg(count=pl.col("count").filter("intact").sum(), count_any=pl.col("count").sum())
        .sort("count", "count_any", "cdr3", descending=[True, True, False])
    )


def _has(column: int, residue: str) -> pl.Expr:
    return pl.col("aligned").str.slice(column - 1, 1) == residue
