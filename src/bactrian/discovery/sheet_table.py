"""Rows of a sample sheet as they stand in the file: CSV, TSV or a workbook, with a spreadsheet's row numbers.

Comments and blank rows are dropped here, so that later steps see samples only; row numbers still count them.
"""

from __future__ import annotations

import csv
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bactrian.core.errors import InputError, InputErrors, Where

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REQUIRED_COLUMNS = (
    "sample",
    "fastq_1",
    "selection",
    "replicate",
    "round",
    "arm",
    "antigen",
    "library",
)
# A sheet that goes with a table of counts names no files.
DESIGN_COLUMNS = tuple(name for name in REQUIRED_COLUMNS if name != "fastq_1")
OPTIONAL_COLUMNS = ("fastq_2", "wanted_with", "primer_fwd", "primer_rev")
COLUMN_ORDER = (
    "sample",
    "fastq_1",
    "fastq_2",
    "selection",
    "replicate",
    "round",
    "arm",
    "antigen",
    "library",
    "wanted_with",
    "primer_fwd",
    "primer_rev",
)
SHEET_SUFFIXES = (".csv", ".tsv", ".xlsx")
SEPARATORS = (",", ";", "\t")

_Records = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of the sheet.

    Args:
        row: Row as a spreadsheet shows it, comments and blank rows counted.
        cells: Text of every column, without the blanks around it; "" for an empty cell.
    """

    row: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class SheetTable:
    """The sheet before anything of its meaning is checked.

    Args:
        path: The file as the user named it.
        title: Name of the worksheet, for a workbook.
        header_row: Row of the header.
        columns: Column names in file order.
        rows: Rows below the header.
    """

    path: Path
    title: str | None
    header_row: int
    columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]

    def where(self, row: int | None = None, column: str | None = None) -> Where:
        """Give the place of a cell, a row or the whole sheet."""
        return Where(file=str(self.path), sheet=self.title, row=row, column=column)

    @property
    def unknown_columns(self) -> tuple[str, ...]:
        """Columns that are not the sheet's own, in file order."""
        return tuple(name for name in self.columns if name not in COLUMN_ORDER)


def read_sheet_table(path: Path, *, required: tuple[str, ...] = REQUIRED_COLUMNS) -> SheetTable:
    """Read the rows of a sample sheet.

    The separator of a text sheet is found in its header (comma, semicolon or tab, whatever the suffix
    says), a byte order mark and any line ends are understood, and of a workbook the first worksheet is
    read.

    Args:
        path: File ending in .csv, .tsv or .xlsx.
        required: Columns that it must have.

    Returns:
        Header and rows.

    Raises:
        InputError: If the file cannot be read as a sheet.
        InputErrors: If columns are missing or doubled, or cells stand outside the header.
    """
    if path.suffix.lower() not in SHEET_SUFFIXES:
        msg = (
            f"'{path.suffix or path.name}' is not a sheet's format. Give a file ending in .csv, .tsv "
            "or .xlsx."
        )
        raise InputError(msg, Where(file=str(path)))
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        msg = f"the sample sheet {found}. Give the path of a CSV, TSV or XLSX file."
        raise InputError(msg, Where(file=str(path)))
    title = None
    if path.suffix.lower() == ".xlsx":
        title, records = _read_workbook(path)
    else:
        records = _read_text(path)
    return _build_table(path, title, records, required)


def _read_workbook(path: Path) -> tuple[str, _Records]:
    import fastexcel  # noqa: PLC0415 - only for workbooks

    try:
        book = fastexcel.read_excel(path)
        title = book.sheet_names[0]
        frame = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        msg = "the workbook cannot be read. Save it again as an Excel workbook (.xlsx), or as CSV."
        raise InputError(msg, Where(file=str(path))) from error
    records = [(row, [cell or "" for cell in cells]) for row, cells in enumerate(frame.rows(), start=1)]
    return title, [(row, cells) for row, cells in records if not _is_comment(cells)]


