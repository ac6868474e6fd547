"""What the figures of leads share: calls with colour and shape, count scales, clouds thinned fairly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import polars as pl
from polars import selectors

from bactrian.discovery.figures.marks import legend
from bactrian.discovery.selection.consistency import PRIOR_CPM
from bactrian.report.palette import ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from bactrian.discovery.figures.leads.results import TargetResults

CERTAIN, NOMINATED, PICKED = "high confidence (Tier 2)", "nominated (Tier 1)", "picked, not nominated"
VETOED, GROWER, MISSED, REST = "enriched on a comparator too", "grower", "near miss", "not nominated"
CALLS: dict[str, tuple[str, str, int]] = {
    CERTAIN: ("var(--mark-1)", "circle", 60),
    NOMINATED: ("var(--mark-2)", "diamond", 60),
    PICKED: ("var(--mark-1)", "triangle-down", 60),
    VETOED: (ROLES["counter"], "square", 34),
    GROWER: ("var(--mark-4)", "cross", 40),
    MISSED: ("var(--mark-3)", "triangle-up", 34),
    REST: ("var(--mark-5)", "circle", 12),
}
"""Colour, shape and size of each call, from what matters most; the shape says it without the colour."""

ROWS = 2000
"""Points of a cloud up to which each unit is drawn; above, one unit stands for those of its place."""

PAGE_ROWS = 14_000
"""Points of all clouds of a page together: some 1.5 MB of the 5 MB that a page may have."""

DIGITS = 4
"""Significant digits of the numbers behind a cloud: finer than a pixel."""

GRID = 600
"""Cells across the finest raster that a cloud is thinned on: a cell is then about 1 px wide."""

BEND = PRIOR_CPM
"""CPM at which count axes turn from linear to logarithmic: what the consistency rule adds to each CPM."""

TICKS = [0, 10, 100, 1000, 10_000, 100_000, 1_000_000]

SHORT = (
    "datum.value >= 1e6 ? format(datum.value / 1e6, '~g') + 'M' : "
    "datum.value >= 1e3 ? format(datum.value / 1e3, '~g') + 'k' : format(datum.value, '~g')"
)
"""Expression that writes a tick as 0.1, 10, 1k, 1M."""


def call_units(target: TargetResults) -> pl.DataFrame:
    """Give the tested units of a target with their `call`, best rank first.

    A unit that was picked although it is not nominated, as in an exploratory design, is called so. One that
    a comparator enriches counts as vetoed if the target enriches it too; else the veto takes nothing.
    """
    picked = target.leads["key"].to_list() if not target.leads.is_empty() else []
    missed = target.near_misses["key"].to_list() if not target.near_misses.is_empty() else []
    table, limits = target.table, target.whole
    flag = {
        name: pl.col(name).fill_null(value=False) if name in table.columns else pl.lit(value=False)
        for name in ("vetoed", "grower")
    }
    return table.with_columns(
        call=pl.when(pl.col("tier") == 2)
        .then(pl.lit(CERTAIN))
        .when(pl.col("tier") == 1)
        .then(pl.lit(NOMINATED))
        .when(pl.col("key").is_in(picked))
        .then(pl.lit(PICKED))
        .when(flag["vetoed"] & (pl.col("log2fc_e") > limits.log2fc) & (pl.col("fdr_e") < limits.fdr))
        .then(pl.lit(VETOED))
        .when(flag["grower"])
        .then(pl.lit(GROWER))
        .when(pl.col("key").is_in(missed))
        .then(pl.lit(MISSED))
        .otherwise(pl.lit(REST))
    )


def cloud_rows(figures: int) -> int:
    """Give the points that each of so many clouds of a page may draw."""
    return max(120, min(ROWS, PAGE_ROWS // max(1, figures)))


def thin_cloud(frame: pl.DataFrame, x: str, y: str, *, rows: int) -> pl.DataFrame:
    """Thin a cloud of units without hiding its outline or its leads.

    Units that are nominated or picked stay, up to `rows` of them by rank. The others stay if they are no
    more than `rows`; else they are laid on a raster, and in each cell one unit of each call stands for the
    units there, the first by key. The raster is as fine as `rows` allows.

    Args:
        frame: Units with key, call, rank and both coordinates, none missing.
        x: Column of the horizontal coordinate.
        y: Column of the vertical coordinate.
        rows: Most units to keep of either sort.

    Returns:
        The units that stay, with `units`: how many each stands for.
    """
    best = pl.col("call").is_in([CERTAIN, NOMINATED, PICKED])
    frame = frame.with_columns(selectors.float().round_sig_figs(DIGITS))
    kept = frame.filter(best).head(rows).with_columns(units=pl.lit(1, pl.Int64))
    others = pl.concat([frame.filter(best).slice(rows), frame.filter(~best)])
    if others.height <= rows:
        return pl.concat([others.with_columns(units=pl.lit(1, pl.Int64)), kept])
    others = others.sort("key")
    cells = _lay_raster(others, x, y, rows=rows)
    thinned = (
        others.with_columns(pl.Series("_cell", cells))
        .group_by("_cell", maintain_order=True)
        .agg(pl.all().first(), units=pl.len().cast(pl.Int64))
        .drop("_cell")
    )
    return pl.concat([thinned, kept])


def _lay_raster(frame: pl.DataFrame, x: str, y: str, *, rows: int) -> npt.NDArray[np.int64]:
    """Give the cell of each unit on the finest raster that has no more than so many cells in use."""
    calls = frame["call"].rank("dense").to_numpy().astype(np.int64)
    shares = []
    for name in (x, y):
        values = frame[name].to_numpy()
        span = float(np.ptp(values))
        shares.append((values - values.min()) / (span if span > 0 else 1.0))

    def cells_of(number: int) -> npt.NDArray[np.int64]:
        across, down = (np.minimum((share * number).astype(np.int64), number - 1) for share in shares)
        return np.asarray((calls * number + across) * number + down, np.int64)

    coarse, fine = 1, GRID
    while fine - coarse > 1:
        middle = (coarse + fine) // 2
        if np.unique(cells_of(middle)).size <= rows:
            coarse = middle
        else:
            fine = middle
    return cells_of(coarse)


def say_thinned(frame: pl.DataFrame, noun: str) -> str:
    """Say what a thinned cloud shows, or nothing if it shows every unit."""
    whole = frame["units"].sum()
    if whole == frame.height:
        return ""
    return (
        f"Of {whole:,} {noun}s {frame.height:,} are drawn: every nominated one, and of the others one for "
        "each call and place; hover says how many it stands for."
    )


def draw_calls(frame: pl.DataFrame, x: alt.X, y: alt.Y, *, tooltip: Sequence[alt.Tooltip]) -> list[alt.Chart]:
    """Draw units by call, what matters most on top, each call with its own colour, shape and size."""
    held = [call for call in CALLS if call in set(frame["call"].to_list())]
    scale = alt.Scale(domain=held, range=[CALLS[call][0] for call in held])
    shapes = alt.Scale(domain=held, range=[CALLS[call][1] for call in held])
    # The edge of one call must not become the edge of all in the legend.
    shown = legend(symbolStrokeWidth=0)
    layers = []
    for call in reversed(held):
        _, _, size = CALLS[call]
        edge = 1.2 if call == NOMINATED else 0
        points = alt.Chart().transform_filter(alt.datum.call == call)
        layers.append(
            points.mark_point(
                size=size, opacity=0.75 if call == REST else 0.95, stroke="var(--mark-1)", strokeWidth=edge
            ).encode(
                x=x,
                y=y,
                color=alt.Color("call:N", scale=scale, legend=shown),
                shape=alt.Shape("call:N", scale=shapes, legend=shown),
                tooltip=list(tooltip),
            )
        )
    return layers


def unit_tooltip(unit: str, *more: alt.Tooltip) -> list[alt.Tooltip]:
    """Give what hovering over a unit says."""
    first = [alt.Tooltip("key:N", title=unit), alt.Tooltip("call:N"), alt.Tooltip("rank:Q", format=",")]
    return [*first, *more, alt.Tooltip("units:Q", format=",", title="stands for")]


def count_scale(*, top: float) -> alt.Scale:
    """Give a scale of CPM from nought, linear at first and logarithmic above."""
    return alt.Scale(type="symlog", constant=BEND, domain=[0, max(top, BEND)], nice=False)


def count_axis(title: str, *, top: float) -> alt.Axis:
    """Give the axis of such a scale."""
    return alt.Axis(
        title=title,
        values=[tick for tick in TICKS if tick <= max(top, BEND)],
        labelExpr=SHORT,
    )
