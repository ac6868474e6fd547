"""The lineage network: leads and their near relatives, joined where their CDR3s are alike.

The layout is a rule, not a simulation: each family stands on rings around its best lead, and families fill
rows from the largest to the smallest, so that the same campaign always looks the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import polars as pl

from bactrian.discovery.figures.leads.marks import CALLS, call_units
from bactrian.discovery.figures.leads.results import UNITS
from bactrian.discovery.figures.marks import legend
from bactrian.report import Figure
from bactrian.report.words import share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from bactrian.discovery.figures.leads.results import TargetResults

RELATIVES = 8
"""Relatives drawn of each lead, those with the most reads."""

NODES = 260
"""Units drawn: more cannot be told apart."""

GAP = 0.35
"""Room between families, in the same steps."""

ACROSS = 16.0
"""Width of a row of families, in steps between neighbours on a ring."""


def draw_lineages(target: TargetResults, units: pl.DataFrame | None = None) -> list[Figure]:
    """Draw leads with their relatives among all tested units.

    Args:
        target: Results of one antigen.
        units: Its tested units with their `call`, if they are at hand.

    Returns:
        The figure, or nothing where there is no lead or no CDR3 to compare.
    """
    leads = target.leads
    if leads.is_empty():
        return []
    known = with_cdr3(target, call_units(target) if units is None else units)
    picks = dict(leads.select("key", "pick").iter_rows())
    rows = [row for row in known.iter_rows(named=True) if row["key"] in picks]
    if not rows:
        return []
    rows.sort(key=lambda row: picks[row["key"]])
    nodes, edges = find_relatives(known, [row["key"] for row in rows], identity=target.whole.identity)
    places = lay_out(nodes, edges)
    looks = {row["key"]: row for row in known.filter(pl.col("key").is_in(nodes)).iter_rows(named=True)}
    frame = pl.DataFrame(
        [
            {
                "key": key,
                "cdr3": looks[key]["cdr3"],
                "lead": picks.get(key),
                "call": looks[key]["call"],
                "reads": looks[key]["reads"],
                "across": round(places[key][0], 3),
                "down": round(places[key][1], 3),
            }
            for key in nodes
        ],
        schema_overrides={"lead": pl.Int64, "reads": pl.Int64},
    )
    width = max(ACROSS, float(frame["across"].max() or 0.0) + 1)  # type: ignore[arg-type]
    depth = float(frame["down"].max() or 0.0) + 1  # type: ignore[arg-type]
    x = alt.X("across:Q", axis=None, scale=alt.Scale(domain=[-0.5, width], nice=False))
    y = alt.Y("down:Q", axis=None, scale=alt.Scale(domain=[depth, -0.9], nice=False))
    ends = [
        {"edge": place, "across": round(places[key][0], 3), "down": round(places[key][1], 3)}
        for place, edge in enumerate(edges)
        for key in edge
    ]
    layers: list[alt.Chart] = []
    if ends:
        links = alt.Chart(alt.InlineData(values=ends)).mark_line(color="var(--mark-5)", strokeWidth=1.2)
        layers.append(links.encode(x=x, y=y, detail="edge:N"))
    held = [call for call in CALLS if call in set(frame["call"].to_list())]
    colours = alt.Scale(domain=held, range=[CALLS[call][0] for call in held])
    shapes = alt.Scale(domain=held, range=[CALLS[call][1] for call in held])
    points = alt.Chart().mark_point(opacity=1, stroke="var(--ink-2)", strokeWidth=0.6)
    layers.append(
        points.encode(
            x=x,
            y=y,
            color=alt.Color("call:N", scale=colours, legend=legend()),
            shape=alt.Shape("call:N", scale=shapes, legend=legend()),
            size=alt.Size("reads:Q", scale=alt.Scale(type="log", domainMin=1, range=[25, 260]), legend=None),
            tooltip=[
                alt.Tooltip("key:N", title=UNITS[target.whole.unit]),
                alt.Tooltip("cdr3:N", title="CDR3"),
                alt.Tooltip("lead:Q"),
                alt.Tooltip("call:N"),
                alt.Tooltip("reads:Q", format=","),
            ],
        )
    )
    names = alt.Chart().transform_filter("isValid(datum.lead)").encode(x=x, y=y, text="lead:Q")
    # A line below a number would be read as part of it.
    layers.append(names.mark_text(dy=-13, fontWeight=600, fontSize=11, stroke="var(--card)", strokeWidth=4))
    layers.append(names.mark_text(dy=-13, fontWeight=600, fontSize=11))
    chart = alt.layer(*layers).properties(width="container", height=max(160, round(34 * (depth + 1))))
    return [
        Figure(
            _title(nodes, edges, picks, target),
            chart,
            frame,
            caption=_caption(target, frame),
            key=f"lineages {target.name}",
            wide=True,
            labels=(
                ("key", UNITS[target.whole.unit]),
                ("cdr3", "CDR3"),
                ("across", "place across"),
                ("down", "place down"),
            ),
        )
    ]


def with_cdr3(target: TargetResults, units: pl.DataFrame) -> pl.DataFrame:
    """Give the tested units whose CDR3 is known: key, call, reads, cdr3.

    A CDR3 is its own key, and the last part of a clonotype's; that of a lineage stands in `relatives`.
    """
    reads = pl.col("reads").cast(pl.Int64).fill_null(1) if "reads" in units.columns else pl.lit(1, pl.Int64)
    known = units.select("key", "call", reads=reads.clip(lower_bound=1))
    if target.whole.unit == "cdr3":
        known = known.with_columns(cdr3=pl.col("key"))
    elif target.whole.unit == "clonotype":
        known = known.with_columns(cdr3=pl.col("key").str.split("_").list.last())
    else:
        told = target.whole.relatives
        if told.is_empty():
            return known.with_columns(cdr3=pl.lit(None, pl.String)).clear()
        known = known.join(
            told.select("key", "cdr3").unique("key", keep="first"), on="key", maintain_order="left"
        )
    return known.filter(pl.col("cdr3").str.contains(r"^[A-Z]+$"))


def find_relatives(
    known: pl.DataFrame, leads: Sequence[str], *, identity: float
) -> tuple[list[str], list[tuple[str, str]]]:
    """Find each lead's relatives and every pair of them that belongs together.

    Two CDR3s belong together if they have the same length L and differ in at most
    floor((1 - identity) L) residues, as in `clonotypes.lineages`.

    Args:
        known: key, reads, cdr3 of the tested units, leads among them.
        leads: Keys of the leads, best first.
        identity: Least share of equal residues.

    Returns:
        Keys to draw, leads first, at most `NODES`; and the pairs among them.
    """
    cdr3s = dict(known.select("key", "cdr3").iter_rows())
    by_length = {
        length: (part["key"].to_list(), _letters(part["cdr3"].to_list()))
        for (length,), part in known.sort("reads", "key", descending=[True, False])
        .with_columns(length=pl.col("cdr3").str.len_bytes())
        .group_by("length", maintain_order=True)
    }
    nodes = dict.fromkeys(leads[:NODES])
    for key in leads:
        names, letters = by_length[len(cdr3s[key])]
        near = np.flatnonzero(_distances(letters, cdr3s[key]) <= _limit(len(cdr3s[key]), identity))
        for place in [int(place) for place in near if names[int(place)] != key][:RELATIVES]:
            if len(nodes) < NODES:
                nodes.setdefault(names[place])
    drawn = list(nodes)
    edges = []
    for length in sorted({len(cdr3s[key]) for key in drawn}):
        same = [key for key in drawn if len(cdr3s[key]) == length]
        letters = _letters([cdr3s[key] for key in same])
        for first, key in enumerate(same):
            near = np.flatnonzero(_distances(letters[first + 1 :], cdr3s[key]) <= _limit(length, identity))
            edges += [(key, same[first + 1 + int(place)]) for place in near]
    return drawn, edges


@dataclass(frozen=True, slots=True)
class Family:
    """Units that a chain of near relatives connects.

    Args:
        members: Keys, the one in the middle first.
    """

    members: tuple[str, ...]

    @property
    def rings(self) -> int:
        """Rings around the middle: the first holds six, every further one six more; a pair needs none."""
        rings = 0
        while len(self.members) > 2 and 1 + 3 * rings * (rings + 1) < len(self.members):
            rings += 1
        return rings

    @property
    def size(self) -> tuple[float, float]:
        """Room that it takes across and down."""
        return (2.0, 1.0) if len(self.members) == 2 else (2.0 * self.rings + 1, 2.0 * self.rings + 1)

    def spots(self) -> list[tuple[float, float]]:
        """Give the place of each member around the middle."""
        if len(self.members) == 2:
            return [(-0.5, 0.0), (0.5, 0.0)]
        spots = [(0.0, 0.0)]
        for ring in range(1, self.rings + 1):
            held = min(6 * ring, len(self.members) - len(spots))
            turns = [2 * math.pi * place / held - math.pi / 2 for place in range(held)]
            spots += [(ring * math.cos(turn), ring * math.sin(turn)) for turn in turns]
        return spots


def find_families(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[Family]:
    """Give the connected families, largest first; members and equals in the order of the nodes."""
    near: dict[str, list[str]] = {key: [] for key in nodes}
    for first, second in edges:
        near[first].append(second)
        near[second].append(first)
    seen: set[str] = set()
    families = []
    for key in nodes:
        if key in seen:
            continue
        members, waits = set(), [key]
        while waits:
            here = waits.pop()
            if here not in members:
                members.add(here)
                waits += near[here]
        seen |= members
        families.append(Family(tuple(one for one in nodes if one in members)))
    return sorted(families, key=lambda family: -len(family.members))


def lay_out(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """Give each unit its place: families in rows from the largest to the smallest, rings within a family.

    Args:
        nodes: Keys, leads first.
        edges: Pairs of keys.

    Returns:
        Key to place across and down, in steps between neighbours on a ring.
    """
    places: dict[str, tuple[float, float]] = {}
    left, top, height = 0.0, 0.0, 0.0
    for family in find_families(nodes, edges):
        wide, deep = family.size
        if left and left + wide > ACROSS:
            left, top, height = 0.0, top + height + GAP, 0.0
        for key, (across, down) in zip(family.members, family.spots(), strict=True):
            places[key] = (left + wide / 2 + across, top + deep / 2 + down)
        left, height = left + wide + GAP, max(height, deep)
    return places


def _letters(cdr3s: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Give CDR3s of one length as rows of bytes."""
    return np.frombuffer("".join(cdr3s).encode("ascii"), np.uint8).reshape(len(cdr3s), -1)


