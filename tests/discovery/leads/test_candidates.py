"""What picking needs of each unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from bactrian.discovery.leads.candidates import NO_CDR3, OPTIONAL, describe_candidates

if TYPE_CHECKING:
    from tests.discovery.conftest import Invention


def test_clonotype_and_lineage_come_from_the_screen(invent: type[Invention]) -> None:
    clones = invent.clonotypes(
        invent.Clone("AADRGGYDY", lineage="L7"), invent.Clone("AADRGGFDY", lineage="L7")
    )
    found, notes = describe_candidates(invent.table({"key": "AADRGGYDY"}), clones)
    row = found.row(0, named=True)
    assert notes == []
    assert (row["clonotype"], row["lineage"], row["lineage_members"]) == (
        "GRTFSSYA_ISWSGGST_AADRGGYDY",
        "L7",
        2,
    )


def test_lineages_of_bare_keys_are_computed(invent: type[Invention]) -> None:
    table = invent.table({"key": "AADRGGYDY"}, {"key": "NTWPLKHSEQ", "reads": 900}, {"key": "AADRGGFDY"})
    found, notes = describe_candidates(table)
    assert notes == []
    assert found.select("cdr3", "lineage", "lineage_members", "vhh").rows() == [
        ("AADRGGYDY", "L000002", 2, None),
        ("NTWPLKHSEQ", "L000001", 1, None),
        ("AADRGGFDY", "L000002", 2, None),
    ]


def test_clonotype_keys_name_their_cdrs(invent: type[Invention]) -> None:
    table = invent.table(
        {"key": "GRTFSSYA_ISWSGGST_AADRGGYDY", "unit": "clonotype"},
        {"key": "?_?_AADRGGFDY", "unit": "clonotype"},
    )
    found, _ = describe_candidates(table)
    assert found.select("cdr1", "cdr2", "cdr3", "lineage").rows() == [
        ("GRTFSSYA", "ISWSGGST", "AADRGGYDY", "L000001"),
        (None, None, "AADRGGFDY", "L000001"),
    ]


@pytest.mark.parametrize(
    "keys", [("clone 1", "clone 2"), ("GCAGCAGAC", "GCAGCAGAT")], ids=["names", "nucleotides"]
)
def test_keys_that_are_no_cdr3s_have_no_distance(invent: type[Invention], keys: tuple[str, str]) -> None:
    found, notes = describe_candidates(invent.table(*({"key": key} for key in keys)))
    assert found["cdr3"].to_list() == found["lineage"].to_list() == [None, None]
    assert notes == [NO_CDR3]


def test_columns_that_a_table_lacks_are_empty(invent: type[Invention]) -> None:
    lean = invent.table({"key": "AADRGGYDY"}).drop([name for name in OPTIONAL if name != "library"])
    found, _ = describe_candidates(lean.drop("library"))
    assert found["library"].to_list() == [""]
    assert found.select("vetoed", "reads", "clonotype").row(0) == (False, None, None)


def test_other_units_that_disagree_are_told(invent: type[Invention]) -> None:
    table = invent.table({"key": "AADRGGYDY", "tier": 1}, {"key": "NTWPLKHSEQ", "tier": 1}).with_columns(
        tier_clonotype=pl.Series([0, 1], dtype=pl.Int8), tier_lineage=pl.Series([2, None], dtype=pl.Int8)
    )
    found, _ = describe_candidates(table)
    assert found["units_disagree"].to_list() == [
        "counted by clonotype: Tier 0; counted by lineage: Tier 2",
        "",
    ]


def test_wanted_antigens_mark_each_other(invent: type[Invention]) -> None:
    table = pl.concat(
        [
            invent.table(
                {"key": "AADRGGYDY"}, {"key": "NTWPLKHSEQ", "tier": 0}, antigen="human", comparator="x"
            ),
            invent.table({"key": "AADRGGYDY"}, {"key": "NTWPLKHSEQ"}, antigen="cyno", comparator="x"),
            invent.table({"key": "AADRGGYDY"}, antigen="x", comparator="human"),
        ]
    )
    designs = invent.designs(table).with_columns(
        wanted_with=pl.col("antigen").replace_strict({"human": "cyno", "cyno": "human", "x": ""})
    )
    found, _ = describe_candidates(table, designs=designs)
    assert found.select("antigen", "key", "cross_reactive").rows() == [
        ("human", "AADRGGYDY", "cyno"),
        ("human", "NTWPLKHSEQ", ""),
        ("cyno", "AADRGGYDY", "human"),
        ("cyno", "NTWPLKHSEQ", ""),
        ("x", "AADRGGYDY", ""),
    ]


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({}, ""),
        ({"exploratory": True}, "exploratory: no error control"),
        ({"inputs": 0}, "enrichment not tested: no input"),
        (
            {"comparators": "", "inputs": 0},
            "enrichment not tested: no input; specificity not tested: no comparator",
        ),
    ],
    ids=["sound", "exploratory", "no-input", "neither"],
)
def test_a_design_that_cannot_claim_says_so(
    invent: type[Invention], change: dict[str, object], label: str
) -> None:
    table = invent.table({"key": "AADRGGYDY"})
    found, _ = describe_candidates(table, designs=invent.designs(table, **change))
    assert found["label"].to_list() == [label]


def test_without_designs_the_missing_p_values_tell(invent: type[Invention]) -> None:
    table = invent.table({"key": "AADRGGYDY", "p_e": None, "p_s": None, "log2fc_e": None})
    found, _ = describe_candidates(table)
    assert found["label"].to_list() == ["exploratory: no error control; enrichment not tested: no input"]


def test_rows_stand_by_antigen_and_rank(invent: type[Invention]) -> None:
    table = pl.concat(
        [
            invent.table({"key": "K", "rank": 2}, {"key": "L", "rank": 1}, antigen="z"),
            invent.table({"key": "M", "rank": 1}, antigen="a"),
        ]
    )
    assert describe_candidates(table)[0]["key"].to_list() == ["L", "K", "M"]
