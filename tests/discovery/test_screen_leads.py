"""A small simulated panning from its FASTQ files to leads: which files, which stages, what is refused."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from bactrian.cli import main
from bactrian.discovery.leads.settings import PickSettings
from bactrian.discovery.screen import ScreenSettings, screen_library
from bactrian.discovery.selection.settings import SelectionSettings
from bactrian.discovery.selection_files import read_selection

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (
    "--clones", "150", "--reads", "700", "--replicates", "2", "--rounds", "2", "--sequenced", "2",
    "--read-length", "250",
)  # fmt: skip
FEW = ("specific=6", "sticky=5", "growers=5", "jackpots=2")
LEAD_FILES = {
    "leads.csv", "leads.fasta", "leads.html", "leads.parquet", "leads.xlsx", "order.fasta", "selection.csv",
    "selection.parquet", "selection/columns.csv", "selection/contrasts.parquet", "selection/designs.csv",
    "selection/floors.csv", "selection/notes.csv", "selection/replicates.parquet",
    "selection/trajectories.parquet",
}  # fmt: skip


@pytest.fixture(scope="module")
def panning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate two selections on a target and on a counter surface, and three inputs."""
    folder = tmp_path_factory.mktemp("leads") / "panning"
    few = [part for change in FEW for part in ("--set", change)]
    assert main(["simulate", "panning", "--out", str(folder), "--seed", "3", "--quiet", *SIZE, *few]) == 0
    return folder


