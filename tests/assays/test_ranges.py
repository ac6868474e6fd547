"""Ranges of clinical-stage VHHs."""

from __future__ import annotations

import pytest

from bactrian.assays.ranges import CLINICAL, Range
from bactrian.core.errors import InputError


@pytest.mark.parametrize(
    ("name", "verdicts"),
    # Limits of the Therapeutic Nanobody Profiler.
    [
        ("cdr_length", {"red": (19, 40), "amber": (20, 24, 37, 39), "green": (25, 36)}),
        ("cdr3_length", {"red": (4, 24), "amber": (5, 8, 21, 23), "green": (9, 20)}),
    ],
    ids=["all CDRs", "CDR3"],
)
def test_lengths(name: str, verdicts: dict[str, tuple[int, ...]]) -> None:
    for verdict, values in verdicts.items():
        assert {CLINICAL[name].judge(value) for value in values} == {verdict}


def test_limits_must_ascend() -> None:
    with pytest.raises(InputError) as caught:
        Range("length", 5, 20, 9, 23, source="me", version="1")
    assert str(caught.value) == "the limits 5, 20, 9, 23 of length do not ascend. Sort them."
