from __future__ import annotations

import gzip

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bactrian.core.seeds import make_rng
from bactrian.discovery.vhh.profile import RESIDUES
from bactrian.discovery.vhh.reads import READ_COLUMNS, annotate_reads

# One codon per residue; an amplicon from FR1 (S22) to FR4 (T124), as two mates of 151 nt see it.
CODONS = dict(
    A="GCA", C="TGT", D="GAC", E="GAG", F="TTC", G="GGC", H="CAC", I="ATC", K="AAG", L="CTG", M="ATG",
    N="AAC", P="CCT", Q="CAG", R="CGT", S="TCC", T="ACC", V="GTG", W="TGG", Y="TAC",
) | {"*": "TAA"}  # fmt: skip
FR1, FR2 = "QVQLVESGGGLVQAGGSLRLSCAAS", "MGWFRQAPGKEREFVAA"
FR3, FR4 = "YYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC", "WGQGTQVTVSS"
CDR1, CDR2, CDR3 = "GRTFSSYA", "ISWSGGST", "AADRGYLGSTIPRDYDY"
VHH = FR1 + CDR1 + FR2 + CDR2 + FR3 + CDR3 + FR4
AMPLICON = VHH[20:-4]


def back(protein):
    return "".join(CODONS[residue] for residue in protein)


def annotate(nt, **settings):
    return annotate_reads([nt], **settings).row(0, named=True)


NT = back(AMPLICON)
CDR3_AT = 3 * AMPLICON.index(CDR3)


def test_merged_amplicon_is_productive():
    row = annotate(NT)
    assert row["status"] == "productive"
    assert (row["cdr1"], row["cdr2"], row["cdr3"]) == (CDR1, CDR2, CDR3)
    assert (row["cdr1_nt"], row["cdr2_nt"], row["cdr3_nt"]) == (back(CDR1), back(CDR2), back(CDR3))
    assert (row["first_column"], row["last_column"]) == (22, 124)
    assert row["frame"] == 0
    assert row["fr_insertions"] == ""


def test_aligned_shows_imgt_columns_gaps_and_what_is_unread():
    aligned = annotate(NT)["aligned"]
    frameworks = ("." * 21 + "SCAAS", FR2, FR3[:7] + "-" + FR3[7:], "WGQGTQV....")
    loops = ("GRTF----SSYA", "ISWS--GGST", "AADRGYLPRDYDY", "")
    assert aligned == "".join(a + b for a, b in zip(frameworks, loops, strict=True))
    assert len(aligned) == 128


@pytest.mark.parametrize("frame", [0, 1, 2])
def test_frame_is_found(frame):
    row = annotate("GG"[:frame] + NT)
    assert (row["status"], row["frame"], row["cdr3"]) == ("productive", frame, CDR3)
    assert row["cdr3_start"] == CDR3_AT + frame
    assert row["cdr3_nt"] == back(CDR3)


def test_first_mate_reads_cdr1_and_cdr2():
    row = annotate(NT[:151])
    assert row["status"] == "truncated"
    assert (row["cdr1"], row["cdr2"], row["cdr3"]) == (CDR1, CDR2, None)
    assert (row["cdr3_nt"], row["cdr3_start"]) == (None, None)
    assert row["first_column"] == 22
    assert row["aligned"][row["last_column"] :] == "." * (128 - row["last_column"])


def test_second_mate_reads_cdr3():
    row = annotate(NT[-151:])
    assert row["status"] == "productive"
    assert (row["cdr1"], row["cdr2"], row["cdr3"]) == (None, None, CDR3)
    assert NT[-151:][row["cdr3_start"] :].startswith(back(CDR3))
    assert row["last_column"] == 124


def test_mate_that_begins_inside_cdr3_is_truncated_or_no_vhh():
    row = annotate(back(CDR3[6:] + FR4))
    assert row["status"] in {"truncated", "not_vhh"}
    assert row["cdr3"] is None


@pytest.mark.parametrize(
    "at",
    [3 * 15 + 1, 3 * AMPLICON.index(FR2) + 20, 3 * AMPLICON.index(FR3) + 50, CDR3_AT - 20, CDR3_AT + 15],
    ids=["CDR1 end", "FR2", "FR3", "FR3 end", "CDR3"],
)
@pytest.mark.parametrize("change", ["deletion", "insertion", "two deleted"])
def test_one_lost_or_added_base_is_a_frameshift(at, change):
    changed = {
        "deletion": NT[:at] + NT[at + 1 :],
        "insertion": NT[:at] + "A" + NT[at:],
        "two deleted": NT[:at] + NT[at + 2 :],
    }[change]
    assert annotate(changed)["status"] == "frameshift"


