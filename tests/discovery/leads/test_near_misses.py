"""Units that were nearly leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from bactrian.discovery.leads.known import KnownClonotype
from bactrian.discovery.leads.nomination import nominate
from bactrian.discovery.leads.settings import PickSettings

if TYPE_CHECKING:
    from tests.discovery.conftest import Invention

TIER0 = {"tier": 0, "reason": "not nominated"}


def miss(invent: type[Invention], **row: Any) -> tuple[str, str] | None:
    """Criterion and reason of the near miss that a single unit gives."""
    table = invent.table({"key": "AADRGGYDY"} | TIER0 | row)
    found = nominate(table, contrasts=invent.contrasts(table), designs=invent.designs(table)).near_misses
    return None if found.is_empty() else found.select("criterion", "reason").row(0)


@pytest.mark.parametrize(
    ("row", "criterion", "reason"),
    [
        (
            {"vetoed": True, "vetoed_by": "B", "log2fc_veto": 5.32},
            "veto",
            "enriched on B 40×; on A 32× over input, 16× over B",
        ),
        (
            # A sticky clone: the veto tells more than the specificity that it fails as well.
            {"vetoed": True, "vetoed_by": "B", "log2fc_veto": 5.0, "log2fc_s": 0.0, "fdr_s": 0.9},
            "veto",
            "enriched on B 32×; on A 32× over input, 1.0× over B",
        ),
        (
            {"replicates_consistent": 1},
            "consistency",
            "1 of 3 replicates consistent, 2 needed; 32× over input, 16× over B",
        ),
        (
            {"fdr_s": 0.093},
            "specificity FDR",
            "FDR 0.093 against B, just above 0.05; 32× over input, 16× over B",
        ),
        (
            {"fdr_e": 0.06},
            "enrichment FDR",
            "FDR 0.06 against input, just above 0.05; 32× over input, 16× over B",
        ),
        (
            {"log2fc_s": 0.8},
            "specificity fold",
            "only 1.7× over B, 2.0× needed; 32× over input, 1.7× over B",
        ),
        (
            {"log2fc_e": 0.8},
            "enrichment fold",
            "only 1.7× over input, 2.0× needed; 1.7× over input, 16× over B",
        ),
        (
            {"grower": True, "log2fc_a": 3.0},
            "grower",
            "a grower: 8.0× in the amplification control; 32× over input, 16× over B",
        ),
        (
            {"reason": "not nominated: a later rule"},
            "further rule",
            "a later rule; 32× over input, 16× over B",
        ),
    ],
    ids=["veto", "sticky", "consistency", "fdr-s", "fdr-e", "fold-s", "fold-e", "grower", "further"],
)
def test_the_one_criterion_is_named(
    invent: type[Invention], row: dict[str, Any], criterion: str, reason: str
) -> None:
    assert miss(invent, **row) == (criterion, reason)


@pytest.mark.parametrize(
    "row",
    [
        {"fdr_s": 0.21},
        {"log2fc_s": 0.4},
        {"fdr_s": 0.06, "fdr_e": 0.06},
        {"vetoed": True, "vetoed_by": "B", "log2fc_veto": 5.0, "log2fc_e": 0.5},
        {"replicates_consistent": 1, "fdr_s": 0.06},
    ],
    ids=["far-fdr", "far-fold", "two", "not-enriched", "two-others"],
)
def test_what_fails_by_far_or_twice_is_not_listed(invent: type[Invention], row: dict[str, Any]) -> None:
    assert miss(invent, **row) is None


def test_every_comparator_counts(invent: type[Invention]) -> None:
    table = invent.table({"key": "AADRGGYDY"} | TIER0)
    second = invent.contrasts(table).with_columns(
        comparator=pl.lit("C"), log2fc=pl.lit(0.7), fdr=pl.lit(1e-9)
    )
    contrasts = pl.concat([invent.contrasts(table), second])
    found = nominate(table, contrasts=contrasts, designs=invent.designs(table)).near_misses
    assert found["reason"].to_list() == ["only 1.6× over C, 2.0× needed; 32× over input, 16× over B"]


def test_held_back_units_say_by_which_pick(invent: type[Invention]) -> None:
    table = invent.table(
        {"key": "AADRGGYDY"},
        {"key": "AADRGGFDY"},
        {"key": "AADRGGWDYW"},
        {"key": "NTWPLKHSEQ"},
        {"key": "VMCIHLNTRW"},
    )
    known = (KnownClonotype("K1", "parasite", "NTWPLKHSEQ"),)
    found = nominate(table, PickSettings(per_lineage=1), known=known).near_misses
    assert found.select("key", "criterion", "reason").rows() == [
        ("AADRGGFDY", "lineage", "Tier 1, rank 2; lineage L000001 is full: pick 1 (AADRGGYDY)"),
        (
            "AADRGGWDYW",
            "distance",
            "Tier 1, rank 3; too close to pick 1 (AADRGGYDY): 20 % of the CDR3 differ, 40 % needed",
        ),
        ("NTWPLKHSEQ", "known", "Tier 1, rank 4; marked parasite 'K1' (same CDR3)"),
    ]
    few = nominate(table, PickSettings(top=1)).near_misses
    assert few.filter(pl.col("key") == "VMCIHLNTRW")["reason"].to_list() == [
        "Tier 1, rank 5; beyond the 1 picks asked for"
    ]


def test_a_lower_tier_is_a_near_miss_of_the_higher(invent: type[Invention]) -> None:
    table = invent.table({"key": "NTWPLKHSEQ", "tier": 2}, {"key": "AADRGGYDY", "fdr_treat": 0.07})
    found = nominate(table, PickSettings(tier=2))
    assert found.leads["key"].to_list() == ["NTWPLKHSEQ"]
    assert found.near_misses.select("criterion", "reason").rows() == [
        ("TREAT FDR", "Tier 1, rank 2; Tier 2 was asked for (TREAT FDR 0.07)")
    ]


def test_a_long_list_takes_the_best_of_each_criterion_in_turn(invent: type[Invention]) -> None:
    letters = "ACDEFGHIKL"
    vetoed = [
        {"key": f"AAAA{a}W", "vetoed": True, "vetoed_by": "B", "log2fc_veto": 4.0, "log2fc_e": 4.0 + place}
        | TIER0
        for place, a in enumerate(letters)
    ]
    single = [{"key": f"CCCC{a}Y", "replicates_consistent": 1} | TIER0 for a in letters]
    table = invent.table(*vetoed, *single)
    found = nominate(table, PickSettings(near_misses=5), contrasts=invent.contrasts(table)).near_misses
    assert found["key"].to_list() == ["AAAALW", "CCCCAY", "AAAAKW", "CCCCCY", "AAAAIW"]
