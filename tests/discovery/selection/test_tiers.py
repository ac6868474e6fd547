"""The rule on small simulated campaigns and on planted units whose verdict is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bactrian.core.seeds import make_rng
from bactrian.discovery.selection.evidence import TierEvidence, gather_evidence
from bactrian.discovery.selection.settings import SelectionSettings
from bactrian.discovery.selection.tiers import FLOOR_RATE, assign_tiers

SETTINGS = SelectionSettings()
# target 0-2, comparator 3-5, input 6-8, control 9-11
GROUPS = np.repeat(np.arange(4), 3)
PLANTED = {
    "binder": [900, 700, 1100, 0, 2, 1, 20, 22, 18, 10, 12, 9],
    "sticky": [900, 700, 1100, 250, 300, 280, 20, 22, 18, 10, 12, 9],
    "jackpot": [9000, 10, 12, 9, 11, 10, 20, 22, 18, 10, 12, 9],
    "grower": [900, 700, 1100, 0, 2, 1, 20, 22, 18, 900, 800, 950],
    "neutral": [20, 22, 18, 20, 21, 19, 20, 22, 18, 20, 21, 22],
}


def planted_counts(binders: int = 20) -> np.ndarray:
    """The planted units, more binders, and two thousand neutral units that spread as selections do."""
    rng = make_rng(3, "tiers")
    noise = np.where(GROUPS == 2, 0.0, 0.5)
    mean = rng.lognormal(3.5, 0.8, 2000)
    neutral = rng.poisson(mean[:, None] * rng.lognormal(0.0, 1.0, (2000, 12)) ** noise)
    more = rng.poisson(np.array(PLANTED["binder"]) * rng.lognormal(0, 0.4, (binders, 12)))
    return np.vstack([np.array(list(PLANTED.values())), more, neutral]).astype(np.int64)


@pytest.fixture(scope="module")
def evidence() -> TierEvidence:
    return gather_evidence(planted_counts(), GROUPS, target=0, comparators=[1], input=2, control=3)


def test_planted_units_get_the_verdict_they_deserve(evidence: TierEvidence) -> None:
    tiers = assign_tiers(evidence, SETTINGS)
    verdict = dict(zip(PLANTED, tiers.tier[: len(PLANTED)].tolist(), strict=True))
    assert verdict == {"binder": 2, "sticky": 0, "jackpot": 0, "grower": 0, "neutral": 0}
    sticky, jackpot, grower = 1, 2, 3
    assert tiers.vetoed[sticky]
    assert tiers.vetoed_by[sticky] == 0
    assert not tiers.vetoed[0]
    assert tiers.vetoed_by[0] == -1
    assert not tiers.specific[jackpot]
    assert not tiers.consistent[jackpot]
    assert tiers.grower[grower]
    assert (tiers.tier[5:25] >= 1).mean() > 0.9
    assert tiers.tier[25:].sum() == 0


def test_the_veto_can_be_lifted_and_is_still_shown(evidence: TierEvidence) -> None:
    lifted = assign_tiers(evidence, SelectionSettings(veto=False))
    sticky = list(PLANTED).index("sticky")
    assert lifted.vetoed[sticky]
    # A dispersion of 0.3 between selections leaves a factor of three over the comparator certain.
    assert lifted.tier[sticky] >= 1


def test_a_unit_below_any_limit_is_not_nominated(evidence: TierEvidence) -> None:
    binder = list(PLANTED).index("binder")
    contrasts = evidence.contrasts
    for name, value in (("consistent", 1), ("log2fc_e", 0.9)):
        changed = getattr(contrasts, name).copy()
        changed[binder] = value
        spoilt = replace(evidence, contrasts=replace(contrasts, **{name: changed}))
        assert assign_tiers(spoilt, SETTINGS).tier[binder] == 0, name
    for name in ("fdr_e", "fdr_s"):
        changed = getattr(evidence, name).copy()
        changed[binder] = 0.06
        assert assign_tiers(replace(evidence, **{name: changed}), SETTINGS).tier[binder] == 0, name


def test_tier_2_takes_the_treat_tests_as_well(evidence: TierEvidence) -> None:
    treat = evidence.contrasts.treat_s.copy()
    treat[0] = 0.2
    spoilt = replace(evidence, contrasts=replace(evidence.contrasts, treat_s=treat))
    tiers = assign_tiers(spoilt, SETTINGS)
    assert not tiers.treat[0]
    assert tiers.tier[0] <= 1


def test_nominations_that_label_swaps_make_as_well_fall_below_the_floor(evidence: TierEvidence) -> None:
    plain = assign_tiers(evidence, SETTINGS)
    found = np.flatnonzero(plain.tier >= 1)
    # Every swap nominates, as certainly as anything, units that differ in no way.
    rows = np.flatnonzero(~evidence.established)[: found.size]
    contrasts = evidence.contrasts
    copied = type(contrasts)(*(getattr(contrasts, name)[found[: rows.size]] for name in contrasts.__slots__))
    noisy = replace(evidence, swaps=((rows, copied),) * 9)
    tiers = assign_tiers(noisy, SETTINGS)
    assert tiers.floor[:, 0].tolist() == [found.size] * 9
    assert tiers.tier.sum() == 0
    assert (tiers.floor_rate[found] > FLOOR_RATE[0]).all()
    assert not tiers.above_floor[found].any()
    # Units that are established to differ teach nothing about chance.
    blocked = replace(noisy, established=np.ones_like(noisy.established))
    np.testing.assert_array_equal(assign_tiers(blocked, SETTINGS).tier >= 1, plain.tier >= 1)


def test_the_worst_comparator_is_that_of_the_largest_p() -> None:
    counts = planted_counts()
    groups = np.repeat(np.arange(4), 3)
    evidence = gather_evidence(counts, groups, target=0, comparators=[1, 3], input=2)
    tiers = assign_tiers(evidence, SETTINGS)
    np.testing.assert_array_equal(tiers.worst, evidence.p_s.argmax(axis=1))
    # The units that grow without an antigen are now bound by the second comparator.
    assert tiers.vetoed_by[list(PLANTED).index("grower")] == 1
    assert tiers.worst[list(PLANTED).index("grower")] == 1


@pytest.mark.parametrize("missing", ["input", "comparator"])
def test_without_input_or_comparator_nothing_is_nominated(missing: str) -> None:
    counts = planted_counts()[:, :9]
    if missing == "input":
        counts, groups = counts[:, :6], GROUPS[:6]
        evidence = gather_evidence(counts, groups, target=0, comparators=[1], input=None)
        assert np.isnan(evidence.p_e).all()
        assert not np.isnan(evidence.p_s).any()
        assert evidence.eligible.all()
    else:
        counts, groups = counts[:, [0, 1, 2, 6, 7, 8]], GROUPS[:6]
        evidence = gather_evidence(counts, groups, target=0, comparators=[], input=1)
        assert evidence.p_s.shape == (counts.shape[0], 0)
        assert not np.isnan(evidence.p_e).any()
    tiers = assign_tiers(evidence, SETTINGS)
    assert tiers.tier.sum() == 0
    assert tiers.floor.shape == (0, 2)
