from __future__ import annotations

import pytest

from bactrian.core.seeds import make_rng
from bactrian.discovery.vhh.align import MIN_BLOCK
from bactrian.discovery.vhh.annotate import annotate
from bactrian.discovery.vhh.numbering import number_proteins
from bactrian.discovery.vhh.profile import RESIDUES
from bactrian.discovery.vhh.reads import annotate_reads
from bactrian.discovery.vhh.scores import derive_background

# V genes unlike those of VHHs, written from the public sequences, with one CDR3 and J4.
GENES = {
    "human 4-34": ("QVQLQQWGAGLLKPSETLSLTCAVYGGSFSGYYWSWIRQPPGKGLEWIGEINHSGSTNYNPSLKSRVTISVDTSKNQFSLKLSSVTAA"
                   "DTAVYYC", "GGSFSGYY", "INHSGST"),
    "human 2-70": ("QVTLRESGPALVKPTQTLTLTCTFSGFSLSTSGMCVSWIRQPPGKALEWLALIDWDDDKYYSTSLKTRLTISKDTSKNQVVLTMTNMD"
                   "PVDTATYYC", "GFSLSTSGMC", "IDWDDDK"),
    "human 2-5": ("QITLKESGPTLVKPTQTLTLTCTFSGFSLSTSGVGVGWIRQPPGKALEWLALIYWDDDKRYSPSLKSRLTITKDTSKNQVVLTMTNMDP"
                  "VDTATYYC", "GFSLSTSGVG", "IYWDDDK"),
    "mouse 14-3": ("EVQLQQSGAELVKPGASVKLSCTASGFNIKDTYMHWVKQRPEQGLEWIGRIDPANGNTKYDPKFQGKATITADTSSNTAYLQLSSLTS"
                   "EDTAVYYC", "GFNIKDTY", "IDPANGNT"),
    "mouse 1-26": ("EVQLQQSGPELVKPGASVKISCKASGYTFTDYYMNWVKQSHGKSLEWIGDINPNNGGTSYNQKFKGKATLTVDKSSSTAYMELRSLTS"
                   "EDSAVYYC", "GYTFTDYY", "INPNNGGT"),
}  # fmt: skip
CODONS = dict(
    A="GCA", C="TGT", D="GAC", E="GAG", F="TTC", G="GGC", H="CAC", I="ATC", K="AAG", L="CTG", M="ATG",
    N="AAC", P="CCT", Q="CAG", R="CGT", S="TCC", T="ACC", V="GTG", W="TGG", Y="TAC",
)  # fmt: skip
CDR3, FR4 = "ARDRGYSSGWYFDY", "WGQGTLVTVSS"
FR2 = "MGWFRQAPGKEREFVAA"
FR3 = "YYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC"


@pytest.mark.parametrize(("gene", "cdr1", "cdr2"), GENES.values(), ids=GENES.keys())
@pytest.mark.parametrize("flanks", [("", ""), ("MKYLLPTAAAGLLLLAAQPAMA", "HHHHHH")], ids=["bare", "flanked"])
def test_other_v_genes_are_numbered_whole_and_called_vh(gene, cdr1, cdr2, flanks):
    row = annotate([flanks[0] + gene + CDR3 + FR4 + flanks[1]]).row(0, named=True)
    assert (row["status"], row["cdr1"], row["cdr2"], row["cdr3"]) == ("vh", cdr1, cdr2, CDR3)
    assert row["vhh"] == gene + CDR3 + FR4


@pytest.mark.parametrize("name", ["human 4-34", "mouse 14-3", "mouse 1-26"])
def test_domain_may_lack_the_residues_that_primers_cover(name):
    gene, cdr1, cdr2 = GENES[name]
    numbering = number_proteins([gene[8:] + CDR3 + FR4])
    regions = numbering.cut_regions(0)
    assert (regions["cdr1"], regions["cdr2"], regions["cdr3"]) == (cdr1, cdr2, CDR3)
    assert numbering.first_column[0] == 9


def test_read_of_another_v_gene_keeps_its_cdrs():
    gene, cdr1, cdr2 = GENES["human 4-34"]
    row = annotate_reads(["".join(CODONS[residue] for residue in gene + CDR3 + FR4)]).row(0, named=True)
    assert (row["status"], row["cdr1"], row["cdr2"], row["cdr3"]) == ("productive", cdr1, cdr2, CDR3)


@pytest.mark.parametrize(
    "part", [FR2 + "ISWSGGST" + FR3, FR3, FR3[18:]], ids=["before FR2", "before FR3", "before a half of FR3"]
)
def test_random_residues_before_a_part_are_not_read(part):
    background, _ = derive_background()
    rng = make_rng(31, "random heads", part)
    heads = rng.choice(list(RESIDUES), (2000, 90), p=background / background.sum())
    numbering = number_proteins(["".join(head) + part + CDR3 + FR4 for head in heads])
    # What scores MIN_BLOCK is found by the alignment itself; less is read by extension.
    extended = (numbering.block_score < MIN_BLOCK) & (numbering.block_score != 0)
    assert extended[:, :2].sum() <= 2
    assert (numbering.cdr_start[:, 2] >= 0).all()


def test_framework_with_a_lost_anchor_is_not_guessed():
    gene, _, cdr2 = GENES["human 4-34"]
    regions = number_proteins([gene.replace("LTCAVY", "LTSAVY") + CDR3 + FR4]).cut_regions(0)
    assert (regions["cdr1"], regions["cdr2"], regions["cdr3"]) == (None, cdr2, CDR3)
