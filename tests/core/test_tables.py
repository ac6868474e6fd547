from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from bactrian.core.errors import InputError
from bactrian.core.tables import atomic_path, read_table, write_table

if TYPE_CHECKING:
    from pathlib import Path

FRAME = pl.DataFrame({"sample": ["a", "=b", None], "note": ['said "x"', "1,5", "ü"]})


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".xlsx"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    write_table(FRAME, path)
    assert read_table(path).equals(FRAME)


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_an_empty_text_is_written_as_nothing(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    write_table(pl.DataFrame({"sample": ["a", "b"], "flags": ["", "watch"]}), path)
    assert '"' not in path.read_text()
    assert read_table(path)["flags"].to_list() == [None, "watch"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_equal_frames_give_equal_bytes(tmp_path: Path, suffix: str) -> None:
    first, second = tmp_path / f"1{suffix}", tmp_path / f"2{suffix}"
    write_table(FRAME, first)
    write_table(FRAME, second)
    assert first.read_bytes() == second.read_bytes()


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")

    def write_half() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            msg = "the disk broke"
            raise OSError(msg)

    with pytest.raises(OSError, match="the disk broke"):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_suffix_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.doc"
    with pytest.raises(InputError) as caught:
        write_table(FRAME, path)
    assert str(caught.value) == (
        f"{path}: '.doc' names no table format. End the file's name in .csv, .tsv, .parquet, .xlsx."
    )


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert str(caught.value) == f"{path}: the file is empty. Expected a header and at least one row."
