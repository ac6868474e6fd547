"""The page on files names every file and every column that a screen leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from bactrian.cli import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "files.md"
TABLES = (
    "samples.csv",
    "counts_cdr3.parquet",
    "counts_clonotype.parquet",
    "counts_vhh.parquet",
    "clonotypes.parquet",
    "neighbours.csv",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("screen")
    size = ["--clones", "100", "--reads", "100", "--replicates", "1", "--rounds", "1", "--read-length", "150"]
    classes = [word for name in ("specific", "sticky", "growers") for word in ("--set", f"{name}=5")]
    assert main(["simulate", "panning", "--out", str(folder / "in"), *size, *classes, "--quiet"]) == 0
    sheet = folder / "in" / "sheet.csv"
    assert main(["screen", str(sheet), "--out", str(folder / "out"), "--workers", "1", "--quiet"]) == 0
    return folder / "out"


def test_every_column_is_explained(results: Path) -> None:
    words = set(re.findall(r"`([^`]+)`", PAGE.read_text(encoding="utf-8")))
    for name in TABLES:
        frame = pl.read_csv(results / name) if name.endswith(".csv") else pl.read_parquet(results / name)
        assert set(frame.columns) - words == set(), name
        assert name in PAGE.read_text(encoding="utf-8")
    assert set(json.loads((results / "summary.json").read_text())) - words == set()


def test_every_file_is_named(results: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    visible = [path for path in results.iterdir() if not path.name.startswith(".")]
    assert [path.name for path in visible if path.name not in text] == []
    assert [path.stem for path in (results / "quality").iterdir() if f"`{path.stem}`" not in text] == []
