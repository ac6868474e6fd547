"""Which samples are compared with which: the columns and groups of the test, read from the sample sheet.

A column is one independent selection at the decisive rounds, its samples summed; re-sequencings of a
selection are no replicates, since they share its chance events. Samples that are left out go after the rounds
are chosen, so that a takeover in the last round does not move the comparison to an earlier one. `claims` says
in words what a plan cannot support.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import polars as pl

from bactrian.core.errors import InputError, Where
from bactrian.discovery.selection.claims import list_claims

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from bactrian.discovery.selection.settings import SelectionSettings

Role = Literal["target", "comparator", "input", "control"]

PLAN_COLUMNS: Final = ("sample", "selection", "replicate", "round", "arm", "antigen", "library")
# What was panned so that binders of it are not wanted, whatever the target.
COMPARED_ARMS: Final = ("counter", "irrelevant")
# From this many sequenced rounds on the last two are both late and are summed: twice the reads for a round in
# which binders already dominate. With fewer, the round before the last is still an early one.
ROUNDS_FOR_TWO: Final = 4
# Fewer independent selections than this leave a binder and a chance explosion of one clone alike.
FEWEST_REPLICATES: Final = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the test: the samples of one selection at the decisive rounds, or one input sample.

    Args:
        name: Unique within the plan: the selection's, with the replicate where a name has several; the
            sample's for an input.
        group: Number of its group in the plan, from 0.
        role: `target`, `comparator`, `input` or `control`.
        selection: Selection of the sheet.
        replicate: Replicate of the sheet.
        samples: Samples that are summed, by round.
        rounds: Rounds of these samples, ascending.
    """

    name: str
    group: int
    role: Role
    selection: str
    replicate: str
    samples: tuple[str, ...]
    rounds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Comparator:
    """What the target is compared with: a counter or irrelevant arm, or another target of the library.

    Args:
        name: Antigen for another target, arm and antigen otherwise (`counter 'beads'`).
        group: Number of its group in the plan.
        arm: Arm of the sheet.
        antigen: Antigen of the sheet.
    """

    name: str
    group: int
    arm: str
    antigen: str


