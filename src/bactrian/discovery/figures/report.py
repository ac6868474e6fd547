"""The screen report as one page: the answer first, then reads, samples, quality, clonotypes and methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bactrian.discovery.figures.clones import draw_abundance, draw_residues
from bactrian.discovery.figures.diversity import draw_agreement, draw_rarefaction
from bactrian.discovery.figures.listings import (
    list_clonotypes,
    list_diversity,
    list_flagged,
    list_neighbours,
    list_samples,
)
from bactrian.discovery.figures.methods import tell_methods
from bactrian.discovery.figures.reads import draw_defects, draw_ladder, draw_lengths
from bactrian.discovery.figures.samples import draw_chimeras, draw_contamination, draw_top_shares
from bactrian.discovery.figures.words import say_answer, say_notes, say_numbers, say_state
from bactrian.report import Prose, Report, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bactrian.discovery.figures.results import ScreenResults
    from bactrian.report import Figure, Table


def build_screen_report(results: ScreenResults) -> Report:
    """Give the report of a screen.

    Args:
        results: The frames of a finished screen.

    Returns:
        The report; `to_html` makes the page. Figures whose frame has no rows are named with the reason.
    """
    reads = (
        (draw_lengths(results), "CDR3 lengths by rung: no molecule has a CDR3."),
        (draw_ladder(results), "The ladder of pairs: no sample was read."),
        (draw_defects(results), "Defects: no molecule was read."),
    )
    quality = (
        (draw_top_shares(results), "Top clones: no sample has productive molecules."),
        (
            draw_agreement(results),
            "Agreement: the design has no two samples of the same library, arm, antigen and round.",
        ),
        (draw_rarefaction(results), "Rarefaction: too few molecules."),
        (draw_chimeras(results), "Recombination: no sample has productive molecules."),
        (
            draw_contamination(results),
            "Contamination: it needs two samples and the unpanned library they come from.",
        ),
    )
    clones = (
        (draw_abundance(results), "Commonest clonotypes: there are none."),
        (draw_residues(results), "Residue use: no productive molecule was read."),
    )
    samples = list_samples(results)
    sections = (
        Section("Reads", _blocks(reads)),
        Section("Samples", tuple(samples), number=results.samples.height),
        Section("Quality", _blocks(quality, list_flagged(results) + list_diversity(results))),
        Section(
            "Clonotypes",
            _blocks(clones, list_clonotypes(results) + list_neighbours(results)),
            number=results.n_clonotypes,
        ),
        Section("Methods", tell_methods(results)),
    )
    return Report(
        title=results.title,
        kind="Screen report",
        breadcrumb=("Discovery", "Screens"),
        code=results.code,
        chip=say_state(results),
        answer=say_answer(results),
        notes=say_notes(results),
        cards=say_numbers(results),
        sections=sections,
    )


def _blocks(
    figures: Sequence[tuple[list[Figure], str]], tables: Sequence[Table] = ()
) -> tuple[Figure | Table | Prose, ...]:
    """Put the figures first and then the tables; what could not be drawn is named at the end."""
    missing = tuple(f"Not drawn. {reason}" for drawn, reason in figures if not drawn)
    blocks: list[Figure | Table | Prose] = [figure for drawn, _ in figures for figure in drawn]
    blocks += tables
    if missing:
        blocks.append(Prose(paragraphs=missing))
    return tuple(blocks)
