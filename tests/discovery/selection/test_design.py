"""Plans of the tests: which samples make a column, which columns a group, and what cannot be claimed."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bactrian.core.errors import InputError
from bactrian.discovery.selection.design import (
    Comparator,
    Plan,
    choose_rounds,
    name_comparator,
    plan_selection,
    split_wanted_with,
)
from bactrian.discovery.selection.settings import SelectionSettings
from bactrian.discovery.sheet import read_design

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Row = tuple[str, str, str, int, str, str | None, str]
SCHEMA = ["sample", "selection", "replicate", "round", "arm", "antigen", "library"]


def pan(
    antigen: str,
    *,
    arm: str = "target",
    number: int = 3,
    rounds: Iterable[int] = (1, 2, 3),
    library: str = "L",
    start: int = 1,
) -> list[Row]:
    """Selections of one arm and antigen, each sequenced in some rounds."""
    return [
        (f"{antigen}{n}-r{r}", f"{antigen}{n}", str(n), r, arm, antigen, library)
        for n in range(start, start + number)
        for r in rounds
    ]


def unpanned(number: int = 3, library: str = "L") -> list[Row]:
    return [(f"in{n}-{library}", "unpanned", str(n), 0, "input", None, library) for n in range(1, number + 1)]


def plan(
    *rows: list[Row], rounds: tuple[int, ...] | None = None, left_out: Iterable[str] = (), **wanted: str
) -> tuple[Plan, ...]:
    samples = pl.DataFrame(list(chain(*rows)), schema=SCHEMA, orient="row")
    if wanted:
        samples = samples.with_columns(
            pl.when(pl.col("arm") == "target")
            .then(pl.col("antigen").replace_strict(wanted, default=None))
            .alias("wanted_with")
        )
    return plan_selection(samples, SelectionSettings(rounds=rounds), left_out=tuple(left_out))


def columns(plan: Plan, group: int | None) -> dict[str, tuple[str, ...]]:
    return {column.name: column.samples for column in plan.of(group)}


INPUT_NOTE = (
    "The 3 input samples were drawn from one unpanned library: what differs between them is technical noise "
    "only, "
    "not the chance of a panning."
)


def test_a_sound_design_gives_columns_by_group() -> None:
    (one,) = plan(unpanned(), pan("X"), pan("beads", arm="counter", number=2), pan("BSA", arm="irrelevant"))
    assert (one.library, one.antigen, one.rounds) == ("L", "X", (3,))
    assert columns(one, one.target) == {"X1": ("X1-r3",), "X2": ("X2-r3",), "X3": ("X3-r3",)}
    assert one.comparators == (
        Comparator("counter 'beads'", 1, "counter", "beads"),
        Comparator("irrelevant 'BSA'", 2, "irrelevant", "BSA"),
    )
    assert columns(one, 1) == {"beads1": ("beads1-r3",), "beads2": ("beads2-r3",)}
    assert columns(one, one.input) == {"in1-L": ("in1-L",), "in2-L": ("in2-L",), "in3-L": ("in3-L",)}
    assert one.groups.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3]
    assert [column.role for column in one.columns] == ["target"] * 3 + ["comparator"] * 5 + ["input"] * 3
    assert one.at(1).tolist() == [3, 4]
    assert (one.control, one.of(one.control), one.at(None).tolist()) == (None, (), [])
    assert (one.replicates, one.residual_df, one.exploratory) == (3, 7, False)
    assert (one.lacks, one.left_out, one.notes) == ((), (), (INPUT_NOTE,))


@pytest.mark.parametrize(
    ("sequenced", "asked", "expected"),
    [
        ([1], None, (1,)),
        ([1, 2, 3], None, (3,)),
        ([0, 1, 2, 3], None, (3,)),
        ([1, 2, 3, 4], None, (3, 4)),
        ([5, 8, 6, 7, 8], None, (7, 8)),
        ([1, 2, 3, 7], None, (3, 7)),
        ([7, 8], None, (8,)),
        ([5, 6, 7, 8], (6,), (6,)),
        ([5, 6, 7], (8, 7), (7,)),
        ([5, 6], (8, 7), (7, 8)),
    ],
    ids=str,
)
def test_decisive_rounds(
    sequenced: list[int], asked: tuple[int, ...] | None, expected: tuple[int, ...]
) -> None:
    assert choose_rounds(sequenced, asked) == expected


def test_four_rounds_of_the_target_sum_two_of_every_selection() -> None:
    rows = (unpanned(), pan("X", rounds=(1, 2, 3, 4)), pan("beads", arm="counter", rounds=(3, 4)))
    (one,) = plan(*rows)
    assert one.rounds == (3, 4)
    assert {column.samples for column in one.of(1)} == {(f"beads{n}-r3", f"beads{n}-r4") for n in (1, 2, 3)}
    assert {column.rounds for column in one.columns} == {(3, 4), (0,)}


def test_rounds_of_the_target_decide_not_those_of_the_comparator() -> None:
    first, second = plan(unpanned(), pan("X", rounds=(2, 3)), pan("Y", rounds=(1, 2, 3, 4)))
    assert (first.rounds, second.rounds) == ((3,), (3, 4))
    assert columns(first, 1)["Y1"] == ("Y1-r3",)
    assert columns(second, 1)["X1"] == ("X1-r3",)
    assert second.notes[1:] == (
        "Selections 'X1', 'X2' and 'X3' were not sequenced in round 4: counted from round 3 alone.",
    )


def test_rounds_may_be_asked_for() -> None:
    (one,) = plan(unpanned(), pan("X", rounds=(1, 2, 3, 4)), pan("b", arm="counter"), rounds=(3, 1))
    assert one.rounds == (1, 3)
    assert columns(one, 0)["X2"] == ("X2-r1", "X2-r3")
    with pytest.raises(InputError) as caught:
        plan(pan("X"), pan("b", arm="counter", rounds=(4,)), rounds=(4,))
    assert str(caught.value) == "'4' is no round of a target sample. Ask for some of these: 1, 2, 3."


def test_rounds_asked_for_may_be_those_of_another_target() -> None:
    first, second = plan(unpanned(), pan("X"), pan("Y", rounds=(1, 2, 3, 4)), rounds=(4,))
    assert (first.replicates, second.replicates) == (0, 3)
    assert first.exploratory
    assert first.notes[0] == (
        "No selection on 'X' can be counted at round 4: nothing is tested and nothing nominated."
    )
    assert [column.role for column in first.columns[:3]] == ["comparator"] * 3


def test_resequencings_are_summed_and_are_no_replicates() -> None:
    again: list[Row] = [("X1-again", "X1", "1", 3, "target", "X", "L")]
    (one,) = plan(unpanned(), pan("X"), again, pan("b", arm="counter"))
    assert columns(one, 0)["X1"] == ("X1-r3", "X1-again")
    assert one.replicates == 3


def test_libraries_and_targets_have_a_plan_each() -> None:
    plans = plan(
        unpanned(),
        pan("X"),
        pan("Y"),
        pan("b", arm="counter", library="M"),
        pan("X", library="M"),
        unpanned(2, "M"),
    )
    assert [(one.library, one.antigen) for one in plans] == [("L", "X"), ("L", "Y"), ("M", "X")]
    assert [[c.name for c in one.comparators] for one in plans] == [["Y"], ["X"], ["counter 'b'"]]
    assert columns(plans[2], plans[2].input) == {"in1-M": ("in1-M",), "in2-M": ("in2-M",)}
    assert plan(unpanned(), pan("b", arm="counter")) == ()


def test_targets_wanted_together_are_no_comparators() -> None:
    human, cyno = plan(unpanned(), pan("human"), pan("cyno"), pan("b", arm="counter"), human="cyno")
    assert [comparator.name for comparator in human.comparators] == ["counter 'b'"]
    assert [comparator.name for comparator in cyno.comparators] == ["human", "counter 'b'"]
    assert (human.wanted_with, cyno.wanted_with) == (("cyno",), ())
    assert human.notes[1:] == (
        "Binders of 'human' that bind 'cyno' as well are wanted: specificity is not tested against it.",
    )


def test_every_other_target_wanted_leaves_nothing_to_compare_with() -> None:
    one = plan(unpanned(), pan("A"), pan("B"), pan("C"), A="B; C")[0]
    assert (one.comparators, one.wanted_with, one.input) == ((), ("B", "C"), 1)
    assert one.notes[1:] == (
        "There is nothing to compare 'A' with: specificity cannot be tested, and a sticky clone looks like a "
        "binder.",
        "Binders of 'A' that bind 'B' and 'C' as well are wanted: specificity is not tested against them.",
    )


def test_one_row_of_a_target_is_enough_to_say_what_is_wanted() -> None:
    samples = pl.DataFrame(pan("A") + pan("B") + pan("C"), schema=SCHEMA, orient="row")
    cells = [None, "B", *[None] * 5, "C;B", *[None] * (samples.height - 8)]
    samples = samples.with_columns(pl.Series("wanted_with", cells, pl.String))
    assert plan_selection(samples, SelectionSettings())[0].wanted_with == ("B", "C")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(None, ()), ("", ()), ("a", ("a",)), (" a b ;; c;a b", ("a b", "c"))],
    ids=["null", "empty", "one", "several"],
)
def test_cells_of_wanted_with(cell: str | None, expected: tuple[str, ...]) -> None:
    assert split_wanted_with(cell) == expected


def test_the_arm_decides_where_a_counter_bears_a_wanted_name() -> None:
    counter: list[Row] = [(f"c{n}", f"C{n}", str(n), 3, "counter", "X", "L") for n in (1, 2)]
    (one,) = plan(unpanned(), pan("X"), counter)
    assert one.comparators == (Comparator("counter 'X'", 1, "counter", "X"),)
    assert one.notes[1:] == (
        "Counter 'X' bears the name of an antigen whose binders are wanted and is compared with all the "
        "same, since "
        "its arm says so: if it was panned against that antigen, its binders are lost.",
    )


def test_left_out_samples_do_not_move_the_rounds() -> None:
    rows = (unpanned(), pan("X", rounds=(1, 2, 3, 4)), pan("b", arm="counter", rounds=(1, 2, 3, 4)))
    (one,) = plan(*rows, left_out=("X1-r4", "X3-r4", "X2-r1"))
    assert one.rounds == (3, 4)
    assert columns(one, 0) == {"X1": ("X1-r3",), "X2": ("X2-r3", "X2-r4"), "X3": ("X3-r3",)}
    assert one.left_out == ("X1-r4", "X3-r4")
    assert one.notes[1:] == (
        "Samples 'X1-r4' and 'X3-r4' are left out: target selections 'X1' and 'X3' are counted from round 3 "
        "alone.",
    )


def test_a_selection_without_a_sample_left_drops_out() -> None:
    (one,) = plan(
        unpanned(), pan("X"), pan("b", arm="counter", number=2), left_out=("X2-r3", "b1-r3", "in1-L")
    )
    assert columns(one, 0) == {"X1": ("X1-r3",), "X3": ("X3-r3",)}
    assert (one.replicates, one.exploratory) == (2, False)
    assert one.left_out == ("in1-L", "X2-r3", "b1-r3")
    assert one.notes == (
        "'X' is counted from two independent selections: a binder must show in both, and fewer binders are "
        "found "
        "than with three.",
        INPUT_NOTE.replace("3", "2"),
        "Specificity against counter 'b' rests on one selection: a clone that exploded or was lost there by "
        "chance "
        "decides it alone.",
        "Sample 'X2-r3' is left out: target selection 'X2' has no other at round 3 and takes no part.",
        "Sample 'b1-r3' is left out: selection 'b1' has no other at round 3 and takes no part.",
        "Sample 'in1-L' is left out of the input.",
    )


def test_a_resequencing_left_out_leaves_the_other() -> None:
    again: list[Row] = [("X1-again", "X1", "1", 3, "target", "X", "L")]
    (one,) = plan(unpanned(), pan("X"), again, pan("b", arm="counter"), left_out=("X1-r3",))
    assert columns(one, 0)["X1"] == ("X1-again",)
    assert one.notes[1:] == (
        "Sample 'X1-r3' is left out: target selection 'X1' is counted from the other samples of round 3.",
    )


def test_nothing_of_the_target_left() -> None:
    (one,) = plan(unpanned(), pan("X", number=1), pan("b", arm="counter"), left_out=("X1-r3",))
    assert (one.replicates, one.exploratory, one.of(one.target)) == (0, True, ())
    assert one.notes[0] == (
        "No selection on 'X' can be counted at round 3: nothing is tested and nothing nominated."
    )


def test_selections_without_the_decisive_rounds() -> None:
    short = pan("X", number=2, rounds=(1, 2), start=3)
    (one,) = plan(unpanned(), pan("X", number=2), short, pan("b", arm="counter", rounds=(1, 2)))
    assert columns(one, 0) == {"X1": ("X1-r3",), "X2": ("X2-r3",)}
    assert one.comparators == ()
    assert one.notes == (
        "'X' is counted from two independent selections: a binder must show in both, and fewer binders are "
        "found "
        "than with three.",
        INPUT_NOTE,
        "Counter 'b' is not compared with: none of its selections can be counted at round 3.",
        "There is nothing to compare 'X' with: specificity cannot be tested, and a sticky clone looks like a "
        "binder.",
        "Target selections 'X3' and 'X4' were not sequenced in round 3 and take no part: ask for rounds that "
        "all of "
        "them have to count them.",
        "Selections 'b1', 'b2' and 'b3' were not sequenced in round 3 and take no part.",
    )
    (mended,) = plan(
        unpanned(), pan("X", number=2), short, pan("b", arm="counter", rounds=(1, 2)), rounds=(2,)
    )
    assert (mended.replicates, len(mended.comparators), mended.notes) == (4, 1, (INPUT_NOTE,))


def test_inputs_named_like_selections_are_inputs() -> None:
    own: list[Row] = [(f"X{n}-r0", f"X{n}", str(n), 0, "input", None, "L") for n in (1, 2)]
    (one,) = plan(own, pan("X"), pan("b", arm="counter"))
    assert columns(one, one.input) == {"X1-r0": ("X1-r0",), "X2-r0": ("X2-r0",)}
    assert one.replicates == 3


def test_column_names_are_unique() -> None:
    named: list[Row] = [("X1", "unpanned", "1", 0, "input", None, "L")]
    (one,) = plan(named, pan("X"), pan("b", arm="counter"))
    names = [column.name for column in one.columns]
    assert names[0] == "target X1"
    assert names[-1] == "input X1"
    assert len(set(names)) == len(names)


def control(rounds: Iterable[int], number: int = 2) -> list[Row]:
    return [
        (f"amp{n}-r{r}", "amplified", str(n), r, "control", None, "L")
        for n in range(1, number + 1)
        for r in rounds
    ]


def test_a_control_has_columns_at_the_decisive_rounds() -> None:
    (one,) = plan(unpanned(), pan("X"), pan("b", arm="counter"), control((2, 3)))
    assert columns(one, one.control) == {"amplified 1": ("amp1-r3",), "amplified 2": ("amp2-r3",)}
    assert one.groups[-2:].tolist() == [one.control, one.control]
    assert one.notes == (INPUT_NOTE,)


def test_a_control_without_the_decisive_rounds_is_counted_at_its_last() -> None:
    (one,) = plan(unpanned(), pan("X"), pan("b", arm="counter"), control((1, 2)))
    assert columns(one, one.control) == {"amplified 1": ("amp1-r2",), "amplified 2": ("amp2-r2",)}
    assert one.notes[1:] == (
        "The amplification control was not sequenced in round 3: its last, round 2, shows how fast clones "
        "grow.",
    )


def test_without_replicates() -> None:
    (one,) = plan(unpanned(), pan("X", number=1), pan("b", arm="counter", number=1))
    assert (one.replicates, one.exploratory, one.residual_df) == (1, True, 2)
    assert one.notes == (
        "Exploratory: no error control. 'X' is counted from one selection, sequenced once, so a binder "
        "cannot be told "
        "from a clone that exploded by chance.",
        "Only the input has a second column, which shows technical noise: the spread between pannings is "
        "unknown, so no p-value is given and fold changes are all there is.",
        INPUT_NOTE,
        "Specificity against counter 'b' rests on one selection: a clone that exploded or was lost there by "
        "chance "
        "decides it alone.",
    )


def test_one_against_one() -> None:
    (one,) = plan(pan("X", number=1, rounds=(1, 2, 3, 4)), pan("b", arm="counter", number=1))
    assert (one.exploratory, one.residual_df) == (True, 0)
    assert one.notes[:2] == (
        "Exploratory: no error control. 'X' is counted from one selection, so a binder cannot be told from a "
        "clone "
        "that exploded by chance.",
        "No group has a second column: the spread between selections is unknown, so no p-value can be "
        "computed and "
        "fold changes are all there is.",
    )


def test_without_input() -> None:
    (one,) = plan(pan("X"), pan("b", arm="counter"))
    assert one.input is None
    assert one.notes == (
        "No sample of the unpanned library 'L' is counted: enrichment cannot be tested, and a clone that was "
        "frequent "
        "from the start looks like one that was selected.",
    )


def test_with_one_input() -> None:
    (one,) = plan(unpanned(1), pan("X"), pan("b", arm="counter"))
    assert one.notes == (
        "The input is one sample: its own noise is taken to be that of the selections, and it stands for the "
        "library "
        "as it was before any panning.",
    )


def test_without_comparators() -> None:
    (one,) = plan(unpanned(), pan("X"))
    assert (one.comparators, one.input, one.groups.tolist()) == ((), 1, [0, 0, 0, 1, 1, 1])
    assert one.notes[1:] == (
        "There is nothing to compare 'X' with: specificity cannot be tested, and a sticky clone looks like a "
        "binder.",
    )


def test_with_one_sample() -> None:
    (one,) = plan(pan("X", number=1, rounds=(2,)))
    assert (len(one.columns), one.exploratory, one.residual_df, one.rounds) == (1, True, 0, (2,))
    assert one.notes == (
        "Exploratory: no error control. 'X' is counted from one selection, sequenced once, so a binder "
        "cannot be told "
        "from a clone that exploded by chance.",
        "No group has a second column: the spread between selections is unknown, so no p-value can be "
        "computed and "
        "fold changes are all there is.",
        "No sample of the unpanned library 'L' is counted: enrichment cannot be tested, and a clone that was "
        "frequent "
        "from the start looks like one that was selected.",
        "There is nothing to compare 'X' with: specificity cannot be tested, and a sticky clone looks like a "
        "binder.",
    )


def test_an_antigen_that_occurs_once_beside_a_sound_one() -> None:
    rare, sound = plan(unpanned(), pan("Y", number=1, rounds=(3,)), pan("X"))
    assert (rare.replicates, rare.exploratory, sound.replicates, sound.exploratory) == (1, True, 3, False)
    assert rare.notes[0].startswith(
        "Exploratory: no error control. 'Y' is counted from one selection, sequenced once"
    )
    assert sound.notes[1:] == (
        "Specificity against Y rests on one selection: a clone that exploded or was lost there by chance "
        "decides it "
        "alone.",
    )


def test_many_names_are_shortened() -> None:
    (one,) = plan(unpanned(), pan("X", rounds=(2, 3)), pan("b", arm="counter", number=8, rounds=(2,)))
    assert one.notes[-1] == (
        "Selections 'b1', 'b2', 'b3', 'b4', 'b5' and 3 more were not sequenced in round 3 and take no part."
    )


def test_a_frame_without_a_column_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        plan_selection(pl.DataFrame({"sample": ["a"], "selection": ["A"]}), SelectionSettings())
    assert caught.value.message == (
        "The samples have the columns 'sample, selection'. Give them a column 'replicate'."
    )


def test_names_of_comparators() -> None:
    assert [name_comparator(arm, "Z") for arm in ("target", "counter", "irrelevant")] == [
        "Z", "counter 'Z'", "irrelevant 'Z'",
    ]  # fmt: skip


@given(
    design=st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C"]),
            st.sampled_from(["target", "counter"]),
            st.integers(1, 3),
            st.sets(st.integers(1, 5), min_size=1),
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda entry: entry[:2],
    ),
    inputs=st.integers(0, 3),
    data=st.data(),
)
def test_whatever_the_design_every_plan_holds_together(
    design: list[tuple[str, str, int, set[int]]], inputs: int, data: st.DataObject
) -> None:
    rows = unpanned(inputs)
    for antigen, arm, number, rounds in design:
        rows += [
            (f"{arm}-{antigen}{n}-r{r}", f"{arm}-{antigen}{n}", str(n), r, arm, antigen, "L")
            for n in range(1, number + 1)
            for r in sorted(rounds)
        ]
    names = [row[0] for row in rows]
    left_out = data.draw(st.sets(st.sampled_from(names), max_size=3))
    for one in plan(rows, left_out=left_out):
        counted = [sample for column in one.columns for sample in column.samples]
        assert len(counted) == len(set(counted))
        assert not set(counted) & left_out
        assert set(one.left_out) <= left_out
        groups = {one.target, *(comparator.group for comparator in one.comparators), one.input, one.control}
        assert set(one.groups.tolist()) | {one.target} == groups - {None}
        assert sorted(one.groups.tolist()) == one.groups.tolist()
        assert len({column.name for column in one.columns}) == len(one.columns)
        by_sample = {row[0]: row for row in rows}
        for column in one.columns:
            of_round = {by_sample[sample][3] for sample in column.samples}
            assert of_round <= ({0} if column.role == "input" else set(one.rounds))
            assert {by_sample[sample][1] for sample in column.samples} == {column.selection}
        assert all(note.endswith(".") and note[0] in "'ABCDEFGHIJKLMNOPQRSTUVWXYZ" for note in one.notes)
        assert len(set(one.notes)) == len(one.notes)
        assert one.exploratory == (one.replicates < 2)


@pytest.mark.shared_data
def test_phageseq_minimal(shared_data: Path) -> None:
    samples = read_design(
        shared_data / "discovery" / "phageseq_minimal" / "sheet.csv",
        where="selection not in ('1.E9', '1.F9', '1.G9')",
    ).samples
    oprm, flagellum = plan_selection(samples, SelectionSettings())
    assert (oprm.antigen, oprm.rounds, oprm.replicates, oprm.exploratory) == ("OprM", (7, 8), 3, False)
    assert columns(oprm, oprm.target) == {
        "1.A2": ("02-A2", "03-A2"), "1.B2": ("02-B2", "03-B2"), "1.C2": ("07-A1", "03-C2"),
    }  # fmt: skip
    assert oprm.comparators == (Comparator("flagellum", 1, "target", "flagellum"),)
    assert oprm.groups.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert columns(oprm, oprm.input) == {name: (name,) for name in ("07-C4", "07-C5", "07-C6")}
    assert (flagellum.rounds, [c.name for c in flagellum.comparators]) == ((7, 8), ["OprM"])
    assert oprm.notes == flagellum.notes == (INPUT_NOTE,)


@pytest.mark.shared_data
def test_phageseq_minimal_without_its_takeovers(shared_data: Path) -> None:
    path = shared_data / "discovery" / "phageseq_minimal" / "sheet.csv"
    samples = read_design(path, where="selection not in ('1.E9', '1.F9', '1.G9')").samples
    oprm, _ = plan_selection(samples, SelectionSettings(), left_out=("03-A2", "03-C2"))
    assert columns(oprm, oprm.target) == {
        "1.A2": ("02-A2",), "1.B2": ("02-B2", "03-B2"), "1.C2": ("07-A1",),
    }  # fmt: skip
    assert (oprm.rounds, oprm.replicates, oprm.left_out) == ((7, 8), 3, ("03-A2", "03-C2"))
    assert oprm.notes[1:] == (
        "Samples '03-A2' and '03-C2' are left out: target selections '1.A2' and '1.C2' are counted from "
        "round 7 alone.",
    )
    every = read_design(path).samples
    assert [one.replicates for one in plan_selection(every, SelectionSettings())] == [3, 6]
