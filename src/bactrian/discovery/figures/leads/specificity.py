"""Specificity: how much of each unit stands on the target and how much on one comparator, in CPM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.leads.marks import (
    BEND,
    CERTAIN,
    NOMINATED,
    PICKED,
    VETOED,
    count_axis,
    count_scale,
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


def count_panels(targets: int) -> int:
    """Give how many comparators of each antigen a page of so many antigens draws."""
    return min(PANELS, max(2, 12 // targets))


def draw_specificity(
    target: TargetResults, units: pl.DataFrame, *, rows: int, panels: int = PANELS
) -> list[Figure]:
    """Draw target against comparator, one figure a comparator.

    Args:
        target: Results of one antigen.
        units: Its tested units with their `call`.
        rows: Most points of a cloud.
        panels: Most comparators.

    Returns:
        One figure for each comparator whose counts are known.
    """
    contrasts = target.of(target.whole.contrasts)
    if contrasts.is_empty() or "cpm_target" not in units.columns:
        return []
    names = ["comparator", "log2fc", "fdr", *(["cpm"] if "cpm" in contrasts.columns else [])]
    known = units.select("key", "call", "rank", "cpm_target").join(
        contrasts.select("key", *names), on="key", maintain_order="left"
    )
    best = pl.col("call").is_in([CERTAIN, NOMINATED, PICKED])
    order = (
        known.group_by("comparator", maintain_order=True)
        .agg(least=pl.col("log2fc").filter(best).min())
        .sort("least", "comparator", nulls_last=True)["comparator"]
        .to_list()
    )
    figures = []
    for place, name in enumerate(order[:panels], start=1):
        own = known.filter(pl.col("comparator") == name)
        if "cpm" not in own.columns:
            own = own.join(comparator_cpm(target, name), on="key", how="left", maintain_order="left")
        counted = own.drop_nulls(["cpm_target", "cpm"]).rename({"cpm": "cpm_comparator"})
        if not counted.is_empty():
            absent = own.height - counted.height
            figures.append(_draw_comparator(target, counted, name, rows=rows, place=place, absent=absent))
    return figures


def comparator_cpm(target: TargetResults, comparator: str) -> pl.DataFrame:
    """Give the mean CPM on one comparator of the units for which it is known: key, cpm.

    It is known of the units that this comparator decides, and of those whose single counts are kept.
    """
    decided = target.table.filter(pl.col("comparator") == comparator).select("key", cpm="cpm_comparator")
    counted = target.of(target.whole.replicates)
    if counted.is_empty():
        return decided
    own = counted.filter(pl.col("comparator") == comparator).group_by("key", maintain_order=True)
    means = own.agg(pl.col("cpm").mean())
    return pl.concat([decided, means]).unique("key", keep="first", maintain_order=True)


def _draw_comparator(
    target: TargetResults, known: pl.DataFrame, comparator: str, *, rows: int, place: int, absent: int
) -> Figure:
    """Draw one comparator."""
    noun, fold = UNITS[target.whole.unit], 2.0**target.whole.log2fc
    bent = [(pl.col(f"cpm_{side}") / BEND).log1p().alias(f"_{side}") for side in ("comparator", "target")]
    names = ["key", "call", "rank", "cpm_target", "cpm_comparator", "log2fc", "fdr", "_comparator", "_target"]
    cloud = known.with_columns(bent).select(names)
    frame = thin_cloud(cloud, "_comparator", "_target", rows=rows).drop("_comparator", "_target")
    top = 1.1 * max(float(frame[name].max() or 0) for name in ("cpm_target", "cpm_comparator"))  # type: ignore[arg-type]
    top = max(top, 10 * BEND)
    said = f"log scale above {BEND:g}"
    axes = (
        alt.X(
            "cpm_comparator:Q",
            scale=count_scale(top=top),
            axis=count_axis(f"CPM on {comparator}, {said}", top=top),
        ),
        alt.Y(
            "cpm_target:Q",
            scale=count_scale(top=top),
            axis=count_axis(f"CPM on {target.antigen}, {said}", top=top),
        ),
    )
    ends = [
        {"line": label, "cpm_comparator": x, "cpm_target": times * (x + BEND) - BEND}
        for label, times in (("equal", 1.0), (f"{fold:g}×", fold))
        for x in (0.0, (top + BEND) / times - BEND)
    ]
    drawn = alt.Chart(alt.InlineData(values=ends))
    dashes = alt.Scale(domain=["equal", f"{fold:g}×"], range=[[1, 0], [4, 4]])
    lines = drawn.mark_line(color="var(--ink-2)", strokeWidth=1.2).encode(
        x=axes[0], y=axes[1], strokeDash=alt.StrokeDash("line:N", scale=dashes, legend=None)
    )
    named = [
        alt.Chart(alt.InlineData(values=[end]))
        .mark_text(align="right", dx=across, dy=down, color="var(--ink-2)")
        .encode(x=axes[0], y=axes[1], text="line:N")
        for end, across, down in ((ends[1], -4, 22), (ends[3], -12, 6))
    ]
    tooltip = unit_tooltip(
        noun,
        alt.Tooltip("cpm_target:Q", format=",.0f", title=f"CPM on {target.antigen}"),
        alt.Tooltip("cpm_comparator:Q", format=",.0f", title=f"CPM on {comparator}"),
        alt.Tooltip("log2fc:Q", format=".1f", title="log2 fold change"),
        alt.Tooltip("fdr:Q", format=".2g", title="FDR"),
    )
    chart = alt.layer(lines, *named, *draw_calls(frame, *axes, tooltip=tooltip))
    caption = (
        f"One point a {noun}, mean of the replicates. Solid: equal on both; dashed: {fold:g} times as much "
        f"on {target.antigen}, with {BEND:g} CPM added to both as for a consistent replicate. "
    )
    if absent:
        caption += f"{target.count_units(absent)} of low rank, decided by other comparators, are not drawn. "
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
    what = "nominated" if target.nominated else "picked"
    return (
        f"The median {what} {UNITS[target.whole.unit]} is {fold} as abundant on {target.antigen} "
        f"as on {comparator}"
    )
