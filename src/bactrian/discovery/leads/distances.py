"""How much CDR3s differ: edit distances, and the nearest of many keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numba import njit

from bactrian.discovery.clonotypes.hamming import Packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def _edit_distances(codes, starts, query, members, distances):  # type: ignore[no-untyped-def]
    """Fill the fewest insertions, deletions and substitutions between `query` and each member."""
    first, last = starts[query], starts[query + 1]
    length = last - first
    row = np.empty(length + 1, np.int64)
    for m in range(members.size):
        begin, end = starts[members[m]], starts[members[m] + 1]
        for k in range(length + 1):
            row[k] = k
        for j in range(begin, end):
            diagonal = row[0]
            row[0] += 1
            for k in range(1, length + 1):
                substituted = diagonal + (codes[first + k - 1] != codes[j])
                diagonal = row[k]
                row[k] = min(substituted, row[k] + 1, row[k - 1] + 1)
        distances[m] = row[length]


def edit_distances(packed: Packed, query: int, members: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the edit distance (Levenshtein) between one sequence and others.

    Args:
        packed: Sequences.
        query: Index of the one.
        members: Indices of the others (n).

    Returns:
        Fewest residues inserted, deleted or substituted (n).
    """
    distances = np.empty(members.size, np.int64)
    _edit_distances(packed.codes, packed.starts, query, members, distances)
    return distances


def shares_that_differ(packed: Packed, query: int, members: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give edit distances as shares of the longer sequence's length, 0 to 1.

    Args:
        packed: Sequences.
        query: Index of the one.
        members: Indices of the others (n).

    Returns:
        Shares (n); 0 for two empty sequences.
    """
    lengths = np.diff(packed.starts)
    longer = np.maximum(lengths[query], lengths[members])
    shares: NDArray[np.float64] = edit_distances(packed, query, members) / np.maximum(longer, 1)
    return shares


def find_nearest(key: str, keys: Sequence[str], *, most: int = 5) -> list[tuple[str, int]]:
    """Give the keys nearest to one that is not among them.

    Args:
        key: What was asked for.
        keys: What there is. Letters outside ASCII count as equal.
        most: Most to give.

    Returns:
        Keys with their edit distances: first those that hold the one asked for, as when its end was not
        copied, then the nearest, equals in the alphabet.

    Examples:
        >>> find_nearest("AAT", ["CCC", "AAC", "AAG", "GGAATCCC"], most=3)
        [('GGAATCCC', 5), ('AAC', 1), ('AAG', 1)]
    """
    if not keys:
        return []
    plain, *others = (name.encode("ascii", "replace").decode("ascii") for name in (key, *keys))
    packed = Packed.of(pl.Series([plain, *others], dtype=pl.String))
    distances = edit_distances(packed, 0, np.arange(1, len(keys) + 1))
    order = sorted(
        range(len(keys)),
        key=lambda place: (not key or key not in keys[place], int(distances[place]), keys[place]),
    )
    return [(keys[place], int(distances[place])) for place in order[:most]]
