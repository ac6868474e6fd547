"""The sample sheet: which sample lies in which files, and where it stands in the panning.

`read_sheet` finds all mistakes at once, before any work, and says what the design cannot support;
`read_design` does so where no file is needed, since the reads were counted elsewhere. The modules behind
them, in the order the rows go: `sheet_table` (rows of the file), `sheet_filter` (rows to take), `sheet_rules`
(what rows must obey), `sheet_lanes` (files), `sheet_design` (warnings).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from bactrian.core.errors import InputError, InputErrors
from bactrian.discovery.sheet_design import find_design_gaps
from bactrian.discovery.sheet_filter import filter_rows
from bactrian.discovery.sheet_lanes import FASTQ_FILE, find_content_error, list_lanes
from bactrian.discovery.sheet_rules import PRIMER_WORDS, find_rule_errors
from bactrian.discovery.sheet_table import (
    COLUMN_ORDER,
    DESIGN_COLUMNS,
    OPTIONAL_COLUMNS,
    read_sheet_table,
    suggest_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bactrian.discovery.sheet_lanes import Lane
    from bactrian.discovery.sheet_table import SheetRow, SheetTable

SAMPLE_COLUMNS = (
    "sample",
    "selection",
    "replicate",
    "round",
    "arm",
    "antigen",
    "library",
    "primer_fwd",
    "primer_rev",
)

# How far below the sheet's folders the search for unnamed FASTQ files goes: run folders nest about so deep.
_SEARCH_DEPTH = 2
_MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sample sheet without mistakes.

    Args:
        path: The sheet's file.
        samples: One row per sample in the sheet's order: `sample, selection, replicate, round (Int64), arm,
            antigen, library, primer_fwd, primer_rev`, `wanted_with` if the sheet has it, and the sheet's
            further columns, text with null for an empty cell.
        n_left_out: Rows that `--where` left out.
        warnings: What the sheet leaves open, one sentence each.
        content_errors: Mistakes seen inside the files, by sample; empty unless the sheet was read to keep
            going.
        lanes_by_sample: Files of each sample; see `lanes`. Empty for a sheet read by `read_design`.
    """

    path: Path
    samples: pl.DataFrame
    n_left_out: int
    warnings: tuple[str, ...]
    content_errors: tuple[tuple[str, InputError], ...]
    lanes_by_sample: dict[str, tuple[tuple[Path, Path | None], ...]]

    def lanes(self, sample: str) -> tuple[tuple[Path, Path | None], ...]:
        """Give the (fastq_1, fastq_2 or None) of every lane of a sample, in the sheet's order."""
        return self.lanes_by_sample[sample]


def read_sheet(path: Path, *, where: str | None = None, keep_going: bool = False) -> Sheet:
    """Read a sample sheet and check all of it before any work.

    Args:
        path: CSV, TSV or XLSX file; its paths are relative to its folder.
        where: SQL expression that chooses rows; what it leaves out is left out of everything, checks too.
        keep_going: Give mistakes seen inside the files as `Sheet.content_errors` instead of raising them,
            so that the other samples can be finished.

    Returns:
        The sheet.

    Raises:
        InputError: If the file cannot be read as a sheet or the filter is wrong.
        InputErrors: All mistakes, in the order of the rows.
    """
    table = read_sheet_table(Path(path))
    rows = table.rows if where is None else filter_rows(table, where)
    errors = find_rule_errors(table, rows)
    lanes, lane_errors = list_lanes(table, rows)
    errors += lane_errors
    content_errors = [
        (lane.row.cells["sample"], error)
        for lane in lanes
        if all(file.is_file() for _, _, file in lane.files()) and (error := find_content_error(table, lane))
    ]
    if not keep_going:
        errors += [error for _, error in content_errors]
    if errors:
        raise InputErrors(_sort_errors(errors))
    samples = _build_samples(table, rows)
    lanes_by_sample: dict[str, tuple[tuple[Path, Path | None], ...]] = {}
    for lane in lanes:
        sample = lane.row.cells["sample"]
        lanes_by_sample[sample] = (*lanes_by_sample.get(sample, ()), (lane.first, lane.second))
    warnings = [
        *_find_unknown_columns(table),
        *find_design_gaps(samples),
        *_find_unnamed_files(table, lanes),
    ]
    return Sheet(
        path=table.path,
        samples=samples,
        n_left_out=len(table.rows) - len(rows),
        warnings=tuple(warnings),
        content_errors=tuple(content_errors),
        lanes_by_sample=lanes_by_sample,
    )


