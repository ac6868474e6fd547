"""Checks that look at several samples: agreement, depth, takeovers, jackpots, contamination."""

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from bactrian.core.errors import InputError
from bactrian.discovery.library.abundance import count_matrix
from bactrian.discovery.library.agreement import compare_samples, replicate_agreement
from bactrian.discovery.library.contamination import contaminated_samples, estimate_contamination, run_rate
from bactrian.discovery.library.depth import is_shallow
from bactrian.discovery.library.hopping import _fit, estimate_hopping
from bactrian.discovery.library.jackpots import find_jackpots
from bactrian.discovery.library.takeovers import find_takeovers, siblings_of

TOP, SIBLING = "AAAREGNTLTTTGKFYDY", "AAAREGNTLTTTGNLYDY"


def matrix_of(campaign):
    return count_matrix(campaign.counts, campaign.sheet["sample"].to_list())


# --- count matrix


def test_matrix_adds_rows_and_does_not_mind_their_order():
    rows = pl.DataFrame({"sample": ["b", "a", "a", "c"], "cdr3": ["Y", "X", "X", "Z"], "count": [3, 1, 2, 9]})
    for table in (rows, rows.reverse()):
        matrix = count_matrix(table, ["a", "b", "none"])
        assert matrix.units == ("X", "Y")
        assert matrix.columns(["a", "b", "none"]).tolist() == [[3, 0, 0], [0, 3, 0]]
        assert matrix.totals.tolist() == [3, 3, 0]


def test_matrix_names_the_missing_column():
    with pytest.raises(InputError) as caught:
        count_matrix(pl.DataFrame({"sample": ["a"], "count": [1]}), ["a"])
    assert str(caught.value) == (
        "column 'cdr3': The count table has the columns 'sample, count'. Give it a column 'cdr3'."
    )


def test_matrix_refuses_negative_counts():
    with pytest.raises(InputError) as caught:
        count_matrix(pl.DataFrame({"sample": ["a"], "cdr3": ["X"], "count": [-2]}), ["a"])
    assert str(caught.value) == (
        "column 'count': '-2' is not a count of cdr3 'X' in sample 'a'. Write a whole number from 0."
    )


# --- agreement and depth


def test_agreement_by_hand():
    found = compare_samples(np.array([6, 4, 0, 0]), np.array([0, 4, 6, 0]))
    assert (found["bray_curtis"], found["jaccard"], found["shared"]) == (
        pytest.approx(0.6),
        pytest.approx(1 / 3),
        1,
    )
    assert found["spearman"] is None


def test_agreement_leaves_shared_zeros_out():
    rng = np.random.default_rng(1)
    a, b = rng.poisson(30, 50), rng.poisson(30, 50)
    padded = compare_samples(np.append(a, [0] * 900), np.append(b, [0] * 900))
    assert padded == compare_samples(a, b)
    assert abs(padded["pearson_log"]) < 0.4


def test_agreement_of_samples_without_molecules():
    found = compare_samples(np.array([0, 0]), np.array([1, 2]))
    assert [found[name] for name in ("bray_curtis", "jaccard", "spearman", "pearson_log")] == [None] * 4


def test_agreement_keeps_technical_pairs_apart(simulate):
    campaign = simulate(np.random.default_rng(3), units=1_000, depth=10_000)
    found = replicate_agreement(matrix_of(campaign), campaign.sheet)
    assert found["kind"].value_counts(sort=True).rows() == [("selection", 12), ("technical", 3)]
    technical = found.filter(pl.col("kind") == "technical")
    assert set(technical["arm"]) == {"input"}
    assert technical["pearson_log"].min() > 0.8


@pytest.mark.parametrize(
    ("productive", "expected"),
    [
        ([5_000, 5_000, 900], [False, False, True]),
        ([500_000, 400_000, 30_000], [False, False, True]),
        ([2_000], [False]),
        ([0], [True]),
        ([], []),
    ],
    ids=["few", "fewer than the rest", "alone", "empty", "none"],
)
def test_depth(productive, expected):
    assert is_shallow(productive).tolist() == expected


# --- takeovers


