"""`select_counts`: counts made elsewhere, tested as their sheet plans and written like those of a screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from bactrian.core.errors import InputError
from bactrian.discovery.leads.settings import PickSettings
from bactrian.discovery.library.abundance import CountMatrix
from bactrian.discovery.select import flag_takeovers, select_counts
from bactrian.discovery.selection.settings import SelectionSettings

if TYPE_CHECKING:
    from pathlib import Path

LETTERS = np.array(list("ADEFGHKLNPQRSTVWY"))
HEADER = "sample,selection,replicate,round,arm,antigen,library"
BINDERS = 5
UNITS = 200


def pan(antigen: str, arm: str = "target", *, number: int = 3, rounds: tuple[int, ...] = (1, 2)) -> list[str]:
    return [
        f"{antigen}{n}-r{r},{antigen}{n},{n},{r},{arm},{antigen},L"
        for n in range(1, number + 1)
        for r in rounds
    ]


def unpanned(number: int = 3) -> list[str]:
    return [f"in{n},unpanned,{n},0,input,,L" for n in range(1, number + 1)]


STANDARD = (*pan("X"), *pan("beads", "counter"), *unpanned())


def name_units(*, letters: bool = True) -> list[str]:
    rng = np.random.default_rng(8)
    if not letters:
        return [f"clone_{number:03d}" for number in range(UNITS)]
    return ["A" + "".join(rng.choice(LETTERS, 13)) + "Y" for _ in range(UNITS)]


def write_campaign(
    folder: Path,
    rows: tuple[str, ...] = STANDARD,
    *,
    keys: list[str] | None = None,
    name: str = "key",
    silent: tuple[str, ...] = (),
) -> tuple[Path, Path]:
    """Write a sheet and the counts of a background with five binders of X, twelvefold a round."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet = folder / "sheet.csv"
    sheet.write_text("\n".join([HEADER, *rows]) + "\n")
    rng = np.random.default_rng(7)
    share = rng.lognormal(0, 1, UNITS)
    share[:BINDERS] = 1
    columns: dict[str, list[str] | np.ndarray] = {name: keys or name_units()}
    for row in rows:
        sample, _, _, number, arm, *_ = row.split(",")
        own = share * (rng.lognormal(0, 0.15, UNITS) if arm != "input" else 1)
        own[:BINDERS] *= 12.0 ** int(number) if sample.startswith("X") else 1
        columns[sample] = rng.multinomial(0 if sample in silent else 50_000, own / own.sum())
    counts = folder / "counts.tsv"
    pl.DataFrame(columns).write_csv(counts, separator="\t")
    return counts, sheet


