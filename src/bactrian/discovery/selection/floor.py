"""Label swaps: what the rule nominates in this campaign when there is nothing to find.

One target selection and one comparator selection change places. A unit that does not tell target from
comparator looks the same to chance whichever way the labels stand, so what the rule then nominates is what it
nominates by mistake. A true binder is blocked: one of its own replicates stands among the comparators, where
every nominated replicate would have to exceed it.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from bactrian.discovery.selection.consistency import FEWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_SWAPS: Final = 9
"""Swaps at most: all there are with three replicates against three."""


def list_swaps(
    groups: NDArray[np.int64], target: int, comparators: Sequence[int], *, most: int = MOST_SWAPS
) -> list[NDArray[np.int64]]:
    """List relabelled groups, each with one target column exchanged for one column of one comparator.

    Args:
        groups: (m,) group of every column.
        target: Group of the target selections.
        comparators: Groups they are compared with.
        most: Swaps at most. Fewer than all are spread over columns and comparators alike.

    Returns:
        (m,) arrays of groups of the same sizes; none where a swap says nothing (see `explain_absence`).
    """
    if explain_absence(groups, target, comparators) or most < 1:
        return []
    targets = np.flatnonzero(groups == target)
    others = [np.flatnonzero(groups == group) for group in comparators]
    ranked = []
    for (place, column), (arm, columns) in product(enumerate(targets.tolist()), enumerate(others)):
        for number, other in enumerate(columns.tolist()):
            # Diagonals first: while few swaps are taken, each takes another column of either side.
            diagonal = (number - place) % max(targets.size, columns.size)
            ranked.append((diagonal, place, arm, column, other))
    swaps = []
    for *_, own, foreign in sorted(ranked)[:most]:
        swapped = groups.copy()
        swapped[[own, foreign]] = groups[[foreign, own]]
        swaps.append(swapped)
    return swaps


def explain_absence(groups: NDArray[np.int64], target: int, comparators: Sequence[int]) -> str:
    """Say in a sentence why there is no noise floor, or nothing where there is one.

    Args:
        groups: (m,) group of every column.
        target: Group of the target selections.
        comparators: Groups they are compared with.

    Returns:
        The sentence, or an empty string.
    """
    replicates = int((groups == target).sum())
    if not comparators:
        return "There is no noise floor: without a comparator no labels can be swapped."
    if replicates < FEWEST:
        return (
            "There is no noise floor: with one target replicate a swap exchanges target and comparator "
            "altogether."
        )
    return ""
