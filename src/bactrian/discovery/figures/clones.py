"""Figures of the molecules: residue use along the domain, and the commonest clonotypes in each sample."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.marks import with_sheet
from bactrian.report import Figure
from bactrian.report.words import share

if TYPE_CHECKING:
    from bactrian.discovery.figures.results import ScreenResults

CDRS = ((27, 38, "CDR1"), (56, 65, "CDR2"), (105, 117, "CDR3"))
"""First and last IMGT position of each CDR (Lefranc et al. 2003, Dev Comp Immunol 27:55)."""

RESIDUES = "GAVLIMPFWYSTCNQDEHKR"
"""Residues with their likes side by side: small, greasy, aromatic, polar, acid, basic."""

NOUGHT = "#440154"
"""Colour of viridis at nought, behind the residues that a position was read without."""

ROW = 15
"""Height of a residue's row in pixels."""

ROWS = 20
"""CDR3s drawn: as many as can be read at once; the table lists more."""


def draw_residues(results: ScreenResults) -> list[Figure]:
    """Draw the residue use at each IMGT position of productive molecules."""
    frame = pooled_residues(results.residues)
    if frame.is_empty():
        return []
    top = frame.group_by("position").agg(pl.col("share").max())
    inside = pl.any_horizontal(*(pl.col("position").is_between(first, last) for first, last, _ in CDRS))
    frameworks, loops = (top.filter(part)["share"].median() for part in (~inside, inside))
    title = "Residue use along the domain"
    if isinstance(frameworks, float) and isinstance(loops, float):
        title = (
            f"At the median position one residue holds {share(frameworks, digits=0)} of the molecules "
            f"in the frameworks, {share(loops, digits=0)} in the CDRs"
        )
    marks = pl.DataFrame(CDRS, schema=["first", "last", "name"], orient="row").to_dicts()
    cells = (
        alt.Chart()
        .mark_rect()
        .transform_calculate(left="datum.position - 0.5", right="datum.position + 0.5")
        .encode(
            x=alt.X(
                "left:Q",
                scale=alt.Scale(domain=[0.5, 128.5], nice=False),
                axis=alt.Axis(
                    title="IMGT position", values=[1, *range(10, 130, 10)], grid=False, labelOverlap=True
                ),
            ),
            x2="right:Q",
            y=alt.Y("residue:N", sort=list(RESIDUES), axis=alt.Axis(title="residue", grid=False)),
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(scheme="viridis", domain=[0, 1]),
                legend=alt.Legend(
                    title="share of the molecules read there",
                    offset=30,
                    labelExpr="format(100 * datum.value, '~g') + ' %'",
                    gradientLength=180,
                ),
            ),
            tooltip=[
                alt.Tooltip("position:Q"),
                alt.Tooltip("residue:N"),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
    )
    spans = alt.Chart(alt.InlineData(values=marks)).transform_calculate(
        left="datum.first - 0.5", right="datum.last + 0.5", middle="(datum.first + datum.last) / 2"
    )
    edges = spans.mark_rule(strokeWidth=3, color="var(--ink)").encode(
        x="left:Q", x2="right:Q", y=alt.value(-4)
    )
    names = spans.mark_text(baseline="bottom", fontWeight=600).encode(
        x="middle:Q", y=alt.value(-8), text="name:N"
    )
    runs = alt.Chart(alt.InlineData(values=read_runs(frame["position"].unique().to_list())))
    ground = runs.mark_rect(color=NOUGHT).encode(
        x="left:Q", x2="right:Q", y=alt.value(0), y2=alt.value(ROW * len(RESIDUES))
    )
    chart = alt.layer(ground, cells, edges, names)
    chart = chart.properties(width="container", height=ROW * len(RESIDUES))
    caption = (
        "Productive molecules of all samples, every molecule counted; blank positions were not read. "
        "Bars above mark the CDRs. "
        "VHH hallmarks stand at 42 (F or Y), 49 (E or Q), 50 (R or C) and 52."
    )
    return [Figure(title, chart, frame, caption=caption, key="residues", wide=True)]


def read_runs(positions: list[int]) -> list[dict[str, float]]:
    """Give the stretches of neighbouring positions, half a position wider at both ends."""
    runs: list[dict[str, float]] = []
    for position in sorted(positions):
        if runs and runs[-1]["right"] == position - 0.5:
            runs[-1]["right"] = position + 0.5
        else:
            runs.append({"left": position - 0.5, "right": position + 0.5})
    return runs


def pooled_residues(residues: pl.DataFrame) -> pl.DataFrame:
    """Give the residue use of all samples together: position, residue, share; gaps are left out.

    Args:
        residues: [sample], position, residue, count, of. A sample in which a residue is absent still counts
            with the molecules that read the position.
    """
    if residues.is_empty():
        return pl.DataFrame()
    if "sample" not in residues.columns:
        residues = residues.with_columns(sample=pl.lit(""))
    read = (
        residues.group_by("position", "sample")
        .agg(pl.col("of").first())
        .group_by("position")
        .agg(pl.col("of").sum())
    )
    return (
        residues.group_by("position", "residue")
        .agg(pl.col("count").sum())
        .join(read, on="position")
        .filter(pl.col("residue").is_in(list(RESIDUES)) & (pl.col("count") > 0))
        .select(pl.col("position").cast(pl.Int64), "residue", share=pl.col("count") / pl.col("of"))
        .sort("position", "residue")
    )


def draw_abundance(results: ScreenResults) -> list[Figure]:
    """Draw the share of the commonest clonotypes in each sample."""
    if results.abundance.is_empty() or not {"sample", "cdr3", "share"} <= set(results.abundance.columns):
        return []
    known = results.abundance.filter(pl.col("share") > 0)
    if known.is_empty():
        return []
    sums = known.group_by("cdr3", maintain_order=True).agg(pl.col("share").sum())
    order = sums.sort("share", descending=True, maintain_order=True)["cdr3"].to_list()[:ROWS]
    frame = with_sheet(known.filter(pl.col("cdr3").is_in(order)), results.samples)
    frame = frame.select(
        name for name in ("sample", "arm", "round", "cdr3", "share") if name in frame.columns
    )
    samples = results.samples["sample"].to_list()
    powers = (math.floor(math.log10(frame["share"].min())), math.ceil(math.log10(frame["share"].max())))  # type: ignore[arg-type]
    held = frame.group_by("sample").agg(pl.col("share").sum())
    median = held["share"].median()
    title = f"The {len(order)} commonest CDR3s hold {share(median, digits=0)} of the median sample"  # type: ignore[arg-type]
    spread = frame.group_by("cdr3").agg(pl.len())["len"].median()
    if isinstance(spread, float) and len(samples) > 1:
        title += f" and appear in {spread:.0f} of {len(samples)} samples"
    chart = (
        alt.Chart()
        .mark_rect()
        .encode(
            x=alt.X(
                "sample:N",
                sort=samples,
                scale=alt.Scale(domain=samples),
                axis=alt.Axis(title="sample", labelAngle=-90, labelOverlap=True, grid=False),
            ),
            y=alt.Y(
                "cdr3:N",
                sort=order,
                axis=alt.Axis(
                    title=None,
                    grid=False,
                    labelFont="monospace",
                    labelFontSize=11,
                    labelLimit=alt.ExprRef(expr="width < 380 ? 110 : 220"),
                ),
            ),
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(scheme="viridis", type="log", domain=[10.0**power for power in powers]),
                legend=alt.Legend(
                    title="share of the sample, log scale",
                    values=[10.0**power for power in range(powers[0], powers[1] + 1)],
                    labelExpr="format(100 * datum.value, '~g') + ' %'",
                    gradientLength=180,
                ),
            ),
            tooltip=[
                alt.Tooltip("cdr3:N", title="CDR3"),
                alt.Tooltip("sample:N"),
                alt.Tooltip("share:Q", format=".2%"),
            ],
        )
        .properties(width="container", height=18 * len(order))
    )
    caption = "Commonest first, by the sum of their shares; an empty cell means not seen in that sample."
    return [Figure(title, chart, frame, caption=caption, key="abundance", wide=True)]
