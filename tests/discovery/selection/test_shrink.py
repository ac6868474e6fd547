from __future__ import annotations

import numpy as np
import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.selection.quasi import GroupFit, fit_groups, fold_change
from bactrian.discovery.selection.shrink import shrink_contrast


def _drawn(scale: float, replicates: int, seed: int) -> tuple[GroupFit, np.ndarray]:
    rng = np.random.default_rng(seed)
    effect = rng.standard_t(4, 1500) * scale
    level = rng.lognormal(np.log(30), 1.2, 1500)
    mean = np.column_stack(
        [np.repeat((level * 2 ** (sign * effect / 2))[:, None], replicates, axis=1) for sign in (1, -1)]
    )
    counts = rng.negative_binomial(10, 1 / (1 + 0.1 * mean))
    seen = counts.sum(axis=1) >= 5
    columns = 2 * replicates
    fit = fit_groups(
        counts[seen],
        np.repeat([0, 1], replicates),
        lib_sizes=np.full(columns, 1e6),
        norm_factors=np.ones(columns),
    )
    return fit, effect[seen]


@pytest.mark.parametrize(
    ("scale", "replicates"), [(1.0, 3), (0.5, 2), (3.0, 3)], ids=["usual", "two-replicates", "wide"]
)
def test_intervals_cover_effects_drawn_from_the_prior(scale: float, replicates: int) -> None:
    fit, effect = _drawn(scale, replicates, seed=20 + replicates)
    shrunken = shrink_contrast(fit, 0, 1)
    covered = ((effect >= shrunken.low) & (effect <= shrunken.high)).mean()
    # 1,500 draws: standard error 0.6 %.
    assert 0.93 < covered < 0.975
    assert shrunken.scale == pytest.approx(scale, rel=0.15)
    if scale <= 1:
        plain = fold_change(fit, 0, denominator=1)
        assert ((shrunken.log2fc - effect) ** 2).mean() < ((plain - effect) ** 2).mean()


def _fit(rows: list[list[int]]) -> GroupFit:
    rng = np.random.default_rng(1)
    level = rng.lognormal(np.log(60), 1, 300)
    effect = np.where(rng.random(300) < 0.1, rng.normal(0, 3, 300), 0)
    mean = np.column_stack([np.tile(level * 2**effect, (3, 1)).T, np.tile(level, (3, 1)).T])
    counts = np.vstack([rows, rng.negative_binomial(10, 1 / (1 + 0.1 * mean))])
    return fit_groups(counts, [0, 0, 0, 1, 1, 1], lib_sizes=np.full(6, 1e5), norm_factors=np.ones(6))


def test_large_precise_effects_stay_and_small_evidence_is_pulled_in() -> None:
    fit = _fit(
        [[1000, 1100, 900, 10, 11, 9], [2, 0, 1, 0, 0, 0], [30, 31, 33, 0, 0, 0], [0] * 6, [9, 8, 7, 7, 8, 9]]
    )
    shrunken, plain = shrink_contrast(fit, 0, 1), fold_change(fit, 0, denominator=1)
    assert shrunken.log2fc[0] == pytest.approx(plain[0], rel=0.1)
    assert 0 < shrunken.log2fc[1] < 0.5 * plain[1]
    assert shrunken.low[1] < 0
    assert shrunken.low[2] > 1
    assert np.isfinite([shrunken.log2fc, shrunken.low, shrunken.high]).all()
    assert shrunken.log2fc[3] == pytest.approx(0, abs=1e-9)
    assert shrunken.high[3] == pytest.approx(2.776 * shrunken.scale, rel=0.02)  # 97.5 % of t with 4 d.f.
    assert abs(shrunken.log2fc[4]) < 0.1
    assert (shrunken.low <= shrunken.log2fc).all()
    assert (shrunken.log2fc <= shrunken.high).all()


def test_more_reads_against_none_rank_higher() -> None:
    fit = _fit([[k, k + 1, k, 0, 0, 0] for k in (1, 3, 10, 30, 100, 1000, 100_000)])
    assert (np.diff(shrink_contrast(fit, 0, 1).log2fc[:7]) > 0).all()


def test_swapped_groups_give_mirrored_effects() -> None:
    fit = _fit([[5, 6, 7, 1, 0, 2]])
    forth, back = shrink_contrast(fit, 0, 1), shrink_contrast(fit, 1, 0)
    np.testing.assert_allclose(forth.log2fc, -back.log2fc, atol=2e-3)
    np.testing.assert_allclose(forth.low, -back.high, atol=2e-2)


def test_only_the_units_asked_for() -> None:
    fit = _fit([[5, 6, 7, 1, 0, 2]])
    whole, part = shrink_contrast(fit, 0, 1), shrink_contrast(fit, 0, 1, units=np.array([4, 0]))
    np.testing.assert_array_equal(part.log2fc[[0, 4]], whole.log2fc[[0, 4]])
    assert np.isnan(np.delete(part.log2fc, [0, 4])).all()


def test_one_column_per_group_with_a_given_variation() -> None:
    rng = np.random.default_rng(2)
    level = rng.lognormal(np.log(50), 1, 400)
    effect = np.where(rng.random(400) < 0.2, 5.0, 0.0)
    counts = rng.poisson(np.column_stack([level * 2**effect, level]) * rng.lognormal(0, 0.5, (400, 2)))
    fit = fit_groups(counts, [0, 1], lib_sizes=[1e5, 1e5], norm_factors=[1, 1], bcv=0.7)
    shrunken = shrink_contrast(fit, 0, 1)
    assert np.isfinite(shrunken.low).all()
    assert shrunken.log2fc[effect > 0].mean() > 3
    assert np.abs(shrunken.log2fc[effect == 0]).mean() < 0.8
    assert (shrunken.high - shrunken.low).min() > 1


def test_without_replicates_and_without_a_variation_nothing_can_be_shrunk() -> None:
    fit = fit_groups([[5, 9], [8, 1]], [0, 1])
    with pytest.raises(InputError) as caught:
        shrink_contrast(fit, 0, 1)
    assert str(caught.value) == (
        "No group has replicates, so the variation between columns is unknown and effects cannot be shrunk. "
        "Give a biological coefficient of variation (bcv) to take for it."
    )
