"""A table whose truth is plain: what is specific, sticky, a grower or a jackpot gets its tier and words."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from bactrian.core.errors import InputError
from bactrian.discovery.library.abundance import CountMatrix
from bactrian.discovery.selection.campaign import Selection, column_counts, select_units
from bactrian.discovery.selection.design import plan_selection
from bactrian.discovery.selection.frames import SCHEMAS, SELECTION_COLUMNS
from bactrian.discovery.selection.multiplicity import adjust_bh
from bactrian.discovery.selection.settings import SelectionSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Row = tuple[str, str, str, int, str, str | None, str]
SCHEMA = ["sample", "selection", "replicate", "round", "arm", "antigen", "library"]
BACKGROUND = 400
NAMED = (
    "specific-1", "specific-2", "specific-3", "specific-4", "absent", "sticky", "grower", "jackpot", "both",
    "flat",
)  # fmt: skip


def pan(
    antigen: str, *, arm: str = "target", number: int = 3, rounds: Sequence[int] = (1, 2), library: str = "L"
) -> list[Row]:
    return [
        (f"{library}-{antigen}{n}-r{r}", f"{library}-{antigen}{n}", str(n), r, arm, antigen, library)
        for n in range(1, number + 1)
        for r in rounds
    ]


def unpanned(number: int = 3, library: str = "L") -> list[Row]:
    return [
        (f"{library}-in{n}", f"unpanned-{library}", str(n), 0, "input", None, library)
        for n in range(1, number + 1)
    ]


def controls(number: int = 2) -> list[Row]:
    return [(f"ctl{n}-r2", f"ctl{n}", str(n), 2, "control", None, "L") for n in range(1, number + 1)]


def sheet_of(*rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame([row for part in rows for row in part], schema=SCHEMA, orient="row")


def fold_of(unit: str, row: Mapping[str, Any], antigen: str) -> float:
    """How much more of a unit there is in a sample than in the library, after one round."""
    arm, number = row["arm"], row["replicate"]
    if unit.startswith("specific") or unit == "absent":
        return 12.0 if (arm, row["antigen"]) == ("target", antigen) else 1.0
    if unit == "both":
        return 12.0 if arm == "target" else 1.0
    if unit == "sticky":
        return 12.0 if arm in {"target", "counter", "irrelevant"} else 1.0
    if unit == "grower":
        # Grows without antigen; what the counter surface loses of it is what only the control can tell.
        return 12.0 if (arm, row["antigen"]) == ("target", antigen) or arm == "control" else 1.0
    if unit == "jackpot":
        return 30.0 if (arm, row["antigen"], number) == ("target", antigen, "1") else 1.0
    return 1.0


def make_counts(
    samples: pl.DataFrame, *, antigen: str = "X", seed: int = 1, depth: int = 200_000
) -> CountMatrix:
    """Counts of a background that only scatters, and of ten units whose nature their name says."""
    rng = np.random.default_rng(seed)
    units = (*NAMED, *(f"u{number:03d}" for number in range(BACKGROUND)))
    shares = np.concatenate([np.full(len(NAMED), 1.0), rng.lognormal(0, 1, BACKGROUND)])
    shares[units.index("absent")] = 1e-4
    table = np.zeros((len(units), samples.height), dtype=np.int64)
    for at, row in enumerate(samples.iter_rows(named=True)):
        folds = np.array([fold_of(unit, row, antigen) for unit in units]) ** row["round"]
        folds[units.index("absent")] *= 400 if folds[units.index("absent")] > 1 else 1
        means = shares * folds
        if row["arm"] != "input":
            means = means * rng.lognormal(0, 0.15, len(units))
        table[:, at] = rng.multinomial(depth, means / means.sum())
    return matrix_of(table, units, samples)


def matrix_of(table: NDArray[np.int64], units: Sequence[str], samples: pl.DataFrame) -> CountMatrix:
    order = np.argsort(np.array(units))
    return CountMatrix(
        tuple(units[at] for at in order), tuple(samples["sample"]), sparse.csc_array(table[order])
    )


def tiers_of(selection: Selection, antigen: str = "X", library: str = "L") -> dict[str, int]:
    own = selection.table.filter(pl.col("antigen") == antigen, pl.col("library") == library)
    return dict(own.select("key", "tier").iter_rows())


def reasons_of(selection: Selection, antigen: str = "X") -> dict[str, str]:
    return dict(selection.table.filter(pl.col("antigen") == antigen).select("key", "reason").iter_rows())


STANDARD = sheet_of(pan("X"), pan("beads", arm="counter"), unpanned(), controls())


@pytest.fixture(scope="module")
def plain() -> Selection:
    return select_units(make_counts(STANDARD), STANDARD)


def test_what_is_specific_is_nominated_and_nothing_else(plain: Selection) -> None:
    nominated = {key for key, tier in tiers_of(plain).items() if tier}
    assert nominated == {"specific-1", "specific-2", "specific-3", "specific-4", "absent", "both"}


def test_every_reason_names_what_decided(plain: Selection) -> None:
    reasons = reasons_of(plain)
    number = r"(over )?[\d,.]+×"
    for key, sentence in {
        "specific-1": rf"Tier 2: {number} over input, {number} over counter 'beads'; "
        r"3 of 3 replicates consistent",
        "absent": rf"Tier [12]: {number} over input, {number} over counter 'beads'; "
        r"3 of 3 replicates consistent.*",
        "sticky": rf"not nominated: enriched on counter 'beads' \({number} over input\) too; "
        rf"only {number} over counter 'beads' \(2\.0× needed\); "
        r"0 of 3 replicates consistent \(2 needed\)",
        "grower": rf"not nominated: a grower: {number} in the amplification control over input",
    }.items():
        assert re.fullmatch(sentence, reasons[key]), reasons[key]
    assert reasons["jackpot"].startswith("not nominated: ")
    assert reasons["jackpot"].endswith("1 of 3 replicates consistent (2 needed)")
    assert reasons["flat"].endswith("0 of 3 replicates consistent (2 needed)")


def test_ranks_count_from_one_with_the_nominated_first_by_shrunken_specificity(plain: Selection) -> None:
    table = plain.table
    assert table["rank"].to_list() == list(range(1, table.height + 1))
    assert (table["tier"].head(6) > 0).all()
    for part in (table.filter(pl.col("tier") > 0), table.filter(pl.col("tier") == 0)):
        assert part["s_shrunken"].is_sorted(descending=True)


def test_every_row_is_of_its_own_unit(plain: Selection) -> None:
    """Rows are sorted by rank, so that what is computed in the order of the table must follow."""
    table = plain.table
    counts = make_counts(STANDARD)
    (design,) = plan_selection(STANDARD, SelectionSettings())
    summed = dict(zip(counts.units, column_counts(counts, design).sum(axis=1).tolist(), strict=True))
    assert {key: summed[key] for key in table["key"]} == dict(table.select("key", "reads").iter_rows())
    fitness = dict(table.select("key", "fitness").iter_rows())
    # log2 of 12 per round, less what the growth of the others takes of the reads.
    assert all(2.5 < fitness[key] < 4.5 for key in NAMED if key.startswith("specific"))
    background = [value for key, value in fitness.items() if key.startswith("u")]
    assert max(background) < 1.5
    assert fitness["grower"] > 2.5
    assert all(table["fitness_se"] > 0)
    top = plain.contrasts.filter(pl.col("key") == "specific-1").row(0, named=True)
    own = table.filter(pl.col("key") == "specific-1").row(0, named=True)
    assert (top["log2fc"], top["fdr"]) == (own["log2fc_s"], own["fdr_s"])
    counted = plain.replicates.filter(pl.col("key") == "specific-1")["count"].to_list()
    assert sum(counted) == own["reads"]


def test_fold_changes_are_those_of_the_table(plain: Selection) -> None:
    own = plain.table.filter(pl.col("key") == "specific-1").row(0, named=True)
    assert own["log2fc_e"] == pytest.approx(2 * np.log2(12), abs=0.5)
    assert own["log2fc_s"] == pytest.approx(2 * np.log2(12), abs=0.5)
    assert own["s_low"] < own["s_shrunken"] < own["s_high"]
    assert own["cpm_target"] / own["cpm_input"] == pytest.approx(2 ** own["log2fc_e"], rel=0.05)
    assert own["cpm_target"] / own["cpm_comparator"] == pytest.approx(2 ** own["log2fc_s"], rel=0.05)


def test_the_frames_have_the_columns_they_promise(plain: Selection) -> None:
    for name, schema in SCHEMAS.items():
        assert dict(getattr(plain, name).schema) == schema
    assert ",".join(SELECTION_COLUMNS) == (
        "unit,key,clonotype,antigen,tier,rank,log2fc_e,log2fc_s,p_e,p_s,fdr_e,fdr_s,replicates_consistent,"
        "reason,library,tier_with_takeovers"
    )
    assert plain.table["tier_with_takeovers"].is_null().all()
    assert plain.table.columns[: len(SELECTION_COLUMNS)] == list(SELECTION_COLUMNS)


def test_the_design_says_what_was_compared_and_found(plain: Selection) -> None:
    (row,) = plain.designs.iter_rows(named=True)
    assert row | {"bcv": 0, "df_prior": 0, "smallest_log2fc": 0} == {
        "library": "L", "antigen": "X", "rounds": "2", "replicates": 3, "comparators": "counter 'beads'",
        "inputs": 3, "control": True, "wanted_with": "", "n_tested": plain.table.height, "tier1": 6,
        "tier2": row["tier2"], "bcv": 0, "df_prior": 0, "smallest_log2fc": 0,
        "floor_tier1": plain.floors["tier1"].mean(), "floor_tier2": plain.floors["tier2"].mean(),
        "normalisation": "TMM with singleton pairing", "left_out": "", "exploratory": False,
        "claim": "Nominated units are enriched over input and counter 'beads' by more than 2×, each contrast "
        "at a false discovery rate of 0.05, in 2 of 3 replicates or more.",
    }  # fmt: skip
    assert 0.05 < row["bcv"] < 0.5
    assert (
        plain.columns["role"].to_list()
        == ["target"] * 3 + ["comparator"] * 3 + ["input"] * 3 + ["control"] * 2
    )
    assert plain.columns["reads"].max() <= 200_000
    assert plain.floors["run"].to_list() == list(range(1, 10))


def test_the_worst_comparator_decides_the_columns_of_s() -> None:
    samples = sheet_of(pan("X"), pan("Y"), pan("beads", arm="counter"), unpanned())
    found = select_units(make_counts(samples), samples)
    both = found.table.filter(pl.col("key") == "both", pl.col("antigen") == "X").row(0, named=True)
    assert both["comparator"] == "Y"
    assert both["tier"] == 0
    assert both["vetoed_by"] == "Y"
    table = found.table.filter(pl.col("antigen") == "X")
    against = found.contrasts.filter(pl.col("antigen") == "X")
    for row in table.iter_rows(named=True):
        own = against.filter(pl.col("key") == row["key"])
        worst = own.filter(pl.col("p") == own["p"].max()).row(0, named=True)
        assert (row["p_s"], row["fdr_s"], row["log2fc_s"]) == (worst["p"], worst["fdr"], worst["log2fc"])
    assert set(against["comparator"]) == {"Y", "counter 'beads'"}


def test_fdr_is_benjamini_hochberg_within_the_contrast(plain: Selection) -> None:
    expected = adjust_bh(plain.table["p_e"].to_numpy())
    assert plain.table["fdr_e"].to_numpy() == pytest.approx(expected)


def test_what_is_wanted_with_another_target_is_cross_reactive_and_not_vetoed() -> None:
    rows = sheet_of(pan("X"), pan("Y"), pan("beads", arm="counter"), unpanned())
    samples = rows.with_columns(
        wanted_with=pl.col("antigen").replace_strict({"X": "Y", "Y": "X"}, default=None)
    )
    found = select_units(make_counts(samples), samples)
    assert tiers_of(found, "X")["both"] > 0
    assert tiers_of(found, "Y")["both"] > 0
    assert tiers_of(found, "X")["specific-1"] > 0
    assert tiers_of(found, "Y")["specific-1"] == 0
    assert found.designs["comparators"].to_list() == ["counter 'beads'"] * 2
    assert (
        "Binders of 'X' that bind 'Y' as well are wanted: specificity is not tested against it."
        in found.notes
    )


def test_two_libraries_with_the_same_units_are_two_campaigns() -> None:
    samples = sheet_of(
        pan("X"), pan("beads", arm="counter"), unpanned(),
        pan("X", library="M"), pan("beads", arm="counter", library="M"), unpanned(library="M"),
    )  # fmt: skip
    counts = make_counts(samples)
    found = select_units(counts, samples)
    assert found.designs.select("library", "antigen").rows() == [("L", "X"), ("M", "X")]
    for library in "LM":
        own = found.table.filter(pl.col("library") == library)
        alone = samples.filter(pl.col("library") == library)
        single = select_units(
            CountMatrix(
                counts.units,
                tuple(alone["sample"]),
                sparse.csc_array(counts.columns(alone["sample"].to_list())),
            ),
            alone,
        )
        assert own.equals(single.table)


# One clone that holds 60 % of a sample, beside which all else is thinned 2.5 times.
def overrun(counts: CountMatrix, samples: Sequence[str], *, share: float, unit: str = "u000") -> CountMatrix:
    table = counts.columns(counts.samples)
    for sample in samples:
        at = counts.samples.index(sample)
        others = table[:, at].sum() - table[counts.units.index(unit), at]
        table[counts.units.index(unit), at] = int(others * share / (1 - share))
    return replace(counts, counts=sparse.csc_array(table))


def test_normalisation_survives_a_clone_of_six_tenths(plain: Selection) -> None:
    taken = overrun(make_counts(STANDARD), ["L-X1-r2", "L-X2-r2"], share=0.6)
    kept = select_units(taken, STANDARD, SelectionSettings(keep_takeovers=True))
    tiers = tiers_of(kept)
    assert {key for key, tier in tiers_of(plain).items() if tier} <= {key for key, t in tiers.items() if t}
    assert not [key for key, tier in tiers.items() if tier and key.startswith("u") and key != "u000"]
    both = plain.table.select("key", "log2fc_e").join(kept.table.select("key", "log2fc_e"), on="key")
    shift = (both["log2fc_e_right"] - both["log2fc_e"]).filter(both["key"] != "u000").median()
    assert shift == pytest.approx(0, abs=0.1)


def test_a_takeover_is_left_out_and_its_result_stands_beside() -> None:
    taken = overrun(make_counts(STANDARD), ["L-X1-r2"], share=0.9)
    found = select_units(taken, STANDARD, takeovers=["L-X1-r2"])
    assert found.designs["left_out"].item() == "L-X1-r2"
    assert found.designs["replicates"].item() == 2
    assert "L-X1-r2" not in ";".join(found.columns["samples"])
    kept = select_units(taken, STANDARD, SelectionSettings(keep_takeovers=True), takeovers=["L-X1-r2"])
    beside = dict(found.table.select("key", "tier_with_takeovers").iter_rows())
    with_them = tiers_of(kept)
    assert beside == {key: with_them[key] for key in beside}
    assert kept.table["tier_with_takeovers"].is_null().all()
    nominated = [sum(tier > 0 for tier in tiers.values()) for tiers in (with_them, tiers_of(found))]
    assert found.notes[0] == (
        "Sample 'L-X1-r2' has been taken over by one clone and its siblings, which hold half of the reads or "
        "more, and is left out; --keep-takeovers counts it."
    )
    assert (
        f"'X': with the takeover samples kept {nominated[0]} units are nominated, without them "
        f"{nominated[1]} units are." in found.notes
    )


def test_where_all_target_samples_are_takeovers_nothing_is_tested_and_why_is_said() -> None:
    every = ["L-X1-r2", "L-X2-r2", "L-X3-r2"]
    found = select_units(overrun(make_counts(STANDARD), every, share=0.9), STANDARD, takeovers=every)
    assert found.table.is_empty()
    claim = found.designs["claim"].item()
    assert claim == "Nothing could be tested: no target selection is counted at round 2."
    assert found.designs["tier1"].item() == 0
    assert any(
        re.match(r"'X': with the takeover samples kept \d+ units are nominated", n) for n in found.notes
    )


@pytest.mark.parametrize(
    ("samples", "lacks", "columns"),
    [
        (
            sheet_of(pan("X", number=1), pan("beads", arm="counter", number=1), unpanned(1)),
            "exploratory: no error control",
            ["p_e", "fdr_e", "p_s", "fdr_s"],
        ),
        (
            sheet_of(pan("X"), pan("beads", arm="counter")),
            "enrichment not tested: no input",
            ["log2fc_e", "p_e", "fdr_e"],
        ),
        (
            sheet_of(pan("X"), unpanned()),
            "specificity not tested: no comparator",
            ["log2fc_s", "p_s", "fdr_s"],
        ),
        (
            sheet_of(pan("X", number=1, rounds=(1,))),
            "exploratory: no error control; enrichment not tested: no input; "
            "specificity not tested: no comparator; ranked by abundance on the target",
            ["log2fc_e", "p_e", "fdr_e", "log2fc_s", "p_s", "fdr_s"],
        ),
    ],
    ids=["one-replicate", "no-input", "no-comparator", "one-sample"],
)
def test_where_no_contrast_is_possible_p_is_empty_and_the_reason_says_why(
    samples: pl.DataFrame, lacks: str, columns: list[str]
) -> None:
    found = select_units(make_counts(samples), samples)
    table = found.table
    assert table.height > 0
    assert table["tier"].unique().to_list() == [0]
    assert all(reason.startswith(lacks) for reason in table["reason"])
    others = {"log2fc_e", "p_e", "fdr_e", "log2fc_s", "p_s", "fdr_s"} - set(columns)
    assert all(table[name].is_null().all() for name in columns)
    assert not any(table[name].is_null().any() for name in others)
    assert found.designs["claim"].item().startswith("No nomination: ")
    assert found.floors.is_empty()


def test_without_anything_to_compare_with_abundance_ranks() -> None:
    samples = sheet_of(pan("X", number=1, rounds=(1,)))
    table = select_units(make_counts(samples), samples).table
    assert table["cpm_target"].is_sorted(descending=True)


def test_an_antigen_panned_once_is_exploratory_and_the_others_are_not() -> None:
    samples = sheet_of(pan("X"), pan("once", number=1, rounds=(2,)), pan("beads", arm="counter"), unpanned())
    found = select_units(make_counts(samples), samples)
    assert found.designs.select("antigen", "exploratory").rows() == [("X", False), ("once", True)]
    assert tiers_of(found, "X")["specific-1"] == 2
    assert set(tiers_of(found, "once").values()) == {0}
    assert (
        "Exploratory: no error control. 'once' is counted from one selection, sequenced once, so a binder "
        "cannot be told from a clone that exploded by chance." in found.notes
    )


def test_a_sheet_without_targets_gives_empty_frames_and_says_so() -> None:
    samples = sheet_of(pan("beads", arm="counter"), unpanned())
    found = select_units(make_counts(samples), samples)
    assert all(getattr(found, name).is_empty() for name in SCHEMAS)
    assert found.notes == ("The sheet has no target sample: nothing is tested and nothing nominated.",)


def test_samples_without_reads_are_left_out_in_one_sentence() -> None:
    counts = make_counts(STANDARD)
    table = counts.columns(counts.samples)
    for sample in ("L-X1-r2", "L-in2"):
        table[:, counts.samples.index(sample)] = 0
    found = select_units(replace(counts, counts=sparse.csc_array(table)), STANDARD)
    assert found.notes[0] == "Samples 'L-X1-r2' and 'L-in2' have no reads and are left out."
    assert found.designs.select("replicates", "inputs").rows() == [(2, 2)]
    assert tiers_of(found)["specific-1"] > 0


def test_a_sample_without_a_read_of_a_tested_unit_is_left_out() -> None:
    counts = make_counts(STANDARD)
    table = np.vstack([counts.columns(counts.samples), np.zeros(len(counts.samples), dtype=np.int64)])
    at = counts.samples.index("L-beads1-r2")
    table[:, at] = 0
    table[-1, at] = 5
    found = select_units(matrix_of(table, (*counts.units, "lonely"), STANDARD), STANDARD)
    assert "Sample 'L-beads1-r2' has no read of any tested unit and is left out." in found.notes
    assert "lonely" not in tiers_of(found)


def test_units_below_the_least_reads_are_not_tested() -> None:
    counts = make_counts(STANDARD)
    found = select_units(counts, STANDARD, SelectionSettings(min_reads=500))
    assert found.table["reads"].min() >= 500
    assert "absent" in tiers_of(found)
    nothing = select_units(counts, STANDARD, SelectionSettings(min_reads=10**9))
    assert nothing.designs["claim"].item() == (
        "Nothing could be tested: no unit has 1,000,000,000 reads or more over target, comparator and input "
        "together, so none is tested."
    )


def test_a_lifted_veto_nominates_what_stays_specific() -> None:
    samples = sheet_of(pan("X"), pan("beads", arm="counter"), unpanned())
    counts = make_counts(samples)
    table = counts.columns(counts.samples)
    at = counts.units.index("sticky")
    for sample in samples.filter(pl.col("arm") == "counter")["sample"]:
        table[at, counts.samples.index(sample)] //= 20
    weaker = replace(counts, counts=sparse.csc_array(table))
    strict = select_units(weaker, samples)
    assert tiers_of(strict)["sticky"] == 0
    assert reasons_of(strict)["sticky"].startswith("not nominated: enriched on counter 'beads' (")
    lifted = select_units(weaker, samples, SelectionSettings(veto=False))
    assert tiers_of(lifted)["sticky"] > 0
    assert "too, the veto is lifted" in reasons_of(lifted)["sticky"]


def test_rounds_override_the_last_one() -> None:
    found = select_units(make_counts(STANDARD), STANDARD, SelectionSettings(rounds=(1,)))
    assert found.designs["rounds"].item() == "1"
    own = found.table.filter(pl.col("key") == "specific-1").row(0, named=True)
    assert own["log2fc_e"] == pytest.approx(np.log2(12), abs=0.5)
    with pytest.raises(InputError) as caught:
        select_units(make_counts(STANDARD), STANDARD, SelectionSettings(rounds=(3,)))
    assert caught.value.message == "'3' is no round of a target sample. Ask for some of these: 1, 2."


def test_counts_of_other_samples_are_refused() -> None:
    counts = make_counts(STANDARD)
    with pytest.raises(InputError) as caught:
        select_units(counts, STANDARD.with_columns(sample=pl.col("sample") + "-other"))
    assert caught.value.message == (
        "No sample of the sheet has a column in the counts. Name the columns like the samples."
    )


def test_a_clonotype_is_its_own_key_and_a_cdr3_has_the_one_it_is_told(plain: Selection) -> None:
    assert plain.table["clonotype"].is_null().all()
    counts = make_counts(STANDARD)
    as_clonotype = select_units(counts, STANDARD, SelectionSettings(unit="clonotype"))
    assert (as_clonotype.table["clonotype"] == as_clonotype.table["key"]).all()
    kin = pl.DataFrame({"library": ["L", "M"], "key": ["specific-1"] * 2, "clonotype": ["A_B_C", "D_E_F"]})
    told = select_units(counts, STANDARD, clonotypes=kin)
    assert dict(told.table.select("key", "clonotype").iter_rows())["specific-1"] == "A_B_C"
    assert told.table["clonotype"].null_count() == told.table.height - 1
    assert told.table["key"].equals(plain.table["key"])


def test_the_result_does_not_hang_on_the_order_of_samples_and_units(plain: Selection) -> None:
    counts = make_counts(STANDARD)
    back = tuple(reversed(counts.samples))
    turned = CountMatrix(counts.units, back, sparse.csc_array(counts.columns(back)))
    found = select_units(turned, STANDARD)
    assert found.table.equals(plain.table)


SPARSE = sheet_of(
    pan("X", number=2, rounds=(1,)), pan("b", arm="counter", number=2, rounds=(1,)), unpanned(2)
)


@pytest.mark.parametrize("seed", range(40))
def test_tables_of_a_few_reads_run_without_a_warning_and_stay_finite(seed: int) -> None:
    """Units seen in one column only, a single unit, hundredfold differences of depth."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([1, 2, 5, 20]))
    means = rng.gamma(0.1, 10, (n, SPARSE.height)) * 10.0 ** rng.uniform(-1, 2)
    table = rng.poisson(means * rng.lognormal(0, 2, (1, SPARSE.height)))
    counts = CountMatrix(
        tuple(f"u{number:02d}" for number in range(n)), tuple(SPARSE["sample"]), sparse.csc_array(table)
    )
    found = select_units(counts, SPARSE, SelectionSettings(min_reads=int(rng.choice([1, 8]))))
    numbers = found.table.select((~pl.col(pl.Float64).is_finite()).any()).row(0)
    assert True not in numbers
    assert found.table["rank"].to_list() == list(range(1, found.table.height + 1))
    assert not found.table["reason"].str.contains("nan|not nominated: $").any()


def test_a_table_of_explosions_only_nominates_nothing() -> None:
    table = np.zeros((6, SPARSE.height), dtype=np.int64)
    table[np.arange(6), np.arange(6)] = 30
    counts = CountMatrix(tuple("abcdef"), tuple(SPARSE["sample"]), sparse.csc_array(table))
    found = select_units(counts, SPARSE)
    assert found.table["tier"].to_list() == [0] * 6
