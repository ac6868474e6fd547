"""Small drawings inside a record: dots of replicates and lines over rounds, as SVG that needs no script.

Both stand on a scale that is linear near nought and logarithmic above, so that nought has a place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from bactrian.report import words
from bactrian.report.palette import ROLE_SHAPES, ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 380
LABELS = 118
RIGHT = 14
ROW = 24
LINES = 110
"""Height of a drawing of lines in pixels."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale from nought to `top`, linear below `bend` and logarithmic above.

    Args:
        top: Largest value drawn.
        bend: Value around which the scale bends.
        unit: Unit of the values.
    """

    top: float
    bend: float = 20.0
    unit: str = ""

    def share(self, value: float) -> float:
        """Give how far along the scale a value lies, 0 to 1."""
        whole = math.log1p(max(self.top, self.bend) / self.bend)
        return min(1.0, math.log1p(max(value, 0.0) / self.bend) / whole)

    def ticks(self) -> list[float]:
        """Give nought and the powers of ten on the scale, every other one if they are many."""
        powers = [10.0**power for power in range(2, 10) if 10.0**power <= self.top]
        return [0.0, *(powers if len(powers) < 5 else powers[len(powers) % 2 :: 2])]


@dataclass(frozen=True, slots=True)
class Dots:
    """Values of one kind in a row of their own.

    Args:
        label: Name of the row.
        role: Arm whose colour and shape the dots take.
        values: One value a dot.
    """

    label: str
    role: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class DotStrip:
    """Rows of dots on one scale.

    Args:
        title: What is drawn.
        rows: The rows from top to bottom.
        scale: Scale that the rows share, best the same in every record of a page.
    """

    title: str
    rows: tuple[Dots, ...]
    scale: Scale

    @property
    def description(self) -> str:
        """What a person who does not see the drawing is told."""
        rows = [f"{row.label} {', '.join(words.count(value) for value in row.values)}" for row in self.rows]
        return f"{self.title}: {'; '.join(rows)} {self.scale.unit}".rstrip()

    def body(self) -> Markup:
        """Give the drawing as SVG."""
        bottom = ROW * len(self.rows)
        ticks = [(_x(self.scale, tick), _short(tick)) for tick in self.scale.ticks()]
        rails = [f"M{x:.0f} 4V{bottom}" for x, _ in ticks]
        rails += [f"M{LABELS} {ROW * place + ROW // 2}H{WIDTH - RIGHT}" for place in range(len(self.rows))]
        parts = [f'<path class="rail" d="{"".join(rails)}"/>']
        parts += [_text(x, bottom + 16, label) for x, label in ticks]
        for place, row in enumerate(self.rows):
            y = ROW * place + ROW // 2
            parts.append(_text(LABELS - 8, y + 4, _cut(row.label), anchor="end"))
            parts += [_sign("dot", row.role, _x(self.scale, value), y) for value in row.values]
        return _svg(self.description, bottom + 22, parts)


@dataclass(frozen=True, slots=True)
class Line:
    """Values of one kind over rounds.

    Args:
        label: Name of the line.
        role: Arm whose colour and shape the line takes.
        points: Round and value, in order of the rounds.
    """

    label: str
    role: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Values over rounds.

    Args:
        title: What is drawn.
        lines: The lines: those of the target solid with points, the others dashed.
        scale: Vertical scale.
        axis: Name of the horizontal axis.
    """

    title: str
    lines: tuple[Line, ...]
    scale: Scale
    axis: str = "round"

    @property
    def description(self) -> str:
        """What a person who does not see the drawing is told."""
        told = [
            f"{line.label} from {words.count(line.points[0][1])} to {words.count(line.points[-1][1])}"
            for line in self.lines
        ]
        return f"{self.title}: {'; '.join(told)} {self.scale.unit}".rstrip()

    def body(self) -> Markup:
        """Give the drawing as SVG."""
        rounds = sorted({round_ for line in self.lines for round_, _ in line.points})
        low, high = rounds[0], rounds[-1]
        left, right, top, bottom = 44, WIDTH - RIGHT, 8, LINES - 12

        def place(round_: float, value: float) -> tuple[float, float]:
            x = left + (right - left) * ((round_ - low) / (high - low) if high > low else 0.5)
            return x, bottom - (bottom - top) * self.scale.share(value)

        heights = [(place(low, tick)[1], _short(tick)) for tick in self.scale.ticks()]
        rails = "".join(f"M{left} {y:.0f}H{right}" for y, _ in heights)
        parts = [f'<path class="rail" d="{rails}"/>']
        parts += [_text(left - 6, y + 4, label, anchor="end") for y, label in heights]
        parts += [_text(place(round_, 0)[0], LINES + 6, f"{round_:g}") for round_ in rounds]
        for line in self.lines:
            spots = [place(*point) for point in line.points]
            path = " ".join(f"{x:.0f},{y:.0f}" for x, y in spots)
            dash = "" if line.role == "target" else ' stroke-dasharray="4 3"'
            parts.append(f'<polyline stroke="{ROLES[line.role]}"{dash} points="{path}"/>')
            if line.role == "target":
                parts += [_sign("spot", line.role, x, y) for x, y in spots]
        return _svg(self.description, LINES + 10, parts)


