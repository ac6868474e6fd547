"""Files of binding results as laboratories write them, and what is refused."""

from __future__ import annotations

import struct
import textwrap
from typing import TYPE_CHECKING

import polars as pl
import pytest
import xlsxwriter

from bactrian.core.errors import InputError
from bactrian.discovery.binding_results import SCHEMA, read_binding_results

if TYPE_CHECKING:
    from pathlib import Path

VHH = (
    "QVQLVESGGGLVQAGGSLRLSCAASGRTFSSYAMGWFRQAPGKEREFVAAISWSGGSTYYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC"
    "AADRGGSDYVLGSGSYDYWGQGTQVTVSS"
)
CODONS = dict(
    zip(
        "ACDEFGIKLMNPQRSTVWY",
        textwrap.wrap("GCATGCGACGAGTTCGGCATCAAGCTGATGAACCCGCAGCGTTCCACCGTGTGGTAC", 3),
        strict=True,
    )
)
DNA = "".join(CODONS[residue] for residue in VHH)
CDR3 = "AADRGGSDYVLGSGSYDY"
CLONOTYPE = f"GRTFSSYA_ISWSGGST_{CDR3}"


def make_ab1(bases: str, qualities: list[int]) -> bytes:
    """Write a minimal ABIF file: header, data, directory of base calls and qualities."""
    blobs = ((b"PBAS", bases.encode()), (b"PCON", bytes(qualities)))
    entries, place = b"", 128
    for name, blob in blobs:
        entries += struct.pack(">4sihhiiii", name, 2, 2, 1, len(blob), len(blob), place, 0)
        place += len(blob)
    header = (
        b"ABIF" + struct.pack(">h", 101) + struct.pack(">4sihhiiii", b"tdir", 1, 1023, 28, 2, 56, place, 0)
    )
    return header.ljust(128, b"\0") + bases.encode() + bytes(qualities) + entries


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "mark", "separator"),
    [("r.csv", "", ","), ("r.csv", "\ufeff", ";"), ("r.tsv", "", "\t"), ("r.txt", "", "\t")],
    ids=["commas", "semicolons with a mark", "tabs", "text"],
)
def test_text_tables(tmp_path: Path, name: str, mark: str, separator: str) -> None:
    rows = [
        ["Well", "CDR3", "Antigen", "Signal", "Control signal", "Binds"],
        ["A1", "aadrgy", "X", "1.5", "0.1", ""],
        [],
        ["A2", "NAKPYY", "Y", "", "", "No"],
    ]
    path = write(tmp_path / name, mark + "\n".join(separator.join(row) for row in rows) + "\n")
    found = read_binding_results(path)
    assert found.columns == [*SCHEMA, "Well"]
    assert found.select("row", "cdr3", "antigen", "signal", "control_signal", "stated", "Well").rows() == [
        (2, "AADRGY", "X", 1.5, 0.1, None, "A1"),
        (4, "NAKPYY", "Y", None, None, "does not bind", "A2"),
    ]


def test_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("ELISA")
        sheet.write_row(0, 0, ["clonotype", "antigen", "signal", "control_signal", "rank"])
        sheet.write_row(2, 0, [CLONOTYPE, "X", 1.25, 0.5, "7"])
    found = read_binding_results(path)
    assert found.select("row", "clonotype", "cdr1", "cdr3", "signal", "rank (results)").rows() == [
        (3, CLONOTYPE, "GRTFSSYA", CDR3, 1.25, "7")
    ]
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("ELISA").write_row(0, 0, ["clonotype", "antigen", "signal"])
        book.worksheets()[0].write_row(1, 0, [CLONOTYPE, "X", "OVER"])
    with pytest.raises(InputError) as caught:
        read_binding_results(path)
    assert str(caught.value) == (
        f"{path}, sheet 'ELISA', row 2, column 'signal': 'OVER' is not a number. Write it with a decimal "
        "point, or leave the cell empty."
    )


