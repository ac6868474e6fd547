"""Reads FASTQ files, single or in mates, as chunks of NumPy arrays, and says what is wrong with a file.

A file is decoded piece by piece (`streams`), a kernel finds and checks its records, and a chunk holds all
sequences in one array, so that the later kernels never meet a Python object per read. Any other parser that
yields `ReadChunk` may take this one's place.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from bactrian.core.errors import InputError, Where
from bactrian.discovery.reads.streams import ByteStream

# ruff: noqa: PLR0917  (kernels take their arrays by position)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CHUNK_PAIRS = 20_000
PHRED_OFFSET = 33
# Phred+64 files span ';' (59, Solexa -5) to 'j' (106, Q 42) and in any chunk reach beyond ']' (Q 29). In
# Phred+33 that would be a best call of Q 61 with none below Q 26, which no short-read sequencer gives.
PHRED64_LOWEST, PHRED33_HIGHEST, PHRED64_HIGHEST = 59, 93, 106
SHOWN = 40

OK, BAD_HEADER, BAD_PLUS, BAD_LENGTH, BAD_LETTER, BAD_QUALITY = range(6)


def _letter_table() -> NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    for letter in b"ACGTN":
        table[letter] = table[letter + 32] = letter
    for letter in b"RYSWKMBDHV":
        table[letter] = table[letter + 32] = ord("N")
    table[ord(".")] = ord("N")
    return table


LETTERS = _letter_table()


@dataclass(frozen=True, slots=True)
class ReadChunk:
    """Consecutive reads, or pairs of reads, as arrays.

    Args:
        seq1: Bases of all first mates one after the other, ASCII A, C, G, T or N.
        off1: Where each first mate starts in `seq1`; one more entry than reads.
        qual1: Phred scores of `seq1` (the number, not the character).
        seq2: Bases of the second mates, or None for single reads.
        off2: Their starts, or None.
        qual2: Their Phred scores, or None.
        lane: Which lane of the sample, from 0.
        first_record: Record number of the first read in its file, from 1.
    """

    seq1: NDArray[np.uint8]
    off1: NDArray[np.int64]
    qual1: NDArray[np.uint8]
    seq2: NDArray[np.uint8] | None
    off2: NDArray[np.int64] | None
    qual2: NDArray[np.uint8] | None
    lane: int
    first_record: int

    @property
    def n(self) -> int:
        """Number of pairs, or of single reads."""
        return len(self.off1) - 1

    @property
    def paired(self) -> bool:
        """Whether the reads have mates."""
        return self.seq2 is not None


@njit(cache=True, nogil=True)
def index_records(buffer, limit, lines):  # type: ignore[no-untyped-def]
    """Find line starts and ends of up to `limit` whole records; rows of `lines` are 4 x (start, end)."""
    size = buffer.size
    record = 0
    position = 0
    while record < limit:
        cursor = position
        for line in range(4):
            start = cursor
            while cursor < size and buffer[cursor] != 10:
                cursor += 1
            if cursor >= size:
                return record, position
            end = cursor
            if end > start and buffer[end - 1] == 13:
                end -= 1
            lines[record, 2 * line] = start
            lines[record, 2 * line + 1] = end
            cursor += 1
        position = cursor
        record += 1
    return record, position


@njit(cache=True, nogil=True)
def copy_records(buffer, lines, n, letters, seq, qual, off):  # type: ignore[no-untyped-def]
    """Copy sequences and Phred scores; give (record, code, position) of the first fault, or (n, 0, 0)."""
    at = 0
    off[0] = 0
    for record in range(n):
        header, start, end = lines[record, 0], lines[record, 2], lines[record, 3]
        plus, quality, last = lines[record, 4], lines[record, 6], lines[record, 7]
        if lines[record, 1] == header or buffer[header] != 64:
            return record, 1, 0
        if lines[record, 5] == plus or buffer[plus] != 43:
            return record, 2, 0
        if end - start != last - quality:
            return record, 3, 0
        for i in range(end - start):
            letter = letters[buffer[start + i]]
            if letter == 0:
                return record, 4, i
            score = buffer[quality + i]
            if score < 33 or score > 126:
                return record, 5, i
            seq[at + i] = letter
            qual[at + i] = score - 33
        at += end - start
        off[record + 1] = at
    return n, 0, 0


@njit(cache=True, nogil=True)
def _name_end(buffer, start, end):  # type: ignore[no-untyped-def]
    i = start
    while i < end and buffer[i] != 32 and buffer[i] != 9:
        i += 1
    return i


@njit(cache=True, nogil=True)
def first_strangers(buffer1, lines1, buffer2, lines2, n):  # type: ignore[no-untyped-def]
    """Give the first pair whose names differ beyond a final 1 and 2 (in either order), or -1."""
    for record in range(n):
        start1, start2 = lines1[record, 0] + 1, lines2[record, 0] + 1
        end1 = _name_end(buffer1, start1, lines1[record, 1])
        end2 = _name_end(buffer2, start2, lines2[record, 1])
        if end1 - start1 != end2 - start2:
            return record
        length = end1 - start1
        for i in range(length):
            a, b = buffer1[start1 + i], buffer2[start2 + i]
            if a != b:
                mark = buffer1[end1 - 2] if length > 1 else 0
                named = mark in (47, 46, 95)  # '/', '.', '_'
                numbered = (a == 49 and b == 50) or (a == 50 and b == 49)
                if not (i == length - 1 and numbered and named):
                    return record
    return -1


class FastqReader:
    """Records of one FASTQ file in batches.

    Args:
        path: The file.

    Attributes:
        name: The file's name as the user wrote it.
        n_read: Records given so far.
    """

    def __init__(self, path: Path) -> None:
        self._stream = ByteStream(path)
        self._pieces = iter(self._stream)
        self._rest = b""
        self._ended = False
        self.name = self._stream.name
        self.n_read = 0
        self.buffer: NDArray[np.uint8] = np.empty(0, np.uint8)
        self.lines: NDArray[np.int64] = np.empty((0, 8), np.int64)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def read_batch(self, limit: int) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8]]:
        """Give the next records.

        Args:
            limit: Most records to give.

        Returns:
            Bases, starts and Phred scores; no record when the file has ended.

        Raises:
            InputError: If a record is wrong or the file ends inside one.
        """
        self._fill(4 * limit)
        self.buffer = np.frombuffer(self._rest, np.uint8)
        self.lines = np.empty((limit, 8), np.int64)
        n, used = index_records(self.buffer, limit, self.lines)
        size = int((self.lines[:n, 3] - self.lines[:n, 2]).sum())
        seq, qual, off = np.empty(size, np.uint8), np.empty(size, np.uint8), np.empty(n + 1, np.int64)
        # A quality line longer than its sequence is refused before it is copied.
        fault, code, position = copy_records(self.buffer, self.lines, n, LETTERS, seq, qual, off)
        if code != OK:
            raise self._fault(fault, code, position)
        if self._ended and n < limit:
            self._check_end(self._rest[used:], self.n_read + n + 1)
        if self.n_read == 0 and size:
            self._check_phred(qual)
        self.n_read += n
        self._rest = self._rest[used:]
        return seq, off, qual

    def record_name(self, record: int) -> str:
        """Give the name line of a record of the last batch."""
        return self._line(record, 0)[1:]

    def _fill(self, n_lines: int) -> None:
        parts, have = [self._rest], self._rest.count(b"\n")
        while have < n_lines and not self._ended:
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
                if not self._stream.truncated and parts[-1][-1:] not in {b"", b"\n"}:
                    parts.append(b"\n")
            else:
                parts.append(piece)
                have += piece.count(b"\n")
        self._rest = b"".join(parts)

    def _check_end(self, tail: bytes, record: int) -> None:
        where = Where(file=self.name, record=record)
        if self._stream.truncated:
            msg = (
                f"the {self._stream.compression} file ends in the middle of record {record}. It was cut "
                "off, often by a copy that did not finish: copy it again and compare its size or checksum."
            )
            raise InputError(msg, where)
        if tail.strip():
            n_lines = tail.rstrip().count(b"\n") + 1
            there = "1 of its 4 lines is there" if n_lines == 1 else f"{n_lines} of its 4 lines are there"
            msg = (
                f"the file ends in the middle of record {record}: {there}. It was cut off, often by a copy "
                "that did not finish: copy it again and compare its size or checksum."
            )
            raise InputError(msg, where)

    def _line(self, record: int, line: int) -> str:
        start, end = self.lines[record, 2 * line], self.lines[record, 2 * line + 1]
        return bytes(self.buffer[start:end]).decode("ascii", "replace")

    def _fault(self, record: int, code: int, position: int) -> InputError:
        where = Where(file=self.name, record=self.n_read + int(record) + 1)
        header, sequence, plus, quality = (self._line(record, line) for line in range(4))
        if code == BAD_HEADER:
            msg = (
                f"the first line of the record is {shorten(header)!r} and does not start with '@'. "
                "Expected FASTQ with four lines per record; take the file as the sequencer or the core "
                "facility made it."
            )
        elif code == BAD_PLUS:
            msg = (
                f"the third line of the record is {shorten(plus)!r} and does not start with '+'. Expected "
                "FASTQ with four lines per record and sequences on one line; take the file as the "
                "sequencer made it."
            )
        elif code == BAD_LENGTH:
            msg = (
                f"the sequence has {len(sequence)} letters but the quality line has {len(quality)}. Both "
                "must be equally long; the file is damaged: copy it again."
            )
        elif code == BAD_LETTER:
            msg = (
                f"the sequence holds {sequence[position]!r} at position {position + 1}. Expected A, C, G, "
                "T and N (or an IUPAC letter, read as N); take the file as the sequencer made it."
            )
        else:
            msg = (
                f"the quality line holds {quality[position]!r} at position {position + 1}. Expected the "
                "characters '!' to '~' (Phred+33); take the file as the sequencer made it."
            )
        return InputError(msg, where)

    def _check_phred(self, qual: NDArray[np.uint8]) -> None:
        lowest, highest = int(qual.min()) + PHRED_OFFSET, int(qual.max()) + PHRED_OFFSET
        if lowest >= PHRED64_LOWEST and PHRED33_HIGHEST < highest <= PHRED64_HIGHEST:
            msg = (
                f"the qualities run from {chr(lowest)!r} to {chr(highest)!r}, which is the old Phred+64 "
                "code. Expected Phred+33; convert the file first, for instance with 'seqkit convert'."
            )
            raise InputError(msg, Where(file=self.name))


def shorten(text: str) -> str:
    """Cut a quoted line to a length that fits a message."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def open_pairs(
    lanes: Sequence[tuple[Path, Path | None]], *, chunk_pairs: int = CHUNK_PAIRS
) -> Iterator[ReadChunk]:
    """Read the lanes of a sample one after the other.

    Args:
        lanes: Files of first and second mates; the second is None for single reads.
        chunk_pairs: Pairs per chunk.

    Yields:
        Chunks in file order; a chunk never spans two lanes.

    Raises:
        InputError: If a file is absent, empty, cut off, damaged or no FASTQ, or if two files do not hold
            mates.
    """
    for lane, (path1, path2) in enumerate(lanes):
        with closing(FastqReader(path1)) as reader1:
            if path2 is None:
                yield from _read_lane(reader1, None, lane, chunk_pairs)
                continue
            with closing(FastqReader(path2)) as reader2:
                yield from _read_lane(reader1, reader2, lane, chunk_pairs)


