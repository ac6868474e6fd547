"""`bactrian select` on the command line: what it prints, on what it refuses, and how it wraps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from bactrian.cli import main
from bactrian.discovery.selection_summary import say_targets, write_lines

if TYPE_CHECKING:
    from pathlib import Path

TARGET = {
    "library": "naive-1", "antigen": "IL-6R", "rounds": "2", "replicates": 3, "inputs": 3,
    "comparators": "counter 'beads'", "n_tested": 1_653, "tier1": 8, "tier2": 3, "floor_tier1": 0.22,
    "floor_tier2": 0.0, "bcv": 0.2, "exploratory": False, "left_out": "", "claim": "Nominated units are …",
    "leads": 7,
}  # fmt: skip


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate counts of two antigens with a control arm."""
    folder = tmp_path_factory.mktemp("counts") / "panning"
    few = [
        part
        for change in ("specific=10", "sticky=10", "growers=10", "jackpots=2")
        for part in ("--set", change)
    ]
    arguments = ["simulate", "panning", "--out", str(folder), "--clones", "300", "--reads", "5000"]
    assert main([*arguments, "--antigens", "2", "--control", "--counts", "--quiet", *few]) == 0
    return folder


def test_the_command_says_per_target_what_was_found_and_ends_with_the_page(
    campaign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert (
        main(
            ["select", str(campaign / "counts_cdr3.parquet"), str(campaign / "sheet.csv"), "--out", str(out)]
        )
        == 0
    )
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].startswith("antigen1 (library simulated): ")
    assert lines[1].startswith("antigen2 (library simulated): ")
    assert "! The counts are simulated: nothing here was measured." in lines
    assert lines[-1] == str(out / "leads.html")
    assert "Traceback" not in said.err
    nominated = pl.read_csv(out / "selection.csv").filter(pl.col("tier") > 0)
    assert nominated.height > 5
    truth = pl.read_parquet(campaign / "truth" / "clones.parquet").select("cdr3", kind="class").unique()
    kinds = nominated.join(truth, left_on="key", right_on="cdr3")["kind"]
    assert (kinds == "specific").mean() > 0.8


