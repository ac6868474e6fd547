"""Which tested unit a measured VHH is: exact, near, foreign, seen but untested."""

from __future__ import annotations

import polars as pl
import pytest

from bactrian.discovery.leads.matching import match_results, one_edit_away

CLONOTYPES = pl.DataFrame(
    {
        "library": ["L"] * 6,
        "clonotype": [
            "GRTF_ISWS_AADRGY", "GFTF_ISGS_AADRGY", "?_?_NAKPYY", "GSIF_ITSG_VAKGGS", "GSIF_ITSG_VAKGAS",
            "A_B_FEW",
        ],
        "cdr3": ["AADRGY", "AADRGY", "NAKPYY", "VAKGGS", "VAKGAS", "FEW"],
        "lineage": ["L1", "L1", "L2", "L3", "L3", "L4"],
        "count": [50, 20, 30, 40, 10, 3],
    }
)  # fmt: skip


def make_table(unit: str, keys: list[str], *, antigen: str = "X", library: str = "L") -> pl.DataFrame:
    main = {"AADRGY": "GRTF_ISWS_AADRGY", "NAKPYY": "?_?_NAKPYY", "VAKGGS": "GSIF_ITSG_VAKGGS"}
    return pl.DataFrame(
        {
            "unit": [unit] * len(keys),
            "key": keys,
            "clonotype": [key if unit == "clonotype" else main.get(key) for key in keys],
            "antigen": [antigen] * len(keys),
            "rank": list(range(1, len(keys) + 1)),
            "library": [library] * len(keys),
        },
        schema_overrides={"clonotype": pl.String},
    )


def make_result(cdr3: str | None = None, **given: str | None) -> pl.DataFrame:
    row: dict[str, str | None] = dict.fromkeys(("key", "clonotype", "cdr1", "cdr2", "library", "unread"))
    row |= {"antigen": "X", "cdr3": cdr3, **given}
    return pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))


BY_CDR3 = make_table("cdr3", ["AADRGY", "NAKPYY", "VAKGGS"])


def answer(found: pl.DataFrame) -> tuple[str, str | None, str | None, str | None]:
    (row,) = found.iter_rows(named=True)
    return row["match"], row["key"], row["near"], row["match_reason"]


def test_a_cdr3_is_joined_to_its_unit() -> None:
    found = match_results(make_result("NAKPYY"), BY_CDR3, CLONOTYPES)
    assert answer(found) == ("joined", "NAKPYY", None, None)
    assert found["library"].to_list() == ["L"]


def test_other_cdr1_and_cdr2_are_said() -> None:
    same = make_result("AADRGY", cdr1="GRTF", cdr2="ISWS")
    assert answer(match_results(same, BY_CDR3, CLONOTYPES)) == ("joined", "AADRGY", None, None)
    other = make_result("AADRGY", cdr1="GRTF", cdr2="ISGG")
    reason = "its CDR1–2 are not those of the main clonotype 'GRTF_ISWS_AADRGY'"
    assert answer(match_results(other, BY_CDR3, CLONOTYPES)) == ("joined", "AADRGY", None, reason)


@pytest.mark.parametrize("cdr3", ["NAKPYW", "NAKPY", "NAKPYYD"], ids=["substituted", "shorter", "longer"])
def test_a_near_match_is_named_and_not_joined(cdr3: str) -> None:
    reason = "the screen did not see its CDR3; one residue away: NAKPYY"
    assert answer(match_results(make_result(cdr3), BY_CDR3, CLONOTYPES)) == ("near", None, "NAKPYY", reason)


def test_two_residues_away_is_no_match() -> None:
    found = match_results(make_result("NAKPWW"), BY_CDR3, CLONOTYPES)
    assert answer(found) == ("none", None, None, "the screen did not see its CDR3")


def test_what_the_screen_saw_and_did_not_test_is_said() -> None:
    known = "the screen saw its CDR3 (3 molecules in all samples) and did not test it for this antigen"
    assert answer(match_results(make_result("FEW"), BY_CDR3, CLONOTYPES)) == ("none", None, None, known)
    near = "the screen saw its CDR3 (10 molecules in all samples) and did not test it for this antigen"
    found = answer(match_results(make_result("VAKGAS"), BY_CDR3, CLONOTYPES))
    assert found == ("near", None, "VAKGGS", f"{near}; one residue away: VAKGGS")


