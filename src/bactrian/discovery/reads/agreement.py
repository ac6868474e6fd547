"""Primers of a library from what each of its samples shows: nearly always one pair, sometimes more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bactrian.discovery.reads.primers import PrimerPair

# Two sights of one primer end some bases apart, where the conserved part ends, and may differ at one base.
SHORTEST_COMMON = 10
MOST_DIFFERENT = 1


@dataclass(frozen=True, slots=True)
class PrimerSight:
    """What the first pairs of a sample show.

    Args:
        enough: Whether there were reads enough to tell.
        pair: The primers seen; None where none are.
    """

    enough: bool
    pair: PrimerPair | None


def agree_on_primers(sights: Mapping[str, PrimerSight]) -> dict[str, PrimerPair | None]:
    """Give each sample of a library its primers.

    Samples that show the same primers get the sight that most of them share. A sample that shows none, or has
    too few reads to tell, gets the commonest pair if half of the samples that can tell show it.

    Args:
        sights: What each sample shows.

    Returns:
        Sample to primer pair, or None where the library shows no primers.
    """
    votes = Counter(sight.pair for sight in sights.values() if sight.pair)
    order = sorted(votes, key=lambda pair: (-votes[pair], pair.forward, pair.reverse))
    spoken_for: dict[PrimerPair, PrimerPair] = {}
    for pair in order:
        spoken_for[pair] = next((known for known in spoken_for.values() if _are_alike(known, pair)), pair)
    groups = Counter(spoken_for[sight.pair] for sight in sights.values() if sight.pair)
    able = sum(sight.enough for sight in sights.values())
    common = max(groups, key=lambda pair: (groups[pair], votes[pair]), default=None)
    if common is not None and groups[common] * 2 < able:
        common = None
    return {sample: spoken_for[sight.pair] if sight.pair else common for sample, sight in sights.items()}


def _are_alike(first: PrimerPair, second: PrimerPair) -> bool:
    """Tell whether two sights show the same primers, mates exchanged or not."""
    straight = _begin_alike(first.forward, second.forward) and _begin_alike(first.reverse, second.reverse)
    return straight or (
        _begin_alike(first.forward, second.reverse) and _begin_alike(first.reverse, second.forward)
    )


def _begin_alike(first: str, second: str) -> bool:
    common = min(len(first), len(second))
    different = sum(a != b for a, b in zip(first, second, strict=False))
    return common >= SHORTEST_COMMON and different <= MOST_DIFFERENT
