"""Numbering schemes of heavy-chain domains: IMGT positions turned into Kabat, Chothia, Martin or AHo.

IMGT is what the alignment gives; every other scheme follows from it. Framework positions map one to
one. In a CDR the label depends on how many residues the CDR has, because each scheme keeps its gaps
and its insertions at a place of its own.

References:
    Lefranc et al. 2003 (IMGT unique numbering), Kabat et al. 1991, Al-Lazikani et al. 1997 (Chothia),
    Abhinandan & Martin 2008 (Martin), Honegger & Plückthun 2001 (AHo).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Scheme = Literal["imgt", "kabat", "chothia", "martin", "aho"]
SCHEMES: tuple[Scheme, ...] = ("imgt", "kabat", "chothia", "martin", "aho")

Label = tuple[int, int]
"""A position and how manieth insertion it is: (82, 0) is 82, (82, 1) is 82A."""

UNNUMBERED: Label = (0, 0)

CDR_SPANS = ((27, 38), (56, 65), (105, 117))
"""First and last IMGT position of CDR1, CDR2 and CDR3."""

KABAT_CDR1_END = 40
"""Kabat puts the insertions of CDR1 at 35, behind the first two residues of IMGT's FR2."""


def check_scheme(scheme: str) -> Scheme:
    """Give back a scheme name that is known.

    Args:
        scheme: Name of a numbering scheme in small or capital letters.

    Returns:
        The name in small letters.

    Raises:
        InputError: The scheme is unknown.
    """
    for known in SCHEMES:
        if scheme.lower() == known:
            return known
    message = f"'{scheme}' is not a numbering scheme. Choose one of {', '.join(SCHEMES)}."
    raise InputError(message)


