"""Every tested unit with what picking needs of it: CDR3, lineage, clonotype, and what other counts say."""

from __future__ import annotations

from typing import Final

import polars as pl

from bactrian.discovery.clonotypes.lineages import group_lineages
from bactrian.discovery.leads.clonotype_choice import CHOSEN, KEY_COLUMNS, choose_clonotypes

AMINO_ACIDS: Final = "^[ACDEFGHIKLMNPQRSTVWY]+$"
BASES: Final = "^[ACGTUN]+$"
NO_CDR3: Final = (
    "The keys are no CDR3s in amino acids, so neither lineages nor CDR3 distances are known: picks "
    "follow the rank alone."
)
EXPLORATORY: Final = "exploratory: no error control"
NO_INPUT: Final = "enrichment not tested: no input"
NO_COMPARATOR: Final = "specificity not tested: no comparator"
# Optional columns of the selection's table and the type of what is missing.
OPTIONAL: Final = {
    "library": pl.String,
    "clonotype": pl.String,
    "reads": pl.Int64,
    "replicates": pl.Int32,
    "comparator": pl.String,
    **dict.fromkeys(("s_shrunken", "s_low", "s_high", "e_shrunken", "e_low", "e_high"), pl.Float64),
    **dict.fromkeys(("p_treat_e", "p_treat_s", "fdr_treat", "log2fc_veto", "fdr_veto"), pl.Float64),
    "vetoed": pl.Boolean,
    "vetoed_by": pl.String,
    "log2fc_a": pl.Float64,
    "fdr_a": pl.Float64,
    "grower": pl.Boolean,
    **dict.fromkeys(("cpm_target", "cpm_input", "cpm_comparator", "fitness"), pl.Float64),
    **dict.fromkeys(("tier_with_takeovers", "tier_cdr3", "tier_clonotype", "tier_lineage"), pl.Int8),
}


def describe_candidates(
    table: pl.DataFrame, clonotypes: pl.DataFrame | None = None, *, designs: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, list[str]]:
    """Add to each tested unit its CDR3, lineage and main clonotype.

    Args:
        table: `Selection.table`: one row per unit and target antigen, one kind of unit.
        clonotypes: `clonotypes.parquet`; None where only keys were counted.
        designs: `Selection.designs`, for antigens whose binders are wanted together.

    Returns:
        The rows in the order of antigen (as in the table), rank, library and key, with all columns of
        `OPTIONAL` and `CHOSEN`, `units_disagree` (words, "" where they agree), `cross_reactive` (the other
        antigens that want and nominate it too, joined by ';') and `label` (what keeps the tiers of the design
        at 0, else ""); and notes as sentences.
    """
    notes: list[str] = []
    absent = [pl.lit(None, kind).alias(name) for name, kind in OPTIONAL.items() if name not in table.columns]
    units = table.with_columns(absent).with_columns(
        pl.col("library").fill_null(""), pl.col("vetoed").fill_null(value=False)
    )
    unit = str(units["unit"][0]) if units.height else "cdr3"
    if clonotypes is None:
        units, note = _from_keys(units, unit)
        notes += [note] if note else []
    else:
        chosen = choose_clonotypes(clonotypes, unit)
        units = units.rename({"clonotype": "clonotype_said"}).join(
            chosen, on=["library", "key"], how="left", maintain_order="left"
        )
        units = units.with_columns(pl.coalesce("clonotype", "clonotype_said").alias("clonotype"))
        units = units.drop("clonotype_said")
    order = {antigen: place for place, antigen in enumerate(units["antigen"].unique(maintain_order=True))}
    units = _mark_cross_reactive(units, designs)
    return (
        units.with_columns(
            units_disagree=_units_disagree(unit),
            label=_label(units, designs),
            antigen_order=pl.col("antigen").replace_strict(order, default=0, return_dtype=pl.Int32),
        )
        .sort("antigen_order", "rank", "library", "key", maintain_order=True)
        .drop("antigen_order")
    ), notes


