"""Classes, retention, bottleneck, amplification and jackpots follow the laws they are said to."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bactrian.core.errors import InputError
from bactrian.core.seeds import make_rng
from bactrian.discovery.simulator.library import draw_library
from bactrian.discovery.simulator.panning import (
    Panning,
    draw_classes,
    pan_library,
    run_selection,
    sequence_pool,
    simulate_panning,
)
from bactrian.discovery.simulator.settings import (
    LibrarySettings,
    PanningSettings,
    named_panning_settings,
)
from bactrian.discovery.vhh.profile import load_profile

LIBRARY = LibrarySettings(clones=1500)
SMALL = PanningSettings(
    specific=60, sticky=60, growers=60, reads=20_000, bottleneck=3e4, antigens=2, control=True
)


def bare_clones(n: int, productive: int | None = None) -> pl.DataFrame:
    sound = np.arange(n) < (n if productive is None else productive)
    return pl.DataFrame({"clone": np.arange(n), "frequency": np.full(n, 1 / n), "productive": sound})


@pytest.fixture(scope="module")
def library() -> pl.DataFrame:
    return draw_library(LIBRARY, load_profile(), rng=make_rng(1, "library"))


@pytest.fixture(scope="module")
def panning(library: pl.DataFrame) -> Panning:
    return pan_library(library, SMALL, library=LIBRARY, seed=1)


def test_classes_have_their_numbers_and_laws() -> None:
    settings = PanningSettings(specific=4000, sticky=4000, growers=4000)
    clones = draw_classes(bare_clones(20_000), settings, rng=make_rng(1, "classes"))
    sizes = dict(clones["class"].value_counts().iter_rows())
    assert sizes == {"specific": 4000, "sticky": 4000, "grower": 4000, "neutral": 8000}
    # 4,000 values: the mean of a logarithm with spread 0.56 is known to 0.009, a spread to 0.006.
    log = {
        name: clones.filter(pl.col("class") == name).select(
            target=pl.col("retention_antigen1").log(),
            counter=pl.col("retention_counter").log(),
            growth=pl.col("amplification").log(),
        )
        for name in sizes
    }
    background = np.log(1e-3)
    assert log["neutral"]["target"].mean() == pytest.approx(background, abs=0.02)
    assert log["neutral"]["target"].std() == pytest.approx(0.25, abs=0.015)
    assert (log["neutral"]["target"] == log["neutral"]["counter"]).all()
    assert log["specific"]["target"].mean() == pytest.approx(background + np.log(12), abs=0.04)
    assert log["specific"]["counter"].mean() == pytest.approx(background, abs=0.02)
    binding = log["specific"]["target"] - log["specific"]["counter"]
    assert binding.std() == pytest.approx(0.5, abs=0.03)
    assert log["sticky"]["counter"].mean() == pytest.approx(background + np.log(12), abs=0.04)
    assert (log["sticky"]["counter"] - log["sticky"]["target"]).std() == pytest.approx(0.15, abs=0.01)
    assert log["neutral"]["growth"].std() == pytest.approx(0.15, abs=0.01)
    assert log["grower"]["growth"].mean() == pytest.approx(np.log(4), abs=0.02)
    assert log["grower"]["growth"].std() == pytest.approx(np.hypot(0.15, 0.3), abs=0.02)


def test_every_antigen_has_specific_clones_of_its_own() -> None:
    settings = PanningSettings(specific=50, antigens=2)
    clones = draw_classes(bare_clones(1000), settings, rng=make_rng(1, "classes"))
    bound = clones.filter(pl.col("class") == "specific")
    assert dict(bound["antigen"].value_counts().iter_rows()) == {"antigen1": 50, "antigen2": 50}
    ratio = (pl.col("retention_antigen1") / pl.col("retention_antigen2")).log()
    first = bound.filter(pl.col("antigen") == "antigen1").select(ratio).to_series()
    second = bound.filter(pl.col("antigen") == "antigen2").select(ratio).to_series()
    assert first.mean() == pytest.approx(np.log(12), abs=0.3)
    assert second.mean() == pytest.approx(-np.log(12), abs=0.3)


def test_defective_clones_bind_nothing() -> None:
    clones = draw_classes(
        bare_clones(2000, productive=1000), PanningSettings(specific=300), rng=make_rng(1, "classes")
    )
    assert set(clones.filter(~pl.col("productive"))["class"]) == {"neutral"}


def run(settings: PanningSettings, weights: np.ndarray, seed: int = 1) -> tuple[list[np.ndarray], np.ndarray]:
    n = weights.size
    pools, jackpots = run_selection(
        np.full(n, 1 / n),
        weights,
        amplification=np.ones(n),
        productive=np.ones(n, dtype=bool),
        settings=settings,
        rng=make_rng(seed, "test"),
    )
    return pools, jackpots


def test_the_bottleneck_is_poisson_around_retention() -> None:
    # An amplification that hardly varies (gamma of shape 1e9) leaves the eluted numbers to be seen.
    settings = PanningSettings(rounds=1, jackpots=0, aliquot_sd=0, bottleneck=1e5, amplification_shape=1e9)
    weights = np.repeat([1.0, 4.0], 5000)
    (amount,), _ = run(settings, weights)
    eluted = np.rint(amount)
    assert np.abs(amount - eluted).max() < 0.1
    # Means 4 and 16 (5,000 clones each share 1e5 as 1 to 4); standard errors 0.03 and 0.06.
    assert eluted[:5000].mean() == pytest.approx(4.0, abs=0.12)
    assert eluted[5000:].mean() == pytest.approx(16.0, abs=0.25)
    # Variance over mean of a Poisson is 1, known from 5,000 values to 0.02.
    assert eluted[:5000].var() / eluted[:5000].mean() == pytest.approx(1.0, abs=0.08)
    # The sum is Poisson as well: standard deviation 316.
    assert abs(eluted.sum() - 1e5) < 5 * 316


def test_amplification_is_gamma_with_mean_one() -> None:
    settings = PanningSettings(rounds=1, jackpots=0, aliquot_sd=0, bottleneck=1e8)
    (amount,), _ = run(settings, np.ones(5000))
    factor = amount / 2e4
    assert factor.mean() == pytest.approx(1.0, abs=0.03)
    assert factor.var() == pytest.approx(1 / 4, abs=0.03)


def test_aliquots_are_uneven_once_for_all_rounds() -> None:
    settings = PanningSettings(rounds=2, jackpots=0, aliquot_sd=0.6, bottleneck=1e8, amplification_shape=1e9)
    pools, _ = run(settings, np.ones(4000))
    logs = [np.log(pool) for pool in pools]
    assert logs[0].std() == pytest.approx(0.6, abs=0.03)
    assert np.corrcoef(logs[0], logs[1])[0, 1] > 0.999


def test_jackpots_explode_in_the_last_round_only() -> None:
    plain = PanningSettings(rounds=3, jackpots=0, aliquot_sd=0, bottleneck=1e7, amplification_shape=1e9)
    lucky = PanningSettings(rounds=3, jackpots=10, aliquot_sd=0, bottleneck=1e7, amplification_shape=1e9)
    without, none = run(plain, np.ones(1000))
    with_jackpots, chosen = run(lucky, np.ones(1000))
    assert none.size == 0
    assert np.unique(chosen).size == 10
    for before, after in zip(without[:2], with_jackpots[:2], strict=True):
        assert np.array_equal(before, after)
    expected = without[2].copy()
    expected[chosen] = (expected[chosen] + 1) * 50
    assert np.allclose(with_jackpots[2], expected)


def test_a_pool_is_sequenced_until_it_gave_its_productive_molecules() -> None:
    productive = np.arange(100) < 90
    rng = make_rng(1, "pool")
    drawn = np.stack([sequence_pool(np.ones(100), productive, 9000, rng=rng) for _ in range(50)])
    assert (drawn[:, productive].sum(axis=1) == 9000).all()
    # 10 % defective: 1,000 come up on the way to 9,000; the mean of 50 draws is known to 5.
    assert drawn[:, ~productive].sum(axis=1).mean() == pytest.approx(1000, abs=25)
    assert drawn[:, productive].mean() == pytest.approx(100)


def test_samples_and_counts_fit_the_design(panning: Panning) -> None:
    names = [sample.name for sample in panning.samples]
    assert len(names) == len(set(names)) == 3 + (2 + 1 + 1) * 3 * 2
    assert names[:4] == ["input-1", "input-2", "input-3", "antigen1-1-round1"]
    arms = [sample.arm for sample in panning.samples]
    assert {arm: arms.count(arm) for arm in set(arms)} == {
        "input": 3,
        "target": 12,
        "counter": 6,
        "control": 6,
    }
    productive = panning.clones["productive"].to_numpy()
    assert (panning.counts[:, productive].sum(axis=1) == 20_000).all()
    last = panning.jackpots.group_by("sample").len()
    assert set(last["len"]) == {10}
    assert all(name.endswith("-round2") for name in last["sample"])


def test_arms_retain_what_they_are_made_to(panning: Panning) -> None:
    words = panning.clones["class"].to_numpy()
    antigen = panning.clones["antigen"].fill_null("").to_numpy()
    share = {}
    for sample, counts in zip(panning.samples, panning.counts, strict=True):
        key = (sample.arm, sample.antigen, sample.round)
        groups = {"a1": antigen == "antigen1", "sticky": words == "sticky", "grower": words == "grower"}
        share[key] = {name: counts[rows].sum() / counts.sum() for name, rows in groups.items()}
    unpanned = share["input", "", 0]
    # Retained about 13.6 times better on average (the mean of the lognormal), before saturation.
    assert share["target", "antigen1", 1]["a1"] > 4 * unpanned["a1"]
    assert share["target", "antigen2", 2]["a1"] < unpanned["a1"]
    assert share["counter", "counter", 1]["sticky"] > 4 * unpanned["sticky"]
    assert share["control", "", 1]["grower"] > 2.5 * unpanned["grower"]
    assert share["control", "", 2]["sticky"] < 2 * unpanned["sticky"]


def test_more_arms_leave_the_other_samples_as_they_were(library: pl.DataFrame, panning: Panning) -> None:
    fewer = PanningSettings(
        specific=60, sticky=60, growers=60, reads=20_000, bottleneck=3e4, antigens=2, replicates=1, inputs=1,
        sequenced=(2,),
    )  # fmt: skip
    again = pan_library(library, fewer, library=LIBRARY, seed=1)
    names = [sample.name for sample in panning.samples]
    assert [s.name for s in again.samples] == [
        "input-1",
        "antigen1-1-round2",
        "antigen2-1-round2",
        "counter-1-round2",
    ]
    for sample, counts in zip(again.samples, again.counts, strict=True):
        assert np.array_equal(counts, panning.counts[names.index(sample.name)])


def test_the_seed_decides_everything() -> None:
    settings = PanningSettings(specific=5, sticky=5, growers=5, reads=500, replicates=1, jackpots=2)
    library = LibrarySettings(clones=100)
    first, same, other = (
        simulate_panning(settings, library, profile=load_profile(), seed=seed) for seed in (4, 4, 5)
    )
    assert first.clones.equals(same.clones)
    assert np.array_equal(first.counts, same.counts)
    assert not np.array_equal(first.counts[:, :100], other.counts[:, :100])


def test_the_null_has_no_specific_clone() -> None:
    clones = draw_classes(bare_clones(1000), PanningSettings(specific=0), rng=make_rng(1, "classes"))
    assert dict(clones["class"].value_counts().iter_rows()) == {"sticky": 200, "grower": 200, "neutral": 600}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        pytest.param(
            PanningSettings(),
            "There are 100 productive clones for 600 specific, sticky and fast-growing ones. "
            "Simulate more clones, or fewer of these.",
            id="too few clones",
        ),
        pytest.param(
            PanningSettings(specific=1, sticky=1, growers=1, jackpots=101),
            "'101' jackpots are more than the 100 clones. Write fewer.",
            id="jackpots",
        ),
        pytest.param(
            PanningSettings(specific=1, sticky=1, growers=1, jackpots=0, bottleneck=1e-9, reads=10),
            "No phage came through round 1: a bottleneck of 1e-09 is too narrow. "
            "Widen it, or pan fewer rounds.",
            id="nothing came through",
        ),
    ],
)
def test_what_cannot_be_panned_is_said(settings: PanningSettings, sentence: str) -> None:
    library = LibrarySettings(clones=100, stop=0, frameshift=0, empty=0)
    with pytest.raises(InputError) as caught:
        simulate_panning(settings, library, profile=load_profile(), seed=1)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("setting", "ratio", "best"),
    [
        pytest.param("standard", (0.67, 0.07), (0.93, 0.67), id="standard"),
        pytest.param("harsh", (0.64, 0.51), (0.91, 0.85), id="harsh"),
    ],
)
def test_simple_rules_fare_as_they_did_on_an_independent_simulator(
    setting: str, ratio: tuple[float, float], best: tuple[float, float]
) -> None:
    # Power and false share of two rules, measured earlier on another program of the same model (means of
    # 12 seeds): ten-fold over library and counter; best replicate above log2 1.5 with 10 CPM added. How the
    # first rule treated zeros was not written down; here 1 CPM is added, and 10 CPM are asked for.
    figures = []
    for seed in (100, 101, 102, 103):
        weights = make_rng(seed, "frequency").lognormal(0.0, 1.2, 20_000)
        clones = bare_clones(20_000).with_columns(frequency=pl.Series(weights / weights.sum()))
        panning = pan_library(clones, named_panning_settings(setting), library=LIBRARY, seed=seed)
        cpm = panning.counts / panning.counts.sum(axis=1, keepdims=True) * 1e6
        last = [(sample.arm, sample.round) for sample in panning.samples]
        target, counter, unpanned = (
            cpm[[place == (arm, number) for place in last]]
            for arm, number in (("target", 2), ("counter", 2), ("input", 0))
        )
        mean, other, before = (group.mean(axis=0) + 1 for group in (target, counter, unpanned))
        tenfold = (mean > 10 * other) & (mean > 10 * before) & (mean > 11)
        rise = np.log2((target + 10) / (unpanned.mean(axis=0) + 10)).max(axis=0)
        risen = (rise > 1.5) & (target.max(axis=0) > 10)
        specific = panning.clones["class"].to_numpy() == "specific"
        figures.append(
            [
                ((calls & specific).sum() / 200, (calls & ~specific).sum() / calls.sum())
                for calls in (tenfold, risen)
            ]
        )
    for found, known in zip(np.mean(figures, axis=0), (ratio, best), strict=True):
        assert tuple(found) == pytest.approx(known, abs=0.08)