Spark = DotStrip | Lines


def draw_whisker(
    low: float, point: float, high: float, *, scale: tuple[float, float], label: str, nought: bool = False
) -> Markup:
    """Draw an interval as dot and whisker.

    Args:
        low: Lower end.
        point: Estimate.
        high: Upper end.
        scale: Values at the left and at the right edge.
        label: The interval in words.
        nought: Whether a line marks nought, where the scale holds it.

    Returns:
        SVG 100 px wide.
    """
    span = scale[1] - scale[0] or 1.0
    left, dot, right, zero = (
        4 + 92 * min(1.0, max(0.0, (end - scale[0]) / span)) for end in (low, point, high, 0.0)
    )
    line = f'<line class="rail" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="16"/>'
    line = line if nought and scale[0] <= 0 <= scale[1] else ""
    said = escape(label)
    return Markup(
        f'<svg class="whisker" viewBox="0 0 100 16" role="img" aria-label="{said}"><title>{said}</title>'
        f'{line}<line x1="{left:.1f}" x2="{right:.1f}" y1="8" y2="8"/>'
        f'<circle cx="{dot:.1f}" cy="8" r="3.5"/></svg>'
    )


def _svg(label: str, height: float, parts: Sequence[str]) -> Markup:
    return Markup(
        f'<svg class="spark" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _x(scale: Scale, value: float) -> float:
    return LABELS + 6 + (WIDTH - RIGHT - LABELS - 6) * scale.share(value)


def _text(x: float, y: float, label: str, *, anchor: str = "middle") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{label}</text>'


def _short(value: float) -> str:
    """Write a tick: 0, 100, 1k, 10k, 1M."""
    for limit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{sign}"
    return f"{value:g}"


def _cut(label: str, *, limit: int = 17) -> str:
    return str(escape(label if len(label) <= limit else label[: limit - 1] + "…"))


def _sign(kind: str, role: str, x: float, y: float) -> str:
    """Place the sign of a role: a `dot` of a strip or the smaller `spot` of a line."""
    return f'<use href="#{kind}-{role}" x="{x:.0f}" y="{y:.0f}"/>'


def define_signs() -> Markup:
    """Give the shapes that the drawings of a page place, defined once, as SVG that shows nothing."""
    signs = [
        _define(f"{kind}-{role}", role, size)
        for kind, size in (("dot", 4.5), ("spot", 3.0))
        for role in ROLES
    ]
    return Markup(f'<svg class="aside" aria-hidden="true"><defs>{"".join(signs)}</defs></svg>')


def _define(name: str, role: str, size: float) -> str:
    """Define the shape of a role around the origin."""
    colour, shape = ROLES[role], ROLE_SHAPES[role]
    if shape == "circle":
        return f'<circle id="{name}" r="{size}" fill="{colour}"/>'
    corners = {
        "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
        "triangle-up": ((0, -1.1), (1.1, 0.9), (-1.1, 0.9)),
        "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
        "cross": (
            (-0.4, -1.1), (0.4, -1.1), (0.4, -0.4), (1.1, -0.4), (1.1, 0.4), (0.4, 0.4),
            (0.4, 1.1), (-0.4, 1.1), (-0.4, 0.4), (-1.1, 0.4), (-1.1, -0.4), (-0.4, -0.4),
        ),
    }[shape]  # fmt: skip
    points = " ".join(f"{size * across:.1f},{size * down:.1f}" for across, down in corners)
    return f'<polygon id="{name}" points="{points}" fill="{colour}"/>'
