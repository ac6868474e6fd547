"""Leads with their reasons, from tables to frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from bactrian.discovery.leads.fasta import write_lead_fasta, write_order_fasta
from bactrian.discovery.leads.known import KnownClonotype
from bactrian.discovery.leads.lead_table import ABOUT
from bactrian.discovery.leads.nomination import nominate
from bactrian.discovery.leads.settings import PickSettings

if TYPE_CHECKING:
    from tests.discovery.conftest import Invention


def test_a_pick_says_what_decided(invent: type[Invention]) -> None:
    clones = invent.clonotypes(
        invent.Clone("AADRGGYDY"),
        invent.Clone("AADRGGFDY"),
        invent.Clone("NTWPLKHSEQ", cdr1=None, cdr2=None, lineage="L000009"),
    )
    table = invent.table(
        {"key": "AADRGGYDY", "tier": 2},
        {"key": "NTWPLKHSEQ", "vetoed": True, "vetoed_by": "B", "log2fc_veto": 3.0, "tier_with_takeovers": 0},
        {"key": "AADRGGFDY", "replicates_consistent": 2},
    )
    known = (KnownClonotype("mine", "binder", "AADRGGFDY"),)
    found = nominate(table, clonotypes=clones, known=known, contrasts=invent.contrasts(table))
    first, second, third = found.leads["reason"].to_list()
    assert first.split("; ")[:4] == [
        "Tier 2, rank 1 of 3 at Tier 1 or better",
        "best of lineage L000001 (2 members)",
        "16× over B, 32× over input",
        "3 of 3 replicates",
    ]
    assert second.startswith(
        "rank 2 of 3 at Tier 1; best of lineage L000009 (1 member); 16× over B, 32× over input; 3 of 3 "
        "replicates; enriched on B 8.0× too (the veto is lifted); Tier 0 with takeover samples kept"
    )
    assert second.endswith("not orderable: CDR1–2 unknown")
    assert third.startswith("rank 3 of 3 at Tier 1; second of lineage L000001 (2 members)")
    assert "known binder 'mine' (same CDR3)" in third
    assert found.leads["lead"].to_list() == ["A_001", "A_002", "A_003"]


def test_columns_stand_in_order_and_are_explained(invent: type[Invention]) -> None:
    clones = invent.clonotypes(invent.Clone("AADRGGYDY"))
    leads = nominate(invent.table({"key": "AADRGGYDY"}), clonotypes=clones).leads
    own = [name for name in leads.columns if name in ABOUT]
    assert own == list(ABOUT)
    assert leads.columns[: len(own)] == own
    assert {"triage", "liabilities", "pi", "hallmark_call"} <= set(leads.columns)


def test_exploratory_designs_list_the_top_without_a_tier(invent: type[Invention]) -> None:
    nothing = dict.fromkeys(("p_e", "p_s", "fdr_e", "fdr_s", "fdr_treat"))
    table = invent.table(
        {"key": "AADRGGYDY", "tier": 0, "replicates": 1} | nothing,
        {"key": "NTWPLKHSEQ", "tier": 0, "replicates": 1, "log2fc_s": 0.5} | nothing,
    )
    found = nominate(table, designs=invent.designs(table, exploratory=True, replicates=1))
    lead = found.leads.row(0, named=True)
    assert found.leads["key"].to_list() == ["AADRGGYDY"]  # the other is not above its comparator
    assert (lead["tier"], lead["label"]) == (0, "exploratory: no error control")
    assert lead["reason"].startswith("rank 1, exploratory: no error control; ")
    assert found.near_misses.is_empty()
    assert (
        "'A': exploratory: no error control. Its list is the top of the ranking and carries no error rate."
        in found.notes
    )


def test_tier_zero_takes_every_unit_by_rank(invent: type[Invention]) -> None:
    table = invent.table({"key": "AADRGGYDY"}, {"key": "NTWPLKHSEQ", "tier": 0})
    found = nominate(table, PickSettings(tier=0))
    assert found.leads["tier"].to_list() == [1, 0]
    assert "not nominated (Tier 0)" in found.leads["reason"][1]


def test_no_unit_of_the_tier_is_told(invent: type[Invention]) -> None:
    found = nominate(invent.table({"key": "AADRGGYDY", "tier": 0, "fdr_s": 0.9}))
    assert found.leads.height == 0
    assert "'A': no unit is at Tier 1 or better, so no lead is picked." in found.notes


def test_empty_wells_are_explained(invent: type[Invention]) -> None:
    table = invent.table({"key": "AADRGGYDY"}, {"key": "AADRGGWDYW"}, {"key": "AADRGGFDY"})
    found = nominate(table, PickSettings(per_lineage=1, top=24))
    assert found.notes[-1] == (
        "'A': 1 of 24 wells are filled. Held back: 1 by the CDR3 distance, 1 by a full lineage. A smaller "
        "--min-distance or a larger --per-lineage picks more."
    )


def test_one_antigen_may_be_asked_for(invent: type[Invention]) -> None:
    table = pl.concat([invent.table({"key": "AADRGGYDY"}), invent.table({"key": "NTWPLKHSEQ"}, antigen="B")])
    assert nominate(table, antigens=("B",)).leads["key"].to_list() == ["NTWPLKHSEQ"]


def test_what_is_cross_reactive_shows_where_one_antigen_is_asked_for(invent: type[Invention]) -> None:
    table = pl.concat([invent.table({"key": "AADRGGYDY"}), invent.table({"key": "AADRGGYDY"}, antigen="B")])
    designs = invent.designs(table).with_columns(
        wanted_with=pl.col("antigen").replace_strict({"A": "B", "B": "A"})
    )
    leads = nominate(table, designs=designs, antigens=("B",)).leads
    assert leads.select("antigen", "cross_reactive").rows() == [("B", "A")]


def test_names_of_leads_suit_every_file(invent: type[Invention]) -> None:
    table = pl.concat(
        [
            invent.table({"key": "AADRGGYDY"}, antigen=antigen)
            for antigen in ("spike/RBD (wt)", "spike RBD wt", "α")
        ]
    )
    assert nominate(table).leads["lead"].to_list() == ["spike-RBD-wt_001", "spike-RBD-wt-2_001", "lead_001"]


def test_fasta_headers_hold_the_facts(invent: type[Invention]) -> None:
    whole, gap = invent.Clone("AADRGGYDY"), invent.Clone("NTWPLKHSEQ", gap=(66, 70), lineage="L000002")
    table = invent.table({"key": "AADRGGYDY"}, {"key": "NTWPLKHSEQ"})
    leads = nominate(table, clonotypes=invent.clonotypes(whole, gap)).leads
    records = write_lead_fasta(leads).split(">")[1:]
    header, *lines = records[0].splitlines()
    assert header == (
        "A_001 antigen=A tier=1 rank=1 well=1:A1 cdr3=AADRGGYDY clonotype=GRTFSSYA_ISWSGGST_AADRGGYDY "
        "lineage=L000001 orderable=yes"
    )
    assert "".join(lines) == whole.row()["vhh"]
    assert max(map(len, lines)) == 80
    assert "".join(records[1].splitlines()[1:]) == gap.row()["vhh"]
    orders = write_order_fasta(leads).split(">")[1:]
    assert [record.split()[0] for record in orders] == ["A_001"]
    assert 'note="from IMGT 22 to 123: what lies outside was not read"' in orders[0]


def test_bare_keys_give_no_fasta(invent: type[Invention]) -> None:
    found = nominate(invent.table({"key": "AADRGGYDY"}))
    assert write_lead_fasta(found.leads) == write_order_fasta(found.leads) == ""
    assert found.notes == (
        "Only keys were counted: no sequences are known, so there is no FASTA of leads or orders.",
    )
