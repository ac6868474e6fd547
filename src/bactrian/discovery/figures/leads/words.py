"""The answer of a selection in words: how many are nominated and at what error, and what it cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from bactrian.discovery.figures.leads.noise import floor_mean, say_floor, say_mean
from bactrian.discovery.figures.leads.results import UNITS
from bactrian.discovery.selection.consistency import needed_replicates
from bactrian.discovery.selection.reasons import say_fold
from bactrian.report import Card, Chip, Note
from bactrian.report.words import anchor, count, listing, plural, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bactrian.discovery.figures.leads.results import LeadsResults, TargetResults

SENTENCES = 4
"""Antigens that get a sentence of their own; more are summed up and compared in a table."""


def say_state(targets: Sequence[TargetResults]) -> Chip:
    """Give the state of the selection."""
    if all(target.exploratory for target in targets):
        return Chip("exploratory", "waiting")
    if not any(target.nominated for target in targets):
        return Chip("nothing nominated", "waiting")
    return Chip("finished", "good")


def say_answer(results: LeadsResults) -> tuple[str, ...]:
    """Give the answer, a sentence or two an antigen."""
    targets = results.targets()
    sentences = [say_target(target) for target in targets[:SENTENCES]]
    if len(targets) > SENTENCES:
        total, nominating = sum(one.nominated for one in targets), sum(one.nominated > 0 for one in targets)
        noun = f"{UNITS[results.unit]}{'' if total == 1 else 's'}"
        sentences = [
            f"**{total:,} {noun} are nominated for {nominating} of {len(targets)} antigens** "
            f"at {share(results.fdr, digits=0)} false discovery in each contrast; compared below."
        ]
    if results.simulated:
        sentences = [f"In simulation: {sentence}" for sentence in sentences]
    return tuple(sentences)


def say_target(target: TargetResults) -> str:
    """Give the answer for one antigen, no stronger than its design."""
    name, noun, limits = target.name, UNITS[target.whole.unit], target.whole
    tested = target.count_units(int(target.design["n_tested"]))
    picked = target.leads.height
    picks = (
        f" {plural(picked, 'unit')} picked by rank {'stands' if picked == 1 else 'stand'} below."
        if picked
        else ""
    )
    if not int(target.design["n_tested"]):
        return f"**Nothing is tested for {name}**: no {noun} has {limits.min_reads} reads in its columns."
    if target.exploratory:
        return (
            f"**{name} is exploratory: no error control.** {tested} are ranked by how far they stand above "
            f"{target.over or 'nothing'}, and none is nominated.{picks}"
        )
    lacks = []
    if not target.comparators:
        lacks.append("specificity is not tested: nothing else was panned to compare with")
    if not target.has_input:
        lacks.append("enrichment is not tested: the unpanned library was not sequenced")
    if lacks:
        return f"**No {noun} is nominated for {name}**: {'; '.join(lacks)}. {tested} are ranked.{picks}"
    rate = f"{share(limits.fdr, digits=0)} false discovery"
    if not target.nominated:
        least = target.design.get("smallest_log2fc")
        power = f" The smallest change that this design detects is {say_fold(least)}." if least else ""
        return f"**No {noun} is nominated for {name}** at {rate}, of {tested} tested.{power}{picks}"
    against = listing(target.comparators, limit=3)
    be, they, rise = ("is", "it", "rises") if target.nominated == 1 else ("are", "they", "rise")
    text = (
        f"**{target.count_units(target.nominated)} {be} nominated for {name}** at {rate} in each contrast: "
        f"{they} {rise} over input and over {against}{_replicates(target)}. "
        f"{target.certain:,} of them with high confidence (Tier 2)"
    )
    return f"{text}; {plural(picked, 'lead')} picked." if picked else f"{text}."


def _replicates(target: TargetResults) -> str:
    """Say how many replicates must agree: two thirds, and both of two."""
    needed = needed_replicates(target.replicates)
    if needed >= target.replicates:
        return f", in {'both' if target.replicates == 2 else f'all {target.replicates}'} replicates"
    return f", in at least {needed} of {target.replicates} replicates"


def say_notes(results: LeadsResults) -> tuple[Note, ...]:
    """Give what must be known before the answer is believed, the gravest first."""
    targets = results.targets()
    notes: list[Note] = []
    if results.simulated:
        notes.append(
            Note("These data are simulated.", "Every number here holds in simulation only.", "neutral")
        )
    notes += _note_designs(targets)
    notes += _note_takeovers(targets)
    notes += _note_floor(targets)
    notes += _note_leads(targets)
    fewest = (
        f"Only {UNITS[results.unit]}s with {results.min_reads} reads or more over target, comparator and "
        "input columns together are tested."
    )
    if results.notes:
        fewest += (
            f" {plural(len(results.notes), 'further remark')} on the design and the picks: [design](#design)."
        )
    notes.append(Note(text=fewest, state="neutral"))
    return tuple(notes)


def _note_designs(targets: Sequence[TargetResults]) -> Iterable[Note]:
    """Say which designs cannot support a nomination, or support it weakly."""
    rest = "What each design can claim: [design](#design)."
    for lacking, title, text in (
        (
            [one for one in targets if one.exploratory],
            "{names}: exploratory, no error control.",
            "Without independent replicates chance cannot be told from binding; p-values and false discovery "
            "rates are left empty. Pan again from the same library before you order.",
        ),
        (
            [one for one in targets if not one.comparators],
            "{names}: specificity not tested.",
            "Nothing else was panned from this library, so a clone that sticks to anything looks like one "
            "that binds the target.",
        ),
        (
            [one for one in targets if not one.has_input and int(one.design["n_tested"])],
            "{names}: enrichment not tested.",
            "The unpanned library was not sequenced, so a clone that was frequent from the start looks like "
            "one that was selected.",
        ),
    ):
        if lacking:
            names = listing([one.name for one in lacking])
            yield Note(title.format(names=names), f"{text} {rest}", "bad")
    two = [one for one in targets if one.replicates == 2 and not one.exploratory]
    if two:
        powers = "; ".join(f"{one.name}: {power}" for one in two if (power := say_power(one)))
        yield Note(
            f"{listing([one.name for one in two])}: two replicates, both must agree.",
            f"A third would find more. {powers}{'.' if powers else ''}".strip(),
        )


def say_power(target: TargetResults) -> str:
    """Say the spread between replicates and the change that it lets one detect, or nothing."""
    bcv, least = target.design.get("bcv"), target.design.get("smallest_log2fc")
    if bcv is None or least is None:
        return ""
    return f"biological variation (BCV) {bcv:.2f}, smallest detectable change {say_fold(least)}"


def _note_takeovers(targets: Sequence[TargetResults]) -> Iterable[Note]:
    """Say which samples were left out and what changes with them."""
    out = list(dict.fromkeys(name for target in targets for name in target.left_out))
    if not out:
        return
    pronoun = "them" if len(out) > 1 else "it"
    changes = [
        f"{target.name} {say_changes(*takeover_changes(target))}"
        for target in targets
        if any(takeover_changes(target))
    ]
    text = "They are not counted. " if len(out) > 1 else "It is not counted. "
    if changes:
        text += f"With {pronoun} {'; '.join(changes)}. "
    elif any(target.nominated for target in targets):
        text += f"With {pronoun} no nomination changes. "
    text += "The tier with takeover samples stands beside each lead; `--keep-takeovers` counts them."
    verb = "samples are left out" if len(out) > 1 else "sample is left out"
    yield Note(f"{len(out):,} {verb}: {listing(out)}.", text, "bad")


def say_changes(lost: int, gained: int) -> str:
    """Say how nominations change.

    Examples:
        >>> say_changes(0, 11), say_changes(2, 1)
        ('gains 11 nominations', 'loses 2 nominations and gains 1')
    """
    if not lost:
        return f"gains {plural(gained, 'nomination')}"
    return f"loses {plural(lost, 'nomination')}" + (f" and gains {gained:,}" if gained else "")


def takeover_changes(target: TargetResults) -> tuple[int, int]:
    """Give how many nominations are lost and gained when takeover samples are kept."""
    table = target.table
    if "tier_with_takeovers" not in table.columns:
        return 0, 0
    known = table.drop_nulls("tier_with_takeovers")
    before, after = pl.col("tier") >= 1, pl.col("tier_with_takeovers") >= 1
    return known.filter(before & ~after).height, known.filter(~before & after).height


def _note_floor(targets: Sequence[TargetResults]) -> Iterable[Note]:
    """Say what label swaps nominate, for each antigen that has some."""
    said = []
    loud = False
    for target in targets[:SENTENCES]:
        mean = floor_mean(target)
        if mean is not None:
            loud |= mean >= 1 and mean > target.whole.fdr * max(target.nominated, 1)
            name = f"{target.name}: " if len(targets) > 1 else ""
            said.append(f"{name}{say_floor(target)} [Drawn here](#figure-{anchor(f'noise {target.name}')}).")
    if said:
        yield Note("The campaign's own noise.", " ".join(said), "waiting" if loud else "neutral")


def _note_leads(targets: Sequence[TargetResults]) -> Iterable[Note]:
    """Say of how many leads something else is known."""
    held = [target.leads for target in targets if not target.leads.is_empty()]
    known = pl.concat(held, how="diagonal_relaxed") if held else pl.DataFrame()
    if known.is_empty():
        return
    others = {
        word: known.filter((pl.col("tier") >= 1) & (pl.col(f"tier_{unit}") < 1)).height
        for unit, word in UNITS.items()
        if unit != targets[0].whole.unit and f"tier_{unit}" in known.columns
    }
    differ = [f"{number:,} when counted by {word}" for word, number in others.items() if number]
    if differ:
        yield Note(
            f"Leads that other units do not nominate: {listing(differ)}.",
            "PCR recombination moves counts between clonotypes, and a lineage counts relatives too; "
            "the other tiers stand in the list.",
        )
    unread = known.filter(~pl.col("orderable").fill_null(value=False)).height
    if unread:
        yield Note(
            f"{plural(unread, 'lead')} cannot be ordered from these reads.",
            "Each card says why; `--complete FASTA` fills unread frameworks, in lower case.",
        )


def say_numbers(results: LeadsResults) -> tuple[Card, ...]:
    """Give the key numbers with what to compare them with."""
    targets = results.targets()
    if len(targets) > 1:
        return tuple(_sum_up(target) for target in targets[:8])
    target = targets[0]
    noun, picked = UNITS[results.unit], count(target.leads.height)
    missed = plural(target.near_misses.height, "near miss", many="near misses")
    certain = f"{target.certain:,} with high confidence (Tier 2)"
    cards = [
        Card(
            count(target.nominated),
            f"{noun}s nominated (Tier 1 or 2)",
            "no error control" if target.exploratory else certain,
        ),
        Card(picked, "leads picked", missed)
        if target.nominated
        else Card(picked, "picked by rank", "without an error rate"),
    ]
    bcv, least = target.design.get("bcv"), target.design.get("smallest_log2fc")
    if bcv is not None and not target.exploratory:
        detail = f"smallest detectable change {say_fold(least)}" if least is not None else ""
        cards.append(Card(f"{bcv:.2f}", "biological variation (BCV)", detail))
    mean = floor_mean(target)
    if mean is not None:
        cards.append(
            Card(
                say_mean(mean),
                "nominated by label swaps",
                f"mean, beside {target.nominated:,} by the real labels",
            )
        )
    cards.append(
        Card(count(int(target.design["n_tested"])), f"{noun}s tested", f"{results.min_reads} reads or more")
    )
    return tuple(cards[:4])


def _sum_up(target: TargetResults) -> Card:
    if target.exploratory:
        detail = "exploratory: no error control"
        return Card(count(target.leads.height), f"picked by rank for {target.name}", detail)
    picked = target.leads.height
    parts = [f"{target.certain:,} at Tier 2", plural(picked, "lead")]
    if not target.nominated:
        parts = [f"{picked:,} picked by rank, without an error rate"] if picked else ["nothing picked"]
    mean = floor_mean(target)
    parts += [f"label swaps {say_mean(mean)}"] if mean is not None else []
    return Card(count(target.nominated), f"nominated for {target.name}", ", ".join(parts))
