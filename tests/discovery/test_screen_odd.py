"""Odd runs of the screen through the command line: what people do by mistake, twice, or differently."""

from __future__ import annotations

import csv
import gzip
import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from bactrian.cli import main
from bactrian.discovery.screen import ScreenSettings, screen_library

if TYPE_CHECKING:
    from pathlib import Path

FORWARD, REVERSE = "TCCTGTGCAGCCTC", "ACCTGGGTCCCCTG"
COLUMNS = ("sample", "fastq_1", "fastq_2", "selection", "replicate", "round", "arm", "antigen", "library")
Record = tuple[str, ...]


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Record], list[Record]]:
    """Simulate a sample and give its first and second mates."""
    folder = tmp_path_factory.mktemp("simulated") / "panning"
    few = [word for name in ("specific", "sticky", "growers") for word in ("--set", f"{name}=5")]
    size = [
        "--clones",
        "100",
        "--reads",
        "200",
        "--replicates",
        "1",
        "--rounds",
        "1",
        "--seed",
        "3",
        "--quiet",
    ]
    assert main(["simulate", "panning", "--out", str(folder), *size, *few, "--set", "jackpots=2"]) == 0
    mates = []
    for mate in (1, 2):
        packed = (folder / "fastq" / f"input-1_R{mate}.fastq.gz").read_bytes()
        lines = gzip.decompress(packed).decode().splitlines()
        mates.append([tuple(lines[k : k + 4]) for k in range(0, len(lines), 4)])
    return mates[0], mates[1]


def write_sample(folder: Path, name: str, first: list[Record], second: list[Record]) -> dict[str, str]:
    """Write a sample's files and give its row."""
    for mate, records in enumerate((first, second), start=1):
        text = "".join("\n".join(record) + "\n" for record in records)
        (folder / f"{name}_R{mate}.fastq").write_text(text)
    values = (name, f"{name}_R1.fastq", f"{name}_R2.fastq", name, "1", "1", "target", f"antigen {name}", "L")
    return dict(zip(COLUMNS, values, strict=True))


