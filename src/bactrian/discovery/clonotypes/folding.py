"""Molecule rows with the errors of their CDRs folded: which CDR3 and which CDR1–2 each one carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.discovery.clonotypes.collapse import find_error_pairs, fold_errors
from bactrian.discovery.clonotypes.evidence import Evidence, Occurrences, weigh_evidence
from bactrian.discovery.clonotypes.hamming import Packed, paired_distances
from bactrian.discovery.clonotypes.links import Floats, Index, Links, sum_by
from bactrian.discovery.clonotypes.rows import number_pairs

if TYPE_CHECKING:
    from bactrian.discovery.clonotypes.settings import ClonotypeSettings


def collapse_cdr3(
    occurrences: Occurrences, sequences: pl.Series, *, settings: ClonotypeSettings
) -> tuple[Index, Evidence]:
    """Fold the errors of the CDR3s of a library.

    Args:
        occurrences: Where the sequences stand.
        sequences: Distinct CDR3 nucleotides, sorted, by sequence number.
        settings: The constants.

    Returns:
        The sequence that each folds into, and the tests that kept some apart.
    """
    counts = np.bincount(occurrences.sequence, weights=occurrences.count, minlength=len(sequences)).astype(
        np.int64
    )
    groups = np.zeros(len(sequences), np.int64)
    found = find_error_pairs(sequences, counts, groups=groups, settings=settings)
    tested = np.flatnonzero((counts[found.child] >= settings.evidence_reads) & (found.distance > 0))
    evidence = weigh_evidence(
        occurrences,
        found.child[tested],
        found.parent[tested],
        allowed=found.allowed[tested],
        least=settings.evidence_reads,
    )
    keep = np.zeros(found.child.size, np.bool_)
    keep[tested] = evidence.keeps(settings.evidence_error_rate)
    return fold_errors(sequences, counts, pairs=found, keep=keep), evidence


def collapse_cdr12(
    rows: pl.DataFrame, cdr3: Index, pairs: pl.DataFrame, *, settings: ClonotypeSettings
) -> tuple[Index, Index]:
    """Fold errors of CDR1–2 within each CDR3.

    Never across CDR3s: clones of one germline have CDR1–2 that truly differ by one base.

    Args:
        rows: Molecule rows.
        cdr3: CDR3 number by row.
        pairs: Distinct `cdr1, cdr2`, sorted, by pair number.
        settings: The skew.

    Returns:
        By row the pair number, -1 where unread; and the number of the CDR3's most abundant pair where the
        row's is another, as close to it as errors are (-1 elsewhere).
    """
    pair = np.full(rows.height, -1, np.int64)
    near = np.full(rows.height, -1, np.int64)
    read = (
        rows.select("cdr1", "cdr2", pl.col("cdr1_nt").fill_null(""), pl.col("cdr2_nt").fill_null(""), "count")
        .with_columns(cdr3=pl.Series(cdr3))
        .with_row_index()
        .filter(pl.col("cdr1").is_not_null() & pl.col("cdr2").is_not_null())
    )
    if not read.height:
        return pair, near
    keys = ["cdr3", "cdr1_nt", "cdr2_nt"]
    entries = (
        read.group_by(keys)
        .agg(pl.col("cdr1").min(), pl.col("cdr2").min(), pl.col("count").sum())
        .sort(keys)
        .with_columns(
            nt=pl.col("cdr1_nt") + pl.col("cdr2_nt"),
            group=pl.struct("cdr3", pl.col("cdr1_nt").str.len_bytes()).rank("dense").cast(pl.Int64),
        )
    )
    counts, groups = entries["count"].to_numpy(), entries["group"].to_numpy()
    found = find_error_pairs(entries["nt"], counts, groups=groups, settings=settings)
    centroid = fold_errors(entries["nt"], counts, pairs=found, keep=np.zeros(found.child.size, np.bool_))
    entry_pair = number_pairs(entries.select("cdr1", "cdr2"), pairs)[centroid]
    top = _most_abundant(entries["cdr3"].to_numpy(), sum_by(centroid, counts, centroid.size))
    distance = paired_distances(Packed.of(entries["nt"]), centroid, top)
    close = (groups[centroid] == groups[top]) & (distance <= settings.max_distance)
    entry_near = np.where(close & (entry_pair != entry_pair[top]), entry_pair[top], -1)
    numbered = entries.select(keys).with_row_index("entry")
    place = read.join(numbered, on=keys, how="left", maintain_order="left")["entry"].cast(pl.Int64).to_numpy()
    index = read["index"].to_numpy()
    pair[index] = entry_pair[place]
    near[index] = entry_near[place]
    return pair, near


def _most_abundant(group: Index, counts: Floats) -> Index:
    """For each entry, the entry of its group with the most molecules; the first of equals."""
    order = np.lexsort((np.arange(group.size), -counts, group))
    first = order[np.flatnonzero(np.diff(group[order], prepend=-1))]
    top = np.zeros(int(group.max()) + 1, np.int64)
    top[group[first]] = first
    return top[group]


def link_molecules(
    sample: Index, cdr3: Index, *, pair: Index, near: Index, count: Index, pairs: pl.DataFrame
) -> Links:
    """Add up what was read beside what.

    Args:
        sample: Sample number by row.
        cdr3: CDR3 number by row.
        pair: Pair number by row, -1 where unread.
        near: As `collapse_cdr12` gives it.
        count: Molecules by row.
        pairs: CDR1–2 by pair number.

    Returns:
        The links.
    """
    frame = pl.DataFrame({"cdr3": cdr3, "pair": pair, "sample": sample, "near": near >= 0, "count": count})
    keys = ["cdr3", "pair", "sample"]
    summed = (
        frame.filter(pl.col("pair") >= 0)
        .group_by(keys)
        .agg(pl.col("count").sum(), pl.col("near").all())
        .with_columns(
            near=pl.col("near").all().over("cdr3", "pair"),
            single=pl.col("count").sum().over("cdr3", "pair") == 1,
        )
        .sort(keys)
    )
    numbers = summed["pair"].to_numpy()
    cdr1 = pairs["cdr1"].rank("dense").cast(pl.Int64).to_numpy() - 1
    cdr2 = pairs["cdr2"].rank("dense").cast(pl.Int64).to_numpy() - 1
    return Links(
        sample=summed["sample"].to_numpy(),
        cdr3=summed["cdr3"].to_numpy(),
        pair=numbers,
        cdr1=cdr1[numbers],
        cdr2=cdr2[numbers],
        count=summed["count"].to_numpy(),
        near=summed["near"].to_numpy(),
        error=(summed["near"] & summed["single"]).to_numpy(),
    )
