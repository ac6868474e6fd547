"""Figures of diversity: rarefaction with the depth still needed, and agreement between samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.marks import arm_colour, arms, legend, percent_axis, with_sheet
from bactrian.report import Figure
from bactrian.report.words import plural, share

if TYPE_CHECKING:
    from bactrian.discovery.figures.results import ScreenResults

KINDS = {"selection": "replicate selections", "technical": "repeats of one pool"}

CLOSE = 0.05
"""Gap to the asymptote below which a sample is said to be read out."""


def draw_rarefaction(results: ScreenResults) -> list[Figure]:
    """Draw how many units fewer or more molecules would show, per sample."""
    curves = results.rarefaction
    if curves.is_empty():
        return []
    if "scope" in curves.columns:
        curves = curves.filter(pl.col("scope") == "sample").rename({"name": "sample"})
    frame = with_sheet(curves, results.samples)
    if frame.is_empty():
        return []
    frame = frame.select(
        name
        for name in ("sample", "arm", "reads", "kind", "expected", "low", "high")
        if name in frame.columns
    )
    x = alt.X("reads:Q", axis=alt.Axis(title="productive molecules", format="~s", tickCount=8))
    y = alt.Y("expected:Q", axis=alt.Axis(title="distinct CDR3s expected", format="~s"))
    tooltip = [
        alt.Tooltip("sample:N"),
        alt.Tooltip("reads:Q", format=",", title="molecules"),
        alt.Tooltip("expected:Q", format=",.0f", title="CDR3s"),
        alt.Tooltip("kind:N"),
    ]
    base = alt.Chart().encode(x=x, y=y, detail="sample:N", color=arm_colour(arms(frame)), tooltip=tooltip)
    layers: list[alt.Chart] = []
    layers += [
        base.transform_filter("datum.kind != 'extrapolated'").mark_line(strokeWidth=1.5),
        base.transform_filter("datum.kind != 'rarefied'").mark_line(strokeWidth=1.5, strokeDash=[4, 4]),
        base.transform_filter("datum.kind == 'observed'").mark_point(size=35, opacity=1),
    ]
    if {"low", "high"} <= set(frame.columns):
        frame = frame.with_columns(last=pl.col("reads") == pl.col("reads").max().over("sample"))
        ends = alt.Chart().transform_filter("datum.last || datum.kind == 'observed'").mark_rule(strokeWidth=1)
        layers.append(ends.encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=arm_colour(arms(frame))))
    chart = alt.layer(*layers).properties(width="container", height=340)
    caption = (
        "One line a sample: solid up to the depth read (dot), dashed beyond it, which is a lower bound. "
        "Whiskers at the dot and at the end: 95 % interval."
    )
    return [Figure(_depth_title(results), chart, frame, caption=caption, key="rarefaction", wide=True)]


def draw_agreement(results: ScreenResults) -> list[Figure]:
    """Draw how much of their molecules replicates share, by group."""
    needs = {"kind", "sample_a", "sample_b", "bray_curtis"}
    if results.agreement.is_empty() or not needs <= set(results.agreement.columns):
        return []
    named = [name for name in ("library", "arm", "antigen", "round") if name in results.agreement.columns]
    if len(results.values("library")) < 2 and "library" in named:
        named.remove("library")
    labels = [pl.col(name).cast(pl.String).str.replace(r"^(\d+)$", "round $1") for name in named]
    frame = (
        results.agreement.filter(pl.col("bray_curtis").is_finite())
        .with_columns(
            shared=1 - pl.col("bray_curtis"),
            group=pl.concat_str(labels, separator=" ", ignore_nulls=True) if labels else pl.lit("all"),
            kind=pl.col("kind").replace(KINDS),
        )
        .select("kind", "group", "sample_a", "sample_b", "shared", "bray_curtis")
    )
    if frame.is_empty():
        return []
    kinds = [words for words in KINDS.values() if words in set(frame["kind"])]
    first = frame.filter(pl.col("kind") == kinds[0]).sort("shared")
    title = (
        f"Two {kinds[0]} have {share(first['shared'].median(), digits=0)} of their molecules in common "  # type: ignore[arg-type]
        f"(median of {plural(first.height, 'pair')})"
    )
    if first.height > 1:
        lowest = first.row(0, named=True)
        title += f"; least {share(lowest['shared'], digits=0)}, {lowest['sample_a']} and {lowest['sample_b']}"
    order = frame["group"].unique(maintain_order=True).to_list()
    scale = alt.Scale(domain=kinds, range=["var(--mark-1)", "var(--mark-4)"][: len(kinds)])
    shapes = alt.Scale(domain=kinds, range=["circle", "diamond"][: len(kinds)])
    chart = (
        alt.Chart()
        .mark_point(size=80, opacity=0.8)
        .encode(
            x=alt.X(
                "shared:Q",
                axis=percent_axis("molecules in common (1 − Bray–Curtis)"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y=alt.Y("group:N", sort=order, axis=alt.Axis(title=None, grid=True, labelLimit=160)),
            color=alt.Color("kind:N", scale=scale, legend=legend()),
            shape=alt.Shape("kind:N", scale=shapes, legend=legend()),
            tooltip=[
                alt.Tooltip("sample_a:N", title="sample"),
                alt.Tooltip("sample_b:N", title="and"),
                alt.Tooltip("shared:Q", format=".1%", title="in common"),
                alt.Tooltip("kind:N"),
            ],
        )
        .properties(width="container", height=26 * len(order))
    )
    caption = (
        "Each mark is a pair of samples of one group. Compare pairs of like depth: "
        "shallow samples have less in common."
    )
    return [Figure(title, chart, frame, caption=caption, key="agreement")]


def cdr3_diversity(diversity: pl.DataFrame) -> pl.DataFrame:
    """Give the rows on CDR3s, with figures that cannot be had as missing."""
    if "space" in diversity.columns:
        diversity = diversity.filter(pl.col("space") == "cdr3")
    floats = [name for name, kind in diversity.schema.items() if kind.is_float()]
    return diversity.with_columns(
        pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in floats
    )


def _depth_title(results: ScreenResults) -> str:
    """Say how much of what there is was seen, and how much deeper one would have to read."""
    table = cdr3_diversity(results.diversity)
    plain = "Distinct CDR3s at smaller and greater depth"
    if table.is_empty():
        return plain
    # One molecule, or none, says nothing of what else there is.
    told = table.filter((pl.col("chao1") > 0) & (pl.col("reads") > 1))
    seen = told.select((pl.col("observed") / pl.col("chao1")).alias("seen"))["seen"]
    middle = seen.median()
    if not isinstance(middle, float):
        return plain
    if middle >= 1 - CLOSE:
        return f"The depth is enough: the median sample shows {share(middle, digits=0)} of the CDR3s it holds"
    title = f"The median sample shows at most {share(middle, digits=0)} of the CDR3s it holds"
    if "depth_for_coverage" in table.columns:
        usable = table.drop_nulls("depth_for_coverage").filter(pl.col("reads") > 0)
        times = (usable["depth_for_coverage"] / usable["reads"]).median()
        if isinstance(times, float) and times > 1:
            target = share(results.coverage_target, digits=0)
            title += (
                f"; to see those that make up {target} of its molecules takes {times:.1f} times the depth"
            )
    return title
