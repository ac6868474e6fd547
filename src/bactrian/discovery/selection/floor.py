"""Label swaps: groups relabelled so that whatever the rule then nominates is nominated by mistake.

Some target selections and as many comparator selections change places. To chance, a unit that does not tell
target from comparator looks the same whichever way the labels stand. A binder is blocked: so many of its own
selections stand among the comparators that too few are left to be consistent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bactrian.discovery.selection.consistency import FEWEST, needed_replicates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_SWAPS: Final = 9
"""Swaps at most: all there are with three replicates against three."""


def list_swaps(
    groups: NDArray[np.int64], target: int, comparators: Sequence[int], *, most: int = MOST_SWAPS
) -> list[NDArray[np.int64]]:
    """List relabelled groups, each with columns of the target exchanged for columns of one comparator.

    As few columns change places as leave fewer target columns than must be consistent: one of two, two of
    three or four, three of six. With one of three, binders lost from one of their replicates would pass.

    Args:
        groups: (m,) group of every column.
        target: Group of the target selections.
        comparators: Groups they are compared with.
        most: Swaps at most. Fewer than all are spread over columns and comparators alike.

    Returns:
        (m,) arrays of groups of the same sizes; none where a swap says nothing (see `explain_absence`).
    """
    if explain_absence(groups, target, comparators):
        return []
    own = np.flatnonzero(groups == target)
    wanted = own.size - needed_replicates(own.size) + 1
    ranked = []
    for arm, group in enumerate(comparators):
        others = np.flatnonzero(groups == group)
        exchanged = min(wanted, others.size)
        for first in range(own.size):
            for second in range(others.size):
                # Diagonals first: while few swaps are taken, they differ on both sides.
                rank = ((second - first) % others.size, first, arm)
                ranked.append(
                    (rank, _window(own, first, exchanged), _window(others, second, exchanged), group)
                )
    ranked.sort(key=lambda entry: entry[0])
    swaps = []
    for _, leaving, entering, group in ranked[:most]:
        swapped = groups.copy()
        swapped[leaving] = group
        swapped[entering] = target
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
    if not comparators:
        return "There is no noise floor: without a comparator no labels can be swapped."
    if (groups == target).sum() < FEWEST:
        return (
            "There is no noise floor: with one target replicate a swap exchanges target and comparator "
            "altogether."
        )
    return ""


def _window(columns: NDArray[np.intp], first: int, number: int) -> NDArray[np.intp]:
    """Give some neighbouring columns, going round at the end."""
    return columns[(first + np.arange(number)) % columns.size]
