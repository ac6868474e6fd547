"""Figures that compare samples: recombination, the share of the top clone by round, contamination."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.marks import (
    arm_colour,
    arm_shape,
    arms,
    percent_axis,
    sample_rows,
    with_sheet,
)
from bactrian.discovery.figures.results import ratio
from bactrian.report import Figure
from bactrian.report.words import listing, plural, share

if TYPE_CHECKING:
    from bactrian.discovery.figures.results import ScreenResults

NAMED_FLAGS = ("takeover", "watch")

CLOSE = 0.05
"""Difference in share below which two labels would cover each other."""


def draw_chimeras(results: ScreenResults) -> list[Figure]:
    """Draw the share of productive molecules that PCR recombination explains, per sample."""
    known = results.samples.filter(pl.col("productive") > 0).drop_nulls("chimeric")
    if known.is_empty():
        return []
    frame = with_sheet(
        known.select(
            "sample",
            chimeric=pl.col("chimeric").cast(pl.Int64),
            productive=pl.col("productive").cast(pl.Int64),
            share=pl.col("chimeric") / pl.col("productive"),
            top_share=pl.col("top_share").cast(pl.Float64),
        ),
        results.samples,
    )
    whole = ratio(results.total("chimeric"), results.total("productive"))
    title = f"PCR recombination mixed CDR1–2 and CDR3 of two clones in {share(whole)} of productive molecules"
    rows, height = sample_rows(frame)
    held = arms(frame)
    base = alt.Chart().encode(
        y=rows,
        tooltip=[
            alt.Tooltip("sample:N"),
            alt.Tooltip("arm:N"),
            alt.Tooltip("share:Q", format=".1%", title="chimeric"),
            alt.Tooltip("chimeric:Q", format=",", title="molecules"),
            alt.Tooltip("top_share:Q", format=".1%", title="top clone"),
        ],
    )
    x = alt.X(
        "share:Q", axis=percent_axis("chimeric share of productive molecules"), scale=alt.Scale(domainMin=0)
    )
    chart = alt.layer(
        base.mark_rule(strokeWidth=1, color="var(--line)").encode(x=x, x2=alt.datum(0)),
        base.mark_point(size=70, opacity=1).encode(x=x, color=arm_colour(held), shape=arm_shape(held)),
    ).properties(width="container", height=height)
    caption = (
        "Such molecules are counted for the clonotype of their CDR3 (n_chimeric). A clone that recombines "
        "with itself leaves no trace, so the share is lower where one clone dominates."
    )
    return [Figure(title, chart, frame, caption=caption, key="chimeras")]


def draw_top_shares(results: ScreenResults) -> list[Figure]:
    """Draw the share of each sample's commonest CDR3 by round, takeovers named."""
    known = results.samples.drop_nulls("top_share")
    if known.is_empty():
        return []
    frame = with_sheet(
        known.select("sample", "flags", top_share=pl.col("top_share").cast(pl.Float64)), results.samples
    ).with_columns(
        flag=pl.coalesce(
            *(
                pl.when(pl.col("flags").fill_null("").str.split(";").list.contains(word)).then(pl.lit(word))
                for word in NAMED_FLAGS
            )
        )
    )
    by_round = "round" in frame.columns
    taken = frame.filter(pl.col("flag") == "takeover").sort("top_share", descending=True)
    usual = frame.filter(pl.col("flag").is_null())["top_share"]
    if taken.height:
        names = listing(taken["sample"].to_list(), limit=4)
        title = f"One clone has taken over {names}: {share(taken['top_share'][0])} of the molecules"
        title += " at most" if taken.height > 1 else ""
    else:
        title = f"No clone has taken over a sample; the largest share is {share(frame['top_share'].max())}"  # type: ignore[arg-type]
    held = arms(frame)
    x = (
        alt.X("round:O", axis=alt.Axis(title="round", labelAngle=0, grid=False))
        if by_round
        else alt.X("sample:N", sort=None)
    )
    y = alt.Y("top_share:Q", axis=percent_axis("share of the commonest CDR3"), scale=alt.Scale(domainMin=0))
    tooltip = [
        alt.Tooltip(f"{name}:N")
        for name in ("sample", "selection", "arm", "antigen", "flags")
        if name in frame.columns
    ]
    tooltip.append(alt.Tooltip("top_share:Q", format=".1%", title="top clone"))
    base = alt.Chart().encode(x=x, y=y, tooltip=tooltip)
    layers = [base.mark_point(size=80, opacity=0.9).encode(color=arm_colour(held), shape=arm_shape(held))]
    if by_round and "selection" in frame.columns:
        lines = base.transform_filter("datum.selection").mark_line(strokeWidth=1, opacity=0.35)
        layers.insert(0, lines.encode(detail="selection:N", color=arm_colour(held)))
    named = base.transform_filter("datum.label").mark_text(
        align="right", dx=-9, baseline="middle", fontWeight=600
    )
    layers.append(named.encode(text="label:N"))
    frame = with_labels(frame)
    chart = alt.layer(*layers).properties(width="container", height=320)
    caption = "Lines join the rounds of one selection." if by_round else ""
    if usual.len():
        caption += f" Without flagged samples the share is {share(usual.min())} to {share(usual.max())}."  # type: ignore[arg-type]
    return [Figure(title, chart, frame, caption=caption.strip(), key="top-share")]


