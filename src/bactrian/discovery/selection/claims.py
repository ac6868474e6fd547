"""What a plan of the tests cannot claim, in full sentences: they stand beside its results.

The sheet's own warnings come before any work and say how to mend the design; these say what the statistics of
what was in fact counted are worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bactrian.discovery.selection.design import Lack, Plan

# Three replicates are where simulated campaigns reach their full power; two find fewer of the binders.
ENOUGH_REPLICATES: Final = 3
_MOST_SHOWN: Final = 5
_ROLE_WORDS: Final = {
    "target": "target selection",
    "comparator": "selection",
    "control": "control selection",
    "input": "input sample",
}


def list_claims(plan: Plan) -> Iterator[str]:
    """Yield what a plan cannot claim.

    Args:
        plan: Columns, groups and what they lack.

    Yields:
        Sentences: replicates, spread, enrichment, specificity, then what is not counted.
    """
    yield from _judge_replicates(plan)
    yield from _judge_enrichment(plan)
    yield from _judge_specificity(plan)
    yield from _describe_control(plan)
    yield from _describe_lacks(plan.lacks)


def _judge_replicates(plan: Plan) -> Iterator[str]:
    own = plan.of(plan.target)
    name = f"'{plan.antigen}'"
    if not own:
        yield (
            f"No selection on {name} can be counted at {join_rounds(plan.rounds)}: nothing is tested "
            "and nothing nominated."
        )
        return
    if len(own) == 1:
        sequenced = "one selection, sequenced once" if len(own[0].samples) == 1 else "one selection"
        yield (
            f"Exploratory: no error control. {name} is counted from {sequenced}, so a binder cannot be told "
            "from a clone that exploded by chance."
        )
    elif len(own) < ENOUGH_REPLICATES:
        yield (
            f"{name} is counted from two independent selections: a binder must show in both, and fewer "
            "binders are found than with three."
        )
    if plan.residual_df < 1:
        yield (
            "No group has a second column: the spread between selections is unknown, so no p-value can be "
            "computed and fold changes are all there is."
        )
    elif plan.residual_df == len(plan.of(plan.input)) - 1:
        yield (
            "Only the input has a second column, which shows technical noise: the spread between pannings is "
            "unknown, so no p-value is given and fold changes are all there is."
        )


def _judge_enrichment(plan: Plan) -> Iterator[str]:
    inputs = plan.of(plan.input)
    if not inputs:
        yield (
            f"No sample of the unpanned library '{plan.library}' is counted: enrichment cannot be tested, "
            "and a clone that was frequent from the start looks like one that was selected."
        )
    elif len(inputs) == 1:
        yield (
            "The input is one sample: its own noise is taken to be that of the selections, and it stands for "
            "the library as it was before any panning."
        )
    else:
        yield (
            f"The {len(inputs)} input samples were drawn from one unpanned library: what differs between "
            "them is technical noise only, not the chance of a panning."
        )


def _judge_specificity(plan: Plan) -> Iterator[str]:
    lost = dict.fromkeys(
        lack.group_name for lack in plan.lacks if lack.role == "comparator" and not lack.counted
    )
    present = {comparator.name for comparator in plan.comparators}
    for name in lost:
        if name not in present:
            yield (
                f"{_capitalise(name)} is not compared with: none of its selections can be counted at "
                f"{join_rounds(plan.rounds)}."
            )
    if not plan.comparators:
        yield (
            f"There is nothing to compare '{plan.antigen}' with: specificity cannot be tested, and a sticky "
            "clone looks like a binder."
        )
    for comparator in plan.comparators:
        if len(plan.of(comparator.group)) == 1:
            yield (
                f"Specificity against {comparator.name} rests on one selection: a clone that exploded or was "
                "lost there by chance decides it alone."
            )
        if comparator.arm != "target" and comparator.antigen in (plan.antigen, *plan.wanted_with):
            yield (
                f"{_capitalise(comparator.name)} bears the name of an antigen whose binders are wanted "
                "and is compared with all the same, since its arm says so: if it was panned against that "
                "antigen, its binders are lost."
            )
    if plan.wanted_with:
        others = join_words(quote(plan.wanted_with))
        pronoun = "it" if len(plan.wanted_with) == 1 else "them"
        yield (
            f"Binders of '{plan.antigen}' that bind {others} as well are wanted: specificity is not tested "
            f"against {pronoun}."
        )


def _describe_control(plan: Plan) -> Iterator[str]:
    rounds = sorted({number for column in plan.of(plan.control) for number in column.rounds})
    if rounds and not set(rounds) & set(plan.rounds):
        yield (
            f"The amplification control was not sequenced in {join_rounds(plan.rounds, 'or')}: its last, "
            f"{join_rounds(rounds)}, shows how fast clones grow."
        )


def _describe_lacks(lacks: Sequence[Lack]) -> Iterator[str]:
    """Yield a sentence for all selections of one group that lack the same."""
    alike: dict[tuple[object, ...], list[Lack]] = {}
    for lack in lacks:
        kind = (lack.role, lack.group_name, lack.counted, bool(lack.left_out), lack.absent)
        alike.setdefault(kind, []).append(lack)
    for own in alike.values():
        yield _describe_alike(own)


def _describe_alike(lacks: Sequence[Lack]) -> str:
    first, several = lacks[0], len(lacks) > 1
    names = quote([lack.selection for lack in lacks])
    selections = f"{_ROLE_WORDS[first.role]}{'s' if several else ''} {_shorten(names)}"
    samples = [sample for lack in lacks for sample in lack.left_out]
    out = f"{'Samples' if len(samples) > 1 else 'Sample'} {_shorten(quote(samples))}"
    out += " are left out" if len(samples) > 1 else " is left out"
    if first.role == "input":
        return f"{out} of the input."
    absence = f"not sequenced in {join_rounds(first.absent, 'or')}" if first.absent else ""
    was, has, takes = ("were", "have", "take") if several else ("was", "has", "takes")
    is_ = "are" if several else "is"
    if not first.counted:
        if not samples:
            them = "them" if several else "it"
            ask = f": ask for rounds that all of them have to count {them}" if first.role == "target" else ""
            return f"{_capitalise(selections)} {was} {absence} and {takes} no part{ask}."
        return f"{out}: {selections} {has} no other at {join_rounds(first.wanted, 'or')} and {takes} no part."
    if first.counted == first.wanted:
        return f"{out}: {selections} {is_} counted from the other samples of {join_rounds(first.wanted)}."
    if not samples:
        return f"{_capitalise(selections)} {was} {absence}: counted from {join_rounds(first.counted)} alone."
    return f"{out}: {selections} {is_} counted from {join_rounds(first.counted)} alone."


def join_rounds(rounds: Collection[int], last: str = "and") -> str:
    """Name rounds in words.

    Examples:
        >>> join_rounds((7, 8))
        'rounds 7 and 8'
        >>> join_rounds((7, 8), "or")
        'round 7 or 8'
    """
    numbers = [str(number) for number in sorted(set(rounds))]
    word = "rounds" if len(numbers) > 1 and last == "and" else "round"
    return f"{word} {join_words(numbers, last)}"


def join_words(words: Sequence[str], last: str = "and") -> str:
    """Join words as a sentence does.

    Examples:
        >>> join_words(["a", "b", "c"])
        'a, b and c'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def quote(names: Sequence[str]) -> list[str]:
    """Put names in quotes, as sentences show what the sheet wrote."""
    return [f"'{name}'" for name in names]


def _shorten(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_SHOWN
    if rest > 0:
        return f"{', '.join(names[:_MOST_SHOWN])} and {rest} more"
    return join_words(names)


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
