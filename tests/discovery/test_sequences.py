"""Sequence files: every format, gz, kinds, Sanger trimming, and each error by its exact sentence."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bactrian.core.errors import InputError
from bactrian.discovery.sanger import parse_ab1, trim_qualities
from bactrian.discovery.sequences import guess_kind, read_sequences

GENBANK = """LOCUS       pNb                       24 bp    DNA     linear   SYN 01-JAN-2024
DEFINITION  .
ACCESSION   pNb
VERSION     pNb.1
FEATURES             Location/Qualifiers
ORIGIN
        1 caggtgcagc tggtggagtc tggg
//
LOCUS       pNb2                      12 bp    DNA     linear   SYN 01-JAN-2024
DEFINITION  .
ACCESSION   pNb2
VERSION     pNb2.1
FEATURES             Location/Qualifiers
ORIGIN
        1 caggtgcagc tg
//
"""


def make_ab1(bases: str, qualities: list[int], *, number: int = 2) -> bytes:
    """Write a minimal ABIF file: header, data, directory of base calls and qualities."""
    calls, values = bases.encode(), bytes(qualities)
    start = 128
    entries = b"".join(
        struct.pack(">4sihhiiii", name, number, 2, 1, len(blob), len(blob), place, 0)
        for name, blob, place in ((b"PBAS", calls, start), (b"PCON", values, start + len(calls)))
    )
    place = start + len(calls) + len(values)
    header = (
        b"ABIF" + struct.pack(">h", 101) + struct.pack(">4sihhiiii", b"tdir", 1, 1023, 28, 2, 56, place, 0)
    )
    return header.ljust(start, b"\0") + calls + values + entries


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.fasta", ">s1 first\nQVQL\nVESG\n>s2\nEVQL*\n", [("s1", "QVQLVESG"), ("s2", "EVQL*")]),
        ("a.fa", ">s1\r\nqvql-v\r\n", [("s1", "QVQLV")]),
        ("a.fasta", ">\nQVQL\n>s2\n\n", [("a_1", "QVQL"), ("s2", "")]),
        ("a.fastq", "@r1 x\nACGTN\n+\nIIIII\n@r2\nAC\n+r2\nII\n", [("r1", "ACGTN"), ("r2", "AC")]),
        ("a.csv", "name,kd,sequence\nNb1,3,QVQL\nNb2,4,EVQL\n", [("Nb1", "QVQL"), ("Nb2", "EVQL")]),
        ("a.csv", "\ufeffID;VHH sequence\nNb1;QVQL\n\nNb2;\n", [("Nb1", "QVQL"), ("Nb2", "")]),
        ("a.tsv", "Protein Sequenze\taffinity\nQVQL\t2.9\n", [("a_1", "QVQL")]),
        ("a.gb", GENBANK, [("pNb.1", "CAGGTGCAGCTGGTGGAGTCTGGG"), ("pNb2.1", "CAGGTGCAGCTG")]),
    ],
    ids=["fasta", "crlf and gaps", "no name", "fastq", "csv", "semicolons", "tsv", "genbank"],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_formats(
    tmp_path: Path, name: str, content: str, expected: list[tuple[str, str]], packed: bool
) -> None:
    path = tmp_path / (name + ".gz" if packed else name)
    path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    records = read_sequences(path)
    assert [(record.id, record.sequence) for record in records] == expected
    assert [record.record for record in records] == list(range(1, len(expected) + 1))
    assert {record.file for record in records} == {str(path)}


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_binary_tables(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"nbs{suffix}"
    frame = pl.DataFrame({"id": ["a", "b"], "sequence": ["QVQL", "EVQL"]})
    frame.write_parquet(path) if suffix == ".parquet" else frame.write_excel(path)
    assert [(r.id, r.sequence) for r in read_sequences(path)] == [("a", "QVQL"), ("b", "EVQL")]


@pytest.mark.parametrize("number", [1, 2], ids=["edited calls", "base caller"])
def test_sanger_read_is_trimmed(tmp_path: Path, number: int) -> None:
    path = tmp_path / "A01_clone.ab1"
    path.write_bytes(make_ab1("NNNNACGTACGTACGTNNN", [2] * 4 + [50] * 12 + [3] * 3, number=number))
    (record,) = read_sequences(path)
    assert (record.id, record.sequence, record.kind) == ("A01_clone", "ACGTACGTACGT", "nucleotide")
    assert record.trimmed == (5, 16, 19)


def test_failed_sanger_read_is_an_empty_record(tmp_path: Path) -> None:
    path = tmp_path / "bad.ab1"
    path.write_bytes(make_ab1("NNNNNN", [3] * 6))
    (record,) = read_sequences(path)
    assert (record.sequence, record.trimmed) == ("", (0, 0, 6))


@given(st.lists(st.integers(0, 60), max_size=60))
def test_trimming_finds_the_best_stretch(qualities: list[int]) -> None:
    gains = [0.05 - 10 ** (-q / 10) for q in qualities]
    best = max([0.0, *(sum(gains[i:j]) for i in range(len(gains)) for j in range(i + 1, len(gains) + 1))])
    start, end = trim_qualities(tuple(qualities))
    assert sum(gains[start:end]) == pytest.approx(best)


@pytest.mark.parametrize("cut", [5, 60, 150])
def test_cut_ab1_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="it is cut off"):
        parse_ab1(make_ab1("ACGTACGT" * 10, [40] * 80)[:cut])


@pytest.mark.parametrize(
    ("sequence", "kind"),
    [
        ("CAGGTGCAGCTG", "nucleotide"),
        ("CAGGTNNSCTGGTNGAR", "nucleotide"),
        ("CAGGUGCAG", "nucleotide"),
        ("QVQLVESGGG", "protein"),
        ("GGGSGGGS", "protein"),
        ("", "protein"),
    ],
)
def test_kind(sequence: str, kind: str) -> None:
    assert guess_kind(sequence) == kind


def test_kind_can_be_stated(tmp_path: Path) -> None:
    path = tmp_path / "a.fasta"
    path.write_text(">s\nGGGAAATTT\n")
    assert read_sequences(path)[0].kind == "nucleotide"
    assert read_sequences(path, kind="protein")[0].kind == "protein"


EXPECTED = (
    "Expected FASTA ('>'), FASTQ ('@'), GenBank ('LOCUS'), Sanger .ab1 ('ABIF'), "
    "or a .csv, .tsv, .xlsx or .parquet table."
)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.fasta", b"", "the file is empty. Expected FASTA, FASTQ, GenBank, .ab1 or a table."),
        ("a.fasta", b" \n\n", "the file is empty. Expected FASTA, FASTQ, GenBank, .ab1 or a table."),
        ("a.csv", b"id,sequence\n", "the file holds no sequence. Expected at least one record."),
        ("a.doc", b"Dear all,\n", f"the file begins with 'Dear all,'. {EXPECTED}"),
        ("a.pdf", b"%PDF-\xff\xfe\x00",
         f"the file begins with b'%PDF-\\xff\\xfe\\x00' and is not text. {EXPECTED}"),
        (
            "a.fasta.gz",
            gzip.compress(b">s\nQVQLVESGGGLVQAGG\n")[:-9],
            "the gz file is damaged or cut off. Copy or download it again.",
        ),
        (
            "a.csv",
            b"id,kd\nNb1,3\n",
            "no column of sequences among 'id', 'kd'. Name one column 'sequence' (and one 'id').",
        ),
        ("a.csv", b"id,sequence\nNb1,QVQL,7\n",
         ", row 2: the row has 3 cells and the header 2. Expected as many."),
        (
            "a.csv",
            b"id,sequence\nNb1,QVQL\nNb2,QV QL?\n",
            ", row 3, column 'sequence': '?' at position 5 is neither an amino acid nor a nucleotide. "
            "Correct the sequence or remove the record.",
        ),
        (
            "a.fasta",
            b">s1\nQVQL\n>s2\nQV1L\n",
            ", record 2: '1' at position 3 is neither an amino acid nor a nucleotide. "
            "Correct the sequence or remove the record.",
        ),
        (
            "a.fastq",
            b"@r1\nACGT\n+\nIIII\n@r2\nACGT\n+\nII\n",
            ", record 2: it has 4 letters and 2 qualities. Expected as many; "
            "the file is damaged, copy it again.",
        ),
        (
            "a.fastq",
            b"@r1\nACGT\n+\nIIII\n@r2\nACGT\n",
            ", record 2: the record has 2 of 4 lines: the file is cut off. Copy it again.",
        ),
        (
            "a.fastq",
            b"@r1\nACGT\nACGT\n+\nIIII\nIIII\n",
            ", record 1: its first and third line begin with '@' and 'A', not with '@' and '+'. "
            "Expected FASTQ with four lines per record.",
        ),
        (
            "a.ab1",
            make_ab1("ACGT", [40] * 4)[:90],
            ", record 1: the .ab1 file cannot be used: it is cut off. "
            "Export it again with base calls and qualities.",
        ),
        (
            "a.ab1",
            make_ab1("ACGT", [40] * 3),
            ", record 1: the .ab1 file cannot be used: it holds no bases with one quality each. "
            "Export it again with base calls and qualities.",
        ),
    ],
    ids=[
        "empty", "blank", "header only", "prose", "binary", "cut gz", "no column", "cells",
        "letter in a table", "letter", "qualities", "cut fastq", "wrapped fastq", "cut ab1",
        "ab1 without qualities",
    ],
)  # fmt: skip
def test_errors(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_sequences(path)
    joint = "" if sentence.startswith(", ") else ": "
    assert str(caught.value) == f"{path}{joint}{sentence}"


def test_absent_file() -> None:
    with pytest.raises(InputError) as caught:
        read_sequences(Path("nowhere.fasta"))
    assert str(caught.value) == "nowhere.fasta: there is no such file. Check the path."


@pytest.mark.parametrize(
    ("kind", "sequence", "sentence"),
    [
        ("nucleotide", "ACGTQ", "'Q' at position 5 is not a nucleotide (IUPAC codes are)."),
        ("protein", "QVQL2", "'2' at position 5 is not an amino acid."),
    ],
)
def test_letters_of_a_stated_kind(tmp_path: Path, kind: str, sequence: str, sentence: str) -> None:
    path = tmp_path / "a.fasta"
    path.write_text(f">s\n{sequence}\n")
    with pytest.raises(InputError) as caught:
        read_sequences(path, kind=kind)
    assert str(caught.value) == f"{path}, record 1: {sentence} Correct the sequence or remove the record."


def test_genbank_without_bases(tmp_path: Path) -> None:
    path = tmp_path / "a.gb"
    path.write_text(GENBANK.split("ORIGIN", maxsplit=1)[0] + "CONTIG      join(X1.1:1..24)\n//\n")
    with pytest.raises(InputError) as caught:
        read_sequences(path)
    assert str(caught.value) == (
        f"{path}, record 1: the GenBank record has no ORIGIN section. Export it with its sequence."
    )
