"""The leads report as one page: the answer, the leads with their cards, the evidence, design and methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bactrian.discovery.figures.leads.cards import CARDS, PAGE_CARDS, open_cards
from bactrian.discovery.figures.leads.effects import draw_effects
from bactrian.discovery.figures.leads.lineages import draw_lineages
from bactrian.discovery.figures.leads.listings import (
    PAGE_SHOWN,
    SHOWN,
    list_designs,
    list_leads,
    list_near_misses,
)
from bactrian.discovery.figures.leads.marks import call_units, cloud_rows
from bactrian.discovery.figures.leads.methods import tell_methods
from bactrian.discovery.figures.leads.noise import draw_floor
from bactrian.discovery.figures.leads.overview import draw_overview, list_antigens
from bactrian.discovery.figures.leads.replicates import draw_agreement, draw_dots
from bactrian.discovery.figures.leads.specificity import count_panels, draw_specificity
from bactrian.discovery.figures.leads.trajectories import draw_trajectories
from bactrian.discovery.figures.leads.volcano import draw_volcanoes
from bactrian.discovery.figures.leads.words import say_answer, say_notes, say_numbers, say_state
from bactrian.report import Prose, Report, Section
from bactrian.report.words import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bactrian.discovery.figures.leads.results import LeadsResults, TargetResults
    from bactrian.report import Dossier, Figure, Table

CLOUDS = 3
"""Clouds of an antigen beside those of its comparators: effects and two volcanoes."""


@dataclass(frozen=True, slots=True)
class Room:
    """What each antigen may take of a page, so that the page stays below 5 MB however many there are.

    Args:
        points: Points of a cloud.
        panels: Comparators drawn.
        cards: Cards of leads.
        rows: Rows of a table.
    """

    points: int
    panels: int
    cards: int
    rows: int


def build_leads_report(results: LeadsResults) -> Report:
    """Give the report of a selection and its leads.

    With one antigen its evidence stands in sections by question; with several each antigen has a section
    of its own, after one that compares them.

    Args:
        results: The frames of a finished selection.

    Returns:
        The report; `to_html` makes the page. Figures that a design cannot give are named with the reason.
    """
    targets = results.targets()
    panels = count_panels(len(targets))
    clouds = sum(CLOUDS + min(panels, len(target.comparators)) for target in targets)
    room = Room(
        points=cloud_rows(clouds),
        panels=panels,
        cards=max(1, min(CARDS, PAGE_CARDS // len(targets))),
        rows=max(10, min(SHOWN, PAGE_SHOWN // len(targets))),
    )
    sections: list[Section] = []
    if len(targets) == 1:
        sections += _show_one(targets[0], room)
    else:
        sections.append(Section("Overview", (*draw_overview(targets), list_antigens(targets))))
        for target in targets:
            parts = _show_one(target, room)
            blocks = tuple(block for part in parts for block in part.blocks)
            sections.append(Section(target.name, blocks, number=target.leads.height))
    sections += [Section("Design", _tell_design(results)), Section("Methods", tell_methods(results))]
    return Report(
        title=results.title,
        kind="Leads report",
        breadcrumb=("Discovery", "Leads"),
        code=results.code,
        chip=say_state(targets),
        answer=say_answer(results),
        notes=say_notes(results),
        cards=say_numbers(results),
        sections=tuple(sections),
    )


def _show_one(target: TargetResults, room: Room) -> list[Section]:
    """Give the sections of one antigen."""
    units = call_units(target)
    rows = room.points
    leads = list_leads(target, cards=room.cards, rows=room.rows)
    opened = open_cards(target, most=room.cards)
    panels = draw_specificity(target, units, rows=rows, panels=room.panels)
    first = (
        (draw_effects(target, units, rows=rows), _no_effects(target)),
        (panels[:1], "Specificity: there is no comparator."),
    )
    specific = (
        (draw_volcanoes(target, units, rows=rows), "Volcanoes: without replicates there is no p-value."),
        (panels[1:], ""),
    )
    repeats = (
        (draw_dots(target), "Replicates: there is no lead to draw."),
        (draw_agreement(target), "Agreement: it needs two replicate selections."),
        (draw_trajectories(target), "Trajectories: there is no lead, or only one round was sequenced."),
        (draw_floor(target), "Noise floor: labels are swapped between replicates of two arms."),
        (draw_lineages(target, units), "Lineages: there is no lead, or its CDR3 is not known."),
    )
    missed = list_near_misses(target, rows=room.rows)
    return [
        Section(
            "Leads",
            (*_blocks(first, (leads,)), *_say_cards(target, opened), *opened),
            number=target.leads.height,
        ),
        Section("Statistics", _blocks(specific)),
        Section("Replicates and relatives", _blocks(repeats)),
        Section("Near misses", (missed,), number=target.near_misses.height),
    ]


def _say_cards(target: TargetResults, opened: Sequence[Dossier]) -> tuple[Prose, ...]:
    """Say what the folded cards are, and how many leads have none."""
    if not opened:
        return ()
    rest = target.leads.height - len(opened)
    text = "Open a lead for its numbers, replicates, sequence and FASTA; paper shows those that are open."
    if rest:
        text += f" {plural(rest, 'further lead')} stand in the table and the files alone."
    return (Prose(f"Cards of the leads for {target.name}", paragraphs=(text,)),)


def _no_effects(target: TargetResults) -> str:
    lacks = [
        word for word, there in (("input", target.has_input), ("comparator", target.comparators)) if not there
    ]
    return f"Enrichment against specificity: there is no {' and no '.join(lacks) or 'tested unit'}."


def _tell_design(results: LeadsResults) -> tuple[Prose | Table, ...]:
    """Give the designs and what they can claim."""
    terms = tuple(
        (target.name, str(target.design["claim"])) for target in results.targets() if target.design["claim"]
    )
    claims = [Prose("What these designs can claim", terms=terms)] if terms else []
    remarks = [Prose("Remarks", paragraphs=results.notes)] if results.notes else []
    return (*claims, *remarks, *list_designs(results))


def _blocks(
    figures: Sequence[tuple[list[Figure], str]], tables: Sequence[Table] = ()
) -> tuple[Figure | Table | Prose, ...]:
    """Put the figures first and then the tables; what could not be drawn is named at the end."""
    missing = tuple(f"Not drawn. {reason}" for drawn, reason in figures if reason and not drawn)
    blocks: list[Figure | Table | Prose] = [figure for drawn, _ in figures for figure in drawn]
    blocks += tables
    if missing:
        blocks.append(Prose(paragraphs=missing))
    return tuple(blocks)
