"""A frame as a table: typed columns to cells, with what is missing said and what is exported kept exact."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from markupsafe import Markup, escape

from bactrian.report import words
from bactrian.report.palette import SIGNS, State
from bactrian.report.sparks import draw_whisker

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

Kind = Literal["text", "prose", "mono", "count", "number", "share", "probability", "flags", "interval"]
NUMERIC: frozenset[Kind] = frozenset({"count", "number", "share", "probability"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Args:
        key: Column of the frame; of an interval, the column of its point.
        label: Header.
        kind: What the values are: `share` is a fraction shown in per cent,
            `probability` keeps two digits however small it is, `flags` are words joined by `;`,
            `interval` draws `low` to `high` with a dot at the point.
        unit: Unit, in small print below the header.
        digits: Decimals of numbers and shares.
        missing: Why a value may be absent, shown on hover and written into exports.
        about: Definition of the column, shown on hover of its header.
        low: Column of the interval's lower end.
        high: Column of the interval's upper end.
        states: State of each flag; a flag not named is neutral.
        link: Column of the frame that holds the address each value leads to, a place in the page or a file
            beside it; a value without one is no link.
    """

    key: str
    label: str
    kind: Kind = "text"
    unit: str = ""
    digits: int = 1
    missing: str = "not measured"
    about: str = ""
    low: str = ""
    high: str = ""
    states: Mapping[str, State] = field(default_factory=dict)
    link: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns of the frame that the column reads."""
        interval = (self.low, self.high) if self.kind == "interval" else ()
        return (self.key, *interval, *((self.link,) if self.link else ()))

    @property
    def numeric(self) -> bool:
        """Whether the column is right-aligned."""
        return self.kind in NUMERIC


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A frame to show.

    Args:
        title: What the rows are.
        frame: Rows to show, in the order to show them.
        columns: Columns to show.
        lead: A sentence between title and table.
        total: Rows there are in all, if `frame` holds only the first of them.
        files: Words and address of files beside the report that hold the same rows, such as
            ("XLSX", "samples.xlsx").
        empty: What stands here when there are no rows.

    Raises:
        ValueError: If a column is absent from the frame, or `total` is below the rows given.
    """

    title: str
    frame: pl.DataFrame
    columns: tuple[Column, ...]
    lead: str = ""
    total: int | None = None
    files: tuple[tuple[str, str], ...] = ()
    empty: str = "There are no rows."

    def __post_init__(self) -> None:
        absent = [name for column in self.columns for name in column.needs if name not in self.frame.columns]
        if absent:
            msg = f"table '{self.title}' shows columns its frame does not have: {', '.join(absent)}"
            raise ValueError(msg)
        if self.total is not None and self.total < self.frame.height:
            msg = f"table '{self.title}' shows {self.frame.height} rows of {self.total}"
            raise ValueError(msg)

    @property
    def anchor(self) -> str:
        """Id of the table in its page."""
        return f"table-{words.anchor(self.title)}"

    @property
    def shown(self) -> str:
        """How many of how many rows are in the page."""
        if self.total is None or self.total == self.frame.height:
            return words.plural(self.frame.height, "row")
        return f"the first {words.count(self.frame.height)} of {words.plural(self.total, 'row')}"

    def body(self) -> Markup:
        """Give the rows as HTML."""
        scales = {
            column.key: _scale(self.frame, column) for column in self.columns if column.kind == "interval"
        }
        rows = []
        for record in self.frame.iter_rows(named=True):
            cells = []
            for place, column in enumerate(self.columns):
                inner, attributes = _linked(record, column, scales)
                tag = 'th scope="row"' if place == 0 else "td"
                cells.append(f"<{tag}{attributes}>{inner}</{tag[:2]}>")
            rows.append(f"<tr>{''.join(cells)}</tr>")
        return Markup("\n".join(rows))


def present(columns: tuple[Column, ...], frame: pl.DataFrame) -> tuple[Column, ...]:
    """Give the columns whose values the frame holds."""
    return tuple(column for column in columns if set(column.needs) <= set(frame.columns))


def _linked(
    record: Mapping[str, object], column: Column, scales: Mapping[str, tuple[float, float]]
) -> tuple[str, str]:
    """Give a cell whose text leads to the record's address, where the column has one."""
    inner, attributes = _cell(record, column, scales)
    address = record[column.link] if column.link else None
    if address and "data-missing=" not in attributes:
        inner = f'<a href="{escape(address)}">{inner}</a>'
    return inner, attributes


def _cell(
    record: Mapping[str, object], column: Column, scales: Mapping[str, tuple[float, float]]
) -> tuple[str, str]:
    """Give the HTML inside a cell and its attributes; `data-v` sorts and exports in place of the text."""
    value = record[column.key]
    style = {"mono": "mono", "prose": "prose"}.get(column.kind, "num" if column.numeric else "")
    css = f' class="{style}"' if style else ""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        if column.kind == "flags":
            return "", ' data-v=""'
        reason = escape(column.missing)
        return f'<span class="missing" title="{reason}">–<span class="aside"> {reason}</span></span>', (
            f'{css} data-v="" data-missing="{reason}"'
        )
    if column.kind == "interval":
        return _interval(record, column, scales[column.key])
    if column.kind == "flags":
        chips = "".join(
            _flag(word, column.states.get(word, "neutral")) for word in str(value).split(";") if word
        )
        return chips, f' data-v="{escape(value)}"'
    if column.numeric:
        number = float(cast("float", value))
        text = {
            "count": lambda: words.count(number),
            "share": lambda: words.share(number, digits=column.digits),
            "number": lambda: f"{number:,.{column.digits}f}",
            "probability": lambda: f"{number:.2g}" if number else "<\u00a01e-300",
        }[column.kind]()
        exact = str(round(number)) if column.kind == "count" else f"{number:.6g}"
        return str(escape(text)), f'{css} data-v="{exact}"'
    return str(escape(value)), css


def _flag(word: str, state: State) -> str:
    text = escape(word.replace("_", " "))
    return f'<span class="chip {state}"><span aria-hidden="true">{SIGNS[state]}</span> {text}</span> '


def _scale(frame: pl.DataFrame, column: Column) -> tuple[float, float]:
    """Give the lowest and the highest end over the rows, never the same."""
    low = cast("float | None", frame[column.low].min())
    high = cast("float | None", frame[column.high].max())
    first, last = float(low or 0.0), float(high or 0.0)
    return (first, last) if last > first else (first, first + 1.0)


def _interval(record: Mapping[str, object], column: Column, scale: tuple[float, float]) -> tuple[str, str]:
    """Draw dot and whisker on the scale that all rows share; the numbers are its label."""
    point, low, high = (record[name] for name in (column.key, column.low, column.high))
    if low is None or high is None:
        return _cell({column.key: None}, column, {})
    ends = [float(cast("float", value)) for value in (low, point, high)]
    texts = [f"{end:,.{column.digits}f}" for end in ends]
    label = f"{texts[0]} to {texts[2]}"
    svg = draw_whisker(ends[0], ends[1], ends[2], scale=scale, label=label)
    return svg, f' data-v="{ends[0]:.6g}" data-x="{ends[0]:.6g} to {ends[2]:.6g}"'