def _read_lane(
    reader1: FastqReader, reader2: FastqReader | None, lane: int, chunk_pairs: int
) -> Iterator[ReadChunk]:
    while True:
        first_record = reader1.n_read + 1
        seq1, off1, qual1 = reader1.read_batch(chunk_pairs)
        if reader2 is None:
            if len(off1) == 1:
                return
            yield ReadChunk(seq1, off1, qual1, None, None, None, lane, first_record)
            continue
        seq2, off2, qual2 = reader2.read_batch(chunk_pairs)
        n = min(len(off1), len(off2)) - 1
        stranger = first_strangers(reader1.buffer, reader1.lines, reader2.buffer, reader2.lines, n)
        if stranger >= 0:
            names = shorten(reader1.record_name(stranger)), shorten(reader2.record_name(stranger))
            msg = (
                f"the mates do not belong together: this file has {names[0]!r}, {reader2.name} has "
                f"{names[1]!r}. Mates must stand in the same order in both files; check that both are of "
                "the same sample and lane, and that neither was filtered or sorted alone."
            )
            raise InputError(msg, Where(file=reader1.name, record=first_record + int(stranger)))
        if len(off1) != len(off2):
            short, long = (reader1, reader2) if len(off1) < len(off2) else (reader2, reader1)
            msg = (
                f"this file has {short.n_read} records and its mate file {long.name} has more. Mates must "
                "stand in the same order in both files; copy both again, or take them from the same run."
            )
            raise InputError(msg, Where(file=short.name))
        if n == 0:
            return
        yield ReadChunk(seq1, off1, qual1, seq2, off2, qual2, lane, first_record)
