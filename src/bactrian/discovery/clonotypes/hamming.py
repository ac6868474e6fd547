"""Sequences of equal length that differ in few places, found without comparing all with all.

A sequence is cut into k + 1 interleaved blocks (position i belongs to block i mod (k + 1)): two sequences
that differ in at most k places agree in one block at least. Interleaving spreads the conserved ends of a CDR3
over all blocks, so that no block is the same for everyone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    import polars as pl

UNSURE = ord("N")


@dataclass(frozen=True, slots=True)
class Packed:
    """Sequences as one array of bytes.

    Args:
        codes: ASCII codes of all sequences, one after the other (uint8).
        starts: Offset of every sequence, and the end of the last (int64, n + 1).
    """

    codes: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, sequences: pl.Series) -> Packed:
        """Pack a series of ASCII strings.

        Args:
            sequences: Strings without nulls.

        Returns:
            The packed sequences in the same order.
        """
        starts = np.zeros(len(sequences) + 1, np.int64)
        np.cumsum(sequences.str.len_bytes().to_numpy(), out=starts[1:])
        joined = "".join(sequences.to_list()).encode("ascii")
        return cls(codes=np.frombuffer(joined, np.uint8), starts=starts)


@njit(cache=True, nogil=True)
def _block_keys(codes, starts, groups, limits, members, block):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Hash of (group, length, block content) for each member sequence."""
    keys = np.empty(members.size, np.uint64)
    prime = np.uint64(0x100000001B3)
    for m in range(members.size):
        i = members[m]
        key = np.uint64(0xCBF29CE484222325) ^ np.uint64(groups[i])
        key = (key * prime) ^ np.uint64(starts[i + 1] - starts[i])
        key = key * np.uint64(0x9E3779B97F4A7C15)
        for position in range(starts[i] + block, starts[i + 1], limits[i] + 1):
            key = (key ^ np.uint64(codes[position])) * prime
        keys[m] = key ^ (key >> np.uint64(29))
    return keys


@njit(cache=True, nogil=True)
def _distance(codes, a, b, length, limit, block):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Substitutions between two sequences; -1 if more than `limit`, or if an earlier block agrees.

    An N of the first sequence differs from everything when blocks are compared (so that a pair is found
    once) and agrees with everything in the distance.
    """
    blocks = limit + 1
    differs = np.uint64(0)
    distance = 0
    for k in range(length):
        if codes[a + k] != codes[b + k]:
            differs |= np.uint64(1) << np.uint64(k % blocks)
            if codes[a + k] != UNSURE:
                distance += 1
                if distance > limit:
                    return -1
    for earlier in range(block):
        if (differs >> np.uint64(earlier)) & np.uint64(1) == 0:
            return -1
    if (differs >> np.uint64(block)) & np.uint64(1):
        return -1
    return distance


@njit(cache=True, nogil=True)
def _scan(codes, starts, groups, limits, counts, shares, queries, query_keys, targets, keys, block):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """All (query, target, distance) of one block whose counts fit the skew."""
    capacity = max(1024, queries.size)
    child = np.empty(capacity, np.int64)
    parent = np.empty(capacity, np.int64)
    distances = np.empty(capacity, np.int64)
    found = 0
    for m in range(queries.size):
        i = queries[m]
        length = starts[i + 1] - starts[i]
        single = 1 if counts[i] == 1 else 0
        place = np.searchsorted(keys, query_keys[m])
        while place < keys.size and keys[place] == query_keys[m]:
            j = targets[place]
            place += 1
            if j == i or groups[j] != groups[i] or starts[j + 1] - starts[j] != length:
                continue
            if counts[i] > counts[j]:
                continue
            distance = _distance(codes, starts[i], starts[j], length, limits[i], block)
            if distance < 0 or counts[i] > shares[single, distance] * counts[j]:
                continue
            if found == child.size:
                child = np.concatenate((child, np.empty(found, np.int64)))
                parent = np.concatenate((parent, np.empty(found, np.int64)))
                distances = np.concatenate((distances, np.empty(found, np.int64)))
            child[found] = i
            parent[found] = j
            distances[found] = distance
            found += 1
    return child[:found], parent[:found], distances[:found]


def find_skewed_pairs(
    packed: Packed,
    counts: np.ndarray,
    *,
    groups: np.ndarray,
    limits: np.ndarray,
    shares: np.ndarray,
    queries: np.ndarray,
    targets: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give every pair of a small sequence and a close one that is large enough to have made it by error.

    Args:
        packed: n sequences.
        counts: Molecules of each (int64, n).
        groups: Only sequences of one group (and length) are compared (int64, n).
        limits: Largest distance for each; the same for sequences of one group and length (int64, n).
        shares: Largest count of the small one as a share of the large one's, by distance (columns, from 0)
            for sequences of several molecules (row 0) and of one (row 1).
        queries: Indices of the sequences that may be the small one (int64).
        targets: Indices of the sequences that may be the large one (int64).

    Returns:
        Arrays small, large, distance; sorted by small, then large.
    """
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    if queries.size and targets.size:
        for block in range(int(limits.max()) + 1):
            asked = queries[limits[queries] >= block]
            held = targets[limits[targets] >= block]
            keys = _block_keys(packed.codes, packed.starts, groups, limits, held, block)
            order = np.argsort(keys, kind="stable")
            asked_keys = _block_keys(packed.codes, packed.starts, groups, limits, asked, block)
            parts.append(
                _scan(
                    packed.codes,
                    packed.starts,
                    groups,
                    limits,
                    counts,
                    shares,
                    asked,
                    asked_keys,
                    held[order],
                    keys[order],
                    block,
                )
            )
    if not parts:
        empty = np.empty(0, np.int64)
        return empty, empty, empty
    small, large, distance = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((large, small))
    return small[order], large[order], distance[order]


