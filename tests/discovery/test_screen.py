"""The whole job on small simulated pannings: through the command line, from sheet to files."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import airr
import polars as pl
import pytest
from benchmarks.prove_screen_simulated import list_targets, simulate_and_screen
from benchmarks.screen_checks import measure_balance, measure_mate2

if TYPE_CHECKING:
    from pathlib import Path

from bactrian.cli import main
from bactrian.discovery.screen import ScreenSettings, screen_library

SMALL = ("--clones", "150", "--reads", "600", "--replicates", "1", "--rounds", "1", "--read-length", "151")
NAMES = ("antigen1-1-round1", "counter-1-round1", "input-1", "input-2", "input-3")


@pytest.fixture(scope="module")
def panning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate five small samples with recombined mates that mostly do not overlap."""
    folder = tmp_path_factory.mktemp("simulated") / "panning"
    few = ["--set", "specific=5", "--set", "sticky=5", "--set", "growers=5", "--set", "jackpots=2"]
    assert (
        main(
            [
                "simulate",
                "panning",
                "--out",
                str(folder),
                "--seed",
                "3",
                "--chimeras",
                "0.3",
                "--quiet",
                *SMALL,
                *few,
            ]
        )
        == 0
    )
    return folder


@pytest.fixture(scope="module")
def finished(panning: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Screen them once, in this process."""
    out = tmp_path_factory.mktemp("screens") / "one"
    screen_library(panning / "sheet.csv", out, workers=1, airr=True, pair_records=True)
    return out


def read_outputs(folder: Path) -> dict[str, bytes]:
    """Give every result file with its bytes."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".bactrian" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_every_pair_is_accounted_for(finished: Path) -> None:
    assert [target.name for target in measure_balance(finished) if not target.met] == []


def test_the_files_are_those_of_the_docs(finished: Path) -> None:
    assert {path.name for path in finished.iterdir()} == {
        ".bactrian", "airr", "clonotypes.parquet", "counts_cdr3.parquet", "counts_clonotype.parquet",
        "counts_vhh.parquet", "leads.csv", "leads.fasta", "leads.html", "leads.parquet", "leads.xlsx",
        "leads_near_misses.csv", "neighbours.csv", "order.fasta", "pairs", "quality", "report.html",
        "samples.csv", "selection", "selection.csv", "selection.parquet", "summary.json",
    }  # fmt: skip
    samples = pl.read_csv(finished / "samples.csv")
    assert ",".join(samples.columns) == (
        "sample,pairs,primers_found,filtered,merged,joined,single,productive,stop,frameshift,truncated,not_vhh,"
        "chimeric,cdr3s,clonotypes,top_share,flags"
    )
    assert set(samples["sample"]) == set(NAMES)
    assert pl.read_parquet(finished / "counts_clonotype.parquet").columns == ["sample", "clonotype", "count"]
    assert json.loads((finished / "summary.json").read_text())["schema"] == "bactrian.screen.summary/1"


def test_simulated_reads_are_called_so(panning: Path, finished: Path, tmp_path: Path) -> None:
    said = "The reads are simulated: nothing here was measured."
    assert said in json.loads((finished / "summary.json").read_text())["notes"]
    assert said in (finished / "report.html").read_text()
    shutil.copytree(panning, tmp_path / "data", ignore=shutil.ignore_patterns("simulation.json"))
    run = screen_library(tmp_path / "data" / "sheet.csv", tmp_path / "out", workers=1)
    assert said not in run.summary["notes"]


def test_mates_that_do_not_overlap_are_joined_and_their_cdr3_kept(finished: Path) -> None:
    samples = pl.read_csv(finished / "samples.csv").sum()
    assert samples["joined"][0] > samples["merged"][0] > 0
    kept, *_ = measure_mate2(finished)
    assert kept.met, kept.row()


def test_two_workers_give_the_same_bytes(panning: Path, finished: Path, tmp_path: Path) -> None:
    screen_library(panning / "sheet.csv", tmp_path / "two", workers=2, airr=True, pair_records=True)
    assert read_outputs(tmp_path / "two") == read_outputs(finished)


def test_airr_files_are_valid(finished: Path) -> None:
    for name in NAMES:
        path = finished / "airr" / f"{name}.tsv"
        assert airr.validate_rearrangement(str(path), debug=False)
        rows = pl.read_csv(path, separator="\t", infer_schema=False)
        samples = pl.read_csv(finished / "samples.csv").filter(pl.col("sample") == name)
        assert rows["duplicate_count"].cast(pl.Int64).sum() == samples["productive"].item()
        with_junction = rows.filter(pl.col("junction") != "")
        assert with_junction.height > rows.height / 2
        assert with_junction.filter(
            pl.col("junction").str.len_chars() != 3 * pl.col("junction_aa").str.len_chars()
        ).is_empty()
        assert (
            with_junction.filter(~pl.col("junction_aa").str.contains("^C")).height < with_junction.height / 20
        )


def test_the_same_command_again_redoes_nothing(panning: Path, finished: Path) -> None:
    before = read_outputs(finished)
    run = screen_library(panning / "sheet.csv", finished, workers=1, airr=True, pair_records=True)
    assert run.redone == ()
    assert read_outputs(finished) == before


def test_a_changed_setting_reruns_only_what_it_touches(panning: Path, tmp_path: Path) -> None:
    first = screen_library(panning / "sheet.csv", tmp_path / "out", workers=1)
    assert {name.partition("/")[0] for name in first.redone} == {
        "primers", "reads", "clonotypes", "quality", "selection",
    }  # fmt: skip
    skewed = screen_library(
        panning / "sheet.csv", tmp_path / "out", workers=1, settings=ScreenSettings(skew_alpha=1.0)
    )
    assert set(skewed.redone) == {"clonotypes/library1", "quality/all", "selection/all"}


def test_a_sample_added_to_the_sheet_reruns_itself_and_what_pools_it(panning: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    screen_library(panning / "sheet.csv", out, workers=1, where="sample <> 'input-3'")
    assert "input-3" not in (out / "samples.csv").read_text()
    added = screen_library(panning / "sheet.csv", out, workers=1)
    assert set(added.redone) == {
        "primers/input-3", "reads/input-3", "clonotypes/library1", "quality/all", "selection/all",
    }  # fmt: skip


def test_rows_and_pair_records_come_and_go_without_reading_twice(panning: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    screen_library(panning / "sheet.csv", out, workers=1, pair_records=True)
    assert screen_library(panning / "sheet.csv", out, workers=1).redone == ()
    assert not (out / "pairs").exists()
    inputs = screen_library(panning / "sheet.csv", out, workers=1, where="arm = 'input'")
    assert set(inputs.redone) == {"clonotypes/library1", "quality/all", "selection/all"}
    assert screen_library(panning / "sheet.csv", out, workers=1, pair_records=True).redone == ()
    assert len(list((out / "pairs").iterdir())) == 5


def test_a_sample_with_other_primers_is_not_lost(panning: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    few = ["--set", "specific=5", "--set", "sticky=5", "--set", "growers=5", "--set", "jackpots=2"]
    assert (
        main(["simulate", "panning", "--out", str(other), "--quiet", "--primers", "vector", *SMALL, *few])
        == 0
    )
    lines = (panning / "sheet.csv").read_text().splitlines()
    columns = lines[0].split(",")
    (row,) = [line for line in (other / "sheet.csv").read_text().splitlines() if line.startswith("input-1,")]
    cells = dict(zip(columns, row.split(","), strict=True)) | {"sample": "outer", "replicate": "9"}
    for column in ("fastq_1", "fastq_2"):
        cells[column] = str(other / cells[column])
    for line in lines[1:]:
        own = dict(zip(columns, line.split(","), strict=True))
        for column in ("fastq_1", "fastq_2"):
            own[column] = str(panning / own[column])
        lines[lines.index(line)] = ",".join(own.values())
    (tmp_path / "mixed.csv").write_text("\n".join([*lines, ",".join(cells.values())]) + "\n")
    screen_library(tmp_path / "mixed.csv", tmp_path / "out", workers=1)
    samples = pl.read_csv(tmp_path / "out" / "samples.csv")
    assert samples.filter(pl.col("primers_found") < 0.9 * pl.col("pairs")).is_empty()
    assert samples.filter(pl.col("sample") == "outer")["productive"].item() > 500


def test_what_where_leaves_out_changes_the_rest_as_if_it_were_not_there(
    panning: Path, tmp_path: Path
) -> None:
    lines = (panning / "sheet.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("input-2,")]
    shutil.copytree(panning / "fastq", tmp_path / "short" / "fastq")
    (tmp_path / "short" / "sheet.csv").write_text("".join(kept))
    screen_library(panning / "sheet.csv", tmp_path / "where", workers=1, where="sample <> 'input-2'")
    screen_library(tmp_path / "short" / "sheet.csv", tmp_path / "without", workers=1)
    for name in ("samples.csv", "counts_cdr3.parquet", "counts_vhh.parquet", "clonotypes.parquet"):
        assert (tmp_path / "where" / name).read_bytes() == (tmp_path / "without" / name).read_bytes()


def cut_off(panning: Path, folder: Path) -> Path:
    """Copy a panning and cut one file of input-2 in the middle."""
    shutil.copytree(panning, folder)
    (damaged,) = sorted((folder / "fastq").glob("input-2*R2*"))
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    return damaged


def test_a_damaged_file_stops_the_run_with_one_sentence(
    panning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = cut_off(panning, tmp_path / "data")
    out = tmp_path / "out"
    assert (
        main(["screen", str(tmp_path / "data" / "sheet.csv"), "--out", str(out), "--quiet", "--workers", "1"])
        == 1
    )
    stderr = capsys.readouterr().err
    assert damaged.name in stderr
    assert "record" in stderr
    assert "Traceback" not in stderr
    assert not (out / "samples.csv").exists()


def test_keep_going_finishes_the_other_samples_and_still_fails(
    panning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = cut_off(panning, tmp_path / "data")
    arguments = [
        "screen",
        str(tmp_path / "data" / "sheet.csv"),
        "--out",
        str(tmp_path / "out"),
        "--keep-going",
        "--quiet",
    ]
    assert main([*arguments, "--workers", "1"]) == 1
    assert damaged.name in capsys.readouterr().err
    samples = pl.read_csv(tmp_path / "out" / "samples.csv")
    failed = samples.filter(pl.col("flags") == "failed")
    assert failed["sample"].to_list() == ["input-2"]
    assert failed["productive"].to_list() == [None]
    assert samples.filter(pl.col("productive") > 500).height == 4
    assert (tmp_path / "out" / "report.html").exists()


def test_somebody_elses_folder_is_left_alone(
    panning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    assert main(["screen", str(panning / "sheet.csv"), "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path}: the folder holds files that are not of a screen. Name a new or empty folder.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["--primers", "ACGT"], (1, "ACGT")),
        (
            ["--transformants", "many"],
            (2, "'many' is no number of transformants. Write 1e9, or LIBRARY=1e9."),
        ),
        (
            ["--transformants", "other=1e6"],
            (1, "'other' is no library of the sheet. Expected one of: simulated."),
        ),
        (["--max-ee", "0"], (2, "0.0 is not in the range x>0")),
        (["--where", "smple = 'a'"], (1, "smple")),
        (
            ["--primers", "ACGTACGTAC,ACGTACGTAT", "--no-primers"],
            (2, "contradict each other. Leave one out."),
        ),
    ],
    ids=["one-primer", "transformants", "other-library", "max-ee", "where", "both-primers"],
)
def test_a_wrong_option_gets_one_sentence(
    panning: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    answer: tuple[int, str],
) -> None:
    code, sentence = answer
    assert main(["screen", str(panning / "sheet.csv"), "--out", str(tmp_path / "out"), *options]) == code
    stderr = capsys.readouterr().err
    assert sentence in stderr
    assert "Traceback" not in stderr


def test_given_primers_and_none_at_all(panning: Path, tmp_path: Path) -> None:
    with gzip.open(next((panning / "fastq").glob("input-1*R1*")), "rt") as reads:
        n_pairs = sum(1 for _ in reads) // 4
    out = tmp_path / "out"
    arguments = [
        "screen",
        str(panning / "sheet.csv"),
        "--out",
        str(out),
        "--where",
        "sample = 'input-1'",
        "--quiet",
        "--workers",
        "1",
    ]
    assert main([*arguments, "--primers", "TCCTGTGCAGCCTC,ACCTGGGTCCCCTG"]) == 0
    found = pl.read_csv(out / "samples.csv")
    assert 0.95 * n_pairs < found["primers_found"].item() <= n_pairs
    assert main([*arguments, "--no-primers"]) == 0
    assert pl.read_csv(out / "samples.csv")["primers_found"].item() == n_pairs


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_goes_on_to_the_same_bytes(panning: Path, tmp_path: Path, workers: int) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    screen_library(panning / "sheet.csv", whole, workers=1)
    command = [sys.executable, "-m", "bactrian", "screen", str(panning / "sheet.csv"), "--out", str(broken)]
    command += ["--workers", str(workers)]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while not any((broken / ".bactrian" / "reads").glob("*-*")):
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(run.pid, signal.SIGINT)
    _, stderr = run.communicate(timeout=60)
    assert run.returncode == 130, stderr.decode()
    assert b"Interrupted. A screen keeps what was finished; the same command goes on from there." in stderr
    kept = {path.name.rpartition("-")[0] for path in (broken / ".bactrian" / "reads").iterdir()}
    assert not list(broken.rglob("*.part*"))
    again = screen_library(panning / "sheet.csv", broken, workers=workers)
    assert not kept & {name.partition("/")[2] for name in again.redone if name.startswith("reads/")}
    assert read_outputs(broken) == read_outputs(whole)


TRUTH_SIZE = (
    "--clones", "400", "--reads", "6000", "--replicates", "1", "--rounds", "1", "--read-length", "250",
    "--set", "specific=10", "--set", "sticky=10", "--set", "growers=10",
)  # fmt: skip


@pytest.mark.parametrize("chimeras", [0.0, 0.2, 0.45], ids=["none", "a-fifth", "nearly-half"])
def test_simulated_reads_give_back_their_truth(tmp_path: Path, chimeras: float) -> None:
    found = simulate_and_screen(tmp_path, chimeras, seed=21, size=TRUTH_SIZE)
    assert found.abundant > 100
    assert found.reported > 200
    assert [target.row() for target in list_targets(found, chimeras) if not target.met] == []
