"""`bactrian screen template` and `bactrian screen check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bactrian.cli import main

HEADER = "sample,fastq_1,fastq_2,selection,replicate,round,arm,antigen,library\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.fq").write_text("@r\nACGT\n+\nFFFF\n")
    Path("sheet.csv").write_text(f"{HEADER}a1,a.fq,,A1,1,2,target,OprM,L\n")
    return tmp_path


def test_template_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", "template"]) == 0
    assert capsys.readouterr().out.endswith(HEADER)


@pytest.mark.parametrize("name", ["new.csv", "new.tsv", "new.xlsx"])
def test_template_is_a_sheet_without_rows(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["screen", "template", "--out", name]) == 0
    assert capsys.readouterr().out == f"Wrote {name}. Fill it in, then run: bactrian screen check {name}\n"
    assert main(["screen", "check", name]) == 1
    assert capsys.readouterr().err.endswith(
        "the sheet has a header and no rows. Write one row per sample below it.\n"
    )


def test_template_examples_make_a_sound_design(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["screen", "template"])
    lines = capsys.readouterr().out.splitlines()
    examples = [line.removeprefix("# ") for line in lines if line.startswith("# ") and line.count(",") == 8]
    for example in examples:
        for mate, name in enumerate(example.split(",")[1:3], start=1):
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(f"@r {mate}:N:0:A\nACGT\n+\nFFFF\n")
    Path("new.csv").write_text("\n".join([lines[-1], *examples]))
    assert len(examples) == 4
    assert main(["screen", "check", "new.csv"]) == 0


def test_template_overwrites_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path("sheet.csv").read_text()
    assert main(["screen", "template", "--out", "sheet.csv"]) == 1
    assert (
        capsys.readouterr().err
        == "sheet.csv: the file exists already. Name another one, or delete it first.\n"
    )
    assert Path("sheet.csv").read_text() == before


def test_template_of_another_format(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", "template", "--out", "sheet.doc"]) == 1
    assert capsys.readouterr().err == (
        "sheet.doc: '.doc' is not a sheet's format. Name a file ending in .csv, .tsv or .xlsx.\n"
    )


def test_check_shows_the_design_and_warns_beside_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", "check", "sheet.csv"]) == 0
    out, err = capsys.readouterr()
    assert out == (
        "sheet.csv: 1 sample, no mistakes found.\n"
        "library  arm     antigen  selections  samples  rounds\n"
        "L        target  OprM     A1          1        2\n"
    )
    assert [line.startswith("Warning: ") for line in err.splitlines()] == [True] * 3


def test_check_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", "check", "sheet.csv", "--json", "--where", "round = 2"]) == 0
    out, err = capsys.readouterr()
    answer = json.loads(out)
    assert err == ""
    assert (answer["ok"], answer["samples"], answer["left_out"]) == (True, 1, 0)
    assert answer["design"] == [
        {
            "library": "L",
            "arm": "target",
            "antigen": "OprM",
            "selections": ["A1"],
            "samples": 1,
            "rounds": [2],
        }
    ]
    assert len(answer["warnings"]) == 3


def test_check_gives_every_mistake_and_exit_code_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("sheet.csv").write_text(f"{HEADER}a1,a.fq,,A1,1,R3b,goal,OprM,L\n")
    sentences = [
        "sheet.csv, row 2, column 'round': 'R3b' is not a round. Write a whole number from 0.",
        "sheet.csv, row 2, column 'arm': 'goal' is not an arm. Write target, counter, irrelevant, "
        "input or control.",
    ]
    assert main(["screen", "check", "sheet.csv"]) == 1
    assert capsys.readouterr() == ("", "\n".join(sentences) + "\n")
    assert main(["screen", "check", "sheet.csv", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert [error["message"] for error in answer["errors"]] == sentences
    assert [(error["row"], error["column"]) for error in answer["errors"]] == [(2, "round"), (2, "arm")]
