"""Full VHHs: framework errors out, variants in, X for what nobody read."""

from __future__ import annotations

import polars as pl
import pytest

from bactrian.discovery.clonotypes import count_clonotypes

CDRS = {
    "cdr1_nt": "GGTCGTACTTTTTCTTCTTATGCT",
    "cdr2_nt": "ATTTCTTGGTCTGGTGGTTCT",
    "cdr3_nt": "GCTGCTTCTCCTTCTTATCTTTCT",
}
FR1 = "QVQLVESGG-GLVQAGGSLRLSCAAS"
FR2 = "MGWFRQAPGKEREFVAA"
FR3 = "YYADSVK-GRFTISRDNAKNTVYLQMNSLKPEDTAVYYC"
FR4 = "WGQGTQVTVSS"
VHH = (
    "QVQLVESGGGLVQAGGSLRLSCAASGRTFSSYAMGWFRQAPGKEREFVAAISWSGGSY"
    "YADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYCAASPSYLSWGQGTQVTVSS"
)


def aligned(**changes: str) -> str:
    """Write the 128 columns; `c39="V"` sets column 39, `unread=(1, 21)` unreads columns."""
    columns = list(FR1 + "-" * 12 + FR2 + "-" * 10 + FR3 + "-" * 13 + FR4)
    for name, value in changes.items():
        columns[int(name[1:]) - 1] = value
    return "".join(columns)


def unread(text: str, first: int, last: int) -> str:
    return text[: first - 1] + "." * (last - first + 1) + text[last:]


def molecules(*rows: tuple[str, int], **columns: object) -> pl.DataFrame:
    """One clonotype: `(aligned, count)`; and another, so that recombination is known to be absent."""
    frame = pl.DataFrame(
        [
            {
                "sample": "a", "rung": "merged", "cdr1": "GRTFSSYA", "cdr2": "ISWSGGS", "cdr3": "AASPSYLS",
                **CDRS,
                "aligned": text, "fr_insertions": "", "nt": f"ACGT{k}", "count": count,
            }
            for k, (text, count) in enumerate(rows)
        ]
    )  # fmt: skip
    frame = frame.with_columns(**{name: pl.lit(value, pl.String) for name, value in columns.items()})
    other = frame.head(1).with_columns(
        cdr1=pl.lit("GSIFSINA"), cdr2=pl.lit("ITSGGST"), cdr3=pl.lit("NAKPYYSAPDEYDY"),
        cdr1_nt=pl.lit("GGTTCTATTTTTTCTATTAATGCT"), cdr2_nt=pl.lit("ATTACTTCTGGTGGTTCTACT"),
        cdr3_nt=pl.lit("AATGCTAAACCTTATTATTCTGCTCCTGATGAATATGATTAT"), count=pl.lit(300, pl.Int64),
        aligned=pl.lit(aligned()),
    )  # fmt: skip
    return pl.concat([frame, other.select(frame.columns)])


def vhhs(frame: pl.DataFrame) -> dict[str, int]:
    counts = count_clonotypes(frame).counts_vhh
    return {vhh: count for vhh, count in counts.select("vhh", "count").iter_rows() if "AASPSYLS" in vhh}


def test_a_vhh_is_spelled_from_its_columns() -> None:
    assert vhhs(molecules((aligned(), 10))) == {VHH: 10}


@pytest.mark.parametrize(
    ("count", "stays"), [(2, False), (3, True)], ids=["two molecules fold", "three molecules stay"]
)
def test_a_variant_needs_three_molecules(count: int, stays: bool) -> None:
    found = vhhs(molecules((aligned(), 10), (aligned(c45="P"), count)))
    variant = VHH.replace("RQAPGK", "RQPPGK")
    assert found == ({VHH: 10, variant: count} if stays else {VHH: 10 + count})


@pytest.mark.parametrize(
    ("count", "stays"), [(100, False), (101, True)], ids=["an eighth folds", "more than an eighth stays"]
)
def test_a_variant_needs_more_than_the_skew(count: int, stays: bool) -> None:
    found = vhhs(molecules((aligned(), 800), (aligned(c45="P"), count)))
    assert len(found) == (2 if stays else 1)
    assert sum(found.values()) == 800 + count


def test_variants_of_one_molecule_stay_together() -> None:
    both = aligned(c45="P", c80="V")
    found = vhhs(molecules((aligned(), 50), (both, 30), (aligned(c45="P"), 2)))
    assert sorted(found.values()) == [30, 52]


def test_a_molecule_read_in_part_joins_the_vhh_it_agrees_with() -> None:
    variant = aligned(c120="R")
    found = vhhs(
        molecules(
            (aligned(), 20), (variant, 10), (unread(variant, 1, 60), 4), (unread(aligned(), 90, 128), 6)
        )
    )
    assert found == {VHH: 26, VHH.replace("WGQGTQ", "WGRGTQ"): 14}


def test_what_no_molecule_reads_is_x() -> None:
    cut = unread(unread(aligned(), 1, 21), 125, 128)
    found = vhhs(molecules((cut, 5), (unread(cut, 80, 85), 3)))
    assert found == {"X" * 20 + VHH[20:-4] + "XXXX": 8}


def test_a_framework_deletion_is_a_variant() -> None:
    found = vhhs(molecules((aligned(), 10), (aligned(c95="-"), 5)))
    assert sorted(found.values()) == [5, 10]
    assert {len(vhh) for vhh in found} == {len(VHH), len(VHH) - 1}


def test_a_framework_insertion_is_spelled() -> None:
    found = vhhs(molecules((aligned(), 10), fr_insertions="73A:G;73B:S"))
    assert found == {VHH.replace("SVKGRFT", "SVKGSGRFT"): 10}


def test_unknown_cdr12_are_x_up_to_framework_three() -> None:
    frame = molecules((aligned(), 4), cdr1=None, cdr2=None, cdr1_nt=None, cdr2_nt=None, rung="single")
    found = vhhs(frame)
    assert found == {"X" * (25 + 8 + 17 + 8) + VHH[VHH.index("YYADSVK") :]: 4}


def test_the_representative_is_exact_then_merged() -> None:
    frame = molecules((aligned(c45="P"), 2), (aligned(), 5), (aligned(), 3))
    frame = frame.with_columns(rung=pl.when(pl.col("nt") == "ACGT1").then(pl.lit("joined")).otherwise("rung"))
    found = count_clonotypes(frame).clonotypes.filter(pl.col("cdr3") == "AASPSYLS")
    assert found.select("rung", "nt").rows() == [("merged", "ACGT2")]


def test_a_molecule_represents_an_unknown_clonotype_from_behind_its_cdr2() -> None:
    cdr3 = "GCGGCGAGTCCGAGCTATCTGAGC"  # AASPSYLS
    read = VHH[VHH.index("YYADSVK") : VHH.index("AASPSYLS")]
    nt = "ACGT" * 30 + "GGG" * len(read) + cdr3 + "TGGGGCCAG"
    frame = molecules((aligned(), 4), cdr1=None, cdr1_nt=None)
    frame = frame.with_columns(
        nt=pl.when(pl.col("cdr3") == "AASPSYLS").then(pl.lit(nt)).otherwise("nt"),
        cdr3_nt=pl.when(pl.col("cdr3") == "AASPSYLS").then(pl.lit(cdr3)).otherwise("cdr3_nt"),
    )
    found = count_clonotypes(frame).clonotypes.filter(pl.col("cdr3") == "AASPSYLS")
    assert found.select("clonotype", "nt").rows() == [("?_?_AASPSYLS", nt[120:])]