def _read_text(path: Path) -> _Records:
    where = Where(file=str(path))
    raw = path.read_bytes()
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        msg = "the sheet is not UTF-8 text. Save it as 'CSV UTF-8' or as a workbook (.xlsx)."
        raise InputError(msg, Where(file=str(path), line=line)) from error
    if "\0" in text:
        msg = "the file is not text. Save the sheet as CSV, TSV or XLSX and name it by its format."
        raise InputError(msg, where)
    lines = list(_join_quoted_lines(text, where))
    separator = None
    if lines and lines[0][1].strip().lower()[:4] == "sep=" and len(lines[0][1].strip()) == len("sep=,"):
        separator = lines.pop(0)[1].strip()[4]
    if lines and separator is None:
        separator = _find_separator(lines[0][1], path)
    records = [(row, next(csv.reader([line], delimiter=separator or ","))) for row, line in lines]
    return [(row, cells) for row, cells in records if not _is_comment(cells)]


def _join_quoted_lines(text: str, where: Where) -> Iterator[tuple[int, str]]:
    """Yield (row, record text): comments and blank lines dropped, line breaks within quotes kept."""
    pending: list[str] = []
    row = 0
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not pending:
            row += 1
            if not line.strip() or line.lstrip().startswith("#"):
                continue
        pending.append(line)
        record = "\n".join(pending)
        if record.count('"') % 2 == 0:
            pending = []
            yield row, record
    if pending:
        msg = "a double quote is opened and never closed. Close it or remove it."
        raise InputError(msg, Where(file=where.file, row=row))


def _find_separator(header: str, path: Path) -> str:
    def count_own_columns(separator: str) -> tuple[int, bool]:
        names = {name.strip() for name in next(csv.reader([header], delimiter=separator))}
        return len(names & set(COLUMN_ORDER)), separator == ("\t" if path.suffix.lower() == ".tsv" else ",")

    return max(SEPARATORS, key=count_own_columns)


def _is_comment(cells: list[str]) -> bool:
    """True for a row of empty cells, and for one whose first filled cell starts with '#'."""
    filled = next((cell for cell in cells if cell.strip()), "#")
    return filled.lstrip().startswith("#")


def _build_table(path: Path, title: str | None, records: _Records, required: tuple[str, ...]) -> SheetTable:
    place = Where(file=str(path), sheet=title)
    if not records:
        msg = (
            "the sheet is empty. Write a header and one row per sample; `bactrian screen template` "
            "writes a start."
        )
        raise InputError(msg, place)
    header_row, header = records[0]
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    table = SheetTable(path, title, header_row, tuple(name for name in names if name), ())
    errors = _find_header_errors(table, names, required)
    rows = []
    for row, cells in records[1:]:
        stray = [cell.strip() for cell in cells[len(names) :] if cell.strip()]
        if stray:
            msg = (
                f"'{stray[0]}' stands to the right of the last column. The header has {len(names)} columns: "
                "remove the cell, or quote a cell that holds the separator."
            )
            errors.append(InputError(msg, table.where(row)))
        padded = [cell.strip() for cell in cells] + [""] * (len(names) - len(cells))
        for number, (name, cell) in enumerate(zip(names, padded, strict=False), start=1):
            if not name and cell:
                msg = f"'{cell}' stands in column {number}, which has no name. Name the column or empty it."
                errors.append(InputError(msg, table.where(row)))
        rows.append(SheetRow(row, {name: cell for name, cell in zip(names, padded, strict=False) if name}))
    if errors:
        raise InputErrors(errors)
    if not rows:
        msg = "the sheet has a header and no rows. Write one row per sample below it."
        raise InputError(msg, place)
    return SheetTable(path, title, header_row, table.columns, tuple(rows))


def _find_header_errors(table: SheetTable, names: list[str], required: tuple[str, ...]) -> list[InputError]:
    errors = []
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        msg = f"the header names this column {names.count(name)} times. Keep one."
        errors.append(InputError(msg, table.where(table.header_row, name)))
    for name in required:
        if name in names:
            continue
        close = suggest_name(name, table.unknown_columns)
        hint = f"Did you mean '{close}'? Rename it to '{name}'." if close else f"Add a column '{name}'."
        msg = f"there is no column '{name}'. {hint}"
        errors.append(InputError(msg, table.where(table.header_row)))
    return errors


def suggest_name(name: str, choices: tuple[str, ...]) -> str | None:
    """Give the choice that looks most like `name`, or None if none does."""

    def simplify(text: str) -> str:
        return "".join(character for character in text.casefold() if character.isalnum())

    by_simple = {simplify(choice): choice for choice in choices}
    close = difflib.get_close_matches(simplify(name), by_simple, n=1, cutoff=0.75)
    return by_simple[close[0]] if close else None
