"""Which files a sample's reads lie in, whether they are there, and whether they are what the sheet says.

Opens FASTQ files, but reads their first record only; the reads step finds what is wrong further down.
"""

from __future__ import annotations

import bz2
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from bactrian.core.errors import InputError
from bactrian.discovery.reads.streams import name_foreign_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bactrian.discovery.sheet_table import SheetRow, SheetTable

FASTQ_FILE = re.compile(r".*\.(fastq|fq)(\.(gz|bz2|zst))?", re.IGNORECASE)

# Which mate a file's name says it holds: a part like `_R1_`, else `_1` before the suffix.
_MATE_IN_FILE_NAME = (
    re.compile(r".*[._-][Rr]([12])(?=[._-])"),
    re.compile(r".*[._-]([12])(?=\.(?:fastq|fq)\b)", re.IGNORECASE),
)
# Which mate a read's header says it is: `name 1:N:0:…` of Illumina since 2011; `name/1` before, and
# `name.1` of the SRA, are seen in the name itself.
_MATE_IN_COMMENT = re.compile(r"([12]):[YN]:")
_LONGEST_LINE = 1 << 24
# A tar archive shows what it is only here.
_START_BYTES = 262


@dataclass(frozen=True, slots=True)
class Lane:
    """One file, or one pair of files, of a sample.

    Args:
        row: The row that names it.
        first: Path of fastq_1.
        second: Path of fastq_2; None for single reads.
        names: Both files as the sheet writes them; the second is "" for single reads.
    """

    row: SheetRow
    first: Path
    second: Path | None
    names: tuple[str, str]

    def files(self) -> Iterator[tuple[str, str, Path]]:
        """Yield (column, name in the sheet, path) of each file."""
        yield "fastq_1", self.names[0], self.first
        if self.second is not None:
            yield "fastq_2", self.names[1], self.second


def list_lanes(table: SheetTable, rows: Sequence[SheetRow]) -> tuple[list[Lane], list[InputError]]:
    """List the lanes that rows name, and what is wrong with how they name them.

    Args:
        table: The sheet; paths are relative to its folder.
        rows: Rows whose files to list.

    Returns:
        The lanes, and the mistakes: unequal numbers of mates, a file named twice, an absent file, mates whose
        file names say that they are mixed up.
    """
    lanes = []
    errors = []
    for row in rows:
        firsts, seconds = (_split_names(row.cells.get(column, "")) for column in ("fastq_1", "fastq_2"))
        if firsts and seconds and len(seconds) != len(firsts):
            msg = (
                f"fastq_1 names {_count_files(len(firsts))} and fastq_2 names {_count_files(len(seconds))}. "
                "Name the mates of every lane, in the same order, joined by ';'."
            )
            errors.append(InputError(msg, table.where(row.row, "fastq_2")))
        for lane, name in enumerate(firsts):
            mate = seconds[lane] if lane < len(seconds) else ""
            folder = table.path.parent
            lanes.append(Lane(row, folder / name, folder / mate if mate else None, (name, mate)))
    errors += _find_double_files(table, lanes)
    for lane_files in lanes:
        errors += _find_absent_files(table, lane_files)
        errors += _find_swapped_names(table, lane_files)
    return lanes, errors


def find_content_error(table: SheetTable, lane: Lane) -> InputError | None:
    """Look at the first record of a lane's files for what is no FASTQ and for mates mixed up.

    Args:
        table: The sheet, for the place.
        lane: Files that are there.

    Returns:
        The first mistake, or None.
    """
    headers = []
    for column, name, path in lane.files():
        where = table.where(lane.row.row, column)
        try:
            headers.append(_read_first_header(path))
        except _NotFastqError as error:
            msg = f"'{name}' {error}. Name a FASTQ file (plain, .gz, .bz2 or .zst)."
            return InputError(msg, where)
    if lane.second in (None, lane.first) or _names_say_swapped(lane):
        return None
    (first, first_mate), (second, second_mate) = _split_read_names(headers[0], headers[1])
    if first_mate == "2" and second_mate == "1":
        msg = (
            f"{_quote_both(lane)} are mixed up: the reads of the first say that they are second mates. "
            "Exchange them."
        )
        return InputError(msg, table.where(lane.row.row, "fastq_1"))
    if first_mate and first_mate == second_mate:
        column = "fastq_1" if first_mate == "2" else "fastq_2"
        word = "second" if first_mate == "2" else "first"
        msg = (
            f"{_quote_both(lane)} both hold {word} mates. Name the first mates in fastq_1, the second "
            "in fastq_2."
        )
        return InputError(msg, table.where(lane.row.row, column))
    if first != second:
        msg = (
            f"{_quote_both(lane)} are not mates: their first reads are '{first}' and '{second}'. "
            "Name the two files of one run, unsorted and unfiltered or filtered together."
        )
        return InputError(msg, table.where(lane.row.row, "fastq_2"))
    return None


class _NotFastqError(Exception):
    """The text completes the sentence `'name' …`."""


def _split_names(cell: str) -> list[str]:
    return [name.strip() for name in cell.split(";") if name.strip()]


def _count_files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"


def _quote_both(lane: Lane) -> str:
    return f"'{lane.names[0]}' and '{lane.names[1]}'"


