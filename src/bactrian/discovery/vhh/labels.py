"""The IMGT columns of a V domain: framework blocks, CDR loops and the labels of long loops."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

N_COLUMNS: Final = 128

# First and last IMGT column of FR1 to FR4 and of CDR1 to CDR3 (Lefranc et al. 2003).
FRAMEWORKS: Final = ((1, 26), (39, 55), (66, 104), (118, 128))
LOOPS: Final = ((27, 38), (56, 65), (105, 117))

# Columns that a VHH leaves empty as a rule: no profile column, only a place for one inserted residue.
EMPTY_COLUMNS: Final = (10, 73)

# Longest loop that is numbered. The longest of 650 published VHHs is 28 residues (CDR3); cattle
# ultralong loops are not VHHs.
MAX_LOOP: Final = (24, 20, 50)

# A domain that begins here or before is whole: the primers of VHH libraries cover eight residues of FR1.
LAST_START: Final = 9

# IMGT column after whose residue a long loop takes its insertions, left and right of its middle.
LOOP_MIDDLES: Final = ((32, 33), (60, 61), (111, 112))


def number_loop(loop: int, length: int) -> list[tuple[int, int]]:
    """Give the IMGT label of every residue of a loop, from its length alone.

    Residues fill the loop from both ends; the gap stands in the middle. A loop longer than its
    columns takes insertions there: CDR1 32A, 33A, 32B, …; CDR2 60A, 61A, 60B, …; CDR3 112A, 111A,
    112B, …. On the right side of the middle they precede their column and count downwards.

    Args:
        loop: 1, 2 or 3.
        length: Residues in the loop, 0 or more.

    Returns:
        For each residue its column and its insertion ordinal (0 none, 1 = A, 2 = B, …).

    References:
        Lefranc et al. (2003) Dev Comp Immunol 27:55-77.

    Examples:
        >>> [column for column, _ in number_loop(1, 5)]
        [27, 28, 29, 37, 38]
        >>> [format_label(*label) for label in number_loop(3, 16)][6:10]
        ['111', '111A', '112B', '112A']
    """
    first, last = LOOPS[loop - 1]
    left_middle, right_middle = LOOP_MIDDLES[loop - 1]
    columns = last - first + 1
    if length <= columns:
        n_left = (length + 1) // 2
        left = [(first + k, 0) for k in range(n_left)]
        return left + [(last - k, 0) for k in reversed(range(length - n_left))]
    extra = length - columns
    # IMGT opens the insertions of CDR3 on the right of the middle (112A), of CDR1 and CDR2 on the left.
    n_left = extra // 2 if loop == 3 else (extra + 1) // 2
    return (
        [(column, 0) for column in range(first, left_middle + 1)]
        + [(left_middle, k + 1) for k in range(n_left)]
        + [(right_middle, k + 1) for k in reversed(range(extra - n_left))]
        + [(column, 0) for column in range(right_middle, last + 1)]
    )


def format_label(column: int, insertion: int) -> str:
    """Write an IMGT label: `111`, `111A`; the 27th insertion of a column is `111AA`."""
    letters = ""
    while insertion > 0:
        insertion, letter = divmod(insertion - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{column}{letters}"


def _tabulate(part: int) -> npt.NDArray[np.int16]:
    """Give `number_loop` as an array loop × length × residue."""
    table = np.zeros((3, max(MAX_LOOP) + 1, max(MAX_LOOP) + 1), dtype=np.int16)
    for loop in (1, 2, 3):
        for length in range(1, MAX_LOOP[loop - 1] + 1):
            labels = number_loop(loop, length)
            table[loop - 1, length, :length] = [label[part] for label in labels]
    return table


LOOP_COLUMNS: Final = _tabulate(0)
LOOP_INSERTIONS: Final = _tabulate(1)
