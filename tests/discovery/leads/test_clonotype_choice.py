"""The clonotype that stands for a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bactrian.discovery.leads.clonotype_choice import CHOSEN, choose_clonotypes

if TYPE_CHECKING:
    from tests.discovery.conftest import Invention


def test_the_clonotype_with_most_reads_stands_for_its_cdr3(invent: type[Invention]) -> None:
    clones = invent.clonotypes(
        invent.Clone("AADRGGYDY", count=30),
        invent.Clone("AADRGGYDY", cdr1="GFTFDDYA", count=70),
        invent.Clone("NTWPLKHSEQ", lineage="L000002"),
    )
    found = choose_clonotypes(clones, "cdr3")
    assert found.columns == list(CHOSEN)
    assert found.select("key", "clonotype", "clonotype_share", "n_clonotypes").rows() == [
        ("AADRGGYDY", "GFTFDDYA_ISWSGGST_AADRGGYDY", 0.7, 2),
        ("NTWPLKHSEQ", "GRTFSSYA_ISWSGGST_NTWPLKHSEQ", 1.0, 1),
    ]


def test_a_known_cdr12_stands_before_an_unknown_one(invent: type[Invention]) -> None:
    clones = invent.clonotypes(
        invent.Clone("AADRGGYDY", cdr1=None, cdr2=None, count=90), invent.Clone("AADRGGYDY", count=10)
    )
    assert choose_clonotypes(clones, "cdr3")["clonotype"].to_list() == ["GRTFSSYA_ISWSGGST_AADRGGYDY"]
    alone = choose_clonotypes(clones.head(1), "cdr3")
    assert alone.select("clonotype", "cdr1").row(0) == ("?_?_AADRGGYDY", None)


def test_a_clonotype_stands_for_itself(invent: type[Invention]) -> None:
    clones = invent.clonotypes(
        invent.Clone("AADRGGYDY", count=30), invent.Clone("AADRGGYDY", cdr1="GFTFDDYA", count=70)
    )
    found = choose_clonotypes(clones, "clonotype")
    assert found["key"].to_list() == found["clonotype"].to_list() == sorted(clones["clonotype"])
    assert found["clonotype_share"].to_list() == [1.0, 1.0]


def test_a_lineage_is_stood_for_by_its_largest_cdr3(invent: type[Invention]) -> None:
    clones = invent.clonotypes(
        invent.Clone("AADRGGYDY", count=60),
        invent.Clone("AADRGGFDY", count=40),
        invent.Clone("AADRGGFDY", cdr1="GFTFDDYA", count=45),
    )
    found = choose_clonotypes(clones, "lineage")
    assert found.select("key", "cdr3", "clonotype", "lineage_members").rows() == [
        ("L000001", "AADRGGFDY", "GFTFDDYA_ISWSGGST_AADRGGFDY", 2)
    ]


def test_libraries_are_kept_apart(invent: type[Invention]) -> None:
    clones = invent.clonotypes(
        invent.Clone("AADRGGYDY", count=30),
        invent.Clone("AADRGGYDY", cdr1="GFTFDDYA", count=70, library="Other"),
    )
    assert choose_clonotypes(clones, "cdr3").select("library", "clonotype_share").rows() == [
        ("Lib", 1.0),
        ("Other", 1.0),
    ]
