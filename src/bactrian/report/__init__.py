"""The look of every report: one self-contained HTML file that works offline, prints and sorts.

    palette   the colours of both themes, of states and of roles: the only place they are written
    words     numbers, shares and lists as people read them; marked text to safe HTML
    tables    a frame as a table that sorts, pages, filters and exports
    figures   a chart whose title is its finding, with the frame behind it
    page      breadcrumb, answer, notes, cards and sections to HTML

A room describes a `Report` with frozen objects; `Report.to_html` gives the page and `write_report` the file.
"""

from bactrian.report.figures import Figure
from bactrian.report.page import Card, Chip, Note, Prose, Report, Section, write_report
from bactrian.report.tables import Column, Table

__all__ = ["Card", "Chip", "Column", "Figure", "Note", "Prose", "Report", "Section", "Table", "write_report"]
