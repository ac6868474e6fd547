"""Anybody's counts: a table of units × samples made elsewhere, read and checked against the sample sheet.

A wide table has the key of the unit in its first column and one column per sample, named as in the sheet; the
long tables that `bactrian screen` writes (`sample`, key, `count`) are understood too. Behind it, in the order
the cells go: `count_text` (cells of a text file), `count_checks` (what header, keys and cells must obey).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import sparse

from bactrian.core.errors import InputError, Where
from bactrian.discovery.count_checks import (
    LONG_COLUMNS,
    check_header,
    check_samples,
    read_cells,
    read_keys,
    refuse_row_numbers,
    refuse_twins,
    show_names,
)
from bactrian.discovery.count_text import CountTable, read_count_text
from bactrian.discovery.library.abundance import CountMatrix, count_matrix
from bactrian.discovery.selection.settings import UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TEXT_SUFFIXES = (".tsv", ".csv", ".txt")
COMPRESSED_SUFFIXES = (".gz", ".bz2", ".zst")


@dataclass(frozen=True, slots=True)
class CountFile:
    """Counts that somebody else made.

    Args:
        path: The file.
        key: Name of the key's column, "" if it has none.
        unit: Unit that this name says (cdr3, clonotype or lineage); None if it says none.
        matrix: Counts of the sheet's samples, in its order; units seen in none of them are left out.
        notes: What of the file or the sheet was not used, one sentence each.
    """

    path: Path
    key: str
    unit: str | None
    matrix: CountMatrix
    notes: tuple[str, ...]


def read_counts(path: Path, samples: Sequence[str]) -> CountFile:
    """Read a table of counts and check every cell that is used.

    Args:
        path: File ending in .tsv, .csv or .txt, plain or with .gz, .bz2 or .zst, or in .parquet. Comma,
            semicolon or tab is found in the header, whatever the suffix says.
        samples: Samples of the sheet, in its order.

    Returns:
        The counts.

    Raises:
        InputError: If the file is no such table, a sample of the sheet has no column, a key is empty or
            stands twice, or a cell is no count.
    """
    path = Path(path)
    table = _read_table(path, samples)
    check_header(table, samples)
    if set(LONG_COLUMNS) <= set(table.names) and not set(samples) & set(table.names):
        return _read_long(table, samples)
    return _read_wide(table, samples)


def _read_table(path: Path, samples: Sequence[str]) -> CountTable:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSED_SUFFIXES:
        suffixes.pop()
    suffix = suffixes[-1] if suffixes else ""
    if suffix not in (*TEXT_SUFFIXES, ".parquet"):
        msg = (
            f"'{suffix or path.name}' is not a format of a table of counts. Give a file ending in .tsv, .csv "
            "(plain, .gz or .zst) or .parquet."
        )
        raise InputError(msg, Where(file=str(path)))
    if not path.is_file():
        found = "this is a folder" if path.is_dir() else "there is no such file"
        msg = f"{found}. Give the path of a table of counts."
        raise InputError(msg, Where(file=str(path)))
    return _read_parquet(path) if suffix == ".parquet" else read_count_text(path, samples)


def _read_parquet(path: Path) -> CountTable:
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        msg = "the file cannot be read as Parquet. Write it again, or save the table as TSV or CSV."
        raise InputError(msg, Where(file=str(path))) from error
    if not frame.width or not frame.height:
        msg = "the table has no rows. Expected one row per unit."
        raise InputError(msg, Where(file=str(path)))
    names = tuple(name.strip() for name in frame.columns)
    cells = frame.rename({name: str(number) for number, name in enumerate(frame.columns)})
    rows = pl.Series("row", np.arange(1, frame.height + 1))
    return CountTable(path, names, cells, rows, is_text=False)


def _read_wide(table: CountTable, samples: Sequence[str]) -> CountFile:
    extra = [name for name in table.names[1:] if name and name not in samples]
    check_samples(table, samples, extra)
    keys = read_keys(table, 0)
    refuse_row_numbers(table, keys, extra)
    refuse_twins(table, keys.to_frame("key"))
    counts = read_cells(table, [table.names.index(sample) for sample in samples])
    notes = (
        [f"Columns of {table.path.name} that are no samples of the sheet are not used: {show_names(extra)}."]
        if extra
        else []
    )
    key = table.names[0]
    return CountFile(table.path, key, _find_unit(key), _arrange(keys, counts, samples), tuple(notes))


def _read_long(table: CountTable, samples: Sequence[str]) -> CountFile:
    """Read rows of sample, key and count; a sample without a row was sequenced and had nothing to count."""
    others = [number for number, name in enumerate(table.names) if name not in LONG_COLUMNS]
    if len(others) != 1:
        found = show_names(table.names)
        msg = (
            f"the columns are {found}. A table of one row per unit and sample has three: sample, count and "
            "the key of the unit. Keep one key, or write one column per sample."
        )
        raise InputError(msg, table.where())
    sample_column, count_column = (table.names.index(name) for name in LONG_COLUMNS)
    frame = pl.DataFrame({"sample": read_keys(table, sample_column), "key": read_keys(table, others[0])})
    present = frame["sample"].unique(maintain_order=True).to_list()
    extra = [name for name in present if name not in samples]
    absent = [sample for sample in samples if sample not in present]
    if len(absent) == len(samples):
        check_samples(table, samples, extra)
    refuse_twins(table, frame)
    (counts,) = read_cells(table, [count_column])
    notes = []
    if absent:
        notes.append(
            f"Samples of the sheet without a row in {table.path.name} are taken as samples without reads: "
            f"{show_names(absent)}."
        )
    if extra:
        notes.append(
            f"Samples of {table.path.name} that the sheet has not are not used: {show_names(extra)}."
        )
    key = table.names[others[0]]
    matrix = count_matrix(frame.with_columns(counts.alias("count")), list(samples), key="key")
    return CountFile(table.path, key, _find_unit(key), matrix, tuple(notes))


def _arrange(keys: pl.Series, columns: Sequence[pl.Series], samples: Sequence[str]) -> CountMatrix:
    """Arrange full columns as a sparse matrix with its units sorted, without those seen nowhere."""
    arrays = [column.to_numpy() for column in columns]
    seen: NDArray[np.bool_] = np.zeros(len(keys), dtype=bool)
    for array in arrays:
        seen |= array > 0
    order = keys.arg_sort().to_numpy()
    order = order[seen[order]]
    ordered = [array[order] for array in arrays]
    rows = [np.flatnonzero(array) for array in ordered]
    values = [array[at] for array, at in zip(ordered, rows, strict=True)]
    starts = np.concatenate([[0], np.cumsum([len(at) for at in rows])])
    matrix = sparse.csc_array(
        (np.concatenate(values).astype(np.int64), np.concatenate(rows), starts),
        shape=(len(order), len(samples)),
    )
    return CountMatrix(tuple(keys.gather(order).to_list()), tuple(samples), matrix)


def _find_unit(key: str) -> str | None:
    simple = "".join(character for character in key.casefold() if character.isalnum())
    return next((unit for unit in UNITS if simple.startswith(unit)), None)
