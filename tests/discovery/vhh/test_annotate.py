"""`annotate`: every status with its reason, both strands and all frames, IUPAC, amber, real molecules."""

from __future__ import annotations

import csv
import gzip
import json
import random
from itertools import product
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bactrian.discovery
from bactrian.core.errors import InputError
from bactrian.discovery.vhh.annotate import COLUMNS, REGIONS, annotate
from bactrian.discovery.vhh.translate import reverse_complement, translate_six_frames

if TYPE_CHECKING:
    from pathlib import Path

PARTS = {
    "fwr1": "QVQLVESGGGLVQAGGSLRLSCAAS",
    "cdr1": "GRTFSSYA",
    "fwr2": "MGWFRQAPGKEREFVAA",
    "cdr2": "ISWSGGST",
    "fwr3": "YYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC",
    "cdr3": "AADRGGSDYVLGSGSYDY",
    "fwr4": "WGQGTQVTVSS",
}
VHH = "".join(PARTS.values())
# Trastuzumab's VH: a conventional human domain.
VH = (
    "EVQLVESGGGLVQPGGSLRLSCAASGFNIKDTYIHWVRQAPGKGLEWVARIYPTNGYTRYADSVKGRFTISADTSKNTAYLQMNSLRAEDTAVYYC"
    "SRWGGDGFYAMDYWGQGTLVTVSS"
)
CAPLACIZUMAB = (
    "EVQLVESGGGLVQPGGSLRLSCAASGRTFSYNPMGWFRQAPGKGRELVAAISRTGGSTYYPDSVEGRFTISRDNAKRMVYLQMNSLRAEDTAVYYC"
    "AAAGVRAEDGRVRTLPSEYTFWGQGTQVTVSS"
)
LIGHT = (
    "DIQMTQSPSSLSASVGDRVTITCRASQDVNTAVAWYQQKPGKAPKLLIYSASFLYSGVPSRFSGSRSGTDFTLTISSLQPEDFATYYC"
    "QQHYTTPPTFGQGTKVEIK"
)
CODON = {
    translate_six_frames("".join(bases))[0].protein: "".join(bases) for bases in product("ACGT", repeat=3)
}
GENE = "".join(CODON[residue] for residue in VHH)


def test_regions_of_a_known_vhh() -> None:
    row = annotate([VHH], ["Nb"]).row(0, named=True)
    assert {name: row[name] for name in REGIONS} == PARTS
    assert (row["id"], row["status"], row["reason"], row["scheme"]) == ("Nb", "vhh", None, "imgt")
    assert (row["vhh"], row["hallmarks"], row["hallmark_call"]) == (VHH, "FERF", "vhh")


def test_columns_begin_as_promised() -> None:
    table = annotate([VHH])
    promised = ["id", "status", "reason", "scheme", *REGIONS, "numbering", "vhh", "leader", "tag"]
    assert table.columns[: len(promised)] == promised
    assert table.columns == list(COLUMNS)


def test_numbering_is_imgt_with_lettered_insertions() -> None:
    numbering = json.loads(annotate([VHH])["numbering"][0])
    assert "".join(numbering.values()) == VHH
    assert [numbering[p] for p in ("23", "41", "104", "118", "128")] == ["C", "W", "C", "W", "S"]
    assert "10" not in numbering
    assert "".join(numbering[p] for p in ("111", "111A", "111B", "112C", "112B", "112A", "112")) == "SDYVLGS"


@pytest.mark.parametrize(
    ("scheme", "cysteine", "last"),
    [("kabat", "92", "113"), ("chothia", "92", "113"), ("martin", "92", "113"), ("aho", "106", "149")],
)
def test_schemes_change_labels_and_no_region(scheme: str, cysteine: str, last: str) -> None:
    row = annotate([VHH], scheme=scheme).row(0, named=True)
    numbering = json.loads(row["numbering"])
    assert "".join(numbering.values()) == VHH
    assert numbering[cysteine] == "C"
    assert list(numbering)[-1] == last
    assert {name: row[name] for name in REGIONS} == PARTS
    assert row["scheme"] == scheme


