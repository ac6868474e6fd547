import math

import polars as pl
import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.library.lengths import cdr_lengths, kolmogorov_distance, length_bias
from bactrian.discovery.library.outcomes import (
    empty_vector_share,
    outcome_shares,
    suspect_inserts,
    wilson_interval,
)
from bactrian.discovery.library.residues import residue_use


def aligned(first: str, rest: str = ".") -> str:
    return first + rest * (128 - len(first))


def test_wilson_as_published():
    # Newcombe (1998) Stat Med 17:857, table I: 81/263, 15/148, 0/20 and 1/29.
    low, high = wilson_interval([81, 15, 0, 1], [263, 148, 20, 29])
    assert low == pytest.approx([0.2553, 0.0624, 0.0, 0.0061], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)


def test_wilson_ends_are_exact_where_nothing_or_everything_was_seen():
    low, high = wilson_interval([0, 1597, 0, 13], [1597, 1597, 13, 13])
    assert low[[0, 2]].tolist() == [0.0, 0.0]
    assert high[[1, 3]].tolist() == [1.0, 1.0]


def test_outcome_shares_sum_to_one():
    tallies = pl.DataFrame(
        {
            "sample": ["a", "empty"],
            "productive": [80, 0],
            "stop": [10, 0],
            "frameshift": [5, 0],
            "truncated": [3, 0],
            "not_vhh": [2, 0],
        }
    )
    shares = outcome_shares(tallies)
    first = shares.filter(pl.col("sample") == "a")
    assert first["share"].to_list() == pytest.approx([0.8, 0.1, 0.05, 0.03, 0.02])
    assert first["of"].to_list() == [100] * 5
    assert first["low"][0] == pytest.approx(0.7112, abs=1e-4)
    assert shares.filter(pl.col("sample") == "empty").select("share", "low", "high").null_count().row(0) == (
        5,
        5,
        5,
    )
    assert outcome_shares(tallies.head(0)).height == 0


def test_empty_vector_is_short_or_always_the_same():
    stuffer = "ACGT" * 75
    molecules = pl.DataFrame(
        {
            "nt": [
                "ACGTACGT",
                "ACGTACGT",
                stuffer,
                *[f"{at:04b}".replace("0", "A").replace("1", "C") * 75 for at in range(9)],
            ],
            "count": [30, 10, 60, *[1] * 9],
        }
    )
    found = suspect_inserts(molecules, total=1_000, vhh_length=360)
    assert found.select("nt", "length", "count", "kind").rows() == [
        (stuffer, 300, 60, "recurrent"),
        ("ACGTACGT", 8, 40, "short"),
    ]
    count, share, low, high = empty_vector_share(found, total=1_000)
    assert (count, share) == (100, 0.1)
    assert (low, high) == (pytest.approx(0.0829, abs=1e-3), pytest.approx(0.1202, abs=1e-3))


def test_rare_odd_inserts_are_no_empty_vector():
    molecules = pl.DataFrame({"nt": ["A" * 300, "C" * 300], "count": [12, 9]})
    assert suspect_inserts(molecules, total=100_000, vhh_length=360).height == 0
    assert suspect_inserts(molecules.head(0), total=0, vhh_length=0).height == 0
    assert math.isnan(
        empty_vector_share(suspect_inserts(molecules.head(0), total=0, vhh_length=0), total=0)[1]
    )


def test_residues_weigh_by_molecules_and_skip_the_unread():
    molecules = pl.DataFrame(
        {
            "aligned": [aligned("QV-"), aligned("EV-"), aligned(".V")],
            "count": [6, 3, 1],
            "status": ["productive"] * 3,
        }
    )
    use = residue_use(molecules)
    assert use.rows() == [
        (1, "E", 3, 9, pytest.approx(1 / 3)),
        (1, "Q", 6, 9, pytest.approx(2 / 3)),
        (2, "V", 10, 10, 1.0),
        (3, "-", 9, 9, 1.0),
    ]


def test_residues_of_productive_molecules_only():
    molecules = pl.DataFrame(
        {"aligned": [aligned("Q"), aligned("*")], "count": [1, 1], "status": ["productive", "stop"]}
    )
    assert residue_use(molecules)["residue"].to_list() == ["Q"]
    assert residue_use(molecules.head(0)).height == 0


def test_residues_refuse_a_short_row():
    with pytest.raises(InputError) as caught:
        residue_use(pl.DataFrame({"aligned": ["QVQ"], "count": [1]}))
    assert str(caught.value) == (
        "column 'aligned': 'QVQ' has 3 characters. Give one for each of the 128 IMGT positions."
    )


def molecules_of(rows: list[tuple[str, str, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "rung": [row[0] for row in rows],
            "status": ["productive"] * len(rows),
            "cdr1": [None if row[0] == "single" else "GFTFSSYA" for row in rows],
            "cdr2": [None] * len(rows),
            "cdr3": [row[1] for row in rows],
            "count": [row[2] for row in rows],
        },
        schema_overrides={"cdr1": pl.String, "cdr2": pl.String},
    )


def test_lengths_by_rung():
    found = cdr_lengths(
        molecules_of([("merged", "A" * 9, 3), ("joined", "A" * 20, 6), ("single", "A" * 20, 1)])
    )
    cdr3 = found.filter(pl.col("cdr") == "cdr3").select("rung", "length", "count", "share").rows()
    assert cdr3 == [
        ("merged", 9, 3, 1.0),
        ("joined", 20, 6, 1.0),
        ("single", 20, 1, 1.0),
        ("all", 9, 3, pytest.approx(0.3)),
        ("all", 20, 7, pytest.approx(0.7)),
    ]
    assert found.filter(pl.col("cdr") == "cdr1").select("rung", "count").rows() == [
        ("merged", 3),
        ("joined", 6),
        ("all", 9),
    ]


def test_merging_alone_loses_the_long_ones():
    lengths = cdr_lengths(molecules_of([("merged", "A" * 9, 50), ("joined", "A" * 20, 50)]))
    bias = length_bias(lengths, pl.DataFrame({"length": [9, 20], "count": [50, 50]}))
    merged = bias.filter(pl.col("rung") == "merged").row(0, named=True)
    whole = bias.filter(pl.col("rung") == "all").row(0, named=True)
    assert (merged["kolmogorov"], merged["mean_shift"], merged["long_share"]) == (0.5, -5.5, 0.0)
    assert (whole["kolmogorov"], whole["mean_shift"], whole["mate_long_share"]) == (0.0, 0.0, 0.5)


def test_bias_without_a_mate_is_unknown():
    lengths = cdr_lengths(molecules_of([("merged", "A" * 9, 5)]))
    bias = length_bias(lengths, pl.DataFrame(schema={"length": pl.Int64, "count": pl.Int64}))
    assert bias["kolmogorov"].to_list() == [None, None]
    assert cdr_lengths(molecules_of([])).height == 0


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        (([5, 9], [1, 1]), ([9, 5], [7, 7]), 0.0),
        (([5], [3]), ([6], [8]), 1.0),
        (([1, 2, 3, 4], [1] * 4), ([3, 4], [2, 2]), 0.5),
    ],
    ids=["same", "apart", "half"],
)
def test_kolmogorov(a, b, distance):
    assert kolmogorov_distance(*a, *b) == pytest.approx(distance)
    assert math.isnan(kolmogorov_distance(*a, [], []))
