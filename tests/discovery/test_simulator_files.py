"""The folder of a simulation: FASTQ files, count tables, truth, sheet; and the command that makes it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import dnaio
import polars as pl
import pytest
from click.testing import CliRunner

from bactrian.core.errors import InputError
from bactrian.discovery.simulate_command import simulate

if TYPE_CHECKING:
    from pathlib import Path

SMALL = [
    "--clones", "200", "--replicates", "1", "--reads", "300", "--read-length", "150", "--quiet",
    "--set", "specific=5", "--set", "sticky=5", "--set", "growers=5", "--set", "jackpots=2",
]  # fmt: skip


def make(folder: Path, *more: str) -> Path:
    result = CliRunner().invoke(
        simulate, ["panning", "--out", str(folder), *SMALL, *more], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{folder / 'sheet.csv'}\n"
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("panning") / "run"
    return make(folder, "--chimeras", "0.3", "--hopping", "0.02", "--truth-reads")


def test_the_sheet_has_the_columns_of_the_screen(simulated: Path) -> None:
    sheet = pl.read_csv(simulated / "sheet.csv")
    assert sheet.columns == [
        "sample", "fastq_1", "fastq_2", "selection", "replicate", "round", "arm", "antigen", "library",
    ]  # fmt: skip
    assert sheet["sample"].to_list() == [
        "input-1", "input-2", "input-3", "antigen1-1-round1", "antigen1-1-round2",
        "counter-1-round1", "counter-1-round2",
    ]  # fmt: skip
    assert sheet["round"].to_list() == [0, 0, 0, 1, 2, 1, 2]
    assert sheet["arm"].to_list() == ["input"] * 3 + ["target"] * 2 + ["counter"] * 2
    for name in [*sheet["fastq_1"], *sheet["fastq_2"]]:
        assert (simulated / name).is_file()


def test_fastq_files_hold_the_pairs_that_the_truth_counts(simulated: Path) -> None:
    counts = pl.read_parquet(simulated / "truth/counts.parquet")
    for sample in pl.read_csv(simulated / "sheet.csv").iter_rows(named=True):
        truth = counts.filter(pl.col("sample") == sample["sample"])
        pairs = 0
        with dnaio.open(simulated / sample["fastq_1"], simulated / sample["fastq_2"]) as reader:
            for first, second in reader:
                assert len(first) == len(second) == 150
                pairs += 1
        assert pairs == truth["count"].sum()
        reads = pl.read_parquet(simulated / f"truth/reads/{sample['sample']}.parquet")
        assert reads.height == pairs
        assert reads["pair"].to_list() == list(range(1, pairs + 1))
        assert reads["chimeric"].sum() == truth["n_chimeric"].sum()
        assert reads["hopped_from"].is_not_null().sum() == truth["n_hopped"].sum()
        assert reads["error_free"].sum() == truth["n_error_free"].sum()


def test_the_truth_about_clones_is_beside_the_reads(simulated: Path) -> None:
    clones = pl.read_parquet(simulated / "truth/clones.parquet")
    assert {
        "clone", "frequency", "productive", "defect", "cdr1", "cdr2", "cdr3", "clonotype", "vhh", "amplicon",
        "class", "antigen", "amplification", "retention_antigen1", "retention_counter",
    } <= set(clones.columns)  # fmt: skip
    assert dict(clones["class"].value_counts().iter_rows())["specific"] == 5
    jackpots = pl.read_parquet(simulated / "truth/jackpots.parquet")
    assert dict(jackpots["sample"].value_counts().iter_rows()) == {
        "antigen1-1-round2": 2,
        "counter-1-round2": 2,
    }


def test_the_description_says_that_this_is_simulated(simulated: Path) -> None:
    description = json.loads((simulated / "simulation.json").read_text())
    assert description["statement"] == "This data is simulated by Bactrian. Nothing in it was measured."
    assert description["complete"] is True
    assert description["primers"] == {"forward": "TCCTGTGCAGCCTC", "reverse": "ACCTGGGTCCCCTG"}
    assert description["reads"]["chimeras"] == 0.3
    assert description["panning"]["specific"] == 5
    assert sorted(description["files"]) == sorted(digests(simulated))


def test_the_same_seed_gives_the_same_bytes(simulated: Path, tmp_path: Path) -> None:
    arguments = ("--chimeras", "0.3", "--hopping", "0.02", "--truth-reads")
    assert digests(make(tmp_path / "again", *arguments)) == digests(simulated)
    other = digests(make(tmp_path / "other", *arguments, "--seed", "2"))
    assert other.keys() == digests(simulated).keys()
    assert other["fastq/input-1_R1.fastq.gz"] != digests(simulated)["fastq/input-1_R1.fastq.gz"]


def test_counts_without_reads_have_the_layout_of_the_screen(tmp_path: Path) -> None:
    folder = make(tmp_path / "counts", "--counts")
    cdr3 = pl.read_parquet(folder / "counts_cdr3.parquet")
    clonotype = pl.read_parquet(folder / "counts_clonotype.parquet")
    assert cdr3.columns == ["sample", "cdr3", "count"]
    assert clonotype.columns == ["sample", "clonotype", "count"]
    for table in (cdr3, clonotype):
        assert set(table.group_by("sample").agg(pl.col("count").sum())["count"]) == {300}
    assert not (folder / "fastq").exists()
    sheet = pl.read_csv(folder / "sheet.csv")
    assert "fastq_1" not in sheet.columns
    assert cdr3["sample"].unique(maintain_order=True).to_list() == sheet["sample"].to_list()
    assert json.loads((folder / "simulation.json").read_text())["reads"] is None


def test_reads_and_counts_of_one_seed_are_of_the_same_molecules(tmp_path: Path) -> None:
    reads = make(tmp_path / "reads", "--hopping", "0.05")
    counts = make(tmp_path / "counts", "--hopping", "0.05", "--counts")
    columns = ["sample", "clone", "count", "n_hopped"]
    first, second = (
        pl.read_parquet(folder / "truth/counts.parquet").select(columns) for folder in (reads, counts)
    )
    assert first.equals(second)


def test_a_folder_that_is_no_simulation_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError) as caught:
        make(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: The folder is not empty and holds no simulation. Name a new or an empty folder."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_in_the_folders_place_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.write_text("mine")
    with pytest.raises(InputError) as caught:
        make(path)
    assert str(caught.value) == f"{path}: This is a file, not a folder. Name a new folder."


def test_a_new_simulation_replaces_an_older_one_and_nothing_else(tmp_path: Path) -> None:
    folder = make(tmp_path / "run", "--truth-reads")
    (folder / "notes.txt").write_text("mine")
    make(folder, "--counts")
    assert sorted(digests(folder)) == [
        "counts_cdr3.parquet", "counts_clonotype.parquet", "notes.txt", "sheet.csv", "simulation.json",
        "truth/clones.parquet", "truth/counts.parquet", "truth/jackpots.parquet",
    ]  # fmt: skip


def test_named_settings_options_and_single_numbers_are_put_together(tmp_path: Path) -> None:
    more = (
        "--setting",
        "harsh",
        "--rounds",
        "3",
        "--sequenced",
        "1,3",
        "--control",
        "--counts",
        "--set",
        "aliquot_sd=0.3",
    )
    folder = make(tmp_path / "run", *more)
    panning = json.loads((folder / "simulation.json").read_text())["panning"]
    assert (panning["bottleneck"], panning["aliquot_sd"], panning["reads"]) == (5e4, 0.3, 300)
    sheet = pl.read_csv(folder / "sheet.csv")
    assert sheet.filter(pl.col("arm") == "control")["round"].to_list() == [1, 3]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param("bottleneck=wide", "'wide' is no value for bottleneck. Write a number.", id="number"),
        pytest.param("jackpots=1.5", "'1.5' is no value for jackpots. Write a whole number.", id="whole"),
        pytest.param("counter=maybe", "'maybe' is no value for counter. Write yes or no.", id="yes or no"),
        pytest.param(
            "sequenced=last",
            "'last' is no value for sequenced. Write whole numbers joined by commas.",
            id="rounds",
        ),
        pytest.param(
            "chimeras=2", "'2.0' is no value for chimeras. Write a share from 0 to 0.5.", id="share"
        ),
    ],
)
def test_a_bad_number_is_named_in_one_sentence(change: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        make(tmp_path / "run", "--set", change)
    assert str(caught.value) == sentence
    assert not (tmp_path / "run").exists()


def test_an_unknown_setting_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"^'speed' is no setting of the simulator\. Write one of aliquot_sd, amber, "
    ):
        make(tmp_path / "run", "--set", "speed=9")
