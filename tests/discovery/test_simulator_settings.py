"""The named settings and the sentences about values that make no sense."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.simulator.settings import (
    LibrarySettings,
    PanningSettings,
    ReadSettings,
    named_panning_settings,
    settings_table,
)


def test_standard_is_the_documented_simulator() -> None:
    # The figures of the reference simulator on which the selection rules were compared.
    standard = named_panning_settings("standard")
    library = LibrarySettings()
    assert (library.clones, library.frequency_sd) == (20_000, 1.2)
    assert (standard.specific, standard.sticky, standard.growers) == (200, 200, 200)
    assert (standard.background, standard.background_sd) == (1e-3, 0.25)
    assert (standard.binding, standard.binding_sd, standard.sticky_counter_sd) == (12, 0.5, 0.15)
    assert (standard.amplification_sd, standard.growth, standard.growth_sd) == (0.15, 4, 0.3)
    assert (standard.aliquot_sd, standard.bottleneck, standard.amplification_shape) == (0.15, 2e5, 4)
    assert (standard.jackpots, standard.jackpot_factor) == (10, 50)
    assert (standard.rounds, standard.inputs, standard.reads) == (2, 3, 200_000)


def test_harsh_and_null_differ_from_standard_in_their_own_numbers_only() -> None:
    standard = settings_table(named_panning_settings("standard"))
    harsh = settings_table(named_panning_settings("harsh"))
    null = settings_table(named_panning_settings("null"))
    assert {k: v for k, v in harsh.items() if v != standard[k]} == {
        "aliquot_sd": 0.6,
        "bottleneck": 5e4,
        "reads": 40_000,
    }
    assert {k: v for k, v in null.items() if v != standard[k]} == {"specific": 0}


def test_settings_can_be_held_by_json() -> None:
    table = settings_table(PanningSettings(rounds=4, sequenced=(2, 4)))
    assert json.loads(json.dumps(table))["sequenced"] == [2, 4]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        pytest.param(
            lambda: ReadSettings(chimeras=0.6),
            "'0.6' is no value for chimeras. Write a share from 0 to 0.5.",
            id="chimeras",
        ),
        pytest.param(
            lambda: ReadSettings(read_length=5),
            "'5' is no value for read_length. Write a whole number from 20 to 1000.",
            id="read length",
        ),
        pytest.param(
            lambda: ReadSettings(quality_end_2=60),
            "'60' is no value for quality_end_2. Write a Phred quality from 2 to 40.",
            id="quality",
        ),
        pytest.param(
            lambda: PanningSettings(bottleneck=0),
            "'0' is no value for bottleneck. Write a number above 0.",
            id="bottleneck",
        ),
        pytest.param(
            lambda: PanningSettings(aliquot_sd=-1),
            "'-1' is no value for aliquot_sd. Write a number from 0.",
            id="spread",
        ),
        pytest.param(
            lambda: PanningSettings(sequenced=(3,)),
            "'3' is no value for sequenced. Write rounds from 1 to 2, the last round of this panning.",
            id="round not panned",
        ),
        pytest.param(
            lambda: LibrarySettings(clones=0),
            "'0' is no value for clones. Write a whole number from 1.",
            id="clones",
        ),
        pytest.param(
            lambda: LibrarySettings(stop=0.6, frameshift=0.6),
            "'1.205' is no value for stop + frameshift + empty. Write shares that add up to 0.9 at most.",
            id="defects",
        ),
        pytest.param(
            lambda: LibrarySettings(primers="leader"),  # type: ignore[arg-type]
            "'leader' is no value for primers. Write 'framework' or 'vector'.",
            id="primers",
        ),
        pytest.param(
            lambda: named_panning_settings("gentle"),
            "'gentle' is no setting. Write one of standard, harsh, null.",
            id="setting",
        ),
    ],
)
def test_bad_values_are_named_in_one_sentence(make: object, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        make()  # type: ignore[operator]
    assert str(caught.value) == sentence


def shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "all" if value == () else str(value)


@pytest.mark.parametrize(
    "kind", [LibrarySettings, PanningSettings, ReadSettings], ids=lambda kind: kind.__name__
)
def test_the_reference_page_lists_every_setting_with_its_value(kind: type) -> None:
    page = Path(__file__).resolve().parents[2] / "docs/reference/panning-simulator.md"
    text = page.read_text(encoding="utf-8")
    standard = kind()
    missing = [
        row
        for field in fields(standard)
        if (row := f"| `{field.name}` | {shown(getattr(standard, field.name))} |") not in text
    ]
    assert missing == []
