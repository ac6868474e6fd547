"""One campaign counted by CDR3, clonotype and lineage: the tiers of the others stand beside each other."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.library.abundance import CountMatrix, count_matrix
from bactrian.discovery.selection.by_unit import select_by_unit
from bactrian.discovery.selection.settings import SelectionSettings

LETTERS = np.array(list("ADEFGHKLNPQRSTVWY"))
BACKGROUND = 300
# A binder, a sticky clone of the binder's lineage, and a CDR3 of two clonotypes of which one alone binds.
BINDER, STICKY, SHARED = "AASPSYLSKTPGVYDY", "AASPSYLSKTPGVYDF", "AVDRGLTWYRSDYEYDY"
ROWS = [
    *[(f"X{n}", f"X{n}", str(n), 1, "target", "X", "L") for n in (1, 2, 3)],
    *[(f"beads{n}", f"beads{n}", str(n), 1, "counter", "beads", "L") for n in (1, 2, 3)],
    *[(f"in{n}", "unpanned", str(n), 0, "input", None, "L") for n in (1, 2, 3)],
]
SAMPLES = pl.DataFrame(
    ROWS,
    schema=["sample", "selection", "replicate", "round", "arm", "antigen", "library"],
    orient="row",
)


def describe_clonotypes() -> pl.DataFrame:
    """Every clonotype of the library with its CDR3, lineage and how much more of it an arm holds."""
    rng = np.random.default_rng(3)
    rows = [
        ("C1_D1_" + BINDER, BINDER, "L1", 30.0, 1.0, 1.0),
        ("C1_D1_" + STICKY, STICKY, "L1", 60.0, 60.0, 1.0),
        ("C2_D2_" + SHARED, SHARED, "L2", 60.0, 1.0, 1.0),
        ("C3_D3_" + SHARED, SHARED, "L2", 30.0, 30.0, 2.0),
    ]
    for number in range(BACKGROUND):
        cdr3 = "A" + "".join(rng.choice(LETTERS, 12)) + "Y"
        rows.append((f"E_F_{cdr3}", cdr3, f"B{number}", 1.0, 1.0, float(rng.lognormal(0, 1))))
    return pl.DataFrame(
        rows, schema=["clonotype", "cdr3", "lineage", "target", "counter", "share"], orient="row"
    )


@pytest.fixture(scope="module")
def tables() -> dict[str, CountMatrix]:
    rng = np.random.default_rng(4)
    known = describe_clonotypes()
    parts = []
    for sample, arm in SAMPLES.select("sample", "arm").iter_rows():
        share = known["share"].to_numpy() * (known[arm].to_numpy() if arm in known.columns else 1.0)
        counts = rng.multinomial(100_000, share / share.sum())
        parts.append(known.with_columns(sample=pl.lit(sample), count=pl.Series(counts)))
    long = pl.concat(parts)
    names = SAMPLES["sample"].to_list()
    return {unit: count_matrix(long, names, key=unit) for unit in ("cdr3", "clonotype", "lineage")}


def kin_by(unit: str) -> pl.DataFrame:
    """The main clonotype of every key."""
    known = describe_clonotypes()
    return (
        known.sort("share", "target", descending=True)
        .unique(unit, keep="first", maintain_order=True)
        .select(library=pl.lit("L"), key=pl.col(unit), clonotype="clonotype", cdr3="cdr3", lineage="lineage")
    )


def test_the_tiers_of_other_units_stand_beside(tables: dict[str, CountMatrix]) -> None:
    found = select_by_unit(tables, SAMPLES, SelectionSettings(), kin=kin_by("cdr3"))
    rows = {row["key"]: row for row in found.table.iter_rows(named=True)}
    binder, sticky = rows[BINDER], rows[STICKY]
    assert found.unit == "cdr3"
    assert binder["tier"] == binder["tier_cdr3"] == 2
    assert binder["tier_clonotype"] == 2
    # Its lineage holds a sticky clone twice as frequent: counted together they are sticky.
    assert binder["tier_lineage"] == 0
    assert (sticky["tier"], sticky["tier_clonotype"], sticky["tier_lineage"]) == (0, 0, 0)
    assert binder["clonotype"] == "C1_D1_" + BINDER
    assert found.table["tier_cdr3"].equals(found.table["tier"].alias("tier_cdr3"))


def test_a_clonotype_that_shares_its_cdr3_with_a_sticky_one_differs_by_unit(
    tables: dict[str, CountMatrix],
) -> None:
    found = select_by_unit(tables, SAMPLES, SelectionSettings(unit="clonotype"), kin=kin_by("clonotype"))
    own = found.table.filter(pl.col("key") == "C2_D2_" + SHARED).row(0, named=True)
    assert (own["tier"], own["tier_clonotype"], own["tier_cdr3"]) == (2, 2, 0)
    assert own["clonotype"] == own["key"]


def test_a_unit_that_was_not_counted_has_no_tier(tables: dict[str, CountMatrix]) -> None:
    some = {"cdr3": tables["cdr3"]}
    found = select_by_unit(some, SAMPLES, SelectionSettings(), kin=kin_by("cdr3"))
    assert found.table["tier_clonotype"].is_null().all()
    assert found.table["tier_lineage"].is_null().all()
    whole = select_by_unit(tables, SAMPLES, SelectionSettings(), kin=kin_by("cdr3"))
    same = [name for name in found.table.columns if name not in {"tier_clonotype", "tier_lineage"}]
    assert found.table.select(same).equals(whole.table.select(same))


def test_a_unit_too_rare_to_be_tested_by_another_count_is_at_tier_zero(
    tables: dict[str, CountMatrix],
) -> None:
    found = select_by_unit(tables, SAMPLES, SelectionSettings(), kin=kin_by("cdr3"))
    assert found.table.select("tier_clonotype", "tier_lineage").null_count().row(0) == (0, 0)


def test_a_unit_without_a_table_is_refused(tables: dict[str, CountMatrix]) -> None:
    with pytest.raises(InputError) as caught:
        select_by_unit(
            {"cdr3": tables["cdr3"]}, SAMPLES, SelectionSettings(unit="lineage"), kin=kin_by("cdr3")
        )
    assert caught.value.message == "'lineage' was not counted. Test one of these: cdr3."
