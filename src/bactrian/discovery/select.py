"""`bactrian select`: the selection statistics on counts that were made elsewhere, and the leads they give."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bactrian import __version__
from bactrian.core.errors import InputError, Where
from bactrian.core.tables import atomic_path
from bactrian.discovery.count_file import read_counts
from bactrian.discovery.lead_inputs import check_rounds, read_known
from bactrian.discovery.lead_run import PAGE, write_nominations
from bactrian.discovery.leads.settings import PickSettings
from bactrian.discovery.library.takeovers import find_takeovers
from bactrian.discovery.selection.campaign import select_units
from bactrian.discovery.selection.settings import SelectionSettings
from bactrian.discovery.selection_files import TEXT, write_selection
from bactrian.discovery.selection_summary import say_targets, summarise_selection, write_lines
from bactrian.discovery.sheet import read_design
from bactrian.discovery.simulator.writing import DESCRIPTION
from bactrian.run.progress import Silence

if TYPE_CHECKING:
    from pathlib import Path

    from bactrian.discovery.library.abundance import CountMatrix
    from bactrian.run.progress import Progress

SCHEMA: Final = "bactrian.select.summary/1"
SUMMARY: Final = "summary.json"
SIMULATED: Final = "The counts are simulated: nothing here was measured."
_CDR3: Final = re.compile("[ACDEFGHIKLMNPQRSTVWY]+")


def select_counts(
    counts_path: Path,
    sheet_path: Path,
    *,
    out: Path,
    settings: SelectionSettings | None = None,
    take_unit: bool = False,
    picks: PickSettings | None = None,
    known: Path | None = None,
    where: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Test a count table as its sheet plans it, pick leads and write everything.

    Args:
        counts_path: Table of raw counts: key of the unit, one column per sample.
        sheet_path: Sample sheet; FASTQ columns are not needed.
        out: Folder for the results.
        settings: Unit, rounds and limits.
        take_unit: Whether the name of the key's column decides the unit where it says one.
        picks: How many leads, how diverse.
        known: File of known clonotypes.
        where: SQL expression that chooses rows of the sheet.
        progress: Told how far the work is.

    Returns:
        Content of `summary.json`.

    Raises:
        InputError: If the sheet, the counts, the known clonotypes or the folder cannot be used.
    """
    settings, picks, progress = (
        settings or SelectionSettings(),
        picks or PickSettings(),
        progress or Silence(),
    )
    _check_folder(out)
    sheet = read_design(sheet_path, where=where)
    check_rounds(sheet, settings.rounds)
    marked = () if known is None else read_known(known)
    for warning in sheet.warnings:
        progress.say(f"{sheet_path.name}: {warning}")
    progress.start("Reading counts", 1)
    counted = read_counts(counts_path, sheet.samples["sample"].to_list())
    progress.advance()
    for note in counted.notes:
        progress.say(note)
    if take_unit and counted.unit is not None:
        settings = replace(settings, unit=counted.unit)
    takeovers = flag_takeovers(counted.matrix, sheet.samples, unit=settings.unit)
    progress.start("Testing and picking", 2)
    selection = select_units(counted.matrix, sheet.samples, settings, takeovers=takeovers)
    progress.advance()
    simulated = (sheet_path.parent / DESCRIPTION).is_file()
    notes = (*([SIMULATED] if simulated else []), *counted.notes)
    (out / SUMMARY).unlink(missing_ok=True)
    write_selection(selection, out)
    nominations = write_nominations(
        selection,
        out,
        limits=settings,
        picks=picks,
        title=sheet_path.resolve().parent.name or sheet_path.stem,
        known=marked,
        simulated=simulated,
        notes=notes,
    )
    progress.advance()
    summary = {
        "schema": SCHEMA,
        "bactrian": __version__,
        "units": len(counted.matrix.units),
        "samples": sheet.samples.height,
        "takeovers": takeovers,
        **summarise_selection(selection, nominations),
        "notes": list(dict.fromkeys((*notes, *selection.notes, *nominations.notes))),
    }
    with atomic_path(out / SUMMARY) as temporary:
        temporary.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return summary


def flag_takeovers(counts: CountMatrix, samples: pl.DataFrame, *, unit: str = "cdr3") -> list[str]:
    """Give the samples of which one unit and its siblings hold half or more.

    Siblings are CDR3s of nearly the same residues, or clonotypes of the same CDR3. Keys that are no sequence
    have none: names such as clone_17 and clone_18 are alike in their letters only.

    Args:
        counts: Counts of every unit.
        samples: Rows of the sheet.
        unit: What the keys are: cdr3, clonotype or lineage.

    Returns:
        Names, in the order of the sheet.
    """
    families = {
        key: key.rpartition("_")[2] if unit == "clonotype" else key
        for key in counts.units
        if unit != "cdr3" or not _CDR3.fullmatch(key)
    }
    found = find_takeovers(counts, samples, lineages=families)
    return found.filter(pl.col("verdict") == "takeover")["sample"].to_list()


def print_selection(summary: dict[str, Any], folder: Path, *, as_json: bool) -> None:
    """Print the summary on standard output; the page's path stands last."""
    if as_json:
        sys.stdout.write(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
        return
    write_lines(say_targets(summary["targets"], unit=summary["unit"]))
    write_lines([f"! {note}" for note in summary["notes"]])
    last = PAGE if summary["targets"] else TEXT
    sys.stdout.write(f"{folder / last}\n")


def _check_folder(out: Path) -> None:
    """Refuse a folder that holds files of somebody else, and that of a screen."""
    where = Where(file=str(out))
    if not out.is_dir():
        if out.exists():
            msg = "this is a file. Name a folder for the results."
            raise InputError(msg, where)
        return
    if (out / ".bactrian").is_dir():
        msg = "the folder holds a screen, whose results would be overwritten. Name another folder."
        raise InputError(msg, where)
    if any(out.iterdir()) and not (out / "selection").is_dir():
        msg = "the folder holds files that are not of a selection. Name a new or empty folder."
        raise InputError(msg, where)