@dataclass(frozen=True, slots=True)
class Lack:
    """A selection that is not counted by all the rounds or samples it should be.

    Args:
        role: Role of its group.
        group_name: Name of its group, as `Comparator.name` for a comparator.
        selection: Name of the column it is, or would have been.
        wanted: Rounds by which its group is counted.
        absent: Those of them that were not sequenced.
        left_out: Samples at these rounds that are left out.
        counted: Rounds it is counted by; none if it takes no part.
    """

    role: Role
    group_name: str
    selection: str
    wanted: tuple[int, ...]
    absent: tuple[int, ...]
    left_out: tuple[str, ...]
    counted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How the units of one library are tested against one target antigen.

    Args:
        library: Library of the sheet.
        antigen: Target antigen.
        rounds: Decisive rounds, ascending.
        columns: Columns in the order of their groups: target, comparators, input, control; within a group in
            the order of the sheet.
        target: Group of the target selections; it has no column if none of them can be counted.
        comparators: What the target is compared with; each has a column at least.
        input: Group of the unpanned library; None without one.
        control: Group of the amplification control; None without one.
        wanted_with: Other targets of the library that binders may bind as well, which are no comparators.
        left_out: Samples that would have been counted and were left out, in the order of the sheet.
        lacks: Selections that are counted by fewer rounds or samples than they should be, or not at all.
        notes: What the design cannot claim, full sentences.
    """

    library: str
    antigen: str
    rounds: tuple[int, ...]
    columns: tuple[Column, ...]
    target: int
    comparators: tuple[Comparator, ...]
    input: int | None
    control: int | None
    wanted_with: tuple[str, ...]
    left_out: tuple[str, ...]
    lacks: tuple[Lack, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def groups(self) -> NDArray[np.int64]:
        """Group of every column, shape (columns,)."""
        return np.array([column.group for column in self.columns], dtype=np.int64)

    @property
    def replicates(self) -> int:
        """Number of independent target selections."""
        return len(self.of(self.target))

    @property
    def residual_df(self) -> int:
        """Columns beyond one per group: what is left to estimate the spread between columns from."""
        return len(self.columns) - len({column.group for column in self.columns})

    @property
    def exploratory(self) -> bool:
        """True where nothing found has an error rate: fewer than two target columns, or no spread to know."""
        return self.replicates < FEWEST_REPLICATES or self.residual_df < 1

    def of(self, group: int | None) -> tuple[Column, ...]:
        """Give the columns of a group; none for None."""
        return tuple(column for column in self.columns if column.group == group)

    def at(self, group: int | None) -> NDArray[np.int64]:
        """Give where the columns of a group stand in `columns`; nowhere for None."""
        return np.array(
            [number for number, column in enumerate(self.columns) if column.group == group], dtype=np.int64
        )


def plan_selection(
    samples: pl.DataFrame, settings: SelectionSettings, *, left_out: Collection[str] = ()
) -> tuple[Plan, ...]:
    """Plan the tests of every target antigen of every library.

    Args:
        samples: One row per sample, in the sheet's order: `sample, selection, replicate, round, arm, antigen,
            library` and, if the sheet has it, `wanted_with`.
        settings: Gives `rounds`, which overrides the choice of decisive rounds.
        left_out: Samples that are not counted, such as takeovers and samples without reads; the decisive
            rounds are chosen with them.

    Returns:
        One plan per library and target antigen, in the order of the sheet; none without a target sample.

    Raises:
        InputError: If a column is missing, or a round is asked for that no target sample has.
    """
    _check_samples(samples, settings.rounds)
    targets = samples.filter(pl.col("arm") == "target").select("library", "antigen")
    return tuple(
        _plan_target(
            samples.filter(pl.col("library") == library), antigen, rounds=settings.rounds, left_out=left_out
        )
        for library, antigen in targets.unique(maintain_order=True).iter_rows()
    )


def choose_rounds(sequenced: Collection[int], asked: Collection[int] | None = None) -> tuple[int, ...]:
    """Choose the decisive rounds of a target antigen.

    Args:
        sequenced: Rounds of its target samples.
        asked: Rounds that a person asks for instead.

    Returns:
        The last round; the last two where there are four or more; of rounds asked for those that were
        sequenced, or all of them where none was.

    Examples:
        >>> choose_rounds([1, 2, 3])
        (3,)
        >>> choose_rounds([5, 6, 7, 8])
        (7, 8)
    """
    panned = sorted({number for number in sequenced if number >= 1})
    if asked is not None:
        return tuple(sorted(set(asked) & set(panned)) or sorted(set(asked)))
    return tuple(panned[-2:] if len(panned) >= ROUNDS_FOR_TWO else panned[-1:])


def name_comparator(arm: str, antigen: str) -> str:
    """Name a comparator as reports and tables do.

    Examples:
        >>> name_comparator("counter", "beads")
        "counter 'beads'"
    """
    return antigen if arm == "target" else f"{arm} '{antigen}'"


def split_wanted_with(cell: str | None) -> tuple[str, ...]:
    """Give the antigens that a cell of `wanted_with` names, joined by `;`.

    Examples:
        >>> split_wanted_with("cynomolgus; mouse")
        ('cynomolgus', 'mouse')
    """
    return tuple(dict.fromkeys(name.strip() for name in (cell or "").split(";") if name.strip()))


def _check_samples(samples: pl.DataFrame, asked: Collection[int] | None) -> None:
    for column in PLAN_COLUMNS:
        if column not in samples.columns:
            found = ", ".join(samples.columns)
            msg = f"The samples have the columns '{found}'. Give them a column '{column}'."
            raise InputError(msg, Where(column=column))
    known = sorted(set(samples.filter(pl.col("arm") == "target")["round"]))
    for number in asked or ():
        if known and number not in known:
            rounds = ", ".join(map(str, known))
            msg = f"'{number}' is no round of a target sample. Ask for some of these: {rounds}."
            raise InputError(msg)


def _plan_target(
    samples: pl.DataFrame, antigen: str, *, rounds: Collection[int] | None, left_out: Collection[str]
) -> Plan:
    """Plan one target antigen from the samples of its library."""
    of_target = samples.filter((pl.col("arm") == "target") & (pl.col("antigen") == antigen))
    decisive = choose_rounds(of_target["round"].to_list(), rounds)
    wanted_with = _read_wanted_with(of_target)
    columns: list[Column] = []
    lacks: list[Lack] = []
    comparators: list[Comparator] = []
    numbers: dict[Role, int] = {}
    group = 0
    for role, arm, of_antigen, rows in _list_groups(samples, antigen, wanted_with):
        name = name_comparator(arm, of_antigen) if role == "comparator" else role
        by_round = _rounds_of(role, rows, decisive)
        own, own_lacks = (
            _count_inputs(rows, group, left_out)
            if role == "input"
            else _count_selections(rows, group, by_round, role=role, name=name, left_out=left_out)
        )
        lacks += own_lacks
        if not own and role != "target":
            continue
        columns += own
        if role == "comparator":
            comparators.append(Comparator(name, group, arm, of_antigen))
        numbers.setdefault(role, group)
        group += 1
    skipped = {sample for lack in lacks for sample in lack.left_out}
    plan = Plan(
        library=str(samples["library"][0]),
        antigen=antigen,
        rounds=decisive,
        columns=_name_columns(columns),
        target=numbers["target"],
        comparators=tuple(comparators),
        input=numbers.get("input"),
        control=numbers.get("control"),
        wanted_with=wanted_with,
        left_out=tuple(sample for sample in samples["sample"] if sample in skipped),
        lacks=tuple(lacks),
    )
    return replace(plan, notes=tuple(list_claims(plan)))


def _read_wanted_with(of_target: pl.DataFrame) -> tuple[str, ...]:
    if "wanted_with" not in of_target.columns:
        return ()
    cells = of_target["wanted_with"].to_list()
    return tuple(dict.fromkeys(name for cell in cells for name in split_wanted_with(cell)))


def _list_groups(
    samples: pl.DataFrame, antigen: str, wanted_with: Collection[str]
) -> Iterator[tuple[Role, str, str, pl.DataFrame]]:
    """Yield (role, arm, antigen, samples) of the target, of each comparator, of input and control.

    The arm decides: a counter or irrelevant arm is compared with even if it bears the target's name, since
    the sheet says that it is what must not be bound.
    """
    yield (
        "target",
        "target",
        antigen,
        samples.filter((pl.col("arm") == "target") & (pl.col("antigen") == antigen)),
    )
    panned = samples.filter(pl.col("arm").is_in(["target", *COMPARED_ARMS]))
    for (arm, other), rows in panned.group_by("arm", "antigen", maintain_order=True):
        if arm == "target" and (other == antigen or other in wanted_with):
            continue
        yield "comparator", str(arm), str(other), rows
    for role in ("input", "control"):
        rows = samples.filter(pl.col("arm") == role)
        if rows.height:
            yield role, role, "", rows


def _rounds_of(role: Role, rows: pl.DataFrame, decisive: tuple[int, ...]) -> tuple[int, ...]:
    """Give the rounds a group is counted by: a control that lacks the decisive ones by its last."""
    sequenced = set(rows["round"])
    if role == "control" and not sequenced & set(decisive):
        return (max(sequenced),)
    return decisive


def _count_inputs(
    rows: pl.DataFrame, group: int, left_out: Collection[str]
) -> tuple[list[Column], list[Lack]]:
    """Make a column of every input sample: re-sequencings of the unpanned library show technical noise."""
    columns, lacks = [], []
    for row in rows.iter_rows(named=True):
        sample, rounds = row["sample"], (int(row["round"]),)
        if sample in left_out:
            lacks.append(Lack("input", "input", sample, rounds, (), (sample,), ()))
        else:
            columns.append(
                Column(sample, group, "input", row["selection"], row["replicate"], (sample,), rounds)
            )
    return columns, lacks


def _count_selections(
    rows: pl.DataFrame,
    group: int,
    rounds: tuple[int, ...],
    *,
    role: Role,
    name: str,
    left_out: Collection[str],
) -> tuple[list[Column], list[Lack]]:
    """Make a column of every selection of a group that has a sample at these rounds."""
    columns, lacks = [], []
    replicates = Counter(
        selection for selection, _ in rows.select("selection", "replicate").unique().iter_rows()
    )
    for (selection, replicate), own in rows.group_by("selection", "replicate", maintain_order=True):
        title = f"{selection} {replicate}" if replicates[selection] > 1 else str(selection)
        late = own.filter(pl.col("round").is_in(rounds)).sort("round", maintain_order=True)
        kept = late.filter(~pl.col("sample").is_in(list(left_out)))
        counted = tuple(sorted(set(kept["round"])))
        if kept.height:
            columns.append(
                Column(title, group, role, str(selection), str(replicate), tuple(kept["sample"]), counted)
            )
        if kept.height < late.height or counted != rounds:
            absent = tuple(number for number in rounds if number not in set(late["round"]))
            skipped = tuple(sample for sample in late["sample"] if sample in left_out)
            lacks.append(Lack(role, name, title, rounds, absent, skipped, counted))
    return columns, lacks


def _name_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Tell columns of one name apart by their role: an input sample may be named like a selection."""
    number: Mapping[str, int] = Counter(column.name for column in columns)
    return tuple(
        replace(column, name=f"{column.role} {column.name}") if number[column.name] > 1 else column
        for column in columns
    )
