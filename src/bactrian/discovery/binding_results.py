"""Files of binding results: CSV, TSV or a workbook, one row per measured VHH, with its sequence or its name.

Every row comes out. A VHH that cannot be identified keeps its row with the reason; a cell that cannot be read
is an error that names its place, all of them at once.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bactrian.core.errors import InputError, InputErrors, Where
from bactrian.discovery.leads.binding_calls import BINDS, NOT_BINDING, NOT_VALIDATED
from bactrian.discovery.leads.validation import COLUMNS as VALIDATION_COLUMNS
from bactrian.discovery.sequences import check_sequence, read_sequences
from bactrian.discovery.vhh.annotate import annotate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

IDENTITIES: Final = ("sequence", "file", "clonotype", "cdr3", "key")
"""Columns that say which VHH was measured, the first one filled in a row decides."""

OWN_COLUMNS: Final = (*IDENTITIES, "antigen", "library", "signal", "control_signal", "binds")

STATEMENTS: Final = {
    **dict.fromkeys(("yes", "true", "1", "y", "binds"), BINDS),
    **dict.fromkeys(("no", "false", "0", "n", "does not bind"), NOT_BINDING),
    **dict.fromkeys(("not validated",), NOT_VALIDATED),
    **dict.fromkeys(("", "not tested"), None),
}
"""What a cell of the column `binds` says."""

SUFFIXES: Final = (".csv", ".tsv", ".txt", ".xlsx")

SCHEMA: Final = {
    "row": pl.Int64,
    "antigen": pl.String,
    "library": pl.String,
    "key": pl.String,
    "clonotype": pl.String,
    "cdr1": pl.String,
    "cdr2": pl.String,
    "cdr3": pl.String,
    "unread": pl.String,
    "note": pl.String,
    "signal": pl.Float64,
    "control_signal": pl.Float64,
    "stated": pl.String,
}
"""Columns of results that were read; the columns of the file that have no meaning here follow, as text."""


def read_binding_results(path: Path, *, amber: bool = False) -> pl.DataFrame:
    """Read binding results and annotate the VHHs that are given as sequences.

    Args:
        path: CSV (comma, semicolon or tab), TSV or XLSX file (first worksheet) with a header: antigen; at
            least one of sequence, file, clonotype, cdr3 and key; at least one of signal and binds;
            optional control_signal and library. A file is sought beside this one.
        amber: Whether TAG reads as Q in sequences of nucleotides.

    Returns:
        One row per filled row of the file, columns `SCHEMA`, then the file's further columns (with
        " (results)" behind names that a validation uses itself).

    Raises:
        InputError: If the file, its header, or a sequence file that it names cannot be used.
        InputErrors: If cells cannot be read.
    """
    where, columns, rows = _read_rows(path)
    _check_header(columns, where)
    errors: list[InputError] = []
    records = []
    for number, cells in rows:
        try:
            records.append(_read_record(number, cells, replace(where, row=number)))
        except InputErrors as found:
            errors += found.errors
    if errors:
        raise InputErrors(errors)
    if not records:
        msg = "the file has a header and no rows. Write one row per measured VHH below it."
        raise InputError(msg, where)
    _read_sequence_files(records, path.parent, where)
    _annotate(records, where, amber=amber)
    further = [name for name in columns if name not in OWN_COLUMNS]
    taken = {*SCHEMA, *VALIDATION_COLUMNS}
    renamed = {name: f"{name} (results)" if name in taken else name for name in further}
    content = [
        {name: record[name] for name in SCHEMA}
        | {renamed[name]: record["cells"][name] or None for name in further}
        for record in records
    ]
    return pl.DataFrame(content, schema=SCHEMA | dict.fromkeys(renamed.values(), pl.String))


_Rows = list[tuple[int, dict[str, str]]]


def _read_rows(path: Path) -> tuple[Where, list[str], _Rows]:
    """Give the place, the column names and the filled rows with a spreadsheet's numbers."""
    where = Where(file=str(path))
    if path.suffix.lower() not in SUFFIXES:
        msg = f"'{path.suffix or path.name}' is no format of binding results. Give a CSV, TSV or XLSX file."
        raise InputError(msg, where)
    if not path.is_file():
        msg = "there is no such file. Check the path."
        raise InputError(msg, where)
    if path.suffix.lower() == ".xlsx":
        where, grid = _read_workbook(path, where)
    else:
        grid = _read_text(path, where)
    filled = [(number, row) for number, row in enumerate(grid, start=1) if any(cell.strip() for cell in row)]
    if not filled:
        msg = "the file is empty. Expected a header and one row per measured VHH."
        raise InputError(msg, where)
    header_row, header = filled[0]
    names = [_simplify(name) for name in header]
    where = replace(where, row=header_row)
    for name in names:
        if name and names.count(name) > 1:
            msg = f"the header names this column {names.count(name)} times. Keep one."
            raise InputError(msg, replace(where, column=name))
    rows = []
    for number, row in filled[1:]:
        if any(cell.strip() for cell in row[len(names) :]):
            msg = f"the row has {len(row)} cells and the header {len(names)}. Expected as many."
            raise InputError(msg, replace(where, row=number))
        padded = [cell.strip() for cell in row] + [""] * (len(names) - len(row))
        rows.append((number, {name: cell for name, cell in zip(names, padded, strict=False) if name}))
    return replace(where, row=None), [name for name in names if name], rows


def _simplify(name: str) -> str:
    """Give a known column's own spelling; leave other names as they are."""
    simple = "_".join(name.replace("-", " ").replace("_", " ").lower().split())
    return simple if simple in OWN_COLUMNS else name.strip()


