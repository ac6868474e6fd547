"""Specificity: how much of each unit stands on the target and how much on one comparator, in CPM."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.leads.marks import (
    CERTAIN,
    NOMINATED,
    PICKED,
    SHORT,
    VETOED,
    draw_calls,
    say_thinned,
    thin_cloud,
    unit_tooltip,
)
from bactrian.discovery.figures.leads.results import UNITS
from bactrian.discovery.selection.reasons import say_fold
from bactrian.report import Figure

if TYPE_CHECKING:
    from bactrian.discovery.figures.leads.results import TargetResults

PANELS = 6
"""Comparators drawn, those that speak against most nominations first; the files list all."""

LEAST = 0.1
"""CPM at which the logarithmic axes begin; less is drawn there."""


def draw_specificity(target: TargetResults, units: pl.DataFrame, *, rows: int) -> list[Figure]:
    """Draw target against comparator, one figure a comparator.

    Args:
        target: Results of one antigen.
        units: Its tested units with their `call`.
        rows: Most points of a cloud.

    Returns:
        One figure for each comparator, at most `PANELS`.
    """
    contrasts = target.of(target.whole.contrasts)
    if contrasts.is_empty() or "cpm_target" not in units.columns:
        return []
    known = units.select("key", "call", "rank", "cpm_target").join(
        contrasts.select("key", "comparator", "log2fc", "fdr"), on="key", maintain_order="left"
    )
    known = known.drop_nulls(["log2fc", "cpm_target"]).filter(
        pl.col("log2fc").is_finite() & pl.col("cpm_target").is_finite()
    )
    # The comparator's CPM that the tested change implies: nought keeps a place, and the lines are the test's.
    known = known.with_columns(cpm_target=pl.col("cpm_target").clip(lower_bound=LEAST)).with_columns(
        cpm_comparator=(pl.col("cpm_target") / (2.0 ** pl.col("log2fc"))).clip(lower_bound=LEAST)
    )
    best = pl.col("call").is_in([CERTAIN, NOMINATED, PICKED])
    against = known.group_by("comparator", maintain_order=True).agg(
        sticky=((pl.col("log2fc") <= target.whole.log2fc) & ~best).sum(),
        least=pl.col("log2fc").filter(best).min(),
    )
    order = against.sort("least", "comparator", nulls_last=True)["comparator"].to_list()
    return [
        _draw_comparator(target, known.filter(pl.col("comparator") == name), name, rows=rows, place=place)
        for place, name in enumerate(order[:PANELS], start=1)
    ]


def _draw_comparator(
    target: TargetResults, known: pl.DataFrame, comparator: str, *, rows: int, place: int
) -> Figure:
    """Draw one comparator."""
    noun, limits = UNITS[target.whole.unit], target.whole
    names = ["key", "call", "rank", "cpm_target", "cpm_comparator", "log2fc", "fdr", "_x", "_y"]
    placed = known.with_columns(_x=pl.col("cpm_comparator").log10(), _y=pl.col("cpm_target").log10())
    frame = thin_cloud(placed.select(names), "_x", "_y", rows=rows).drop("_x", "_y")
    top = max(float(frame[name].max() or 1.0) for name in ("cpm_target", "cpm_comparator"))  # type: ignore[arg-type]
    domain = [LEAST, 10.0 ** math.ceil(math.log10(top))]
    scale = alt.Scale(type="log", domain=domain, nice=False)
    ticks = [10.0**power for power in range(-1, round(math.log10(domain[1])) + 1)]
    axes = (
        alt.X(
            "cpm_comparator:Q",
            scale=scale,
            axis=alt.Axis(title=f"CPM on {comparator}, log scale", values=ticks, labelExpr=SHORT),
        ),
        alt.Y(
            "cpm_target:Q",
            scale=scale,
            axis=alt.Axis(title=f"CPM on {target.antigen}, log scale", values=ticks, labelExpr=SHORT),
        ),
    )
    fold = 2.0**limits.log2fc
    ends = [
        {"line": label, "cpm_comparator": x, "cpm_target": x * times}
        for label, times in (("equal", 1.0), (f"{fold:g}×", fold))
        for x in (domain[0], domain[1] / times)
    ]
    drawn = alt.Chart(alt.InlineData(values=ends))
    strokes = alt.StrokeDash(
        "line:N", scale=alt.Scale(domain=["equal", f"{fold:g}×"], range=[[1, 0], [4, 4]]), legend=None
    )
    lines = drawn.mark_line(color="var(--ink-2)", strokeWidth=1.2).encode(
        x=axes[0], y=axes[1], strokeDash=strokes
    )
    named = [
        alt.Chart(alt.InlineData(values=[end]))
        .mark_text(align="right", dx=-8, dy=down, color="var(--ink-2)")
        .encode(x=axes[0], y=axes[1], text="line:N")
        for end, down in ((ends[1], 24), (ends[3], 6))
    ]
    tooltip = unit_tooltip(
        noun,
        alt.Tooltip("cpm_target:Q", format=",.0f", title=f"CPM on {target.antigen}"),
        alt.Tooltip("cpm_comparator:Q", format=",.1f", title=f"CPM on {comparator}"),
        alt.Tooltip("log2fc:Q", format=".1f", title="log2 fold change"),
        alt.Tooltip("fdr:Q", format=".2g", title="FDR"),
    )
    chart = alt.layer(lines, *named, *draw_calls(frame, *axes, tooltip=tooltip))
    caption = (
        f"One point a {noun}, mean of the replicates. CPM on {comparator} is the CPM on {target.antigen} "
        "divided by the fold change that was tested, so that what was never seen has a place. "
        f"Solid: equal on both; dashed: {fold:g} times more on {target.antigen}. "
    )
    labels = (
        ("key", noun),
        ("cpm_target", f"CPM on {target.antigen}"),
        ("cpm_comparator", f"CPM on {comparator}"),
        ("log2fc", "log2 fold change"),
        ("fdr", "FDR"),
        ("units", "stands for"),
    )
    return Figure(
        _title(target, known, comparator),
        chart.properties(width="container", height=320),
        frame,
        caption=(caption + say_thinned(frame, noun)).strip(),
        key=f"specificity {target.name} {place}",
        labels=labels,
    )


def _title(target: TargetResults, known: pl.DataFrame, comparator: str) -> str:
    """Say how far nominated units stand above a comparator, or that none does."""
    best = known.filter(pl.col("call").is_in([CERTAIN, NOMINATED, PICKED]))
    sticky = known.filter(pl.col("call") == VETOED).height
    if best.is_empty():
        title = f"No {UNITS[target.whole.unit]} is nominated above {comparator}"
        return f"{title}; {target.count_units(sticky)} rise on a comparator too" if sticky else title
    fold = say_fold(float(best["log2fc"].median() or 0.0))  # type: ignore[arg-type]
    what = "nominated" if not target.exploratory else "picked"
    return (
        f"The median {what} {UNITS[target.whole.unit]} is {fold} as abundant on {target.antigen} "
        f"as on {comparator}"
    )
