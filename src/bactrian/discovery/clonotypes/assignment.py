"""Which clonotype each molecule counts for: its own CDR1–2, a chimera's parent, or unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

if TYPE_CHECKING:
    from bactrian.discovery.clonotypes.chimeras import Recombination
    from bactrian.discovery.clonotypes.links import Index

# What a molecule is to its clonotype.
OWN, CHIMERIC, UNREAD, UNKNOWN = 0, 1, 2, 3
Kinds = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Clonotypes of a library and what its molecules are to them.

    Args:
        cdr3: CDR3 number of each clonotype; clonotypes are sorted by it, then by pair.
        pair: Pair number of each clonotype, -1 where CDR1–2 is unknown.
        kind: OWN (carries the clonotype's CDR1–2, or an error of it), CHIMERIC, UNREAD (CDR1 or CDR2 not
            read) or UNKNOWN (the CDR3's parent is not named), by molecule row.
        clonotype: Clonotype number of OWN and UNKNOWN rows, -1 for those that are shared out.
    """

    cdr3: Index
    pair: Index
    kind: Kinds
    clonotype: Index


def assign_molecules(model: Recombination, *, cdr3: Index, pair: Index, near: Index) -> Assignment:
    """Assign every molecule row.

    Args:
        model: Parents and further clonotypes.
        cdr3: CDR3 number by row.
        pair: Pair number by row, -1 where unread.
        near: Number of the CDR3's most abundant pair where the row's is another one close to it, -1
            elsewhere.

    Returns:
        The assignment.
    """
    named = np.flatnonzero(model.parents.named)
    cdr3s = np.concatenate((named, model.seconds.cdr3))
    pairs = np.concatenate((model.parents.pair[named], model.seconds.pair))
    without = np.setdiff1d(np.arange(model.parents.pair.size), cdr3s)
    cdr3s = np.concatenate((cdr3s, without))
    pairs = np.concatenate((pairs, np.full(without.size, -1, np.int64)))
    width = int(max(pairs.max(initial=0), pair.max(initial=0))) + 2
    keys = np.unique(cdr3s * width + pairs + 1)
    known = np.zeros(model.parents.pair.size, np.bool_)
    known[cdr3s[pairs >= 0]] = True

    def find(pairs_read: Index) -> tuple[Index, npt.NDArray[np.bool_]]:
        wanted = cdr3 * width + pairs_read + 1
        place = np.minimum(np.searchsorted(keys, wanted), keys.size - 1).astype(np.int64)
        return place, (keys[place] == wanted) & (pairs_read >= 0)

    place, own = find(pair)
    near_place, near_own = find(near)
    place, own = np.where(own, place, near_place), own | near_own
    unknown = ~known[cdr3]
    kind = np.select([unknown, own, pair < 0], [UNKNOWN, OWN, UNREAD], CHIMERIC).astype(np.int8)
    clonotype = np.where(own, place, -1)
    clonotype = np.where(unknown, np.searchsorted(keys, cdr3 * width), clonotype).astype(np.int64)
    return Assignment(cdr3=keys // width, pair=keys % width - 1, kind=kind, clonotype=clonotype)


def share_out(totals: Index, group: Index, weight: Index) -> Index:
    """Divide whole numbers in proportion to weights, by largest remainders.

    Args:
        totals: What each group has to give (groups).
        group: Group of each receiver, sorted (n).
        weight: Weight of each receiver; groups of zero weight share evenly (n).

    Returns:
        Whole numbers that sum to each group's total; of equal remainders the first receiver is served first.
    """
    sums = np.bincount(group, weights=weight, minlength=totals.size)
    even = sums[group] == 0
    weights = np.where(even, 1.0, weight.astype(float))
    sums = np.bincount(group, weights=weights, minlength=totals.size)
    exact = totals[group] * weights / sums[group]
    given = np.floor(exact + 1e-9).astype(np.int64)
    left = totals - np.bincount(group, weights=given, minlength=totals.size).astype(np.int64)
    order = np.lexsort((np.arange(group.size), -np.round(exact - given, 9), group))
    begin = np.searchsorted(group, np.arange(totals.size))
    rank = np.empty(group.size, np.int64)
    rank[order] = np.arange(group.size) - begin[group[order]]
    return given + (rank < left[group])


def share_rows(assignment: Assignment, *, sample: Index, cdr3: Index, count: Index) -> pl.DataFrame:
    """Share chimeric and CDR3-only molecules out to the clonotypes of their CDR3, by sample.

    In proportion to the molecules that carry each clonotype's own CDR1–2 in that sample; where none does, in
    the whole library.

    Args:
        assignment: Clonotypes, and what the molecules are to them.
        sample: Sample number by row.
        cdr3: CDR3 number by row.
        count: Molecules by row.

    Returns:
        `sample_number, clonotype_number, count, kind` (CHIMERIC or UNREAD).
    """
    rows = pl.DataFrame(
        {
            "sample_number": sample,
            "cdr3": cdr3,
            "clonotype_number": assignment.clonotype,
            "kind": assignment.kind,
            "count": count,
        }
    )
    groups = (
        rows.filter(pl.col("kind").is_in([CHIMERIC, UNREAD]))
        .group_by("sample_number", "cdr3", "kind")
        .agg(total=pl.col("count").sum())
        .sort("sample_number", "cdr3", "kind")
        .with_row_index("group")
    )
    own = rows.filter(pl.col("kind") == OWN)
    here = own.group_by("sample_number", "clonotype_number").agg(here=pl.col("count").sum())
    anywhere = own.group_by("clonotype_number").agg(anywhere=pl.col("count").sum())
    receivers = (
        groups.join(
            pl.DataFrame({"cdr3": assignment.cdr3}).with_columns(
                clonotype_number=pl.int_range(pl.len(), dtype=pl.Int64)
            ),
            on="cdr3",
        )
        .join(here, on=["sample_number", "clonotype_number"], how="left")
        .join(anywhere, on="clonotype_number", how="left")
        .sort("group", "clonotype_number")
        .with_columns(pl.col("here", "anywhere").fill_null(0))
        .with_columns(
            weight=pl.when(pl.col("here").sum().over("group") > 0)
            .then("here")
            .otherwise("anywhere")
            .cast(pl.Int64)
        )
    )
    given = share_out(
        groups["total"].to_numpy(),
        receivers["group"].to_numpy().astype(np.int64),
        receivers["weight"].to_numpy(),
    )
    return (
        receivers.with_columns(count=pl.Series(given, dtype=pl.Int64))
        .filter(pl.col("count") > 0)
        .select("sample_number", "clonotype_number", "count", "kind")
    )
