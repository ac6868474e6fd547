"""What keeps a close, small CDR3 apart from the large one: its samples, or a CDR1–2 of its own.

Errors follow the clone they come from: in each sample they are few beside it, and they carry the CDR1–2 its
molecules carry there (chimeras included). Both are tested against a ceiling, not against the error rate: a
child must be larger, in some sample, than any error may be, or carry a CDR1–2 that its parent's own
molecules do not show. Children of a takeover clone, many but small beside it wherever they are, fail both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from bactrian.discovery.clonotypes.links import Flags, Floats, Index, Shares


@dataclass(frozen=True, slots=True)
class Occurrences:
    """How often each sequence stands in each sample, with which CDR1–2.

    Args:
        sequence: Sequence number (n).
        sample: Sample number (n).
        pair: Number of the CDR1–2, -1 where it is not read (n).
        count: Molecules (n).
    """

    sequence: Index
    sample: Index
    pair: Index
    count: Index


@dataclass(frozen=True, slots=True)
class Evidence:
    """p-values for each (child, parent), as tested, before any correction.

    Args:
        by_samples: The smallest over the child's samples.
        sample_tests: Number of samples tested over all pairs.
        by_cdr12: That the child's main CDR1–2 is drawn from the parent's molecules.
        cdr12_tests: Number of pairs for which that was tested.
    """

    by_samples: Floats
    sample_tests: int
    by_cdr12: Floats
    cdr12_tests: int

    def keeps(self, error_rate: float) -> Flags:
        """Tell which pairs must not fold.

        Args:
            error_rate: Family-wise, for each of the two tests.

        Returns:
            True where one of the two tests rejects after Bonferroni.
        """
        kept: Flags = (self.by_samples * max(1, self.sample_tests) <= error_rate) | (
            self.by_cdr12 * max(1, self.cdr12_tests) <= error_rate
        )
        return kept


@dataclass(frozen=True, slots=True)
class _Sums:
    """Counts by a sorted composite key."""

    keys: Index
    values: Index

    @classmethod
    def of(cls, key: Index, count: Index) -> _Sums:
        keys, place = np.unique(key, return_inverse=True)
        return cls(keys, np.bincount(place, weights=count, minlength=keys.size).astype(np.int64))

    def at(self, key: Index) -> Index:
        if not self.keys.size:
            return np.zeros(key.size, np.int64)
        place = np.minimum(np.searchsorted(self.keys, key), self.keys.size - 1)
        found: Index = np.where(self.keys[place] == key, self.values[place], 0)
        return found


def weigh_evidence(
    occurrences: Occurrences, child: Index, parent: Index, *, allowed: Floats, least: int
) -> Evidence:
    """Test pairs of sequences for what an error cannot do.

    By samples: in sample s an error child has at most the allowed share of its parent's molecules, so its
    count is Poisson with mean at most allowed × (parent + 1). By CDR1–2: an error child draws its CDR1–2
    from its parent's molecules of that sample; where these are few, from the commoner of the parent's
    pooled share and the sample's.

    Args:
        occurrences: Where the sequences stand.
        child: Sequence number of the small one of each pair.
        parent: Of the large one.
        allowed: Largest share of the parent's count that an error may have.
        least: Fewest molecules (of a child in a sample; of its CDR1–2) that are tested.

    Returns:
        The p-values; 1 where nothing was tested.
    """
    samples = int(occurrences.sample.max(initial=0)) + 1
    spots = _Sums.of(occurrences.sequence * samples + occurrences.sample, occurrences.count)
    by_samples = np.ones(child.size)
    pair_index, spot = _spots_of(spots.keys, child, samples)
    seen = spots.values[spot]
    enough = seen >= least
    pair_index, spot, seen = pair_index[enough], spot[enough], seen[enough]
    there = spots.at(parent[pair_index] * samples + spots.keys[spot] % samples)
    p_value = stats.poisson.sf(seen - 1, allowed[pair_index] * (there + 1))
    np.minimum.at(by_samples, pair_index, p_value)
    by_cdr12, tests = _weigh_cdr12(occurrences, child, parent, samples=samples, least=least)
    return Evidence(by_samples, int(pair_index.size), by_cdr12, tests)


def _spots_of(keys: Index, sequences: Index, samples: int) -> tuple[Index, Index]:
    """For each named sequence, the places of its (sequence, sample) keys."""
    begin = np.searchsorted(keys, sequences * samples)
    size = np.searchsorted(keys, (sequences + 1) * samples) - begin
    index = np.repeat(np.arange(sequences.size), size)
    place = np.arange(index.size) - np.repeat(np.cumsum(size) - size, size) + begin[index]
    return index, place


def _weigh_cdr12(
    occurrences: Occurrences, child: Index, parent: Index, *, samples: int, least: int
) -> tuple[Floats, int]:
    read = occurrences.pair >= 0
    sequence, sample = occurrences.sequence[read], occurrences.sample[read]
    pair, count = occurrences.pair[read], occurrences.count[read]
    p_values = np.ones(child.size)
    if not pair.size:
        return p_values, 0
    width = int(pair.max()) + 1
    spots = _Sums.of(sequence * samples + sample, count)
    shares = Shares.count(sample, pair, count.astype(float))
    totals = _Sums.of(sequence, count)
    by_pair = _Sums.of(sequence * width + pair, count)
    spot_pairs = _Sums.of((sequence * samples + sample) * width + pair, count)

    order = np.lexsort((by_pair.keys, -by_pair.values, by_pair.keys // width))
    first = order[np.flatnonzero(np.diff(by_pair.keys[order] // width, prepend=-1))]
    main = np.full(int(max(child.max(initial=0), parent.max(initial=0), sequence.max())) + 1, -1, np.int64)
    main[by_pair.keys[first] // width] = by_pair.keys[first] % width

    own = main[child]
    carried = np.where(own >= 0, by_pair.at(child * width + np.maximum(own, 0)), 0)
    size = totals.at(child)
    tested = np.flatnonzero((own >= 0) & (own != main[parent]) & (carried >= least) & (2 * carried >= size))
    if not tested.size:
        return p_values, 0
    index, place = _spots_of(spots.keys, child[tested], samples)
    at_sample = spots.keys[place] % samples
    mother, wanted = parent[tested][index], own[tested][index]
    pooled = by_pair.at(mother * width + wanted) / np.maximum(1, totals.at(mother))
    background = np.maximum(pooled, shares.of(at_sample, wanted))
    there = mother * samples + at_sample
    chance = (spot_pairs.at(there * width + wanted) + background) / (spots.at(there) + 1)
    mean = np.bincount(index, weights=spots.values[place] * chance, minlength=tested.size) / size[tested]
    p_values[tested] = stats.binom.sf(carried[tested] - 1, size[tested], np.minimum(1.0, mean))
    return p_values, int(tested.size)
