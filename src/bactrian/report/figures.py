"""A chart whose title is its finding, with the frame behind it one click away.

A figure keeps its frame apart from its chart, so that a page holds the numbers once: the chart draws them,
the table under it lists them and the CSV exports them. Vega, Vega-Lite and vega-embed go into a page once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from bactrian.report import words
from bactrian.report.palette import THEMES, Theme, chart_theme

if TYPE_CHECKING:
    import altair as alt
    import polars as pl

SIGNIFICANT_DIGITS = 6
"""Digits that a number keeps in a page: finer than any pixel, and half the size of the file."""


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A chart and what it shows.

    Args:
        title: The finding, computed from the frame.
        chart: Altair chart without data and with typed encodings; layers of it may bring data of their own.
        frame: Rows that the chart draws.
        caption: How to read it: what a mark is, where the numbers come from.
        key: Id in the page and in addresses; by default made of the first words of the title.
        wide: Whether the figure takes the whole width of the page.
        labels: Header of each column in the table behind the figure; a column not named keeps its name.
    """

    title: str
    chart: alt.TopLevelMixin
    frame: pl.DataFrame
    caption: str = ""
    key: str = ""
    wide: bool = False
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def anchor(self) -> str:
        """Id of the figure in its page."""
        return f"figure-{words.anchor(self.key or self.title)}"

    @property
    def description(self) -> str:
        """What a person who does not see the chart is told."""
        return " ".join(
            part for part in (f"{self.title}.", self.caption, "The numbers are listed below.") if part
        )

    def spec(self) -> dict[str, Any]:
        """Give the Vega-Lite specification without data and theme; both are put in where it is drawn."""
        spec = {name: part for name, part in self.chart.to_dict().items() if name not in {"config", "data"}}
        spec["layer"] = [
            {name: part for name, part in layer.items() if name != "data" or part != _NO_DATA}
            for layer in spec.get("layer", [])
        ]
        if not spec["layer"]:
            del spec["layer"]
        return {**spec, "autosize": {"type": "fit-x", "contains": "padding"}}

    def columns(self) -> dict[str, Any]:
        """Give the frame as names, labels and columns of values, in the precision of a page."""
        labels = dict(self.labels)
        return {
            "names": self.frame.columns,
            "labels": [labels.get(name, name.replace("_", " ")) for name in self.frame.columns],
            "values": [[_short(value) for value in column.to_list()] for column in self.frame.iter_columns()],
        }

    def embedded(self) -> str:
        """Give specification and frame as JSON that is safe inside a script element."""
        text = json.dumps({"spec": self.spec(), **self.columns()}, ensure_ascii=False, separators=(",", ":"))
        return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")

    def themed(self, theme: Theme = "light") -> dict[str, Any]:
        """Give the whole specification with data, title and theme: what a notebook or an image shows."""
        return {
            **resolved(self.spec(), theme),
            "title": self.title,
            "data": {"values": self.frame.to_dicts()},
            "config": {**chart_theme(THEMES[theme]), "background": THEMES[theme]["card"]},
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Show the figure in a notebook as in a report."""
        return {"application/vnd.vegalite.v6+json": self.themed() | {"width": 640}, "text/plain": self.title}


def resolved(spec: dict[str, Any], theme: Theme) -> dict[str, Any]:
    """Give a specification with the page's colour variables replaced by the colours of one theme."""
    text = json.dumps(spec)
    for name, colour in THEMES[theme].items():
        text = text.replace(f'"var(--{name})"', f'"{colour}"')
    answer: dict[str, Any] = json.loads(text)
    return answer


_NO_DATA = {"name": "empty"}
"""What Altair writes into a layer without data; such a layer draws the figure's frame."""

_GLOBALS = "window.vegaEmbed = vegaEmbed;"


@cache
def chart_script() -> str:
    """Give the JavaScript that draws charts, safe inside a script element; about 0.9 MB."""
    import vl_convert  # noqa: PLC0415 - loads a JavaScript engine

    script: str = vl_convert.javascript_bundle(_GLOBALS)
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _short(value: object) -> object:
    """Round a float to the digits of a page; a number that is none becomes missing."""
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if value - value == 0 else None
    return value