def test_siblings_differ_in_a_small_part():
    assert siblings_of("NARYDPWGLNY", ["NARYDPWGLNF", "NAKYDPWGLNF"]) == [0]
    assert siblings_of("NARYDY", ["NARYDY", "NARYDF"]) == [0]
    assert siblings_of(TOP, [TOP, SIBLING, "AAAREGNTLTTTGNLYDF", TOP[:-1], TOP + "A"]) == [0, 1]
    assert siblings_of("", ["", "A"]) == [0]


def takeover_sheet(make_sheet, arm="target"):
    antigen = None if arm == "input" else "X"
    rows = [
        (name, f"s{name}", at, 0 if arm == "input" else 3, arm, antigen, "L")
        for at, name in enumerate("abc", 1)
    ]
    return make_sheet(rows)


def verdicts(make_counts, sheet, tops, siblings=(0, 0, 0)):
    others = [f"{'ACDEFGHIKL'[at % 10]}WW{'ACDEFGHIKL'[at // 10]}" for at in range(100)]
    columns = {
        name: [top, sibling, *[10] * 100] for name, top, sibling in zip("abc", tops, siblings, strict=True)
    }
    matrix = count_matrix(make_counts(columns, [TOP, SIBLING, *others]), list("abc"))
    return find_takeovers(matrix, sheet)


@pytest.mark.parametrize(
    ("tops", "siblings", "expected"),
    [
        ((1_500, 0, 0), (0, 0, 0), ["takeover", "", ""]),
        ((600, 0, 0), (500, 0, 0), ["takeover", "", ""]),
        ((250, 5, 5), (0, 0, 0), ["watch", "", ""]),
        ((250, 250, 250), (0, 0, 0), ["", "", ""]),
        ((2_000, 2_000, 2_000), (0, 0, 0), ["takeover"] * 3),
        ((100, 0, 0), (0, 0, 0), ["", "", ""]),
    ],
    ids=["one clone", "with its sibling", "discordant", "concordant", "concordant takeover", "small"],
)
def test_takeovers(make_sheet, make_counts, tops, siblings, expected):
    found = verdicts(make_counts, takeover_sheet(make_sheet), tops, siblings)
    assert found["verdict"].to_list() == expected


def test_watch_without_replicates(make_sheet, make_counts):
    sheet = takeover_sheet(make_sheet).with_columns(pl.Series("round", [1, 2, 3]))
    found = verdicts(make_counts, sheet, (250, 0, 0))
    assert found["verdict"].to_list() == ["watch", "", ""]
    assert found["reason"][0] == "one CDR3 and its siblings hold 20.0%; there is no replicate"
    assert found["replicates"].to_list() == [0, 0, 0]


def test_takeover_group_may_be_given_as_lineage(make_sheet, make_counts):
    counts = make_counts({"a": [40, 40, 20], "b": [0, 0, 0], "c": [0, 0, 0]}, ["AAAA", "WWWWWWWW", "CC"])
    matrix = count_matrix(counts, list("abc"))
    sheet = takeover_sheet(make_sheet)
    assert find_takeovers(matrix, sheet)["verdict"][0] == "watch"
    lineages = {"AAAA": 1, "WWWWWWWW": 1, "CC": 2}
    found = find_takeovers(matrix, sheet, lineages=lineages).row(0, named=True)
    assert (found["verdict"], found["group_share"], found["siblings"]) == ("takeover", 0.8, 1)


def test_takeovers_of_empty_and_tiny_samples(make_sheet, make_counts):
    matrix = count_matrix(make_counts({"a": [5]}), list("abc"))
    found = find_takeovers(matrix, takeover_sheet(make_sheet))
    assert found["verdict"].to_list() == ["", "", ""]
    assert found["cdr3"].to_list() == ["u00000", None, None]


# --- jackpots


def test_planted_jackpots_are_found_and_little_else(simulate):
    planted, found, right = 0, 0, 0
    for seed in range(4):
        campaign = simulate(np.random.default_rng(600 + seed), depth=100_000)
        jackpots = find_jackpots(matrix_of(campaign), campaign.sheet)
        named = set(jackpots.select("sample", "cdr3").iter_rows())
        planted += len(campaign.jackpots)
        found += len(named)
        right += len(named & campaign.jackpots)
    assert right >= 0.3 * planted
    assert right >= 0.9 * found


def test_no_jackpots_where_none_are(simulate):
    campaign = simulate(np.random.default_rng(9), jackpots=0, depth=100_000)
    assert find_jackpots(matrix_of(campaign), campaign.sheet).height == 0


