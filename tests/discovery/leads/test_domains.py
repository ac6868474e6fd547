"""Leads laid on the IMGT positions: what was read, what was not, what is odd."""

from __future__ import annotations

import polars as pl

from bactrian.discovery.leads.domains import LeadDomain, lay_domains

FR1, FR2 = "QVQLVESGGGLVQAGGSLRLSCAAS", "MGWFRQAPGKEREFVAA"
FR3, FR4 = "YYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC", "WGQGTQVTVSS"
CDR1, CDR2, CDR3 = "GRTFSSYA", "ISWSGGST", "AADRGGYDY"
VHH = FR1 + CDR1 + FR2 + CDR2 + FR3 + CDR3 + FR4


def lay(**columns: str | None) -> LeadDomain:
    schema = dict.fromkeys(columns, pl.String)
    (domain,) = lay_domains(pl.DataFrame([columns], schema=schema))
    return domain


def test_a_whole_vhh() -> None:
    domain = lay(vhh=VHH, cdr1=CDR1, cdr2=CDR2, cdr3=CDR3)
    assert domain.residues == VHH
    assert (domain.labels[0], domain.labels[-1]) == ("1", "128")
    assert domain.cdr_lengths == (8, 8, 9)
    assert (domain.n_unread, domain.unread_regions(), domain.filled, domain.note) == (0, (), frozenset(), "")
    assert domain.read_hallmarks().residues == "FERF"
    assert domain.cut_region("CDR3") == CDR3


def test_unread_ends_keep_their_places() -> None:
    spelled = "X" * 20 + VHH[20:-5] + "X" * 5
    domain = lay(vhh=spelled, cdr3=CDR3)
    assert domain.labels == lay(vhh=VHH).labels
    assert domain.residues == spelled
    assert domain.unread_regions() == (("FR1", 20), ("FR4", 5))
    # Ends that the sequence leaves out count as unread too.
    assert lay(vhh=VHH[20:-5]).residues == spelled


def test_filled_residues_are_known_from_read_ones() -> None:
    domain = lay(vhh=VHH[:20].lower() + VHH[20:])
    assert domain.residues == VHH
    assert domain.filled == frozenset(range(20))


def test_unknown_cdrs_have_no_length() -> None:
    spelled = "X" * 58 + FR3 + CDR3 + FR4
    for unknown in (None, "?"):
        domain = lay(vhh=spelled, cdr1=unknown, cdr2=unknown, cdr3=CDR3)
        assert domain.cdr_lengths == (None, None, 9)
        assert domain.unread_regions() == (("FR1", 25), ("CDR1", 8), ("FR2", 17), ("CDR2", 8))
        assert domain.read_hallmarks().call is None
        assert not domain.partners_read()


def test_cdrs_alone_are_laid_by_their_lengths() -> None:
    domain = lay(cdr1=CDR1, cdr2=None, cdr3="AADRGGYDYLLPTWQY")
    assert domain.cut_region("CDR1") == CDR1
    assert domain.cut_region("CDR2") == "X" * 8
    assert domain.cut_region("CDR3") == "AADRGGYDYLLPTWQY"
    assert domain.cdr_lengths == (8, None, 16)
    assert {"111A", "112A", "112B"} <= set(domain.labels)
    assert lay(cdr3=CDR3).n_unread == 25 + 8 + 17 + 8 + 38 + 11


def test_cysteines_are_paired_among_those_read() -> None:
    assert lay(vhh=VHH).pair_cysteines().free == ()
    # The partner of 104 was not read: that makes 104 no free cysteine.
    assert lay(vhh="X" * 25 + VHH[25:]).pair_cysteines().free == ()
    assert lay(vhh=VHH.replace("CAAS", "YAAS")).pair_cysteines().free == ("104",)


def test_what_is_odd_is_said() -> None:
    assert lay(vhh="MSTNPKPQRKTKRNTNRRPQDVKFPGGGQIVGG", cdr3=CDR3).note == (
        "the sequence is not recognised as a V domain: only its CDRs are judged"
    )
    assert (
        lay(vhh=VHH, cdr3="AADRGGYDW").note
        == "CDR3 as numbered (AADRGGYDY) is not the one counted (AADRGGYDW)"
    )
    # A tag behind a complete domain is no part of it, and no oddity.
    assert lay(vhh=VHH + "HHHHHH").note == ""


def test_without_columns_everything_is_unread() -> None:
    (domain,) = lay_domains(pl.DataFrame({"key": ["A"]}))
    assert set(domain.residues) == {"X"}
    assert domain.cdr_lengths == (None, None, None)
