"""AIRR rearrangements of a sample's clonotypes, for the tools that read the AIRR Community's format.

References:
    AIRR Community, Rearrangement schema 1.5, docs.airr-community.org.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from Bio.Seq import translate

if TYPE_CHECKING:
    from collections.abc import Callable

_spell: Callable[[str], str] = translate

ANCHOR = 3
"""Nucleotides of the codons of C104 and W118, which the junction holds and CDR3 does not."""
FR4_LENGTH = 11
"""Residues of FR4 in a full VHH, unread ones as X: what follows CDR3."""

COLUMNS = (
    "sequence_id", "sequence", "rev_comp", "productive", "v_call", "d_call", "j_call",
    "sequence_alignment", "germline_alignment", "junction", "junction_aa", "v_cigar", "d_cigar", "j_cigar",
    "locus", "sequence_aa", "cdr1_aa", "cdr2_aa", "cdr3_aa", "clone_id", "duplicate_count",
)  # fmt: skip


def make_rearrangements(counts: pl.DataFrame, clonotypes: pl.DataFrame) -> pl.DataFrame:
    """Give the AIRR rows of one sample, one per clonotype.

    Germline calls stay empty: no germline set is shipped, and none is guessed. The sequence is the
    clonotype's representative molecule; N stands for bases between mates that were not read.

    Args:
        counts: Columns clonotype, count, of one sample.
        clonotypes: Columns clonotype, cdr1, cdr2, cdr3, lineage, vhh, nt, cdr3_nt of its library.

    Returns:
        Columns of the rearrangement schema; rows by falling count, then clonotype.
    """
    rows = counts.select("clonotype", "count").join(
        clonotypes, on="clonotype", how="left", maintain_order="left"
    )
    residues = pl.col("vhh").str.slice(
        pl.col("vhh").str.len_chars().cast(pl.Int64) - FR4_LENGTH - pl.col("cdr3").str.len_chars() - 1,
        pl.col("cdr3").str.len_chars() + 2,
    )
    holds_cdr3 = residues.str.slice(1, pl.col("cdr3").str.len_chars()) == pl.col("cdr3")
    rows = rows.with_columns(junction_aa=pl.when(holds_cdr3).then(residues))
    found = [_find_junction(*row) for row in rows.select("nt", "cdr3_nt", "junction_aa").iter_rows()]
    rows = rows.with_columns(junction=pl.Series(found, dtype=pl.String))
    known = [pl.when(pl.col(name) != "?").then(pl.col(name)).fill_null("") for name in ("cdr1", "cdr2")]
    empty = pl.lit("")
    return (
        rows.sort("count", "clonotype", descending=[True, False])
        .select(
            pl.col("clonotype").alias("sequence_id"),
            pl.col("nt").fill_null("").alias("sequence"),
            pl.lit("F").alias("rev_comp"),
            pl.lit("T").alias("productive"),
            *(empty.alias(name) for name in ("v_call", "d_call", "j_call")),
            *(empty.alias(name) for name in ("sequence_alignment", "germline_alignment")),
            pl.col("junction").fill_null(""),
            pl.when(pl.col("junction").is_not_null()).then("junction_aa").fill_null("").alias("junction_aa"),
            *(empty.alias(name) for name in ("v_cigar", "d_cigar", "j_cigar")),
            pl.lit("IGH").alias("locus"),
            pl.col("vhh").alias("sequence_aa"),
            known[0].alias("cdr1_aa"),
            known[1].alias("cdr2_aa"),
            pl.col("cdr3").alias("cdr3_aa"),
            pl.col("lineage").cast(pl.String).alias("clone_id"),
            pl.col("count").cast(pl.Int64).alias("duplicate_count"),
        )
        .select(COLUMNS)
    )


def _find_junction(nt: str | None, cdr3_nt: str | None, residues: str | None) -> str | None:
    """Give the nucleotides of CDR3 and its anchors, sought from the right: a short CDR3 recurs by chance."""
    if not nt or not cdr3_nt or not residues:
        return None
    start = nt.rfind(cdr3_nt)
    while start >= ANCHOR:
        junction = nt[start - ANCHOR : start + len(cdr3_nt) + ANCHOR]
        if len(junction) == 3 * len(residues) and _spell(junction) == residues:
            return junction
        start = nt.rfind(cdr3_nt, 0, start + len(cdr3_nt) - 1)
    return None
