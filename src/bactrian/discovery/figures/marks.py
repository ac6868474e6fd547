"""Axes, scales and colours that the figures of a screen share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from bactrian.report.palette import ROLE_SHAPES, ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOMY_SAMPLES = 48
"""Samples up to which a row is 18 px high; above, 14 px, the least that keeps labels apart."""

PERCENT = "format(100 * datum.value, '~g') + ' %'"


def percent_axis(title: str, **more: Any) -> alt.Axis:
    """Give an axis of shares written in per cent."""
    return alt.Axis(title=title, labelExpr=PERCENT, **({"tickCount": 6} | more))


def sample_rows(frame: pl.DataFrame) -> tuple[alt.Y, int]:
    """Give the axis that holds one sample a row in sheet order, and its height."""
    order = frame["sample"].unique(maintain_order=True).to_list()
    step = 18 if len(order) <= ROOMY_SAMPLES else 14
    axis = alt.Axis(title=None, grid=False, labelLimit=130)
    return alt.Y("sample:N", sort=order, axis=axis), step * len(order)


def legend(**more: Any) -> alt.Legend:
    """Give a legend without a title; the page breaks it into rows where the figure is narrow."""
    return alt.Legend(title=None, **more)


def part_colours(parts: Sequence[str], *, first: int = 1) -> alt.Color:
    """Colour the parts of a bar from what counts most to what is left over."""
    colours = [f"var(--mark-{first + place})" for place in range(len(parts))]
    scale = alt.Scale(domain=list(parts), range=colours)
    return alt.Color("part:N", scale=scale, legend=legend(symbolType="square"))


def arms(frame: pl.DataFrame) -> list[str]:
    """Give the arms of a frame in the order of the glossary."""
    held = set(frame["arm"].to_list()) if "arm" in frame.columns else set()
    return [arm for arm in ROLES if arm in held]


def arm_colour(held: Sequence[str]) -> alt.Color:
    """Give each arm its colour, the same in every figure."""
    scale = alt.Scale(domain=list(held), range=[ROLES[arm] for arm in held])
    return alt.Color("arm:N", scale=scale, legend=legend())


def arm_shape(held: Sequence[str]) -> alt.Shape:
    """Give each arm its shape, so that colour never speaks alone."""
    scale = alt.Scale(domain=list(held), range=[ROLE_SHAPES[arm] for arm in held])
    return alt.Shape("arm:N", scale=scale, legend=legend())


def with_sheet(frame: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Put arm, selection and round of each sample beside a frame, in sheet order."""
    known = ("arm", "selection", "round", "antigen", "library")
    wanted = [name for name in known if name in samples.columns and name not in frame.columns]
    order = samples.select("sample", *wanted).with_row_index("_place")
    joined = frame.join(order, on="sample", how="inner", maintain_order="left")
    joined = joined.sort("_place", maintain_order=True).drop("_place")
    if "arm" not in joined.columns:
        joined = joined.with_columns(arm=pl.lit("target"))
    joined = joined.with_columns(arm=pl.col("arm").cast(pl.String).fill_null("target"))
    if "round" in joined.columns:
        joined = joined.with_columns(round=pl.col("round").cast(pl.Int64, strict=False).fill_null(0))
    return joined
