"""The pages on files name every file and column that a screen leaves, each in the file's own section."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from bactrian.cli import main
from bactrian.discovery.leads import criteria, picking
from bactrian.discovery.leads.lead_table import ABOUT
from bactrian.discovery.leads.near_misses import NEAR_MISS_COLUMNS
from bactrian.discovery.leads.triage_table import triage_columns
from bactrian.discovery.leads.validation import COLUMNS, RATES_SCHEMA
from bactrian.discovery.library import FLAGS
from bactrian.discovery.selection.frames import SCHEMAS, SELECTION_COLUMNS
from bactrian.discovery.selection_files import NOTES, PLACES
from bactrian.discovery.summary import FLAGS as SAID

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = DOCS / "reference"
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
    text = (DOCS / page).read_text(encoding="utf-8")
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
    sections = read_sections("reference/files.md")
    files = [(results / name, name) for name in ("samples.csv", "clonotypes.parquet", "neighbours.csv")]
    files += [(results / name, "Counts") for name in COUNTS]
    files += [(find_table(results / name), f"{name}/") for name in ("airr", "pairs")]
    unsaid = {path.name: list_columns(path) - sections[heading] for path, heading in files}
    assert {name: columns for name, columns in unsaid.items() if columns} == {}
    assert set(json.loads((results / "summary.json").read_text())) - sections["summary.json"] == set()


def read_parts(page: str, heading: str) -> dict[str, set[str]]:
    """Give the words set as code of each part of a section: a part begins with the name of its file."""
    text = (DOCS / page).read_text(encoding="utf-8")
    section = re.split(rf"^## {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    parts = re.split(r"^`([a-z_]+\.[a-z]+)` ", re.split(r"^## ", section, flags=re.MULTILINE)[0], flags=re.M)
    return {
        name: set(re.findall(r"`([^`]+)`", body)) for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_every_column_of_the_selection_is_explained(results: Path) -> None:
    sections = read_sections("reference/files.md")
    parts = read_parts("reference/files.md", "selection/")
    assert set(SELECTION_COLUMNS) - sections["selection.csv"] == set()
    assert set(SCHEMAS["table"]) - sections["selection.csv"] - sections["selection.parquet"] == set()
    unsaid = {name: set(SCHEMAS[name]) - parts[Path(place).name] for name, place in PLACES.items()}
    assert {name: columns for name, columns in unsaid.items() if columns} == {}
    assert "note" in parts[Path(NOTES).name]
    for path in sorted((results / "selection").glob("*.*")):
        if path.suffix != ".json":
            assert list_columns(path) - parts[path.name] == set(), path.name


def test_every_column_of_the_leads_is_explained(results: Path) -> None:
    sections = read_sections("reference/files.md")
    triage = read_sections("reference/triage.md")["Columns"]
    assert set(ABOUT) - sections["leads.csv"] == set()
    assert set(triage_columns()) - triage == set()
    assert list_columns(results / "leads.csv") - sections["leads.csv"] - triage == set()
    assert set(NEAR_MISS_COLUMNS) - sections["leads_near_misses.csv"] == set()
    assert list_columns(results / "leads_near_misses.csv") - sections["leads_near_misses.csv"] == set()


def test_every_criterion_of_a_near_miss_is_explained() -> None:
    explained = read_sections("reference/files.md")["leads_near_misses.csv"]
    held = {picking.KNOWN, picking.LINEAGE, picking.DISTANCE, picking.PLATE}
    failed = {
        criteria.ENRICHMENT_FOLD,
        criteria.ENRICHMENT_FDR,
        criteria.SPECIFICITY_FOLD,
        criteria.SPECIFICITY_FDR,
        criteria.VETO,
        criteria.GROWER,
        criteria.CONSISTENCY,
        criteria.TREAT,
        criteria.FURTHER,
    }
    assert (held | failed) - explained == set()


def test_every_column_of_a_validation_is_explained() -> None:
    explained = read_sections("how-to/validate-leads.md")["The files"]
    assert {*COLUMNS, *RATES_SCHEMA} - explained == set()


def test_every_quality_column_is_explained_where_its_table_is(results: Path) -> None:
    sections = read_sections("reference/quality-tables.md")
    unsaid = {}
    for path in sorted((results / "quality").iterdir()):
        (heading,) = (heading for heading in sections if path.name in heading.split())
        unsaid[path.name] = list_columns(path) - sections[heading]
    assert {name: columns for name, columns in unsaid.items() if columns} == {}


def test_every_file_of_a_selection_is_explained(results: Path, tmp_path: Path) -> None:
    counts, sheet = results / "counts_cdr3.parquet", results.parent / "in" / "sheet.csv"
    assert main(["select", str(counts), str(sheet), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    text = (REFERENCE / "files.md").read_text(encoding="utf-8")
    explained = read_sections("reference/files.md")["summary.json"]
    assert set(json.loads((tmp_path / "out" / "summary.json").read_text())) - explained == set()
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.name not in text] == []


def test_every_file_is_named(results: Path) -> None:
    text = (REFERENCE / "files.md").read_text(encoding="utf-8")
    assert [path.name for path in results.iterdir() if path.name not in text] == []
    assert [path.stem for path in (results / "quality").iterdir() if f"`{path.stem}`" not in text] == []
    assert [path.name for path in (results / "selection").iterdir() if f"`{path.name}`" not in text] == []


def test_every_flag_is_explained() -> None:
    explained = read_sections("reference/files.md")["samples.csv"]
    assert set(SAID) == {*FLAGS, "failed"}
    assert set(SAID) - explained == set()
