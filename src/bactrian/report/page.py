"""What a page says, as frozen objects in the order it says it, and its HTML: one file, nothing fetched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import jinja2

from bactrian import __version__
from bactrian.core.tables import atomic_path
from bactrian.report import words
from bactrian.report.dossiers import Dossier
from bactrian.report.figures import Figure, chart_script
from bactrian.report.palette import FONT, SIGNS, State, chart_theme, css_variables, theme_colours
from bactrian.report.palette import THEMES as COLOURS
from bactrian.report.sparks import define_signs
from bactrian.report.tables import Table

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = ("page.js", "tables.js", "figures.js", "dossiers.js")


@dataclass(frozen=True, slots=True)
class Chip:
    """A state as a word with a sign.

    Args:
        word: The state, such as "finished".
        state: Which colour and sign it takes.
    """

    word: str
    state: State = "neutral"

    @property
    def sign(self) -> str:
        """Sign that says the state without its colour."""
        return SIGNS[self.state]


@dataclass(frozen=True, slots=True)
class Note:
    """What must be known before the answer is believed, and what was done about it.

    Args:
        title: The fact, in one sentence; empty where the text says it all.
        text: What was done about it, and where the other choice is. Marked text (see `words.marked`).
        state: How grave it is.
    """

    title: str = ""
    text: str = ""
    state: State = "waiting"

    @property
    def sign(self) -> str:
        """Sign that says the state without its colour."""
        return SIGNS[self.state]


@dataclass(frozen=True, slots=True)
class Card:
    """A key number.

    Args:
        value: The number with its unit, as it is read.
        label: What it counts.
        detail: What to compare it with.
    """

    value: str
    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs, and terms with their meaning.

    Args:
        title: Header, or nothing.
        paragraphs: Marked text.
        terms: Word and meaning, both marked text.
    """

    title: str = ""
    paragraphs: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()


Block = Figure | Table | Prose | Dossier


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page that its navigation leads to.

    Args:
        title: Name in the navigation.
        blocks: Figures, tables, prose and dossiers, in reading order. Neighbouring figures stand side by
            side, neighbouring dossiers in one list.
        lead: One sentence below the header. Marked text.
        number: How many things it lists, shown beside the name.
    """

    title: str
    blocks: tuple[Block, ...]
    lead: str = ""
    number: int | None = None

    @property
    def anchor(self) -> str:
        """Id of the section in its page."""
        return words.anchor(self.title)

    def runs(self) -> list[tuple[str, list[Block]]]:
        """Give the blocks, neighbouring figures in one run that shares a grid, dossiers in one list."""
        runs: list[tuple[str, list[Block]]] = []
        for block in self.blocks:
            kind = type(block).__name__.lower()
            if kind in {"figure", "dossier"} and runs and runs[-1][0] == kind:
                runs[-1][1].append(block)
            else:
                runs.append((kind, [block]))
        return runs


@dataclass(frozen=True, slots=True)
class Report:
    """A page that answers one question.

    Args:
        title: Name of what the report is about.
        kind: What it is, such as "Screen report".
        breadcrumb: Where it stands, from the outside in.
        code: Its id, in mono.
        chip: Its state.
        answer: The answer in one or two sentences. Marked text, one string a paragraph.
        notes: What to know before the answer is believed.
        cards: Key numbers.
        sections: The evidence.

    Raises:
        ValueError: If two sections, figures, tables or dossiers would share an id.
    """

    title: str
    kind: str
    breadcrumb: tuple[str, ...] = ()
    code: str = ""
    chip: Chip | None = None
    answer: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    cards: tuple[Card, ...] = ()
    sections: tuple[Section, ...] = ()

    def __post_init__(self) -> None:
        anchors = [section.anchor for section in self.sections]
        anchors += [
            block.anchor for part in self.sections for block in part.blocks if not isinstance(block, Prose)
        ]
        twice = sorted({name for name in anchors if anchors.count(name) > 1})
        if twice:
            msg = f"report '{self.title}' holds two parts of the same id: {', '.join(twice)}"
            raise ValueError(msg)

    @property
    def has_figures(self) -> bool:
        """Whether the page must be able to draw charts."""
        return any(isinstance(block, Figure) for section in self.sections for block in section.blocks)

    @property
    def has_dossiers(self) -> bool:
        """Whether the page holds small drawings, whose shapes are defined once."""
        return any(isinstance(block, Dossier) for section in self.sections for block in section.blocks)

    def to_html(self) -> str:
        """Give the page as one HTML document that fetches nothing."""
        return (
            _environment()
            .get_template("page.html")
            .render(
                report=self,
                version=__version__,
                light=css_variables("light"),
                dark=css_variables("dark"),
                font=FONT,
                style=_source("style.css"),
                scripts=[_source(name) for name in SCRIPTS],
                chart_script=chart_script() if self.has_figures else "",
                signs=define_signs() if self.has_dossiers else "",
                chart_theme=chart_theme(theme_colours()),
                export_theme={**chart_theme(COLOURS["light"]), "background": COLOURS["light"]["card"]},
                light_colours={f"var(--{name})": colour for name, colour in COLOURS["light"].items()},
            )
        )


def write_report(report: Report, path: Path) -> Path:
    """Write the page as an HTML file, whole or not at all.

    Args:
        report: What the page says.
        path: File to write.

    Returns:
        The path.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(report.to_html(), encoding="utf-8")
    return path


def _source(name: str) -> str:
    return resources.files("bactrian.report").joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bactrian.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["marked"] = words.marked
    return environment
