"""The columns of the leads, in the order in which a person reads them, and what each one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

ABOUT: Final = {
    "lead": "name of the lead: antigen and number of the pick",
    "antigen": "target antigen",
    "pick": "number of the pick within its antigen",
    "plate": "plate of the pick, 96 wells each",
    "well": "well of the pick, down the columns: A1, B1, … H1, A2, … H12",
    "tier": "2 high confidence, 1 nominated, 0 no error control or not nominated",
    "rank": "rank within the antigen, 1 = best",
    "label": "what keeps the tiers of this design at 0",
    "key": "what was counted: the CDR3, clonotype or lineage",
    "unit": "kind of the key",
    "cdr1": "CDR1 (IMGT) of the clonotype, empty where unknown",
    "cdr2": "CDR2 likewise",
    "cdr3": "CDR3 likewise",
    "clonotype": "the clonotype that stands for the key: CDR1_CDR2_CDR3",
    "lineage": "lineage of the CDR3",
    "lineage_members": "CDR3s of that lineage",
    "member": "place among the picks of its lineage",
    "reason": "why it was picked",
    "log2fc_s": "log2 fold change over the comparator with the largest p",
    "s_shrunken": "the same shrunken: what the rank follows",
    "s_low": "lower end of its 95 % interval",
    "s_high": "upper end",
    "log2fc_e": "log2 fold change over input",
    "e_shrunken": "the same shrunken",
    "e_low": "lower end of its 95 % interval",
    "e_high": "upper end",
    "p_s": "p over that comparator",
    "p_e": "p over input",
    "fdr_s": "false discovery rate over that comparator",
    "fdr_e": "false discovery rate over input",
    "fdr_treat": "false discovery rate that both exceed the least fold change (TREAT)",
    "comparator": "the comparator with the largest p",
    "replicates_consistent": "target replicates above every reference",
    "replicates": "target replicates",
    "reads": "reads over all columns of the test",
    "cpm_target": "mean counts per million on the target",
    "cpm_input": "in the input",
    "cpm_comparator": "on that comparator",
    "vetoed_by": "comparator on which it is enriched too",
    "log2fc_veto": "log2 fold change there over input",
    "fitness": "growth per round, log2",
    "tier_with_takeovers": "tier with takeover samples kept; empty where none was left out",
    "units_disagree": "other units that give another tier",
    "cross_reactive": "other antigens that nominate it too, as the sheet wants",
    "known": "name in the list of known clonotypes",
    "known_kind": "binder, parasite or polyreactive",
    "known_match": "how it matches the known one",
    "n_clonotypes": "clonotypes that share the key",
    "clonotype_share": "share of the key's molecules that are this clonotype's",
    "cdr12_support": "share of its CDR3's molecules that carry this CDR1–2",
    "cdr12_posterior": "probability that the CDR1–2 is the clone's own, and not recombination's",
    "orderable": "whether order.fasta holds it",
    "not_orderable": "why not",
    "order_note": "what to know before ordering",
    "filled": "residues filled from a reference, in lower case",
    "vhh": "amino acids, X for unread, lower case for filled",
    "order_nt": "nucleotides to order, filled ones in lower case",
    "library": "library",
}
"""Columns before those of the triage, and what they are."""


def arrange_leads(leads: pl.DataFrame, triage: Sequence[str] = ()) -> pl.DataFrame:
    """Put the columns of the leads in order.

    Args:
        leads: Picks with all that is known of them.
        triage: Columns that triage added; they stand behind the others.

    Returns:
        The columns of `ABOUT` and of triage that are there.
    """
    known = [name for name in ABOUT if name in leads.columns]
    return leads.select(*known, *(name for name in triage if name not in known))
