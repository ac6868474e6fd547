"""Evidence is gathered once, the same under true and swapped labels, and holds on the campaigns it is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from bactrian.core.seeds import make_rng
from bactrian.discovery.selection.contrasts import Roles, run_contrasts
from bactrian.discovery.selection.evidence import gather_evidence
from bactrian.discovery.selection.multiplicity import adjust_bh
from bactrian.discovery.selection.regroup import regroup_units
from bactrian.discovery.selection.settings import SelectionSettings
from bactrian.discovery.selection.tiers import assign_tiers
from bactrian.discovery.simulator.library import draw_frequencies
from bactrian.discovery.simulator.panning import pan_library
from bactrian.discovery.simulator.settings import LibrarySettings, PanningSettings

SMALL = LibrarySettings(clones=4000)
PANNING = PanningSettings(
    specific=40, sticky=40, growers=40, jackpots=4, reads=40_000, bottleneck=4e4, sequenced=(2,)
)


def campaign(settings: PanningSettings, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    clones = draw_frequencies(SMALL, rng=make_rng(seed, "frequencies"))
    panning = pan_library(clones, settings, library=SMALL, seed=seed)
    arms = {"target": 0, "counter": 1, "input": 2}
    groups = np.array([arms[sample.arm] for sample in panning.samples])
    tested = panning.counts.sum(axis=0) >= 8
    binder = (panning.clones["class"] == "specific").to_numpy()
    return np.ascontiguousarray(panning.counts.T[tested]), groups, binder[tested]


def test_campaigns_give_their_binders_and_little_else() -> None:
    true, false, high, there = 0, 0, 0, 0
    for seed in (11, 12, 13):
        counts, groups, binder = campaign(PANNING, seed)
        evidence = gather_evidence(counts, groups, target=0, comparators=[1], input=2)
        tier = assign_tiers(evidence, SelectionSettings()).tier
        there += 40
        true += int((tier[binder] >= 1).sum())
        false += int((tier[~binder] >= 1).sum())
        high += int((tier[~binder] == 2).sum())
    assert true / there > 0.8
    # A campaign of a fifth of the usual size: with 40 binders one false nomination is 2.5 %.
    assert false / (true + false) < 0.08
    assert high <= 1


@pytest.mark.parametrize("replicates", [2, 3])
def test_nothing_of_high_confidence_is_found_where_nothing_is(replicates: int) -> None:
    nominated = []
    for seed in (21, 22, 23):
        counts, groups, _ = campaign(replace(PANNING, specific=0, replicates=replicates), seed)
        evidence = gather_evidence(counts, groups, target=0, comparators=[1], input=2)
        nominated.append(assign_tiers(evidence, SelectionSettings()).tier)
    assert max(tier.max() for tier in nominated) <= 1
    assert np.mean([(tier >= 1).sum() for tier in nominated]) <= 1


def test_two_halves_of_one_condition_do_not_differ() -> None:
    settings = replace(PANNING, replicates=6, counter=False, inputs=0)
    for seed in (31, 32):
        counts, groups, _ = campaign(settings, seed)
        halves = make_rng(seed, "split").permutation(np.repeat([0, 1], 3))
        assert groups.tolist() == [0] * 6
        evidence = gather_evidence(counts, halves, target=0, comparators=[1], input=None)
        assert (adjust_bh(evidence.p_s[:, 0]) < 0.05).sum() == 0


def test_specificity_is_asked_only_of_what_is_enriched_in_either_arm() -> None:
    counts, groups, _ = campaign(PANNING, 11)
    evidence = gather_evidence(counts, groups, target=0, comparators=[1], input=2)
    enriched = (evidence.fdr_e < 0.05) & (evidence.log2fc_e > 1)
    other = (evidence.fdr_veto[:, 0] < 0.05) & (evidence.log2fc_veto[:, 0] > 1)
    np.testing.assert_array_equal(evidence.eligible[:, 0], enriched | other)
    inside = evidence.eligible[:, 0]
    np.testing.assert_allclose(evidence.fdr_s[inside, 0], adjust_bh(evidence.p_s[inside, 0]))
    np.testing.assert_allclose(evidence.fdr_s[~inside, 0], adjust_bh(evidence.p_s[:, 0])[~inside])


def test_units_regrouped_under_their_own_labels_keep_their_tests() -> None:
    counts, groups, _ = campaign(PANNING, 11)
    evidence = gather_evidence(counts, groups, target=0, comparators=[1], input=2)
    assert evidence.panned is not None
    rows = np.arange(0, counts.shape[0], 37)
    again = run_contrasts(
        regroup_units(evidence.fit, rows, counts=evidence.fit.counts[rows], groups=evidence.fit.groups),
        regroup_units(
            evidence.panned, rows, counts=evidence.panned.counts[rows], groups=evidence.panned.groups
        ),
        Roles(0, (1,), 2, None),
        consistent=evidence.consistent[rows],
        lead=evidence.contrasts.lead[rows],
        log2fc=1.0,
    )
    # The bound on the degrees of freedom, thousands, is rounded up; tails hardly feel it.
    np.testing.assert_allclose(again.p_e, evidence.p_e[rows], rtol=5e-3)
    np.testing.assert_allclose(again.p_s, evidence.p_s[rows], rtol=5e-3)
    np.testing.assert_allclose(again.treat_s, evidence.treat_s[rows], rtol=5e-3)
    np.testing.assert_allclose(again.log2fc_s, evidence.log2fc_s[rows], rtol=1e-9)


@pytest.mark.shared_data
def test_the_rule_keeps_to_the_real_set_it_is_regressed_on(shared_data) -> None:  # type: ignore[no-untyped-def]
    folder = shared_data / "discovery" / "phageseq_minimal"
    table = pl.read_csv(folder / "derived" / "cdr3_counts.tsv.gz", separator="\t")
    sheet = pl.read_csv(folder / "sheet.csv")
    picks = pl.read_csv(folder / "truth" / "picks_truth.csv")
    well_of = dict(zip(picks["CDR3_nogap"], picks["well"], strict=True))

    def column(selection: str) -> np.ndarray:
        late = sheet.filter((pl.col("selection") == selection) & pl.col("round").is_in([7, 8]))["sample"]
        kept = [sample for sample in late if sample not in {"03-A2", "03-C2"}]
        return table.select(pl.sum_horizontal(kept)).to_series().to_numpy()

    columns = [column(selection) for selection in ("1.A2", "1.B2", "1.C2", "1.A9", "1.B9", "1.C9")]
    columns += [table[sample].to_numpy() for sample in ("07-C4", "07-C5", "07-C6")]
    counts = np.stack(columns, axis=1).astype(np.int64)
    tested = counts.sum(axis=1) >= 8
    wells = np.array([well_of.get(key, "") for key in table["CDR3"]])[tested]
    nominated = {}
    for target, other in ((0, 1), (1, 0)):
        evidence = gather_evidence(
            counts[tested], np.repeat(np.arange(3), 3), target=target, comparators=[other], input=2
        )
        tier = assign_tiers(evidence, SelectionSettings()).tier
        nominated[target] = set(wells[tier >= 1].tolist()) - {""}
    assert {"B5", "A6", "E5", "C6", "G6", "C5"} <= nominated[0]
    flagellum = {"A1", "A3", "B3", "C3", "D3", "D4", "E3", "E4", "F3", "F4", "H2", "H3", "H4"}
    assert len(flagellum & nominated[1]) >= 10
    assert not {"E10", "F10", "H10", "D1", "D11"} & (nominated[0] | nominated[1])
