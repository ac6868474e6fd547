"""Counts equal keys once: a hash table whose texts lie one after the other in one array."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)

# ruff: noqa: PLR0917  (kernels take their arrays by position)

FIRST_SLOTS = 1 << 16


@njit(cache=True, nogil=True)
def _hash(keys, start, end):  # type: ignore[no-untyped-def]
    """Give the 64-bit FNV-1a hash of a text, its high half folded in."""
    value = np.uint64(14695981039346656037)
    for i in range(start, end):
        value = (value ^ np.uint64(keys[i])) * np.uint64(1099511628211)
    return value ^ (value >> np.uint64(32))


@njit(cache=True, nogil=True)
def _place_all(hashes, n, slots):  # type: ignore[no-untyped-def]
    """Put the known molecules into a fresh table."""
    mask = np.uint64(slots.size - 1)
    for molecule in range(n):
        slot = hashes[molecule] & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = molecule


@njit(cache=True, nogil=True)
def _absorb(keys, key_off, arena, starts, counts, hashes, n, slots, rows):  # type: ignore[no-untyped-def]
    """Count the keys; write each key's molecule into `rows` (-1: empty); give the number of molecules."""
    mask = np.uint64(slots.size - 1)
    for key in range(key_off.size - 1):
        begin, end = key_off[key], key_off[key + 1]
        size = end - begin
        if size == 0:
            rows[key] = -1
            continue
        value = _hash(keys, begin, end)
        slot = value & mask
        while True:
            molecule = slots[slot]
            if molecule < 0:
                slots[slot] = n
                hashes[n] = value
                counts[n] = 1
                place = starts[n]
                for i in range(size):
                    arena[place + i] = keys[begin + i]
                starts[n + 1] = place + size
                rows[key] = n
                n += 1
                break
            if hashes[molecule] == value and starts[molecule + 1] - starts[molecule] == size:
                place = starts[molecule]
                equal = True
                for i in range(size):
                    if arena[place + i] != keys[begin + i]:
                        equal = False
                        break
                if equal:
                    counts[molecule] += 1
                    rows[key] = molecule
                    break
            slot = (slot + np.uint64(1)) & mask
    return n


class MoleculeTable:
    """Distinct texts with their counts, in the order they were first met."""

    def __init__(self) -> None:
        self._n = 0
        self._arena = np.empty(0, np.uint8)
        self._starts = np.zeros(1, np.int64)
        self._counts = np.empty(0, np.int64)
        self._hashes = np.empty(0, np.uint64)
        self._slots = np.full(FIRST_SLOTS, -1, np.int64)

    def __len__(self) -> int:
        return self._n

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each text was met."""
        return self._counts[: self._n].copy()

    def absorb(self, keys: NDArray[np.uint8], key_off: NDArray[np.int64]) -> NDArray[np.int64]:
        """Count a chunk of keys.

        Args:
            keys: Their bytes, one after the other.
            key_off: Where each starts; one more entry than keys.

        Returns:
            Row of each key in this table; -1 for an empty key.
        """
        n_keys = len(key_off) - 1
        self._reserve(n_keys, int(key_off[-1]))
        rows = np.empty(n_keys, np.int64)
        self._n = _absorb(
            keys, key_off, self._arena, self._starts, self._counts, self._hashes, self._n, self._slots, rows
        )
        return rows

    def texts(self) -> list[str]:
        """Give the texts."""
        whole = self._arena[: self._starts[self._n]].tobytes().decode("ascii")
        starts = self._starts[: self._n + 1].tolist()
        return [whole[begin:end] for begin, end in pairwise(starts)]

    def _reserve(self, n_keys: int, n_bytes: int) -> None:
        used = int(self._starts[self._n])
        if used + n_bytes > len(self._arena):
            self._arena = _grown(self._arena, 2 * (used + n_bytes))
        most = self._n + n_keys
        if most > len(self._counts):
            room = 2 * most
            self._starts = _grown(self._starts, room + 1)
            self._counts, self._hashes = _grown(self._counts, room), _grown(self._hashes, room)
        if 2 * most > len(self._slots):
            size = len(self._slots)
            while 2 * most > size:
                size *= 2
            self._slots = np.full(size, -1, np.int64)
            _place_all(self._hashes, self._n, self._slots)


def _grown(array: NDArray[Number], size: int) -> NDArray[Number]:
    larger = np.zeros(size, array.dtype)
    larger[: len(array)] = array
    return larger
