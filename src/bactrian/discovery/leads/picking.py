"""Picks for a plate, diverse first: the best of every lineage, each unlike the others, then second members.

Units are taken in the order of their rank. A unit is held back while its lineage has its share of picks, or
while its CDR3 is too close to a pick of another lineage; whatever is held back for good says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from bactrian.discovery.clonotypes.hamming import Packed
from bactrian.discovery.leads.distances import shares_that_differ
from bactrian.discovery.leads.known import UNWANTED

if TYPE_CHECKING:
    from bactrian.discovery.leads.settings import PickSettings

ROWS_OF_PLATE: Final = "ABCDEFGH"
WELLS: Final = 96
PICK_COLUMNS: Final = {
    "pick": pl.Int32,
    "plate": pl.Int32,
    "well": pl.String,
    "member": pl.Int32,
    "closest_pick": pl.Int32,
    "closest_share": pl.Float64,
    "held_by": pl.String,
}
# Why a unit that has the tier is not picked.
KNOWN, LINEAGE, DISTANCE, PLATE = "known", "lineage", "distance", "plate"


@dataclass(frozen=True, slots=True)
class _Order:
    """What was decided: per candidate its pick number, place in its lineage, and closest pick elsewhere."""

    pick: np.ndarray
    member: np.ndarray
    closest: np.ndarray
    share: np.ndarray


def well_of(pick: int) -> tuple[int, str]:
    """Give plate and well of a pick, down the columns of a 96-well plate: A1, B1, … H1, A2, … H12.

    Args:
        pick: Number of the pick, from 1.

    Returns:
        Plate from 1, and well.

    Examples:
        >>> well_of(1), well_of(8), well_of(9), well_of(97)
        ((1, 'A1'), (1, 'H1'), (1, 'A2'), (2, 'A1'))
    """
    plate, place = divmod(pick - 1, WELLS)
    column, row = divmod(place, len(ROWS_OF_PLATE))
    return plate + 1, f"{ROWS_OF_PLATE[row]}{column + 1}"


def pick_leads(candidates: pl.DataFrame, settings: PickSettings) -> pl.DataFrame:
    """Pick the units of a plate, for each antigen its own.

    Args:
        candidates: Units that may be picked, in the order of antigen and rank, with `antigen`, `library`,
            `cdr3`, `lineage` (null where unknown) and `known_kind`.
        settings: How many, how diverse.

    Returns:
        The same rows with the columns `PICK_COLUMNS`: `pick`, `plate`, `well` and `member` (its place among
        the picks of its lineage) of what is picked; else `held_by` (known, lineage, distance or plate) and,
        for a distance, the closest pick of another lineage and the share of the CDR3 that differs.
    """
    parts = [_pick_antigen(own, settings) for _, own in candidates.group_by("antigen", maintain_order=True)]
    if not parts:
        return candidates.with_columns(pl.lit(None, kind).alias(name) for name, kind in PICK_COLUMNS.items())
    return pl.concat(parts)


def _pick_antigen(own: pl.DataFrame, settings: PickSettings) -> pl.DataFrame:
    """Pick for one antigen."""
    unwanted = np.zeros(own.height, np.bool_)
    if not settings.allow_known:
        unwanted = own["known_kind"].is_in(list(UNWANTED)).fill_null(value=False).to_numpy()
    lineage = own.select(
        pl.when(pl.col("lineage").is_null())
        .then(pl.format("row {}", pl.int_range(pl.len())))
        .otherwise(pl.concat_str("library", "lineage", separator="\t"))
        .alias("lineage")
    )["lineage"]
    lineages = lineage.rank("dense").to_numpy().astype(np.int64) - 1
    order = _decide(own["cdr3"], lineages, unwanted, settings)
    placed = [well_of(int(pick)) if pick else (None, None) for pick in order.pick]
    held = [
        None
        if order.pick[row]
        else KNOWN
        if unwanted[row]
        else LINEAGE
        if (order.pick[lineages == lineages[row]] > 0).sum() >= settings.per_lineage
        else DISTANCE
        if order.share[row] < settings.min_distance
        else PLATE
        for row in range(own.height)
    ]
    near = order.closest > 0
    columns: dict[str, list[Any]] = {
        "pick": [int(pick) or None for pick in order.pick],
        "plate": [plate for plate, _ in placed],
        "well": [well for _, well in placed],
        "member": [int(member) or None for member in order.member],
        "closest_pick": [int(pick) if seen else None for pick, seen in zip(order.closest, near, strict=True)],
        "closest_share": [
            float(share) if seen else None for share, seen in zip(order.share, near, strict=True)
        ],
        "held_by": held,
    }
    return own.with_columns(pl.Series(name, columns[name], dtype=kind) for name, kind in PICK_COLUMNS.items())


def _decide(cdr3s: pl.Series, lineages: np.ndarray, unwanted: np.ndarray, settings: PickSettings) -> _Order:
    """Go through the candidates once per member of a lineage, in the order of their rank."""
    n = len(cdr3s)
    pick, member, closest = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    share = np.full(n, np.inf)
    packed = Packed.of(cdr3s.fill_null(""))
    spelled = cdr3s.is_not_null().to_numpy()
    of_lineage = np.zeros(int(lineages.max(initial=-1)) + 1, np.int64)
    picked = 0
    for turn in range(1, settings.per_lineage + 1):
        for row in range(n):
            if picked == settings.top:
                break
            if pick[row] or unwanted[row] or of_lineage[lineages[row]] >= turn:
                continue
            if share[row] < settings.min_distance:
                continue
            picked += 1
            of_lineage[lineages[row]] += 1
            pick[row], member[row] = picked, of_lineage[lineages[row]]
            others = np.flatnonzero((pick == 0) & (lineages != lineages[row]) & spelled)
            if spelled[row] and others.size:
                found = shares_that_differ(packed, row, others)
                nearer = found < share[others]
                share[others[nearer]], closest[others[nearer]] = found[nearer], picked
    return _Order(pick=pick, member=member, closest=closest, share=share)