@pytest.mark.parametrize(
    "sequence",
    [VHH, VHH.lower(), DNA, "ATG" + DNA + "CACCACCAC"],
    ids=["protein", "small letters", "DNA", "construct"],
)
def test_a_sequence_gives_its_cdrs(tmp_path: Path, sequence: str) -> None:
    path = write(tmp_path / "r.csv", f"sequence,antigen,binds\n{sequence},X,yes\n")
    found = read_binding_results(path)
    assert found.select("clonotype", "cdr1", "cdr2", "cdr3", "unread", "note", "stated").rows() == [
        (CLONOTYPE, "GRTFSSYA", "ISWSGGST", CDR3, None, None, "binds")
    ]


def test_sanger_reads_beside_the_results(tmp_path: Path) -> None:
    (tmp_path / "reads").mkdir()
    bases = "N" * 20 + DNA + "N" * 30
    (tmp_path / "reads" / "A01.ab1").write_bytes(make_ab1(bases, [3] * 20 + [50] * len(DNA) + [4] * 30))
    (tmp_path / "reads" / "A02.ab1").write_bytes(make_ab1("N" * 90, [3] * 90))
    path = write(tmp_path / "r.csv", "file,antigen,signal\nreads/A01.ab1,X,1\nreads/A02.ab1,X,1\n")
    found = read_binding_results(path)
    assert found["cdr3"].to_list() == [CDR3, None]
    assert found["unread"].to_list() == [None, "'reads/A02.ab1' has no base good enough to keep"]


def test_what_hinders_a_sequence_is_said(tmp_path: Path) -> None:
    stopped = DNA[:90] + "TAA" + DNA[93:]
    amber = DNA[:36] + "TAG" + DNA[39:]
    rows = [f"{VHH[:80]},", "MSKGEELFTG,", f"{stopped},", f"{amber},", f"{VHH},NAKPYY", ","]
    text = "sequence,cdr3,antigen,signal\n" + "".join(f"{row},X,1\n" for row in rows)
    path = write(tmp_path / "r.csv", text)
    found = read_binding_results(path)
    assert found["unread"].to_list() == [
        "no CDR3 was read in its sequence: ends at IMGT 88; CDR3 not completely read",
        "no CDR3 was read in its sequence: no VHH or VH domain found (best alignment score -31)",
        None,
        None,
        f"its sequence has the CDR3 {CDR3}, its cdr3 says NAKPYY",
        "the row names no VHH",
    ]
    assert found["note"].to_list()[2] == "in its sequence: stop codon at IMGT 36 (TAA)"
    assert "amber" in found["note"].to_list()[3]
    assert read_binding_results(path, amber=True)["note"].to_list()[3] is None


def test_statements_are_understood(tmp_path: Path) -> None:
    words = ["yes", "TRUE", "1", "no", "False", "0", "not validated", "", "not tested"]
    path = write(tmp_path / "r.csv", "cdr3,antigen,binds\n" + "".join(f"AAD,X,{word}\n" for word in words))
    expected = ["binds"] * 3 + ["does not bind"] * 3 + ["not validated", None, None]
    assert read_binding_results(path)["stated"].to_list() == expected


