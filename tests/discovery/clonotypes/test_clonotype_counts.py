"""The tables as a whole: sums, order, determinism, complaints, lineages."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bactrian.core.errors import InputError
from bactrian.discovery.clonotypes import count_clonotypes, group_lineages
from bactrian.discovery.clonotypes.assignment import share_out


@pytest.fixture
def truth(generator):
    clones = generator.clones(150)
    depths = {name: generator.rng.poisson(8.0, 150) for name in ("b", "a")}
    return generator.molecules(clones, depths, fr3=0.3, fr2=0.05, error=0.003, single=0.15)


def test_the_order_of_rows_and_their_division_do_not_matter(truth) -> None:
    found = count_clonotypes(truth.molecules)
    one_by_one = (
        truth.molecules.select(pl.all().repeat_by("count"))
        .explode(pl.all())
        .with_columns(count=pl.lit(1, pl.UInt32))
    )
    shuffled = count_clonotypes(one_by_one.sample(fraction=1.0, shuffle=True, seed=3))
    for name in ("counts_cdr3", "counts_clonotype", "counts_vhh", "clonotypes", "neighbours", "samples"):
        assert getattr(found, name).equals(getattr(shuffled, name)), name


def test_tables_are_sorted_and_have_one_row_per_key(truth) -> None:
    found = count_clonotypes(truth.molecules)
    for table, key in (
        (found.counts_cdr3, "cdr3"),
        (found.counts_clonotype, "clonotype"),
        (found.counts_vhh, "vhh"),
    ):
        assert table.columns == ["sample", key, "count"]
        assert table.equals(table.sort("sample", key))
        assert not table.select("sample", key).is_duplicated().any()
    assert found.clonotypes["clonotype"].is_unique().all()
    assert found.clonotypes.equals(found.clonotypes.sort(["count", "clonotype"], descending=[True, False]))


def test_a_clonotype_row_agrees_with_the_counts(truth) -> None:
    found = count_clonotypes(truth.molecules)
    summed = (
        found.counts_clonotype.group_by("clonotype")
        .agg(pl.col("count").sum(), n_samples=pl.len().cast(pl.Int64))
        .sort("clonotype")
    )
    assert found.clonotypes.select("clonotype", "count", "n_samples").sort("clonotype").equals(summed)
    known = found.clonotypes.filter(pl.col("cdr1").is_not_null())
    assert (known["n_cdr12_own"] + known["n_chimeric"] <= known["count"]).all()
    assert known["cdr12_support"].is_between(0, 1).all()
    assert known["nt"].is_not_null().all()


def test_cdr3_only_molecules_go_to_the_clonotype_of_their_cdr3(truth) -> None:
    found = count_clonotypes(truth.molecules)
    single = truth.molecules.filter(pl.col("cdr1").is_null())["count"].sum()
    assert single > 300
    assert found.samples["cdr12_read"].sum() == truth.molecules["count"].sum() - single
    big = found.clonotypes.filter(pl.col("count") >= 12)
    assert big["cdr1"].is_not_null().mean() > 0.98


def test_an_empty_library_gives_the_same_columns(truth) -> None:
    found, empty = count_clonotypes(truth.molecules), count_clonotypes(truth.molecules.clear())
    for name in ("counts_cdr3", "counts_clonotype", "counts_vhh", "clonotypes", "neighbours", "samples"):
        assert getattr(empty, name).schema == getattr(found, name).schema, name
        assert getattr(empty, name).height == 0


def test_only_cdr3_read(truth) -> None:
    single = truth.molecules.filter(pl.col("cdr1").is_null())
    found = count_clonotypes(single)
    assert found.clonotypes["clonotype"].str.starts_with("?_?_").all()
    assert found.counts_clonotype["count"].sum() == single["count"].sum()
    assert found.clonotypes["cdr12_posterior"].is_null().all()


def test_a_missing_column_is_named(truth) -> None:
    with pytest.raises(InputError) as raised:
        count_clonotypes(truth.molecules.drop("aligned"))
    assert str(raised.value) == (
        "The molecules lack the column 'aligned'. They need sample, rung, cdr1, cdr2, cdr3, cdr1_nt, "
        "cdr2_nt, cdr3_nt, aligned, fr_insertions, nt, count."
    )


def test_a_molecule_without_cdr3_is_refused(truth) -> None:
    with pytest.raises(InputError) as raised:
        count_clonotypes(truth.molecules.with_columns(cdr3=pl.lit(None, pl.String)))
    assert str(raised.value) == (
        f"{truth.molecules.height} molecules have no CDR3. "
        "Give productive molecules only, with cdr3 and cdr3_nt."
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.lists(st.integers(0, 9), min_size=1, max_size=5)),
        min_size=1,
        max_size=6,
    )
)
def test_shares_are_whole_and_sum_up(groups: list[tuple[int, list[int]]]) -> None:
    totals = np.array([total for total, _ in groups])
    group = np.repeat(np.arange(len(groups)), [len(weights) for _, weights in groups])
    weight = np.array([w for _, weights in groups for w in weights])
    given_out = share_out(totals, group, weight)
    assert given_out.min() >= 0
    assert np.bincount(group, weights=given_out).astype(int).tolist() == totals.tolist()
    for k, (total, weights) in enumerate(groups):
        if sum(weights):
            exact = np.array(weights) * total / sum(weights)
            assert np.abs(given_out[group == k] - exact).max() < 1


def test_lineages_join_close_cdr3s_of_one_length() -> None:
    counts = {
        "AAAREGNTLTTTGKFYDY": 11,
        "AAAREGNTLTTTGNLYDY": 4,
        "AAAREGNTLTTTGNLYDH": 1,
        "AAAREGNTLTTTGKFYD": 2,
        "NARYDPWGLNY": 30,
        "NARYDPWGANA": 1,
        "QQQQQQQQQQQ": 2,
    }
    frame = pl.DataFrame({"cdr3": list(counts), "count": list(counts.values())})
    found = dict(group_lineages(frame).iter_rows())
    assert found["NARYDPWGLNY"] == found["NARYDPWGANA"] == "L000001"
    assert (
        found["AAAREGNTLTTTGKFYDY"] == found["AAAREGNTLTTTGNLYDY"] == found["AAAREGNTLTTTGNLYDH"] == "L000002"
    )
    assert found["AAAREGNTLTTTGKFYD"] == "L000003"
    assert found["QQQQQQQQQQQ"] == "L000004"
    strict = dict(group_lineages(frame, identity=0.95).iter_rows())
    assert strict["NARYDPWGLNY"] != strict["NARYDPWGANA"]
    assert strict["AAAREGNTLTTTGNLYDY"] != strict["AAAREGNTLTTTGKFYDY"]


def test_a_chain_is_one_lineage() -> None:
    chain = ["AAAAAAAAAA", "AAAAAAAACC", "AAAAAACCCC", "AAAACCCCCC"]
    found = group_lineages(pl.DataFrame({"cdr3": chain, "count": [1, 1, 1, 1]}))
    assert found["lineage"].unique().to_list() == ["L000001"]
