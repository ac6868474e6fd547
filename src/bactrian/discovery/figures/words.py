"""The answer of a screen in words: headline, what to know before believing it, key numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bactrian.discovery.figures.reads import LONG, length_shares, long_share
from bactrian.discovery.figures.results import ratio
from bactrian.report import Card, Chip, Note
from bactrian.report.words import count, listing, plural, share

if TYPE_CHECKING:
    from bactrian.discovery.figures.results import ScreenResults

CHIMERIC = 0.05
"""Share of recombined molecules that a reader must know of: a tenth of what PCR recombination reaches."""


def say_state(results: ScreenResults) -> Chip:
    """Give the state of the screen."""
    if results.errors:
        return Chip(f"finished without {plural(len(results.errors), 'sample')}", "bad")
    return Chip("finished", "good")


def say_answer(results: ScreenResults) -> tuple[str, ...]:
    """Give the answer: what was read and used, then what was nominated for each target."""
    samples = results.samples
    parts = [plural(samples.height, "sample")]
    parts += [
        plural(len(results.values(name)), noun, many=many)
        for name, noun, many in _SHEET
        if results.values(name)
    ]
    parts.append(plural(results.total("pairs"), "read pair" if results.paired else "read"))
    used = ratio(results.used(), results.total("primers_found"))
    noun = "pairs" if results.paired else "reads"
    text = f"{' · '.join(parts)}. **{share(used)} of {noun} with both primers are used**"
    found = [
        plural(number, word)
        for number, word in ((results.n_cdr3s, "CDR3"), (results.n_clonotypes, "clonotype"))
        if number
    ]
    answer = [text + (f" and show {' in '.join(found)}" if found else "") + "."]
    if results.nominated:
        answer.append(f"{'. '.join(results.nominated)}. See [the leads](leads.html).")
    return tuple(answer)


def say_notes(results: ScreenResults) -> tuple[Note, ...]:
    """Give what must be known before the counts are believed, the gravest first."""
    notes = [
        Note(error.rstrip(".") + ".", "The other samples are complete.", "bad") for error in results.errors
    ]
    tops = dict(results.samples.select("sample", "top_share").iter_rows())
    taken = results.flagged("takeover")
    if taken:
        shares = listing([f"{name} ({share(tops[name] or 0, digits=0)})" for name in taken])
        many = len(taken) > 1
        notes.append(
            Note(
                f"{plural(len(taken), 'sample')} {'are takeovers' if many else 'is a takeover'}.",
                f"One CDR3 fills most of {shares}. The count tables keep {'them' if many else 'it'}, "
                "marked in [samples](#samples); the tests leave such samples out unless told otherwise.",
                "bad",
            )
        )
    for word, fact, advice in _WATCHED:
        names = results.flagged(word)
        if names:
            notes.append(Note(f"{plural(len(names), 'sample')} {fact}.", f"{listing(names)}. {advice}"))
    if not results.jackpots.is_empty():
        number = results.jackpots.height
        one = f"{plural(number, 'CDR3')} rose in one replicate alone."
        notes.append(
            Note(one, "Such jackpots are listed under [quality](#quality); they are no evidence of binding.")
        )
    chimeric = ratio(results.total("chimeric"), results.total("productive"))
    if chimeric >= CHIMERIC:
        notes.append(
            Note(
                f"{share(chimeric, digits=0)} of productive molecules pair CDR1–2 of one clone with CDR3 of "
                "another.",
                "They count for the clonotype of their CDR3; see [recombination](#figure-chimeras).",
                "neutral",
            )
        )
    notes += [Note(text=text, state="neutral") for text in results.notes]
    return tuple(notes)


def say_numbers(results: ScreenResults) -> tuple[Card, ...]:
    """Give the key numbers with what to compare them with."""
    found, used = results.total("primers_found"), results.used()
    noun = "pairs" if results.paired else "reads"
    merged = f"merging alone keeps {share(ratio(results.total('merged'), found))}" if results.paired else ""
    cards = [Card(share(ratio(used, found)), f"of {noun} with both primers used", merged)]
    if results.n_cdr3s:
        lengths = length_shares(results.lengths, results.mate_lengths)
        detail = ""
        if not lengths.is_empty():
            detail = f"{share(long_share(lengths))} of molecules have {LONG} residues or more"
        cards.append(
            Card(count(results.n_cdr3s), f"CDR3s in {plural(results.samples.height, 'sample')}", detail)
        )
    productive = results.total("productive")
    recombined = share(ratio(results.total("chimeric"), productive))
    chimeric = f"{recombined} of molecules are recombined; they count by their CDR3"
    if results.n_clonotypes:
        cards.append(Card(count(results.n_clonotypes), "clonotypes (CDR1-2-3)", chimeric))
    rest = used - productive - results.total("stop") - results.total("frameshift")
    stop, frameshift = (share(ratio(results.total(name), used)) for name in ("stop", "frameshift"))
    defects = f"stop {stop}, frameshift {frameshift}"
    cards.append(
        Card(share(ratio(productive, used)), "productive VHH", f"{defects}, other {share(ratio(rest, used))}")
    )
    return tuple(cards)


_SHEET = (
    ("library", "library", "libraries"),
    ("antigen", "antigen", None),
    ("selection", "selection", None),
)
_WATCHED = (
    ("watch", "may become a takeover", "One CDR3 already holds a large share of the molecules."),
    ("low_depth", "with few molecules", "Shares are uncertain there, and rare clonotypes are missed."),
    ("contamination", "may hold molecules of another", "See [quality](#quality) for the likely donor."),
)