def jackpot_frame(make_sheet, make_counts, late, early=(2, 2, 2), replicates=3):
    names = [f"r{at}" for at in range(1, replicates + 1)]
    rows = [
        (f"{name}.{cycle}", name, at, cycle, "target", "X", "L")
        for at, name in enumerate(names)
        for cycle in (1, 2)
    ]
    columns = {f"{name}.1": [early[at], 10_000] for at, name in enumerate(names)}
    columns |= {f"{name}.2": [late[at], 10_000] for at, name in enumerate(names)}
    sheet = make_sheet(rows)
    return find_jackpots(count_matrix(make_counts(columns), sheet["sample"].to_list()), sheet)


@pytest.mark.parametrize(
    ("late", "early", "found"),
    [
        ((400, 1, 2), (2, 2, 2), ["r1.2"]),
        ((400, 1, 60), (2, 2, 2), []),
        ((400, 1, 2), (300, 2, 2), []),
        ((19, 0, 0), (0, 0, 0), []),
    ],
    ids=["one replicate", "a second one rises", "was always there", "too few molecules"],
)
def test_jackpot_rule(make_sheet, make_counts, late, early, found):
    jackpots = jackpot_frame(make_sheet, make_counts, late, early)
    assert jackpots.filter(pl.col("sample").str.ends_with(".2"))["sample"].to_list() == found


def test_no_jackpot_without_a_second_replicate(make_sheet, make_counts):
    assert jackpot_frame(make_sheet, make_counts, (400,), replicates=1).height == 0


# --- contamination


def mix(campaign, donor, recipient, rate, rng):
    """Replace a part of the recipient's molecules by molecules of the donor."""
    wide = campaign.counts.pivot("sample", index="cdr3", values="count").fill_null(0)
    source, own = wide[donor].to_numpy(), wide[recipient].to_numpy()
    mixed = rng.binomial(own, 1 - rate) + rng.multinomial(round(rate * own.sum()), source / source.sum())
    counts = wide.with_columns(pl.Series(recipient, mixed)).unpivot(
        index="cdr3", variable_name="sample", value_name="count"
    )
    return estimate_contamination(count_matrix(counts, campaign.sheet["sample"].to_list()), campaign.sheet)


@pytest.fixture(scope="module")
def campaigns(simulate):
    return [simulate(np.random.default_rng(700 + seed), units=10_000, depth=100_000) for seed in range(4)]


@pytest.mark.parametrize(("rate", "fewest", "most"), [(0.0, 0, 0), (0.01, 3, 4), (0.03, 4, 4)])
def test_mixed_in_share_is_estimated(campaigns, rate, fewest, most):
    rates, flags = [], []
    for seed, campaign in enumerate(campaigns):
        pairs = mix(campaign, "A1r2", "B2r2", rate, np.random.default_rng(seed))
        row = pairs.filter((pl.col("donor") == "A1r2") & (pl.col("recipient") == "B2r2")).row(0, named=True)
        assert row["status"] == "estimated"
        rates.append(row["rate"])
        flags.append(row["flagged"])
    assert np.mean(rates) == pytest.approx(rate, abs=0.0015 + 0.1 * rate)
    assert fewest <= sum(flags) <= most


def test_flagged_recipient_names_a_donor_of_that_antigen(campaigns):
    pairs = mix(campaigns[0], "A1r2", "B2r2", 0.03, np.random.default_rng(1))
    flagged = contaminated_samples(pairs)
    assert flagged["recipient"].to_list() == ["B2r2"]
    assert flagged["donor"][0].startswith("A")


def test_true_sharing_is_no_contamination(campaigns):
    # Sticky clones and growers rise with both antigens; replicates share all their binders.
    for campaign in campaigns:
        pairs = estimate_contamination(matrix_of(campaign), campaign.sheet)
        assert pairs["flagged"].sum() == 0
        groups = pairs.with_columns(pl.col("donor").str.slice(0, 1), pl.col("recipient").str.slice(0, 1))
        assert groups.filter(pl.col("donor") == pl.col("recipient")).height == 0
        assert abs(run_rate(pairs)) < 0.002


def test_swapped_samples_are_shared_not_a_rate(campaigns):
    pairs = mix(campaigns[0], "A1r2", "B2r2", 0.6, np.random.default_rng(1))
    row = pairs.filter((pl.col("donor") == "A1r2") & (pl.col("recipient") == "B2r2")).row(0, named=True)
    assert (row["status"], row["rate"], row["flagged"]) == ("shared", None, False)


