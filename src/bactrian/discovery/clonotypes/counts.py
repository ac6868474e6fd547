"""Count tables of a library: CDR3, clonotype and full VHH, from the molecules of its samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from bactrian.discovery.clonotypes.assignment import OWN, assign_molecules, share_rows
from bactrian.discovery.clonotypes.chimeras import fit_recombination
from bactrian.discovery.clonotypes.description import (
    CDR12_SHARES,
    CLONOTYPE_COLUMNS,
    SAMPLE_COLUMNS,
    add_support,
    describe,
    describe_neighbours,
    describe_samples,
    name_clonotypes,
)
from bactrian.discovery.clonotypes.evidence import Occurrences
from bactrian.discovery.clonotypes.folding import collapse_cdr3, collapse_cdr12, link_molecules
from bactrian.discovery.clonotypes.lineages import group_lineages
from bactrian.discovery.clonotypes.neighbours import SCHEMA as NEIGHBOUR_SCHEMA
from bactrian.discovery.clonotypes.rows import number, number_pairs, take_rows
from bactrian.discovery.clonotypes.settings import ClonotypeSettings
from bactrian.discovery.clonotypes.vhhs import count_vhhs


@dataclass(frozen=True, slots=True)
class Clonotypes:
    """Everything counted in one library.

    Args:
        counts_cdr3: `sample, cdr3, count`; each table sums to the sample's molecules.
        counts_clonotype: `sample, clonotype, count`; "?_?_CDR3" where CDR1–2 is unknown.
        counts_vhh: `sample, vhh, count`; X for residues not read.
        clonotypes: One row per clonotype, see `count_clonotypes`.
        neighbours: One-residue neighbours of large CDR3s that stay, with the evidence.
        samples: `sample, productive, cdr12_read, chimeric, chimera_share, recombination, recombination_fr2,
            recombination_fr3, recombination_molecules, cdr3s, clonotypes, cdr12_unknown`.
        settings: The constants used.
    """

    counts_cdr3: pl.DataFrame
    counts_clonotype: pl.DataFrame
    counts_vhh: pl.DataFrame
    clonotypes: pl.DataFrame
    neighbours: pl.DataFrame
    samples: pl.DataFrame
    settings: ClonotypeSettings


def count_clonotypes(molecules: pl.DataFrame, *, settings: ClonotypeSettings | None = None) -> Clonotypes:
    """Count the clonotypes of one library.

    Args:
        molecules: Productive molecules of all samples of the library: `sample, rung, cdr1, cdr2, cdr3` (amino
            acids; CDR1, CDR2 null where unread), their nucleotides `cdr1_nt, cdr2_nt, cdr3_nt`, `aligned`
            (128 characters), `fr_insertions, nt, count`. Rows may repeat and stand in any order.
        settings: Constants; the defaults if absent.

    Returns:
        Count tables and what was found. `clonotypes` has the columns `clonotype, cdr1, cdr2, cdr3,
        lineage, count, n_samples, n_chimeric` (molecules folded into it as recombinants), `n_cdr12_read`
        (molecules of its CDR3 whose CDR1 and CDR2 are read), `n_cdr12_own` (those that carry its CDR1–2),
        `cdr12_support` (their ratio), `cdr12_posterior` (that the CDR1–2 is the parent's and not
        recombination's), `cdr1_best, cdr2_best` (the best guess where unknown), `n_vhhs, vhh` (most
        abundant), `rung, nt` (the most abundant molecule that carries exactly this clonotype; exact
        framework first, then merged, joined) and `cdr3_nt` of that molecule.

    Raises:
        InputError: A column is missing, or a molecule has no CDR3.
    """
    chosen = settings or ClonotypeSettings()
    rows = take_rows(molecules)
    if not rows.height:
        return _nothing(chosen)
    samples = rows["sample"].unique().sort()
    sample = number(rows["sample"], samples)
    count = rows["count"].to_numpy()

    sequences = rows["cdr3_nt"].unique().sort()
    sequence = number(rows["cdr3_nt"], sequences)
    raw_pairs = pl.DataFrame({"cdr1": rows["cdr1"], "cdr2": rows["cdr2"]})
    pairs = raw_pairs.drop_nulls().unique().sort("cdr1", "cdr2")
    raw_pair = number_pairs(raw_pairs, pairs)
    occurrences = Occurrences(sequence, sample, raw_pair, count)
    centroid, tests = collapse_cdr3(occurrences, sequences, settings=chosen)
    residues_of = (
        rows.select("cdr3_nt", "cdr3").group_by("cdr3_nt").agg(pl.col("cdr3").min()).sort("cdr3_nt")["cdr3"]
    )
    cdr3s = residues_of.gather(np.unique(centroid)).unique().sort()
    cdr3 = number(residues_of, cdr3s)[centroid][sequence]

    pair, near = collapse_cdr12(rows, cdr3, pairs, settings=chosen)
    links = link_molecules(sample, cdr3, pair=pair, near=near, count=count, pairs=pairs)
    model = fit_recombination(links, samples=len(samples), cdr3s=len(cdr3s), settings=chosen)
    assignment = assign_molecules(model, cdr3=cdr3, pair=pair, near=near)

    shared = share_rows(assignment, sample=sample, cdr3=cdr3, count=count)
    names = name_clonotypes(assignment, pairs, cdr3s)
    rows = rows.with_columns(
        sample_number=pl.Series(sample),
        clonotype_number=pl.Series(assignment.clonotype),
        kind=pl.Series(assignment.kind),
    )
    own = (
        rows.filter(pl.col("clonotype_number") >= 0)
        .group_by("sample_number", "clonotype_number")
        .agg(count=pl.col("count").sum())
        .with_columns(kind=pl.lit(OWN, pl.Int8))
    )
    counted = pl.concat([own.select(shared.columns), shared])
    vhhs, top = count_vhhs(rows, shared, names, assignment, settings=chosen)

    def table(frame: pl.DataFrame, key: str) -> pl.DataFrame:
        return (
            frame.with_columns(sample=samples.gather(frame["sample_number"]))
            .group_by("sample", key)
            .agg(count=pl.col("count").sum())
            .filter(pl.col("count") > 0)
            .sort("sample", key)
        )

    counted = counted.with_columns(
        clonotype=names["clonotype"].gather(counted["clonotype_number"]),
        cdr3=names["cdr3"].gather(counted["clonotype_number"]),
    )
    counts_cdr3 = table(counted, "cdr3")
    totals = counts_cdr3.group_by("cdr3").agg(pl.col("count").sum())
    clonotypes = describe(names, counted, top, group_lineages(totals, identity=chosen.lineage_identity))
    clonotypes = add_support(clonotypes, assignment, model=model, links=links, rows=rows, pairs=pairs).drop(
        "clonotype_number"
    )
    return Clonotypes(
        counts_cdr3=counts_cdr3,
        counts_clonotype=table(counted, "clonotype"),
        counts_vhh=table(vhhs, "vhh"),
        clonotypes=clonotypes,
        neighbours=describe_neighbours(
            clonotypes,
            sequences,
            centroid=centroid,
            residues_of=residues_of,
            occurrences=occurrences,
            tests=tests,
            settings=chosen,
        ),
        samples=describe_samples(samples, rows, counted, model),
        settings=chosen,
    )


def _nothing(settings: ClonotypeSettings) -> Clonotypes:
    """The tables of a library without a productive molecule."""
    text, whole, real = pl.String, pl.Int64, pl.Float64
    counts = {
        key: pl.DataFrame(schema={"sample": text, key: text, "count": whole})
        for key in ("cdr3", "clonotype", "vhh")
    }
    return Clonotypes(
        counts_cdr3=counts["cdr3"],
        counts_clonotype=counts["clonotype"],
        counts_vhh=counts["vhh"],
        clonotypes=pl.DataFrame(
            schema={
                name: whole
                if name.startswith("n_") or name == "count"
                else real
                if name in CDR12_SHARES
                else text
                for name in CLONOTYPE_COLUMNS
            }
        ),
        neighbours=pl.DataFrame(schema=NEIGHBOUR_SCHEMA),
        samples=pl.DataFrame(
            schema={
                name: text
                if name == "sample"
                else real
                if name.startswith(("chimera_", "recombination"))
                else whole
                for name in SAMPLE_COLUMNS
            }
        ),
        settings=settings,
    )
