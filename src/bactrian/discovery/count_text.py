"""Tables of counts in text files: whatever separator, compression and encoding a program or a person chose.

The cells are read as whole numbers where every one is, since large tables then take seconds, and as text
otherwise, so that what is wrong can be named.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from bactrian.core.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

SEPARATORS = ("\t", ",", ";")
_SEPARATOR_NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons"}
_TEXT_KINDS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class CountTable:
    """A table of counts before anything of its meaning is checked.

    Args:
        path: The file as the user named it.
        names: Names of the columns in file order, without the blanks around them; the first may be "".
        cells: One column per name, called "0", "1", … in that order; the columns of samples hold Int64 where
            all of their cells are whole numbers, text otherwise.
        rows: Where each row stands in the file.
        is_text: Whether rows are rows of a spreadsheet (the header is row 1), or records counted from 1.
    """

    path: Path
    names: tuple[str, ...]
    cells: pl.DataFrame
    rows: pl.Series
    is_text: bool

    def where(self, at: int | None = None, column: int | None = None) -> Where:
        """Give the place of a cell, by its indices, of a row, a column or the whole table."""
        row = None if at is None else int(self.rows[at])
        return Where(
            file=str(self.path),
            row=row if self.is_text else None,
            record=None if self.is_text else row,
            column=None if column is None else self.names[column] or str(column + 1),
        )


def read_count_text(path: Path, samples: Collection[str]) -> CountTable:
    """Read a table of counts from a text file.

    Args:
        path: Text with a header and one row per unit, plain or compressed by gzip, bzip2 or Zstandard.
        samples: Names that tell which line is the header, which separator it has and which columns are
            counts.

    Returns:
        The table; rows without any content are left out, row numbers count them.

    Raises:
        InputError: If the file cannot be read as such a table.
    """
    text = _decode(_decompress(path), path)
    if not text.strip():
        msg = "the file is empty. Expected a header and one row per unit."
        raise InputError(msg, Where(file=str(path)))
    header, header_row, start, separator = _find_header(text, path, samples)
    body = text[start:]
    if not body.strip(b"\r\n\t ,;"):
        msg = "the table has a header and no rows. Expected one row per unit."
        raise InputError(msg, Where(file=str(path)))
    names = [name.strip() for name in header]
    first = _split(body.lstrip(b"\r\n").split(b"\n", maxsplit=1)[0].decode().rstrip("\r"), separator)
    if len(first) == len(names) + 1:
        # R writes row names without a name in the header; other programs end each row with a separator.
        names.insert(0 if first[-1].strip() else len(names), "")
    cells = _read_cells(body, names, path, separator=separator, samples=samples, header_row=header_row)
    rows = cells["row"] + header_row
    cells = cells.drop("row")
    is_filled = cells.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    if not is_filled.all():
        cells, rows = cells.filter(is_filled), rows.filter(is_filled)
    return CountTable(path, tuple(names), cells, rows, is_text=True)


def _decompress(path: Path) -> bytes:
    raw = path.read_bytes()
    try:
        if raw[:2] == b"\x1f\x8b":
            return gzip.decompress(raw)
        if raw[:3] == b"BZh":
            return bz2.decompress(raw)
        if raw[:4] == b"\x28\xb5\x2f\xfd":
            return _decompress_zstd(raw)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        msg = "the file cannot be decompressed: it ends too early or is damaged. Copy it or make it again."
        raise InputError(msg, Where(file=str(path))) from error
    return raw


def _decompress_zstd(raw: bytes) -> bytes:
    """Decompress frame by frame: only so does a frame that is cut short show."""
    import zstandard  # noqa: PLC0415 - zstd is rare

    parts = []
    try:
        while raw:
            frame = zstandard.ZstdDecompressor().decompressobj()
            parts.append(frame.decompress(raw))
            if not frame.eof:
                raise EOFError
            raw = frame.unused_data
    except zstandard.ZstdError as error:
        raise OSError from error
    return b"".join(parts)


def _decode(raw: bytes, path: Path) -> bytes:
    """Give the text as UTF-8 with line feeds at the line ends, without a byte order mark."""
    if raw[:2] in _TEXT_KINDS:
        raw = raw.decode(_TEXT_KINDS[raw[:2]], "replace").encode()
    raw = raw.removeprefix(_BOM)
    if b"\0" in raw[: 1 << 20]:
        msg = "the file is not text. Save the table as TSV, CSV or Parquet and name it by its format."
        raise InputError(msg, Where(file=str(path)))
    try:
        if not raw.isascii():
            raw.decode()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        msg = "the table is not UTF-8 text. Save it as 'CSV UTF-8'."
        raise InputError(msg, Where(file=str(path), line=line)) from error
    return raw if b"\n" in raw else raw.replace(b"\r", b"\n")


def _find_header(text: bytes, path: Path, samples: Collection[str]) -> tuple[list[str], int, int, str]:
    """Give the header's cells, its row, where the next line starts, and the separator.

    Comments may stand above the header, which may itself start with '#'.
    """
    row, start = 0, 0
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end].decode().rstrip("\r")
        row, start = row + 1, end + 1
        separator = _find_separator(line, path, samples)
        cells = _split(line, separator)
        if line.startswith("#") and not {cell.strip() for cell in cells} & {*samples, "sample"}:
            continue
        if line.strip():
            return cells, row, start, separator
    msg = "the file holds comments only. Expected a header and one row per unit."
    raise InputError(msg, Where(file=str(path)))


def _find_separator(line: str, path: Path, samples: Collection[str]) -> str:
    """Give the separator that splits a line into most samples, then most cells, then the suffix's own."""
    own = "," if ".csv" in path.name.lower() else "\t"

    def rank(separator: str) -> tuple[int, int, bool]:
        cells = [cell.strip() for cell in _split(line, separator)]
        return sum(cell in samples for cell in cells), len(cells), separator == own

    return max(SEPARATORS, key=rank)


