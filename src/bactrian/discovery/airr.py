"""AIRR rearrangements of a sample's clonotypes, for the tools that read the AIRR Community's format.

References:
    AIRR Community, Rearrangement schema 1.5, docs.airr-community.org.
"""

from __future__ import annotations

import polars as pl

ANCHOR = 3
"""Nucleotides of the codons of C104 and W118, which the junction holds and CDR3 does not."""

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
    start = pl.col("nt").str.find(pl.col("cdr3_nt"), literal=True).cast(pl.Int64)
    inside = (
        (start >= ANCHOR)
        & (start + pl.col("cdr3_nt").str.len_chars() + ANCHOR <= pl.col("nt").str.len_chars())
    ).fill_null(value=False)
    junction = pl.when(inside).then(
        pl.col("nt").str.slice(start - ANCHOR, pl.col("cdr3_nt").str.len_chars() + 2 * ANCHOR)
    )
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
            junction.fill_null("").alias("junction"),
            pl.when(inside & (pl.col("vhh").str.contains(pl.col("cdr3"), literal=True)))
            .then(_junction_residues())
            .fill_null("")
            .alias("junction_aa"),
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


def _junction_residues() -> pl.Expr:
    """Give CDR3 with the residue before and after it, as the full VHH shows them."""
    start = pl.col("vhh").str.find(pl.col("cdr3"), literal=True).cast(pl.Int64)
    return pl.when(start >= 1).then(pl.col("vhh").str.slice(start - 1, pl.col("cdr3").str.len_chars() + 2))
