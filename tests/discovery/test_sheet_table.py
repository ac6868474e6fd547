"""Rows of a sheet come back as they were written, whatever the format."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from bactrian.discovery.sheet_table import COLUMN_ORDER, read_sheet_table

HEADER = (*COLUMN_ORDER, "plate, well")
cell = st.text(st.sampled_from("ab1 ,;\t\n\"'#ä."), max_size=5).map(str.strip)
row = st.tuples(st.sampled_from(["s1", "s2", "x+y"]), *[cell for _ in HEADER[1:]])


def write_text(path: Path, rows: list[tuple[str, ...]], separator: str, line_end: str, encoding: str) -> None:
    with path.open("w", newline="", encoding=encoding) as stream:
        stream.write(f"# a comment{line_end}{line_end}")
        writer = csv.writer(stream, delimiter=separator, lineterminator=line_end)
        writer.writerow(HEADER)
        writer.writerows(rows)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(row, min_size=1, max_size=4),
    separator=st.sampled_from(",;\t"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_text_round_trip(rows: list[tuple[str, ...]], separator: str, line_end: str, encoding: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.csv"
        write_text(path, rows, separator, line_end, encoding)
        table = read_sheet_table(path)
    assert table.columns == HEADER
    assert table.header_row == 3
    assert [tuple(row.cells.values()) for row in table.rows] == rows
    assert [row.row for row in table.rows] == list(range(4, 4 + len(rows)))


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(row, min_size=1, max_size=4))
def test_workbook_round_trip(rows: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.xlsx"
        with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            worksheet = book.add_worksheet("panning")
            for number, cells in enumerate([("# a comment",), (), HEADER, *rows]):
                worksheet.write_row(number, 0, cells)
        table = read_sheet_table(path)
    assert (table.title, table.columns, table.header_row) == ("panning", HEADER, 3)
    assert [tuple(row.cells.values()) for row in table.rows] == rows