def _find_double_files(table: SheetTable, lanes: Sequence[Lane]) -> Iterator[InputError]:
    seen: dict[Path, tuple[SheetRow, str]] = {}
    for lane in lanes:
        for column, name, path in lane.files():
            key = path.resolve()
            if key not in seen:
                seen[key] = (lane.row, column)
                continue
            row, other = seen[key]
            where = table.where(lane.row.row, column)
            if row is lane.row and other != column:
                msg = (
                    f"'{name}' is named as fastq_1 and as fastq_2. Name the file of the second mates, "
                    "or leave it empty."
                )
            elif row.cells["sample"] != lane.row.cells["sample"]:
                msg = (
                    f"'{name}' is already a file of sample '{row.cells['sample']}' (row {row.row}). "
                    "A file belongs to one sample: correct one of the two."
                )
            else:
                msg = f"'{name}' is already named in row {row.row}. Name each file of a sample once."
            yield InputError(msg, where)


def _find_absent_files(table: SheetTable, lane: Lane) -> Iterator[InputError]:
    for column, name, path in lane.files():
        if path.is_file():
            continue
        if path.is_dir():
            msg = f"'{name}' is a folder. Name a FASTQ file."
        else:
            msg = (
                f"there is no file '{name}' in the sheet's folder. Paths are relative to the sheet: "
                "correct the path."
            )
        yield InputError(msg, table.where(lane.row.row, column))


def _names_say_swapped(lane: Lane) -> bool:
    return (
        lane.second is not None
        and _find_mate_in_name(lane.first) == "2"
        and _find_mate_in_name(lane.second) == "1"
    )


def _find_swapped_names(table: SheetTable, lane: Lane) -> Iterator[InputError]:
    if _names_say_swapped(lane):
        msg = f"{_quote_both(lane)} are mixed up: the first is named as second mates. Exchange them."
        yield InputError(msg, table.where(lane.row.row, "fastq_1"))


def _find_mate_in_name(path: Path) -> str | None:
    matches = (pattern.match(path.name) for pattern in _MATE_IN_FILE_NAME)
    return next((match[1] for match in matches if match), None)


def _split_read_names(*headers: str) -> list[tuple[str, str | None]]:
    """Give each read's name without its mate, and the mate ("1", "2", None if the header does not say).

    `name.1` and `name.2` count as mates only together: alone, the number is part of an SRA read's name.
    """
    reads: list[tuple[str, str | None]] = []
    for header in headers:
        name, _, comment = header.partition(" ")
        if match := _MATE_IN_COMMENT.match(comment):
            reads.append((name, match[1]))
        elif name.endswith(("/1", "/2")):
            reads.append((name[:-2], name[-1]))
        else:
            reads.append((name, None))
    endings = [re.fullmatch(r"(.+)[._]([12])", name) for name, _ in reads]
    if all(endings) and len({name for name, _ in reads}) > 1:
        stems = [(ending[1], ending[2]) for ending in endings if ending]
        if len({stem for stem, _ in stems}) == 1:
            return list(stems)
    return reads


def _read_first_header(path: Path) -> str:
    """Give the header of a file's first record, without the '@'.

    Raises:
        _NotFastqError: If there is no whole FASTQ record.
    """
    try:
        with _open_reads(path) as stream:
            start = stream.read(_START_BYTES)
            stream.seek(0)
            lines = [stream.readline(_LONGEST_LINE).rstrip(b"\r\n") for _ in range(4)]
    except (OSError, EOFError, zlib.error) as error:
        msg = "cannot be read: it is damaged, or not in the compression it seems to have"
        raise _NotFastqError(msg) from error
    if not lines[0] and not any(lines):
        msg = "is empty"
        raise _NotFastqError(msg)
    if kind := name_foreign_format(start):
        msg = f"is {kind}"
        raise _NotFastqError(msg)
    header, sequence, plus, qualities = lines
    if not header.startswith(b"@"):
        shown = repr(header[:20].decode("latin-1"))
        msg = f"is not FASTQ: its first line starts with {shown} instead of '@'"
        raise _NotFastqError(msg)
    if not plus.startswith(b"+") or len(sequence) != len(qualities):
        msg = (
            "is not FASTQ: its first record is not four lines (name, sequence, +, qualities of the "
            "same length)"
        )
        raise _NotFastqError(msg)
    return header[1:].decode("ascii", "replace")


def _open_reads(path: Path) -> IO[bytes]:
    """Open a file by its first bytes, whatever its name says."""
    with path.open("rb") as stream:
        start = stream.read(4)
    if start[:2] == b"\x1f\x8b":
        return cast("IO[bytes]", gzip.open(path))
    if start[:3] == b"BZh":
        return cast("IO[bytes]", bz2.open(path))
    if start == b"\x28\xb5\x2f\xfd":
        return _open_zstd(path)
    return path.open("rb")


def _open_zstd(path: Path) -> IO[bytes]:
    import zstandard  # noqa: PLC0415 - zstd is rare

    try:
        with path.open("rb") as raw:
            return io.BytesIO(
                zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True).read(_LONGEST_LINE)
            )
    except zstandard.ZstdError as error:
        raise OSError from error
