"""The figure that a campaign is read from: enrichment over input against specificity over the comparators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.leads.marks import (
    CERTAIN,
    NOMINATED,
    PICKED,
    VETOED,
    draw_calls,
    say_thinned,
    thin_cloud,
    unit_tooltip,
)
from bactrian.discovery.figures.leads.results import UNITS
from bactrian.report import Figure
from bactrian.report.words import listing

if TYPE_CHECKING:
    from bactrian.discovery.figures.leads.results import TargetResults

WHISKERS = 96
"""Units whose interval is drawn: a plate of them."""


def draw_effects(target: TargetResults, units: pl.DataFrame, *, rows: int) -> list[Figure]:
    """Draw the change over input against the change over the worst comparator.

    Args:
        target: Results of one antigen.
        units: Its tested units with their `call`.
        rows: Most points of the cloud.

    Returns:
        The figure, or nothing where either change was not tested.
    """
    shrunken = {"e_shrunken", "s_shrunken", "s_low", "s_high"} <= set(units.columns)
    x, y = ("e_shrunken", "s_shrunken") if shrunken else ("log2fc_e", "log2fc_s")
    known = units.drop_nulls([x, y]).filter(pl.col(x).is_finite() & pl.col(y).is_finite())
    if known.is_empty():
        return []
    names = ["key", "call", "rank", x, y, *(["s_low", "s_high"] if shrunken else [])]
    frame = thin_cloud(known.select(names), x, y, rows=rows)
    if shrunken:
        best = (pl.col("rank") <= WHISKERS) & pl.col("call").is_in([CERTAIN, NOMINATED, PICKED])
        frame = frame.with_columns(
            s_low=pl.when(best).then(pl.col("s_low")), s_high=pl.when(best).then(pl.col("s_high"))
        )
    noun = UNITS[target.whole.unit]
    over = "over the worst comparator, log2"
    upright = alt.Axis(title=f"specificity {over}")
    axes = (
        alt.X(f"{x}:Q", axis=alt.Axis(title="enrichment over input, log2")),
        alt.Y(f"{y}:Q", axis=upright),
    )
    tooltip = unit_tooltip(
        noun,
        alt.Tooltip(f"{x}:Q", format=".1f", title="E, log2"),
        alt.Tooltip(f"{y}:Q", format=".1f", title="S, log2"),
    )
    lines = [
        alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(color="var(--line)", strokeWidth=1.5),
        alt.Chart(alt.InlineData(values=[{"at": target.whole.log2fc}])).mark_rule(strokeDash=[4, 4]),
    ]
    layers = [line.encode(x="at:Q") for line in lines] + [line.encode(y="at:Q") for line in lines]
    if shrunken:
        whiskers = alt.Chart().transform_filter("isValid(datum.s_low)").mark_rule(opacity=0.5)
        layers.append(whiskers.encode(x=axes[0], y=alt.Y("s_low:Q", axis=upright), y2="s_high:Q"))
    chart = alt.layer(*layers, *draw_calls(frame, *axes, tooltip=tooltip))
    caption = (
        f"One point a {noun}. Enrichment is the change from input to {target.antigen}; specificity is the "
        f"change from {_worst(target)} to {target.antigen}. Dashed: the least change for a nomination. "
    )
    if shrunken:
        caption += (
            "Both are shrunken towards nought by what is uncertain about them; whiskers: 95 % interval "
            f"of the best {WHISKERS} at most. "
        )
    caption += say_thinned(frame, noun)
    key = f"effects {target.name}"
    labels = ((x, "E (log2)"), (y, "S (log2)"), ("s_low", "S low (log2)"), ("s_high", "S high (log2)"))
    return [
        Figure(
            _title(target, units),
            chart.properties(width="container", height=340),
            frame,
            caption=caption.strip(),
            key=key,
            labels=(("key", noun), *labels, ("units", "stands for")),
        )
    ]


def _worst(target: TargetResults) -> str:
    if len(target.comparators) == 1:
        return target.comparators[0]
    return f"the comparator that speaks most against it ({listing(target.comparators)})"


def _title(target: TargetResults, units: pl.DataFrame) -> str:
    """Say how many rise against everything, and how many are sticky."""
    sticky = units.filter(pl.col("call") == VETOED).height
    rest = f"; {target.count_units(sticky)} more rise on a comparator as well" if sticky else ""
    if target.exploratory and "s_low" in units.columns:
        sure = units.filter(pl.col("s_low") > 0).height
        return (
            f"{sure:,} of {target.count_units(units.height)} have a 95 % interval of specificity above "
            "nought; without replicates the spread is assumed"
        )
    if not target.nominated:
        return f"No {UNITS[target.whole.unit]} rises against input and against every comparator{rest}"
    return f"{target.count_units(target.nominated)} rise against input and against every comparator{rest}"
