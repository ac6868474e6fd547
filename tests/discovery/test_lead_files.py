"""The files of the leads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.lead_files import LEAD_FILES, RECORD, Campaign, read_record, write_leads
from bactrian.discovery.leads.known import KnownClonotype
from bactrian.discovery.leads.nomination import Nominations, nominate
from bactrian.discovery.selection.settings import SelectionSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.discovery.conftest import Invention


@pytest.fixture(scope="module")
def nominations(invent: type[Invention]) -> Nominations:
    table = invent.table(
        {"key": "AADRGGYDY"}, {"key": "NTWPLKHSEQ"}, {"key": "AADRGGFDY", "tier": 0, "fdr_s": 0.06}
    )
    clones = invent.clonotypes(
        invent.Clone("AADRGGYDY"), invent.Clone("NTWPLKHSEQ", gap=(66, 70), lineage="L000002")
    )
    return nominate(
        table,
        clonotypes=clones,
        contrasts=invent.contrasts(table),
        known=(KnownClonotype("=SUM(A1)", "binder", "AADRGGYDY"),),
        limits=SelectionSettings(rounds=(2, 3), fdr=0.04),
    )


def test_every_file_holds_the_same_leads(nominations: Nominations, tmp_path: Path) -> None:
    write_leads(nominations, tmp_path)
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == set(LEAD_FILES)
    table = pl.read_parquet(tmp_path / "leads.parquet")
    assert table.equals(nominations.leads)
    text = pl.read_csv(tmp_path / "leads.csv", infer_schema=False)
    assert text.columns == table.columns
    assert text["key"].to_list() == table["key"].to_list() == ["AADRGGYDY", "NTWPLKHSEQ"]
    missed = pl.read_csv(tmp_path / "leads_near_misses.csv")
    assert missed.select("key", "criterion").rows() == [("AADRGGFDY", "specificity FDR")]


def test_the_workbook_keeps_numbers_and_text_apart(nominations: Nominations, tmp_path: Path) -> None:
    write_leads(nominations, tmp_path)
    book = openpyxl.load_workbook(tmp_path / "leads.xlsx")
    assert book.sheetnames == ["leads", "near misses", "columns", "notes"]
    sheet = book["leads"]
    header = [cell.value for cell in sheet[1]]
    cells = dict(zip(header, sheet[2], strict=True))
    assert header == nominations.leads.columns
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "B2"
    assert (cells["log2fc_s"].value, cells["log2fc_s"].data_type) == (4, "n")
    assert (cells["fdr_s"].value, cells["fdr_s"].number_format) == (1e-4, "0.0E+00")
    # A name that begins with = is text, no formula.
    assert (cells["known"].value, cells["known"].data_type) == ("=SUM(A1)", "s")
    assert cells["orderable"].value == "yes"
    told = dict(book["columns"].iter_rows(min_row=2, values_only=True))
    assert told["well"].startswith("well of the pick, down the columns")
    assert told["charge_74"] == "net charge at pH 7.4, pKa of Bjellqvist"
    assert list(told) == header


def test_equal_leads_give_equal_bytes(nominations: Nominations, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_leads(nominations, tmp_path / name)
    for name in [*LEAD_FILES, RECORD]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_fasta_of_an_earlier_pick_does_not_stay(
    nominations: Nominations, invent: type[Invention], tmp_path: Path
) -> None:
    write_leads(nominations, tmp_path)
    assert (tmp_path / "order.fasta").is_file()
    write_leads(nominate(invent.table({"key": "AADRGGYDY"})), tmp_path)
    assert not (tmp_path / "order.fasta").exists()
    assert not (tmp_path / "leads.fasta").exists()
    assert not list(tmp_path.rglob("*.part*"))


def test_the_record_remembers_what_a_pick_was_made_with(nominations: Nominations, tmp_path: Path) -> None:
    campaign = Campaign("plate 7", simulated=True, amber=True, notes=("Mind the gap.",))
    write_leads(nominations, tmp_path, campaign=campaign)
    record = read_record(tmp_path)
    assert record.limits == SelectionSettings(rounds=(2, 3), fdr=0.04)
    assert record.known == (KnownClonotype("=SUM(A1)", "binder", "AADRGGYDY"),)
    assert record.campaign == campaign


def test_without_a_record_the_usual_limits_hold(tmp_path: Path) -> None:
    record = read_record(tmp_path)
    assert (record.limits, record.known, record.campaign) == (SelectionSettings(), (), None)


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"limits": {"unit": "protein"}, "known": []})],
                         ids=["cut", "list", "foreign"])  # fmt: skip
def test_a_damaged_record_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / RECORD
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_record(tmp_path)
    assert str(caught.value) == (
        f"{path}: the record of the last pick cannot be read. Delete the file, or run the selection again."
    )
