"""Charge, pI, hydrophobicity, extinction and mass against published figures and against Biopython."""

from __future__ import annotations

import pytest
from Bio.SeqUtils.IsoelectricPoint import IsoelectricPoint
from Bio.SeqUtils.ProtParam import ProteinAnalysis

from bactrian.assays.chemistry import (
    Estimate,
    extinction,
    hydrophobic_run,
    hydrophobicity,
    isoelectric_point,
    mass,
    net_charge,
)
from bactrian.assays.scales import PKA_SETS, PkaSet
from bactrian.core.errors import InputError

# One of the two identical domains of caplacizumab (INN list 106), with the figures that the Therapeutic
# Nanobody Profiler publishes for it (github.com/oxpig/TNP, VHH_TSD_all_properties_FINAL.csv).
CAPLACIZUMAB = (
    "EVQLVESGGGLVQPGGSLRLSCAASGRTFSYNPMGWFRQAPGKGRELVAAISRTGGSTYYPDSVEGRFTISRDNAKRMVYLQMNSLRAEDTAVYYC"
    "AAAGVRAEDGRVRTLPSEYTFWGQGTQVTVSS"
)


def test_the_lehninger_set_gives_the_published_figures_of_a_clinical_vhh() -> None:
    assert isoelectric_point(CAPLACIZUMAB, pka="lehninger").value == pytest.approx(9.200839, abs=2e-6)
    assert net_charge(CAPLACIZUMAB, 7, pka="lehninger").value == pytest.approx(2.881663960547521, abs=1e-12)
    assert net_charge(CAPLACIZUMAB, 5, pka="lehninger").value == pytest.approx(4.228666720519557, abs=1e-12)


@pytest.mark.parametrize(
    ("pka", "expected"),
    # ExPASy ProtParam, EMBOSS pepstats and R Peptides 2.4.6 for one peptide, as the manual of the last
    # lists them.
    [("bjellqvist", 9.881), ("emboss", 9.716), ("lehninger", 9.931)],
    ids=["bjellqvist", "emboss", "lehninger"],
)
def test_pi_is_that_of_other_programs(pka: str, expected: float) -> None:
    assert isoelectric_point("QWGRRCCGWGPGRRYCVRWC", pka=pka).value == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize("chain", ["INGAR", "PETER", CAPLACIZUMAB, "MKKD", "SKE"])
def test_bjellqvist_is_biopythons(chain: str) -> None:
    theirs = IsoelectricPoint(chain)
    assert isoelectric_point(chain).value == pytest.approx(theirs.pi(), abs=1e-4)
    for ph in (5.5, 7.4, 9.0):
        assert net_charge(chain, ph).value == pytest.approx(theirs.charge_at_pH(ph), abs=1e-9)


def test_pi_below_4_is_found() -> None:
    # Biopython's search begins at 4.05 and cannot go below.
    found = isoelectric_point("DDDDEEEE").value
    assert found < 4.05
    assert net_charge("DDDDEEEE", found).value == pytest.approx(0, abs=1e-4)


def test_paired_cysteines_do_not_titrate() -> None:
    free, paired = (
        isoelectric_point(CAPLACIZUMAB).value,
        isoelectric_point(CAPLACIZUMAB, paired_cysteines=2).value,
    )
    assert paired - free == pytest.approx(0.381, abs=0.001)
    gap = net_charge(CAPLACIZUMAB, 9, paired_cysteines=2).value - net_charge(CAPLACIZUMAB, 9).value
    assert gap == pytest.approx(2 * 0.5)  # the pKa of the thiol is 9.0 in this set


def test_charge_falls_with_ph_and_ignores_what_was_not_read() -> None:
    charges = [net_charge(CAPLACIZUMAB, ph).value for ph in (0, 3, 5.5, 7.4, 10, 14)]
    assert charges == sorted(charges, reverse=True)
    assert net_charge("GKXXKG", 7.4).value == pytest.approx(net_charge("GKKG", 7.4).value)
    # An end that was not read takes the value that the set gives for no residue in particular.
    assert net_charge("XAK", 7.5).value == pytest.approx(net_charge("GAK", 7.5).value)


def test_hydrophobicity_is_biopythons_gravy() -> None:
    assert hydrophobicity(CAPLACIZUMAB).value == pytest.approx(ProteinAnalysis(CAPLACIZUMAB).gravy())
    assert hydrophobicity("IXXr").value == 0.0


@pytest.mark.parametrize(
    ("chain", "longest"),
    [("AAVGWW", 3), ("GSDY", 0), ("AVXIL", 2), ("gLfMc", 4)],
    ids=["start", "none", "unread ends it", "lower case"],
)
def test_hydrophobic_run(chain: str, longest: int) -> None:
    assert hydrophobic_run(chain).value == longest


def test_extinction_and_mass() -> None:
    assert extinction(CAPLACIZUMAB, paired_cysteines=2).value == 21555  # TNP, with the disulfide
    assert extinction(CAPLACIZUMAB).value == 21430
    assert mass(CAPLACIZUMAB).value == pytest.approx(13842.46674, abs=0.2)  # TNP; other atomic masses
    assert mass("GG").value == pytest.approx(132.118, abs=0.001)
    assert mass("CC").value - mass("CC", paired_cysteines=2).value == pytest.approx(2.01588)


def test_the_version_follows_the_constants() -> None:
    base = PKA_SETS["lehninger"]
    moved = PkaSet(
        name=base.name,
        side_chains=dict(base.side_chains) | {"C": 8.33},
        n_terminus=base.n_terminus,
        c_terminus=base.c_terminus,
        source=base.source,
    )
    versions = {isoelectric_point("GC", pka=pka).version for pka in (*PKA_SETS, moved)}
    assert len(versions) == len(PKA_SETS) + 1
    estimate = net_charge("GC", 7.4)
    assert estimate == Estimate(
        estimate.value, "net charge at pH 7.4, pKa of bjellqvist", "1+bjellqvist-f479e426"
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: isoelectric_point("GJC"),
            "'J' at residue 2 is not an amino acid. Write the 20 one-letter codes, and X for a residue that "
            "was not read.",
        ),
        (lambda: hydrophobicity("XX"), "'XX' holds no residue that was read. Give at least one."),
        (lambda: net_charge("GC", 15), "'15' is not a pH. Give a number from 0 to 14."),
        (
            lambda: isoelectric_point("GC", pka="sillero"),
            "'sillero' is no set of pKa values. Choose one of bjellqvist, lehninger, emboss.",
        ),
        (
            lambda: hydrophobicity("GC", scale="eisenberg"),
            "'eisenberg' is no scale of hydrophobicity. Choose one of kyte-doolittle.",
        ),
        (
            lambda: extinction("GCC", paired_cysteines=1),
            "1 paired cysteines cannot be: the sequence has 2. Give an even number from 0 to as many as it "
            "has; an odd one only where the partner may be among unread residues.",
        ),
    ],
    ids=["letter", "nothing read", "pH", "pKa set", "scale", "cysteines"],
)
def test_what_cannot_be_is_said(call: object, sentence: str) -> None:
    assert callable(call)
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == sentence


def test_an_odd_cysteine_may_have_an_unread_partner() -> None:
    assert net_charge("XGC", 9, paired_cysteines=1).value > net_charge("XGC", 9).value