@pytest.mark.parametrize(
    ("sequence", "status", "reason"),
    [
        (VHH, "vhh", None),
        (CAPLACIZUMAB, "vhh", None),
        (VH, "vh", None),
        (VHH.replace("KEREFV", "KGLEAV"), "vhh", "hallmarks FGLA at IMGT 42, 49, 50, 52 are mixed: "
         "a VHH with VH-like residues, a humanised VHH or an unusual VH"),
        (VHH[:96], "partial", "ends at IMGT 104; CDR3 not completely read"),
        (VHH[30:], "partial", "begins at IMGT 39; CDR1 not completely read"),
        (VHH[:60] + "*" + VHH[61:], "stop", "stop codon at IMGT 68"),
        (GENE[:180] + "TAA" + GENE[183:], "stop", "stop codon at IMGT 68 (TAA)"),
        (GENE[:180] + "TAG" + GENE[183:], "stop",
         "stop codon at IMGT 68 (TAG); amber, reads as Q with the amber option"),
        (GENE[:210] + "A" + GENE[210:], "frameshift",
         "the reading frame changes between nucleotides 210 and 211, behind IMGT 78: "
         "an insertion or a deletion"),
        (LIGHT, "not_vhh", None),
        ("", "not_vhh", "the record has no sequence"),
    ],
    ids=["vhh", "caplacizumab", "vh", "humanised", "no end", "no start", "stop", "ochre", "amber",
         "frameshift", "light chain", "empty"],
)  # fmt: skip
def test_status_and_reason(sequence: str, status: str, reason: str | None) -> None:
    row = annotate([sequence]).row(0, named=True)
    assert row["status"] == status
    if status == "not_vhh" and sequence:
        assert row["reason"].startswith("no VHH or VH domain found (best alignment score ")
        assert row["cdr3"] is None
        assert row["numbering"] is None
    else:
        assert row["reason"] == reason


def test_amber_reads_as_q_on_request() -> None:
    gene = GENE[:21] + "TAG" + GENE[24:]
    row = annotate([gene], amber=True).row(0, named=True)
    assert row["status"] == "vhh"
    assert row["vhh"] == VHH[:7] + "Q" + VHH[8:]


@settings(max_examples=15, deadline=None)
@given(lead=st.text("ACGT", max_size=40), tail=st.text("ACGT", max_size=40), reverse=st.booleans())
def test_strand_and_frame_do_not_matter(lead: str, tail: str, *, reverse: bool) -> None:
    whole = lead + GENE + tail
    row = annotate([reverse_complement(whole) if reverse else whole], kind="nucleotide").row(0, named=True)
    assert row["status"] == "vhh"
    assert {name: row[name] for name in REGIONS} == PARTS
    assert row["vhh_nt"] == GENE
    assert row["frame"] == f"{'-' if reverse else '+'}{len(lead) % 3 + 1}"


def test_degenerate_codons() -> None:
    row = annotate([GENE[:297] + "NNK" + GENE[300:303] + "GGN" + GENE[306:]]).row(0, named=True)
    assert row["status"] == "vhh"
    assert row["cdr3"] == PARTS["cdr3"][:3] + "X" + PARTS["cdr3"][4] + "G" + PARTS["cdr3"][6:]


def test_six_frames_of_a_palindrome_are_the_same_on_both_strands() -> None:
    frames = translate_six_frames("GAATTCGAATTC")
    assert [f.protein for f in frames[:3]] == [f.protein for f in frames[3:]]


def test_leader_and_tags_are_trimmed_and_named() -> None:
    row = annotate(["MKYLLPTAAAGLLLLAAQPAMA" + VHH + "AAAYPYDVPDYGSHHHHHH"]).row(0, named=True)
    assert (row["vhh"], row["leader"], row["tag"]) == (VHH, "pelB", "HA; His6")
    assert (row["before"], row["after"]) == ("MKYLLPTAAAGLLLLAAQPAMA", "AAAYPYDVPDYGSHHHHHH")


def test_what_lies_beyond_a_stop_is_no_tag() -> None:
    row = annotate([VHH + "GGS*" + "HHHHHH"]).row(0, named=True)
    assert (row["status"], row["tag"], row["after"]) == ("vhh", None, "GGS")


def test_bivalent_construct_says_so() -> None:
    row = annotate([VHH + "GGGGSGGGGSGGGGS" + CAPLACIZUMAB]).row(0, named=True)
    assert row["domains"] == 2
    assert row["reason"] == "2 V domains, the best-fitting one is described"


