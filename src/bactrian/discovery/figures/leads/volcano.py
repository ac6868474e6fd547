"""Volcanoes: how large each change is against how sure it is, for enrichment and for specificity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from bactrian.discovery.figures.leads.marks import draw_calls, say_thinned, thin_cloud, unit_tooltip
from bactrian.discovery.figures.leads.results import UNITS
from bactrian.report import Figure
from bactrian.report.words import share

if TYPE_CHECKING:
    from bactrian.discovery.figures.leads.results import TargetResults

HIGHEST = 40.0
"""-log10 p above which points are drawn at the upper edge: a smaller p says nothing more."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What a volcano is of.

    Args:
        letter: E or S.
        axis: Title of its horizontal axis.
        finding: What a unit that passes has done.
        against: What the target is compared with.
    """

    letter: str
    axis: str
    finding: str
    against: str

    @property
    def change(self) -> str:
        """Column of the log2 fold change."""
        return f"log2fc_{self.letter.lower()}"

    @property
    def p(self) -> str:
        """Column of the p-value."""
        return f"p_{self.letter.lower()}"

    @property
    def fdr(self) -> str:
        """Column of the false discovery rate."""
        return f"fdr_{self.letter.lower()}"


ENRICHED = Contrast("E", "enrichment over input, log2 fold change", "enriched over input", "input")
SPECIFIC = Contrast(
    "S",
    "specificity over the worst comparator, log2 fold change",
    "above every comparator",
    "the comparator with the largest p",
)


def draw_volcanoes(target: TargetResults, units: pl.DataFrame, *, rows: int) -> list[Figure]:
    """Draw the volcano of each contrast that was tested.

    Args:
        target: Results of one antigen.
        units: Its tested units with their `call`.
        rows: Most points of a cloud.

    Returns:
        Up to two figures.
    """
    return [
        figure
        for contrast in (ENRICHED, SPECIFIC)
        for figure in _draw_volcano(target, units, contrast, rows=rows)
    ]


def _draw_volcano(
    target: TargetResults, units: pl.DataFrame, contrast: Contrast, *, rows: int
) -> list[Figure]:
    """Draw one volcano, or nothing where the contrast was not tested."""
    change, p, fdr = contrast.change, contrast.p, contrast.fdr
    if p not in units.columns:
        return []
    known = units.drop_nulls([change, p]).filter(pl.col(change).is_finite() & pl.col(p).is_finite())
    if known.is_empty():
        return []
    limits = target.whole
    sure = -pl.col(p).clip(lower_bound=1e-300).log10()
    known = known.with_columns(sure=pl.min_horizontal(sure, HIGHEST))
    frame = thin_cloud(known.select("key", "call", "rank", change, "sure", p, fdr), change, "sure", rows=rows)
    passing = known.filter((pl.col(fdr) < limits.fdr) & (pl.col(change) > limits.log2fc))
    limit = known.filter(pl.col(fdr) < limits.fdr)["sure"].min()
    noun = UNITS[limits.unit]
    axes = (
        alt.X(f"{change}:Q", axis=alt.Axis(title=contrast.axis)),
        alt.Y("sure:Q", axis=alt.Axis(title="−log10 p", tickCount=6), scale=alt.Scale(domainMin=0)),
    )
    tooltip = unit_tooltip(
        noun,
        alt.Tooltip(f"{change}:Q", format=".2f", title="log2 fold change"),
        alt.Tooltip(f"{p}:Q", format=".2g", title="p"),
        alt.Tooltip(f"{fdr}:Q", format=".2g", title="FDR"),
    )
    rule = alt.Chart(alt.InlineData(values=[{"at": limits.log2fc}])).mark_rule(strokeDash=[4, 4])
    layers = [rule.encode(x="at:Q")]
    if isinstance(limit, float):
        lines = alt.Chart(
            alt.InlineData(values=[{"at": limit, "label": f"FDR {share(limits.fdr, digits=0)}"}])
        )
        layers += [
            lines.mark_rule(strokeDash=[4, 4]).encode(y="at:Q"),
            lines.mark_text(align="left", baseline="bottom", dx=3, dy=-2, color="var(--ink-2)").encode(
                x=alt.value(0), y="at:Q", text="label:N"
            ),
        ]
    layers += draw_calls(frame, *axes, tooltip=tooltip)
    chart = alt.layer(*layers).properties(width="container", height=320)
    caption = (
        f"One point a {noun}: {target.antigen} against {contrast.against}; quasi-likelihood F-test, "
        f"two-sided. Dashed: log2 fold change {limits.log2fc:g} and the largest p that Benjamini–Hochberg "
        f"lets pass at {share(limits.fdr, digits=0)}. "
    )
    if known["sure"].max() == HIGHEST:
        caption += f"Below p = 1e-{HIGHEST:.0f} points stand at the upper edge. "
    caption += say_thinned(frame, noun)
    error = ", without error control" if target.exploratory else f" at FDR {share(limits.fdr, digits=0)}"
    title = f"{contrast.letter}: {target.count_units(passing.height)} {contrast.finding}{error}"
    labels = (
        ("key", noun),
        (change, "log2 fold change"),
        ("sure", "−log10 p"),
        (p, "p"),
        (fdr, "FDR"),
        ("units", "stands for"),
    )
    return [
        Figure(
            title,
            chart,
            frame,
            caption=caption.strip(),
            key=f"volcano {contrast.letter} {target.name}",
            labels=labels,
        )
    ]
