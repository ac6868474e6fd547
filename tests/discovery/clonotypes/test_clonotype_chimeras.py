"""Recombination is measured, its products go back to their clone, and clones that share a CDR3 stay two."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bactrian.discovery.clonotypes import ClonotypeSettings, count_clonotypes


def skewed(rng: np.random.Generator, number: int, molecules: int) -> np.ndarray:
    """Molecules of clones whose frequencies spread like those of a panned library."""
    weights = rng.lognormal(0.0, 1.3, number)
    return rng.multinomial(molecules, weights / weights.sum())


@pytest.fixture(params=[0.0, 0.05, 0.20, 0.45], ids=["none", "5%", "20%", "45%"])
def recombined(request, generator):
    share = request.param
    clones = generator.clones(400)
    depths = {name: skewed(generator.rng, 400, 6000) for name in ("a", "b")}
    truth = generator.molecules(clones, depths, fr3=0.8 * share, fr2=0.2 * share, error=0.001, single=0.1)
    return share, truth, count_clonotypes(truth.molecules)


def test_rates_are_those_of_the_generator(recombined) -> None:
    share, _, found = recombined
    assert found.samples["recombination"].to_numpy() == pytest.approx(share, abs=0.02)
    assert found.samples["recombination_fr2"].to_numpy() == pytest.approx(0.2 * share, abs=0.015)


def test_the_visible_share_counts_chimeras(recombined) -> None:
    _, truth, found = recombined
    seen = truth.origin.filter(~pl.col("unread"))
    visible = seen.filter(pl.col("left") != pl.col("clone")).height / seen.height
    judged = sum(
        chimeric / portion if portion else read
        for chimeric, portion, read in found.samples.select(
            "chimeric", "chimera_share", "cdr12_read"
        ).iter_rows()
    )
    total = found.samples["chimeric"].sum() / judged
    assert total == pytest.approx(visible, abs=0.02)


def test_counts_of_clonotypes_are_true(recombined) -> None:
    _, truth, found = recombined
    both = (
        truth.counts()
        .rename({"count": "true"})
        .join(found.counts_clonotype, on=["sample", "clonotype"], how="left")
        .fill_null(0)
        .group_by("clonotype")
        .agg(pl.col("true", "count").sum())
        .filter(pl.col("true") >= 20)
    )
    off = (both["count"] / both["true"] - 1).abs()
    assert both.height > 100
    assert off.max() <= 0.05


def test_hardly_a_clonotype_is_false(recombined) -> None:
    share, truth, found = recombined
    reported = found.clonotypes.filter(pl.col("count") >= 3)
    true = truth.clones["clonotype"].implode()
    cdr3s = truth.clones["clonotype"].str.split("_").list.last().implode()
    named = pl.col("cdr1").is_not_null()
    false = reported.filter((named & ~pl.col("clonotype").is_in(true)) | ~pl.col("cdr3").is_in(cdr3s))
    assert false.height <= (0.001 if share == 0 else 0.005) * reported.height


def test_named_parents_are_right(recombined) -> None:
    _, truth, found = recombined
    named = found.clonotypes.filter(
        pl.col("cdr1").is_not_null()
        & pl.col("cdr3").is_in(truth.clones["clonotype"].str.split("_").list.last().implode())
    )
    right = named["clonotype"].is_in(truth.clones["clonotype"].implode())
    assert right.mean() >= 0.99
    large = found.clonotypes.filter(pl.col("count") >= 20)
    assert large["cdr1"].is_not_null().mean() >= 0.99
    assert found.clonotypes.filter(pl.col("cdr1").is_not_null())["cdr12_posterior"].min() >= 0.99


def test_every_table_sums_to_the_molecules(recombined) -> None:
    _, truth, found = recombined
    molecules = truth.molecules.group_by("sample").agg(pl.col("count").cast(pl.Int64).sum()).sort("sample")
    for table in (found.counts_cdr3, found.counts_clonotype, found.counts_vhh):
        assert table.group_by("sample").agg(pl.col("count").sum()).sort("sample").equals(molecules)
        assert table["count"].min() > 0
    assert found.clonotypes["count"].sum() == molecules["count"].sum()
    assert found.clonotypes["n_chimeric"].sum() == found.samples["chimeric"].sum()


def test_error_free_molecules_are_recovered_exactly(generator) -> None:
    clones = generator.clones(300)
    depths = {name: skewed(generator.rng, 300, 5000) for name in ("a", "b")}
    truth = generator.molecules(clones, depths)
    found = count_clonotypes(truth.molecules)
    assert found.counts_clonotype.equals(truth.counts().sort("sample", "clonotype"))
    assert found.samples["chimeric"].to_list() == [0, 0]


@pytest.mark.parametrize("share", [0.0, 0.4], ids=["no recombination", "40%"])
def test_two_clones_that_share_a_cdr3_stay_two(generator, share: float) -> None:
    clones = generator.clones(200)
    clones = clones.with_columns(
        cdr3_nt=pl.Series([clones["cdr3_nt"][1], *clones["cdr3_nt"].to_list()[1:]], dtype=pl.String)
    )
    depth = np.full(200, 40)
    depth[:2] = 300, 100
    truth = generator.molecules(clones, {"a": depth, "b": depth[::-1].copy()}, fr3=share)
    found = count_clonotypes(truth.molecules)
    own = found.clonotypes.filter(pl.col("cdr3") == truth.clones["clonotype"][0].split("_")[2])
    assert set(own["clonotype"]) == set(truth.clones["clonotype"][:2])
    true = dict(truth.origin.group_by("clonotype").len().iter_rows())
    assert own["count"].sum() == sum(true[name] for name in own["clonotype"])
    for name, count in own.select("clonotype", "count").iter_rows():
        assert count == pytest.approx(true[name], rel=0.08)


def test_one_dominant_clone_does_not_become_everyones_parent(generator) -> None:
    clones = generator.clones(300)
    depth = np.full(300, 12)
    depth[0] = 9000
    truth = generator.molecules(clones, {"takeover": depth, "other": np.full(300, 12)}, fr3=0.35, fr2=0.05)
    found = count_clonotypes(truth.molecules)
    dominant = truth.clones["clonotype"][0].rsplit("_", 1)[0]
    carried = found.clonotypes.filter(pl.concat_str("cdr1", "cdr2", separator="_") == dominant)
    assert carried["cdr3"].to_list() == [truth.clones["clonotype"][0].split("_")[2]]
    shares = dict(found.samples.select("sample", "chimera_share").iter_rows())
    rates = dict(found.samples.select("sample", "recombination").iter_rows())
    assert shares["takeover"] < 0.6 * shares["other"]
    assert rates["takeover"] == pytest.approx(0.40, abs=0.05)
    assert rates["other"] == pytest.approx(0.40, abs=0.03)


def test_a_cdr3_seen_once_is_unknown_where_pcr_recombines(generator) -> None:
    clones = generator.clones(260)
    depth = np.full(260, 40)
    depth[200:] = 1
    for share, known in ((0.0, 60), (0.4, 0)):
        truth = generator.molecules(clones, {"a": depth}, fr3=share)
        found = count_clonotypes(truth.molecules)
        lone = found.clonotypes.filter(pl.col("count") == 1)
        assert lone.height == 60
        assert lone["cdr1"].is_not_null().sum() == known
        assert lone["cdr1_best"].is_not_null().all()
        if share:
            assert lone["clonotype"].str.starts_with("?_?_").all()
            assert lone["cdr12_posterior"].max() < 0.7


def test_a_parent_that_is_never_read_is_not_replaced_by_a_partner(generator) -> None:
    clones = generator.clones(200)
    depth = np.full(200, 60)
    depth[0] = 800
    truth = generator.molecules(clones, {"a": depth, "b": depth}, fr3=0.4)
    lost = truth.origin.filter((pl.col("clone") != 0) | (pl.col("left") != 0))
    found = count_clonotypes(generator.frame(lost))
    cdr3 = truth.clones["clonotype"][0].split("_")[2]
    assert found.clonotypes.filter(pl.col("cdr3") == cdr3)["clonotype"].to_list() == [f"?_?_{cdr3}"]


def test_nothing_is_known_without_repeated_cdr3s(generator) -> None:
    clones = generator.clones(50)
    truth = generator.molecules(clones, {"a": np.ones(50, np.int64)})
    found = count_clonotypes(truth.molecules)
    assert found.samples["recombination"].to_list() == pytest.approx([0.5], abs=0.05)
    assert found.clonotypes["cdr1"].is_null().all()


def test_a_stricter_posterior_names_fewer(generator) -> None:
    clones = generator.clones(300)
    truth = generator.molecules(clones, {"a": skewed(generator.rng, 300, 1500)}, fr3=0.3)
    named = [
        count_clonotypes(truth.molecules, settings=ClonotypeSettings(parent_posterior=least))
        .clonotypes["cdr1"]
        .is_not_null()
        .sum()
        for least in (0.6, 0.99, 0.9999999)
    ]
    assert named[0] > named[1] > named[2]
