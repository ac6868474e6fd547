"""The files of a selection: written whole, read back the same, and refused in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from bactrian.core.errors import InputError
from bactrian.discovery.library.abundance import CountMatrix
from bactrian.discovery.selection.campaign import Selection, select_units
from bactrian.discovery.selection.frames import SCHEMAS
from bactrian.discovery.selection_files import read_selection, write_selection

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    "unit,key,clonotype,antigen,tier,rank,log2fc_e,log2fc_s,p_e,p_s,fdr_e,fdr_s,replicates_consistent,reason,"
    "library,tier_with_takeovers"
)
SAMPLES = pl.DataFrame(
    [
        *[(f"X{n}", f"X{n}", str(n), 1, "target", "X, «α»", "L") for n in (1, 2)],
        *[(f"beads{n}", f"beads{n}", str(n), 1, "counter", 'the "beads"', "L") for n in (1, 2)],
        ("in1", "unpanned", "1", 0, "input", None, "L"),
    ],
    schema=["sample", "selection", "replicate", "round", "arm", "antigen", "library"],
    orient="row",
)


def make_selection(*, target: bool = True) -> Selection:
    rng = np.random.default_rng(5)
    units = ('=1+1, "a"', *(f"u{number}" for number in range(60)))
    samples = SAMPLES if target else SAMPLES.filter(pl.col("arm") != "target")
    means = np.ones((len(units), samples.height)) * 50
    means[0, : 2 if target else 0] = 5_000
    table = rng.poisson(means)
    return select_units(CountMatrix(units, tuple(samples["sample"]), sparse.csc_array(table)), samples)


@pytest.mark.parametrize("target", [True, False], ids=["rows", "no-rows"])
def test_a_selection_is_read_back_as_it_was_written(tmp_path: Path, target: bool) -> None:
    selection = make_selection(target=target)
    write_selection(selection, tmp_path)
    back = read_selection(tmp_path)
    for name in SCHEMAS:
        assert getattr(back, name).equals(getattr(selection, name), null_equal=True), name
        assert getattr(back, name).schema == getattr(selection, name).schema
    assert (back.unit, back.notes) == (selection.unit, selection.notes)


def test_selection_csv_has_the_columns_of_the_docs_and_empty_cells_for_what_is_unknown(
    tmp_path: Path,
) -> None:
    selection = make_selection()
    write_selection(selection, tmp_path)
    lines = (tmp_path / "selection.csv").read_text().splitlines()
    assert lines[0] == COLUMNS
    assert len(lines) == selection.table.height + 1
    assert "nan" not in (tmp_path / "selection.csv").read_text().lower().replace("nominated", "")
    top = pl.read_csv(tmp_path / "selection.csv").row(0, named=True)
    assert (top["key"], top["antigen"], top["rank"]) == ('=1+1, "a"', "X, «α»", 1)
    assert top["clonotype"] is None
    assert top["tier_with_takeovers"] is None


def test_the_same_selection_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_selection(make_selection(), tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert [str(path) for path in files] == [
        "selection/columns.csv", "selection/contrasts.parquet", "selection/designs.csv",
        "selection/floors.csv", "selection/notes.csv", "selection/replicates.parquet",
        "selection/trajectories.parquet", "selection.csv", "selection.parquet",
    ]  # fmt: skip
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


@pytest.mark.parametrize(
    "lost", ["selection.parquet", "selection/designs.csv", "selection/contrasts.parquet"]
)
def test_a_missing_file_is_named(tmp_path: Path, lost: str) -> None:
    write_selection(make_selection(), tmp_path)
    (tmp_path / lost).unlink()
    with pytest.raises(InputError) as caught:
        read_selection(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / lost}: the file is not there. Name the folder that 'bactrian screen' or "
        "'bactrian select' has written, or run it again to its end."
    )


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_selection(make_selection(), tmp_path)
    (tmp_path / "selection.parquet").write_bytes(b"PAR1 and nothing")
    with pytest.raises(InputError, match=r"selection\.parquet: the file cannot be read: ") as caught:
        read_selection(tmp_path)
    assert str(caught.value).endswith("Run the selection again.")


def test_a_file_of_another_version_is_named(tmp_path: Path) -> None:
    selection = make_selection()
    write_selection(selection, tmp_path)
    selection.table.drop("fitness").write_parquet(tmp_path / "selection.parquet")
    with pytest.raises(InputError) as caught:
        read_selection(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'selection.parquet'}: the column 'fitness' is not there. Run the selection again with "
        "this version."
    )
