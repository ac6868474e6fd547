"""The pages on files name every file and column that a screen leaves, each in the file's own section."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from bactrian.cli import main
from bactrian.discovery.library import FLAGS
from bactrian.discovery.summary import FLAGS as SAID

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
COUNTS = ("counts_cdr3.parquet", "counts_clonotype.parquet", "counts_vhh.parquet")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("screen")
    size = ["--clones", "100", "--reads", "100", "--replicates", "1", "--rounds", "1", "--read-length", "150"]
    classes = [word for name in ("specific", "sticky", "growers") for word in ("--set", f"{name}=5")]
    assert main(["simulate", "panning", "--out", str(folder / "in"), *size, *classes, "--quiet"]) == 0
    wanted = ["--airr", "--pair-records", "--transformants", "1e6", "--workers", "1", "--quiet"]
    assert main(["screen", str(folder / "in" / "sheet.csv"), "--out", str(folder / "out"), *wanted]) == 0
    return folder / "out"


def read_sections(page: str) -> dict[str, set[str]]:
    """Give the words set as code in each section of a page, by its heading."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return {
        heading: set(re.findall(r"`([^`]+)`", body))
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
    }


def list_columns(path: Path) -> set[str]:
    if path.suffix == ".parquet":
        return set(pl.read_parquet_schema(path))
    return set(pl.read_csv(path, separator="\t" if path.suffix == ".tsv" else ",").columns)


def find_table(folder: Path) -> Path:
    return sorted(folder.iterdir())[0]


def test_every_column_is_explained_where_its_file_is(results: Path) -> None:
    sections = read_sections("files.md")
    files = [(results / name, name) for name in ("samples.csv", "clonotypes.parquet", "neighbours.csv")]
    files += [(results / name, "Counts") for name in COUNTS]
    files += [(find_table(results / name), f"{name}/") for name in ("airr", "pairs")]
    unsaid = {path.name: list_columns(path) - sections[heading] for path, heading in files}
    assert {name: columns for name, columns in unsaid.items() if columns} == {}
    assert set(json.loads((results / "summary.json").read_text())) - sections["summary.json"] == set()


def test_every_quality_column_is_explained_where_its_table_is(results: Path) -> None:
    sections = read_sections("quality-tables.md")
    unsaid = {}
    for path in sorted((results / "quality").iterdir()):
        (heading,) = (heading for heading in sections if path.name in heading.split())
        unsaid[path.name] = list_columns(path) - sections[heading]
    assert {name: columns for name, columns in unsaid.items() if columns} == {}


def test_every_file_is_named(results: Path) -> None:
    text = (REFERENCE / "files.md").read_text(encoding="utf-8")
    assert [path.name for path in results.iterdir() if path.name not in text] == []
    assert [path.stem for path in (results / "quality").iterdir() if f"`{path.stem}`" not in text] == []


def test_every_flag_is_explained() -> None:
    explained = read_sections("files.md")["samples.csv"]
    assert set(SAID) == {*FLAGS, "failed"}
    assert set(SAID) - explained == set()
