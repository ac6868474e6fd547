"""Picks for a plate: lineages, distances, wells."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bactrian.core.errors import InputError
from bactrian.discovery.clonotypes.hamming import Packed
from bactrian.discovery.leads.distances import shares_that_differ
from bactrian.discovery.leads.picking import pick_leads, well_of
from bactrian.discovery.leads.settings import PickSettings

# Three lineages that share nothing; the second member of the first differs in one residue.
FAR = {"AADRGGYDY": "L1", "AADRGGFDY": "L1", "NTWPLKHSEQ": "L2", "VMCIHLNTRWSPK": "L3"}


def candidates(*cdr3s: str | None, antigen: str = "A", **known: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "antigen": antigen,
            "library": "Lib",
            "key": [cdr3 or f"unit{place}" for place, cdr3 in enumerate(cdr3s)],
            "cdr3": cdr3s,
            "lineage": [FAR.get(cdr3 or "", cdr3) for cdr3 in cdr3s],
            "known_kind": [known.get(cdr3 or "") for cdr3 in cdr3s],
        },
        schema_overrides={"known_kind": pl.String, "cdr3": pl.String, "lineage": pl.String},
    )


def picks(frame: pl.DataFrame) -> list[str]:
    return frame.filter(pl.col("pick").is_not_null()).sort("antigen", "pick")["key"].to_list()


def test_the_best_of_every_lineage_comes_before_second_members() -> None:
    found = pick_leads(candidates(*FAR), PickSettings())
    assert picks(found) == ["AADRGGYDY", "NTWPLKHSEQ", "VMCIHLNTRWSPK", "AADRGGFDY"]
    assert found["member"].to_list() == [1, 2, 1, 1]
    assert found["well"].to_list() == ["A1", "D1", "B1", "C1"]


def test_a_full_lineage_holds_its_next_member_back() -> None:
    found = pick_leads(candidates(*FAR), PickSettings(per_lineage=1))
    assert picks(found) == ["AADRGGYDY", "NTWPLKHSEQ", "VMCIHLNTRWSPK"]
    assert found["held_by"].to_list() == [None, "lineage", None, None]


def test_a_close_cdr3_of_another_lineage_is_held_back() -> None:
    close = "AADRGGWDYW"  # two of ten differ from AADRGGYDY
    found = pick_leads(candidates("AADRGGYDY", close, "NTWPLKHSEQ"), PickSettings(min_distance=0.4))
    assert picks(found) == ["AADRGGYDY", "NTWPLKHSEQ"]
    held = found.row(1, named=True)
    assert (held["held_by"], held["closest_pick"], held["closest_share"]) == ("distance", 1, 0.2)
    assert picks(pick_leads(candidates("AADRGGYDY", close), PickSettings(min_distance=0.2))) == [
        "AADRGGYDY",
        close,
    ]


def test_what_is_beyond_the_plate_says_so() -> None:
    found = pick_leads(candidates(*FAR), PickSettings(top=2))
    assert picks(found) == ["AADRGGYDY", "NTWPLKHSEQ"]
    assert found["held_by"].to_list() == [None, "plate", None, "plate"]


def test_parasites_are_picked_only_when_asked() -> None:
    marked = candidates("AADRGGYDY", "NTWPLKHSEQ", AADRGGYDY="parasite", NTWPLKHSEQ="binder")
    assert picks(pick_leads(marked, PickSettings())) == ["NTWPLKHSEQ"]
    assert picks(pick_leads(marked, PickSettings(allow_known=True))) == ["AADRGGYDY", "NTWPLKHSEQ"]


def test_without_cdr3s_the_rank_decides() -> None:
    found = pick_leads(candidates(None, None, None), PickSettings(top=2))
    assert found["pick"].to_list() == [1, 2, None]


def test_each_antigen_has_its_own_plate() -> None:
    both = pl.concat([candidates(*FAR), candidates(*FAR, antigen="B")])
    found = pick_leads(both, PickSettings(top=1))
    assert found.filter(pl.col("pick") == 1)["well"].to_list() == ["A1", "A1"]


def test_no_candidates_no_picks() -> None:
    assert pick_leads(candidates().head(0), PickSettings())["pick"].to_list() == []


def test_wells_run_down_the_columns() -> None:
    wells = [well_of(pick) for pick in range(1, 98)]
    assert [well for _, well in wells[:9]] == ["A1", "B1", "C1", "D1", "E1", "F1", "G1", "H1", "A2"]
    assert wells[95] == (1, "H12")
    assert wells[96] == (2, "A1")
    assert len({well for plate, well in wells if plate == 1}) == 96


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text("ADGY", min_size=4, max_size=7), min_size=1, max_size=25, unique=True),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.3, 0.6]),
    st.integers(1, 12),
)
def test_no_pick_breaks_a_rule(cdr3s: list[str], per_lineage: int, distance: float, top: int) -> None:
    frame = candidates(*cdr3s).with_columns(lineage=pl.col("cdr3").str.slice(0, 2))
    chosen = PickSettings(per_lineage=per_lineage, min_distance=distance, top=top)
    found = pick_leads(frame, chosen)
    picked = found.filter(pl.col("pick").is_not_null()).sort("pick")
    assert picked.height <= top
    assert picked["pick"].to_list() == list(range(1, picked.height + 1))
    assert picked.group_by("lineage").len()["len"].max() <= per_lineage
    packed = Packed.of(picked["cdr3"])
    for row in range(picked.height):
        others = (picked["lineage"] != picked["lineage"][row]).arg_true().to_numpy().astype("int64")
        assert (shares_that_differ(packed, row, others) >= distance).all()
    # Whatever is not picked has its reason, and none is left out while a well is free for it.
    held = found.filter(pl.col("pick").is_null())
    assert held["held_by"].null_count() == 0
    assert picked.height == top or "plate" not in held["held_by"].to_list()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"top": 0}, "'0' is no number of picks. Write a whole number from 1; 96 is a plate."),
        ({"tier": 3}, "'3' is no tier. Write 1 (nominated), 2 (high confidence) or 0 (every unit)."),
        ({"per_lineage": 0}, "'0' is no number of picks per lineage. Write a whole number from 1."),
        (
            {"min_distance": 1.5},
            "'1.5' is no share of the CDR3. Write a number from 0 to 1; 0.4 is the default.",
        ),
        ({"near_misses": -1}, "'-1' is no number of near misses. Write a whole number from 0."),
    ],
    ids=["top", "tier", "per-lineage", "distance", "near-misses"],
)
def test_impossible_settings_say_what_to_write(change: dict[str, float], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        PickSettings(**change)  # type: ignore[arg-type]
    assert str(caught.value) == sentence
