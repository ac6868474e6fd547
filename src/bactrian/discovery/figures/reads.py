"""Figures of the reads: how pairs are used, whether long CDR3s are kept, what is wrong with molecules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.marks import part_colours, percent_axis, sample_rows
from bactrian.discovery.figures.results import RUNGS, ratio
from bactrian.report import Figure
from bactrian.report.words import share

if TYPE_CHECKING:
    from bactrian.discovery.figures.results import ScreenResults

LONG = 18
"""Residues from which a CDR3 is called long: on 2 × 151 nt hardly any mates of such a VHH overlap."""

FOLLOWS = 0.01
"""Greatest Kolmogorov distance to mate 2 alone at which the lengths are said to agree."""

DEFECTS = {
    "stop": "stop codon",
    "frameshift": "frameshift",
    "truncated": "CDR3 unread",
    "not_vhh": "not a VHH",
}
RUNG_WORDS = {"merged": "merged", "joined": "joined across the gap", "single": "one mate alone"}
MATE = "mate 2 alone"


def draw_ladder(results: ScreenResults) -> list[Figure]:
    """Draw what became of the pairs of each sample."""
    parts = RUNG_WORDS | {"filtered": "filtered", "none": "no primers"}
    wide = results.samples.drop_nulls("pairs").with_columns(
        none=pl.col("pairs").cast(pl.Int64) - pl.col("primers_found").cast(pl.Int64)
    )
    frame = _parts(wide, parts, whole="pairs")
    if frame.is_empty():
        return []
    found = results.total("primers_found")
    used = share(ratio(results.used(), found))
    title = f"{used} of {'pairs' if results.paired else 'reads'} with both primers are used"
    if results.paired:
        title += f"; merging alone keeps {share(ratio(results.total('merged'), found))}"
    rows, height = sample_rows(frame)
    chart = (
        alt.Chart()
        .mark_bar(stroke="var(--card)", strokeWidth=0.5)
        .encode(
            x=alt.X(
                "share:Q", axis=percent_axis("share of the sample's pairs"), scale=alt.Scale(domain=[0, 1])
            ),
            y=rows,
            color=part_colours(list(parts.values())),
            order=alt.Order("place:Q"),
            tooltip=_tooltip("pairs"),
        )
        .properties(width="container", height=height)
    )
    caption = (
        "Each pair climbs down a ladder: its mates overlap and are merged, else both are aligned to "
        "the VHH profile and joined with the gap left unknown, else the mate with the CDR3 is used alone. "
        "Filtered: too many errors expected from the qualities."
    )
    return [Figure(title, chart, frame, caption=caption, key="ladder")]


def draw_lengths(results: ScreenResults) -> list[Figure]:
    """Draw the CDR3 lengths by rung against the lengths that mate 2 alone shows."""
    frame = length_shares(results.lengths, results.mate_lengths)
    if frame.is_empty():
        return []
    bars = frame.filter(pl.col("part") != MATE)
    parts = [part for part in RUNG_WORDS.values() if part in set(bars["part"])]
    x = alt.X(
        "length:O",
        axis=alt.Axis(
            title="CDR3 length, residues",
            labelExpr="datum.value % 5 == 0 ? datum.value : ''",
            labelAngle=0,
            labelOverlap=False,
            grid=False,
        ),
    )
    y = alt.Y("share:Q", axis=percent_axis("share of molecules with a CDR3"))
    tooltip = [
        alt.Tooltip("part:N", title="rung"),
        alt.Tooltip("length:O", title="residues"),
        alt.Tooltip("share:Q", format=".2%"),
        alt.Tooltip("molecules:Q", format=","),
    ]
    stacked = (
        alt.Chart()
        .mark_bar()
        .transform_filter(f"datum.part != '{MATE}'")
        .encode(x=x, y=y, color=part_colours(parts), order=alt.Order("place:Q"), tooltip=tooltip)
    )
    line = (
        alt.Chart()
        .mark_point(shape="stroke", size=170, strokeWidth=2.5, filled=False, color="var(--ink)", opacity=1)
        .transform_filter(f"datum.part == '{MATE}'")
        .encode(x=x, y=y, tooltip=tooltip)
    )
    chart = alt.layer(stacked, line).properties(width="container", height=260)
    caption = "Bars: molecules by the rung of the ladder that gave them, all samples together."
    if MATE in set(frame["part"]):
        caption += (
            " Dashes: the lengths that mate 2 shows when it is read alone; they are the truth to match."
        )
    return [Figure(_length_title(frame), chart, frame, caption=caption, key="lengths", wide=True)]


def draw_defects(results: ScreenResults) -> list[Figure]:
    """Draw the molecules of each sample that are not productive, by what is wrong."""
    wide = results.samples.drop_nulls("productive").with_columns(
        molecules=sum((pl.col(rung).cast(pl.Int64) for rung in RUNGS), pl.lit(0))
    )
    frame = _parts(wide, DEFECTS, whole="molecules", noun="molecules")
    if frame.is_empty() or not results.used():
        return []
    productive = ratio(results.total("productive"), results.used())
    lowest = (
        wide.filter(pl.col("molecules") > 0)
        .with_columns(rate=pl.col("productive") / pl.col("molecules"))
        .sort("rate")
    )
    title = f"{share(productive)} of molecules are productive VHH"
    if wide.height > 1:
        title += f"; lowest {share(lowest['rate'][0])} in {lowest['sample'][0]}"
    rows, height = sample_rows(frame)
    chart = (
        alt.Chart()
        .mark_bar(stroke="var(--card)", strokeWidth=0.5)
        .encode(
            x=alt.X("share:Q", axis=percent_axis("share of molecules with a defect")),
            y=rows,
            color=part_colours(list(DEFECTS.values())),
            order=alt.Order("place:Q"),
            tooltip=_tooltip("molecules"),
        )
        .properties(width="container", height=height)
    )
    caption = "What is not drawn is productive: in frame, without a stop codon, CDR3 read from end to end."
    return [Figure(title, chart, frame, caption=caption, key="defects")]


def length_shares(lengths: pl.DataFrame, mate_lengths: pl.DataFrame) -> pl.DataFrame:
    """Give the share of each CDR3 length: over the rungs together, and over mate 2 alone.

    Args:
        lengths: rung, length, count, [cdr].
        mate_lengths: length, count; may be empty.

    Returns:
        part, length, molecules, share, place; every length between the shortest and the longest has a row.
    """
    if lengths.is_empty():
        return pl.DataFrame()
    rungs = [*RUNGS, "mate2"]
    if "cdr" in lengths.columns:
        lengths = lengths.filter(pl.col("cdr") == "cdr3")
    columns = ("rung", pl.col("length").cast(pl.Int64), pl.col("count").cast(pl.Int64))
    sums = lengths.select(columns)
    if not mate_lengths.is_empty():
        sums = pl.concat([sums, mate_lengths.with_columns(rung=pl.lit("mate2")).select(columns)])
    sums = sums.drop_nulls("length").group_by("rung", "length").agg(molecules=pl.col("count").sum())
    sums = sums.filter(pl.col("rung").is_in(rungs) & (pl.col("molecules") > 0))
    if sums.is_empty():
        return pl.DataFrame()
    span = pl.DataFrame({"length": range(sums["length"].min(), sums["length"].max() + 1)})  # type: ignore[arg-type, operator]
    held = pl.DataFrame({"rung": [rung for rung in rungs if rung in set(sums["rung"])]})
    mate = pl.col("rung") == "mate2"
    whole = pl.col("molecules").sum().over(mate)
    return (
        held.join(span, how="cross")
        .join(sums, on=["rung", "length"], how="left", maintain_order="left")
        .with_columns(pl.col("molecules").fill_null(0))
        .with_columns(
            part=pl.col("rung").replace(RUNG_WORDS | {"mate2": MATE}),
            share=pl.col("molecules") / whole,
            place=pl.col("rung").replace_strict(
                {rung: place for place, rung in enumerate(rungs)}, return_dtype=pl.Int64
            ),
        )
        .select("part", "length", "molecules", "share", "place")
    )


def long_share(frame: pl.DataFrame) -> float:
    """Give the share of molecules whose CDR3 is long, of all rungs of `length_shares` together."""
    bars = frame.filter(pl.col("part") != MATE)
    return ratio(int(bars.filter(pl.col("length") >= LONG)["molecules"].sum()), int(bars["molecules"].sum()))


def greatest_gap(frame: pl.DataFrame) -> float:
    """Give the Kolmogorov distance between the lengths of all rungs and those of mate 2 alone.

    Args:
        frame: Result of `length_shares`, with rows of mate 2.
    """
    sides = frame.group_by("length", mate=pl.col("part") == MATE).agg(pl.col("share").sum()).sort("length")
    ours, mates = (sides.filter(side)["share"].cum_sum() for side in (~pl.col("mate"), pl.col("mate")))
    gap = (ours - mates).abs().max()
    return float(gap) if isinstance(gap, float) else 0.0


def _length_title(frame: pl.DataFrame) -> str:
    long = long_share(frame)
    if MATE not in set(frame["part"]):
        return f"{share(long)} of CDR3s have {LONG} residues or more"
    distance = greatest_gap(frame)
    if distance <= FOLLOWS:
        return f"Long CDR3s are kept: {share(long)} have {LONG} residues or more, as mate 2 alone shows"
    return f"CDR3 lengths differ from mate 2 alone by up to {share(distance)} of the molecules (cumulative)"


def _parts(wide: pl.DataFrame, parts: dict[str, str], *, whole: str, noun: str = "pairs") -> pl.DataFrame:
    """Give one row per sample and part: sample, part, count, its share of the whole, its place in the bar."""
    frames = [
        wide.select(
            "sample",
            part=pl.lit(words),
            **{noun: pl.col(name).cast(pl.Int64)},
            share=pl.when(pl.col(whole) > 0).then(pl.col(name) / pl.col(whole)).otherwise(0.0),
            place=pl.lit(place),
        ).with_row_index("_row")
        for place, (name, words) in enumerate(parts.items())
    ]
    return pl.concat(frames).sort("_row", "place").drop("_row")


def _tooltip(noun: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("sample:N"),
        alt.Tooltip("part:N"),
        alt.Tooltip(f"{noun}:Q", format=","),
        alt.Tooltip("share:Q", format=".1%"),
    ]