def _from_keys(units: pl.DataFrame, unit: str) -> tuple[pl.DataFrame, str]:
    """Take CDR3 and lineage from the keys themselves, where these are amino acids."""
    cdr3 = pl.col("key").str.split("_").list.last() if unit == "clonotype" else pl.col("key")
    units = units.with_columns(cdr3=cdr3)
    letters = units["cdr3"].drop_nulls()
    spelled = unit != "lineage" and bool(letters.str.contains(AMINO_ACIDS).all())
    if not letters.len() or not spelled or bool(letters.str.contains(BASES).all()):
        empty = [pl.lit(None, kind).alias(name) for name, kind in CHOSEN.items() if name not in units.columns]
        lineage = pl.col("key") if unit == "lineage" else pl.lit(None, pl.String)
        return units.with_columns(*empty).with_columns(lineage=lineage, cdr3=pl.lit(None, pl.String)), NO_CDR3
    # The same unit stands once per antigen with its own reads; the largest counts.
    reads = units.group_by("library", "key", "cdr3").agg(count=pl.col("reads").fill_null(1).max())
    grouped = [
        group_lineages(own.group_by("cdr3").agg(pl.col("count").sum())).with_columns(
            pl.lit(library, pl.String).alias("library"),
            lineage_members=pl.len().over("lineage").cast(pl.Int64),
        )
        for (library,), own in reads.group_by("library", maintain_order=True)
    ]
    units = units.join(pl.concat(grouped), on=["library", "cdr3"], how="left", maintain_order="left")
    parts = pl.col("key").str.split("_")
    whole = parts.list.len() == len(KEY_COLUMNS)
    if unit == "clonotype":
        units = units.with_columns(
            clonotype=pl.coalesce("clonotype", "key"),
            cdr1=pl.when(whole).then(parts.list.get(0, null_on_oob=True)).replace("?", None),
            cdr2=pl.when(whole).then(parts.list.get(1, null_on_oob=True)).replace("?", None),
        )
    empty = [pl.lit(None, kind).alias(name) for name, kind in CHOSEN.items() if name not in units.columns]
    return units.with_columns(*empty), ""


def _units_disagree(unit: str) -> pl.Expr:
    """Say which other units give the lead another tier."""
    words = [
        pl.when((pl.col(f"tier_{other}") != pl.col("tier")).fill_null(value=False)).then(
            pl.format(f"counted by {name}: Tier {{}}", pl.col(f"tier_{other}"))
        )
        for other, name in (("cdr3", "CDR3"), ("clonotype", "clonotype"), ("lineage", "lineage"))
        if other != unit
    ]
    return pl.concat_list(words).list.drop_nulls().list.join("; ")


def _label(units: pl.DataFrame, designs: pl.DataFrame | None) -> pl.Expr:
    """Say what keeps the tiers of a design at 0, "" where nothing does; without designs the p-values tell."""
    if designs is None:
        if not units.height:
            return pl.lit("")
        lacks = [
            (pl.col("p_e").is_null().all() & pl.col("p_s").is_null().all(), EXPLORATORY),
            (pl.col("log2fc_e").is_null().all(), NO_INPUT),
            (pl.col("log2fc_s").is_null().all(), NO_COMPARATOR),
        ]
        words = [pl.when(lack.over("library", "antigen")).then(pl.lit(word)) for lack, word in lacks]
        return pl.concat_list(words).list.drop_nulls().list.join("; ")
    said = {}
    for row in designs.iter_rows(named=True):
        lacks_of = [(bool(row["exploratory"]), EXPLORATORY), (not row["inputs"], NO_INPUT)]
        lacks_of.append((not row["comparators"], NO_COMPARATOR))
        said[f"{row['library']}\t{row['antigen']}"] = "; ".join(word for lack, word in lacks_of if lack)
    place = pl.concat_str(["library", "antigen"], separator="\t")
    return place.replace_strict(said, default="", return_dtype=pl.String) if said else pl.lit("")


def _mark_cross_reactive(units: pl.DataFrame, designs: pl.DataFrame | None) -> pl.DataFrame:
    """Name the other antigens that nominate a unit, where the design wants binders of both."""
    wanted: dict[tuple[str, str], set[str]] = {}
    if designs is not None:
        antigens = designs.select("library", "antigen").rows()
        for row in designs.iter_rows(named=True):
            place = (row["library"], row["antigen"])
            others = {antigen for library, antigen in antigens if library == place[0]} - {place[1]}
            if "wanted_with" in designs.columns:
                wanted[place] = others & set((row["wanted_with"] or "").split(";"))
            else:
                wanted[place] = others - set((row["comparators"] or "").split(";"))
    if not any(wanted.values()):
        return units.with_columns(cross_reactive=pl.lit("", pl.String))
    nominated: dict[tuple[str, str], list[str]] = {}
    for library, key, antigen in units.filter(pl.col("tier") > 0).select("library", "key", "antigen").rows():
        nominated.setdefault((library, key), []).append(antigen)
    marks = [
        ";".join(
            other
            for other in nominated.get((library, key), ())
            if tier > 0 and other in wanted.get((library, antigen), ())
        )
        for library, key, antigen, tier in units.select("library", "key", "antigen", "tier").iter_rows()
    ]
    return units.with_columns(cross_reactive=pl.Series(marks, dtype=pl.String))