def test_json_is_the_summary(campaign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    arguments = ["select", str(campaign / "counts_cdr3.parquet"), str(campaign / "sheet.csv")]
    assert main([*arguments, "--out", str(out), "--json", "--quiet", "--top", "1"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "summary.json").read_text())
    assert [row["leads"] for row in printed["targets"]] == [1, 1]


def test_clonotype_counts_are_tested_as_clonotypes_unless_another_unit_is_asked_for(
    campaign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["select", str(campaign / "counts_clonotype.parquet"), str(campaign / "sheet.csv"), "--json"]
    assert main([*arguments, "--out", str(tmp_path / "one"), "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["unit"] == "clonotype"
    assert main([*arguments, "--out", str(tmp_path / "two"), "--quiet", "--unit", "lineage"]) == 0
    assert json.loads(capsys.readouterr().out)["unit"] == "lineage"


def test_where_takes_rows_of_the_sheet(
    campaign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["select", str(campaign / "counts_cdr3.parquet"), str(campaign / "sheet.csv"), "--quiet"]
    where = "arm <> 'input' and (antigen is null or antigen <> 'antigen2')"
    assert main([*arguments, "--out", str(tmp_path / "out"), "--where", where]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("antigen1 (library simulated): ")
    assert "No nomination: enrichment not tested: no input." in first


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (
            ["--rounds", "7"],
            (1, "column 'round': '7' is no round of a target sample. Ask for some of these:"),
        ),
        (
            ["--rounds", "two"],
            (2, "'two' are no rounds. Write whole numbers from 1, joined by commas, e.g. 3"),
        ),
        (["--rounds", "0"], (2, "'0' are no rounds. Write whole numbers from 1, joined by commas, e.g. 3")),
        (["--known", "nothing.csv"], (1, "nothing.csv: there is no such file.")),
        (["--fdr", "0"], (2, "0.0 is not in the range 0<x<1.")),
        (["--min-reads", "0"], (2, "0 is not in the range x>=1.")),
        (["--top", "0"], (2, "0 is not in the range x>=1.")),
        (["--unit", "family"], (2, "'family' is not one of")),
        (["--where", "arm = 'nothing'"], (1, "--where")),
    ],
    ids=["no-round", "round-word", "round-0", "no-known-file", "fdr", "min-reads", "top", "unit", "where"],
)
def test_a_wrong_option_gets_one_sentence_before_any_work(
    campaign: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    answer: tuple[int, str],
) -> None:
    code, sentence = answer
    arguments = ["select", str(campaign / "counts_cdr3.parquet"), str(campaign / "sheet.csv")]
    assert main([*arguments, "--out", str(tmp_path / "out"), *options]) == code
    stderr = capsys.readouterr().err
    assert sentence in stderr
    assert "Traceback" not in stderr
    assert not (tmp_path / "out").exists()


def write_table(path: Path, cells: dict[str, object]) -> Path:
    pl.DataFrame(cells).write_csv(path)
    return path


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"X1": [1, 2]}, ": there is no column for 'X2' of the sheet."),
        ({"X1": [1, 2], "X2": [0.5, 2.0]}, ", row 2, column 'X2': '0.5' is not a count of reads."),
        ({"X1": [1, 2], "X2": [float("nan"), 2.0]}, ", row 2, column 'X2': 'NaN' is not a count of reads."),
        ({"X1": [1, 2], "X2": [-3, 2]}, ", row 2, column 'X2': '-3' is not a count of reads."),
    ],
    ids=["no-column", "fraction", "nan", "negative"],
)
def test_a_cell_that_is_no_count_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cells: dict[str, object], sentence: str
) -> None:
    (tmp_path / "sheet.csv").write_text(
        "sample,selection,replicate,round,arm,antigen,library\nX1,X1,1,1,target,X,L\nX2,X2,2,1,target,X,L\n"
    )
    counts = write_table(tmp_path / "counts.csv", {"key": ["a", "b"], **cells})
    code = main(
        ["select", str(counts), str(tmp_path / "sheet.csv"), "--out", str(tmp_path / "out"), "--quiet"]
    )
    assert code == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_smallest_tables_run_to_their_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sheet.csv").write_text(
        "sample,selection,replicate,round,arm,antigen,library\nX1,X1,1,1,target,X,L\nin,in,1,0,input,,L\n"
    )
    counts = write_table(tmp_path / "counts.csv", {"key": ["a"], "X1": [9], "in": [3]})
    arguments = [
        "select",
        str(counts),
        str(tmp_path / "sheet.csv"),
        "--out",
        str(tmp_path / "out"),
        "--quiet",
    ]
    assert main([*arguments, "--keep-takeovers"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("X (library L): 1 CDR3 tested. No nomination: exploratory: no error control;")
    assert (tmp_path / "out" / "leads.html").is_file()


def test_the_lines_of_a_target_are_whole_sentences() -> None:
    assert say_targets([TARGET], unit="cdr3") == [
        "IL-6R (library naive-1): 1,653 CDR3s tested, 8 nominated, 3 of them with high confidence (Tier 2). "
        "Leads picked: 7. Swapped labels pass the same tests with 0.2 on average; what they "
        "account for is cut off the list."
    ]
    exploratory = TARGET | {
        "exploratory": True, "claim": "No nomination: exploratory: no error control.", "n_tested": 1,
        "tier1": 0, "floor_tier1": None,
    }  # fmt: skip
    assert say_targets([exploratory], unit="lineage") == [
        "IL-6R (library naive-1): 1 lineage tested. No nomination: exploratory: no error control. Listed by "
        "rank, without any error rate: 7."
    ]
    untested = TARGET | {"n_tested": 0, "claim": "Nothing could be tested: no reads.", "leads": 0}
    assert say_targets([untested], unit="clonotype") == [
        "IL-6R (library naive-1): Nothing could be tested: no reads."
    ]


@pytest.mark.parametrize("width", [80, 120])
def test_lines_are_wrapped_for_a_terminal_and_whole_for_a_file(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = say_targets([TARGET], unit="cdr3")
    write_lines(lines)
    assert capsys.readouterr().out == f"{lines[0]}\n"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    write_lines(lines)
    wrapped = capsys.readouterr().out.splitlines()
    assert len(wrapped) > 1
    assert all(len(line) <= width for line in wrapped)
    assert all(line.startswith("  ") for line in wrapped[1:])
    assert " ".join(line.strip() for line in wrapped) == lines[0]


def test_a_large_table_with_huge_counts_stays_finite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        *(f"X{n},X{n},{n},1,target,X,L" for n in (1, 2)),
        *(f"b{n},b{n},{n},1,counter,b,L" for n in (1, 2)),
        *(f"in{n},in,{n},0,input,,L" for n in (1, 2)),
    ]
    header = "sample,selection,replicate,round,arm,antigen,library"
    (tmp_path / "sheet.csv").write_text("\n".join([header, *rows]) + "\n")
    rng = np.random.default_rng(2)
    cells = {row.split(",")[0]: rng.poisson(20, 3_000) * 10**12 for row in rows}
    counts = write_table(tmp_path / "counts.csv", {"key": [f"u{n}" for n in range(3_000)], **cells})
    code = main(
        ["select", str(counts), str(tmp_path / "sheet.csv"), "--out", str(tmp_path / "out"), "--quiet"]
    )
    assert code == 0
    assert capsys.readouterr().out.startswith("X (library L): 3,000 CDR3s tested")
    table = pl.read_parquet(tmp_path / "out" / "selection.parquet")
    assert table.select(pl.col(pl.Float64).is_infinite().any()).row(0) == (False,) * len(
        table.select(pl.col(pl.Float64)).columns
    )
