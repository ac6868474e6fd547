"""Several antigens side by side: how many units each nominates, and against which noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.leads.noise import floor_mean
from bactrian.discovery.figures.leads.results import UNITS
from bactrian.discovery.figures.marks import legend
from bactrian.report import Column, Figure, Table
from bactrian.report.tables import present
from bactrian.report.words import anchor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bactrian.discovery.figures.leads.results import TargetResults
    from bactrian.report.palette import State

KINDS = {
    "nominated (Tier 1 or 2)": ("var(--mark-2)", "diamond"),
    "high confidence (Tier 2)": ("var(--mark-1)", "circle"),
    "label swaps, mean": ("var(--mark-4)", "cross"),
}
TICKS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]


def draw_overview(targets: Sequence[TargetResults]) -> list[Figure]:
    """Draw the nominations of every antigen and what its label swaps nominate, where there are any."""
    if not any(target.nominated or floor_mean(target) is not None for target in targets):
        return []
    rows = [
        {"antigen": target.name, "kind": kind, "units": float(number)}
        for target in targets
        for kind, number in zip(KINDS, (target.nominated, target.certain, floor_mean(target)), strict=True)
        if number is not None
    ]
    frame = pl.DataFrame(rows)
    top = 1.15 * max(5.0, float(frame["units"].max() or 0))  # type: ignore[arg-type]
    held = [kind for kind in KINDS if kind in set(frame["kind"].to_list())]
    order = [target.name for target in targets]
    base = alt.Chart().encode(
        y=alt.Y("antigen:N", sort=order, axis=alt.Axis(title=None, grid=True, labelLimit=160))
    )
    x = alt.X(
        "units:Q",
        scale=alt.Scale(type="symlog", constant=2, domain=[-0.4, top], nice=False),
        axis=alt.Axis(
            title=f"{UNITS[targets[0].whole.unit]}s, log scale above 2",
            values=[tick for tick in TICKS if tick <= top],
        ),
    )
    points = base.mark_point(size=90, opacity=1, stroke="var(--ink-2)", strokeWidth=0.8).encode(
        x=x,
        color=alt.Color(
            "kind:N", scale=alt.Scale(domain=held, range=[KINDS[kind][0] for kind in held]), legend=legend()
        ),
        shape=alt.Shape(
            "kind:N", scale=alt.Scale(domain=held, range=[KINDS[kind][1] for kind in held]), legend=legend()
        ),
        tooltip=[alt.Tooltip("antigen:N"), alt.Tooltip("kind:N"), alt.Tooltip("units:Q", format=",.1f")],
    )
    with_some = [target for target in targets if target.nominated]
    noun = UNITS[targets[0].whole.unit]
    title = f"No antigen has a nominated {noun}"
    if with_some:
        best = max(with_some, key=lambda target: target.nominated)
        title = (
            f"{len(with_some)} of {len(targets)} antigens have nominated {noun}s; "
            f"most {best.name} with {best.nominated:,}"
        )
    caption = (
        "Nominations of the real labelling against the mean of the label swaps. An antigen without swaps has "
        "no cross; one without error control nominates nothing by rule."
    )
    height = max(110, 30 * len(order))
    return [
        Figure(
            title,
            points.properties(width="container", height=height),
            frame,
            caption=caption,
            key="overview",
            wide=True,
        )
    ]


def list_antigens(targets: Sequence[TargetResults]) -> Table:
    """List the antigens with what each found; each name leads to its part of the page."""
    states: dict[str, State] = {"exploratory": "waiting", "no nominations": "waiting", "nominated": "good"}
    rows = [
        {
            "antigen": target.name,
            "place": f"#{anchor(target.name)}",
            "state": "exploratory"
            if target.exploratory
            else "nominated"
            if target.nominated
            else "no nominations",
            "tier1": target.nominated,
            "tier2": target.certain,
            "leads": target.leads.height,
            "near_misses": target.near_misses.height,
            "swaps": floor_mean(target),
            "replicates": target.replicates,
            "comparators": ", ".join(target.comparators) or None,
            "tested": int(target.design["n_tested"]),
        }
        for target in targets
    ]
    frame = pl.DataFrame(rows, schema_overrides={"swaps": pl.Float64, "comparators": pl.String})
    columns = (
        Column("antigen", "Antigen", link="place"),
        Column("state", "State", "flags", states=states),
        Column("tier1", "Nominated", "count", unit="Tier 1 or 2"),
        Column("tier2", "High confidence", "count", unit="Tier 2"),
        Column("leads", "Leads", "count", unit="picked"),
        Column("near_misses", "Near misses", "count"),
        Column("swaps", "Label swaps", "number", unit="mean", missing="no swap is possible"),
        Column("replicates", "Replicates", "count"),
        Column("comparators", "Compared with", missing="nothing: specificity is not tested"),
        Column("tested", "Tested", "count"),
    )
    return Table("Antigens", frame, present(columns, frame))
