"""Replicates: the counts of the best leads dot by dot, and how well independent selections agree."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import polars as pl

from bactrian.discovery.figures.leads.marks import BEND, count_axis, count_scale
from bactrian.discovery.figures.leads.results import UNITS
from bactrian.discovery.figures.marks import legend
from bactrian.discovery.selection.consistency import FOLD, PRIOR_CPM
from bactrian.report import Figure
from bactrian.report.palette import ROLE_SHAPES, ROLES

if TYPE_CHECKING:
    from bactrian.discovery.figures.leads.results import TargetResults

SHOWN = 24
"""Leads drawn one a row: as many as can be compared at once; every lead has its dots in its card."""

ARMS = {"target": "target", "comparator": "counter", "input": "input", "control": "control"}
"""Which arm's colour and shape a role of the test takes."""


def draw_dots(target: TargetResults) -> list[Figure]:
    """Draw each replicate of the best leads on target, comparators and input."""
    counted, leads = target.of(target.whole.replicates), target.leads
    if counted.is_empty() or leads.is_empty():
        return []
    shown = leads.head(SHOWN).select("key", "pick", label=_labels(leads.head(SHOWN)))
    frame = counted.join(shown, on="key").sort("pick", "role", "column", maintain_order=True)
    if frame.is_empty():
        return []
    frame = frame.select("label", "key", "column", "role", "cpm").filter(pl.col("role").is_in(list(ARMS)))
    roles = [role for role in ARMS if role in set(frame["role"].to_list())]
    top = float(frame["cpm"].max() or BEND)  # type: ignore[arg-type]
    rows = alt.Y(
        "label:N",
        sort=shown["label"].to_list(),
        axis=alt.Axis(
            title=None,
            grid=True,
            labelFont="monospace",
            labelFontSize=11,
            labelLimit=alt.ExprRef(expr="width < 380 ? 120 : 240"),
        ),
    )
    chart = (
        alt.Chart()
        .mark_point(size=45, opacity=0.85)
        .encode(
            x=alt.X(
                "cpm:Q",
                scale=count_scale(top=top),
                axis=count_axis("normalised CPM, log scale above 20", top=top),
            ),
            y=rows,
            yOffset=alt.YOffset("role:N", sort=roles),
            color=alt.Color(
                "role:N",
                scale=alt.Scale(domain=roles, range=[ROLES[ARMS[role]] for role in roles]),
                legend=legend(),
            ),
            shape=alt.Shape(
                "role:N",
                scale=alt.Scale(domain=roles, range=[ROLE_SHAPES[ARMS[role]] for role in roles]),
                legend=legend(),
            ),
            tooltip=[
                alt.Tooltip("key:N", title=UNITS[target.whole.unit]),
                alt.Tooltip("column:N", title="selection or sample"),
                alt.Tooltip("role:N"),
                alt.Tooltip("cpm:Q", format=",.0f", title="CPM"),
            ],
        )
        .properties(width="container", height=26 * shown.height)
    )
    caption = (
        f"The best {shown.height} leads, one dot for each independent selection or input sample at the "
        f"decisive rounds. A replicate is consistent when its CPM + {PRIOR_CPM:g} is more than {FOLD:g} "
        f"times (CPM + {PRIOR_CPM:g}) of every comparator and input dot in its row."
    )
    return [
        Figure(
            _dots_title(target, leads),
            chart,
            frame,
            caption=caption,
            key=f"replicates {target.name}",
            labels=(("label", "lead"), ("key", UNITS[target.whole.unit]), ("cpm", "CPM")),
        )
    ]


