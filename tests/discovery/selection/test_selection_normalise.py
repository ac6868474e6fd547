from __future__ import annotations

import numpy as np
import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.selection.normalise import check_columns, norm_factors


def test_proportional_columns_need_no_factor() -> None:
    column = np.arange(1, 200)
    np.testing.assert_allclose(norm_factors(np.column_stack([column, 3 * column, 7 * column])), 1.0)


@pytest.mark.parametrize("method", ["tmm", "tmmwsp"])
def test_a_clone_with_60_percent_of_a_column_leaves_the_others_alone(method: str) -> None:
    rng = np.random.default_rng(11)
    level = rng.lognormal(0, 1.2, 2000)
    share = level / level.sum()
    counts = rng.poisson(np.outer(share, [60_000, 90_000, 40_000, 80_000]))
    taken = counts.copy()
    taken[:, 0] = rng.binomial(counts[:, 0], 0.4)
    taken[0, 0] = round(0.6 / 0.4 * taken[1:, 0].sum())
    assert taken[0, 0] / taken[:, 0].sum() == pytest.approx(0.6, abs=0.01)
    sizes = taken.sum(axis=0) * norm_factors(taken, method=method)  # type: ignore[arg-type]
    # By the others' reads the first column was sequenced 0.4 × 60,000 deep.
    found = sizes / sizes[1] * 90_000
    np.testing.assert_allclose(found, [24_000, 90_000, 40_000, 80_000], rtol=0.04)


def test_singleton_pairing_normalises_columns_that_share_little() -> None:
    rng = np.random.default_rng(5)
    share = rng.dirichlet(np.full(4000, 0.3))
    counts = rng.poisson(np.outer(share, [6000, 12_000, 4000]))
    np.testing.assert_allclose(norm_factors(counts), 1.0, rtol=0.12)


def test_factors_do_not_depend_on_empty_rows_and_have_geometric_mean_1() -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson(rng.lognormal(1, 1, 300)[:, None] * [1, 2, 3])
    padded = np.vstack([counts, np.zeros((50, 3), dtype=int)])
    factors = norm_factors(counts)
    np.testing.assert_array_equal(factors, norm_factors(padded))
    assert np.log(factors).sum() == pytest.approx(0, abs=1e-12)
    np.testing.assert_array_equal(norm_factors(counts, method="none"), 1.0)


@pytest.mark.parametrize("method", ["tmm", "tmmwsp"])
def test_columns_without_a_common_unit_keep_factor_1(method: str) -> None:
    counts = np.array([[5, 0], [0, 5]])
    np.testing.assert_allclose(norm_factors(counts, method=method), 1.0)  # type: ignore[arg-type]


def test_a_column_without_reads_is_named() -> None:
    with pytest.raises(InputError) as caught:
        norm_factors([[1, 0, 4], [2, 0, 5]])
    assert str(caught.value) == (
        "Column 2 of the 3 columns of the test has no reads of any tested unit. "
        "Leave its samples out, or lower the minimum number of reads."
    )


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([1, 2], "the table has 1 dimensions, not 2."),
        ([[1, -2]], "counts must be whole numbers from 0."),
        ([[1, 2.5]], "counts must be whole numbers from 0."),
    ],
    ids=["flat", "negative", "broken"],
)
def test_a_table_that_is_no_count_table(counts: list[object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_columns(counts)


def test_an_unknown_method() -> None:
    with pytest.raises(
        ValueError, match=r"'rle' is not a method of normalisation\. Write tmmwsp, tmm or none\."
    ):
        norm_factors([[1, 2]], method="rle")  # type: ignore[arg-type]
