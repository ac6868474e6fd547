"""What a person must know of a selection as a whole, in sentences: samples not counted, plans, takeovers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bactrian.discovery.selection.claims import join_rounds, join_words, quote
from bactrian.discovery.selection.evidence import FEWEST_READS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bactrian.discovery.selection.design import Plan
    from bactrian.discovery.selection.judgement import Judged
    from bactrian.discovery.selection.settings import SelectionSettings

_MOST_SHOWN: Final = 6


def say_samples(empty: Sequence[str], thin: Sequence[str], takeovers: Sequence[str]) -> Iterator[str]:
    """Yield which samples are left out and why.

    Args:
        empty: Samples without reads.
        thin: Samples without a read of any tested unit.
        takeovers: Samples flagged as takeover that are left out.

    Yields:
        One sentence per reason.
    """
    if empty:
        yield f"{_name_samples(empty)} no reads and {_out(empty)}."
    if thin:
        yield f"{_name_samples(thin)} no read of any tested unit and {_out(thin)}."
    if takeovers:
        yield (
            f"{_name_samples(takeovers)} been taken over by one clone and its siblings, which hold half of "
            f"the reads or more, and {_out(takeovers)}; --keep-takeovers counts "
            f"{'it' if len(takeovers) == 1 else 'them'}."
        )


def say_plans(
    plans: Sequence[Plan], judged: Sequence[Judged | None], settings: SelectionSettings
) -> Iterator[str]:
    """Yield what could not be tested and what the designs cannot claim.

    Args:
        plans: One per library and target antigen.
        judged: Their judgements; None where nothing could be tested.
        settings: Limits.

    Yields:
        Sentences; those that hold for one target only name it.
    """
    if not plans:
        yield "The sheet has no target sample: nothing is tested and nothing nominated."
        return
    for plan, one in zip(plans, judged, strict=True):
        if plan.replicates and one is None:
            yield f"{name_target(plan, plans)}: {say_untested(plan, settings)}."
    shared = [note for note in plans[0].notes if all(note in plan.notes for plan in plans)]
    yield from shared
    for plan in plans:
        yield from (_address(note, plan, plans) for note in plan.notes if note not in shared)


def say_with_takeovers(
    plans: Sequence[Plan], judged: Sequence[Judged | None], beside: Sequence[Mapping[int, int] | None]
) -> Iterator[str]:
    """Yield how many units are nominated with the takeover samples kept, beside how many without.

    Args:
        plans: One per library and target antigen.
        judged: Their judgements without takeovers; None where nothing could be tested.
        beside: Tiers by row of the count table with them; None where none was left out.

    Yields:
        One sentence per plan that leaves a takeover out.
    """
    for plan, one, kept in zip(plans, judged, beside, strict=True):
        if kept is None:
            continue
        without = 0 if one is None else int((one.tier > 0).sum())
        with_them = sum(tier > 0 for tier in kept.values())
        yield (
            f"{name_target(plan, plans)}: with the takeover samples kept {_count(with_them)} nominated, "
            f"without them {_count(without)}."
        )


def say_untested(plan: Plan, settings: SelectionSettings) -> str:
    """Say why no unit of a plan could be tested."""
    if not plan.replicates:
        return f"no target selection is counted at {join_rounds(plan.rounds)}"
    fewest = max(settings.min_reads, FEWEST_READS)
    return (
        f"no unit has {fewest:,} reads or more over target, comparator and input together, so none is tested"
    )


def name_target(plan: Plan, plans: Sequence[Plan]) -> str:
    """Name the target of a plan, with its library where several have it."""
    twins = sum(other.antigen == plan.antigen for other in plans)
    return f"'{plan.antigen}' in library '{plan.library}'" if twins > 1 else f"'{plan.antigen}'"


def _address(note: str, plan: Plan, plans: Sequence[Plan]) -> str:
    """Say of which target a sentence is, unless it names it."""
    name = name_target(plan, plans)
    return note if name in note else f"{name}: {note}"


def _count(number: int) -> str:
    return f"{number:,} unit is" if number == 1 else f"{number:,} units are"


def _name_samples(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_SHOWN
    shown = quote(names[:_MOST_SHOWN])
    words = f"{', '.join(shown)} and {rest} more" if rest > 0 else join_words(shown)
    return f"Sample {words} has" if len(names) == 1 else f"Samples {words} have"


def _out(names: Sequence[str]) -> str:
    return "is left out" if len(names) == 1 else "are left out"