def _distances(letters: npt.NDArray[np.uint8], cdr3: str) -> npt.NDArray[np.int64]:
    return np.asarray((letters != np.frombuffer(cdr3.encode("ascii"), np.uint8)).sum(axis=1), np.int64)


def _limit(length: int, identity: float) -> int:
    return math.floor((1.0 - identity) * length + 1e-9)


def _title(
    nodes: Sequence[str], edges: Sequence[tuple[str, str]], picks: dict[str, int], target: TargetResults
) -> str:
    """Say how many leads have relatives, and how many families hold several leads."""
    families = find_families(nodes, edges)
    related = sum(key in picks for family in families if len(family.members) > 1 for key in family.members)
    several = sum(sum(key in picks for key in family.members) > 1 for family in families)
    title = f"{related:,} of {target.count_units(len(picks))} picked have near relatives among those tested"
    if several:
        title += f"; {several:,} {'family holds' if several == 1 else 'families hold'} more than one lead"
    return title


def _caption(target: TargetResults, frame: pl.DataFrame) -> str:
    relatives = frame.filter(pl.col("lead").is_null()).height
    limit = share(target.whole.identity, digits=0)
    return (
        f"Lines join CDR3s of one length that are equal in {limit} of their residues or more. Numbers are "
        f"leads as in the list; larger marks have more reads. {relatives:,} relatives that were tested are "
        f"drawn, up to {RELATIVES} of each lead. Where a unit stands says nothing beyond its family."
    )
