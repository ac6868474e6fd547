"""Orders from reads, and gaps filled from a reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from bactrian.core.errors import InputError, Where
from bactrian.discovery.leads.clonotype_choice import choose_clonotypes
from bactrian.discovery.leads.completion import fill_bases, make_reference, say_columns
from bactrian.discovery.leads.orders import add_orders, say_cut_orders

if TYPE_CHECKING:
    from tests.discovery.conftest import Clone, Invention

    from bactrian.discovery.leads.completion import Reference

WHERE = Where(file="reference.fasta")
# Another VHH than the invented clones': it differs in FR1, FR3 and FR4, and its CDRs are its own.
REFERENCE = (
    "EVQLQASGGGFVQPGGSLRLSCAASGFTFDDYAMGWFRQAPGKEREFVSAITWNGGSTYYADSVKGRFTISRDNSKNTLYLQMDSLRAEDTAVYYC"
    "NTWPLKHSEQWGRGTLVTVSA"
)
GAP = (66, 70)  # residues "RFTI" of FR3: IMGT 75 to 78


def order(invent: type[Invention], *clones: Clone, reference: Reference | None = None) -> dict[str, Any]:
    leads = choose_clonotypes(invent.clonotypes(*clones), "cdr3")
    return add_orders(leads, reference=reference).row(0, named=True)


def protein_reference() -> Reference:
    return make_reference(["ref"], [REFERENCE], WHERE)


def nucleotide_reference(invent: type[Invention]) -> Reference:
    return make_reference(["ref"], [invent.codons(REFERENCE)], WHERE)


def test_a_whole_read_can_be_ordered(invent: type[Invention]) -> None:
    clone = invent.Clone("AADRGGYDY")
    found = order(invent, clone)
    assert (found["orderable"], found["not_orderable"]) == (True, None)
    assert found["order_nt"] == invent.codons(clone.whole)[60:-15] + "GT"
    assert found["order_note"] == "from IMGT 22 to 123: what lies outside was not read"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cdr1": None, "cdr2": None}, "CDR1–2 unknown"),
        ({"gap": GAP}, "residues IMGT 75–78 were not read (gap between the mates)"),
        ({"nt": "none"}, "no single molecule with these CDRs was read"),
    ],
    ids=["unknown", "gap", "no-molecule"],
)
def test_what_cannot_be_ordered_says_why(invent: type[Invention], change: dict[str, Any], why: str) -> None:
    found = order(invent, invent.Clone("AADRGGYDY", **change))
    assert (found["orderable"], found["not_orderable"]) == (False, why)
    assert found["order_nt"] is found["order_note"] is None


def test_a_molecule_that_spells_another_vhh_is_not_ordered(invent: type[Invention]) -> None:
    leads = choose_clonotypes(invent.clonotypes(invent.Clone("AADRGGYDY")), "cdr3")
    other = leads.with_columns(vhh=pl.col("vhh").str.replace("RFTISRD", "RFTVSRD"))
    assert add_orders(other)["not_orderable"].to_list() == [
        "no molecule was read that carries all of its framework residues at once"
    ]


def test_orders_that_are_cut_are_told(invent: type[Invention]) -> None:
    clones = invent.clonotypes(
        invent.Clone("AADRGGYDY"),
        invent.Clone("NTWPLKHSEQ"),
        invent.Clone("VMCIHLNTRW", cdr1=None, cdr2=None),
    )
    leads = choose_clonotypes(clones, "cdr3")
    assert say_cut_orders(add_orders(leads)) == [
        "2 of 2 orders begin or end within the domain, where their reads do: --complete adds what is missing "
        "from a reference in nucleotides, in lower case."
    ]
    assert say_cut_orders(add_orders(leads, reference=nucleotide_reference(invent))) == []
    assert say_cut_orders(add_orders(leads.tail(1))) == []


def test_bare_keys_cannot_be_ordered(invent: type[Invention]) -> None:
    leads = choose_clonotypes(invent.clonotypes(invent.Clone("AADRGGYDY")), "cdr3")
    nothing = [pl.lit(None, leads.schema[name]).alias(name) for name in ("vhh", "nt", "cdr12_posterior")]
    assert add_orders(leads.with_columns(nothing))["not_orderable"].to_list() == [
        "only keys were counted, its sequence is not known"
    ]


def test_nothing_is_filled_unless_asked(invent: type[Invention]) -> None:
    found = order(invent, invent.Clone("AADRGGYDY", gap=GAP))
    assert found["filled"] == ""
    assert found["vhh"] == invent.Clone("AADRGGYDY", gap=GAP).row()["vhh"]


def test_amino_acids_fill_the_vhh_and_leave_the_order(invent: type[Invention]) -> None:
    clone = invent.Clone("AADRGGYDY", gap=GAP)
    found = order(invent, clone, reference=protein_reference())
    whole, seen = clone.whole, clone.row()["vhh"]
    assert len(found["vhh"]) == len(whole)
    for letter, read in zip(found["vhh"], seen, strict=True):
        assert letter == read or (read == "X" and letter.islower())
    assert found["vhh"][:20] == "evqlqasgggfvqpggslrl"
    assert found["vhh"][66:70] == "rfti"
    assert found["vhh"][-5:] == "vtvsa"
    assert found["filled"] == "IMGT 1–21, 75–78, 124–128 from ref"
    assert found["not_orderable"] == (
        "residues IMGT 75–78 were not read (gap between the mates); the reference ref holds amino acids only"
    )


def test_nucleotides_fill_the_order_too(invent: type[Invention]) -> None:
    clone = invent.Clone("AADRGGYDY", gap=GAP)
    found = order(invent, clone, reference=nucleotide_reference(invent))
    nt = found["order_nt"]
    codes = {codon: residue for residue, codon in invent.all_codons.items()}
    spelled = "".join(codes[nt[start : start + 3].upper()] for start in range(0, len(nt), 3))
    assert spelled == found["vhh"].upper()
    read = clone.row()["nt"]
    inside = nt[60 : 60 + len(read)]
    assert all(base == was or (was == "N" and base.islower()) for base, was in zip(inside, read, strict=True))
    assert nt[:60].islower()
    assert nt[60 + len(read) :].islower()
    assert found["order_note"] == (
        "the whole domain; IMGT 1–21, 75–78, 124–128 filled from ref, in lower case: not read"
    )


def test_an_unknown_cdr12_is_never_filled(invent: type[Invention]) -> None:
    clone = invent.Clone("AADRGGYDY", cdr1=None, cdr2=None)
    found = order(invent, clone, reference=nucleotide_reference(invent))
    assert found["vhh"] == clone.row()["vhh"]
    assert (found["filled"], found["not_orderable"]) == ("", "CDR1–2 unknown")


def test_a_codon_that_contradicts_the_reference_stays_open(invent: type[Invention]) -> None:
    reference = nucleotide_reference(invent)
    codons = [(118, "TGG"), (119, "GNC"), (120, "CNG"), (121, "GGC")]
    filled, touched = fill_bases("TGGGNCCNGGGC" + "A", codons, frame=0, reference=reference)
    # 119 is GGC in the reference too; 120 is CGC there, so the read CNG is another codon; the end A is ACC.
    assert filled == "TGGGgCCNGGGC" + "Acc" + invent.codons("LVTVSA").lower()
    assert touched == [119, 122, 123, 124, 125, 126, 127, 128]


def test_an_end_that_contradicts_the_reference_is_not_completed(invent: type[Invention]) -> None:
    filled, touched = fill_bases("TGGGG", [(118, "TGG")], frame=0, reference=nucleotide_reference(invent))
    assert (filled[:5], touched[0]) == ("TGGGG", 119)
    filled, touched = fill_bases("TGGCC", [(118, "TGG")], frame=0, reference=nucleotide_reference(invent))
    assert (filled, touched) == ("TGGCC", [])


@pytest.mark.parametrize(
    ("sequences", "sentence"),
    [
        ([REFERENCE, REFERENCE], "reference.fasta: the file holds 2 sequences. Give one reference VHH."),
        (
            ["MKYLLPTAAAGLLLLAAQPAMA"],
            "reference.fasta, record 1: 'r1' reads as no VHH: no VHH or VH domain found (best alignment "
            "score -34). Give a whole VHH in amino acids or nucleotides.",
        ),
        (
            [REFERENCE[:90]],
            "reference.fasta, record 1: 'r1' reads as a part of a VHH: ends at IMGT 98; CDR3 not completely "
            "read. Give a whole VHH in amino acids or nucleotides.",
        ),
        (
            [REFERENCE.replace("WFRQAPGKEREFVS", "WVRQAPGKGLEWVS")],
            "reference.fasta, record 1: 'r1' reads as a conventional VH by its hallmarks (VGLW). Give a "
            "whole VHH in amino acids or nucleotides.",
        ),
    ],
    ids=["two", "leader", "part", "vh"],
)
def test_a_reference_must_be_one_whole_vhh(sequences: list[str], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        make_reference([f"r{place}" for place in range(1, len(sequences) + 1)], sequences, WHERE)
    assert str(caught.value) == sentence


def test_columns_are_told_as_ranges() -> None:
    assert say_columns([]) == ""
    assert say_columns([74, 75, 72]) == "72–75"  # column 73 is empty in a VHH
    assert say_columns([1, 5]) == "1, 5"
