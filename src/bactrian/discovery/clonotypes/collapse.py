"""Nucleotide errors go back to the clone they were copied from, by abundance skew.

Greedy and UNOISE-like: sequences are visited from the most to the least abundant; each folds into the
accepted one that most probably made it, if its count is small enough for an error, and is accepted
otherwise. What else speaks for a sequence (its samples, its own CDR1–2) is judged elsewhere and arrives as
a list of pairs that must not fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from bactrian.discovery.clonotypes.hamming import Packed, find_skewed_pairs

if TYPE_CHECKING:
    import polars as pl

    from bactrian.discovery.clonotypes.settings import ClonotypeSettings


@dataclass(frozen=True, slots=True)
class ErrorPairs:
    """Every pair of sequences of which one may be the other's error, by count and distance alone.

    Args:
        child: Index of the small sequence (int64).
        parent: Index of the large one (int64).
        distance: Substituted nucleotides (int64); 0 only for a child with N.
        allowed: Largest share of the parent's count the child may have (float64).
    """

    child: np.ndarray
    parent: np.ndarray
    distance: np.ndarray
    allowed: np.ndarray


def find_error_pairs(
    sequences: pl.Series, counts: np.ndarray, *, groups: np.ndarray, settings: ClonotypeSettings
) -> ErrorPairs:
    """Give the pairs of sequences that the abundance skew lets fold.

    Args:
        sequences: Distinct nucleotide sequences within a group (n strings; N allowed).
        counts: Pooled molecules of each (int64, n).
        groups: Sequences fold only within their group and length (int64, n).
        settings: The skew.

    Returns:
        The pairs, sorted by child, then parent.
    """
    lengths = sequences.str.len_bytes().to_numpy().astype(np.int64)
    limits = np.minimum(settings.max_distance, np.maximum(1, lengths // settings.bases_per_error))
    shares = np.ones((2, settings.max_distance + 1))
    for step in range(1, settings.max_distance + 1):
        shares[0, step] = settings.skew(step)
        shares[1, step] = max(settings.skew(step), settings.single_skew(step))
    unsure = sequences.str.contains("N", literal=True).to_numpy()
    large = np.flatnonzero(~unsure & (counts * shares[:, 1:].max(initial=0.0) >= 1))
    packed = Packed.of(sequences)
    found_parts = [
        find_skewed_pairs(
            packed,
            counts,
            groups=groups,
            limits=np.minimum(limits, settings.max_distance),
            shares=shares,
            queries=np.flatnonzero(children),
            targets=parents,
        )
        for children, parents in ((~unsure, large), (unsure, np.flatnonzero(~unsure)))
    ]
    child, parent, distance = (np.concatenate(part) for part in zip(*found_parts, strict=True))
    order = np.lexsort((parent, child))
    child, parent, distance = child[order], parent[order], distance[order]
    single = (counts[child] == 1).astype(np.int64)
    return ErrorPairs(child=child, parent=parent, distance=distance, allowed=shares[single, distance])


@njit(cache=True, nogil=True)
def _fold(order, rank, first, last, parent, score, centroid):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    for place in range(order.size):
        i = order[place]
        best = -1
        for pair in range(first[i], last[i]):
            j = parent[pair]
            if centroid[j] != j or rank[j] > place:
                continue
            if (
                best < 0
                or score[pair] > score[best]
                or (score[pair] == score[best] and rank[j] < rank[parent[best]])
            ):
                best = pair
        if best >= 0:
            centroid[i] = parent[best]


def fold_errors(
    sequences: pl.Series, counts: np.ndarray, *, pairs: ErrorPairs, keep: np.ndarray
) -> np.ndarray:
    """Give the centroid that every sequence folds into.

    Of several accepted parents the one is taken that makes most errors of this distance (allowed share ×
    count); ties go to the more abundant, then to the alphabetically first.

    Args:
        sequences: The n sequences.
        counts: Their molecules (int64, n).
        pairs: What the skew lets fold.
        keep: True for pairs that other evidence forbids to fold (bool, one per pair).

    Returns:
        Index of each sequence's centroid; its own index where it is one (int64, n).
    """
    unsure = sequences.str.contains("N", literal=True).to_numpy()
    alphabetical = sequences.rank("ordinal").to_numpy()
    order = np.lexsort((alphabetical, -counts, unsure)).astype(np.int64)
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    child, parent = pairs.child[~keep], pairs.parent[~keep]
    score = pairs.allowed[~keep] * counts[parent]
    indices = np.arange(order.size)
    centroid = np.arange(order.size, dtype=np.int64)
    first = np.searchsorted(child, indices, side="left")
    last = np.searchsorted(child, indices, side="right")
    _fold(order, rank, first, last, parent, score, centroid)
    return centroid
