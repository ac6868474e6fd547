"""The fitness over rounds: growth that is known, designs with holes, and another optimiser's answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from bactrian.discovery.selection.fitness import fit_fitness

ROUNDS = np.array([0, 0, 0, 1, 2, 3, 1, 2, 3, 1, 2, 3])
GROUPS = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2])
SIZES = np.array([90_000, 110_000, 100_000, 120_000, 80_000, 100_000] * 2, dtype=np.float64)


def draw_counts(rng: np.random.Generator, *, n: int = 40, phi: float = 0.1) -> np.ndarray:
    share = 10 ** rng.uniform(-4.5, -2.5, n)
    slopes = np.stack([np.zeros(n), rng.normal(0.8, 0.6, n), rng.normal(0.0, 0.6, n)])
    mu = SIZES * share[:, None] * np.exp(slopes[GROUPS].T * ROUNDS)
    return rng.poisson(mu * rng.gamma(1 / phi, phi, mu.shape))


def minimise(counts: np.ndarray, phi: float) -> tuple[float, float]:
    """Fit one unit with a general optimiser; give slope and standard error in log2 per round."""
    design = np.stack([np.ones(12), ROUNDS * (GROUPS == 1), ROUNDS * (GROUPS == 2)], axis=1).astype(float)
    y = counts + 0.125 * SIZES / SIZES.mean()

    def loss(beta: np.ndarray) -> float:
        mu = SIZES * np.exp(design @ beta)
        return float(((y + 1 / phi) * np.log1p(phi * mu) - y * np.log(mu)).sum())

    start = np.array([np.log(y.sum() / SIZES.sum()), 0.0, 0.0])
    found = optimize.minimize(
        loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 20_000}
    )
    mu = SIZES * np.exp(design @ found.x)
    covariance = np.linalg.inv(design.T @ (design * (mu / (1 + phi * mu))[:, None]))
    pearson = ((y - mu) ** 2 / (mu * (1 + phi * mu))).sum() / (12 - 3)
    return found.x[1] / np.log(2), np.sqrt(covariance[1, 1] * max(1.0, pearson)) / np.log(2)


@pytest.mark.parametrize("phi", [0.0, 0.05], ids=["Poisson", "negative binomial"])
def test_exact_growth_is_recovered(phi: float) -> None:
    slopes = np.array([1.5, 0.0, -0.7])
    other = np.array([0.2, 0.9, -0.7])
    growth = np.where(GROUPS == 1, slopes[:, None], other[:, None]) * ROUNDS
    counts = SIZES * 1e-2 * 2**growth
    found = fit_fitness(counts, SIZES, rounds=ROUNDS, groups=GROUPS, dispersion=phi, prior_count=0.0)
    np.testing.assert_allclose(found.slope, slopes, atol=1e-6)
    assert (found.se > 0).all()


def test_the_slope_is_that_of_another_optimiser() -> None:
    counts = draw_counts(np.random.default_rng(4))
    found = fit_fitness(counts, SIZES, rounds=ROUNDS, groups=GROUPS, dispersion=0.1)
    expected = np.array([minimise(row, 0.1) for row in counts])
    np.testing.assert_allclose(found.slope, expected[:, 0], atol=2e-5)
    np.testing.assert_allclose(found.se, expected[:, 1], rtol=1e-4)


def test_a_population_that_grows_too_shifts_every_slope_alike() -> None:
    counts = draw_counts(np.random.default_rng(5))
    first = fit_fitness(counts, SIZES, rounds=ROUNDS, groups=GROUPS, dispersion=0.1, prior_count=0.0)
    faster = np.where(GROUPS == 1, 2.0 ** (0.4 * ROUNDS), 1.0)
    second = fit_fitness(
        counts, 7.0 * SIZES * faster, rounds=ROUNDS, groups=GROUPS, dispersion=0.1, prior_count=0.0
    )
    seen = np.isfinite(first.slope) & ((counts[:, :3].sum(axis=1)) > 0)
    assert seen.sum() > 20
    np.testing.assert_allclose(second.slope[seen], first.slope[seen] - 0.4, atol=1e-4)


def test_order_of_samples_and_units_says_nothing() -> None:
    rng = np.random.default_rng(6)
    counts = draw_counts(rng)
    rows, columns = rng.permutation(len(counts)), rng.permutation(12)
    first = fit_fitness(counts, SIZES, rounds=ROUNDS, groups=GROUPS, dispersion=0.1)
    second = fit_fitness(
        counts[rows][:, columns],
        SIZES[columns],
        rounds=ROUNDS[columns],
        groups=GROUPS[columns],
        dispersion=0.1,
    )
    np.testing.assert_allclose(second.slope, first.slope[rows], rtol=1e-7)
    np.testing.assert_allclose(second.se, first.se[rows], rtol=1e-7)


def test_the_target_may_be_named_by_truth_values() -> None:
    counts = draw_counts(np.random.default_rng(7))
    one = fit_fitness(counts, SIZES, rounds=ROUNDS, groups=GROUPS == 1, dispersion=0.1)
    two = fit_fitness(counts, SIZES, rounds=ROUNDS, groups=np.where(GROUPS == 1, 1, 0), dispersion=0.1)
    np.testing.assert_array_equal(one.slope, two.slope)


def test_all_selections_share_the_intercept() -> None:
    # Without an input the comparator's two rounds tell the share at round 0, from which the target's only
    # round has grown eightfold.
    counts = np.array([[800, 100, 100]])
    found = fit_fitness(
        counts, [1e5] * 3, rounds=[1, 1, 2], groups=[1, 2, 2], dispersion=0.01, prior_count=0.0
    )
    assert found.slope[0] == pytest.approx(3.0, abs=1e-6)


def test_missing_rounds_leave_an_answer() -> None:
    kept = np.array([0, 4, 8, 10])  # input, target rounds 2 and 3, comparator round 2
    counts = SIZES[kept] * 1e-2 * 2 ** (np.where(GROUPS[kept] == 1, 1.2, 0.3) * ROUNDS[kept])
    found = fit_fitness(
        counts[None],
        SIZES[kept],
        rounds=ROUNDS[kept],
        groups=GROUPS[kept],
        dispersion=0.1,
        prior_count=0.0,
    )
    assert found.slope[0] == pytest.approx(1.2, abs=1e-5)


@pytest.mark.parametrize(
    ("rounds", "groups"),
    [([2, 2, 2], [1, 1, 2]), ([0, 0, 0], [1, 1, 1]), ([0, 1, 2], [2, 2, 2]), ([1, 2, 3], [2, 2, 2])],
    ids=["one round", "input only", "target not panned", "no target"],
)
def test_a_design_that_leaves_the_slope_open_says_so(rounds: list[int], groups: list[int]) -> None:
    found = fit_fitness([[5, 9, 30]], [1e4] * 3, rounds=rounds, groups=groups, dispersion=0.1)
    assert np.isnan(found.slope).all()
    assert np.isnan(found.se).all()


def test_a_unit_without_reads_has_no_slope() -> None:
    counts = np.zeros((3, 12), dtype=np.int64)
    counts[1, 9:] = 50  # in the comparator only
    counts[2, 3:9] = [4, 40, 400, 4, 40, 400]  # never in the input
    found = fit_fitness(counts, SIZES, rounds=ROUNDS, groups=GROUPS, dispersion=0.1)
    assert np.isnan(found.slope).tolist() == [True, True, False]
    assert np.isnan(found.se).tolist() == [True, True, False]
    assert found.slope[2] > 2


def test_scatter_between_replicates_widens_the_error() -> None:
    even, uneven = np.full(12, 200), np.array([200] * 3 + [20, 200, 600, 500, 20, 60] + [200] * 3)
    found = fit_fitness(np.stack([even, uneven]), SIZES, rounds=ROUNDS, groups=GROUPS, dispersion=0.02)
    assert found.se[1] > 3 * found.se[0]


def test_the_standard_error_covers() -> None:
    rng = np.random.default_rng(8)
    mu = SIZES * 2e-3 * np.exp(np.where(GROUPS == 1, 0.5, 0.0) * ROUNDS)
    counts = rng.poisson(mu * rng.gamma(10.0, 0.1, (4000, 12)))
    found = fit_fitness(counts, SIZES, rounds=ROUNDS, groups=GROUPS, dispersion=0.1)
    z = (found.slope * np.log(2) - 0.5) / (found.se * np.log(2))
    assert 0.93 < (np.abs(z) < 1.96).mean() < 0.985


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lib_sizes": [1e5, 0.0]}, "library sizes must be above 0."),
        ({"rounds": [0, -1]}, "rounds must be whole numbers from 0."),
        ({"dispersion": -0.1}, "dispersions must be numbers from 0."),
        ({"counts": [[1, -1]]}, "counts must be numbers from 0."),
        (
            {"groups": [1]},
            "counts must be units × samples, with one library size, round and group per sample.",
        ),
    ],
    ids=["size", "round", "dispersion", "count", "shape"],
)
def test_what_is_out_of_range_is_refused(change: dict[str, object], message: str) -> None:
    given = {
        "counts": [[1, 2]],
        "lib_sizes": [1e5, 1e5],
        "rounds": [0, 1],
        "groups": [1, 1],
        "dispersion": 0.1,
    }
    given |= change
    counts, sizes = given.pop("counts"), given.pop("lib_sizes")
    with pytest.raises(ValueError, match=f"^{message}$".replace("(", r"\(")):
        fit_fitness(counts, sizes, **given)  # type: ignore[arg-type]
