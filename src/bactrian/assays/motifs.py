"""Sequence motifs, and what they say of a sequence that was not read completely.

A motif is a choice of short patterns, each a set of residues per position. That is less than a regular
expression, so that an unread residue can be answered exactly: whatever it is, the motif stands there; or it
depends on the residue; or it does not stand there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from bactrian.assays.chemistry import AMINO_ACIDS, UNREAD

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANY: Final = frozenset(AMINO_ACIDS)

Standing = Literal["read", "possible"]


@dataclass(frozen=True, slots=True)
class Motif:
    """A choice of patterns.

    Args:
        text: The motif as written.
        patterns: For each alternative the residues allowed at each position; the longest comes first.
        starts: Letters with which a place may begin, X among them where an alternative begins with any.
    """

    text: str
    patterns: tuple[tuple[frozenset[str], ...], ...]
    starts: frozenset[str]


def parse_motif(text: str) -> Motif:
    """Read a motif.

    Args:
        text: One-letter codes; `.` any residue, `[ST]` one of these, `[^P]` none of these, `|` or.

    Returns:
        The motif.

    Raises:
        ValueError: The text is no motif; the message says why.

    Examples:
        >>> [len(pattern) for pattern in parse_motif("VV|VVV").patterns]
        [3, 2]
    """
    patterns = [_parse_pattern(part) for part in text.split("|")]
    starts = frozenset[str]().union(*(pattern[0] for pattern in patterns))
    if _ANY in (pattern[0] for pattern in patterns):
        starts |= {UNREAD}
    return Motif(text, tuple(sorted(patterns, key=len, reverse=True)), starts)


def find_motif(motif: Motif, residues: str) -> Iterator[tuple[int, int, Standing]]:
    """Find every place where a motif stands, overlapping ones included.

    Args:
        motif: The motif.
        residues: One-letter codes in capitals, X for what was not read.

    Yields:
        First residue, residue after the last, and `read` where it stands whatever the unread residues
        are, `possible` where it depends on them and its first residue was read. Of the alternatives
        that stand at a place the longest is given; one that lies within another, sure one is not.
    """
    covered = 0
    for start, letter in enumerate(residues):
        if letter not in motif.starts:
            continue
        best: tuple[int, Standing] | None = None
        for pattern in motif.patterns:
            standing = _stands(pattern, residues[start : start + len(pattern)])
            if standing and (best is None or (best[1] == "possible" and standing == "read")):
                best = start + len(pattern), standing
        if best is not None and best[0] > covered:
            yield start, best[0], best[1]
            if best[1] == "read":
                covered = best[0]


def _stands(pattern: tuple[frozenset[str], ...], piece: str) -> Standing | None:
    if len(piece) < len(pattern):
        return None
    sure = True
    for allowed, residue in zip(pattern, piece, strict=True):
        if residue == UNREAD:
            sure = sure and allowed == _ANY
        elif residue not in allowed:
            return None
    if sure:
        return "read"
    return None if piece[0] == UNREAD else "possible"


def _parse_pattern(text: str) -> tuple[frozenset[str], ...]:
    positions: list[frozenset[str]] = []
    rest = text
    while rest:
        if rest[0] == ".":
            positions.append(_ANY)
            rest = rest[1:]
        elif rest[0] == "[":
            inside, closed, rest = rest[1:].partition("]")
            if not closed:
                message = "a '[' is not closed"
                raise ValueError(message)
            named = _check_letters(inside.removeprefix("^"))
            positions.append(_ANY - named if inside.startswith("^") else named)
        else:
            positions.append(_check_letters(rest[0]))
            rest = rest[1:]
    if not positions:
        message = "an alternative is empty"
        raise ValueError(message)
    return tuple(positions)


def _check_letters(letters: str) -> frozenset[str]:
    if not letters:
        message = "'[]' names no residue"
        raise ValueError(message)
    for letter in letters:
        if letter not in _ANY:
            message = f"{letter!r} is not an amino acid"
            raise ValueError(message)
    return frozenset(letters)