def test_the_files_are_those_of_a_screen(tmp_path: Path) -> None:
    counts, sheet = write_campaign(tmp_path / "data")
    summary = select_counts(counts, sheet, out=tmp_path / "out")
    files = {
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert files >= {
        "leads.csv", "leads.html", "leads.parquet", "leads.xlsx", "selection.csv", "selection.parquet",
        "selection/columns.csv", "selection/contrasts.parquet", "selection/designs.csv",
        "selection/floors.csv", "selection/notes.csv", "selection/replicates.parquet",
        "selection/trajectories.parquet", "summary.json",
    }  # fmt: skip
    # Only keys are known: there is no sequence to write.
    assert not {"leads.fasta", "order.fasta"} & files
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == summary
    assert summary["schema"] == "bactrian.select.summary/1"
    (target,) = summary["targets"]
    assert (target["tier1"], target["leads"], summary["units"], summary["samples"]) == (5, 5, UNITS, 15)
    nominated = pl.read_csv(tmp_path / "out" / "selection.csv").filter(pl.col("tier") > 0)
    assert set(nominated["key"]) == set(name_units()[:BINDERS])
    assert set(pl.read_csv(tmp_path / "out" / "leads.csv")["cdr3"]) == set(name_units()[:BINDERS])


def test_the_same_table_gives_the_same_bytes_and_may_be_tested_again(tmp_path: Path) -> None:
    counts, sheet = write_campaign(tmp_path / "data")
    out = tmp_path / "out"
    select_counts(counts, sheet, out=out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    select_counts(counts, sheet, out=out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    summary = select_counts(counts, sheet, out=out, picks=PickSettings(top=2))
    assert summary["targets"][0]["leads"] == 2


def test_the_page_names_simulated_counts(tmp_path: Path) -> None:
    counts, sheet = write_campaign(tmp_path / "data")
    said = "The counts are simulated: nothing here was measured."
    assert said not in select_counts(counts, sheet, out=tmp_path / "measured")["notes"]
    (tmp_path / "data" / "simulation.json").write_text("{}")
    assert said in select_counts(counts, sheet, out=tmp_path / "invented")["notes"]


@pytest.mark.parametrize(
    ("rows", "silent", "claim", "note"),
    [
        (
            (*pan("X", number=1), *pan("beads", "counter"), *unpanned()),
            (),
            "No nomination: exploratory: no error control.",
            "Exploratory: no error control. 'X' is counted from one selection, sequenced once, so a binder "
            "cannot be told from a clone that exploded by chance.",
        ),
        (
            (*pan("X"), *pan("beads", "counter")),
            (),
            "No nomination: enrichment not tested: no input.",
            "No sample of the unpanned library 'L' is counted: enrichment cannot be tested, and a clone that "
            "was frequent from the start looks like one that was selected.",
        ),
        (
            (*pan("X"), *unpanned()),
            (),
            "No nomination: specificity not tested: no comparator.",
            "There is nothing to compare 'X' with: specificity cannot be tested, and a sticky clone looks "
            "like a binder.",
        ),
        (
            tuple(pan("X", number=1, rounds=(1,))),
            (),
            "No nomination: exploratory: no error control; enrichment not tested: no input; specificity not "
            "tested: no comparator.",
            "No group has a second column: the spread between selections is unknown, so no p-value can be "
            "computed and fold changes are all there is.",
        ),
        (
            STANDARD,
            ("X1-r2", "X2-r2", "X3-r2"),
            "Nothing could be tested: no target selection is counted at round 2.",
            "Samples 'X1-r2', 'X2-r2' and 'X3-r2' have no reads and are left out.",
        ),
        (
            STANDARD,
            tuple(row.split(",")[0] for row in STANDARD if row.startswith("beads")),
            "No nomination: specificity not tested: no comparator.",
            "Counter 'beads' is not compared with: none of its selections can be counted at round 2.",
        ),
    ],
    ids=["one-replicate", "no-input", "no-comparator", "one-sample", "silent-target", "silent-comparator"],
)
def test_a_design_that_cannot_nominate_runs_to_its_end_and_says_why(
    tmp_path: Path, rows: tuple[str, ...], silent: tuple[str, ...], claim: str, note: str
) -> None:
    counts, sheet = write_campaign(tmp_path / "data", rows, silent=silent)
    summary = select_counts(counts, sheet, out=tmp_path / "out")
    (target,) = summary["targets"]
    assert (target["claim"], target["tier1"]) == (claim, 0)
    assert note in summary["notes"]
    assert (tmp_path / "out" / "leads.html").is_file()
    assert (tmp_path / "out" / "selection.csv").is_file()


def test_a_sheet_without_targets_writes_empty_tables_and_no_page(tmp_path: Path) -> None:
    counts, sheet = write_campaign(tmp_path / "data", (*pan("beads", "counter"), *unpanned()))
    summary = select_counts(counts, sheet, out=tmp_path / "out")
    assert summary["targets"] == []
    assert "The sheet has no target sample: nothing is tested and nothing nominated." in summary["notes"]
    assert pl.read_csv(tmp_path / "out" / "selection.csv").is_empty()
    assert not (tmp_path / "out" / "leads.html").exists()


def matrix_of(table: dict[str, dict[str, int]]) -> CountMatrix:
    units = tuple(sorted({unit for column in table.values() for unit in column}))
    full = np.array([[column.get(unit, 0) for column in table.values()] for unit in units])
    return CountMatrix(units, tuple(table), sparse.csc_array(full))


DESIGN = pl.DataFrame(
    {
        "sample": ["a", "b"],
        "selection": ["a", "b"],
        "round": [1, 1],
        "arm": ["target", "target"],
        "antigen": ["X", "X"],
        "library": ["L", "L"],
    }
)


def test_names_that_are_alike_are_no_siblings() -> None:
    even = {f"clone_{number:03d}": 10 for number in range(50)}
    assert flag_takeovers(matrix_of({"a": even, "b": even}), DESIGN) == []
    assert flag_takeovers(matrix_of({"a": even | {"clone_007": 1_000}, "b": even}), DESIGN) == ["a"]


def test_cdr3s_of_nearly_the_same_residues_are_siblings() -> None:
    near = {f"AA{letter}SRGYYTDRLEYDY": 60 if letter == "A" else 40 for letter in "ACDEFGHIKL"}
    far = {unit: count for unit, count in zip(name_units(), near.values(), strict=False)}
    rest = dict.fromkeys(["AKDPWSTF", "ARGLNHYW", "AVTTNEQKRSD", "AGGWYPPSTLMNQ", "AHHRRDEWL", "ASWQ"], 50)
    assert flag_takeovers(matrix_of({"a": near | rest, "b": far | rest}), DESIGN) == ["a"]


def test_clonotypes_of_one_cdr3_are_siblings() -> None:
    of_one = {f"GRTFSSYA_ISWSG{letter}ST_AADRGLTWYRSDY": 40 for letter in "ACDEFGHIKL"}
    of_many = {f"GRTFSSYA_ISWSGAST_AADRGLTW{letter}RSDY": 40 for letter in "ACDEFGHIKL"}
    found = flag_takeovers(matrix_of({"a": of_one, "b": of_many}), DESIGN, unit="clonotype")
    assert found == ["a"]


def test_a_takeover_is_left_out_and_said(tmp_path: Path) -> None:
    counts, sheet = write_campaign(tmp_path / "data")
    table = pl.read_csv(counts, separator="\t").with_columns(
        pl.when(pl.col("key") == name_units()[100]).then(10**6).otherwise("X1-r2").alias("X1-r2")
    )
    table.write_csv(counts, separator="\t")
    summary = select_counts(counts, sheet, out=tmp_path / "out")
    assert summary["takeovers"] == ["X1-r2"]
    assert summary["targets"][0]["left_out"] == "X1-r2"
    assert summary["targets"][0]["replicates"] == 2
    kept = select_counts(
        counts, sheet, out=tmp_path / "kept", settings=SelectionSettings(keep_takeovers=True)
    )
    assert kept["targets"][0]["replicates"] == 3
    csv = pl.read_csv(tmp_path / "out" / "selection.csv")
    assert csv["tier_with_takeovers"].null_count() == 0


@pytest.mark.parametrize("name", ["clonotype", "Clonotype ID", "cdr3", "lineage"])
def test_the_name_of_the_key_may_say_the_unit(tmp_path: Path, name: str) -> None:
    counts, sheet = write_campaign(tmp_path / "data", name=name)
    said = select_counts(counts, sheet, out=tmp_path / "said", take_unit=True)
    assert said["unit"] == name.partition(" ")[0].lower()
    assert select_counts(counts, sheet, out=tmp_path / "given")["unit"] == "cdr3"


def test_keys_that_are_no_sequences_are_tested_all_the_same(tmp_path: Path) -> None:
    keys = name_units(letters=False)
    keys[:4] = ["=1+1", "<b>bold</b>", "α/β", "-2"]
    counts, sheet = write_campaign(tmp_path / "data", keys=keys)
    summary = select_counts(counts, sheet, out=tmp_path / "out")
    assert summary["targets"][0]["tier1"] == 5
    nominated = pl.read_csv(tmp_path / "out" / "selection.csv").filter(pl.col("tier") > 0)
    assert set(nominated["key"]) == set(keys[:BINDERS])
    assert "<b>bold</b>" not in (tmp_path / "out" / "leads.html").read_text()


def test_two_antigens_that_differ_in_capitals_are_two(tmp_path: Path) -> None:
    rows = (*pan("X"), *pan("x"), *pan("beads", "counter"), *unpanned())
    counts, sheet = write_campaign(tmp_path / "data", rows)
    summary = select_counts(counts, sheet, out=tmp_path / "out")
    assert [(row["antigen"], row["tier1"], row["leads"]) for row in summary["targets"]] == [
        ("X", 5, 5),
        ("x", 0, 0),
    ]


def test_leads_are_counted_by_library(tmp_path: Path) -> None:
    rows = (
        *STANDARD,
        *(",".join([f"M{row.split(',')[0]}", f"M{row.split(',')[1]}", *row.split(",")[2:6], "M"])
          for row in STANDARD),
    )  # fmt: skip
    counts, sheet = write_campaign(tmp_path / "data", rows)
    summary = select_counts(counts, sheet, out=tmp_path / "out")
    assert [(row["library"], row["tier1"], row["leads"]) for row in summary["targets"]] == [
        ("L", 5, 5),
        ("M", 0, 0),
    ]


def test_a_folder_of_a_screen_or_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    counts, sheet = write_campaign(tmp_path / "data")
    (tmp_path / "screen" / ".bactrian").mkdir(parents=True)
    with pytest.raises(InputError) as caught:
        select_counts(counts, sheet, out=tmp_path / "screen")
    assert str(caught.value) == (
        f"{tmp_path / 'screen'}: the folder holds a screen, whose results would be overwritten. Name another "
        "folder."
    )
    with pytest.raises(InputError) as caught:
        select_counts(counts, sheet, out=tmp_path / "data")
    assert str(caught.value) == (
        f"{tmp_path / 'data'}: the folder holds files that are not of a selection. Name a new or empty "
        "folder."
    )
    with pytest.raises(InputError) as caught:
        select_counts(counts, sheet, out=counts)
    assert str(caught.value) == f"{counts}: this is a file. Name a folder for the results."


def test_nothing_is_written_before_all_is_known_to_be_right(tmp_path: Path) -> None:
    counts, sheet = write_campaign(tmp_path / "data")
    known = tmp_path / "known.csv"
    known.write_text("foo,bar\n1,2\n")
    with pytest.raises(InputError, match=r"known\.csv"):
        select_counts(counts, sheet, out=tmp_path / "out", known=known)
    with pytest.raises(InputError) as caught:
        select_counts(counts, sheet, out=tmp_path / "out", settings=SelectionSettings(rounds=(2, 7)))
    assert str(caught.value) == (
        f"{sheet}, column 'round': '7' is no round of a target sample. Ask for some of these: 1, 2."
    )
    assert not (tmp_path / "out").exists()