@pytest.fixture(scope="module")
def finished(panning: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("screened") / "one"
    screen_library(panning / "sheet.csv", out, workers=1)
    return out


def read_outputs(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".bactrian" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_screen_ends_in_leads(panning: Path, finished: Path) -> None:
    assert set(read_outputs(finished)) >= LEAD_FILES
    summary = json.loads((finished / "summary.json").read_text())
    (target,) = summary["targets"]
    assert (summary["unit"], target["antigen"], target["replicates"], target["inputs"]) == (
        "cdr3", "antigen1", 2, 3,
    )  # fmt: skip
    table = pl.read_csv(finished / "selection.csv")
    assert target["n_tested"] == table.height
    assert table.filter(pl.col("tier") > 0).height == target["tier1"]
    truth = pl.read_parquet(panning / "truth" / "clones.parquet").select("cdr3", kind="class").unique("cdr3")
    ranked = table.join(truth, left_on="key", right_on="cdr3", maintain_order="left").sort("rank")
    nominated = ranked.filter(pl.col("tier") > 0)
    assert nominated.height >= 4
    assert (nominated["kind"] == "specific").all()
    assert target["leads"] == pl.read_csv(finished / "leads.csv").height


def test_every_row_has_its_clonotype_and_what_other_units_say(finished: Path) -> None:
    table = read_selection(finished).table
    assert table["clonotype"].null_count() == 0
    assert (table["clonotype"].str.split("_").list.last() == table["key"]).all()
    assert table.select("tier_cdr3", "tier_clonotype", "tier_lineage").null_count().row(0) == (0, 0, 0)
    known = set(pl.read_parquet(finished / "clonotypes.parquet")["clonotype"])
    assert set(table["clonotype"]) <= known


def test_two_workers_give_the_same_bytes(panning: Path, finished: Path, tmp_path: Path) -> None:
    screen_library(panning / "sheet.csv", tmp_path / "two", workers=2)
    assert read_outputs(tmp_path / "two") == read_outputs(finished)


def test_a_changed_limit_redoes_the_tests_alone(panning: Path, tmp_path: Path) -> None:
    sheet, out = panning / "sheet.csv", tmp_path / "out"
    first = screen_library(sheet, out, workers=1)
    assert "selection/all" in first.redone
    assert screen_library(sheet, out, workers=1).redone == ()
    stricter = ScreenSettings(selection=SelectionSettings(min_reads=40))
    found = screen_library(sheet, out, workers=1, settings=stricter)
    assert found.redone == ("selection/all",)
    assert found.summary["settings"]["min_reads"] == 40
    assert pl.read_parquet(out / "selection.parquet")["reads"].min() >= 40
    fewer = ScreenSettings(selection=SelectionSettings(min_reads=40), picks=PickSettings(top=2))
    picked = screen_library(sheet, out, workers=1, settings=fewer)
    assert picked.redone == ()
    assert [row["leads"] for row in picked.summary["targets"]] == [2]
    assert pl.read_csv(out / "leads.csv").height == 2


def test_a_unit_may_be_a_lineage_or_a_clonotype(panning: Path, finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "out")
    for unit in ("lineage", "clonotype"):
        settings = ScreenSettings(selection=SelectionSettings(unit=unit))
        found = screen_library(panning / "sheet.csv", tmp_path / "out", workers=1, settings=settings)
        assert found.redone == ("selection/all",)
        table = pl.read_csv(tmp_path / "out" / "selection.csv")
        assert table["unit"].unique().to_list() == [unit]
        assert set(table["key"]) <= set(pl.read_parquet(tmp_path / "out" / "clonotypes.parquet")[unit])


def test_a_sample_that_fails_is_not_compared(
    panning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(panning, tmp_path / "data")
    (damaged,) = sorted((tmp_path / "data" / "fastq").glob("antigen1-2*R2*"))
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    arguments = ["screen", str(tmp_path / "data" / "sheet.csv"), "--out", str(tmp_path / "out"), "--quiet"]
    assert main([*arguments, "--keep-going", "--workers", "1"]) == 1
    said = capsys.readouterr()
    assert damaged.name in said.err
    assert "Traceback" not in said.err
    assert set(read_outputs(tmp_path / "out")) >= LEAD_FILES
    design = read_selection(tmp_path / "out").designs.row(0, named=True)
    assert (design["replicates"], design["exploratory"]) == (1, True)
    assert "No nomination: exploratory: no error control." in said.out
    assert str(tmp_path / "out" / "leads.html") in said.out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--rounds", "4"], "column 'round': '4' is no round of a target sample. Ask for some of these: 2."),
        (["--known", "nothing.csv"], "nothing.csv: there is no such file. Check the path."),
    ],
    ids=["rounds", "known"],
)
def test_what_is_wrong_is_refused_before_any_work(
    panning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    out = tmp_path / "out"
    assert main(["screen", str(panning / "sheet.csv"), "--out", str(out), *options]) == 1
    stderr = capsys.readouterr().err
    assert sentence in stderr
    assert "Traceback" not in stderr
    assert not out.exists()


def test_a_known_file_of_other_columns_is_refused_before_any_work(
    panning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = tmp_path / "known.csv"
    known.write_text("foo,bar\n1,2\n")
    arguments = ["screen", str(panning / "sheet.csv"), "--out", str(tmp_path / "out"), "--known", str(known)]
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(f"{known}: its columns are 'foo', 'bar'.")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("where", "claim"),
    [
        ("arm <> 'input'", "No nomination: enrichment not tested: no input."),
        ("arm <> 'counter'", "No nomination: specificity not tested: no comparator."),
        (
            "sample = 'antigen1-1-round2'",
            "No nomination: exploratory: no error control; enrichment not tested: no input; specificity not "
            "tested: no comparator.",
        ),
    ],
    ids=["no-input", "no-comparator", "one-sample"],
)
def test_a_design_that_cannot_nominate_runs_to_its_end(
    panning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], where: str, claim: str
) -> None:
    arguments = ["screen", str(panning / "sheet.csv"), "--out", str(tmp_path / "out"), "--where", where]
    assert main([*arguments, "--quiet", "--workers", "1"]) == 0
    said = capsys.readouterr()
    assert claim in said.out
    assert "Traceback" not in said.err
    assert (tmp_path / "out" / "leads.html").is_file()
    assert (tmp_path / "out" / "report.html").is_file()


def test_without_a_target_there_is_no_page_of_leads(
    panning: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(finished, tmp_path / "out")
    arguments = ["screen", str(panning / "sheet.csv"), "--out", str(tmp_path / "out"), "--quiet"]
    assert main([*arguments, "--workers", "1", "--where", "arm = 'input'"]) == 0
    out = capsys.readouterr().out
    assert "! The sheet has no target sample: nothing is tested and nothing nominated." in out
    assert out.splitlines()[-1] == str(tmp_path / "out" / "report.html")
    assert not (tmp_path / "out" / "leads.html").exists()
    assert pl.read_csv(tmp_path / "out" / "selection.csv").is_empty()