def test_extra_disulfide() -> None:
    sequence = VHH.replace("FVAAISW", "FVACISW").replace("AADRGGS", "AADRGCS")
    row = annotate([sequence]).row(0, named=True)
    assert (row["disulfides"], row["free_cysteines"]) == ("55–110 (FR2–CDR3)", None)


def test_one_row_per_sequence_in_input_order() -> None:
    sequences = [VHH, "", LIGHT, GENE, VHH[:60], VH, VHH]
    table = annotate(sequences, [f"s{k}" for k in range(7)])
    assert table["id"].to_list() == [f"s{k}" for k in range(7)]
    assert table["status"].to_list() == ["vhh", "not_vhh", "not_vhh", "vhh", "partial", "vh", "vhh"]
    shuffled = list(range(7))
    random.Random(3).shuffle(shuffled)
    again = annotate([sequences[k] for k in shuffled], [f"s{k}" for k in shuffled])
    assert again.sort("id").equals(table)


def test_forms_of_input_give_the_same_table() -> None:
    table = annotate([VHH, VH], ["a", "b"])
    assert annotate({"a": VHH, "b": VH}).equals(table)
    assert annotate(pl.Series([VHH.lower(), VH]), ["a", "b"]).equals(table)
    assert bactrian.discovery.annotate([VHH, VH], ["a", "b"]).equals(table)


def test_no_sequences_give_an_empty_table() -> None:
    assert annotate([]).columns == list(COLUMNS)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([VHH], ["a", "b"]), "2 ids came with 1 sequences. Give one id per sequence."),
        (
            ([VHH, "QVQL1"],),
            "record 2: '1' at position 5 is neither an amino acid nor a nucleotide. "
            "Correct the sequence or remove the record.",
        ),
    ],
    ids=["ids", "letter"],
)
def test_errors(arguments: tuple[list[str], ...], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        annotate(*arguments)
    assert str(caught.value) == sentence


def test_unknown_attribute_of_the_room() -> None:
    with pytest.raises(AttributeError, match=r"module 'bactrian\.discovery' has no attribute 'annotated'"):
        _ = bactrian.discovery.annotated


@pytest.mark.shared_data
def test_numbering_truth(shared_data: Path) -> None:
    folder = shared_data / "discovery/numbering_truth"
    with gzip.open(folder / "imgt.jsonl.gz", "rt") as lines:
        truth = [json.loads(line) for line in lines]
    with gzip.open(folder / "imgt_cdrs.csv.gz", "rt") as lines:
        agreed = {row["id"] for row in csv.DictReader(lines) if row["consensus"] == "True"}
    table = annotate([row["seq"] for row in truth], [row["id"] for row in truth])
    assert table["id"].to_list() == [row["id"] for row in truth]
    pairs = [(t, a) for t, a in zip(truth, table.rows(named=True), strict=True) if t["id"] in agreed]
    for cdr, least in (("cdr1", 0.99), ("cdr2", 0.99), ("cdr3", 0.995)):
        assert sum(t[cdr] == a[cdr] for t, a in pairs) >= least * len(pairs)


@pytest.mark.shared_data
def test_tagged_vhhs_of_xiang(shared_data: Path) -> None:
    with (shared_data / "discovery/xiang2021_elisa/mmc3_GST.csv").open() as lines:
        sequences = [row["Protein Sequenze"] for row in csv.DictReader(lines)]
    table = annotate(sequences)
    whole = table.filter(pl.col("status").is_in(["vhh", "vh"]))
    assert whole.height >= 94
    assert whole["tag"].drop_nulls().str.ends_with("His6").sum() >= 0.97 * whole.height
    assert not whole["vhh"].str.contains("HHHHHH").any()


@pytest.mark.shared_data
def test_therapeutic_domains(shared_data: Path) -> None:
    source = shared_data / "discovery/therasabdab/TheraSAbDab_SeqStruc_OnlineDownload.csv.gz"
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["HC"] not in {"", "na"}]
    conventional = [row for row in rows if row["LC"] not in {"", "na"}]
    table = annotate([row["HC"] for row in conventional])
    called = table["hallmark_call"].drop_nulls()
    assert (called == "vh").mean() >= 0.98
    assert (called == "vhh").sum() <= 2
    known = {row["Therapeutic"]: row["HC"] for row in rows}
    names = ["Caplacizumab", "Vobarilizumab", "Envafolimab", "Rimteravimab", "Gontivimab"]
    assert annotate([known[name] for name in names])["status"].to_list() == ["vhh"] * len(names)
