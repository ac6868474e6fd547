"""The look of every report: one self-contained HTML file that works offline, prints and sorts.

    palette   the colours of both themes, of states and of roles: the only place they are written
    words     numbers, shares and lists as people read them; marked text to safe HTML
    tables    a frame as a table that sorts, pages, filters and exports
    sequences a protein in tens with its regions, what was not read and marked residues
    sparks    dots of replicates and lines over rounds, small and without a script
    dossiers  one record of a long list, folded to a line
    figures   a chart whose title is its finding, with the frame behind it
    page      breadcrumb, answer, notes, cards and sections to HTML

A room describes a `Report` with frozen objects; `Report.to_html` gives the page and `write_report` the file.
"""

from bactrian.report.dossiers import Dossier, Fact, Whisker
from bactrian.report.figures import Figure
from bactrian.report.page import Card, Chip, Note, Prose, Report, Section, write_report
from bactrian.report.sequences import Mark, Sequence, Span
from bactrian.report.sparks import Dots, DotStrip, Line, Lines, Scale
from bactrian.report.tables import Column, Table

__all__ = [
    "Card",
    "Chip",
    "Column",
    "Dossier",
    "DotStrip",
    "Dots",
    "Fact",
    "Figure",
    "Line",
    "Lines",
    "Mark",
    "Note",
    "Prose",
    "Report",
    "Scale",
    "Section",
    "Sequence",
    "Span",
    "Table",
    "Whisker",
    "write_report",
]
