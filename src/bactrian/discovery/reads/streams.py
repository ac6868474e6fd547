"""Opens read files as streams of plain bytes: plain, gzip, bzip2 or Zstandard, told by their first bytes.

A file that ends too early, is damaged, is empty or is of another kind is named here, before anything
tries to read it as FASTQ. This module and `fastq` are the only ones of the reads step that touch files.
"""

from __future__ import annotations

import bz2
import zlib
from typing import TYPE_CHECKING, Any, Protocol

import zstandard

from bactrian.core.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

try:
    from isal import isal_zlib
except ImportError:  # pragma: no cover - isal has no wheel for every processor
    GZIP: Any = zlib
else:
    GZIP = isal_zlib

RAW_BYTES = 1 << 18
GZIP_WINDOW = 31  # zlib's code for "expect a gzip header, largest window"

COMPRESSIONS: dict[bytes, str] = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "Zstandard"}

FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b">", "a FASTA file, which has no qualities"),
    (b"BAM\x01", "a BAM file"),
    (b"CRAM", "a CRAM file"),
    (b"@HD\t", "a SAM file"),
    (b"@SQ\t", "a SAM file"),
    (b"@PG\t", "a SAM file"),
    (b"@RG\t", "a SAM file"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"%PDF", "a PDF"),
    (b"ABIF", "a Sanger trace (.ab1)"),
    (b"\x89HDF", "an HDF5 file (FAST5)"),
    (b"\x8bPOD", "a POD5 file"),
    (b"NCBI.sra", "an SRA archive"),
    (b"LOCUS ", "a GenBank file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"{", "a JSON file"),
)

WANTED = "Expected a FASTQ file, plain or compressed by gzip, bzip2 or Zstandard."


class MemberDecoder(Protocol):
    """Decodes one member (gzip, bzip2) or frame (Zstandard) of a compressed file."""

    def decompress(self, data: bytes, /) -> bytes:
        """Give the plain bytes of the next compressed ones."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""

    @property
    def unused_data(self) -> bytes:
        """What follows the end of the member."""


DECODERS: dict[str, Callable[[], MemberDecoder]] = {
    "gzip": lambda: GZIP.decompressobj(GZIP_WINDOW),
    "bzip2": bz2.BZ2Decompressor,
    "Zstandard": lambda: zstandard.ZstdDecompressor().decompressobj(),
}
DECODE_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    ValueError,
    zlib.error,
    GZIP.error,
    zstandard.ZstdError,
)


class ByteStream:
    """The plain bytes of a read file, piece by piece.

    Args:
        path: The file.

    Attributes:
        name: The file's name as the user wrote it.
        compression: `"gzip"`, `"bzip2"`, `"Zstandard"` or None.
        truncated: True once the compressed data have ended before their end mark.

    Raises:
        InputError: If the file is absent, a directory, unreadable, empty or known to be of another kind.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.truncated = False
        if path.is_dir():
            self._refuse(f"this is a directory. {WANTED} Name the file itself.")
        if not path.exists():
            self._refuse("this file does not exist. Check its name and the folder it is looked for in.")
        try:
            self._file = path.open("rb")
        except OSError as error:
            self._refuse(f"the file cannot be opened ({error.strerror}). Check who may read it.")
        first = self._file.read(RAW_BYTES)
        if not first:
            self._file.close()
            self._refuse(f"the file is empty (0 bytes). {WANTED} Copy it again, or leave the sample out.")
        self.compression = next(
            (kind for magic, kind in COMPRESSIONS.items() if first.startswith(magic)), None
        )
        self._pieces = (
            self._plain(first) if self.compression is None else self._decoded(first, self.compression)
        )
        self._first = self._peek()

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield self._first
            yield from self._pieces
        finally:
            self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _refuse(self, message: str) -> None:
        raise InputError(message, Where(file=self.name))

    def _peek(self) -> bytes:
        first = next(self._pieces, b"")
        if not first:
            self.close()
            if self.truncated:
                self._refuse(
                    f"the {self.compression} file ends in the middle of record 1. It was cut off, often by "
                    "a copy that did not finish: copy it again and compare its size or checksum."
                )
            self._refuse(
                f"the {self.compression} file is empty inside. {WANTED} Copy it again, or leave the sample "
                "out."
            )
        kind = name_foreign_format(first)
        if kind:
            self.close()
            self._refuse(f"this is {kind}. {WANTED}")
        return first

    def _plain(self, first: bytes) -> Iterator[bytes]:
        piece = first
        while piece:
            yield piece
            piece = self._file.read(RAW_BYTES)

    def _decoded(self, first: bytes, compression: str) -> Iterator[bytes]:
        decoder = DECODERS[compression]()
        raw = first
        fresh = True
        while True:
            if decoder.eof:
                raw = decoder.unused_data.lstrip(b"\0")
                decoder, fresh = DECODERS[compression](), True
            if not raw:
                raw = self._file.read(RAW_BYTES)
                if fresh:
                    raw = raw.lstrip(b"\0")
                if not raw and not fresh:
                    self.truncated = True
                if not raw:
                    return
            try:
                plain = decoder.decompress(raw)
            except DECODE_ERRORS as error:
                self.close()
                msg = (
                    f"the {compression} data are damaged ({error}). Copy the file again from where it was "
                    "made, and compare its size or checksum."
                )
                raise InputError(msg, Where(file=self.name)) from error
            fresh, raw = False, b""
            if plain:
                yield plain


def name_foreign_format(first: bytes) -> str | None:
    """Name a file format that people give by mistake.

    Args:
        first: First plain bytes of a file.

    Returns:
        The format with its article, or None if it may be FASTQ.

    Examples:
        >>> name_foreign_format(b">clone 1")
        'a FASTA file, which has no qualities'
    """
    start = first.lstrip(b"\xef\xbb\xbf\r\n\t ")
    if start[:1] == b"<":
        return "a web page (HTML or XML), perhaps a log-in page saved instead of the file"
    if first[257:262] == b"ustar":
        return "a tar archive; unpack it first"
    for magic, kind in COMPRESSIONS.items():
        if first.startswith(magic):
            return f"a file compressed twice ({kind} inside); decompress it once"
    return next((kind for magic, kind in FOREIGN if start.startswith(magic)), None)