def test_an_antigen_that_was_no_target_is_said() -> None:
    reason = "antigen 'Y' is no target of this screen; its targets are 'X'"
    found = match_results(make_result("NAKPYY", antigen="Y"), BY_CDR3, CLONOTYPES)
    assert answer(found) == ("none", None, None, reason)


def test_a_library_narrows_the_search() -> None:
    both = pl.concat([BY_CDR3, make_table("cdr3", ["QQQQ", "WWWW", "SSSS", "NAKPYY"], library="M")])
    assert match_results(make_result("NAKPYY", library="M"), both)["library"].to_list() == ["M"]
    found = match_results(make_result("NAKPYY"), both)
    assert found["library"].to_list() == ["L"]
    assert found["match_reason"].to_list() == ["tested in library 'M' too; the better rank is shown"]
    reason = "library 'N' was not panned on 'X'; these were: 'L', 'M'"
    assert answer(match_results(make_result("NAKPYY", library="N"), both)) == ("none", None, None, reason)


BY_CLONOTYPE = make_table("clonotype", ["GRTF_ISWS_AADRGY", "GFTF_ISGS_AADRGY", "?_?_NAKPYY"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"cdr3": "AADRGY", "cdr1": "GFTF", "cdr2": "ISGS"},
            ("joined", "GFTF_ISGS_AADRGY", None, None),
        ),
        (
            {"clonotype": "GRTF_ISWS_AADRGY", "cdr3": "AADRGY"},
            ("joined", "GRTF_ISWS_AADRGY", None, None),
        ),
        (
            {"cdr3": "AADRGY"},
            (
                "near",
                None,
                "GRTF_ISWS_AADRGY;GFTF_ISGS_AADRGY",
                "2 tested clonotypes have its CDR3: give its whole sequence",
            ),
        ),
        (
            {"cdr3": "AADRGY", "cdr1": "WWWW", "cdr2": "ISGS"},
            (
                "near",
                None,
                "GRTF_ISWS_AADRGY;GFTF_ISGS_AADRGY",
                "a tested clonotype has its CDR3 and other CDR1–2",
            ),
        ),
        (
            {"cdr3": "NAKPYY", "cdr1": "GRTL", "cdr2": "ASWT"},
            ("joined", "?_?_NAKPYY", None, "joined by its CDR3: the CDR1–2 of the unit are unknown"),
        ),
        (
            {"cdr3": "NAKPYY"},
            ("joined", "?_?_NAKPYY", None, "joined by its CDR3, which one tested clonotype has"),
        ),
    ],
    ids=["whole", "named", "ambiguous", "other CDR1", "unknown CDR1", "only CDR3"],
)
def test_clonotypes_are_joined_by_all_cdrs(given: dict[str, str], expected: tuple[str | None, ...]) -> None:
    assert answer(match_results(make_result(**given), BY_CLONOTYPE, CLONOTYPES)) == expected


def test_a_lineage_is_found_by_the_cdr3s_in_it() -> None:
    table = make_table("lineage", ["L3", "L1"])
    assert answer(match_results(make_result("VAKGAS"), table, CLONOTYPES))[:2] == ("joined", "L3")
    assert answer(match_results(make_result("NAKPYY"), table, CLONOTYPES))[0] == "none"


def test_keys_made_elsewhere_are_joined_as_they_are() -> None:
    table = make_table("cdr3", ["clone_17", "clone_18"])
    assert answer(match_results(make_result(key="clone_18"), table))[:2] == ("joined", "clone_18")
    reason = "no tested cdr3 has the key 'clone_19'"
    assert answer(match_results(make_result(key="clone_19"), table)) == ("none", None, None, reason)
    found = answer(match_results(make_result("AADRGY"), table))
    assert found == ("none", None, None, "its CDR3 is not in the table")


def test_a_vhh_that_was_not_identified_keeps_its_reason() -> None:
    found = match_results(make_result(unread="no CDR3 was read in its sequence: cut"), BY_CDR3)
    assert answer(found) == ("none", None, None, "no CDR3 was read in its sequence: cut")


def test_one_edit_away_is_what_it_says() -> None:
    found = one_edit_away("ACD")
    assert {"AC", "CCD", "ACDE", "EACD"} <= found
    assert not {"ACD", "A", "CAD"} & found
    assert len(found) == 3 + 3 * 19 + 4 * 20 - 3
