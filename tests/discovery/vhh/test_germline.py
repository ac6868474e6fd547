"""Germline genes that the test invents: the gene of origin is found, ties are named, nothing is forced."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.vhh.annotate import annotate
from bactrian.discovery.vhh.germline import assign_germline, read_germlines
from bactrian.discovery.vhh.translate import translate_six_frames

if TYPE_CHECKING:
    from pathlib import Path

V1 = "QVQLVESGGGLVQAGGSLRLSCAASGRTFSSYAMGWFRQAPGKEREFVAAISWSGGSTYYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYCAA"
V2 = "EVQLQESGPGLVKPSQTLSLTCTVSGGSITTNYYYWSWIRQPPGKGLEWIGVIGYSGSTYYSPSLKSRTSISRDTSKNQFSLQLSSVTPEDTAVYYCAR"
J1, J2 = "EYDYWGQGTQVTVSS", "NAMDYWGKGTLVTVSS"
CODON = {
    translate_six_frames("".join(bases))[0].protein: "".join(bases) for bases in product("ACGT", repeat=3)
}


def encode(protein: str) -> str:
    return "".join(CODON[residue] for residue in protein)


@pytest.fixture
def protein_genes(tmp_path: Path) -> Path:
    path = tmp_path / "genes.fasta"
    path.write_text(
        f">IGHV3-1*01\n{V1}\n>IGHV4-1*01\n{V2}\n>IGHJ4*01\n{J1}\n>IGHJ7*01\n{J2}\n>IGHD1*01\nGYSGYD\n"
    )
    return path


@pytest.fixture
def nucleotide_genes(tmp_path: Path) -> Path:
    path = tmp_path / "genes_nt.fasta"
    v = encode(V1)
    path.write_text(
        f">X1|IGHV3-1*01|Vicugna pacos|F|V-REGION|\n{v[:27]}...{v[27:]}\n"
        f">X2|IGHV4-1*01|Vicugna pacos\n{encode(V2)}\n>X3|IGHJ4*01|\nTC{encode(J1)}\n"
        f">X4|IGHJ7*01|\n{encode(J2)}\n"
    )
    return path


def test_protein_domain_finds_its_genes(protein_genes: Path) -> None:
    domain = V1.replace("SSYA", "SNYA") + "DRGGSDYVLGS" + J1
    table = annotate([domain], germlines=protein_genes)
    assert table.select("v_call", "j_call").row(0) == ("IGHV3-1*01", "IGHJ4*01")
    assert table["v_identity"][0] == pytest.approx(97 / 98)
    assert table["j_identity"][0] == 1.0


def test_nucleotides_are_compared_with_nucleotides(nucleotide_genes: Path) -> None:
    gene = encode(V1)
    silent = gene[:150] + "ATA" + gene[153:]
    assert gene[150:153] == CODON[V1[50]]
    domain = silent + encode("DRGGSDYVLGS" + J2)
    table = annotate([domain], germlines=nucleotide_genes)
    assert table.select("v_call", "j_call").row(0) == ("IGHV3-1*01", "IGHJ7*01")
    assert table["v_identity"][0] == pytest.approx(293 / 294)


def test_protein_domain_against_nucleotide_genes(nucleotide_genes: Path) -> None:
    table = annotate([V2 + "DRGGSDYV" + J1], germlines=nucleotide_genes)
    assert table.select("v_call", "v_identity", "j_call").row(0) == ("IGHV4-1*01", 1.0, "IGHJ4*01")


def test_equal_genes_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "twice.fasta"
    path.write_text(f">IGHV3-2*02\n{V1}\n>IGHV3-1*01\n{V1}\n")
    genes = read_germlines(path)
    v_gene, j_gene = assign_germline(genes, V1 + "DRGG" + J1, cdr3_start=96)
    assert v_gene.name == "IGHV3-1*01,IGHV3-2*02"
    assert j_gene.name is None


def test_unread_cdr3_has_no_j(protein_genes: Path) -> None:
    table = annotate([V1[:90]], germlines=protein_genes)
    assert table.select("status", "v_call", "j_call").row(0) == ("partial", "IGHV3-1*01", None)


def test_without_germlines_no_gene_is_named() -> None:
    assert "v_call" not in annotate([V1 + J1]).columns


def test_file_without_v_genes(tmp_path: Path) -> None:
    path = tmp_path / "j.fasta"
    path.write_text(f">IGHJ4*01\n{J1}\n")
    with pytest.raises(InputError) as caught:
        read_germlines(path)
    assert str(caught.value) == (
        f"{path}: the file holds no V gene. Expected names such as IGHV3-3*01, or V genes of full length."
    )
