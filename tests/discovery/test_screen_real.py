"""The screen on the real samples of one antigen and the library; `make prove` runs all 33."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from benchmarks.prove_screen_real import measure_correlation
from benchmarks.screen_checks import measure_balance, measure_mate2, measure_neighbours, measure_retention

from bactrian.discovery.screen import screen_library

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared_data
CHOSEN = "antigen = 'OprM' or arm = 'input'"
TAKEOVERS = {"03-A2", "03-C2"}


@pytest.fixture(scope="module")
def finished(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("real") / "screen"
    sheet = shared_data / "discovery" / "phageseq_minimal" / "sheet.csv"
    screen_library(sheet, out, where=CHOSEN, workers=1, pair_records=True)
    return out


def test_pairs_keep_their_cdr3_or_get_a_named_defect(finished: Path) -> None:
    targets = [*measure_balance(finished), *measure_retention(finished), *measure_mate2(finished)]
    assert [target.row() for target in targets if not target.met] == []


def test_the_takeovers_and_no_other_samples_are_called_so(finished: Path) -> None:
    flags = pl.read_csv(finished / "samples.csv").select(
        "sample", pl.col("flags").fill_null("").str.split(";")
    )
    assert flags.height == 15
    assert set(flags.filter(pl.col("flags").list.contains("takeover"))["sample"]) == TAKEOVERS


def test_a_dominant_clone_is_not_surrounded_by_its_errors(finished: Path) -> None:
    counts = pl.read_parquet(finished / "counts_cdr3.parquet").group_by("cdr3").agg(pl.col("count").sum())
    known = dict(counts.iter_rows())
    assert known["AAAREGNTLTTTGKFYDY"] > 7000
    assert known["AAAREGNTLTTTGNLYDY"] > 2500
    assert [target.row() for target in measure_neighbours(finished) if not target.met] == []


def test_recombination_is_seen_and_less_where_one_clone_dominates(finished: Path) -> None:
    samples = pl.read_csv(finished / "samples.csv")
    shares = dict(samples.select("sample", pl.col("chimeric") / pl.col("productive")).iter_rows())
    others = [share for name, share in shares.items() if name not in TAKEOVERS]
    assert 0.3 < sum(others) / len(others) < 0.5
    assert max(shares[name] for name in TAKEOVERS) < sum(others) / len(others)


def test_mate_2_alone_counts_as_the_table_of_the_set_does(shared_data: Path) -> None:
    assert shared_data.is_dir()
    (row,) = measure_correlation(["01-C2"]).iter_rows(named=True)
    assert row["cdr3s"] > 100
    assert row["r"] >= 0.999
