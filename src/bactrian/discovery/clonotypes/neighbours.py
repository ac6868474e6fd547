"""CDR3s one residue away from a large one that stay after the collapse, with the reason why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.discovery.clonotypes.evidence import Evidence, Occurrences, weigh_evidence
from bactrian.discovery.clonotypes.hamming import Packed, paired_distances

if TYPE_CHECKING:
    from bactrian.discovery.clonotypes.settings import ClonotypeSettings

SCHEMA = {
    "parent": pl.String,
    "child": pl.String,
    "parent_count": pl.Int64,
    "count": pl.Int64,
    "share": pl.Float64,
    "nt_distance": pl.Int64,
    "skew": pl.Float64,
    "skew_allowed": pl.Float64,
    "p_samples": pl.Float64,
    "p_cdr12": pl.Float64,
    "parent_cdr12": pl.String,
    "cdr12": pl.String,
    "evidence": pl.String,
}


def list_neighbours(
    cdr3s: pl.DataFrame,
    occurrences: Occurrences,
    tests: Evidence,
    *,
    sequences: pl.Series,
    settings: ClonotypeSettings,
) -> pl.DataFrame:
    """List the neighbours of large CDR3s that hold more than a set share of its molecules.

    Args:
        cdr3s: `cdr3`, `count`, `cdr12` (CDR1_CDR2, null where unknown), `main` (number of its most abundant
            nucleotide sequence) and `main_count` (molecules of that).
        occurrences: Where each nucleotide sequence stands, as read.
        tests: What the collapse tested; its numbers of tests hold here too.
        sequences: Nucleotide sequences by number.
        settings: What is large, and which share is listed.

    Returns:
        One row per (parent, child): shares of molecules, substitutions between their main nucleotide
        sequences, counts of these as a ratio (`skew`) and the largest ratio an error may have, the p-values
        of `weigh_evidence` (uncorrected), and `evidence`: what keeps the child: count (its skew), distance
        (more substitutions than an error may have), samples, cdr12.
    """
    large = cdr3s.filter(pl.col("count") > settings.neighbour_reads).sort("cdr3")
    found = []
    for row in large.iter_rows(named=True):
        close = cdr3s.filter(
            (pl.col("cdr3").str.len_bytes() == len(row["cdr3"]))
            & (pl.col("cdr3") != row["cdr3"])
            & (pl.col("count") > settings.neighbour_share * row["count"])
            & (pl.col("count") <= row["count"])
        )
        distant = [sum(a != b for a, b in zip(row["cdr3"], other, strict=True)) for other in close["cdr3"]]
        kept = close.filter(pl.Series(distant, dtype=pl.Int64) == 1)
        found.append(
            kept.select(
                parent=pl.lit(row["cdr3"]),
                child="cdr3",
                parent_count=pl.lit(row["count"], pl.Int64),
                count=pl.col("count").cast(pl.Int64),
                share=pl.col("count") / row["count"],
                parent_main=pl.lit(row["main"], pl.Int64),
                main=pl.col("main").cast(pl.Int64),
                skew=pl.col("main_count") / row["main_count"],
                parent_cdr12=pl.lit(row["cdr12"], pl.String),
                cdr12="cdr12",
            )
        )
    pairs = pl.concat(found) if found else None
    if pairs is None or not pairs.height:
        return pl.DataFrame(schema=SCHEMA)
    parent, child = pairs["parent_main"].to_numpy(), pairs["main"].to_numpy()
    distance = paired_distances(Packed.of(sequences), parent, child)
    length = sequences.str.len_bytes().to_numpy()[child].astype(np.int64)
    limit = np.minimum(settings.max_distance, np.maximum(1, length // settings.bases_per_error))
    allowed = np.array([settings.skew(int(d)) for d in np.minimum(distance, settings.max_distance)])
    evidence = weigh_evidence(occurrences, child, parent, allowed=allowed, least=settings.evidence_reads)
    far, many = distance > limit, pairs["skew"].to_numpy() > allowed
    by_samples = evidence.by_samples * max(1, tests.sample_tests) <= settings.evidence_error_rate
    by_cdr12 = evidence.by_cdr12 * max(1, tests.cdr12_tests) <= settings.evidence_error_rate
    reasons = [
        ";".join(
            word
            for word, holds in zip(("distance", "count", "samples", "cdr12"), flags, strict=True)
            if holds
        )
        for flags in zip(far, many, by_samples, by_cdr12, strict=True)
    ]
    return (
        pairs.with_columns(
            nt_distance=pl.Series(distance, dtype=pl.Int64),
            skew_allowed=pl.Series(np.where(far, 0.0, allowed)),
            p_samples=pl.Series(evidence.by_samples),
            p_cdr12=pl.Series(evidence.by_cdr12),
            evidence=pl.Series(reasons, dtype=pl.String),
        )
        .select(list(SCHEMA))
        .sort(["parent_count", "parent", "count", "child"], descending=[True, False, True, False])
    )
