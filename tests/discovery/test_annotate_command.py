"""`bactrian annotate` from files to tables of every kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from click.testing import CliRunner

from bactrian.core.errors import InputError
from bactrian.discovery.annotate_command import annotate

if TYPE_CHECKING:
    from pathlib import Path

VHH = (
    "QVQLVESGGGLVQAGGSLRLSCAASGRTFSSYAMGWFRQAPGKEREFVAAISWSGGSTYYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC"
    "AADRGGSDYVLGSGSYDYWGQGTQVTVSS"
)


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    path = tmp_path / "nbs.fasta"
    path.write_text(f">a\n{VHH}HHHHHH\n>b\nMSKGEELFTG\n>c\n{VHH[:60]}\n>a\n{VHH}\n")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".xlsx"])
def test_tables(tmp_path: Path, fasta: Path, suffix: str) -> None:
    out = tmp_path / f"table{suffix}"
    result = CliRunner().invoke(annotate, [str(fasta), "--out", str(out)], catch_exceptions=False)
    assert result.exit_code == 0
    if suffix == ".parquet":
        table = pl.read_parquet(out)
    elif suffix == ".xlsx":
        table = pl.read_excel(out)
    else:
        table = pl.read_csv(out, separator="\t" if suffix == ".tsv" else ",")
    assert table["id"].to_list() == ["a", "b", "c", "a"]
    assert table["status"].to_list() == ["vhh", "not_vhh", "partial", "vhh"]
    assert table["cdr3"].to_list() == ["AADRGGSDYVLGSGSYDY", None, None, "AADRGGSDYVLGSGSYDY"]
    assert json.loads(table["numbering"][0])["111A"] == "D"


def test_summary_for_people(tmp_path: Path, fasta: Path) -> None:
    out = tmp_path / "table.csv"
    result = CliRunner().invoke(annotate, [str(fasta), "--out", str(out)], catch_exceptions=False)
    assert result.stdout.splitlines() == [
        "4 sequences, 1 distinct CDR3",
        "         2  VHH",
        "         1  part of a VHH or VH",
        "         1  no VHH or VH",
        "tags: His6 (1)",
        f"table: {out}",
    ]
    assert result.stderr == f"{fasta}: 4 sequences\n"


def test_summary_as_json(tmp_path: Path, fasta: Path) -> None:
    out = tmp_path / "table.csv"
    arguments = [str(fasta), "--out", str(out), "--json", "--scheme", "Kabat"]
    result = CliRunner().invoke(annotate, arguments, catch_exceptions=False)
    assert json.loads(result.stdout) == {
        "schema": 1,
        "sequences": 4,
        "status": {"vhh": 2, "vh": 0, "partial": 1, "not_vhh": 1, "stop": 0, "frameshift": 0},
        "distinct_cdr3": 1,
        "leaders": {},
        "tags": {"His6": 1},
        "table": str(out),
    }
    assert pl.read_csv(out)["scheme"].to_list() == ["kabat"] * 4


def test_several_files_keep_their_order(tmp_path: Path, fasta: Path) -> None:
    second = tmp_path / "more.csv"
    second.write_text(f"id,sequence\nz,{VHH}\n")
    out = tmp_path / "table.csv"
    CliRunner().invoke(annotate, [str(second), str(fasta), "--out", str(out)], catch_exceptions=False)
    table = pl.read_csv(out)
    assert table["id"].to_list() == ["z", "a", "b", "c", "a"]
    assert table["file"].to_list() == [str(second), *[str(fasta)] * 4]
    assert table["record"].to_list() == [1, 1, 2, 3, 4]


def test_amber_and_germline(tmp_path: Path) -> None:
    codon = {"Q": "CAG", "V": "GTG"}
    genes = tmp_path / "genes.fasta"
    genes.write_text(f">IGHV3-1*01\n{VHH[:98]}\n>IGHJ4*01\nEYDYWGQGTQVTVSS\n")
    nbs = tmp_path / "nbs.fasta"
    nbs.write_text(f">a\n{VHH}\n>b\n{''.join(codon.values())}\n")
    out = tmp_path / "table.csv"
    arguments = [str(nbs), "--out", str(out), "--amber", "--germline", str(genes)]
    CliRunner().invoke(annotate, arguments, catch_exceptions=False)
    table = pl.read_csv(out)
    assert table.row(0, named=True)["v_call"] == "IGHV3-1*01"
    assert table.row(1, named=True)["v_call"] is None
    assert table.row(1, named=True)["kind"] == "nucleotide"


def test_unknown_table_format_is_refused_before_any_work(tmp_path: Path) -> None:
    out = tmp_path / "table.docx"
    with pytest.raises(InputError) as caught:
        CliRunner().invoke(annotate, ["absent.fasta", "--out", str(out)], catch_exceptions=False)
    assert str(caught.value) == (
        f"{out}: '.docx' names no table format. End the file's name in .csv, .tsv, .parquet, .xlsx."
    )


def test_a_wrong_letter_leaves_no_table(tmp_path: Path) -> None:
    nbs, out = tmp_path / "nbs.fasta", tmp_path / "table.csv"
    nbs.write_text(">a\nQVQ7\n")
    with pytest.raises(InputError):
        CliRunner().invoke(annotate, [str(nbs), "--out", str(out)], catch_exceptions=False)
    assert not out.exists()
