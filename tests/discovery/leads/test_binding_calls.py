"""Calls of binders: statements first, then the rule, and no call where the rule cannot judge."""

from __future__ import annotations

import math

import polars as pl
import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.leads.binding_calls import CallRule, call_binding, summarise_calls

SCHEMA = {"signal": pl.Float64, "control_signal": pl.Float64, "stated": pl.String}


def call(rule: CallRule, *rows: tuple[float | None, float | None, str | None]) -> pl.DataFrame:
    return call_binding(pl.DataFrame(rows, schema=SCHEMA, orient="row"), rule)


def test_the_ratio_decides_at_its_border() -> None:
    found = call(CallRule(), (1.0, 0.5, None), (0.99, 0.5, None))
    assert found["call"].to_list() == ["binds", "does not bind"]
    assert found["call_from"].to_list() == ["rule", "rule"]
    assert found["ratio"].to_list() == [2.0, 1.98]


def test_ratio_and_threshold_must_both_hold() -> None:
    rows = [(0.06, 0.02, None), (0.6, 0.02, None), (0.6, 0.5, None)]
    assert call(CallRule(ratio=2, threshold=0.2), *rows)["call"].to_list() == [
        "does not bind", "binds", "does not bind",
    ]  # fmt: skip


def test_a_threshold_needs_no_control() -> None:
    found = call(CallRule(ratio=None, threshold=0.2), (0.2, None, None), (0.1, 0.0, None))
    assert found["call"].to_list() == ["binds", "does not bind"]


def test_a_statement_beats_the_rule() -> None:
    found = call(CallRule(), (0.1, 1.0, "binds"), (9.0, 1.0, "does not bind"), (9.0, 1.0, "not validated"))
    assert found["call"].to_list() == ["binds", "does not bind", "not validated"]
    assert set(found["call_from"]) == {"stated"}


def test_unproven_negatives_are_not_validated() -> None:
    rule = CallRule(unproven_negatives=True)
    found = call(rule, (1.0, 1.0, None), (None, None, "does not bind"), (3.0, 1.0, None))
    assert found["call"].to_list() == ["not validated", "not validated", "binds"]


def test_what_cannot_be_judged_has_no_call_and_a_reason() -> None:
    found = call(CallRule(), (None, 1.0, None), (1.0, None, None), (1.0, 0.0, None), (1.0, -0.02, None))
    assert found["call"].to_list() == ["not tested", "no call", "no call", "no call"]
    assert found["call_from"].to_list() == [None] * 4
    assert found["ratio"].to_list() == [None] * 4
    assert found["call_reason"].to_list() == [
        "neither a signal nor a statement",
        "no control signal, which the ratio needs",
        "the control signal 0.0 is not above 0, so that the ratio means nothing",
        "the control signal -0.02 is not above 0, so that the ratio means nothing",
    ]


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (["binds"], "binds"),
        (["binds", "does not bind", "binds"], "binds"),
        (["binds", "does not bind", "not validated"], "does not bind"),
        (["binds", "not validated"], "conflicting"),
        (["not validated", "not tested"], "not validated"),
        (["not tested", "no call"], "no call"),
        (["not tested"], "not tested"),
    ],
    ids=["one", "majority", "negatives", "tie", "untested aside", "uncalled", "untested"],
)
def test_several_measurements_count_once(calls: list[str], expected: str) -> None:
    assert summarise_calls(calls) == expected


@pytest.mark.parametrize(
    ("ratio", "threshold", "sentence"),
    [
        (
            None,
            None,
            "the rule that calls binders asks for nothing. Set a signal ratio, a threshold or both.",
        ),
        (0.0, None, "'0' is no signal ratio. Write a number above 0; 2 is usual."),
        (math.nan, None, "'nan' is no signal ratio. Write a number above 0; 2 is usual."),
        (2.0, math.inf, "'inf' is no threshold of the signal. Write a number in the assay's units."),
    ],
    ids=["nothing", "zero", "not a number", "infinite"],
)
def test_a_rule_out_of_range_is_refused(ratio: float | None, threshold: float | None, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        CallRule(ratio=ratio, threshold=threshold)
    assert str(caught.value) == sentence


def test_the_rule_says_what_it_is() -> None:
    assert CallRule(ratio=3, threshold=0.2).describe() == "signal ≥ 3 × control_signal and signal ≥ 0.2"
