"""A protein sequence as people read it: in tens, with its regions, what was not read, and marked residues."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from bactrian.report.palette import SIGNS, State

if TYPE_CHECKING:
    from collections.abc import Iterator

TEN = 10
"""Residues that stand together, as in the flat files of sequence databases."""

_GRAVEST: tuple[State, ...] = ("bad", "waiting", "good", "neutral")


@dataclass(frozen=True, slots=True)
class Span:
    """A region of a sequence, such as a CDR.

    Args:
        label: Name of the region.
        first: Its first residue, counted from 0.
        last: The residue after its last.
        detail: What else to say of it, such as its positions.
    """

    label: str
    first: int
    last: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Residues that a reader must see, with the reason.

    Args:
        word: What is there, such as "N-glycosylation".
        first: The first residue, counted from 0.
        last: The residue after the last.
        detail: Where it is and how grave, in words.
        state: How grave it is.
    """

    word: str
    first: int
    last: int
    detail: str = ""
    state: State = "waiting"

    @property
    def sign(self) -> str:
        """Sign that says the state without its colour."""
        return SIGNS[self.state]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A protein with its regions and marks.

    Args:
        residues: One-letter code; `X` was not read, lower case was filled in from elsewhere.
        spans: Regions to underline; they do not overlap.
        marks: Residues to mark, with the reasons.
        positions: Position of each residue in a numbering scheme, written above every tenth; as many as
            residues, or none.
        scheme: Name of that scheme.

    Raises:
        ValueError: If a region or mark lies outside the residues, or the positions are not as many.
    """

    residues: str
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    positions: tuple[str, ...] = ()
    scheme: str = ""

    def __post_init__(self) -> None:
        parts: tuple[Span | Mark, ...] = (*self.spans, *self.marks)
        outside = [
            (part.first, part.last) for part in parts if not 0 <= part.first < part.last <= len(self.residues)
        ]
        if outside or (self.positions and len(self.positions) != len(self.residues)):
            msg = (
                f"a sequence of {len(self.residues)} residues has {len(self.positions)} positions "
                f"and parts outside of it: {outside}"
            )
            raise ValueError(msg)

    @property
    def unread(self) -> int:
        """How many residues were not read."""
        return self.residues.count("X")

    @property
    def filled(self) -> int:
        """How many residues were filled in from elsewhere."""
        return sum(letter.islower() for letter in self.residues)

    @property
    def description(self) -> str:
        """What a person who does not see the sequence is told."""
        parts = [f"{len(self.residues)} residues"]
        if self.unread:
            parts.append(f"{self.unread} not read")
        if self.filled:
            parts.append(f"{self.filled} filled in")
        parts += [f"{span.label} {self.residues[span.first : span.last]}" for span in self.spans]
        parts += [
            f"{mark.word} {self.residues[mark.first : mark.last]} {mark.detail}".rstrip()
            for mark in self.marks
        ]
        return ", ".join(parts)

    def body(self) -> Markup:
        """Give the residues as HTML, ten in a group, equal neighbours in one element."""
        groups = []
        for start in range(0, len(self.residues), TEN):
            stop = min(start + TEN, len(self.residues))
            ruler = self.positions[start] if self.positions else str(start + 1)
            runs = "".join(self._runs(start, stop))
            groups.append(f'<span class="ten"><small>{escape(ruler) or "–"}</small>{runs}</span>')
        return Markup("".join(groups))

    def _runs(self, start: int, stop: int) -> Iterator[str]:
        for (css, title), places in groupby(range(start, stop), key=self._look):
            letters = escape("".join(self.residues[place] for place in places))
            attributes = (f' class="{css}"' if css else "") + (f' title="{escape(title)}"' if title else "")
            yield f"<span{attributes}>{letters}</span>" if attributes else str(letters)

    def _look(self, place: int) -> tuple[str, str]:
        """Give the classes and the words of one residue; the gravest mark decides its colour."""
        marks = [mark for mark in self.marks if mark.first <= place < mark.last]
        spans = [span for span in self.spans if span.first <= place < span.last]
        letter = self.residues[place]
        css = ["region"] if spans else []
        if letter == "X":
            css.append("unread")
        if letter.islower():
            css.append("filled")
        if marks:
            css += ["marked", min((mark.state for mark in marks), key=_GRAVEST.index)]
        words = [mark.word for mark in marks] + [span.label for span in spans]
        return " ".join(css), ", ".join([*words, *(["not read"] if letter == "X" else [])])