def _read_workbook(path: Path, where: Where) -> tuple[Where, list[list[str]]]:
    import fastexcel  # noqa: PLC0415 - only for workbooks

    try:
        book = fastexcel.read_excel(path)
        title = book.sheet_names[0]
        frame = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        msg = "the workbook cannot be read. Save it again as an Excel workbook (.xlsx), or as CSV."
        raise InputError(msg, where) from error
    return replace(where, sheet=title), [[cell or "" for cell in row] for row in frame.rows()]


def _read_text(path: Path, where: Where) -> list[list[str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = "the file is not UTF-8 text. Save it as 'CSV UTF-8' or as a workbook (.xlsx)."
        raise InputError(msg, where) from error
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=header.count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def _check_header(columns: Sequence[str], where: Where) -> None:
    found = ", ".join(f"'{name}'" for name in columns)
    if "antigen" not in columns:
        msg = f"no column 'antigen' among {found}. Name the antigen of each measurement."
        raise InputError(msg, where)
    for needed in (IDENTITIES, ("signal", "binds")):
        if not set(needed) & set(columns):
            names = ", ".join(f"'{name}'" for name in needed[:-1]) + f" or '{needed[-1]}'"
            msg = f"no column {names} among {found}. Add one of them."
            raise InputError(msg, where)


def _read_record(number: int, cells: dict[str, str], where: Where) -> dict[str, Any]:
    """Read the cells of one row; sequences are annotated later, together."""
    errors: list[InputError] = []

    def read(column: str, parse: Callable[[str, Where], Any]) -> Any:
        try:
            return parse(cells.get(column, ""), replace(where, column=column))
        except InputError as error:
            errors.append(error)
            return None

    record = dict.fromkeys(SCHEMA) | {"row": number, "cells": cells, "file": None, "sequence": None}
    record["antigen"] = read("antigen", _read_antigen)
    record["library"] = cells.get("library") or None
    record["signal"] = read("signal", _read_number)
    record["control_signal"] = read("control_signal", _read_number)
    record["stated"] = read("binds", _read_statement)
    identity = next((name for name in IDENTITIES if cells.get(name)), None)
    if errors:
        raise InputErrors(errors)
    if identity is None:
        record["unread"] = "the row names no VHH"
    elif identity in {"file", "sequence", "key"}:
        record[identity] = cells[identity]
    elif identity == "clonotype":
        record["clonotype"] = cells["clonotype"]
        parts = cells["clonotype"].split("_")
        if len(parts) == 3 and parts[2]:
            record |= dict(zip(("cdr1", "cdr2", "cdr3"), (_known(part) for part in parts), strict=True))
    else:
        record["cdr3"] = cells["cdr3"].upper()
    return record


def _known(part: str) -> str | None:
    return None if part in {"", "?"} else part.upper()


def _read_antigen(cell: str, where: Where) -> str:
    if not cell:
        msg = "the cell is empty. Name the antigen on which the VHH was measured."
        raise InputError(msg, where)
    return cell


def _read_number(cell: str, where: Where) -> float | None:
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"'{cell}' is not a number. Write it with a decimal point, or leave the cell empty."
        raise InputError(msg, where)
    return value


def _read_statement(cell: str, where: Where) -> str | None:
    word = " ".join(cell.lower().split())
    if word not in STATEMENTS:
        msg = f"'{cell}' says neither yes nor no. Write yes, no, not validated, or leave the cell empty."
        raise InputError(msg, where)
    return STATEMENTS[word]


def _read_sequence_files(records: Iterable[dict[str, Any]], folder: Path, where: Where) -> None:
    """Read the sequence of each row that names a file."""
    for record in records:
        if record["file"] is None:
            continue
        path = folder / record["file"]
        place = replace(where, row=record["row"], column="file")
        if not path.is_file():
            msg = f"there is no file '{record['file']}' beside this one. Check its name."
            raise InputError(msg, place)
        found = read_sequences(path)
        if len(found) != 1:
            msg = f"'{record['file']}' holds {len(found)} sequences. Give a file of one."
            raise InputError(msg, place)
        if not found[0].sequence:
            record["unread"] = f"'{record['file']}' has no base good enough to keep"
        record["sequence"] = found[0].sequence or None


def _annotate(records: Iterable[dict[str, Any]], where: Where, *, amber: bool) -> None:
    """Find the CDRs of the rows that have sequences."""
    given = [record for record in records if record["sequence"]]
    sequences = ["".join(str(record["sequence"]).split()).upper().replace("-", "") for record in given]
    for record, sequence in zip(given, sequences, strict=True):
        check_sequence(sequence, "auto", replace(where, row=record["row"], column="sequence"))
    if not given:
        return
    for record, found in zip(given, annotate(sequences, amber=amber).iter_rows(named=True), strict=True):
        cdrs = {name: found[name] for name in ("cdr1", "cdr2", "cdr3")}
        if not cdrs["cdr3"]:
            record["unread"] = f"no CDR3 was read in its sequence: {found['reason'] or found['status']}"
            continue
        record.update(cdrs, clonotype="_".join(cdrs.values()) if all(cdrs.values()) else None)
        if found["status"] in {"stop", "frameshift"}:
            record["note"] = f"in its sequence: {found['reason']}"
        for column in ("clonotype", "cdr3"):
            said = record["cells"].get(column, "").upper().rpartition("_")[2]
            if said and said != cdrs["cdr3"]:
                record["unread"] = f"its sequence has the CDR3 {cdrs['cdr3']}, its {column} says {said}"
