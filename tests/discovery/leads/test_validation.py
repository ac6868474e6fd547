"""Hit rates and rank correlation of binding results whose answers are known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from bactrian.core.errors import InputError
from bactrian.discovery.leads.binding_calls import CallRule
from bactrian.discovery.leads.validation import (
    COLUMNS,
    Validation,
    exact_interval,
    rank_correlation,
    validate_leads,
)

LETTERS = "ACDEFGHIKLMNPQRSTVWY"


def name_cdr3(number: int) -> str:
    """Give CDR3s that are far from each other."""
    return LETTERS[number % 20] * 5 + LETTERS[number // 20 % 20] * 4


TABLE = pl.DataFrame(
    {
        "unit": "cdr3",
        "key": [name_cdr3(number) for number in range(120)],
        "clonotype": None,
        "antigen": "X",
        "tier": [2] * 10 + [1] * 20 + [0] * 90,
        "rank": list(range(1, 121)),
        "library": "L",
        "log2fc_s": np.linspace(8, -4, 120),
        "s_shrunken": np.linspace(6, -3, 120),
    },
    schema_overrides={"clonotype": pl.String, "tier": pl.Int8, "rank": pl.Int32},
)
SCHEMA = {
    **{"row": pl.Int64},
    **dict.fromkeys(("antigen", "library", "key", "clonotype", "cdr1", "cdr2", "cdr3"), pl.String),
    **{"unread": pl.String, "note": pl.String, "signal": pl.Float64, "control_signal": pl.Float64},
    **{"stated": pl.String, "well": pl.String},
}


def validate(*rows: dict[str, object], unproven: bool = False, table: pl.DataFrame = TABLE) -> Validation:
    filled = [
        dict.fromkeys(SCHEMA) | {"row": number, "antigen": "X", "well": f"A{number}"} | row
        for number, row in enumerate(rows, start=2)
    ]
    rule = CallRule(unproven_negatives=unproven)
    return validate_leads(pl.DataFrame(filled, schema=SCHEMA), table, rule=rule)


def rate_of(found: Validation, by: str, group: str, antigen: str = "X") -> dict[str, object]:
    picked = found.rates.filter(
        (pl.col("by") == by) & (pl.col("group") == group) & (pl.col("antigen") == antigen)
    )
    (row,) = picked.iter_rows(named=True)
    return row


def test_rates_by_tier_and_rank() -> None:
    stated = ["binds"] * 8 + ["does not bind"] * 2 + ["binds", "does not bind"] * 10 + ["does not bind"] * 30
    found = validate(*({"cdr3": name_cdr3(n), "stated": word} for n, word in enumerate(stated)))
    assert {
        group: (rate_of(found, "tier", group)["binds"], rate_of(found, "tier", group)["measured"])
        for group in ("2", "1", "0")
    } == {"2": (8, 10), "1": (10, 20), "0": (0, 30)}
    assert [rate_of(found, "tier", group)["screened"] for group in ("2", "1", "0")] == [10, 20, 90]
    ranks = found.rates.filter(pl.col("by") == "rank").select("group", "screened", "measured", "binds")
    assert ranks.rows() == [
        ("1–24", 24, 24, 15),
        ("25–48", 24, 24, 3),
        ("49–96", 48, 12, 0),
        ("from 97", 24, 0, 0),
    ]
    two = rate_of(found, "tier", "2")
    assert two["rate"] == 0.8
    assert (two["low"], two["high"]) == pytest.approx((0.443905, 0.974789), abs=1e-6)
    empty = rate_of(found, "rank", "from 97")
    assert (empty["rate"], empty["low"], empty["high"]) == (None, None, None)


def test_rows_keep_their_order_their_place_and_the_other_columns() -> None:
    found = validate(
        {"cdr3": name_cdr3(30), "signal": 0.4, "control_signal": 0.1},
        {"cdr3": "QQQQWWWW", "signal": 0.4, "control_signal": 0.1},
        {"cdr3": name_cdr3(0), "note": "in its sequence: stop codon at IMGT 30"},
    )
    assert found.rows.columns == [*COLUMNS, "well"]
    assert found.rows.select("row", "well", "match", "tier", "rank", "call").rows() == [
        (2, "A2", "joined", 0, 31, "binds"),
        (3, "A3", "none", None, None, "binds"),
        (4, "A4", "joined", 2, 1, "not tested"),
    ]
    assert found.rows["reason"].to_list() == [
        None,
        "its CDR3 is not in the table",
        "in its sequence: stop codon at IMGT 30; neither a signal nor a statement",
    ]


def test_several_measurements_of_one_vhh_count_once() -> None:
    signals = [(0.9, 0.1), (0.5, 0.1), (0.1, 0.1)]
    rows = [{"cdr3": name_cdr3(3), "signal": s, "control_signal": c} for s, c in signals]
    found = validate(*rows, {"cdr3": name_cdr3(4), "stated": "does not bind"})
    assert found.rows["measurements"].to_list() == [3, 3, 3, 1]
    assert found.rows["unit_signal"].to_list() == [0.5, 0.5, 0.5, None]
    assert found.rows["call"].to_list()[:3] == ["binds", "binds", "does not bind"]
    assert found.rows["unit_call"].to_list() == ["binds"] * 3 + ["does not bind"]
    joined = rate_of(found, "match", "joined")
    assert (joined["binds"], joined["measured"]) == (1, 2)


def test_a_tie_is_shown_and_not_counted() -> None:
    found = validate(
        {"cdr3": name_cdr3(3), "stated": "binds"}, {"cdr3": name_cdr3(3), "stated": "does not bind"}
    )
    joined = rate_of(found, "match", "joined")
    assert (joined["measured"], joined["conflicting"], joined["rate"]) == (0, 1, None)


def test_one_vhh_measured_on_two_antigens_counts_for_each() -> None:
    table = pl.concat([TABLE, TABLE.with_columns(antigen=pl.lit("Y"), tier=pl.lit(0, pl.Int8))])
    found = validate(
        {"cdr3": name_cdr3(3), "stated": "binds"},
        {"cdr3": name_cdr3(3), "stated": "does not bind", "antigen": "Y"},
        table=table,
    )
    assert found.rows["unit_call"].to_list() == ["binds", "does not bind"]
    assert rate_of(found, "tier", "2")["rate"] == 1.0
    assert rate_of(found, "tier", "0", "Y")["rate"] == 0.0
    both = rate_of(found, "match", "joined", "all antigens")
    assert (both["binds"], both["measured"]) == (1, 2)
    assert rate_of(found, "tier", "2", "all antigens")["screened"] == 10


def test_unproven_negatives_count_as_measured_and_are_told_apart() -> None:
    rows = [{"cdr3": name_cdr3(n), "stated": "binds" if n < 2 else "does not bind"} for n in range(8)]
    found = rate_of(validate(*rows, unproven=True), "tier", "2")
    assert (found["binds"], found["does_not_bind"], found["not_validated"], found["rate"]) == (2, 0, 6, 0.25)


def test_what_is_not_joined_is_counted_apart() -> None:
    near = name_cdr3(5) + "W"
    found = validate(
        {"cdr3": name_cdr3(5), "stated": "binds"},
        {"cdr3": near, "stated": "binds"},
        {"cdr3": "QQQQWWWW", "stated": "does not bind"},
        {"unread": "the row names no VHH", "stated": "does not bind"},
        {"unread": "the row names no VHH", "stated": "does not bind"},
    )
    rates = found.rates.filter(pl.col("by") == "match").select("group", "screened", "measured", "binds")
    assert rates.rows() == [("joined", None, 1, 1), ("near", None, 1, 1), ("none", None, 3, 0)]
    assert rate_of(found, "tier", "2")["measured"] == 1


def test_signal_and_rank_are_correlated_over_vhhs() -> None:
    rng = np.random.default_rng(3)
    places = rng.permutation(120)[:30]
    signals = TABLE["s_shrunken"].to_numpy()[places] + rng.normal(0, 2, 30)
    rows = [
        {"cdr3": name_cdr3(int(n)), "signal": float(s), "stated": "binds"}
        for n, s in zip(places, signals, strict=True)
    ]
    (found,) = validate(*rows, rows[0]).correlations.iter_rows(named=True)
    expected = stats.spearmanr(signals, TABLE["s_shrunken"].to_numpy()[places]).statistic
    assert found["n"] == 30
    assert found["rho"] == pytest.approx(expected)
    assert found["low"] < found["rho"] < found["high"]


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.308497),
        (5, 10, 0.187086, 0.812914),
        (10, 10, 0.691503, 1.0),
        (28, 87, 0.225624, 0.430581),
    ],
    ids=["none", "half", "all", "a panel"],
)
def test_exact_intervals(hits: int, n: int, low: float, high: float) -> None:
    # Beta quantiles: B(α/2; x, n − x + 1) and B(1 − α/2; x + 1, n − x).
    assert exact_interval(hits, n) == pytest.approx((low, high), abs=2e-5)
    if 0 < hits < n:
        bounds = (stats.beta.ppf(0.025, hits, n - hits + 1), stats.beta.ppf(0.975, hits + 1, n - hits))
        assert exact_interval(hits, n) == pytest.approx(bounds, abs=1e-9)


def test_the_interval_of_a_rank_correlation() -> None:
    x = list(range(12))
    y = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 11]
    rho, low, high = rank_correlation(x, y)
    assert rho == pytest.approx(1 - 6 * 10 / (12 * 143))
    assert low is not None
    assert high is not None
    half = 1.959964 * np.sqrt((1 + rho**2 / 2) / 9)
    assert np.arctanh([low, high]) == pytest.approx([np.arctanh(rho) - half, np.arctanh(rho) + half])


@pytest.mark.parametrize(
    ("x", "y"), [([1, 2, 3], [1, 2, 3]), ([1, 1, 1, 1], [1, 2, 3, 4])], ids=["too few", "all equal"]
)
def test_no_correlation_where_there_is_none_to_measure(x: list[float], y: list[float]) -> None:
    assert rank_correlation(x, y) == (None, None, None)


def test_bins_must_ascend() -> None:
    with pytest.raises(InputError) as caught:
        validate_leads(pl.DataFrame(schema=SCHEMA), TABLE, rule=CallRule(), bins=(48, 24))
    assert str(caught.value) == (
        "'48,24' are no bins of ranks. Write ascending whole numbers from 1, joined by commas."
    )