def read_design(path: Path, *, where: str | None = None) -> Sheet:
    """Read a sample sheet for its design alone, when the reads were counted elsewhere.

    All that `read_sheet` checks is checked, but no file: the columns `fastq_1` and `fastq_2` may be absent
    and are not looked at. Several rows of a sample, one for each lane, become one.

    Args:
        path: CSV, TSV or XLSX file.
        where: SQL expression that chooses rows; what it leaves out is left out of everything, checks too.

    Returns:
        The sheet, without files.

    Raises:
        InputError: If the file cannot be read as a sheet or the filter is wrong.
        InputErrors: All mistakes, in the order of the rows.
    """
    table = read_sheet_table(Path(path), required=DESIGN_COLUMNS)
    rows = table.rows if where is None else filter_rows(table, where)
    if errors := find_rule_errors(table, rows, files=False):
        raise InputErrors(_sort_errors(errors))
    samples = _build_samples(table, rows)
    return Sheet(
        path=table.path,
        samples=samples,
        n_left_out=len(table.rows) - len(rows),
        warnings=(*_find_unknown_columns(table), *find_design_gaps(samples)),
        content_errors=(),
        lanes_by_sample={},
    )


def _sort_errors(errors: list[InputError]) -> list[InputError]:
    def place(error: InputError) -> tuple[int, int]:
        where = error.where
        column = where.column if where else None
        number = COLUMN_ORDER.index(column) if column in COLUMN_ORDER else len(COLUMN_ORDER)
        return (where.row or 0) if where else 0, number

    return sorted(errors, key=place)


def _build_samples(table: SheetTable, rows: Sequence[SheetRow]) -> pl.DataFrame:
    """Build one row per sample; rows of one sample agree by now."""
    first: dict[str, SheetRow] = {}
    for row in rows:
        first.setdefault(row.cells["sample"], row)
    wanted_with = ("wanted_with",) if "wanted_with" in table.columns else ()
    columns = (*SAMPLE_COLUMNS, *wanted_with, *table.unknown_columns)
    text = pl.DataFrame(
        {name: [row.cells.get(name) or None for row in first.values()] for name in columns},
        schema=dict.fromkeys(columns, pl.String),
    )
    return text.with_columns(
        pl.col("round").cast(pl.Int64),
        *(
            pl.Series(name, [_read_primer(cell, name) for cell in text[name]], pl.String)
            for name in PRIMER_WORDS
        ),
    )


def _read_primer(cell: str | None, column: str) -> str | None:
    """Give the annealing part of a primer that the rules found right."""
    if cell is None:
        return None
    from bactrian.discovery.reads.primers import parse_primer  # noqa: PLC0415 - only for sheets with primers

    return parse_primer(cell, PRIMER_WORDS[column])


def _find_unknown_columns(table: SheetTable) -> Iterator[str]:
    absent = tuple(name for name in OPTIONAL_COLUMNS if name not in table.columns)
    for name in table.unknown_columns:
        close = suggest_name(name, absent)
        hint = f" Did you mean '{close}'?" if close else ""
        yield f"Column '{name}' is not one that Bactrian knows: it is kept and not used.{hint}"


def _find_unnamed_files(table: SheetTable, lanes: Sequence[Lane]) -> Iterator[str]:
    """Yield a sentence per folder with FASTQ files that no row names, rows left out by a filter included."""
    every_lane, _ = list_lanes(table, table.rows)
    named = {file.resolve() for lane in every_lane for _, _, file in lane.files()}
    starts = dict.fromkeys(
        [table.path.parent, *(file.parent for lane in lanes for _, _, file in lane.files())]
    )
    unnamed: dict[Path, list[str]] = {}
    seen: set[Path] = set()
    for start in starts:
        for folder, names in _walk(start, _SEARCH_DEPTH):
            if folder.resolve() in seen:
                continue
            seen.add(folder.resolve())
            found = [
                name
                for name in names
                if FASTQ_FILE.fullmatch(name) and (folder / name).resolve() not in named
            ]
            if found:
                unnamed[folder] = found
    for folder, names in unnamed.items():
        rest = len(names) - _MOST_SHOWN
        shown = ", ".join(names[:_MOST_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
        files = "1 FASTQ file" if len(names) == 1 else f"{len(names)} FASTQ files"
        yield f"Folder '{_show_folder(folder, table.path)}' holds {files} that no row names: {shown}."


def _walk(folder: Path, depth: int) -> Iterator[tuple[Path, list[str]]]:
    """Yield a folder and those below it, to a depth, with the names of their files in order."""
    try:
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    yield folder, [entry.name for entry in ordered if entry.is_file()]
    for entry in ordered:
        if depth and entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from _walk(folder / entry.name, depth - 1)


def _show_folder(folder: Path, sheet: Path) -> str:
    """Give the folder as the sheet would write it."""
    try:
        return folder.relative_to(sheet.parent).as_posix()
    except ValueError:
        return str(folder)