def _split(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def _read_cells(
    body: bytes,
    names: Sequence[str],
    path: Path,
    *,
    separator: str,
    samples: Collection[str],
    header_row: int,
) -> pl.DataFrame:
    """Read the rows with their index, counted from 1, in `row`."""
    # Polars takes the number of columns from the first row, which may lack cells: a full one goes before it.
    body = b"." + separator.encode() * (len(names) - 1) + b"\n" + body
    text = {str(number): pl.String for number in range(len(names))}
    counts = {
        str(number): pl.Int64
        for number, name in enumerate(names)
        if number and (name in samples or name == "count")
    }
    error: pl.exceptions.PolarsError | None = None
    for schema in ({**text, **counts}, text):
        try:
            cells = pl.read_csv(
                io.BytesIO(body),
                separator=separator,
                has_header=False,
                schema=schema,
                row_index_name="row",
            )
        except pl.exceptions.PolarsError as found:
            error = found
        else:
            return cells.slice(1).with_columns(pl.col("row").cast(pl.Int64))
    raise _describe_fault(body, len(names), path, separator=separator, header_row=header_row) from error


def _describe_fault(body: bytes, width: int, path: Path, *, separator: str, header_row: int) -> InputError:
    """Say which row has more cells than the header, or that quotes are to blame."""
    for row, line in enumerate(body.decode().split("\n"), start=header_row):
        found = len(_split(line, separator))
        if found > width:
            msg = (
                f"the row has {found} cells and the header {width}, split at {_SEPARATOR_NAMES[separator]}. "
                "Remove the cells without a column, or quote a cell that holds the separator."
            )
            return InputError(msg, Where(file=str(path), row=row))
    msg = "the table cannot be split into cells. Look for double quotes that are opened and never closed."
    return InputError(msg, Where(file=str(path)))