def test_keys_and_unknown_cdrs(tmp_path: Path) -> None:
    text = "key,clonotype,antigen,library,signal\nclone_1,,X,L,1\n,?_?_AAD,X,,1\n,my clone,X,,1\n"
    found = read_binding_results(write(tmp_path / "r.csv", text))
    assert found.select("key", "clonotype", "cdr1", "cdr3", "library").rows() == [
        ("clone_1", None, None, None, "L"),
        (None, "?_?_AAD", None, "AAD", None),
        (None, "my clone", None, None, None),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "{}: the file is empty. Expected a header and one row per measured VHH."),
        (
            "cdr3,antigen,signal\n",
            "{}: the file has a header and no rows. Write one row per measured VHH below it.",
        ),
        (
            "cdr3,target,signal\nAAD,X,1\n",
            "{}: no column 'antigen' among 'cdr3', 'target', 'signal'. Name the antigen of each measurement.",
        ),
        (
            "well,antigen,signal\nA1,X,1\n",
            "{}: no column 'sequence', 'file', 'clonotype', 'cdr3' or 'key' among 'well', 'antigen', "
            "'signal'. Add one of them.",
        ),
        (
            "cdr3,antigen,KD\nAAD,X,1\n",
            "{}: no column 'signal' or 'binds' among 'cdr3', 'antigen', 'KD'. Add one of them.",
        ),
        (
            "cdr3,antigen,signal,Signal\nAAD,X,1,2\n",
            "{}, row 1, column 'signal': the header names this column 2 times. Keep one.",
        ),
        (
            "cdr3,antigen,signal\nAAD,X,1,2\n",
            "{}, row 2: the row has 4 cells and the header 3. Expected as many.",
        ),
        (
            'cdr3,antigen,signal,binds\nAAD,,"1,5",maybe\nAAD,X,1,\n',
            "{0}, row 2, column 'antigen': the cell is empty. Name the antigen on which the VHH was "
            "measured.\n{0}, row 2, column 'signal': '1,5' is not a number. Write it with a decimal point, "
            "or leave the cell empty.\n"
            "{0}, row 2, column 'binds': 'maybe' says neither yes nor no. Write yes, no, not validated, or "
            "leave the cell empty.",
        ),
        (
            "sequence,antigen,signal\nQVQ5,X,1\n",
            "{}, row 2, column 'sequence': '5' at position 4 is neither an amino acid nor a nucleotide. "
            "Correct the sequence or remove the record.",
        ),
        (
            "file,antigen,signal\nA1.ab1,X,1\n",
            "{}, row 2, column 'file': there is no file 'A1.ab1' beside this one. Check its name.",
        ),
        (
            "file,antigen,signal\ntwo.fasta,X,1\n",
            "{}, row 2, column 'file': 'two.fasta' holds 2 sequences. Give a file of one.",
        ),
    ],
    ids=[
        "empty", "no rows", "no antigen", "no name", "no result", "twice", "too long", "cells", "letter",
        "no file", "two sequences",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    write(tmp_path / "two.fasta", ">a\nQVQL\n>b\nEVQL\n")
    path = write(tmp_path / "r.csv", text)
    with pytest.raises(InputError) as caught:
        read_binding_results(path)
    assert str(caught.value) == sentence.format(path, folder=tmp_path)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("r.pdf", "'.pdf' is no format of binding results. Give a CSV, TSV or XLSX file."),
        ("absent.csv", "there is no such file. Check the path."),
        ("bad.xlsx", "the workbook cannot be read. Save it again as an Excel workbook (.xlsx), or as CSV."),
        ("latin.csv", "the file is not UTF-8 text. Save it as 'CSV UTF-8' or as a workbook (.xlsx)."),
    ],
    ids=["foreign", "absent", "damaged", "not UTF-8"],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "r.pdf").write_bytes(b"%PDF")
    (tmp_path / "bad.xlsx").write_bytes(b"PK no")
    (tmp_path / "latin.csv").write_bytes("cdr3,antigen,signal\nAAD,Ä,1\n".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        read_binding_results(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: {sentence}"


def test_the_same_rows_from_every_format(tmp_path: Path) -> None:
    rows = [["cdr3", "antigen", "signal"], ["AAD", "X", "1.5"]]
    text = write(tmp_path / "r.csv", "\n".join(",".join(row) for row in rows))
    with xlsxwriter.Workbook(str(tmp_path / "r.xlsx")) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    assert read_binding_results(text).equals(read_binding_results(tmp_path / "r.xlsx"))
    assert read_binding_results(text).schema == pl.Schema(SCHEMA)
