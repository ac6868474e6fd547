"""Sequence files into records: FASTA, FASTQ, GenBank, Sanger .ab1 and tables, plain or gz.

This module reads files. Every record of a file comes out, in file order; a letter that no sequence may
hold, an empty file or a foreign format is an error that names its place.
"""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bactrian.core.errors import InputError, Where
from bactrian.core.tables import read_table
from bactrian.discovery.sanger import parse_ab1, trim_qualities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Kind = Literal["protein", "nucleotide"]

PROTEIN_LETTERS = frozenset("ACDEFGHIKLMNPQRSTVWYXBZJUO*")
NUCLEOTIDE_LETTERS = frozenset("ACGTURYSWKMBDHVN")
PLAIN_SHARE = 0.8
"""Share of A, C, G, T, U and N from which letters that could be either are read as nucleotides. Random
proteins hold about 0.3 of these letters, glycine–serine–alanine linkers up to 0.75."""

SEQUENCE_COLUMNS = (
    "sequence", "seq", "vhh", "vhh_sequence", "protein_sequence", "amino_acid_sequence", "aa_sequence",
    "aa", "protein", "nucleotide_sequence", "dna_sequence", "dna", "nt", "nucleotides",
)  # fmt: skip
ID_COLUMNS = ("id", "name", "sequence_id", "seq_id", "clone", "clonotype", "sample")


@dataclass(frozen=True, slots=True)
class SequenceRecord:
    """One sequence of a file.

    Args:
        id: Name of the record; FILE_N for a record without a name.
        sequence: Letters in capitals, gaps and white space removed. May be empty.
        kind: protein or nucleotide.
        file: File it came from, as the user wrote it.
        record: Number of the record in its file, from 1.
        trimmed: For a Sanger read, first and last base kept, from 1, and the bases read.
    """

    id: str
    sequence: str
    kind: Kind
    file: str
    record: int
    trimmed: tuple[int, int, int] | None = None


def guess_kind(sequence: str) -> Kind:
    """Tell a nucleotide sequence from a protein by its letters.

    Args:
        sequence: Letters in capitals.

    Returns:
        'nucleotide' if all letters are IUPAC nucleotide codes and at least `PLAIN_SHARE` of them are
        A, C, G, T, U or N.

    Examples:
        >>> guess_kind("CAGGTGCAGCTGNNS"), guess_kind("QVQLVESGG"), guess_kind("GGGSGGGS")
        ('nucleotide', 'protein', 'protein')
    """
    if not sequence or not NUCLEOTIDE_LETTERS.issuperset(sequence):
        return "protein"
    plain = sum(sequence.count(letter) for letter in "ACGTUN")
    return "nucleotide" if plain >= PLAIN_SHARE * len(sequence) else "protein"


def check_sequence(sequence: str, kind: Literal["auto", "protein", "nucleotide"], where: Where) -> Kind:
    """Give the kind of a sequence after checking each letter.

    Args:
        sequence: Letters in capitals.
        kind: What the user says it is, or auto.
        where: The place named in the error.

    Returns:
        protein or nucleotide.

    Raises:
        InputError: A letter belongs to no sequence of that kind.
    """
    found = guess_kind(sequence) if kind == "auto" else kind
    letters = NUCLEOTIDE_LETTERS if found == "nucleotide" else PROTEIN_LETTERS
    for place, letter in enumerate(sequence, start=1):
        if letter not in letters:
            what = {
                "auto": "neither an amino acid nor a nucleotide",
                "protein": "not an amino acid",
                "nucleotide": "not a nucleotide (IUPAC codes are)",
            }[kind]
            message = f"{letter!r} at position {place} is {what}. Correct the sequence or remove the record."
            raise InputError(message, where)
    return found


def read_sequences(
    path: str | Path, *, kind: Literal["auto", "protein", "nucleotide"] = "auto"
) -> list[SequenceRecord]:
    """Read all sequences of a file.

    Args:
        path: FASTA, FASTQ, GenBank, .ab1, CSV, TSV, XLSX or Parquet; the text formats may be gz.
        kind: protein or nucleotide for all records, or auto to decide for each.

    Returns:
        One record per sequence in file order.

    Raises:
        InputError: The file is absent, empty, damaged or of a foreign format; a table has no column of
            sequences; or a sequence holds a letter that it may not.
    """
    path = Path(path)
    where = Where(file=str(path))
    if not path.is_file():
        message = "there is no such file. Check the path."
        raise InputError(message, where)
    if path.suffix.lower() in {".xlsx", ".parquet"}:
        frame = read_table(path)
        rows = [["" if cell is None else str(cell) for cell in row] for row in frame.rows()]
        found = list(_pick_columns([frame.columns, *rows], where, path))
    else:
        found = list(_parse(_open(path, where), path, where))
    if not found:
        message = "the file holds no sequence. Expected at least one record."
        raise InputError(message, where)
    records = []
    for name, raw, place, number, trimmed in found:
        sequence = "".join(raw.split()).upper().replace("-", "").replace(".", "")
        records.append(
            SequenceRecord(
                id=name or f"{path.name.split('.')[0]}_{number}",
                sequence=sequence,
                kind=check_sequence(sequence, kind, place),
                file=str(path),
                record=number,
                trimmed=trimmed,
            )
        )
    return records


_Found = tuple[str, str, Where, int, tuple[int, int, int] | None]


def _open(path: Path, where: Where) -> bytes:
    """Read a file whole and unpack gz."""
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            message = "the gz file is damaged or cut off. Copy or download it again."
            raise InputError(message, where) from error
    if not content.strip():
        message = "the file is empty. Expected FASTA, FASTQ, GenBank, .ab1 or a table."
        raise InputError(message, where)
    return content


