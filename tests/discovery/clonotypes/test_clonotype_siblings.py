"""A small CDR3 beside a large one: error or sibling."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bactrian.discovery.clonotypes import ClonotypeSettings, count_clonotypes
from bactrian.discovery.clonotypes.evidence import Occurrences, weigh_evidence


def neighbour_of(nt: str) -> str:
    """Change one residue by one nucleotide, in the middle of a CDR3."""
    place = len(nt) // 6 * 3
    for base in "ACGT":
        changed = nt[:place] + base + nt[place + 1 :]
        if changed != nt and changed[place : place + 3] not in ("TAA", "TAG", "TGA"):
            return changed
    raise AssertionError


@pytest.fixture
def siblings(generator):
    """Clone 0 and its neighbour, clone 1, among others."""
    clones = generator.clones(120)
    columns = {name: clones[name].to_list() for name in clones.columns}
    columns["cdr3_nt"][0] = "GCAGCAGGTTGCAGCAATGGTGGTACATATTTTGACTAC"
    columns["cdr3_nt"][1] = neighbour_of(columns["cdr3_nt"][0])
    return columns


def count(generator, columns, depths, **shares):
    truth = generator.molecules(pl.DataFrame(columns), depths, **shares)
    found = count_clonotypes(truth.molecules)
    counts = dict(found.clonotypes.group_by("cdr3").agg(pl.col("count").sum()).iter_rows())
    names = truth.clones["clonotype"].str.split("_").list.last()
    return found, counts.get(names[0], 0), counts.get(names[1], 0)


def depths_of(pairs: dict[str, tuple[int, int]], others: int = 30) -> dict[str, np.ndarray]:
    depths = {}
    for sample, (parent, child) in pairs.items():
        depths[sample] = np.full(120, others)
        depths[sample][:2] = parent, child
    return depths


def test_a_sibling_above_the_skew_stays_and_is_listed(generator, siblings) -> None:
    depths = depths_of({"a": (1500, 600), "b": (900, 300)})
    found, parent, child = count(generator, siblings, depths, fr3=0.4)
    assert (parent, child) == (2400, 900)
    listed = found.neighbours.to_dicts()
    assert len(listed) == 1
    assert listed[0]["parent_count"] == 2400
    assert listed[0]["count"] == 900
    assert listed[0]["nt_distance"] == 1
    assert listed[0]["skew"] == pytest.approx(900 / 2400)
    assert listed[0]["skew_allowed"] == pytest.approx(1 / 8)
    assert listed[0]["evidence"] == "count;samples;cdr12"


def test_a_sibling_below_the_skew_stays_by_its_samples(generator, siblings) -> None:
    siblings["cdr1_nt"][1] = siblings["cdr1_nt"][0]
    siblings["cdr2_nt"][1] = siblings["cdr2_nt"][0]
    depths = depths_of({"a": (2000, 0), "b": (10, 40)})
    found, parent, child = count(generator, siblings, depths)
    assert (parent, child) == (2010, 40)
    assert found.neighbours["evidence"].to_list() == ["samples"]


def test_a_sibling_below_the_skew_stays_by_its_cdr12(generator, siblings) -> None:
    depths = depths_of({"a": (2000, 40), "b": (1000, 20)})
    found, parent, child = count(generator, siblings, depths, fr3=0.3)
    assert (parent, child) == (3000, 60)
    assert found.neighbours["evidence"].to_list() == ["cdr12"]


def test_an_error_of_a_takeover_clone_is_not_rescued(generator, siblings) -> None:
    siblings["cdr1_nt"][1] = siblings["cdr1_nt"][0]
    siblings["cdr2_nt"][1] = siblings["cdr2_nt"][0]
    depths = depths_of({"a": (4000, 200), "b": (2500, 60), "c": (20, 0), "d": (0, 1)})
    found, parent, child = count(generator, siblings, depths, fr3=0.35, fr2=0.05)
    assert (parent, child) == (6781, 0)
    assert found.neighbours.height == 0


def test_errors_around_a_large_clone_hold_less_than_one_percent(generator) -> None:
    clones = generator.clones(40)
    depth = np.full(40, 30)
    depth[0] = 6000
    truth = generator.molecules(clones, {"a": depth, "b": depth}, error=0.002)
    found = count_clonotypes(truth.molecules)
    cdr3 = truth.clones["clonotype"][0].split("_")[2]
    close = [
        total
        for other, total in found.counts_cdr3.group_by("cdr3").agg(pl.col("count").sum()).iter_rows()
        if len(other) == len(cdr3) and sum(a != b for a, b in zip(other, cdr3, strict=True)) == 1
    ]
    raw = truth.molecules.filter((pl.col("cdr3") != cdr3) & (pl.col("cdr3").str.len_chars() == len(cdr3)))[
        "count"
    ].sum()
    assert raw > 300
    assert sum(close) <= 0.001 * 12_000


def test_a_ceiling_is_tested_not_the_mean() -> None:
    occurrences = Occurrences(
        sequence=np.array([0, 0, 1, 1]),
        sample=np.array([0, 1, 0, 1]),
        pair=np.full(4, -1),
        count=np.array([1000, 0, 100, 9]),
    )
    child, parent = np.array([1]), np.array([0])
    evidence = weigh_evidence(occurrences, child, parent, allowed=np.array([0.125]), least=5)
    # Sample 0: 100 of at most 125 expected; sample 1: 9 where at most 1/8 of one molecule is.
    assert evidence.by_samples[0] == pytest.approx(1.9e-14, rel=0.2)
    assert evidence.sample_tests == 2
    assert evidence.by_cdr12.tolist() == [1.0]
    assert evidence.keeps(1e-3).tolist() == [True]


def test_the_lists_threshold_can_be_set(generator, siblings) -> None:
    truth = generator.molecules(pl.DataFrame(siblings), depths_of({"a": (800, 300)}))
    assert count_clonotypes(truth.molecules).neighbours.height == 0
    settings = ClonotypeSettings(neighbour_reads=500)
    assert count_clonotypes(truth.molecules, settings=settings).neighbours.height == 1
