"""VHHs drawn from the profile with known IMGT labels: changed residues, indels, cut ends, leaders, tags."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from bactrian.discovery.vhh.labels import FRAMEWORKS, format_label, number_loop
from bactrian.discovery.vhh.profile import RESIDUES, load_profile

if TYPE_CHECKING:
    import numpy.typing as npt

LEADER, TAGS = "MKYLLPTAAAGLLLLAAQPAMA", "AAAEQKLISEEDLHHHHHH"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOST_ANCHORS = {23: 0.004, 41: 0.004, 104: 0.004, 118: 0.02}
"""Share of the mutants in which an anchor is drawn anew, apart from the general rate."""

MIDDLES = (*range(3, 18), *range(46, 49), *range(74, 97))
"""Framework columns at least 8 from a CDR edge, where a gap can be told from two changed residues."""

Residue = tuple[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A VHH with its true IMGT labels.

    Args:
        sequence: Residues, leader and tag included.
        labels: IMGT label of each residue, None outside the domain.
    """

    sequence: str
    labels: tuple[str | None, ...]

    def cut(self, first: int, last: int) -> str:
        """Give the residues of the IMGT columns first to last."""
        return "".join(
            residue
            for residue, label in zip(self.sequence, self.labels, strict=True)
            if label is not None and first <= int(label.rstrip(LETTERS)) <= last
        )


@cache
def _cumulate(column: int) -> npt.NDArray[np.float64]:
    counts = load_profile().counts[column - 1]
    return np.cumsum(counts if counts.any() else np.ones(len(RESIDUES)))


def _draw_residue(rng: np.random.Generator, column: int) -> str:
    cumulated = _cumulate(column)
    return RESIDUES[np.searchsorted(cumulated, rng.random() * cumulated[-1], side="right")]


def _draw_domain(rng: np.random.Generator, substitutions: float) -> list[Residue]:
    """Draw residues and labels of a domain from the profile, with substitutions in the frameworks."""
    profile = load_profile()
    domain: list[Residue] = []
    rate = rng.random() * substitutions
    for block, (first, last) in enumerate(FRAMEWORKS, start=1):
        for column in range(first, last + 1):
            if column in {10, 73}:
                continue
            residue = _draw_residue(rng, column)
            limit = LOST_ANCHORS.get(column, rate)
            domain.append((RESIDUES[rng.integers(20)] if rng.random() < limit else residue, (column, 0)))
        if block == len(FRAMEWORKS):
            break
        lengths = profile.cdr_lengths[block]
        length = int(rng.choice(len(lengths), p=lengths / lengths.sum()))
        if block == 3 and rng.random() < 0.5:
            length = int(rng.integers(4, 31))
        for column, insertion in number_loop(block, length):
            residue = RESIDUES[rng.integers(20)] if insertion else _draw_residue(rng, column)
            domain.append((residue, (column, insertion)))
    return domain


def draw_mutant(
    rng: np.random.Generator, *, substitutions: float = 0.1, indels: float = 0.04, flanks: bool = True
) -> Mutant:
    """Draw a VHH with known labels.

    Args:
        rng: Random numbers.
        substitutions: Largest share of framework residues drawn anew; the share is uniform below it.
        indels: Share of the mutants with an insertion or deletion of one to three framework residues.
        flanks: Whether 30 % are cut at an end by up to 11 residues, 30 % have a leader and 30 % tags.

    Returns:
        The mutant. Half of the CDR3s have a length of 4 to 30 residues, uniform.
    """
    domain = _draw_domain(rng, substitutions)
    if rng.random() < indels:
        column = MIDDLES[rng.integers(len(MIDDLES))]
        at = next((k for k, (_, label) in enumerate(domain) if label == (column, 0)), None)
        if at is not None:
            size = int(rng.integers(1, 4))
            if rng.random() < 0.5:
                domain[at : at + size] = []
            else:
                extra = [(RESIDUES[rng.integers(20)], (column, k + 1)) for k in range(size)]
                domain[at + 1 : at + 1] = extra
    if flanks and rng.random() < 0.3:
        cut = int(rng.integers(1, 12))
        domain = domain[cut:] if rng.random() < 0.5 else domain[: -min(cut, 6)]
    residues = "".join(residue for residue, _ in domain)
    labels = [format_label(*label) for _, label in domain]
    leader = LEADER if flanks and rng.random() < 0.3 else ""
    tag = TAGS if flanks and rng.random() < 0.3 else ""
    return Mutant(leader + residues + tag, (*[None] * len(leader), *labels, *[None] * len(tag)))
