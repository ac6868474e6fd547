"""The campaign's own noise floor: what the same rule nominates when labels are swapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.marks import legend
from bactrian.report import Figure
from bactrian.report.words import plural

if TYPE_CHECKING:
    from bactrian.discovery.figures.leads.results import TargetResults

REAL = "real labelling"


def floor_mean(target: TargetResults) -> float | None:
    """Give how many units the label swaps nominate on average, or None without swaps."""
    runs = target.of(target.whole.floors)
    if runs.is_empty():
        return None
    return float(runs["tier1"].mean() or 0.0)  # type: ignore[arg-type]


def say_floor(target: TargetResults) -> str:
    """Say in one sentence what the label swaps nominate and what to expect of it; nothing without swaps."""
    mean = floor_mean(target)
    if mean is None:
        return ""
    runs = plural(target.of(target.whole.floors).height, "run")
    if mean == 0:
        rest = (
            f"little of the {target.nominated:,} nominations should be noise of that kind"
            if target.nominated
            else "and the real labelling nominates nothing"
        )
        return f"Label swaps nominate nothing in {runs}: {rest}."
    said = f"Label swaps nominate {say_mean(mean)} on average ({runs})"
    if not target.nominated:
        return f"{said}; the real labelling nominates none."
    expected = f"so expect about {say_mean(mean)} of the {target.nominated:,} nominations to be such noise"
    return f"{said}, {expected}."


def say_mean(mean: float) -> str:
    """Say a mean count in as many digits as it bears.

    Examples:
        >>> say_mean(0.31), say_mean(0.0), say_mean(12.4)
        ('0.3', '0', '12')
    """
    return f"{mean:.0f}" if mean >= 10 or mean == 0 else f"{mean:.1f}"


def draw_floor(target: TargetResults) -> list[Figure]:
    """Draw the nominations of every swapped labelling beside those of the real one."""
    runs = target.of(target.whole.floors)
    mean = floor_mean(target)
    if mean is None:
        return []
    swaps = (
        runs.unpivot(on=["tier1", "tier2"], index=["kind", "run"], variable_name="tier", value_name="units")
        .group_by("kind", "tier", "units")
        .agg(runs=pl.len())
        .with_columns(labelling=pl.col("kind").str.replace_all("_", " "))
        .drop("kind")
    )
    real = pl.DataFrame(
        {
            "tier": ["tier1", "tier2"],
            "units": [target.nominated, target.certain],
            "runs": [1, 1],
            "labelling": [REAL, REAL],
        }
    )
    columns = ["labelling", "tier", "units", "runs"]
    tiers = {"tier1": "nominated (Tier 1 or 2)", "tier2": "high confidence (Tier 2)"}
    frame = pl.concat(
        [
            real.select(pl.col("labelling", "tier"), pl.col("units", "runs").cast(pl.Int64)),
            swaps.select(pl.col("labelling", "tier"), pl.col("units", "runs").cast(pl.Int64)),
        ]
    ).with_columns(pl.col("tier").replace(tiers))
    frame = frame.select(columns).sort(
        pl.col("labelling") != REAL, "labelling", "tier", "units", maintain_order=True
    )
    order = frame["labelling"].unique(maintain_order=True).to_list()
    held = list(tiers.values())
    top = float(max(frame["units"].max(), 5))  # type: ignore[type-var,arg-type]
    ticks = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
    chart = (
        alt.Chart()
        .mark_point(opacity=0.9, stroke="var(--ink-2)", strokeWidth=0.8)
        .encode(
            x=alt.X(
                "units:Q",
                scale=alt.Scale(type="symlog", constant=2, domain=[-0.4, top * 1.1], nice=False),
                axis=alt.Axis(
                    title="nominations, log scale above 2",
                    values=[tick for tick in ticks if tick <= top * 1.1],
                ),
            ),
            y=alt.Y("labelling:N", sort=order, axis=alt.Axis(title=None, labelLimit=170)),
            yOffset=alt.YOffset("tier:N", sort=held),
            size=alt.Size("runs:Q", scale=alt.Scale(domainMin=1, range=[70, 420]), legend=None),
            color=alt.Color(
                "tier:N",
                scale=alt.Scale(domain=held, range=["var(--mark-2)", "var(--mark-1)"]),
                legend=legend(),
            ),
            shape=alt.Shape(
                "tier:N", scale=alt.Scale(domain=held, range=["diamond", "circle"]), legend=legend()
            ),
            tooltip=[
                alt.Tooltip("labelling:N"),
                alt.Tooltip("tier:N"),
                alt.Tooltip("units:Q", format=",", title="nominations"),
                alt.Tooltip("runs:Q", format=",", title="runs"),
            ],
        )
        .properties(width="container", height=max(120, 64 * len(order)))
    )
    number = target.nominated
    swapped = f"nominate {say_mean(mean)} on average" if mean else f"nominate nothing in {runs.height} runs"
    title = f"Label swaps {swapped}; the real labelling nominates {number:,}"
    caption = (
        "Some target selections and as many of a comparator change places and the same tests run again; "
        "larger marks stand for more runs. A binder cannot pass then, since too few of its own selections "
        "are left on the target side: what passes is the noise of this campaign, its jackpots and its depth."
    )
    return [
        Figure(
            title,
            chart,
            frame,
            caption=caption,
            key=f"noise {target.name}",
            labels=(("units", "nominations"),),
        )
    ]
