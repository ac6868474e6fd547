"""Nominations on real counts: the wells of phage-seq minimal, from the table of CDR3s that stands beside it.

A regression test on data that the rule has seen, not an accuracy figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from benchmarks.leads_checks import (
    ANTIGENS,
    CONTROLS,
    FLAGELLUM,
    LEAST_FLAGELLUM,
    OPRM,
    OPRM_NEAR,
    TAKEOVERS,
    WHERE,
    place_picks,
    read_picks,
)
from benchmarks.prove_leads_real import count_derived, validate_picks

from bactrian.discovery.selection.campaign import select_units
from bactrian.discovery.selection.settings import SelectionSettings
from bactrian.discovery.sheet import read_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from bactrian.discovery.selection.campaign import Selection

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "discovery" / "phageseq_minimal"


@pytest.fixture(scope="module")
def selection(folder: Path) -> Selection:
    samples = read_sheet(folder / "sheet.csv", where=WHERE).samples
    counts = count_derived(folder, samples["sample"].to_list())
    return select_units(counts, samples, SelectionSettings(), takeovers=TAKEOVERS)


def test_the_wells_made_for_each_antigen_are_nominated_and_no_control(
    folder: Path, selection: Selection
) -> None:
    found = place_picks(selection.table, read_picks(folder))
    assert found.nominated("OprM", OPRM) == list(OPRM)
    assert len(found.nominated("flagellum", FLAGELLUM)) >= LEAST_FLAGELLUM
    assert found.wrong() == []


def test_d5_is_nominated_or_told_what_it_lacks(folder: Path, selection: Selection) -> None:
    found = place_picks(selection.table, read_picks(folder))
    place = ("OprM", OPRM_NEAR)
    assert found.tiers[place] >= 1 or found.reasons[place]


def test_every_control_that_was_tested_has_its_reason(folder: Path, selection: Selection) -> None:
    found = place_picks(selection.table, read_picks(folder))
    tested = [place for place in found.tiers if place[1] in CONTROLS]
    assert {well for _, well in tested} >= {"E10", "F10", "D11"}
    assert [place for place in tested if not found.reasons[place]] == []


def test_takeovers_are_left_out_and_their_result_stands_beside(selection: Selection) -> None:
    designs = {row["antigen"]: row for row in selection.designs.iter_rows(named=True)}
    assert set(designs["OprM"]["left_out"].split(";")) == set(TAKEOVERS)
    assert designs["OprM"]["rounds"] == "7;8"
    beside = selection.table.filter(pl.col("antigen") == "OprM")["tier_with_takeovers"]
    assert beside.null_count() == 0


def test_wells_as_binding_results(folder: Path, selection: Selection) -> None:
    picks = read_picks(folder)
    found = validate_picks(selection.table, None, folder)
    rows = found.rows.join(picks.select("well", own="cdr3"), on="well")
    assert rows.height == 87
    # The CDR3s read from the nucleotides are those of the set, but for two whose border it draws elsewhere:
    # G3 has R at IMGT 104, A8 has a second C before its CDR3.
    other = rows.filter(pl.col("cdr3") != pl.col("own")).select("well", "cdr3", "own")
    assert other.rows() == [
        ("G3", "NRIVPTRGAY", "RNRIVPTRGAY"),
        ("A8", "NADPEVAGIADTYDY", "SCNADPEVAGIADTYDY"),
    ]
    assert dict(rows["call"].value_counts().iter_rows()) == {"binds": 28, "not validated": 59}
    foreign = rows.filter(~pl.col("antigen").is_in(["OprM", "flagellum"]))
    assert set(foreign["match"]) == {"none"}
    assert foreign["reason"].str.contains("is no target of this screen").all()
    assert rows.filter(pl.col("match") != "joined")["reason"].null_count() == 0
    assert set(ANTIGENS.values()) == {"OprM", "flagellum"}


def test_no_negative_of_the_wells_is_called_proven(folder: Path, selection: Selection) -> None:
    rates = validate_picks(selection.table, None, folder).rates
    assert rates["does_not_bind"].sum() == 0
    assert rates.filter(pl.col("not_validated") > 0).height > 0
