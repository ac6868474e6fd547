"""Triage of leads: figures, liabilities, the word and its reasons, and what is said of unread residues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from Bio.SeqUtils.IsoelectricPoint import IsoelectricPoint
from Bio.SeqUtils.ProtParam import ProteinAnalysis

from bactrian.assays.chemistry import isoelectric_point
from bactrian.assays.liabilities import read_liabilities
from bactrian.assays.ranges import CLINICAL
from bactrian.core.errors import InputError
from bactrian.discovery.leads.domains import lay_domains
from bactrian.discovery.leads.triage import find_liabilities, triage_leads, triage_methods
from bactrian.discovery.leads.triage_table import PH, charge_column, triage_columns
from bactrian.discovery.leads.verdicts import MOST_MEDIUM

if TYPE_CHECKING:
    from pathlib import Path

FR1, FR2 = "QVQLVESGGGLVQAGGSLRLSCAAS", "MGWFRQAPGKEREFVAA"
FR3, FR4 = "YYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC", "WGQGTQVTVSS"
CDR1, CDR2, CDR3 = "GRTFSSYA", "ITGSGGST", "AADRGGYRY"
READ_ENDS = "25 residues not read (FR1 20, FR4 5): liabilities there are unknown"
OF_READ = "pI, charge and hydrophobicity are of the residues read"


def spell(cdr1: str = CDR1, cdr2: str = CDR2, cdr3: str = CDR3, *, fr2: str = FR2, fr3: str = FR3) -> str:
    return FR1 + cdr1 + fr2 + cdr2 + fr3 + cdr3 + FR4


def judge(vhh: str | None, **columns: str | None) -> dict[str, Any]:
    values = {"vhh": vhh, **columns}
    table = triage_leads(pl.DataFrame([values], schema=dict.fromkeys(values, pl.String)))
    return table.row(0, named=True)


def test_a_plain_vhh() -> None:
    row = judge(spell(), cdr1=CDR1, cdr2=CDR2, cdr3=CDR3)
    assert (row["triage"], row["triage_reason"]) == ("ok", "nothing flagged")
    assert row["liabilities"] is None
    assert (row["n_liabilities_high"], row["n_liabilities_medium"]) == (0, 0)
    assert (row["cdr1_length"], row["cdr2_length"], row["cdr3_length"], row["cdr_length"]) == (8, 8, 9, 25)
    assert (row["cdr3_length_verdict"], row["cdr_length_verdict"]) == ("green", "green")
    assert (row["hallmarks"], row["hallmark_call"], row["cysteines"]) == ("FERF", "vhh", None)
    assert (row["n_unread"], row["unread"], row["n_filled"]) == (0, None, 0)
    # Cysteines 23 and 104 are paired: to Biopython they are no thiols.
    theirs = IsoelectricPoint(spell().replace("C", "S"))
    assert row["pi"] == pytest.approx(theirs.pi(), abs=1e-4)
    assert row["charge_74"] == pytest.approx(theirs.charge_at_pH(7.4), abs=1e-9)
    assert row["mass"] == pytest.approx(ProteinAnalysis(spell()).molecular_weight() - 2 * 1.00794)
    assert row["extinction"] == ProteinAnalysis(spell()).molar_extinction_coefficient()[1]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"cdr2": "ITNGGGST"}, "NG 58-59 CDR2 deamidation high"),
        ({"cdr3": "AANATGYRY"}, "NAT 107-109 CDR3 glycosylation high"),
        ({"cdr3": "AARGDGYRY"}, "RGD 107-109 CDR3 integrin high"),
        ({"cdr3": "AADGGGYRY"}, "DG 107-108 CDR3 isomerisation high"),
        ({"cdr3": "AADRGCYRY"}, "C 114 CDR3 unpaired cysteine high"),
        ({"fr3": FR3.replace("NTVYL", "NTSYL")}, "NTS 85-87 FR3 glycosylation high"),
    ],
    ids=["deamidation", "glycosylation", "integrin", "isomerisation", "cysteine", "framework"],
)
def test_a_grave_liability_is_a_caution(changed: dict[str, str], told: str) -> None:
    row = judge(spell(**changed))
    assert row["triage"] == "caution"
    assert told in row["triage_reason"].split("; ")
    assert told in row["liabilities"].split("; ")
    assert row["n_liabilities_high"] >= 1


def test_milder_liabilities_are_listed_and_few_of_them_are_no_reason() -> None:
    row = judge(spell(cdr2="ITWSGGST", cdr3="AADPGVVRY"))
    assert row["liabilities"] == (
        "W 58 CDR2 oxidation medium; DP 107-108 CDR3 clipping medium; VV 114-115 CDR3 polyreactivity medium"
    )
    assert (row["triage"], row["n_liabilities_medium"]) == ("ok", 3)
    more = judge(spell(cdr1="GRTFSDSA", cdr2="ITWSGGST", cdr3="AADPGVVRY"))
    assert (more["triage"], more["n_liabilities_medium"]) == ("look", 4)
    assert more["triage_reason"] == f"4 liabilities of medium severity, above {MOST_MEDIUM}"


@pytest.mark.parametrize(
    ("cdr3", "triage", "told"),
    [
        ("AADRGGYRYAADRGGYRYAAT", "look", "CDR3 length 21, at the edge of clinical-stage VHHs"),
        ("AADRGGYRYAADRGGYRYAATAAT", "caution", "CDR3 length 24, as no clinical-stage VHH has"),
    ],
    ids=["edge", "outside"],
)  # fmt: skip
def test_cdr_lengths_are_held_against_clinical_vhhs(cdr3: str, triage: str, told: str) -> None:
    row = judge(spell(cdr3=cdr3))
    assert row["triage"] == triage
    assert f"{told} (5 to 23, usually 9 to 20)" in row["triage_reason"].split("; ")


def test_a_vh_is_worth_a_look() -> None:
    row = judge(spell(fr2="MSWVRQAPGKGLEWVSA"))
    assert row["triage"] == "look"
    assert row["triage_reason"] == "hallmarks VGLW at IMGT 42, 49, 50 and 52 are those of a VH"


def test_extra_cysteines_are_paired_by_pattern() -> None:
    row = judge(spell(cdr1="GRTFSSYC", cdr3="AADRGCYRY"))
    assert row["cysteines"] == "38–114 (CDR1–CDR3)"
    assert row["n_liabilities_high"] == 0
    alone = judge(spell(cdr3="AADRGCYRY"))
    assert alone["cysteines"] == "free 114"


def test_unread_ends_are_said_and_hide_nothing() -> None:
    whole = spell()
    row = judge("X" * 20 + whole[20:-5] + "X" * 5)
    assert (row["triage"], row["triage_reason"]) == (
        "ok",
        f"nothing flagged in the residues read; {READ_ENDS}; {OF_READ}",
    )
    assert (row["n_unread"], row["unread"]) == (25, "FR1 20, FR4 5")
    assert row["pi"] is not None
    assert row["mass"] is None
    assert row["extinction"] is None
    assert row["charge_verdict"] is None


def test_unread_residues_make_no_liability() -> None:
    row = judge(spell(cdr3="AANXTGYRY"), cdr3="AANXTGYRY")
    assert row["n_liabilities_high"] == 0
    assert row["n_liabilities_possible"] == 3  # N-glycosylation, NG, NS
    assert row["triage"] == "look"
    assert row["triage_reason"].split("; ")[:2] == [
        "NXT 107-109 CDR3 glycosylation high (possible)",
        "NX 107-108 CDR3 deamidation high (possible)",
    ]
    assert row["cdr3_length"] == 9
    assert row["pi"] is None


def test_an_unread_partner_leaves_a_cysteine_open() -> None:
    row = judge("X" * 58 + FR3 + "AADRGCYRY" + FR4, cdr1=None, cdr2=None, cdr3="AADRGCYRY")
    assert row["n_liabilities_high"] == 0
    assert row["triage"] == "look"
    assert row["triage_reason"] == (
        "C 114 CDR3 unpaired cysteine high (possible); CDR1, CDR2 not read or not completely; 58 residues "
        "not read (FR1 25, CDR1 8, FR2 17, CDR2 8): liabilities there are unknown"
    )
    assert (row["cdr_length"], row["pi"]) == (None, None)


def test_filled_residues_are_said() -> None:
    whole = spell(fr3=FR3.replace("NTVYL", "NTSYL"))
    place = whole.index("NTSYL")
    row = judge(whole[: place + 2] + whole[place + 2 : place + 4].lower() + whole[place + 4 :])
    assert "NTS 85-87 FR3 glycosylation high (filled)" in row["liabilities"]
    assert row["triage"] == "caution"
    assert row["triage_reason"].endswith("; 2 residues filled in, not read")


def test_a_cdr3_alone_is_judged_as_far_as_it_goes() -> None:
    row = judge(None, cdr1=None, cdr2=None, cdr3="AARGDGYRYLLLI")
    assert row["triage"] == "caution"
    assert row["liabilities"] == "RGD 107-109 CDR3 integrin high; DG 109-110 CDR3 isomerisation high"
    assert row["cdr3_hydrophobic_run"] == 4
    assert row["hydrophobicity_cdr3"] is not None
    assert row["hallmarks"] is None


def test_nothing_at_all_is_no_clean_lead() -> None:
    row = judge(None)
    assert row["triage"] == "look"
    assert row["triage_reason"].startswith(
        "CDR1, CDR2, CDR3 not read or not completely; 120 residues not read"
    )


def test_rows_stay_in_place_with_the_columns_promised() -> None:
    leads = pl.DataFrame({"key": ["b", "a"], "vhh": [spell(), None], "triage": ["old", "old"]})
    table = triage_leads(leads)
    assert table["key"].to_list() == ["b", "a"]
    assert table.columns == ["key", "vhh", *triage_columns()]
    assert dict(table.schema.items()) == {"key": pl.String, "vhh": pl.String, **triage_columns()}
    assert triage_leads(leads.clear()).columns == table.columns


def test_another_ph_has_a_column_of_its_own() -> None:
    table = triage_leads(pl.DataFrame({"vhh": [spell()]}), ph=6.0)
    assert "charge_74" not in table.columns
    assert table["charge_60"][0] > triage_leads(pl.DataFrame({"vhh": [spell()]}))["charge_74"][0]
    assert table["charge_verdict"][0] is None
    assert [charge_column(ph) for ph in (7.4, 5, 7.45)] == ["charge_74", "charge_50", "charge_745"]
    with pytest.raises(InputError) as caught:
        triage_leads(pl.DataFrame({"vhh": [spell()]}), ph=74)
    assert str(caught.value) == "'74' is not a pH. Give a number from 0 to 14."


def test_liabilities_are_given_one_by_one() -> None:
    leads = pl.DataFrame(
        {"antigen": ["OprM", "OprM"], "key": ["K1", "K2"], "vhh": [spell(), spell(cdr2="ITNGGGST")]}
    )
    found = find_liabilities(leads)
    assert found.columns[:4] == ["row", "antigen", "key", "position"]
    grave = found.filter(pl.col("severity") == "high")
    assert grave.select(
        "row", "key", "position", "residues", "kind", "region", "side", "standing"
    ).rows() == [(1, "K2", "58-59", "NG", "deamidation", "CDR2", "cdr", "read")]
    # Every VHH has motifs in its frameworks: they weigh little and are listed all the same.
    assert found.filter((pl.col("row") == 0) & (pl.col("severity") == "low")).height > 3
    assert find_liabilities(leads.clear()).columns == found.columns
    assert find_liabilities(leads.select("vhh")).columns[:2] == ["row", "position"]


def test_another_table_takes_the_place_of_the_packages() -> None:
    table = read_liabilities(
        'version = "ours"\n[[liability]]\nname = "Y"\nkind = "nitration"\nmotif = "Y"\nwhere = "anywhere"\n'
        'cdr = "high"\nvernier = "none"\nfr = "none"\nsource = "me"\n',
        file="ours.toml",
    )
    leads = pl.DataFrame({"vhh": [spell()]})
    row = triage_leads(leads, liabilities=table).row(0, named=True)
    assert (
        row["liabilities"] == "Y 37 CDR1 nitration high; Y 115 CDR3 nitration high; Y 117 CDR3 nitration high"
    )
    assert row["triage_version"] == f"1+{table.version}"
    methods = triage_methods(table)
    assert methods.filter(pl.col("column") == "liabilities").row(0)[1:] == (
        "motifs by IMGT region, ours.toml",
        table.version,
    )


def test_every_column_has_its_method() -> None:
    methods = triage_methods()
    named = {name for names in methods["column"] for name in names.split(", ")}
    # Counts and lengths say by their names how they are made.
    plain = {
        name for name in triage_columns() if name.startswith(("n_", "cdr")) and not name.endswith("verdict")
    }
    plain |= {"unread", "triage_version"}
    assert set(triage_columns()) - plain <= named
    assert all(methods["version"].str.len_chars() > 0)


@pytest.fixture(scope="module")
def clinical(shared_data: Path) -> pl.DataFrame:
    path = shared_data / "materials" / "tnp_vhh" / "VHH_TSD_all_properties_FINAL.csv"
    table = pl.read_csv(path, infer_schema_length=None)
    return table.select(
        key="SeqID", vhh=pl.col("Sequence").str.strip_chars(), total="Total CDR length", cdr3="CDR3 length"
    )


@pytest.mark.shared_data
def test_cdr_lengths_of_clinical_vhhs_are_the_published_ones(clinical: pl.DataFrame) -> None:
    table = triage_leads(clinical.select("key", "vhh"))
    assert table["cdr_length"].to_list() == clinical["total"].to_list()
    assert table["cdr3_length"].to_list() == clinical["cdr3"].to_list()
    assert "red" not in {*table["cdr_length_verdict"], *table["cdr3_length_verdict"]}


@pytest.mark.shared_data
def test_ranges_and_limits_are_those_of_the_clinical_vhhs(clinical: pl.DataFrame) -> None:
    table = triage_leads(clinical.select("key", "vhh"))
    for name, column, digits in (("charge", "charge_74", 2), ("hydrophobicity", "hydrophobicity", 3)):
        found = np.quantile(table[column].to_numpy(), [0, 0.05, 0.95, 1])
        limits = CLINICAL[name]
        expected = (limits.least, limits.low, limits.high, limits.most)
        assert [round(value, digits) for value in found] == pytest.approx(list(expected), abs=10**-digits)
    medium = table["n_liabilities_medium"].to_numpy()
    assert int(np.quantile(medium, 0.95)) == MOST_MEDIUM
    # Nobody's verdict: a third of the VHHs that reached the clinic carry a liability called high.
    words = dict(table.group_by("triage").len().rows())
    assert (words["ok"], words["look"], words["caution"]) == (14, 11, 11)


@pytest.mark.shared_data
def test_sets_and_pairing_move_pi_as_the_docs_say(clinical: pl.DataFrame) -> None:
    table = triage_leads(clinical.select("vhh"))
    apart = (table["pi"] - table["pi_lehninger"]).abs()
    assert (round(apart.median(), 1), round(apart.max(), 1)) == (0.4, 1.0)  # type: ignore[arg-type]
    for column, pka, most in (("pi", "bjellqvist", 0.6), ("pi_lehninger", "lehninger", 1.2)):
        free = [isoelectric_point(vhh, pka=pka).value for vhh in clinical["vhh"]]
        assert round((table[column] - pl.Series(free)).abs().max(), 1) == most  # type: ignore[arg-type]


@pytest.mark.shared_data
def test_unread_ends_move_pi_and_charge_as_the_docs_say(shared_data: Path) -> None:
    path = shared_data / "materials" / "tnp_vhh" / "VHH_PDN_struc_all_properties_FINAL.csv"
    table = pl.read_csv(path, infer_schema_length=None).select(vhh=pl.col("Sequence").str.strip_chars())
    hidden = [
        "".join(
            "X" if position <= 21 or position >= 124 else residue
            for position, residue in zip(domain.positions, domain.residues, strict=True)
        )
        for domain in lay_domains(table)
    ]
    whole, cut = triage_leads(table), triage_leads(pl.DataFrame({"vhh": hidden}))
    moved = {name: (cut[name] - whole[name]).drop_nulls() for name in ("pi", "charge_74", "hydrophobicity")}
    assert moved["pi"].len() > 700
    assert moved["pi"].abs().median() < 0.05
    assert 0.9 < moved["pi"].abs().quantile(0.95) < 1.2
    assert 0.9 < moved["charge_74"].abs().quantile(0.95) < 1.1
    assert -0.22 < moved["hydrophobicity"].mean() < -0.15  # type: ignore[operator]
    assert PH == 7.4