def draw_agreement(target: TargetResults) -> list[Figure]:
    """Draw one replicate selection against another, where there are at least two."""
    counted = target.of(target.whole.replicates)
    if counted.is_empty():
        return []
    wide = counted.filter(pl.col("role") == "target").pivot(on="column", index="key", values="cpm")
    wide = wide.drop_nulls()
    names = [name for name in wide.columns if name != "key"]
    if len(names) < 2 or wide.height < 3:
        return []
    pairs = [(rank_correlation(wide[a], wide[b]), a, b) for a, b in combinations(names, 2)]
    least, first, second = min(pairs)
    tiers = target.table.select("key", nominated=pl.col("tier") >= 1)
    frame = wide.select("key", a=first, b=second).join(tiers, on="key", how="left", maintain_order="left")
    frame = frame.with_columns(unit=pl.when("nominated").then(pl.lit("nominated")).otherwise(pl.lit("other")))
    frame = frame.drop("nominated").sort("unit", descending=True, maintain_order=True)
    top = float(max(frame["a"].max(), frame["b"].max()))  # type: ignore[type-var,arg-type]
    kinds = [kind for kind in ("nominated", "other") if kind in set(frame["unit"].to_list())]
    looks = {"nominated": ("var(--mark-1)", "circle"), "other": ("var(--mark-5)", "diamond")}
    ends = [{"a": 0.0, "b": 0.0}, {"a": top, "b": top}]
    line = alt.Chart(alt.InlineData(values=ends)).mark_line(color="var(--ink-2)", strokeWidth=1)
    x = alt.X(
        "a:Q", scale=count_scale(top=top), axis=count_axis(f"CPM in {first}, log scale above 20", top=top)
    )
    y = alt.Y(
        "b:Q", scale=count_scale(top=top), axis=count_axis(f"CPM in {second}, log scale above 20", top=top)
    )
    points = (
        alt.Chart()
        .mark_point(size=36, opacity=0.8)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "unit:N",
                scale=alt.Scale(domain=kinds, range=[looks[kind][0] for kind in kinds]),
                legend=legend(),
            ),
            shape=alt.Shape(
                "unit:N",
                scale=alt.Scale(domain=kinds, range=[looks[kind][1] for kind in kinds]),
                legend=legend(),
            ),
            tooltip=[
                alt.Tooltip("key:N", title=UNITS[target.whole.unit]),
                alt.Tooltip("a:Q", format=",.0f", title=f"CPM in {first}"),
                alt.Tooltip("b:Q", format=",.0f", title=f"CPM in {second}"),
            ],
        )
    )
    # The lowest correlation is drawn, so that the figure never flatters.
    title = (
        f"Replicate selections rank the best units alike with a correlation of {least:.2f}"
        if len(pairs) == 1
        else f"Of {len(pairs)} pairs of replicates the least alike rank the best units with correlation "
        f"{least:.2f}"
    )
    caption = (
        f"{target.count_units(frame.height)}: the nominated and those of best rank, in {first} and {second}; "
        "Spearman's rank correlation. Away from the line a unit rose in one selection alone."
    )
    return [
        Figure(
            title,
            alt.layer(line.encode(x=x, y=y), points).properties(width="container", height=320),
            frame,
            caption=caption,
            key=f"agreement {target.name}",
            labels=(("key", UNITS[target.whole.unit]), ("a", f"CPM in {first}"), ("b", f"CPM in {second}")),
        )
    ]


def rank_correlation(first: pl.Series, second: pl.Series) -> float:
    """Give Spearman's rank correlation; nought where one side does not vary."""
    ranks = [series.rank(method="average").to_numpy() for series in (first, second)]
    if min(float(np.ptp(rank)) for rank in ranks) == 0:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _labels(leads: pl.DataFrame) -> pl.Expr:
    """Give each lead's label: its place and its CDR3, or its key."""
    sequence = pl.col("cdr3") if "cdr3" in leads.columns else pl.col("key")
    return pl.format("{}  {}", pl.col("pick"), pl.coalesce(sequence, "key"))


def _dots_title(target: TargetResults, leads: pl.DataFrame) -> str:
    """Say in how many leads every replicate is consistent."""
    if "replicates_consistent" not in leads.columns or target.replicates < 2:
        return f"{target.count_units(leads.height)} picked on one selection; nothing shows that they repeat"
    whole = leads.filter(pl.col("replicates_consistent") >= target.replicates).height
    many = "both" if target.replicates == 2 else f"all {target.replicates}"
    return f"{whole:,} of {leads.height:,} leads stand above every reference in {many} replicates"