def write_sheet(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "sheet.csv"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def screen(sheet: Path, out: Path, *options: str) -> int:
    return main(["screen", str(sheet), "--out", str(out), "--workers", "1", "--quiet", *options])


def read_outputs(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".bactrian" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_primers_in_lower_case_in_the_sheet_are_found(
    reads: tuple[list[Record], list[Record]], tmp_path: Path
) -> None:
    row = write_sample(tmp_path, "a", *reads)
    primers = {"primer_fwd": FORWARD.lower(), "primer_rev": f"acac{REVERSE}"}
    assert screen(write_sheet(tmp_path, row | primers), tmp_path / "out") == 0
    assert pl.read_csv(tmp_path / "out" / "samples.csv")["primers_found"].item() == len(reads[0])
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["primers"] == {"L": f"{FORWARD},{REVERSE} (sheet)"}


def test_samples_with_too_few_reads_to_see_primers_have_no_vote(
    reads: tuple[list[Record], list[Record]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = reads
    rows = [write_sample(tmp_path, "whole", first, second)]
    rows += [write_sample(tmp_path, f"few{n}", first[:n], second[:n]) for n in (1, 5, 20)]
    assert screen(write_sheet(tmp_path, *rows), tmp_path / "out") == 0
    assert f"Primers of library 'L': {FORWARD} and {REVERSE} (detected).\n" in capsys.readouterr().err


def test_primers_that_most_pairs_lack_are_said(
    reads: tuple[list[Record], list[Record]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = write_sheet(tmp_path, write_sample(tmp_path, "a", *reads))
    other = "GGATTCCAGGAATC"
    assert screen(sheet, tmp_path / "out", "--primers", f"{other},{REVERSE}") == 0
    assert (
        f"! Sample 'a': only 0 of {len(reads[0])} pairs carry the primers {other} and {REVERSE}; the others "
        "are not counted. Check the primers, or whether the files are of this library.\n"
    ) in capsys.readouterr().out


def test_a_sample_renamed_or_gone_leaves_no_file_of_before(
    reads: tuple[list[Record], list[Record]], tmp_path: Path
) -> None:
    first, second = reads
    rows = [write_sample(tmp_path, name, first[k:], second[k:]) for k, name in enumerate(("a.1", "b", "c"))]
    out = tmp_path / "out"
    options = ("--airr", "--pair-records")
    assert screen(write_sheet(tmp_path, *rows), out, *options) == 0
    (out / f".samples.{'0' * 32}.part.csv").write_text("half")
    (out / "pairs" / f".b.{'0' * 32}.part.parquet").write_text("half")
    sheet = write_sheet(tmp_path, rows[0] | {"sample": "a.2"}, rows[1])
    assert screen(sheet, out, *options) == 0
    assert screen(sheet, tmp_path / "fresh", *options) == 0
    assert read_outputs(out) == read_outputs(tmp_path / "fresh")
    assert {"airr/a.2.tsv", "pairs/b.parquet"} < read_outputs(out).keys()
    assert screen(sheet, out) == 0
    assert screen(sheet, tmp_path / "plain") == 0
    assert read_outputs(out) == read_outputs(tmp_path / "plain")


def test_a_number_for_one_library_holds_whatever_the_order(
    reads: tuple[list[Record], list[Record]], tmp_path: Path
) -> None:
    rows = [write_sample(tmp_path, name, *reads) | {"library": name} for name in ("L", "M")]
    sheet = write_sheet(tmp_path, *rows)
    for number, stated in enumerate([("L=2000", "1e6"), ("1e6", "L=2000")]):
        out = tmp_path / f"out{number}"
        assert screen(sheet, out, *(word for one in stated for word in ("--transformants", one))) == 0
        libraries = pl.read_csv(out / "quality" / "libraries.csv").select("library", "transformants")
        assert libraries.rows() == [("L", 2000), ("M", 1_000_000)]


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--skew", "11"], 1, "the skew is 11. Expected a number above 0 and up to 10; 2 is the default.\n"),
        (
            ["--skew", "nan"],
            1,
            "the skew is nan. Expected a number above 0 and up to 10; 2 is the default.\n",
        ),
        (["--max-ee", "nan"], 1, "max_ee is nan. Expected errors must be above 0; 3 is the default.\n"),
        (
            ["--primers", ""],
            1,
            "'' does not name two primers. Write the forward and the reverse primer, each 5' to 3', with one "
            "comma between them, for instance TCCTGTGCAGCCTC,ACCTGGGTCCCCTG.\n",
        ),
        (
            ["--transformants", "1e6", "--transformants", "1e7"],
            2,
            "'1e7' is a second number for every library. State one.\n",
        ),
        (
            ["--transformants", "L=1e6", "--transformants", "L=1e7"],
            2,
            "'L=1e7' is a second number for library 'L'. State one.\n",
        ),
    ],
    ids=["large skew", "no skew", "no limit", "no primers", "two numbers", "two of a library"],
)
def test_a_wrong_option_is_refused_before_the_sheet_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, sentence: str
) -> None:
    assert screen(tmp_path / "none.csv", tmp_path / "out", *options) == code
    assert capsys.readouterr().err.endswith(sentence)
    assert not (tmp_path / "out").exists()


def test_results_cannot_go_below_a_file(
    reads: tuple[list[Record], list[Record]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = write_sheet(tmp_path, write_sample(tmp_path, "a", *reads))
    (tmp_path / "notes.txt").write_text("mine")
    out = tmp_path / "notes.txt" / "out"
    assert screen(sheet, out) == 1
    assert capsys.readouterr().err.endswith(
        f"{out}: nothing can be written here (not a directory). Name a folder that you may write to.\n"
    )


def test_samples_without_any_productive_molecule_are_screened_to_the_end(
    reads: tuple[list[Record], list[Record]], tmp_path: Path
) -> None:
    first, second = reads
    dark = [[(name, "N" * len(seq), plus, "#" * len(seq)) for name, seq, plus, _ in mate] for mate in reads]
    bare = [[(name, "", plus, "") for name, _, plus, _ in mate] for mate in reads]
    rows = [
        write_sample(tmp_path, "dark", *dark),
        write_sample(tmp_path, "bare", *bare),
        write_sample(tmp_path, "one", first[:1], second[:1]),
    ]
    for row in rows:
        sheet = write_sheet(tmp_path, row)
        result = screen_library(
            sheet, tmp_path / row["sample"], settings=ScreenSettings(), workers=1, airr=True
        )
        totals = result.summary["totals"]
        used = totals["primers_found"] - totals["filtered"]
        assert used == sum(totals[name] for name in ("merged", "joined", "single"))
        counted = pl.read_parquet(tmp_path / row["sample"] / "counts_cdr3.parquet")["count"].sum()
        assert counted == totals["productive"]
        assert (tmp_path / row["sample"] / "report.html").exists()
