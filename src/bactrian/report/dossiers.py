"""One record of a long list, folded to a line: its facts, small drawings, sequence and text to copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bactrian.report import words
from bactrian.report.sparks import draw_whisker

if TYPE_CHECKING:
    from markupsafe import Markup

    from bactrian.report.page import Chip
    from bactrian.report.sequences import Sequence
    from bactrian.report.sparks import Spark


@dataclass(frozen=True, slots=True)
class Whisker:
    """An interval beside a fact.

    Args:
        low: Lower end.
        point: Estimate.
        high: Upper end.
        scale: Values at both edges, the same for every record of a page.
    """

    low: float
    point: float
    high: float
    scale: tuple[float, float]

    def body(self) -> Markup:
        """Give dot and whisker as SVG."""
        label = f"{self.low:,.1f} to {self.high:,.1f}"
        return draw_whisker(self.low, self.point, self.high, scale=self.scale, label=label, nought=True)


@dataclass(frozen=True, slots=True)
class Fact:
    """A term with its value.

    Args:
        term: What it is.
        text: Its value with unit. Marked text.
        whisker: Its interval.
        about: Definition, shown on hover.
    """

    term: str
    text: str
    whisker: Whisker | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Dossier:
    """A record that opens to all that is known of it.

    Args:
        key: Id in the page, unique.
        title: What it is, such as its place in the list.
        code: Its id or sequence, in mono.
        chips: Its states.
        gist: What the closed record says, in a few words.
        facts: Terms with their values.
        sparks: Small drawings.
        sequence: Its sequence.
        paragraphs: Reasons and cautions. Marked text.
        copy: Text to copy, such as FASTA.
        copy_name: What that text is.
        open: Whether it is open at first.
    """

    key: str
    title: str
    code: str = ""
    chips: tuple[Chip, ...] = ()
    gist: str = ""
    facts: tuple[Fact, ...] = ()
    sparks: tuple[Spark, ...] = ()
    sequence: Sequence | None = None
    paragraphs: tuple[str, ...] = ()
    copy: str = ""
    copy_name: str = "FASTA"
    open: bool = False

    @property
    def anchor(self) -> str:
        """Id of the record in its page."""
        return words.anchor(self.key)
