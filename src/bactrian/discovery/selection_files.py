"""The files of the selection statistics in a results folder, written whole and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bactrian.core.errors import InputError, Where
from bactrian.core.tables import write_table
from bactrian.discovery.selection.campaign import Selection
from bactrian.discovery.selection.frames import SCHEMAS, SELECTION_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

TABLE: Final = "selection.parquet"
TEXT: Final = "selection.csv"
FOLDER: Final = "selection"
NOTES: Final = f"{FOLDER}/notes.csv"
# Long tables are Parquet; what a person opens in a spreadsheet is CSV.
PLACES: Final = {
    "contrasts": f"{FOLDER}/contrasts.parquet",
    "replicates": f"{FOLDER}/replicates.parquet",
    "trajectories": f"{FOLDER}/trajectories.parquet",
    "columns": f"{FOLDER}/columns.csv",
    "designs": f"{FOLDER}/designs.csv",
    "floors": f"{FOLDER}/floors.csv",
}
FILES: Final = {
    TEXT: "every tested unit and target antigen: tier, rank, fold changes, p, FDR, the reason in words",
    TABLE: "the same with intervals, veto, TREAT, fitness and the tiers of other counts",
    f"{FOLDER}/": "contrasts, replicates and trajectories; columns, designs, noise floor and notes",
}


def write_selection(selection: Selection, folder: Path) -> None:
    """Write the files of a selection; `selection.parquet` comes last.

    Args:
        selection: What the statistics found.
        folder: Folder of the results.
    """
    (folder / TABLE).unlink(missing_ok=True)
    for name, place in PLACES.items():
        write_table(getattr(selection, name), folder / place)
    write_table(pl.DataFrame({"note": list(selection.notes)}, schema={"note": pl.String}), folder / NOTES)
    write_table(selection.table.select(SELECTION_COLUMNS), folder / TEXT)
    write_table(selection.table, folder / TABLE)


def read_selection(folder: Path) -> Selection:
    """Read the files of a selection back.

    Args:
        folder: Folder of a finished screen or selection.

    Returns:
        The selection.

    Raises:
        InputError: If a file of it is missing or not one of ours.
    """
    table = _read(folder, TABLE, None)
    frames = {name: _read(folder, place, SCHEMAS[name]) for name, place in PLACES.items()}
    # CSV has no empty text, and a design no missing one: what has no comparator has "".
    frames["designs"] = frames["designs"].with_columns(pl.col(pl.String).fill_null(""))
    notes = _read(folder, NOTES, {"note": pl.String})
    units = table["unit"].unique().to_list()
    return Selection(unit=units[0] if units else "cdr3", table=table, **frames, notes=tuple(notes["note"]))


def _read(folder: Path, place: str, schema: dict[str, Any] | None) -> pl.DataFrame:
    path = folder / place
    where = Where(file=str(path))
    if not path.is_file():
        msg = (
            "the file is not there. Name the folder that 'bactrian screen' or 'bactrian select' has written, "
            "or run it again to its end."
        )
        raise InputError(msg, where)
    try:
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, schema=schema)
    except (OSError, pl.exceptions.PolarsError) as error:
        msg = f"the file cannot be read: {str(error).splitlines()[0]}. Run the selection again."
        raise InputError(msg, where) from error
    lacking = [name for name in (schema or SCHEMAS["table"]) if name not in frame.columns]
    if lacking:
        msg = f"the column '{lacking[0]}' is not there. Run the selection again with this version."
        raise InputError(msg, where)
    return frame