@pytest.mark.parametrize(
    ("part", "at"),
    [("first", 40), ("first", 90), ("second", 60), ("second", 85), ("second", 105)],
    ids=["CDR1", "FR2", "FR3", "FR3 end", "CDR3"],
)
def test_frameshift_is_seen_in_a_single_mate(part, at):
    mate = NT[:151] if part == "first" else NT[-151:]
    assert annotate(mate[:at] + mate[at + 1 :])["status"] == "frameshift"


FR4_AT = CDR3_AT + 3 * len(CDR3)


@pytest.mark.parametrize("at", range(4, 11))
@pytest.mark.parametrize("change", ["deletion", "insertion"])
def test_frameshift_behind_cdr3_is_seen(at, change):
    # Behind it stand four residues or fewer, then the amplicon ends at its primer; the CDR3 was read.
    at += FR4_AT
    changed = NT[:at] + NT[at + 1 :] if change == "deletion" else NT[:at] + "A" + NT[at:]
    row = annotate(changed)
    assert row["status"] == "frameshift"
    assert annotate(changed[-150:])["status"] == "frameshift"


def test_changed_fourth_framework_is_no_frameshift():
    rng = make_rng(23, "changed FR4")
    reads = []
    for _ in range(2000):
        fr4 = "".join(RESIDUES[rng.integers(20)] if rng.random() < 0.3 else residue for residue in FR4)
        reads.append(back(VHH[20 : -len(FR4)] + fr4))
    assert (annotate_reads(reads)["status"] == "frameshift").sum() <= 10


def test_lost_codon_is_no_frameshift():
    at = 3 * AMPLICON.index("RDNAK")
    row = annotate(NT[:at] + NT[at + 3 :])
    assert (row["status"], row["cdr3"]) == ("productive", CDR3)
    assert row["aligned"].count("-") == annotate(NT)["aligned"].count("-") + 1


@pytest.mark.parametrize("region", ["cdr1", "cdr3", "framework"])
def test_stop_in_the_domain(region):
    at = {
        "cdr1": AMPLICON.index(CDR1) + 3,
        "cdr3": AMPLICON.index(CDR3) + 8,
        "framework": AMPLICON.index("QAPGK"),
    }
    residues = AMPLICON[: at[region]] + "*" + AMPLICON[at[region] + 1 :]
    row = annotate(back(residues))
    assert row["status"] == "stop"
    assert row["cdr3"] == (CDR3[:8] + "*" + CDR3[9:] if region == "cdr3" else CDR3)
    assert row["aligned"].count("*") == (0 if region == "cdr3" else 1)


def test_stop_in_a_first_mate_is_a_stop():
    at = AMPLICON.index("QAPGK")
    assert annotate(back(AMPLICON[:at] + "*" + AMPLICON[at + 1 :])[:151])["status"] == "stop"


def test_amber_is_read_as_glutamine_on_request():
    at = 3 * AMPLICON.index("QAPGK")
    amber = NT[:at] + "TAG" + NT[at + 3 :]
    assert annotate(amber)["status"] == "stop"
    read = annotate(amber, amber=True)
    assert (read["status"], read["aligned"]) == ("productive", annotate(NT)["aligned"])
    ochre = NT[:at] + "TAA" + NT[at + 3 :]
    assert annotate(ochre, amber=True)["status"] == "stop"


def test_stop_beside_the_domain_does_not_count():
    row = annotate("TAATAACCC" + back(VHH) + "TAATGA")
    assert (row["status"], row["cdr3"]) == ("productive", CDR3)


def test_unknown_base_gives_an_unknown_residue():
    row = annotate(NT[: CDR3_AT + 10] + "N" + NT[CDR3_AT + 11 :])
    assert row["status"] == "productive"
    assert row["cdr3"] == CDR3[:3] + "X" + CDR3[4:]
    assert "N" in row["cdr3_nt"]


def test_framework_insertion_is_listed_beside_the_columns():
    protein = AMPLICON.replace("RDNAKNT", "RDNAGSKNT")
    row = annotate(back(protein))
    assert (row["status"], row["cdr3"]) == ("productive", CDR3)
    columns, letters = zip(*(entry.split(":") for entry in row["fr_insertions"].split(";")), strict=True)
    assert sorted(letters) in (["G", "S"], ["A", "G"], ["A", "S"])
    assert all(column[-1] in "AB" and 80 <= int(column[:-1]) <= 90 for column in columns)


