"""What the rows of a sample sheet must obey: each alone, as rows of a sample, and as selections of a design.

Every function gives all the mistakes it finds, so that they can be mended together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bactrian.core.errors import InputError
from bactrian.discovery.selection.design import split_wanted_with
from bactrian.discovery.sheet_table import suggest_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bactrian.discovery.sheet_table import SheetRow, SheetTable

ARMS = ("target", "counter", "irrelevant", "input", "control")
PANNED_ARMS = ("target", "counter", "irrelevant")
FILLED_COLUMNS = ("sample", "selection", "replicate", "round", "arm", "library")
# File systems allow 255 bytes in a name; a sample's files carry a digest and a suffix beside it.
LONGEST_NAME = 150
FILE_COLUMNS = ("fastq_1", "fastq_2")
PRIMER_WORDS = {"primer_fwd": "forward", "primer_rev": "reverse"}

_SAMPLE_NAME = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]*")
_WHOLE_NUMBER = re.compile(r"[0-9]+")
_PRIMER = re.compile(r"[ACGTURYSWKMBDHVN]+", re.IGNORECASE)


def find_rule_errors(table: SheetTable, rows: Sequence[SheetRow], *, files: bool = True) -> list[InputError]:
    """Find every mistake that the sheet's text alone shows.

    Args:
        table: The sheet, for the places.
        rows: Rows to check, those that a filter left.
        files: Whether the sheet's files are of use; where they are not, their columns are not looked at.

    Returns:
        The mistakes: of cells, of rows of one sample, of selections.
    """
    errors = []
    for found in (
        _check_files(rows) if files else (),
        _check_cells(rows),
        _check_samples(table, rows),
        _check_selections(rows),
        _check_replicates(rows),
        _check_wanted_with(table, rows),
    ):
        errors += [InputError(message, table.where(row.row, column)) for row, column, message in found]
    return errors


def _check_files(rows: Sequence[SheetRow]) -> Iterator[tuple[SheetRow, str, str]]:
    """Every row names a file, and the rows of a sample are all paired or all single."""
    first: dict[str, SheetRow] = {}
    for row in rows:
        sample = row.cells["sample"]
        if not row.cells["fastq_1"]:
            yield row, "fastq_1", "the cell is empty. Every row needs a fastq_1."
        if not sample:
            continue
        start = first.setdefault(sample, row)
        if bool(row.cells.get("fastq_2")) != bool(start.cells.get("fastq_2")):
            kinds = ("paired", "single") if row.cells.get("fastq_2") else ("single", "paired")
            yield (
                row,
                "fastq_2",
                f"sample '{sample}' has {kinds[0]} reads here and {kinds[1]} reads in row {start.row}. "
                "Name fastq_2 in all rows of a sample, or in none.",
            )


def _check_cells(rows: Sequence[SheetRow]) -> Iterator[tuple[SheetRow, str, str]]:
    for row in rows:
        cells = row.cells
        for column in FILLED_COLUMNS:
            if not cells[column]:
                yield row, column, f"the cell is empty. Every row needs a {column}."
        if cells["sample"] and not _SAMPLE_NAME.fullmatch(cells["sample"]):
            msg = (
                f"'{cells['sample']}' is not a sample name. Use letters, digits and . _ - + and no dot "
                "at the start."
            )
            yield row, "sample", msg
        if len(cells["sample"]) > LONGEST_NAME:
            length = len(cells["sample"])
            msg = (
                f"the sample name has {length} characters. Use at most {LONGEST_NAME}: files are named by it."
            )
            yield row, "sample", msg
        if cells["arm"] and cells["arm"] not in ARMS:
            msg = f"'{cells['arm']}' is not an arm. Write target, counter, irrelevant, input or control."
            yield row, "arm", msg
        if cells["arm"] in PANNED_ARMS and not cells["antigen"]:
            msg = f"the cell is empty. A {cells['arm']} sample needs the name of what it was panned against."
            yield row, "antigen", msg
        yield from _check_round(row)
        yield from _check_primers(row)


def _check_round(row: SheetRow) -> Iterator[tuple[SheetRow, str, str]]:
    text, arm = row.cells["round"], row.cells["arm"]
    if not text:
        return
    if not _WHOLE_NUMBER.fullmatch(text):
        yield row, "round", f"'{text}' is not a round. Write a whole number from 0."
    elif arm == "input" and int(text) != 0:
        yield (
            row,
            "round",
            f"'{text}' is not the round of an input. Write 0, the unpanned library, or correct the arm.",
        )
    elif arm in PANNED_ARMS and int(text) == 0:
        msg = f"'{text}' is not the round of a {arm} sample. Write a whole number from 1, or the arm 'input'."
        yield row, "round", msg


def _check_primers(row: SheetRow) -> Iterator[tuple[SheetRow, str, str]]:
    primers = {name: row.cells.get(name, "") for name in ("primer_fwd", "primer_rev")}
    for name, primer in primers.items():
        other = "primer_rev" if name == "primer_fwd" else "primer_fwd"
        if primer and not _PRIMER.fullmatch(primer):
            yield row, name, f"'{primer}' is not a primer. Write its bases from 5' to 3' in IUPAC letters."
        elif primer and (fault := _find_primer_fault(name, primer)):
            yield row, name, fault
        if primer and not primers[other]:
            yield (
                row,
                other,
                f"the cell is empty but {name} is not. Give both primers of a sample, or neither.",
            )


def _find_primer_fault(column: str, primer: str) -> str | None:
    """Say why a primer cannot be searched for, in the words that `--primers` uses."""
    from bactrian.discovery.reads.primers import parse_primer  # noqa: PLC0415 - only for sheets with primers

    try:
        parse_primer(primer, PRIMER_WORDS[column])
    except InputError as error:
        return error.message
    return None


def _check_samples(table: SheetTable, rows: Sequence[SheetRow]) -> Iterator[tuple[SheetRow, str, str]]:
    """Several rows of one sample agree in all but their files."""
    first: dict[str, SheetRow] = {}
    for row in rows:
        sample = row.cells["sample"]
        if not sample:
            continue
        start = first.setdefault(sample, row)
        for column in table.columns:
            if column in FILE_COLUMNS or row.cells[column] == start.cells[column]:
                continue
            yield (
                row,
                column,
                f"sample '{sample}' has '{row.cells[column]}' here and '{start.cells[column]}' in "
                f"row {start.row}. "
                "Rows of one sample agree in all but fastq_1 and fastq_2: "
                "correct one, or give the rows different sample names.",
            )


def _check_selections(rows: Sequence[SheetRow]) -> Iterator[tuple[SheetRow, str, str]]:
    """A selection is one panning: one library, arm, antigen and replicate through all its rounds.

    Inputs and controls were not panned, so several of them may share a name; an input named like a panning is
    its round 0 and shares its library.
    """
    first: dict[tuple[str, str], SheetRow] = {}
    for row in rows:
        selection = row.cells["selection"]
        panned = row.cells["arm"] in PANNED_ARMS
        if not selection or not panned:
            continue
        for column in ("library", "arm", "antigen", "replicate"):
            value = row.cells[column]
            start = first.setdefault((selection, column), row)
            if not value or not start.cells[column] or value == start.cells[column]:
                continue
            yield (
                row,
                column,
                f"selection '{selection}' has '{value}' here and '{start.cells[column]}' in row {start.row}. "
                f"A selection keeps its {column} through all rounds: correct one, or name another selection.",
            )
    for row in rows:
        start_row = first.get((row.cells["selection"], "library"))
        if row.cells["arm"] != "input" or start_row is None or not row.cells["library"]:
            continue
        if row.cells["library"] != start_row.cells["library"]:
            yield (
                row,
                "library",
                f"selection '{row.cells['selection']}' has '{row.cells['library']}' here and "
                f"'{start_row.cells['library']}' in row {start_row.row}. "
                "A selection keeps its library through all rounds: correct one, or name another selection.",
            )


def _check_replicates(rows: Sequence[SheetRow]) -> Iterator[tuple[SheetRow, str, str]]:
    """Two selections of one library, arm and antigen have different replicate numbers."""
    first: dict[tuple[str, ...], SheetRow] = {}
    reported = set()
    for row in rows:
        cells = row.cells
        key = tuple(cells[column] for column in ("library", "arm", "antigen", "replicate"))
        if cells["arm"] not in PANNED_ARMS or not all(key) or not cells["selection"]:
            continue
        start = first.setdefault(key, row)
        other = start.cells["selection"]
        if other != cells["selection"] and (other, cells["selection"]) not in reported:
            reported.add((other, cells["selection"]))
            yield (
                row,
                "replicate",
                f"selections '{other}' (row {start.row}) and '{cells['selection']}' are both replicate "
                f"'{cells['replicate']}' of {cells['arm']} '{cells['antigen']}' in library "
                f"'{cells['library']}'. "
                "Number the replicates differently.",
            )


def _check_wanted_with(table: SheetTable, rows: Sequence[SheetRow]) -> Iterator[tuple[SheetRow, str, str]]:
    """Rows of a target name other targets of their library, those of rows that a filter left out included."""
    targets: dict[str, dict[str, None]] = {}
    for row in table.rows:
        if row.cells["arm"] == "target" and row.cells["antigen"]:
            targets.setdefault(row.cells["library"], {}).setdefault(row.cells["antigen"])
    for row in rows:
        cells = row.cells
        cell = cells.get("wanted_with", "")
        if cell and cells["arm"] in ARMS and cells["arm"] != "target":
            msg = (
                f"'{cell}' stands in a row of the arm {cells['arm']}. Name in the rows of a target what else "
                "its binders may bind, and leave the cell empty here."
            )
            yield row, "wanted_with", msg
            continue
        others = tuple(name for name in targets.get(cells["library"], {}) if name != cells["antigen"])
        for name in split_wanted_with(cell):
            if name == cells["antigen"]:
                msg = (
                    f"'{name}' is the antigen of the row itself. Name other targets of the library whose "
                    "binders are wanted too, joined by ';', or leave the cell empty."
                )
                yield row, "wanted_with", msg
            elif name not in others and cells["library"]:
                yield row, "wanted_with", _describe_unknown_target(name, others, cells["library"])


def _describe_unknown_target(name: str, others: tuple[str, ...], library: str) -> str:
    close = suggest_name(name, others)
    if close:
        hint = f"Did you mean '{close}'?"
    elif others:
        known = ", ".join(f"'{other}'" for other in others)
        hint = f"Name some of its other targets, joined by ';': {known}."
    else:
        hint = "It has no other target: leave the cell empty."
    return f"'{name}' is not a target of library '{library}'. {hint}"
