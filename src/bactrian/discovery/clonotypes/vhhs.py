"""Counts of full VHHs, and the molecule that stands for each clonotype."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.discovery.clonotypes.frameworks import blank_unsure, find_haplotypes, residue_matrix, spell_vhhs

if TYPE_CHECKING:
    from bactrian.discovery.clonotypes.assignment import Assignment
    from bactrian.discovery.clonotypes.settings import ClonotypeSettings

# Rungs of the pair ladder, the one that reads most of a molecule first.
RUNGS = {"merged": 0, "joined": 1, "single": 2}


def count_vhhs(
    rows: pl.DataFrame,
    shared: pl.DataFrame,
    names: pl.DataFrame,
    assignment: Assignment,
    *,
    settings: ClonotypeSettings,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Count every VHH.

    Molecules that carry their clonotype's CDR1–2 count for their haplotype; chimeric and CDR3-only ones
    for the clonotype's most abundant VHH.

    Args:
        rows: Molecule rows with `sample_number` and `clonotype_number` (-1 for those shared out).
        shared: What was shared out: `sample_number, clonotype_number, count`.
        names: Clonotypes by number.
        assignment: The clonotypes, as numbers.
        settings: The constants.

    Returns:
        `sample_number, vhh, count`, unsummed; and by clonotype `n_vhhs`, the most abundant `vhh` and the
        molecule that stands for it (`rung`, `nt`, `cdr3_nt`).
    """
    unsure = assignment.pair[np.maximum(assignment.clonotype, 0)] < 0
    residues = blank_unsure(residue_matrix(rows["aligned"]), unsure & (assignment.clonotype >= 0))
    haplotypes = find_haplotypes(
        residues,
        rows["count"].to_numpy(),
        assignment.clonotype,
        clonotypes=names.height,
        least=settings.framework_reads,
        share=settings.skew(1),
    )
    insertions = (
        rows.filter(pl.col("clonotype_number") >= 0)
        .group_by("clonotype_number", "fr_insertions")
        .agg(pl.col("count").sum())
        .sort(["clonotype_number", "count", "fr_insertions"], descending=[False, True, False])
        .unique("clonotype_number", keep="first", maintain_order=True)
        .select("clonotype_number", "fr_insertions")
    )
    spelled = (
        pl.DataFrame({"clonotype_number": haplotypes.clonotype})
        .with_row_index("haplotype")
        .join(names, on="clonotype_number", how="left", maintain_order="left")
        .join(insertions, on="clonotype_number", how="left", maintain_order="left")
    )
    spelled = spelled.with_columns(
        vhh=spell_vhhs(
            haplotypes.residues,
            cdr1=spelled["cdr1"],
            cdr2=spelled["cdr2"],
            cdr3=spelled["cdr3"],
            insertions=spelled["fr_insertions"],
        )
    )
    own = rows.with_columns(haplotype=pl.Series(haplotypes.of_row), exact=pl.Series(haplotypes.exact))
    own = own.filter(pl.col("haplotype") >= 0)
    own = own.with_columns(vhh=spelled["vhh"].gather(own["haplotype"]))
    by_vhh = own.group_by("clonotype_number", "vhh").agg(pl.col("count").sum())
    top = (
        by_vhh.sort(["clonotype_number", "count", "vhh"], descending=[False, True, False])
        .group_by("clonotype_number", maintain_order=True)
        .agg(n_vhhs=pl.len().cast(pl.Int64), vhh=pl.col("vhh").first())
        .join(_representatives(own, names), on="clonotype_number", how="left")
    )
    folded = shared.join(top.select("clonotype_number", "vhh"), on="clonotype_number", how="left")
    vhhs = pl.concat([frame.select("sample_number", "vhh", "count") for frame in (own, folded)])
    return vhhs, top


def _representatives(own: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Give the molecule that stands for each clonotype.

    It carries exactly the clonotype's CDRs. Where CDR1–2 is unknown it carries the CDR3, and begins behind
    CDR2: what stands before may be another clone's.
    """
    carried = names.select("clonotype_number", c1="cdr1", c2="cdr2", c3="cdr3")
    best = pl.col("haplotype").min().over("clonotype_number") == pl.col("haplotype")
    unknown = pl.col("c1").is_null()
    same = (pl.col("cdr1") == pl.col("c1")) & (pl.col("cdr2") == pl.col("c2"))
    behind = 3 * pl.col("vhh").str.strip_chars_start("X").str.find(pl.col("c3"), literal=True).cast(pl.Int64)
    ahead = (
        pl.col("nt").str.len_chars().cast(pl.Int64)
        - pl.col("nt").str.reverse().str.find(pl.col("cdr3_nt").str.reverse(), literal=True).cast(pl.Int64)
        - pl.col("cdr3_nt").str.len_chars().cast(pl.Int64)
    )
    tail = pl.col("nt").str.slice(pl.max_horizontal(ahead - behind, 0))
    return (
        own.with_columns(exact=pl.col("exact") & best)
        .join(carried, on="clonotype_number")
        .filter((pl.col("cdr3") == pl.col("c3")) & (unknown | same))
        .with_columns(nt=pl.when(unknown).then(tail).otherwise("nt"))
        .group_by("clonotype_number", "exact", "rung", "nt", "cdr3_nt")
        .agg(pl.col("count").sum())
        .with_columns(
            preference=pl.col("rung").replace_strict(RUNGS, default=len(RUNGS), return_dtype=pl.Int64)
        )
        .sort(
            ["clonotype_number", "exact", "preference", "count", "nt", "cdr3_nt"],
            descending=[False, True, False, True, False, False],
        )
        .unique("clonotype_number", keep="first", maintain_order=True)
        .select("clonotype_number", "rung", "nt", "cdr3_nt")
    )