@pytest.mark.parametrize("nt", ["", "A", "ACGT", "N" * 151, "ACGT" * 40, back(RESIDUES * 6)], ids=range(6))
def test_what_is_no_vhh_says_so(nt):
    row = annotate(nt)
    assert row["status"] == "not_vhh"
    assert row["aligned"] == "." * 128
    assert all(
        row[name] is None for name in ("cdr1", "cdr2", "cdr3", "cdr3_nt", "cdr3_start", "first_column")
    )


def test_reverse_strand_is_no_vhh():
    complement = NT.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    assert annotate(complement)["status"] == "not_vhh"


def test_random_nucleotides_are_no_vhh():
    rng = make_rng(21, "random reads")
    reads = ["".join(row) for row in rng.choice(list("ACGT"), (2000, 300))]
    assert set(annotate_reads(reads)["status"]) == {"not_vhh"}


def test_frame_has_its_schema_for_any_number_of_reads():
    for nt in ([], [NT], pl.Series([NT, NT[:151], "ACGT"])):
        frame = annotate_reads(nt)
        assert frame.schema == pl.Schema(READ_COLUMNS)
        assert len(frame) == len(nt)


def test_rows_do_not_depend_on_their_neighbours():
    reads = [NT, "ACGT", NT[:151], NT[-151:], "", NT[1:], back(VHH), NT[: CDR3_AT - 20] + NT[CDR3_AT - 19 :]]
    together = annotate_reads(reads)
    apart = pl.concat([annotate_reads([read]) for read in reads])
    assert together.equals(apart)


@given(st.text(alphabet="ACGTN", max_size=40), st.text(alphabet="ACGTN", max_size=40), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_reported_parts_agree_with_each_other(before, after, cut):
    nt = before + NT[cut : len(NT) - cut // 2] + after
    row = annotate(nt)
    assert len(row["aligned"]) == 128
    for k, protein in (1, CDR1), (2, CDR2), (3, CDR3):
        if row[f"cdr{k}"] is not None:
            start, piece = row[f"cdr{k}_start"], row[f"cdr{k}_nt"]
            assert nt[start : start + len(piece)] == piece
            assert len(piece) == 3 * len(row[f"cdr{k}"])
            assert start % 3 == row["frame"]
            assert row[f"cdr{k}"] == protein
    if row["first_column"] is not None:
        aligned = row["aligned"]
        assert aligned[: row["first_column"] - 1].strip(".") == ""
        assert aligned[row["last_column"] :].strip(".") == ""
        assert "." not in aligned[row["first_column"] - 1 : row["last_column"]]


def test_mutated_amplicons_keep_status_and_cdrs():
    rng = make_rng(22, "substitutions")
    reads, first = [], []
    codes = np.frombuffer(NT.encode(), dtype=np.uint8)
    for _ in range(1500):
        mutant = codes.copy()
        hit = rng.random(len(codes)) < 0.03
        hit[CDR3_AT : CDR3_AT + 3 * len(CDR3)] = False
        mutant[hit] = rng.choice(np.frombuffer(b"ACGT", dtype=np.uint8), hit.sum())
        nt = mutant.tobytes().decode()
        reads.append(nt[-151:])
        first.append(nt[:151])
    frame = annotate_reads(reads)
    assert (frame["cdr3"] == CDR3).fill_null(value=False).mean() > 0.99
    assert frame["status"].is_in(["productive", "stop"]).mean() > 0.99
    assert annotate_reads(first)["status"].is_in(["truncated", "stop"]).mean() > 0.99


@pytest.mark.shared_data
def test_real_second_mates_get_a_cdr3_or_a_named_defect(shared_data):
    (path,) = (shared_data / "discovery" / "phageseq_minimal" / "fastq").glob("07-C4_*_R2_*.fastq.gz")
    primer = "ACCTGGGTCCCCTG"
    with gzip.open(path, "rt", encoding="ascii") as lines:
        mates = [line.strip() for number, line in enumerate(lines) if number % 4 == 1]
    with_primer = [m for m in mates if sum(a != b for a, b in zip(m, primer, strict=False)) <= 2]
    turned = [m.translate(str.maketrans("ACGT", "TGCA"))[::-1] for m in with_primer]
    frame = annotate_reads(turned)
    assert len(frame) > 0.9 * len(mates)
    named = frame["cdr3"].is_not_null() | (frame["status"] != "not_vhh")
    assert named.mean() > 0.97
    assert (frame["status"] == "productive").mean() > 0.85
    assert frame.filter(pl.col("status") == "productive")["cdr3"].str.contains(r"^[A-Z]+$").all()
