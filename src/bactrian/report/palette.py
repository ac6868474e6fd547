"""Colours of the product: themes, states with their signs, roles with their shapes, and the chart theme."""

from __future__ import annotations

from typing import Any, Literal

Theme = Literal["light", "dark"]
State = Literal["good", "waiting", "bad", "neutral"]

THEMES: dict[Theme, dict[str, str]] = {
    "light": {
        "ink": "#1b2330",
        "ink-2": "#4d5868",
        "line": "#dde2e8",
        "ground": "#f6f7f9",
        "card": "#ffffff",
        "action": "#0b5cad",
        "on-action": "#ffffff",
        "good": "#1b6e3c",
        "good-ground": "#e5f3ea",
        "waiting": "#7a5300",
        "waiting-ground": "#fdf1d6",
        "bad": "#a3271f",
        "bad-ground": "#fdeae8",
        "mark-1": "#0b6bcb",
        "mark-2": "#8fbbe8",
        "mark-3": "#c98a1b",
        "mark-4": "#6b7684",
        "mark-5": "#c3cad3",
    },
    "dark": {
        "ink": "#e6eaf0",
        "ink-2": "#a3aebb",
        "line": "#303946",
        "ground": "#12171e",
        "card": "#1a212b",
        "action": "#6db3ff",
        "on-action": "#12171e",
        "good": "#7fd3a0",
        "good-ground": "#16301f",
        "waiting": "#f0c669",
        "waiting-ground": "#33290f",
        "bad": "#ff9d94",
        "bad-ground": "#3a1a18",
        "mark-1": "#3d8fe0",
        "mark-2": "#a9cdf2",
        "mark-3": "#d9a441",
        "mark-4": "#8a95a3",
        "mark-5": "#4a5563",
    },
}
"""Every colour of a page by theme. `mark-1` to `mark-5` part a bar, from what counts most to what is left."""

SIGNS: dict[State, str] = {"good": "✓", "waiting": "◔", "bad": "✕", "neutral": "○"}

ROLES: dict[str, str] = {
    "target": "#0b6bcb",
    "counter": "#d9660a",
    "irrelevant": "#8a5bb5",
    "input": "#6b7684",
    "control": "#a9b2bd",
}
"""Colour of each arm, the same in every figure and both themes."""

ROLE_SHAPES: dict[str, str] = {
    "target": "circle",
    "counter": "square",
    "irrelevant": "triangle-up",
    "input": "diamond",
    "control": "cross",
}
"""Second sign of each arm beside its colour."""

FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def css_variables(theme: Theme) -> str:
    """Give the declarations of one theme for a stylesheet, `--ink: #1b2330; …`."""
    return " ".join(f"--{name}: {colour};" for name, colour in THEMES[theme].items())


def theme_colours() -> dict[str, str]:
    """Give each colour as the CSS variable that holds it, so that a drawn chart follows the page's theme."""
    return {name: f"var(--{name})" for name in THEMES["light"]}


def chart_theme(colours: dict[str, str]) -> dict[str, Any]:
    """Give the Vega-Lite configuration of every figure.

    Args:
        colours: Colour by name: one of `THEMES`, or `theme_colours` for a page.

    Returns:
        A Vega-Lite `config` object.
    """
    return {
        "background": "transparent",
        "font": FONT,
        "padding": 4,
        "view": {"stroke": None, "continuousHeight": 280},
        "axis": {
            "domain": False,
            "ticks": False,
            "grid": True,
            "gridColor": colours["line"],
            "labelColor": colours["ink-2"],
            "labelFontSize": 12,
            "labelPadding": 6,
            "labelLimit": 220,
            "titleColor": colours["ink-2"],
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 10,
        },
        "legend": {
            "orient": "top",
            "labelColor": colours["ink-2"],
            "labelFontSize": 12,
            "labelLimit": 260,
            "symbolOpacity": 1,
            "titleLimit": 320,
            "layout": {"top": {"anchor": "start", "bounds": "full", "direction": "vertical"}},
            "titleColor": colours["ink-2"],
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "symbolSize": 90,
            "symbolStrokeWidth": 2,
            "columnPadding": 14,
            "rowPadding": 4,
            "offset": 10,
        },
        "text": {"color": colours["ink"], "fontSize": 12},
        "rule": {"color": colours["ink-2"]},
        "bar": {"color": colours["mark-1"]},
        "point": {"color": colours["mark-1"], "filled": True},
        "line": {"color": colours["mark-1"]},
        "title": {"color": colours["ink"], "fontSize": 15, "fontWeight": 650, "anchor": "start"},
    }
