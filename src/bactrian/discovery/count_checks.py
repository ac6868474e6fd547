"""What a table of counts must obey: its header, its keys and its cells, each mistake one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bactrian.discovery.count_text import CountTable

LONG_COLUMNS = ("sample", "count")
# Doubles, as which some programs store counts, hold every whole number up to here.
MOST_COUNTED = 2**53
_MOST_SHOWN = 6
_FRACTION = (
    "is not a count of reads. Give raw counts, whole numbers from 0: no shares, no counts per million."
)
_NO_COUNT = "is not a count of reads. Write a whole number from 0."
_EMPTY = "the cell is empty. Write 0 where the unit was not seen."


def check_header(table: CountTable, samples: Sequence[str]) -> None:
    """Check that the first column is a key and that no column of use is named twice.

    Args:
        table: The table.
        samples: Samples of the sheet.

    Raises:
        InputError: If either is not so.
    """
    if table.names[0] in samples:
        msg = (
            f"the first column, '{table.names[0]}', is a sample of the sheet. Put the key of the unit, such "
            "as its CDR3, into the first column."
        )
        raise InputError(msg, table.where())
    for column, name in enumerate(table.names):
        if (name in samples or name in LONG_COLUMNS) and table.names.count(name) > 1:
            msg = f"the header names this column {table.names.count(name)} times. Keep one."
            raise InputError(msg, table.where(column=column))


def check_samples(table: CountTable, samples: Sequence[str], extra: Sequence[str]) -> None:
    """Check that every sample of the sheet is in the table.

    Args:
        table: The table.
        samples: Samples of the sheet.
        extra: Names in the table that are none of them.

    Raises:
        InputError: If samples are missing, with the name that looks like the first of them.
    """
    found = {*table.names[1:]}
    missing = [sample for sample in samples if sample not in found]
    if not missing:
        return
    close = _find_alike(missing[0], extra)
    if len(missing) == len(samples) and close is None:
        its = f"It has {show_names(extra)}: name" if extra else "Name"
        msg = f"no sample of the sheet is in the table. {its} the columns as the sheet names its samples."
        raise InputError(msg, table.where())
    hint = f"Did you mean '{close}'? " if close else ""
    columns, leave = ("column", "the sample") if len(missing) == 1 else ("columns", "the samples")
    msg = (
        f"there is no column for {show_names(missing)} of the sheet. {hint}Name the {columns} as the sheet "
        f"names {leave}, or leave {leave} out of the sheet."
    )
    raise InputError(msg, table.where())


def read_keys(table: CountTable, column: int) -> pl.Series:
    """Give the keys, or the sample names, of a column without the blanks around them.

    Args:
        table: The table.
        column: Index of the column.

    Returns:
        Text, none of it empty.

    Raises:
        InputError: If a cell is empty or goes over lines.
    """
    keys = table.cells[str(column)].cast(pl.String).str.strip_chars()
    empty = (keys.is_null() | (keys == "")).arg_true()
    if len(empty):
        what = "the name of its sample" if table.names[column] == "sample" else "the key of its unit"
        msg = f"the cell is empty. Every row needs {what}."
        raise InputError(msg, table.where(int(empty[0]), column))
    broken = keys.str.contains("\n", literal=True).arg_true()
    if len(broken):
        msg = "the cell holds a line break. Look for a double quote that is opened and never closed."
        raise InputError(msg, table.where(int(broken[0]), column))
    return keys


def refuse_row_numbers(table: CountTable, keys: pl.Series, extra: Sequence[str]) -> None:
    """Refuse a nameless first column that numbers the rows while another column is left unused.

    Args:
        table: The table.
        keys: Its first column.
        extra: Columns that are no samples.

    Raises:
        InputError: If the keys are 0, 1, 2, … or 1, 2, 3, ….
    """
    if table.names[0] or not extra or keys[0] not in ("0", "1"):
        return
    numbers = pl.Series(np.arange(len(keys)) + int(keys[0]))
    if (keys == numbers.cast(pl.String)).all():
        msg = (
            f"the first column has no name and numbers the rows, and column '{extra[0]}' is not used. Put "
            "the key of the unit, such as its CDR3, into the first column (in pandas: index=False)."
        )
        raise InputError(msg, table.where())


def refuse_twins(table: CountTable, names: pl.DataFrame) -> None:
    """Refuse a table that names a unit in two rows.

    Args:
        table: The table.
        names: Column `key`, and `sample` in a long table.

    Raises:
        InputError: At the second of two rows of one unit.
    """
    twins = names.select(pl.struct(pl.all()).is_duplicated()).to_series() if names.width > 1 else None
    twins = names["key"].is_duplicated() if twins is None else twins
    if not twins.any():
        return
    first = names.row(int(twins.arg_true()[0]), named=True)
    same = names.select(pl.all_horizontal(pl.col(name) == first[name] for name in names.columns))
    at = same.to_series().arg_true()
    place = table.where(int(at[0]))
    of_sample = f" of sample '{first['sample']}'" if "sample" in first else ""
    msg = (
        f"'{first['key']}'{of_sample} stands in {'row' if table.is_text else 'record'} "
        f"{place.row or place.record} already. Write each unit once, with its reads added up."
    )
    raise InputError(msg, table.where(int(at[1])))


def read_cells(table: CountTable, columns: Sequence[int]) -> list[pl.Series]:
    """Give the counts of some columns.

    Args:
        table: The table.
        columns: Indices of the columns.

    Returns:
        Int64, one series per column.

    Raises:
        InputError: At the first cell, in the order of the rows, that is no whole number from 0.
    """
    counts, faults = [], []
    for column in columns:
        values, wrong = _to_counts(table.cells[str(column)])
        counts.append(values)
        if wrong is not None:
            faults.append((wrong, column))
    if faults:
        at, column = min(faults)
        raise InputError(_describe_cell(table.cells[str(column)][at]), table.where(at, column))
    return counts


def show_names(names: Sequence[str]) -> str:
    """List names in quotes, the first of them if there are many.

    Examples:
        >>> show_names(["a", "b", "c"])
        "'a', 'b' and 'c'"
    """
    quoted = [f"'{name}'" for name in names]
    if len(quoted) > _MOST_SHOWN:
        return f"{', '.join(quoted[:_MOST_SHOWN])} and {len(quoted) - _MOST_SHOWN} more"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _to_counts(cells: pl.Series) -> tuple[pl.Series, int | None]:
    """Give the counts of a column, and the index of its first cell that is none."""
    if cells.dtype.is_integer():
        values = cells.cast(pl.Int64, strict=False)
        wrong = values.is_null() | (values < 0)
    else:
        text = cells if cells.dtype.is_float() else cells.cast(pl.String).str.strip_chars()
        numbers = text.cast(pl.Float64, strict=False)
        is_count = numbers.is_between(0, MOST_COUNTED) & (numbers == numbers.floor())
        wrong = ~is_count.fill_null(value=False)
        values = numbers.set(wrong, 0.0).cast(pl.Int64)
    faults = wrong.arg_true()
    return values, int(faults[0]) if len(faults) else None


def _describe_cell(cell: object) -> str:
    """Say what is wrong with a cell that is no count."""
    text = "" if cell is None else str(cell).strip()
    if not text:
        return _EMPTY
    try:
        is_fraction = float(text) > 0 and float(text) % 1 > 0
    except ValueError:
        is_fraction = False
    return f"'{text}' {_FRACTION if is_fraction else _NO_COUNT}"


def _find_alike(sample: str, names: Sequence[str]) -> str | None:
    """Give the name that differs from a sample's in capitals and marks only, or by the X that R adds."""
    wanted = _simplify(sample)
    return next((name for name in names if _simplify(name) in (wanted, f"x{wanted}")), None)


def _simplify(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
