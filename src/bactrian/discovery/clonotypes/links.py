"""Which CDR1–2 was read beside which CDR3, as arrays, and how common each CDR1–2 is in a sample.

A pair is one CDR1 with one CDR2 (amino acids); a link is a pair read beside a CDR3 in a sample. Sums run over
sorted arrays in one thread, so that the last bit of a result does not depend on the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Index = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def sum_by(key: Index, weight: npt.NDArray[np.generic], size: int) -> Floats:
    """Add up weights by key, in the order they stand.

    Args:
        key: Numbers below `size` (n).
        weight: What is added (n).
        size: Number of keys.

    Returns:
        Sums (size).
    """
    return np.asarray(np.bincount(key, weights=weight, minlength=size), dtype=np.float64)


@dataclass(frozen=True)
class Shares:
    """Frequency of a key in each sample; 0 where it was not seen.

    Args:
        keys: sample × width + key, sorted (int64).
        values: Frequencies, summing to 1 in each sample.
        width: Larger than any key.
    """

    keys: Index
    values: Floats
    width: int

    @classmethod
    def count(cls, sample: Index, key: Index, weight: Floats) -> Shares:
        """Add up weights by sample and key, and divide by the sample's sum.

        Args:
            sample: Sample of each observation.
            key: Key of each observation.
            weight: Its weight.

        Returns:
            The shares.
        """
        width = int(key.max(initial=0)) + 1
        keys, place = np.unique(sample * width + key, return_inverse=True)
        values = np.bincount(place, weights=weight, minlength=keys.size)
        totals = np.bincount(keys // width, weights=values)
        return cls(keys=keys, values=values / totals[keys // width], width=width)

    def of(self, sample: Index, key: Index) -> Floats:
        """Look up shares.

        Args:
            sample: Samples (n).
            key: Keys, each below `width` (n).

        Returns:
            Shares (n).
        """
        if not self.keys.size:
            return np.zeros(key.size)
        wanted = sample * self.width + key
        place = np.minimum(np.searchsorted(self.keys, wanted), self.keys.size - 1)
        shares: Floats = np.where(self.keys[place] == wanted, self.values[place], 0.0)
        return shares


@dataclass(frozen=True)
class Links:
    """Molecules of one library whose CDR1, CDR2 and CDR3 are read; sorted by CDR3, pair, sample.

    Args:
        sample: Sample number (n).
        cdr3: CDR3 number (n).
        pair: Number of the CDR1–2 (n).
        cdr1: Number of its CDR1 (n).
        cdr2: Number of its CDR2 (n).
        count: Molecules (n).
        near: The pair is another than the CDR3's most abundant one, and as close to it as errors are: an
            error or a relative, and no sign of recombination (bool, n).
        error: It is near and was seen once in the library (bool, n).
    """

    sample: Index
    cdr3: Index
    pair: Index
    cdr1: Index
    cdr2: Index
    count: Index
    near: Flags
    error: Flags

    @cached_property
    def width(self) -> int:
        """Number above every pair number."""
        return int(self.pair.max(initial=0)) + 1

    @cached_property
    def key(self) -> Index:
        """CDR3 and pair in one number."""
        return self.cdr3 * self.width + self.pair

    @cached_property
    def pair_shares(self) -> Shares:
        """F: frequency of each CDR1–2 among a sample's molecules."""
        return Shares.count(self.sample, self.pair, self.count.astype(float))

    @cached_property
    def cdr1_shares(self) -> Shares:
        """Frequency of each CDR1."""
        return Shares.count(self.sample, self.cdr1, self.count.astype(float))

    @cached_property
    def cdr2_shares(self) -> Shares:
        """Frequency of each CDR2."""
        return Shares.count(self.sample, self.cdr2, self.count.astype(float))

    @cached_property
    def cdr3_counts(self) -> Index:
        """Molecules by CDR3 number, all samples."""
        return np.bincount(self.cdr3, weights=self.count).astype(np.int64)

    @cached_property
    def sample_cdr3_counts(self) -> Index:
        """For each link, the molecules of its CDR3 in its sample."""
        width = int(self.cdr3.max(initial=0)) + 1
        _, place = np.unique(self.sample * width + self.cdr3, return_inverse=True)
        sums: Index = np.bincount(place, weights=self.count)[place].astype(np.int64)
        return sums

    @cached_property
    def cdr1_of_pair(self) -> Index:
        """CDR1 number by pair number."""
        found = np.zeros(self.width, np.int64)
        found[self.pair] = self.cdr1
        return found

    @cached_property
    def cdr2_of_pair(self) -> Index:
        """CDR2 number by pair number."""
        found = np.zeros(self.width, np.int64)
        found[self.pair] = self.cdr2
        return found
