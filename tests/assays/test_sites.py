"""Liabilities at IMGT places: region, severity, cysteines, ends."""

from __future__ import annotations

import pytest

from bactrian.assays.liabilities import load_liabilities
from bactrian.assays.sites import LiabilitySite, find_sites, name_region
from bactrian.core.errors import InputError

TABLE = load_liabilities()


def find(labels: str, residues: str, **cysteines: object) -> list[tuple[str, str, str, str, str]]:
    sites = find_sites(labels.split(), residues, TABLE, **cysteines)  # type: ignore[arg-type]
    return [describe(site) for site in sites]


def describe(site: LiabilitySite) -> tuple[str, str, str, str, str]:
    return site.liability.name, site.position, site.region, site.severity, site.standing


@pytest.mark.parametrize(
    ("labels", "region", "severity"),
    [
        ("59 62", "CDR2", "high"),
        ("92 93", "FR3", "medium"),
        ("54 55", "FR2", "high"),
        ("55 56", "CDR2", "high"),
    ],
    ids=["CDR", "framework", "vernier", "touches a CDR"],
)
def test_severity_follows_the_region(labels: str, region: str, severity: str) -> None:
    position = labels.replace(" ", "-")
    assert find(labels, "NG") == [("Asn deamidation, NG", position, region, severity, "read")]


def test_kinds_that_overlap_are_all_given() -> None:
    found = {(name, position) for name, position, *_ in find("107 108 109 110", "NGTD")}
    assert found == {("N-glycosylation", "107-109"), ("Asn deamidation, NG", "107-108")}


def test_labels_of_long_loops() -> None:
    assert find("111 111A 112A 112", "ADPA")[0][:3] == ("acid clipping", "111A-112A", "CDR3")


def test_conserved_tryptophans_do_not_count() -> None:
    assert find("40 41", "SW") == []
    assert find("117 118", "YW") == []
    assert find("116 117", "YW") == [("Trp oxidation", "117", "CDR3", "medium", "read")]


def test_pyroglutamate_needs_the_first_residue() -> None:
    assert find("1 2", "QV")[0][:2] == ("N-terminal pyroglutamate", "1")
    assert find("2 3", "QV") == []
    assert find("1 2", "XV") == []


def test_cysteines_count_as_told() -> None:
    labels = "23 33 104 109 111"
    assert find(labels, "CCCCC") == []
    free = find(labels, "CCCCC", free_cysteines=["109|111"], paired_cysteines=["33"])
    assert free == [
        ("extra disulfide", "33", "CDR1", "low", "read"),
        ("unpaired cysteine", "109|111", "CDR3", "high", "read"),
    ]
    unsure = find(labels, "CXCCA", free_cysteines=["109"], cysteines_known=False)
    assert unsure == [("unpaired cysteine", "109", "CDR3", "high", "possible")]


def test_an_unread_neighbour_leaves_a_motif_open() -> None:
    assert find("107 108 109", "NXT") == [
        ("N-glycosylation", "107-109", "CDR3", "high", "possible"),
        ("Asn deamidation, NG", "107-108", "CDR3", "high", "possible"),
        ("Asn deamidation, NS", "107-108", "CDR3", "medium", "possible"),
        ("Asn deamidation, NT", "107-108", "CDR3", "low", "possible"),
        ("Asn deamidation, slow", "107-108", "CDR3", "low", "possible"),
    ]


def test_regions_are_those_of_imgt() -> None:
    ends = {1: "FR1", 26: "FR1", 27: "CDR1", 38: "CDR1", 39: "FR2", 55: "FR2", 56: "CDR2", 65: "CDR2"}
    ends |= {66: "FR3", 104: "FR3", 105: "CDR3", 117: "CDR3", 118: "FR4", 128: "FR4"}
    assert {position: name_region(position) for position in ends} == ends


def test_labels_and_residues_must_agree() -> None:
    with pytest.raises(InputError) as caught:
        find_sites(["1", "2"], "QVQ", TABLE)
    assert str(caught.value) == "2 labels came with 3 residues. Give one label per residue."