@njit(cache=True, nogil=True)
def _root(roots, i):  # type: ignore[no-untyped-def]
    while roots[i] != i:
        roots[i] = roots[roots[i]]
        i = roots[i]
    return i


@njit(cache=True, nogil=True)
def _link(codes, starts, limits, members, keys, roots):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Join the sets of members that share a block and lie within their limit; members are sorted by key."""
    begin = 0
    while begin < members.size:
        end = begin + 1
        while end < members.size and keys[end] == keys[begin]:
            end += 1
        for x in range(begin, end):
            i = members[x]
            length = starts[i + 1] - starts[i]
            for y in range(x + 1, end):
                j = members[y]
                if starts[j + 1] - starts[j] != length:
                    continue
                a = _root(roots, i)
                b = _root(roots, j)
                if a == b:
                    continue
                distance = 0
                for k in range(length):
                    if codes[starts[i] + k] != codes[starts[j] + k]:
                        distance += 1
                        if distance > limits[i]:
                            break
                if distance <= limits[i]:
                    if a < b:
                        roots[b] = a
                    else:
                        roots[a] = b
        begin = end


@njit(cache=True, nogil=True)
def _flatten(roots):  # type: ignore[no-untyped-def]
    """Point every sequence straight at its root; roots precede their members."""
    for i in range(roots.size):
        roots[i] = roots[roots[i]]


def link_close(packed: Packed, limits: np.ndarray) -> np.ndarray:
    """Give the single-linkage group of every sequence: its smallest index.

    Args:
        packed: n sequences.
        limits: Largest distance that links; the same for sequences of one length (int64, n).

    Returns:
        For each sequence the smallest index of its group (int64, n).
    """
    count = packed.starts.size - 1
    roots = np.arange(count, dtype=np.int64)
    groups = np.zeros(count, np.int64)
    for block in range(int(limits.max()) + 1 if count else 0):
        members = np.flatnonzero(limits >= block)
        keys = _block_keys(packed.codes, packed.starts, groups, limits, members, block)
        order = np.argsort(keys, kind="stable")
        _link(packed.codes, packed.starts, limits, members[order], keys[order], roots)
    _flatten(roots)
    return roots


@njit(cache=True, nogil=True)
def _paired_distances(codes, starts, left, right):  # type: ignore[no-untyped-def]
    distances = np.full(left.size, 1 << 30, np.int64)
    for m in range(left.size):
        i = left[m]
        j = right[m]
        length = starts[i + 1] - starts[i]
        if starts[j + 1] - starts[j] == length:
            distance = 0
            for k in range(length):
                if codes[starts[i] + k] != codes[starts[j] + k]:
                    distance += 1
            distances[m] = distance
    return distances


def paired_distances(packed: Packed, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Give the substitutions between named pairs of sequences.

    Args:
        packed: n sequences.
        left: Index of the first of each pair (int64).
        right: Index of the second (int64).

    Returns:
        Distances; 2^30 where the lengths differ (int64).
    """
    distances: np.ndarray = _paired_distances(packed.codes, packed.starts, left, right)
    return distances
