"""Reasons of units: exact sentences made of the numbers that decided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bactrian.discovery.selection.reasons import Standing, say_fold, say_rate, say_reason, say_share
from bactrian.discovery.selection.settings import SelectionSettings
from bactrian.discovery.selection.tiers import FLOOR_RATE

LIMITS = SelectionSettings()
EFFECTS = "32× over input, 16× over lysozyme, 8.0× over counter 'beads'"
NAN = float("nan")
BINDER = Standing(
    tier=2,
    log2fc_e=5.0,
    fdr_e=1e-9,
    comparators=(("lysozyme", 4.0, 1e-6), ("counter 'beads'", 3.0, 2e-5)),
    vetoed_by=(),
    grower=None,
    consistent=3,
    needed=2,
    replicates=3,
    fdr_treat=1e-4,
    floor_rate=0.0,
)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, f"Tier 2: {EFFECTS}; 3 of 3 replicates consistent"),
        (
            {"tier": 1, "fdr_treat": 0.12},
            f"Tier 1: {EFFECTS}; 3 of 3 replicates consistent; "
            "not Tier 2: that both are above 2.0× is not significant (FDR 0.12)",
        ),
        (
            {"tier": 1, "floor_rate": 0.021},
            f"Tier 1: {EFFECTS}; 3 of 3 replicates consistent; "
            "not Tier 2: not above the noise floor (label swaps account for 2.1 % of the units as certain as "
            f"this, {say_share(FLOOR_RATE[1])} allowed)",
        ),
        (
            {"tier": 0, "vetoed_by": (("lysozyme", 5.3), ("counter 'beads'", 2.0)), "floor_rate": None},
            "not nominated: enriched on lysozyme (39× over input) and counter 'beads' (4.0× over input) too",
        ),
        (
            {"tier": 0, "grower": 2.0, "floor_rate": None},
            "not nominated: a grower: 4.0× in the amplification control over input",
        ),
        (
            {"tier": 0, "log2fc_e": 0.5, "floor_rate": None},
            "not nominated: only 1.4× over input (2.0× needed)",
        ),
        (
            {"tier": 0, "comparators": (("lysozyme", -9.0, 1e-9),), "floor_rate": None},
            "not nominated: under 0.01× over lysozyme (2.0× needed)",
        ),
        (
            {"tier": 0, "fdr_e": 0.43, "floor_rate": None},
            "not nominated: 32× over input is not significant (FDR 0.43)",
        ),
        (
            {"tier": 0, "consistent": 1, "floor_rate": None},
            "not nominated: 1 of 3 replicates consistent (2 needed)",
        ),
        (
            {"tier": 0, "floor_rate": 0.126},
            "not nominated: not above the noise floor (label swaps account for 13 % of the units as certain "
            f"as this, {say_share(FLOOR_RATE[0])} allowed)",
        ),
        (
            {"tier": 0, "comparators": (("lysozyme", NAN, NAN),), "floor_rate": None},
            "not nominated: not compared with lysozyme: too few reads in the selections",
        ),
        (
            {
                "tier": 0, "log2fc_e": 0.2, "comparators": (("lysozyme", 1.5, 0.2),), "consistent": 0,
                "floor_rate": None, "vetoed_by": (("lysozyme", 3.0),),
            },
            "not nominated: enriched on lysozyme (8.0× over input) too; only 1.1× over input (2.0× needed); "
            "2.8× over lysozyme is not significant (FDR 0.2); 0 of 3 replicates consistent (2 needed)",
        ),
    ],
    ids=[
        "tier-2", "tier-1-by-treat", "tier-1-by-floor", "vetoed", "grower", "little-enriched", "depleted",
        "not-significant", "one-replicate", "noise-floor", "not-compared", "many-reasons",
    ],
)  # fmt: skip
def test_every_reason_is_one_sentence_of_the_numbers(changes: dict[str, object], sentence: str) -> None:
    assert say_reason(replace(BINDER, **changes), LIMITS) == sentence


def test_a_lifted_veto_is_shown_and_does_not_count() -> None:
    lifted = replace(LIMITS, veto=False)
    vetoed = replace(BINDER, vetoed_by=(("lysozyme", 2.0),))
    assert say_reason(vetoed, lifted).endswith(
        "3 of 3 replicates consistent; enriched on lysozyme (4.0× over input) too, the veto is lifted"
    )
    refused = replace(vetoed, tier=0, consistent=1)
    assert say_reason(refused, lifted) == "not nominated: 1 of 3 replicates consistent (2 needed)"


def test_a_design_without_error_control_says_so_before_its_folds() -> None:
    alone = replace(BINDER, tier=0, fdr_e=None, comparators=(("lysozyme", 4.0, NAN),))
    assert (
        say_reason(alone, LIMITS, unsupported=("exploratory: no error control",))
        == "exploratory: no error control; 32× over input, 16× over lysozyme"
    )


def test_a_design_with_nothing_to_compare_says_by_what_it_ranks() -> None:
    alone = replace(BINDER, tier=0, log2fc_e=None, fdr_e=None, comparators=())
    lacks = ("enrichment not tested: no input", "specificity not tested: no comparator")
    assert say_reason(alone, LIMITS, unsupported=lacks) == (
        "enrichment not tested: no input; specificity not tested: no comparator; "
        "ranked by abundance on the target"
    )


@pytest.mark.parametrize(
    ("log2fc", "said"),
    [
        (3.0, "8.0×"), (-1.0, "0.50×"), (20.0, "over 1,000×"), (-20.0, "under 0.01×"), (4.0, "16×"),
        (float("inf"), "over 1,000×"), (float("-inf"), "under 0.01×"),
    ],
)  # fmt: skip
def test_folds_are_said_as_people_do(log2fc: float, said: str) -> None:
    assert say_fold(log2fc) == said


def test_rates_and_shares_have_two_digits() -> None:
    assert [say_rate(rate) for rate in (0.0432, 3.2e-7, 0.97)] == ["0.043", "3e-07", "0.97"]
    assert [say_share(share) for share in (0.045, 0.1264, 1.0)] == ["4.5 %", "13 %", "100 %"]
