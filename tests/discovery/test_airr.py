from __future__ import annotations

import polars as pl
import pytest

from bactrian.discovery.airr import make_rearrangements

FRONT = "TCCTGTGCAGCCTCTGGA"  # S C A A S G: holds GCAGCC, two alanines, behind FR1's cysteine


def rearrange(cdr3: str, cdr3_nt: str | None, nt: str | None) -> dict[str, object]:
    clonotypes = pl.DataFrame(
        {
            "clonotype": [f"GRT_ISS_{cdr3}"], "cdr1": ["GRT"], "cdr2": [None], "cdr3": [cdr3],
            "lineage": ["L000001"], "vhh": [f"XXSCAASGYYC{cdr3}WGQGTQXXXXX"],
            "nt": [nt], "cdr3_nt": [cdr3_nt],
        },
        schema_overrides={"cdr2": pl.String, "nt": pl.String, "cdr3_nt": pl.String},
    )  # fmt: skip
    counts = pl.DataFrame({"clonotype": [f"GRT_ISS_{cdr3}"], "count": [7]})
    return make_rearrangements(counts, clonotypes).row(0, named=True)


@pytest.mark.parametrize(
    ("cdr3", "cdr3_nt"), [("AA", "GCAGCC"), ("AAREGY", "GCAGCCCGTGAAGGTTAC")], ids=["short", "ordinary"]
)
def test_the_junction_is_cdr3_between_its_anchors(cdr3: str, cdr3_nt: str) -> None:
    row = rearrange(cdr3, cdr3_nt, f"{FRONT}TATTACTGC{cdr3_nt}TGGGGCCAGGGGACCCAGGT")
    assert row["junction"] == f"TGC{cdr3_nt}TGG"
    assert row["junction_aa"] == f"C{cdr3}W"
    assert row["duplicate_count"] == 7
    assert row["cdr2_aa"] == ""


def test_without_a_molecule_there_is_no_junction() -> None:
    row = rearrange("AAREGY", None, None)
    assert (row["sequence"], row["junction"], row["junction_aa"]) == ("", "", "")
