"""What every quantity of a leads report means, in plain words, with the settings and versions behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bactrian.discovery.figures.leads.results import UNITS
from bactrian.discovery.selection.consistency import FOLD, PRIOR_CPM
from bactrian.discovery.selection.outliers import FOLD as CUT
from bactrian.discovery.selection.tiers import FLOOR_RATE
from bactrian.report import Prose
from bactrian.report.words import share

if TYPE_CHECKING:
    from bactrian.discovery.figures.leads.results import LeadsResults

TESTS = (
    (
        "column",
        "One independent selection at the decisive rounds, its samples summed, or one input sample. "
        "Re-sequencings of a selection are summed: they are no replicates.",
    ),
    (
        "E, enrichment",
        "Change from the unpanned library to the target, as log2 of the fold change.",
    ),
    (
        "S, specificity",
        "Change from a comparator to the target. The comparator with the largest p decides: the S of a unit "
        "is that over it.",
    ),
    (
        "p and FDR",
        "Negative-binomial model with a trended dispersion; quasi-likelihood F-test, two-sided, its "
        "dispersion shrunken towards the trend. FDR by Benjamini–Hochberg within each contrast: that of E "
        "over all units; that of S in the selections alone, over units enriched on either side.",
    ),
    (
        "cut counts",
        f"Within a group of selections no column counts for more than {CUT:g} times the second highest, so "
        "that a clone that exploded in one replicate decides nothing. Consistency, CPM and figures use the "
        "counts as they are.",
    ),
    (
        "TREAT",
        "The same model tested against the least fold change; the larger p of E and S counts.",
    ),
    (
        "shrunken change",
        "Fold change moved towards nought by what is uncertain about it, with its 95 % interval. "
        "Leads are ranked by it, not by p.",
    ),
    (
        "consistent",
        f"A replicate whose CPM + {PRIOR_CPM:g} is more than {FOLD:g} times (CPM + {PRIOR_CPM:g}) of every "
        "input and comparator column. Two thirds of the replicates must be, and both of two.",
    ),
    (
        "veto",
        "A unit that is itself significantly enriched on a comparator is not nominated. The settings say "
        "whether the veto was lifted.",
    ),
    ("grower", "A unit that rises in the amplification control, where there is no antigen."),
    (
        "label swap",
        "Some target selections and as many of a comparator change places and the same tests run again. A "
        "binder cannot pass then, since too few of its own selections are left on the target side, so what "
        "passes is noise of this campaign.",
    ),
    (
        "noise floor",
        "Share of the units nominated no less certainly that the label swaps account for: for Tier 1 it is "
        f"{share(FLOOR_RATE[0], digits=0)} at most, for Tier 2 {share(FLOOR_RATE[1], digits=0)}.",
    ),
    ("BCV", "Biological coefficient of variation: the spread between replicates beyond that of counting."),
    (
        "smallest detectable change",
        "The fold change over a comparator at which four of five units of middling abundance are found, with "
        "this number of replicates and this spread.",
    ),
    ("fitness", "Growth per round over all rounds, with one start for all selections. It decides nothing."),
    ("nominated", "It passed the rule. Whether it binds is for an assay to say."),
)


def tell_methods(results: LeadsResults) -> tuple[Prose, ...]:
    """Give the rule, definitions, settings, versions and files."""
    noun, fold = UNITS[results.unit], 2.0**results.log2fc
    rate = share(results.fdr, digits=0)
    rule = (
        f"**Tier 1, nominated.** A {noun} whose E and whose S over every comparator pass {rate} false "
        f"discovery with a fold change above {fold:g}, which is not enriched on a comparator itself nor "
        "grows without an antigen, which enough replicates show consistently, and which stands above the "
        "noise floor.",
        "**Tier 2, high confidence.** It also passes TREAT at that fold change, for E and S together, and a "
        "stricter noise floor.",
        "**Without two replicates** nothing is nominated: units are ranked and called exploratory. Without "
        "input or without a comparator the contrast that is missing is left empty, and nothing is nominated.",
    )
    blocks = [Prose("The rule", paragraphs=rule), Prose("Words", terms=TESTS)]
    if not results.methods.is_empty():
        terms = tuple(
            (str(row["column"]).replace("_", " "), f"{row['method']} (version {row['version']})")
            for row in results.methods.iter_rows(named=True)
        )
        blocks.append(Prose("Sequence triage", terms=terms))
    if results.settings:
        terms = tuple((name.replace("_", " "), _said(value)) for name, value in results.settings.items())
        blocks.append(Prose("Settings", terms=terms))
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