def insertion_letters(ordinal: int) -> str:
    """Give the letters of an insertion: 0 is '', 1 is 'A', 26 is 'Z', 27 is 'AA'."""
    letters = ""
    while ordinal > 0:
        ordinal, rest = divmod(ordinal - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def format_label(label: Label) -> str:
    """Write a position as people do: (111, 1) is '111A'."""
    return f"{label[0]}{insertion_letters(label[1])}"


def label_residues(
    positions: Sequence[int], insertions: Sequence[int], *, scheme: Scheme = "imgt"
) -> list[str]:
    """Label every residue of a domain in a numbering scheme.

    Args:
        positions: IMGT position of each residue, 1 to 128, in the order of the sequence.
        insertions: Insertion ordinal of each residue at its position, 0 for none.
        scheme: Scheme of the labels.

    Returns:
        One label per residue, rising along the sequence. A CDR must be there from end to end or not at
        all: its length decides its labels.

    Examples:
        >>> label_residues([110, 111, 112, 113], [0, 0, 0, 0], scheme="imgt")
        ['110', '111', '112', '113']
    """
    if scheme == "imgt":
        return [format_label((int(p), int(i))) for p, i in zip(positions, insertions, strict=True)]
    labels: dict[int, Label] = {}
    for cdr, (first, last) in enumerate(CDR_SPANS):
        rows = [row for row, position in enumerate(positions) if first <= position <= last]
        if not rows:
            continue
        if scheme == "kabat" and cdr == 0:
            rows = [row for row, position in enumerate(positions) if first <= position <= KABAT_CDR1_END]
        labels |= dict(zip(rows, CDR_LABELS[scheme][cdr](len(rows)), strict=True))
    ten_filled = 10 in positions
    previous = UNNUMBERED
    for row, (position, insertion) in enumerate(zip(positions, insertions, strict=True)):
        if row not in labels:
            label = _framework_label(int(position), scheme, ten_filled=ten_filled)
            if insertion or label <= previous:
                label = (previous[0], previous[1] + 1)
            elif label[1] and previous != UNNUMBERED:
                # Letters follow each other without a gap, whichever of 82A to 82C is deleted.
                label = (label[0], previous[1] + 1 if previous[0] == label[0] else 1)
            labels[row] = label
        previous = labels[row]
    return [format_label(labels[row]) for row in range(len(positions))]


def _framework_label(position: int, scheme: Scheme, *, ten_filled: bool) -> Label:
    """Map an IMGT framework position; a molecule without an insertion has neither IMGT 10 nor 73."""
    if scheme == "aho":
        return _aho_framework(position, ten_filled=ten_filled)
    if position <= 26:
        return (position, 0) if position < 10 else (max(9, position - 1), int(position == 10))
    if position <= 55:
        return position - 5, 0
    if position <= 73:
        return (position - 8, 0) if position < 73 else (64, 1)
    if scheme == "martin":
        return _martin_third_framework(position)
    if position <= 91:
        return position - 9, 0
    if position <= 94:
        return 82, position - 91
    if position <= 104:
        return position - 12, 0
    return position - 15, 0


def _martin_third_framework(position: int) -> Label:
    """Martin puts the three extra residues of FR3 at 72A to 72C, where structures differ, not at 82."""
    if position <= 81:
        return position - 9, 0
    if position <= 84:
        return 72, position - 81
    if position <= 104:
        return position - 12, 0
    return position - 15, 0


def _aho_framework(position: int, *, ten_filled: bool) -> Label:
    """AHo keeps position 8 empty in heavy chains, where IMGT keeps 10 empty."""
    if position <= 26:
        return (position + 1, 0) if position in {8, 9} and not ten_filled else (position, 0)
    if position <= 55:
        return position + 2, 0
    if position <= 73:
        return (position + 3, 0) if position < 73 else (75, 1)
    if position <= 104:
        return position + 2, 0
    return position + 21, 0


def _run(first: int, last: int) -> list[Label]:
    return [(position, 0) for position in range(first, last + 1)]


def _grown(left: list[Label], right: list[Label], length: int, drop: Sequence[int]) -> list[Label]:
    """Fit a CDR into its places: insert after `left`, or leave out places in the order of `drop`."""
    spare = length - len(left) - len(right)
    if spare >= 0:
        base = left[-1][0]
        return left + [(base, ordinal) for ordinal in range(1, spare + 1)] + right
    dropped = set(drop[:-spare])
    return [label for label in left + right if label[0] not in dropped]


def _kabat_cdr1(length: int) -> list[Label]:
    return _grown(_run(26, 35), [], length, range(35, 25, -1))


def _chothia_cdr1(length: int) -> list[Label]:
    return _grown(_run(26, 31), _run(32, 33), length, (31, 30, 29, 28, 27, 26, 32, 33))


def _kabat_cdr2(length: int) -> list[Label]:
    return _grown(_run(51, 52), _run(53, 57), length, (52, 51, 53, 54, 55, 56, 57))


def _kabat_cdr3(length: int) -> list[Label]:
    return _grown(_run(93, 100), _run(101, 102), length, (100, 99, 98, 97, 96, 95, 101, 102, 94, 93))


def _aho_cdr1(length: int) -> list[Label]:
    order = (28, 36, 35, 37, 34, 38, 27, 33, 39, 32, 40, 29, 30, 31)
    return _grown(_run(27, 36), _run(37, 40), length, order)


def _aho_cdr2(length: int) -> list[Label]:
    return _grown(_run(58, 63), _run(64, 68), length, (63, 62, 64, 61, 65, 60, 66, 59, 67, 68, 58))


def _aho_cdr3(length: int) -> list[Label]:
    order = [123]
    for distance in range(1, 17):
        order += [123 + distance, 123 - distance]
    return _grown(_run(107, 123), _run(124, 138), length, order)


CDR_LABELS: dict[str, tuple[Callable[[int], list[Label]], ...]] = {
    "kabat": (_kabat_cdr1, _kabat_cdr2, _kabat_cdr3),
    "chothia": (_chothia_cdr1, _kabat_cdr2, _kabat_cdr3),
    "martin": (_chothia_cdr1, _kabat_cdr2, _kabat_cdr3),
    "aho": (_aho_cdr1, _aho_cdr2, _aho_cdr3),
}
