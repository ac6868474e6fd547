"""What the design of a screen cannot support, said before any work: warnings, never errors."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from bactrian.discovery.selection.design import split_wanted_with
from bactrian.discovery.sheet_rules import PANNED_ARMS

if TYPE_CHECKING:
    from collections.abc import Iterator

# Two replicates nominate, but with less power than three: discovery.md's simulations give 0.81 with three
# and 0.75 with two at the same false discovery rate; one gives no error control at all.
_ENOUGH_REPLICATES = 3
_MOST_SHOWN = 5


def find_design_gaps(samples: pl.DataFrame) -> Iterator[str]:
    """Yield one sentence for every comparison that the design cannot support.

    Args:
        samples: One row per sample with selection, replicate, round, arm, antigen, library and, if the sheet
            has it, wanted_with.

    Yields:
        Sentences, library by library in the order of the sheet.
    """
    yield from _find_spellings(samples)
    for library in samples["library"].unique(maintain_order=True):
        of_library = samples.filter(pl.col("library") == library)
        panned = of_library.filter(pl.col("arm").is_in(PANNED_ARMS))
        if panned.is_empty():
            yield (
                f"Library '{library}' has no panned sample: its quality can be judged, but nothing can "
                "be enriched."
            )
            continue
        if of_library.filter(pl.col("arm") == "input").is_empty():
            yield (
                f"Library '{library}' has no input sample: enrichment over the unpanned library "
                "cannot be tested. "
                "Sequence the unpanned library and add it with arm input and round 0."
            )
        yield from _find_missing_comparators(panned, library)
        for (arm, antigen), group in panned.group_by("arm", "antigen", maintain_order=True):
            yield from _find_replicate_gaps(
                group, f"{arm} '{antigen}' in library '{library}'", arm == "target"
            )


def _find_missing_comparators(panned: pl.DataFrame, library: str) -> Iterator[str]:
    targets = panned.filter(pl.col("arm") == "target")
    if targets.is_empty():
        yield f"Library '{library}' has no target sample: no binder can be found. Check the column arm."
    wanted = _read_wanted_with(targets)
    yield from _find_one_sided(wanted, library)
    for (antigen,), group in targets.group_by("antigen", maintain_order=True):
        name = f"Target '{antigen}' in library '{library}'"
        same = panned.filter((pl.col("arm") != "target") & (pl.col("antigen") == antigen))
        for arm in same["arm"].unique(maintain_order=True):
            yield (
                f"{name} is also the antigen of a {arm} sample: specific binders would be taken "
                "for sticky ones. "
                f"Name in the {arm} rows what they were panned against instead."
            )
        is_wanted = pl.col("antigen").is_in([antigen, *wanted[antigen]])
        others = panned.filter((pl.col("arm") != "target") | ~is_wanted)
        if others.is_empty():
            beside = " beside those in wanted_with" if wanted[antigen] else ""
            yield (
                f"{name} has no counter, irrelevant or other target to compare with{beside}: "
                "specific binders cannot be told from sticky ones."
            )
            continue
        if not set(group["round"]) & set(others["round"]):
            yield (
                f"{name} has no round in common with what it is compared with "
                f"({_join(group['round'])} against {_join(others['round'])}): "
                "specificity cannot be tested round by round."
            )


def _read_wanted_with(targets: pl.DataFrame) -> dict[str, list[str]]:
    """Give the antigens that the rows of each target antigen name as wanted too."""
    wanted: dict[str, list[str]] = {antigen: [] for antigen in targets["antigen"].unique(maintain_order=True)}
    if "wanted_with" in targets.columns:
        for antigen, cell in targets.select("antigen", "wanted_with").unique(maintain_order=True).iter_rows():
            wanted[antigen] += split_wanted_with(cell)
    return wanted


def _find_one_sided(wanted: dict[str, list[str]], library: str) -> Iterator[str]:
    for antigen, others in wanted.items():
        for other in dict.fromkeys(others):
            if other in wanted and antigen not in wanted[other]:
                yield (
                    f"Target '{antigen}' in library '{library}' names '{other}' in wanted_with and '{other}' "
                    f"does not name '{antigen}': what binds both can be a lead for '{antigen}' and counts as "
                    f"unspecific for '{other}'. Name it in the rows of both if that is not meant."
                )


def _find_replicate_gaps(group: pl.DataFrame, name: str, is_target: bool) -> Iterator[str]:
    """Yield what the selections of one library, arm and antigen lack."""
    rounds = {
        selection: tuple(sorted(set(rows["round"])))
        for (selection,), rows in group.group_by("selection", maintain_order=True)
    }
    number = len(rounds)
    start = name[0].upper() + name[1:]
    if number == 1 and is_target:
        yield (
            f"{start} has a single selection: its results are exploratory only, without control of "
            "false discoveries."
        )
    elif number == 1:
        yield f"{start} has a single selection: one jackpot in it can hide or feign specificity."
    elif number < _ENOUGH_REPLICATES and is_target:
        yield (
            f"{start} has {number} replicate selections: the power to find binders is low. Three are better."
        )
    if len(set(rounds.values())) > 1:
        every = sorted({panning_round for own in rounds.values() for panning_round in own})
        lacking = {
            selection: [panning_round for panning_round in every if panning_round not in own]
            for selection, own in rounds.items()
        }
        parts = [f"{selection} lacks {_join(own)}" for selection, own in lacking.items() if own]
        yield (
            f"The replicates of {name} were not sequenced in the same rounds: {_shorten(parts)}. "
            "Compare rounds that all of them have."
        )
    for (selection, panning_round), rows in group.group_by("selection", "round", maintain_order=True):
        if rows.height > 1:
            yield (
                f"Round {panning_round} of selection '{selection}' has {rows.height} samples "
                f"({_shorten(list(rows['sample']))}): they are taken as re-sequencings of one "
                "panning and summed."
            )


def _find_spellings(samples: pl.DataFrame) -> Iterator[str]:
    """Yield names that differ in capitals or blanks only."""
    for column in ("library", "antigen", "selection"):
        spellings: dict[str, list[str]] = {}
        for value in samples[column].drop_nulls().unique(maintain_order=True):
            spellings.setdefault("".join(value.casefold().split()), []).append(value)
        for values in spellings.values():
            if len(values) > 1:
                quoted = " and ".join(f"'{value}'" for value in values)
                yield (
                    f"Column '{column}' writes {quoted}: "
                    "they count as different. Write them alike if they are one."
                )


def _join(rounds: pl.Series | list[int]) -> str:
    numbers = [str(number) for number in sorted(set(rounds))]
    word = "round" if len(numbers) == 1 else "rounds"
    text = numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"{word} {text}"


def _shorten(parts: list[str]) -> str:
    rest = len(parts) - _MOST_SHOWN
    return ", ".join(islice(parts, _MOST_SHOWN)) + (f" and {rest} more" if rest > 0 else "")
