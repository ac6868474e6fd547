"""Clonotypes of earlier campaigns."""

from __future__ import annotations

import polars as pl
import pytest

from bactrian.core.errors import InputError, Where
from bactrian.discovery.leads.known import KnownClonotype, mark_known, parse_known

FILE = Where(file="known.csv")
VHH = (
    "QVQLVESGGGLVQAGGSLRLSCAASGRTFSSYAMGWFRQAPGKEREFVAAISWSGGSTYYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC"
    "AADRGGYDYWGQGTQVTVSS"
)


def units(*rows: tuple[str | None, str | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"cdr3": pl.String, "clonotype": pl.String}, orient="row")


def parse(**columns: list[str]) -> tuple[KnownClonotype, ...]:
    return parse_known(pl.DataFrame(columns), FILE)


def test_a_row_may_hold_a_sequence_a_clonotype_or_a_cdr3() -> None:
    found = parse(
        name=["whole", "", "third"],
        kind=["binder", "Parasite", "polyreactive"],
        sequence=[VHH, "", ""],
        clonotype=["", "GRTFSSYA_ISWSGGST_AADRGGFDY", ""],
        cdr3=["", "", "narydpwglny"],
        distance=["", "2.0", ""],
    )
    assert found == (
        KnownClonotype("whole", "binder", "AADRGGYDY", "GRTFSSYA_ISWSGGST_AADRGGYDY", None),
        KnownClonotype("AADRGGFDY", "parasite", "AADRGGFDY", "GRTFSSYA_ISWSGGST_AADRGGFDY", 2),
        KnownClonotype("third", "polyreactive", "NARYDPWGLNY", None, None),
    )


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"cdr3": ["AAD"]},
            "known.csv: its columns are 'cdr3'. Expected 'kind' (binder, parasite or polyreactive) and one "
            "of 'sequence', 'cdr3' and 'clonotype'.",
        ),
        (
            {"cdr3": ["AAD"], "kind": ["sticky"]},
            "known.csv, row 2, column 'kind': 'sticky' is no kind. Write binder, parasite or polyreactive.",
        ),
        (
            {"cdr3": ["AAD"], "kind": ["binder"], "distance": ["near"]},
            "known.csv, row 2, column 'distance': 'near' is no number of residues. Write a whole number from "
            "0, or leave the cell empty.",
        ),
        (
            {"clonotype": ["AAD"], "kind": ["binder"]},
            "known.csv, row 2, column 'clonotype': 'AAD' is no clonotype. Write CDR1_CDR2_CDR3 in amino "
            "acids.",
        ),
        (
            {"sequence": ["", "GGGGGGGGGGGG"], "kind": ["", "binder"]},
            "known.csv, row 3, column 'sequence': the sequence has no CDR3: no VHH or VH domain found in any "
            "of the six frames (best alignment score -24). Write a whole VHH, or its CDR3 in a column "
            "'cdr3'.",
        ),
        (
            {"sequence": ["AADRGG7"], "kind": ["binder"]},
            "known.csv, row 2, column 'sequence': '7' at position 7 is neither an amino acid nor a "
            "nucleotide. Correct the sequence or remove the record.",
        ),
        (
            {"cdr3": [""], "kind": ["binder"]},
            "known.csv, row 2: the row names no clonotype. Write a sequence, a CDR3 or a clonotype.",
        ),
        (
            {"cdr3": ["AA-7"], "kind": ["binder"]},
            "known.csv, row 2: 'AA-7' is no CDR3 in amino acids. Write it in one-letter code.",
        ),
        (
            {"cdr3": [""], "kind": [""]},
            "known.csv: the table has a header and no rows. Write one row per known clonotype below it.",
        ),
    ],
    ids=["no-kind", "kind", "distance", "clonotype", "sequence", "foreign", "nothing", "letters", "empty"],
)
def test_mistakes_say_where_and_what(columns: dict[str, list[str]], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(**columns)
    assert str(caught.value) == sentence


def test_matches_are_named_by_how_close_they_are() -> None:
    known = (
        KnownClonotype("mine", "binder", "AADRGGYDY", "GRTFSSYA_ISWSGGST_AADRGGYDY"),
        KnownClonotype("wide", "parasite", "NTWPLKHSEQ", None, 3),
    )
    found = mark_known(
        units(
            ("AADRGGYDY", "GRTFSSYA_ISWSGGST_AADRGGYDY"),
            ("AADRGGYDY", "GFTFDDYA_ISWSGGST_AADRGGYDY"),
            ("AADRGGYDY", "?_?_AADRGGYDY"),
            ("AADRGGFDY", None),
            ("AADRGGFDF", None),
            ("AADRGYDY", None),
            ("NTWPLKHS", None),
            ("VMCIHLNTRW", None),
            (None, None),
        ),
        known,
    )
    assert found.select("known", "known_match").rows() == [
        ("mine", "same clonotype"),
        ("mine", "same CDR3, other CDR1–2"),
        ("mine", "same CDR3"),
        ("mine", "near CDR3: 1 of 9 residues differs"),
        (None, None),  # two of nine: less than 80 % equal
        (None, None),  # another length: no lineage of it
        ("wide", "near CDR3: 2 of 10 residues differ"),
        (None, None),
        (None, None),
    ]


def test_of_equal_matches_the_unwanted_one_is_told() -> None:
    known = (KnownClonotype("a", "binder", "AADRGGYDY"), KnownClonotype("b", "parasite", "AADRGGYDY"))
    assert mark_known(units(("AADRGGYDY", None)), known)["known"].to_list() == ["b"]


def test_nothing_known_marks_nothing() -> None:
    assert mark_known(units(("AADRGGYDY", None)), ()).row(0)[2:] == (None, None, None)
