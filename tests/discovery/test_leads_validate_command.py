"""`bactrian leads validate` from a folder and a file of results to tables, text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from click.testing import CliRunner, Result

from bactrian.core.errors import InputError
from bactrian.discovery.leads_validate_command import validate

if TYPE_CHECKING:
    from pathlib import Path

KEYS = ("AADRGY", "NAKPYYW", "VAKGGSSTD", "GRTDDDDY")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    selection = pl.DataFrame(
        {
            "unit": "cdr3",
            "key": KEYS,
            "clonotype": [f"GRTF_ISWS_{key}" for key in KEYS],
            "antigen": "HER2",
            "tier": [2, 1, 1, 0],
            "rank": [1, 2, 3, 4],
            "log2fc_s": [6.0, 4.0, 3.0, 0.1],
            "library": "naive",
            "s_shrunken": [5.5, 3.5, 2.5, 0.0],
        },
        schema_overrides={"tier": pl.Int8, "rank": pl.Int32},
    )
    (tmp_path / "out").mkdir()
    selection.write_parquet(tmp_path / "out" / "selection.parquet")
    return tmp_path / "out"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    rows = [
        "AADRGY,HER2,1.9,0.1,",
        "NAKPYYW,HER2,0.8,0.1,",
        "NAKPYYW,HER2,0.9,0.1,",
        "VAKGGSSTD,HER2,0.15,0.1,",
        "GRTDDDDY,HER2,,,no",
        "GRTDDDDW,HER2,0.1,0.1,",
        "GRTDDDDY,EGFR,0.1,0.1,",
    ]
    path = tmp_path / "elisa.csv"
    path.write_text("\n".join(["cdr3,antigen,signal,control_signal,binds", *rows]) + "\n")
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(validate, [str(word) for word in words], catch_exceptions=False)


def test_text_for_people(folder: Path, results: Path) -> None:
    result = run(folder, results, "--bins", "2")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{results}: 7 rows, 5 joined, 1 near match not joined, 1 without a match",
        "Calls stated in 'binds': 1, by rule: 6.",
        "Rule: binds where signal ≥ 2 × control_signal (a convention, not a property of your assay: set "
        "--signal-ratio or --threshold from your controls).",
        "2 rows measure a VHH several times: it counts once, by the majority of its calls.",
        "",
        "antigen       by     group   screened  measured  bind  hit rate  95 % interval",
        "HER2          match  joined            4         2     50 %      7–93 %",
        "HER2          match  near              1         0     0 %       0–98 %",
        "HER2          tier   2       1         1         1     100 %     3–100 %",
        "HER2          tier   1       2         2         1     50 %      1–99 %",
        "HER2          tier   0       1         1         0     0 %       0–98 %",
        "HER2          rank   1–2     2         2         2     100 %     16–100 %",
        "HER2          rank   from 3  2         2         0     0 %       0–84 %",
        "EGFR          match  none              1         0     0 %       0–98 %",
        "all antigens  match  joined            4         2     50 %      7–93 %",
        "all antigens  match  near              1         0     0 %       0–98 %",
        "all antigens  match  none              1         0     0 %       0–98 %",
        "all antigens  tier   2       1         1         1     100 %     3–100 %",
        "all antigens  tier   1       2         2         1     50 %      1–99 %",
        "all antigens  tier   0       1         1         0     0 %       0–98 %",
        "all antigens  rank   1–2     2         2         2     100 %     16–100 %",
        "all antigens  rank   from 3  2         2         0     0 %       0–84 %",
        "",
        "Signal against shrunken log2FC over the worst comparator, HER2: no rank correlation from 3 VHHs "
        "with a signal",
        "",
        "Not joined:",
        "  row 7, GRTDDDDW, HER2: its CDR3 is not in the table; one residue away: GRTDDDDY",
        "  row 8, GRTDDDDY, EGFR: antigen 'EGFR' is no target of this screen; its targets are 'HER2'",
        "",
        f"files: {folder / 'validation.csv'}, {folder / 'validation_rates.csv'}",
    ]


def test_files(folder: Path, results: Path) -> None:
    run(folder, results)
    rows = pl.read_csv(folder / "validation.csv")
    assert rows.select("row", "match", "tier", "rank", "call").rows() == [
        (2, "joined", 2, 1, "binds"),
        (3, "joined", 1, 2, "binds"),
        (4, "joined", 1, 2, "binds"),
        (5, "joined", 1, 3, "does not bind"),
        (6, "joined", 0, 4, "does not bind"),
        (7, "near", None, None, "does not bind"),
        (8, "none", None, None, "does not bind"),
    ]
    rates = pl.read_csv(folder / "validation_rates.csv")
    assert rates.filter(pl.col("antigen") == "HER2")["group"].to_list() == [
        "joined", "near", "2", "1", "0", "1–24", "25–48", "49–96", "from 97",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "rule", "binders"),
    [
        ((), "signal ≥ 2 × control_signal", 3),
        (("--signal-ratio", "1.2"), "signal ≥ 1.2 × control_signal", 4),
        (("--threshold", "1"), "signal ≥ 1", 1),
        (("--threshold", "0.85", "--signal-ratio", "3"), "signal ≥ 3 × control_signal and signal ≥ 0.85", 2),
    ],
    ids=["usual", "ratio", "threshold", "both"],
)
def test_the_rule_is_what_was_asked_for(
    folder: Path, results: Path, words: tuple[str, ...], rule: str, binders: int
) -> None:
    told = json.loads(run(folder, results, *words, "--json").stdout)
    assert told["rule"]["binds_where"] == rule
    assert told["rule"]["chosen_by_default"] is (not words)
    assert told["call"]["binds"] == binders
    assert told["match"] == {"joined": 5, "near": 1, "none": 1}
    assert told["call_from"] == {"rule": 6, "stated": 1}
    assert told["rates"][0]["antigen"] == "HER2"


def test_unproven_negatives_make_lower_bounds(folder: Path, results: Path) -> None:
    lines = run(folder, results, "--unproven-negatives").stdout.splitlines()
    assert "Negatives that prove nothing are 'not validated': the hit rates are lower bounds." in lines
    assert "HER2          tier   1        2         2         1     ≥ 50 %    1–99 %" in lines
    assert "does not bind" not in (folder / "validation.csv").read_text(encoding="utf-8")


def test_the_clonotypes_of_the_screen_are_used_where_they_are(folder: Path, results: Path) -> None:
    pl.DataFrame(
        {
            "library": "naive",
            "clonotype": "A_B_GRTDDDDW",
            "cdr3": "GRTDDDDW",
            "lineage": "L1",
            "count": [5],
        }
    ).write_parquet(folder / "clonotypes.parquet")
    known = "the screen saw its CDR3 (5 molecules in all samples) and did not test it for this antigen"
    line = f"  row 7, GRTDDDDW, HER2: {known}; one residue away: GRTDDDDY"
    assert line in run(folder, results).stdout.splitlines()


def test_a_folder_without_a_selection_is_refused(tmp_path: Path, results: Path) -> None:
    with pytest.raises(InputError) as caught:
        run(tmp_path, results)
    assert str(caught.value) == (
        f"{tmp_path}: there is no selection.parquet. Name the folder that `bactrian screen` or "
        "`bactrian select` wrote its results to."
    )


def test_bins_that_are_no_numbers_are_refused(folder: Path, results: Path) -> None:
    result = run(folder, results, "--bins", "top")
    assert result.exit_code == 2
    assert "'top' are no bins of ranks. Write whole numbers joined by commas, e.g. 24,48,96." in result.stderr
