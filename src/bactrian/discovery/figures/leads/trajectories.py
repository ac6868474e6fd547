"""Trajectories: how the best leads rise over the rounds on the target, and not on the other arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.leads.marks import BEND, count_axis, count_scale
from bactrian.discovery.figures.leads.results import UNITS
from bactrian.discovery.figures.marks import legend
from bactrian.report import Figure
from bactrian.report.palette import ROLE_SHAPES, ROLES

if TYPE_CHECKING:
    from bactrian.discovery.figures.leads.results import TargetResults

SHOWN = 8
"""Leads drawn: more lines cannot be told apart; every lead has its lines in its card."""

CLOSE = 0.045
"""Share of the height below which two labels would cover each other."""


def side_rounds(target: TargetResults) -> pl.DataFrame:
    """Give the CPM of the units worth showing, per round: key, selection, side, round, cpm.

    The side is `target`, `counter` for everything it is compared with, `input` (round 0) or `control`.
    Samples that were left out of the test, and arms that are no comparator, have no rows.
    """
    counted = target.of(target.whole.trajectories)
    if counted.is_empty():
        return counted
    panned = pl.col("panned_on").fill_null("")
    compared = pl.col("arm").is_in(["counter", "irrelevant"]) | panned.is_in(target.comparators)
    side = (
        pl.when(pl.col("arm").is_in(["input", "control"]))
        .then(pl.col("arm"))
        .when((pl.col("arm") == "target") & (panned == target.antigen))
        .then(pl.lit("target"))
        .when(compared)
        .then(pl.lit("counter"))
    )
    rows = counted.with_columns(side=side).filter(pl.col("side").is_not_null())
    return rows.filter(~pl.col("sample").is_in(target.left_out))


def draw_trajectories(target: TargetResults) -> list[Figure]:
    """Draw the mean CPM of the best leads over the rounds, on the target and on the comparators."""
    leads, counted = target.leads, side_rounds(target)
    if leads.is_empty() or counted.is_empty():
        return []
    shown = leads.head(SHOWN).select("key", "pick")
    means = (
        counted.filter(pl.col("side") != "control")
        .join(shown, on="key")
        .group_by("key", "pick", "side", "round")
        .agg(pl.col("cpm").mean())
    )
    start = means.filter(pl.col("side") == "input").drop("side")
    sides = [side for side in ("target", "counter") if side in set(means["side"].to_list())]
    if not sides:
        return []
    frame = pl.concat(
        [
            means.filter(pl.col("side") != "input").select("key", "pick", "side", "round", "cpm"),
            *(
                start.with_columns(side=pl.lit(side)).select("key", "pick", "side", "round", "cpm")
                for side in sides
            ),
        ]
    ).sort("pick", "side", "round", descending=[False, True, False])
    if frame["round"].n_unique() < 2:
        return []
    names = {"target": f"on {target.antigen}", "counter": "on the comparators"}
    top = float(frame["cpm"].max() or BEND)  # type: ignore[arg-type]
    frame = _with_ends(frame.with_columns(arm=pl.col("side").replace(names)), top=top)
    held = [names[side] for side in sides]
    colours = alt.Scale(domain=held, range=[ROLES[side] for side in sides])
    shapes = alt.Scale(domain=held, range=[ROLE_SHAPES[side] for side in sides])
    x = alt.X(
        "round:Q",
        axis=alt.Axis(
            title="round", values=sorted(frame["round"].unique().to_list()), format="d", grid=False
        ),
        scale=alt.Scale(nice=False, padding=14),
    )
    y = alt.Y("cpm:Q", scale=count_scale(top=top), axis=count_axis("mean CPM, log scale above 20", top=top))
    tooltip = [
        alt.Tooltip("key:N", title=UNITS[target.whole.unit]),
        alt.Tooltip("arm:N"),
        alt.Tooltip("round:Q"),
        alt.Tooltip("cpm:Q", format=",.0f", title="CPM"),
    ]
    base = alt.Chart().encode(
        x=x, y=y, color=alt.Color("arm:N", scale=colours, legend=legend()), tooltip=tooltip
    )
    layers = [
        *(
            base.transform_filter(alt.datum.arm == names[side])
            .mark_line(strokeWidth=1.6, strokeDash=[1, 0] if side == "target" else [4, 3])
            .encode(detail="key:N")
            for side in reversed(sides)
        ),
        base.mark_point(size=36, opacity=1).encode(shape=alt.Shape("arm:N", scale=shapes, legend=legend())),
        alt.Chart()
        .transform_filter("isValid(datum.end)")
        .mark_text(align="left", dx=8, fontWeight=600)
        .encode(x=x, y=y, text="end:N"),
    ]
    caption = (
        f"The best {shown.height} leads, numbered as in the list; mean of the selections of each round"
        f"{'; round 0 is the input' if not start.is_empty() else ''}. Samples left out of the test are left "
        "out here. Only the decisive rounds decide; the other rounds are shown, not tested."
    )
    return [
        Figure(
            _title(target, frame),
            alt.layer(*layers).properties(width="container", height=340),
            frame.drop("side"),
            caption=caption,
            key=f"trajectories {target.name}",
            labels=(("key", UNITS[target.whole.unit]), ("pick", "lead"), ("cpm", "CPM"), ("end", "label")),
        )
    ]


def _with_ends(frame: pl.DataFrame, *, top: float) -> pl.DataFrame:
    """Label the target's lines at their last round; lines that end too close share a label."""
    ends = frame.filter(pl.col("side") == "target").sort("round").group_by("key", maintain_order=True).last()
    ends = ends.with_columns(
        height=(pl.col("cpm") / BEND).log1p() / (pl.lit(max(top, BEND)) / BEND).log1p()
    ).sort("height", descending=True)
    groups: list[tuple[int, float, list[int], str]] = []
    for row in ends.iter_rows(named=True):
        if groups and groups[-1][0] == row["round"] and groups[-1][1] - row["height"] < CLOSE:
            groups[-1][2].append(row["pick"])
        else:
            groups.append((row["round"], row["height"], [row["pick"]], row["key"]))
    labels = {
        (key, round_): ", ".join(str(pick) for pick in sorted(picks)) for round_, _, picks, key in groups
    }
    told = [
        labels.get((row["key"], row["round"])) if row["side"] == "target" else None
        for row in frame.iter_rows(named=True)
    ]
    return frame.with_columns(end=pl.Series(told, dtype=pl.String))


def _title(target: TargetResults, frame: pl.DataFrame) -> str:
    """Say how much the median lead rises on the target, and on the comparators."""
    last = frame.sort("round").group_by("key", "side", maintain_order=True).agg(pl.col("cpm").last())
    medians = dict(last.group_by("side").agg(pl.col("cpm").median()).iter_rows())
    held = f"{medians.get('target', 0):,.0f} CPM on {target.antigen}"
    number = frame["key"].n_unique()
    title = f"At the last round the median of these {number} leads holds {held}"
    if "counter" in medians:
        title += f" and {medians['counter']:,.0f} on the comparators"
    return title
