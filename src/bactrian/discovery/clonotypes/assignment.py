"""Which clonotype each molecule counts for: its own CDR1–2, a chimera's parent, or unknown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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


def assign_molecules(
    model: Recombination, *, cdr3: Index, pair: Index, error: npt.NDArray[np.bool_]
) -> Assignment:
    """Assign every molecule row.

    Args:
        model: Parents and further clonotypes.
        cdr3: CDR3 number by row.
        pair: Pair number by row, -1 where unread.
        error: The pair is an error of the CDR3's most abundant pair, by row.

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

    # An error of the most abundant CDR1–2 counts as that one where it is a clonotype.
    main = model.parents.pair[cdr3]
    read_as = np.where(error & (main >= 0), main, pair)
    key = cdr3 * width + read_as + 1
    place = np.minimum(np.searchsorted(keys, key), keys.size - 1)
    own = (keys[place] == key) & (read_as >= 0)
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