def test_contamination_between_libraries(make_sheet, make_counts):
    rng = np.random.default_rng(4)
    mine, other = rng.lognormal(0, 1, 400), rng.lognormal(0, 1, 400)
    panned = mine * rng.lognormal(0, 2, 400)
    mine, other, panned = (
        np.append(mine, 0 * other) / mine.sum(),
        np.append(0 * mine, other) / other.sum(),
        np.append(panned, 0 * other) / panned.sum(),
    )
    sheet = make_sheet(
        [
            ("inA", "unpannedA", 1, 0, "input", None, "A"),
            ("inB", "unpannedB", 1, 0, "input", None, "B"),
            ("a", "a.1", 1, 2, "target", "X", "A"),
            ("b", "b.1", 1, 2, "target", "X", "B"),
        ]
    )
    pools = {"inA": mine, "inB": other, "a": panned, "b": 0.98 * other + 0.02 * panned}
    counts = make_counts({name: rng.multinomial(50_000, pool) for name, pool in pools.items()})
    pairs = estimate_contamination(count_matrix(counts, sheet["sample"].to_list()), sheet)
    row = pairs.filter((pl.col("donor") == "a") & (pl.col("recipient") == "b")).row(0, named=True)
    assert row["rate"] == pytest.approx(0.02, rel=0.15)
    assert row["low"] < 0.02 < row["high"]
    assert row["flagged"]


def test_contamination_says_why_it_cannot_tell(make_sheet, make_counts):
    rng = np.random.default_rng(5)
    sheet = make_sheet(
        [
            ("a", "a.1", 1, 2, "target", "X", "L"),
            ("b", "b.1", 1, 2, "target", "Y", "L"),
            ("i", "u", 1, 0, "input", None, "L"),
        ]
    )
    counts = make_counts({name: rng.poisson(20, 200) for name in "abi"})
    pairs = estimate_contamination(count_matrix(counts, list("abi")), sheet)
    assert dict(pairs.select(pl.concat_str("donor", "recipient"), "status").iter_rows()) == {
        "ab": "no_comparator",
        "ai": "no_library",
        "ba": "no_comparator",
        "bi": "no_library",
    }
    assert estimate_contamination(count_matrix(counts, ["a"]), sheet).height == 0
    assert np.isnan(run_rate(pairs))


@pytest.mark.parametrize("seed", range(5))
def test_fit_is_the_maximum_likelihood(seed):
    rng = np.random.default_rng(seed)
    design = 10_000 * np.column_stack([np.ones(60), rng.exponential(1e-4, 60), rng.exponential(5e-3, 60)])
    counts = rng.poisson(design @ [2e-5, 0.5, 0.01 * (seed % 2)]).astype(float)

    def loss(values):
        mean = design @ values + 1e-12
        return mean.sum() - counts @ np.log(mean)

    best = min(
        minimize(
            loss, start, bounds=[(0, None)] * 3, method="Powell", options={"xtol": 1e-9, "ftol": 1e-12}
        ).fun
        for start in ([1e-5, 0.5, 0.01], [1e-4, 0.1, 0.001])
    )
    assert loss(_fit(design, counts, -1.0)) <= best + 1e-4
    held = _fit(design, counts, 0.02)
    assert held[2] == 0.02
    assert loss(held) >= loss(_fit(design, counts, -1.0)) - 1e-9


def test_hopping_drops_units_of_the_recipient_itself():
    rng = np.random.default_rng(6)
    share = rng.exponential(4e-3, 80)
    counts = rng.poisson(50_000 * 0.01 * share)
    counts[:4] += 300
    found = estimate_hopping(counts, share, total=50_000)
    assert found.dropped == 4
    assert found.rate == pytest.approx(0.01, rel=0.2)
    assert found.low < 0.01 < found.high


def test_hopping_of_nothing_is_zero():
    found = estimate_hopping(np.zeros(30, dtype=np.int64), np.full(30, 0.01), total=10_000)
    assert (found.rate, found.low) == (0.0, 0.0)
    assert 0 < found.high < 0.01
    with pytest.raises(ValueError, match="at least one unit"):
        estimate_hopping(np.zeros(0, dtype=np.int64), np.zeros(0), total=10)
