"""The second panning law: its mean, its scatter, its tails, and the fast library."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bactrian.core.errors import InputError
from bactrian.core.seeds import make_rng
from bactrian.discovery.simulator.dirichlet import TailSettings, draw_shares, pan_dirichlet
from bactrian.discovery.simulator.library import draw_frequencies
from bactrian.discovery.simulator.panning import pan_library
from bactrian.discovery.simulator.settings import LibrarySettings, PanningSettings

LIBRARY = LibrarySettings(clones=2000)
SETTINGS = PanningSettings(specific=50, sticky=50, growers=50, reads=30_000, replicates=2)
NO_TAILS = TailSettings(scale=1e-9)


def test_frequencies_follow_the_law_of_the_library_and_suffice_for_panning() -> None:
    clones = draw_frequencies(LibrarySettings(clones=20_000), rng=make_rng(1, "frequencies"))
    assert clones["frequency"].sum() == pytest.approx(1.0)
    # 20,000 values: a spread of 1.2 is known to 0.006.
    assert clones["frequency"].log().std() == pytest.approx(1.2, abs=0.02)
    assert clones["productive"].all()
    assert clones["clone"].to_list() == list(range(20_000))
    assert pan_library(clones, SETTINGS, library=LIBRARY, seed=1).counts.shape[1] == 20_000


def test_without_tails_shares_scatter_as_dirichlet_draws_do() -> None:
    # Variance of a share p at concentration A: p (1 - p) / (A + 1).
    expected = np.array([5.0, 3.0, 1.5, 0.5])
    settings = replace(SETTINGS, bottleneck=200.0, aliquot_sd=0.0)
    rng = make_rng(2, "shares")
    draws = np.array([draw_shares(expected, settings, NO_TAILS, rng=rng) for _ in range(20_000)])
    shares = draws / draws.sum(axis=1, keepdims=True)
    p = expected / expected.sum()
    np.testing.assert_allclose(shares.mean(axis=0), p, rtol=0.02)
    np.testing.assert_allclose(shares.var(axis=0), p * (1 - p) / 201.0, rtol=0.05)


def test_heavy_tails_make_explosions_that_a_normal_law_does_not() -> None:
    expected = np.ones(200_000)
    settings = replace(SETTINGS, bottleneck=200_000.0 * 1e4, aliquot_sd=0.0)
    amounts = draw_shares(expected, settings, TailSettings(), rng=make_rng(3, "tails"))
    log = np.log(amounts / np.median(amounts)) / 0.4
    # Student's t with 4 degrees of freedom: two-sided tail beyond 6 is 0.0039, and 2e-9 for a normal law.
    assert (np.abs(log) > 6).mean() == pytest.approx(0.0039, rel=0.15)


def test_binders_rise_on_their_antigen_and_sticky_clones_everywhere() -> None:
    clones = draw_frequencies(LIBRARY, rng=make_rng(4, "frequencies"))
    panning = pan_dirichlet(clones, SETTINGS, library=LIBRARY, seed=4)
    names = [sample.name for sample in panning.samples]
    assert names == [
        "input-1", "input-2", "input-3",
        "antigen1-1-round2", "antigen1-2-round2", "counter-1-round2", "counter-2-round2",
    ]  # fmt: skip
    assert (panning.counts.sum(axis=1) == SETTINGS.reads).all()
    assert panning.jackpots.is_empty()
    word = panning.clones["class"].to_numpy()
    share = {
        name: panning.counts[:, word == name].sum(axis=1) / SETTINGS.reads for name in ("specific", "sticky")
    }
    target, counter = [3, 4], [5, 6]
    assert share["specific"][target].min() > 5 * share["specific"][:3].max()
    assert share["specific"][counter].max() < share["specific"][:3].min()
    assert share["sticky"][target + counter].min() > 5 * share["sticky"][:3].max()


def test_the_same_seed_gives_the_same_counts_and_samples_do_not_hang_together() -> None:
    clones = draw_frequencies(LIBRARY, rng=make_rng(5, "frequencies"))
    first = pan_dirichlet(clones, SETTINGS, library=LIBRARY, seed=5)
    more = pan_dirichlet(clones, replace(SETTINGS, replicates=3), library=LIBRARY, seed=5)
    kept = [[sample.name for sample in more.samples].index(sample.name) for sample in first.samples]
    np.testing.assert_array_equal(more.counts[kept], first.counts)


@pytest.mark.parametrize(("name", "value"), [("freedom", 0.0), ("scale", float("inf"))])
def test_a_tail_that_is_no_number_above_zero_is_refused(name: str, value: float) -> None:
    with pytest.raises(InputError) as caught:
        TailSettings(**{name: value})
    assert str(caught.value) == f"'{value}' is no value for {name}. Write a number above 0."