def _parse(content: bytes, path: Path, where: Where) -> Iterator[_Found]:
    """Choose the reader by what the file begins with; its name decides only for tables."""
    if content.startswith(b"ABIF"):
        return _read_ab1(content, where, path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the file begins with {content[:8]!r} and is not text. {_EXPECTED}"
        raise InputError(message, where) from error
    readers: dict[str, Callable[[str, Where], Iterator[_Found]]] = {
        ">": _read_fasta,
        "@": _read_fastq,
        "LOCUS": _read_genbank,
    }
    body = text.lstrip()
    for start, reader in readers.items():
        if body.startswith(start):
            return reader(body, where)
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if suffixes & {".csv", ".tsv", ".txt", ".tab"}:
        return _read_text_table(body, where, path)
    first = body.splitlines()[0][:40]
    message = f"the file begins with {first!r}. {_EXPECTED}"
    raise InputError(message, where)


_EXPECTED = (
    "Expected FASTA ('>'), FASTQ ('@'), GenBank ('LOCUS'), Sanger .ab1 ('ABIF'), "
    "or a .csv, .tsv, .xlsx or .parquet table."
)


def _read_fasta(text: str, where: Where) -> Iterator[_Found]:
    for number, block in enumerate(("\n" + text.replace("\r", "\n")).split("\n>")[1:], start=1):
        header, _, sequence = block.partition("\n")
        name = header.split(maxsplit=1)[0] if header.strip() else ""
        yield name, sequence, replace(where, record=number), number, None


def _read_fastq(text: str, where: Where) -> Iterator[_Found]:
    lines = text.rstrip().splitlines()
    for number, start in enumerate(range(0, len(lines), 4), start=1):
        place = replace(where, record=number)
        block = lines[start : start + 4]
        if len(block) < 4:
            message = f"the record has {len(block)} of 4 lines: the file is cut off. Copy it again."
            raise InputError(message, place)
        header, sequence, plus, qualities = (line.strip() for line in block)
        if not header.startswith("@") or not plus.startswith("+"):
            message = (
                f"its first and third line begin with {header[:1]!r} and {plus[:1]!r}, not with '@' and '+'. "
                "Expected FASTQ with four lines per record."
            )
            raise InputError(message, place)
        if len(sequence) != len(qualities):
            message = (
                f"it has {len(sequence)} letters and {len(qualities)} qualities. Expected as many; "
                "the file is damaged, copy it again."
            )
            raise InputError(message, place)
        name = header[1:].split(maxsplit=1)[0] if header[1:].strip() else ""
        yield name, sequence, place, number, None


def _read_genbank(text: str, where: Where) -> Iterator[_Found]:
    import warnings  # noqa: PLC0415 - this import and the next serve one format

    from Bio import BiopythonWarning, SeqIO  # noqa: PLC0415
    from Bio.Seq import UndefinedSequenceError  # noqa: PLC0415

    number = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BiopythonWarning)
        parsed = SeqIO.parse(io.StringIO(text), "genbank")  # type: ignore[no-untyped-call]  # Biopython
        while True:
            place = replace(where, record=number + 1)
            try:
                record = next(parsed, None)
                if record is None:
                    return
                sequence = str(record.seq)
            except UndefinedSequenceError as error:
                message = "the GenBank record has no ORIGIN section. Export it with its sequence."
                raise InputError(message, place) from error
            except (ValueError, AssertionError) as error:
                message = f"the GenBank record cannot be read ({error}). Export it again."
                raise InputError(message, place) from error
            number += 1
            yield record.id if record.id != "<unknown id>" else record.name, sequence, place, number, None


def _read_ab1(content: bytes, where: Where, path: Path) -> Iterator[_Found]:
    place = replace(where, record=1)
    try:
        read = parse_ab1(content)
    except ValueError as error:
        message = f"the .ab1 file cannot be used: {error}. Export it again with base calls and qualities."
        raise InputError(message, place) from error
    first, last = trim_qualities(read.qualities)
    kept = (min(first + 1, last), last, len(read.bases))
    yield path.name.split(".")[0], read.bases[first:last], place, 1, kept


def _read_text_table(text: str, where: Where, path: Path) -> Iterator[_Found]:
    import csv  # noqa: PLC0415 - serves one format

    header = text.splitlines()[0]
    delimiter = max("\t,;", key=header.count)
    return _pick_columns(list(csv.reader(io.StringIO(text), delimiter=delimiter)), where, path)


def _pick_columns(rows: list[list[str]], where: Where, path: Path) -> Iterator[_Found]:
    header = rows[0]
    names = ["_".join("".join(c if c.isalnum() else " " for c in name.lower()).split()) for name in header]
    column = _find_sequence_column(names, header, where)
    id_column = next((names.index(name) for name in ID_COLUMNS if name in names), None)
    number = 0
    for line, row in enumerate(rows[1:], start=2):
        if not any(map(str.strip, row)):
            continue
        if len(row) != len(header):
            message = f"the row has {len(row)} cells and the header {len(header)}. Expected as many."
            raise InputError(message, replace(where, row=line))
        number += 1
        place = replace(where, row=line, column=header[column])
        name = row[id_column].strip() if id_column is not None else ""
        yield name or f"{path.name.split('.')[0]}_{number}", row[column], place, number, None


def _find_sequence_column(names: list[str], header: list[str], where: Where) -> int:
    for candidate in SEQUENCE_COLUMNS:
        if candidate in names:
            return names.index(candidate)
    like = [place for place, name in enumerate(names) if "sequen" in name and not name.endswith("id")]
    if len(like) == 1:
        return like[0]
    found = ", ".join(f"'{name}'" for name in header)
    message = f"no column of sequences among {found}. Name one column 'sequence' (and one 'id')."
    raise InputError(message, where)
