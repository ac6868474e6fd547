"""What every quantity of a screen report means, in plain words, with the settings and versions behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bactrian.report import Prose

if TYPE_CHECKING:
    from bactrian.discovery.figures.results import ScreenResults

READS = (
    ("pair with primers", "A read pair in which both primers were found, allowing errors, on either strand."),
    ("merged", "The mates overlap; where they disagree the base of the better quality is taken."),
    (
        "joined across the gap",
        "The mates do not overlap. Both are aligned to the VHH profile; the gap between stays unknown.",
    ),
    ("one mate alone", "Only the mate that carries the CDR3 can be placed; CDR1 and CDR2 stay unknown."),
    ("filtered", "With primers, but the qualities expect too many errors in what would be used."),
    ("productive", "A VHH in one reading frame, without a stop codon, whose CDR3 is read from end to end."),
    ("CDR3 unread", "A VHH, but the reads end inside its CDR3 or before it (`truncated`)."),
    ("not a VHH", "No convincing alignment to the VHH profile, such as an empty vector."),
)
UNITS = (
    (
        "CDR1, CDR2, CDR3",
        "Regions by IMGT: positions 27–38, 56–65 and 105–117, found by alignment and not by a motif.",
    ),
    (
        "clonotype",
        "The amino acids of CDR1, CDR2 and CDR3 together; `?` where the reads do not tell its CDR1–2.",
    ),
    (
        "error collapse",
        "A rare sequence close to a common one is counted for it where errors explain its abundance.",
    ),
    (
        "chimeric",
        "PCR recombination pairs CDR1–2 of one clone with CDR3 of another. "
        "Such a molecule is counted for the clonotype of its CDR3.",
    ),
    ("CDR1–2 support", "Share of a CDR3's molecules, over all samples, that carry the CDR1–2 it is given."),
    ("lineage", "Clonotypes whose CDR3s are alike."),
)
QUALITY = (
    ("top clone", "Share of the commonest CDR3 among the productive molecules of a sample."),
    (
        "takeover",
        "One CDR3 with its close siblings fills most of a sample. `watch` marks a share on the way there.",
    ),
    ("jackpot", "A unit that rose strongly in one replicate and not in the others."),
    ("Chao1", "An estimate of how many units the pool holds at least, from those seen once and twice."),
    (
        "Hill number",
        "Equally common units that would be as diverse: order 1 by Shannon entropy, 2 by Simpson's index.",
    ),
    (
        "rarefaction",
        "How many units fewer molecules would show; beyond the depth read, a lower bound for more.",
    ),
    ("coverage", "Share of the pool's molecules that belong to units which were seen."),
    (
        "molecules in common",
        "1 − Bray–Curtis: for each unit the smaller of its two shares, summed. 0 % nothing, 100 % the same.",
    ),
    ("contamination", "Molecules that came from another sample, by index hopping or carry-over."),
)


def tell_methods(results: ScreenResults) -> tuple[Prose, ...]:
    """Give definitions, settings, versions and files."""
    blocks = [
        Prose("Reads", terms=READS, paragraphs=results.primers),
        Prose("What is counted", terms=UNITS),
        Prose("Quality", terms=QUALITY),
    ]
    if results.settings:
        blocks.append(
            Prose(
                "Settings",
                terms=tuple((_plain(name), _said(value)) for name, value in results.settings.items()),
            )
        )
    if results.versions:
        blocks.append(Prose("Versions", terms=tuple(results.versions.items())))
    if results.files:
        terms = tuple((f"[{name}]({name})", meaning) for name, meaning in results.files.items())
        blocks.append(Prose("Files beside this report", terms=terms))
    return tuple(blocks)


def _said(value: object) -> str:
    """Give a setting's value; an empty one was not stated."""
    text = str(value)
    return "not stated" if text in {"", "None", "{}", "[]", "()"} else text


def _plain(name: str) -> str:
    return name.replace("_", " ")