def with_labels(frame: pl.DataFrame) -> pl.DataFrame:
    """Put a label on flagged samples; those of one round that lie too close share the label of the first."""
    labels: dict[str, str] = {}
    groups: list[tuple[object, str, float, list[str]]] = []
    flagged = frame.drop_nulls("flag").sort("top_share", descending=True, maintain_order=True)
    for row in flagged.iter_rows(named=True):
        place = (row.get("round"), row["flag"])
        near = [group for group in groups if group[:2] == place and group[2] - row["top_share"] < CLOSE]
        if near:
            near[0][3].append(row["sample"])
        else:
            groups.append((*place, row["top_share"], [row["sample"]]))
    for _, flag, _, names in groups:
        labels[names[0]] = f"{listing(names, limit=3)} {flag}"
    return frame.with_columns(
        label=pl.col("sample").replace_strict(labels, default=None, return_dtype=pl.String)
    )


def draw_contamination(results: ScreenResults) -> list[Figure]:
    """Draw the part of each sample that came from another one, by its most likely donor."""
    pairs = results.contamination
    if pairs.is_empty() or not {"donor", "recipient", "rate", "low", "high", "flagged"} <= set(pairs.columns):
        return []
    frame = with_sheet(strongest_donors(pairs), results.samples)
    if frame.is_empty():
        return []
    flagged = frame.filter("flagged")["sample"].to_list()
    worst = frame.sort("rate", descending=True).row(0, named=True)
    largest = (
        f"{share(worst['rate'], digits=2)} (at most {share(worst['high'], digits=2)}) in {worst['sample']}"
    )
    title = f"No sample is shown to hold molecules of another; the largest estimate is {largest}"
    if flagged:
        title = f"{plural(len(flagged), 'sample')} may hold molecules of another: {listing(flagged, limit=4)}"
    rows, height = sample_rows(frame)
    held = arms(frame)
    axis = percent_axis("molecules that came from another sample")
    tooltip = [
        alt.Tooltip("sample:N"),
        alt.Tooltip("donor:N", title="likely donor"),
        alt.Tooltip("rate:Q", format=".3%"),
        alt.Tooltip("low:Q", format=".3%"),
        alt.Tooltip("high:Q", format=".3%"),
    ]
    base = alt.Chart().encode(y=rows, tooltip=tooltip)
    points = base.mark_point(size=70, opacity=1).encode(
        x=alt.X("rate:Q", axis=axis, scale=alt.Scale(domainMin=0)),
        color=arm_colour(held),
        shape=arm_shape(held),
    )
    chart = alt.layer(
        base.mark_rule(strokeWidth=1.5).encode(x=alt.X("low:Q", axis=axis), x2="high:Q"), points
    )
    caption = (
        "Index hopping and carry-over: how much of a donor's own CDR3s a sample holds beyond what the "
        "library explains; the likeliest donor of each sample is drawn. Whiskers: 95 % interval. "
        "Samples without an estimate are left out."
    )
    return [
        Figure(
            title,
            chart.properties(width="container", height=height),
            frame,
            caption=caption,
            key="contamination",
        )
    ]


def strongest_donors(pairs: pl.DataFrame) -> pl.DataFrame:
    """Give the likeliest donor of each recipient: sample, donor, rate, low, high, flagged; flagged first."""
    return (
        pairs.drop_nulls("rate")
        .filter(pl.col("rate").is_finite())
        .sort(["flagged", "rate"], descending=True, maintain_order=True)
        .group_by("recipient", maintain_order=True)
        .first()
        .select(pl.col("recipient").alias("sample"), "donor", "rate", "low", "high", "flagged")
    )
