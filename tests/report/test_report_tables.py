"""A table says what is missing, keeps what it exports exact and refuses columns that are not there."""

import polars as pl
import pytest

from bactrian.report import Column, Table
from bactrian.report.tables import present


def test_numbers_are_read_rounded_and_exported_exact():
    frame = pl.DataFrame({"sample": ["a"], "pairs": [28785], "used": [0.97312], "ratio": [1234.567]})
    columns = (
        Column("sample", "Sample", "mono"),
        Column("pairs", "Pairs", "count"),
        Column("used", "Used", "share"),
        Column("ratio", "Ratio", "number", digits=2),
    )
    body = str(Table("Samples", frame, columns).body())
    assert '<th scope="row" class="mono">a</th>' in body
    assert '<td class="num" data-v="28785">28,785</td>' in body
    assert '<td class="num" data-v="0.97312">97.3\u00a0%</td>' in body
    assert '<td class="num" data-v="1234.57">1,234.57</td>' in body


def test_a_small_probability_keeps_its_size():
    frame = pl.DataFrame({"p": [1.234e-297, 0.0]})
    body = str(Table("P", frame, (Column("p", "P", "probability"),)).body())
    assert ">1.2e-297</th>" in body
    assert "&lt;\u00a01e-300</th>" in body


@pytest.mark.parametrize("value", [None, float("nan")], ids=["absent", "not a number"])
def test_what_is_missing_says_why_on_screen_and_in_exports(value):
    frame = pl.DataFrame({"sample": ["a"], "fold": pl.Series([value], dtype=pl.Float64)})
    columns = (Column("sample", "Sample"), Column("fold", "Fold", "number", missing="no replicate"))
    body = str(Table("Folds", frame, columns).body())
    assert 'title="no replicate">–' in body
    assert 'data-v="" data-missing="no replicate"' in body


def test_flags_are_words_with_signs():
    frame = pl.DataFrame({"flags": ["takeover;low_depth", ""]})
    column = Column("flags", "Flags", "flags", states={"takeover": "bad"})
    body = str(Table("Flags", frame, (column,)).body())
    assert '<span class="chip bad"><span aria-hidden="true">✕</span> takeover</span>' in body
    assert '<span class="chip neutral"><span aria-hidden="true">○</span> low depth</span>' in body
    assert '<th scope="row" data-v=""></th>' in body


def test_intervals_share_one_scale_and_name_their_ends():
    frame = pl.DataFrame({"x": [5.0, 10.0], "low": [0.0, 8.0], "high": [10.0, 20.0]})
    body = str(Table("X", frame, (Column("x", "X", "interval", low="low", high="high"),)).body())
    assert 'aria-label="0.0 to 10.0"' in body
    assert '<line x1="4.0" x2="50.0"' in body
    assert '<line x1="40.8" x2="96.0"' in body
    assert 'data-x="8 to 20"' in body


def test_an_interval_without_an_end_is_missing():
    frame = pl.DataFrame({"x": [5.0], "low": [None], "high": [10.0]}, schema_overrides={"low": pl.Float64})
    body = str(
        Table("X", frame, (Column("x", "X", "interval", low="low", high="high", missing="too few"),)).body()
    )
    assert 'data-missing="too few"' in body
    assert "<svg" not in body


def test_values_cannot_become_markup():
    frame = pl.DataFrame({"sample": ['<script>"&'], "flags": ["<b>"]})
    body = str(Table("S", frame, (Column("sample", "S"), Column("flags", "F", "flags"))).body())
    assert "<script" not in body
    assert "<b>" not in body


def test_a_table_says_how_many_rows_it_leaves_out():
    frame = pl.DataFrame({"a": [1, 2]})
    columns = (Column("a", "A", "count"),)
    assert Table("T", frame, columns).shown == "2 rows"
    assert Table("T", frame, columns, total=28785).shown == "the first 2 of 28,785 rows"


def test_columns_must_be_in_the_frame():
    frame = pl.DataFrame({"a": [1]})
    with pytest.raises(ValueError, match="table 'T' shows columns its frame does not have: b"):
        Table("T", frame, (Column("a", "A"), Column("b", "B")))
    with pytest.raises(ValueError, match="table 'T' shows 1 rows of 0"):
        Table("T", frame, (Column("a", "A"),), total=0)
    assert [column.key for column in present((Column("a", "A"), Column("b", "B")), frame)] == ["a"]
