"""Table files: CSV, TSV, XLSX and Parquet, read as text and written whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import polars as pl

from bactrian.core.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".xlsx")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block ends well.

    Args:
        path: Where the finished file shall stand; its folder is made if it is absent.

    Yields:
        A path in the same folder. On an error it is removed and `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{uuid4().hex}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)  # noqa: PTH105 - replaces on every platform, unlike Path.rename
    finally:
        temporary.unlink(missing_ok=True)


def check_table_path(path: Path) -> Path:
    """Give `path` back if its suffix names a table format.

    Raises:
        InputError: If it does not.
    """
    if path.suffix.lower() not in TABLE_SUFFIXES:
        known = ", ".join(TABLE_SUFFIXES)
        msg = f"'{path.suffix or path.name}' names no table format. End the file's name in {known}."
        raise InputError(msg, Where(file=str(path)))
    return path


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as the table format that the suffix of `path` names.

    The file appears whole or not at all, and the same frame gives the same bytes. In CSV and TSV an empty
    text is written like a missing one, as nothing: other programs would read `""` as two quotes.

    Args:
        frame: Rows to write. Nested columns fit Parquet only.
        path: File name ending in .csv, .tsv, .parquet or .xlsx.

    Raises:
        InputError: If the suffix names no table format.
    """
    suffix = check_table_path(path).suffix.lower()
    with atomic_path(path) as temporary:
        if suffix == ".csv":
            _without_empty_texts(frame).write_csv(temporary)
        elif suffix == ".tsv":
            _without_empty_texts(frame).write_csv(temporary, separator="\t")
        elif suffix == ".parquet":
            frame.write_parquet(temporary, compression="zstd", statistics=True, row_group_size=1_000_000)
        else:
            _write_xlsx(frame, temporary)


def read_table(path: Path) -> pl.DataFrame:
    """Read a table file; text formats and workbooks give every column as text.

    Args:
        path: File ending in .csv, .tsv, .parquet or .xlsx (first worksheet).

    Returns:
        The rows in file order.

    Raises:
        InputError: If the file is absent, empty or not of the format its suffix names.
    """
    where = Where(file=str(path))
    suffix = check_table_path(path).suffix.lower()
    if not path.is_file():
        msg = "there is no such file. Check the path."
        raise InputError(msg, where)
    try:
        if suffix == ".parquet":
            return pl.read_parquet(path)
        if suffix == ".xlsx":
            return pl.read_excel(path, engine="calamine", infer_schema_length=0)
        return pl.read_csv(path, separator="\t" if suffix == ".tsv" else ",", infer_schema=False)
    except pl.exceptions.NoDataError as error:
        msg = "the file is empty. Expected a header and at least one row."
        raise InputError(msg, where) from error
    except (pl.exceptions.PolarsError, OSError) as error:
        first_line = str(error).splitlines()[0]
        msg = f"the file cannot be read as {suffix[1:].upper()} ({first_line}). Save it again in that format."
        raise InputError(msg, where) from error


def _without_empty_texts(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.String).replace("", None))


def _write_xlsx(frame: pl.DataFrame, path: Path) -> None:
    """Write one worksheet without a date of making, so that equal frames give equal bytes."""
    import datetime as dt  # noqa: PLC0415 - XLSX output is rare

    import xlsxwriter  # noqa: PLC0415

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)})
        frame.write_excel(book, autofit=True, freeze_panes=(1, 1))
