"""The files of the leads: leads.csv, .xlsx and .parquet, leads_near_misses.csv, leads.fasta and order.fasta.

Each appears whole or not at all, in the order of antigen and pick; a FASTA file without a record is removed,
so that none of an earlier run stays behind. What a later pick must know again stands in
selection/picking.json.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bactrian.core.errors import InputError, Where
from bactrian.core.tables import atomic_path, write_table
from bactrian.discovery.leads.fasta import write_lead_fasta, write_order_fasta
from bactrian.discovery.leads.known import KnownClonotype
from bactrian.discovery.leads.lead_table import ABOUT
from bactrian.discovery.leads.triage_table import describe_columns
from bactrian.discovery.selection.settings import SelectionSettings

if TYPE_CHECKING:
    from pathlib import Path

    import xlsxwriter

    from bactrian.discovery.leads.nomination import Nominations

LEAD_FILES: Final = {
    "leads.csv": "one row per lead: pick and well, statistics, clonotype, triage, and why it was picked",
    "leads.xlsx": "the same as a workbook, with the near misses and what the columns are",
    "leads.parquet": "the same for programs",
    "leads_near_misses.csv": "units that were nearly picked, each with the one reason",
    "leads.fasta": "amino acids of the leads, X for what was not read",
    "order.fasta": "nucleotides of the leads that can be ordered",
}
RECORD: Final = "selection/picking.json"
RECORD_SCHEMA: Final = "bactrian.picking/1"
_MIN_WIDTH, _MAX_WIDTH = 8, 60
_WIDE_ROWS = 50
# Figures of any size that a person compares by their exponent, not by their decimals.
_PROBABILITIES: Final = ("p_", "fdr_")


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a page of leads says of the campaign, beside its numbers.

    Args:
        title: Its name.
        simulated: Whether it is simulated.
        amber: Whether TAG was read as glutamine.
        notes: What a person must know, one sentence each.
    """

    title: str
    simulated: bool = False
    amber: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PickRecord:
    """What an earlier pick was made with.

    Args:
        limits: Limits of the tiers.
        known: Clonotypes of earlier campaigns.
        campaign: What the page says of it; None where nobody recorded it.
    """

    limits: SelectionSettings
    known: tuple[KnownClonotype, ...]
    campaign: Campaign | None


def write_leads(nominations: Nominations, out: Path, *, campaign: Campaign | None = None) -> None:
    """Write the files of the leads.

    Args:
        nominations: What was nominated.
        out: Folder of the screen.
        campaign: What a later pick writes on the page again.
    """
    leads, missed = nominations.leads, nominations.near_misses
    write_table(leads, out / "leads.parquet")
    write_table(leads, out / "leads.csv")
    write_table(missed, out / "leads_near_misses.csv")
    _write_workbook(nominations, out / "leads.xlsx")
    for name, text in (("leads.fasta", write_lead_fasta(leads)), ("order.fasta", write_order_fasta(leads))):
        if text:
            with atomic_path(out / name) as temporary:
                temporary.write_text(text, encoding="utf-8")
        else:
            (out / name).unlink(missing_ok=True)
    record = {
        "schema": RECORD_SCHEMA,
        "settings": asdict(nominations.settings),
        "limits": asdict(nominations.limits),
        "known": [asdict(entry) for entry in nominations.known],
        "campaign": None if campaign is None else asdict(campaign),
    }
    with atomic_path(out / RECORD) as temporary:
        temporary.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_record(folder: Path) -> PickRecord:
    """Read what an earlier pick was made with.

    Args:
        folder: Folder of the screen.

    Returns:
        The record; the usual limits and no known clonotypes where nothing was picked yet.

    Raises:
        InputError: The record is not one of ours.
    """
    path = folder / RECORD
    if not path.is_file():
        return PickRecord(SelectionSettings(), (), None)
    try:
        record = json.loads(path.read_text("utf-8"))
        limits = dict(record["limits"])
        if limits.get("rounds") is not None:
            limits["rounds"] = tuple(limits["rounds"])
        said = record.get("campaign")
        return PickRecord(
            limits=SelectionSettings(**limits),
            known=tuple(KnownClonotype(**entry) for entry in record["known"]),
            campaign=None if said is None else Campaign(**said | {"notes": tuple(said["notes"])}),
        )
    except (InputError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        msg = "the record of the last pick cannot be read. Delete the file, or run the selection again."
        raise InputError(msg, Where(file=str(path))) from error


def _write_workbook(nominations: Nominations, path: Path) -> None:
    """Write leads, near misses and what the columns are as three sheets, the same bytes for the same rows."""
    import xlsxwriter  # noqa: PLC0415 - `--help` stays fast

    known = ABOUT | describe_columns()
    told = [(name, known[name]) for name in nominations.leads.columns]
    about = pl.DataFrame(told, schema={"column": pl.String, "what it is": pl.String}, orient="row")
    notes = pl.DataFrame({"note": list(nominations.notes)}, schema={"note": pl.String})
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with atomic_path(path) as temporary, xlsxwriter.Workbook(str(temporary), options) as book:
        # No date of making, so that equal leads give equal bytes.
        book.set_properties({"created": dt.datetime(2000, 1, 1)})
        sheets = {
            "leads": nominations.leads,
            "near misses": nominations.near_misses,
            "columns": about,
            "notes": notes,
        }
        for name, frame in sheets.items():
            _write_sheet(book, name, frame)


def _write_sheet(book: xlsxwriter.Workbook, name: str, frame: pl.DataFrame) -> None:
    """Write one sheet: header in bold and frozen, numbers as numbers, text always as text."""
    sheet = book.add_worksheet(name)
    header = book.add_format({"bold": True, "bg_color": "#E6E9ED", "bottom": 1, "text_wrap": False})
    sheet.freeze_panes(1, 1)
    for place, (column, kind) in enumerate(frame.schema.items()):
        values = frame[column].to_list()
        sheet.write_string(0, place, column, header)
        shown = _number_format(book, column, kind)
        for row, value in enumerate(values, start=1):
            if value is None or value == "" or value != value:  # noqa: PLR0124 - NaN is not equal to itself
                continue
            if isinstance(value, bool):
                sheet.write_string(row, place, "yes" if value else "no")
            elif isinstance(value, int | float):
                sheet.write_number(row, place, value, shown)
            else:
                sheet.write_string(row, place, str(value))
        sheet.set_column(place, place, _width(column, values))
    if frame.width and frame.height:
        sheet.autofilter(0, 0, frame.height, frame.width - 1)


def _number_format(book: xlsxwriter.Workbook, column: str, kind: pl.DataType) -> Any:
    if not kind.is_float():
        return None
    return book.add_format({"num_format": "0.0E+00" if column.startswith(_PROBABILITIES) else "0.00"})


def _width(column: str, values: list[Any]) -> int:
    longest = max((len(str(value)) for value in values[:_WIDE_ROWS] if isinstance(value, str)), default=0)
    return min(max(longest, len(column), _MIN_WIDTH) + 1, _MAX_WIDTH)
