"""The row filter `--where`: an SQL expression over the sheet's columns that says which rows to take."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import polars as pl

from bactrian.core.errors import InputError
from bactrian.discovery.sheet_table import suggest_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bactrian.discovery.sheet_table import SheetRow, SheetTable

_MOST_NUMBER_COLUMNS = 6


def filter_rows(table: SheetTable, where: str) -> tuple[SheetRow, ...]:
    """Give the rows for which an SQL expression is true.

    Columns are text and an empty cell is ''. A column of numbers may be compared with numbers or with text,
    as the expression writes it: `round >= 7` and `round in ('7', '8')` both work.

    Args:
        table: The sheet.
        where: Expression such as `selection not in ('1.E9', '1.F9')`.

    Returns:
        The rows it takes, in the sheet's order.

    Raises:
        InputError: If it is no expression, names a column the sheet has not, or takes no row.
    """
    place = table.where()
    shown = f'--where "{where}"'
    try:
        expression = pl.sql_expr(where)
        columns = list(dict.fromkeys(expression.meta.root_names()))
    except pl.exceptions.PolarsError as error:
        msg = (
            f'{shown} is not an expression that chooses rows. Write one such as "selection not in '
            "('A1', 'B1')\"."
        )
        raise InputError(msg, place) from error
    for column in columns:
        if column not in table.columns:
            close = suggest_name(column, table.columns)
            hint = f"Did you mean '{close}'?" if close else f"Its columns are {', '.join(table.columns)}."
            msg = f"{shown} names '{column}', which is not a column of the sheet. {hint}"
            raise InputError(msg, place)
    frame = pl.DataFrame(
        {name: [row.cells[name] for row in table.rows] for name in table.columns},
        schema_overrides=_all_text(table),
    )
    taken = next(_evaluate(frame, expression, columns), None)
    if taken is None:
        msg = (
            f"{shown} does not say of each row whether to take it. "
            "Compare columns with text in single quotes or with numbers."
        )
        raise InputError(msg, place)
    rows = tuple(itertools.compress(table.rows, taken))
    if not rows:
        msg = f"{shown} leaves no row of {len(table.rows)}. Change the filter."
        raise InputError(msg, place)
    return rows


def _all_text(table: SheetTable) -> dict[str, type[pl.String]]:
    return dict.fromkeys(table.columns, pl.String)


def _evaluate(frame: pl.DataFrame, expression: pl.Expr, columns: list[str]) -> Iterator[list[bool]]:
    """Yield the answers under every reading of the columns, text or number, that the expression accepts."""
    numbers = [name for name in columns if _holds_numbers(frame[name])][:_MOST_NUMBER_COLUMNS]
    for reading in itertools.product((True, False), repeat=len(numbers)):
        chosen = list(itertools.compress(numbers, reading))
        try:
            answer = frame.with_columns(pl.col(chosen).cast(pl.Float64, strict=False)).select(
                expression.alias("taken")
            )
        except pl.exceptions.PolarsError:
            continue
        if answer.height == frame.height and answer["taken"].dtype == pl.Boolean:
            yield answer["taken"].fill_null(value=False).to_list()


def _holds_numbers(column: pl.Series) -> bool:
    filled = column.filter(column != "")
    return bool(len(filled)) and filled.cast(pl.Float64, strict=False).is_not_null().all()
