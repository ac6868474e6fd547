"""Samples that one CDR3, with its siblings, has taken over.

A group that holds the share s of a sample thins all other units by 1 / (1 - s). At one half the
thinning is 2-fold, as large as the smallest enrichment a selection is asked to show, so half of the
molecules is where a sample no longer measures its other units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bactrian.discovery.library.abundance import CountMatrix

TAKEOVER = 0.5
WATCH = 0.15
DISCORDANT = 4.0
SIBLING_DISTANCE = 0.15
"""Part of the residues in which a sibling may differ: 2 of 18, 1 of 10, none of 6, where two residues
are a different CDR3."""
TAKEOVERS_SCHEMA = {
    "sample": pl.String,
    "cdr3": pl.String,
    "share": pl.Float64,
    "siblings": pl.Int64,
    "group_share": pl.Float64,
    "replicates": pl.Int64,
    "replicate_share": pl.Float64,
    "fold": pl.Float64,
    "verdict": pl.String,
    "reason": pl.String,
}


def siblings_of(cdr3: str, units: Sequence[str], *, distance: float = SIBLING_DISTANCE) -> list[int]:
    """Find the units of the same length that differ from a CDR3 in a small part of their residues.

    Args:
        cdr3: The CDR3.
        units: CDR3s to search.
        distance: Largest part of the residues that may be substituted.

    Returns:
        Their places in `units`, the CDR3 itself included where it is there.
    """
    places = [at for at, unit in enumerate(units) if len(unit) == len(cdr3)]
    if not places or not cdr3:
        return [at for at, unit in enumerate(units) if unit == cdr3]
    width = len(cdr3)
    letters = np.array([units[at] for at in places]).view(np.uint32).reshape(len(places), -1)[:, :width]
    own = np.array([cdr3]).view(np.uint32)[:width]
    near = (letters != own).sum(axis=1) <= int(distance * width + 1e-9)
    return [at for at, is_near in zip(places, near, strict=True) if is_near]


def replicates_of(sheet: pl.DataFrame, samples: Sequence[str]) -> dict[str, list[str]]:
    """Give the other samples of the same library, arm, antigen and round, for each sample.

    Args:
        sheet: Columns sample, selection, round, arm, antigen, library.
        samples: Samples that count; others of the sheet are left out.

    Returns:
        Other selections of the group for a panned sample, other samples for an unpanned library; a
        second sample of the same selection says nothing about other replicates and is left out.
    """
    known = set(samples)
    rows = [row for row in sheet.iter_rows(named=True) if row["sample"] in known]
    found: dict[str, list[str]] = {}
    for row in rows:
        group = [
            other
            for other in rows
            if other["sample"] != row["sample"]
            and all(other[name] == row[name] for name in ("library", "arm", "antigen", "round"))
        ]
        found[row["sample"]] = [
            other["sample"]
            for other in group
            if row["arm"] == "input" or other["selection"] != row["selection"]
        ]
    return found


def find_takeovers(
    matrix: CountMatrix,
    sheet: pl.DataFrame,
    *,
    lineages: Mapping[str, str | int] | None = None,
    takeover: float = TAKEOVER,
    watch: float = WATCH,
    discordant: float = DISCORDANT,
    minimum: int = 20,
) -> pl.DataFrame:
    """Judge each sample by the share that its top CDR3 and the siblings of that CDR3 hold.

    Args:
        matrix: Counts of CDR3s.
        sheet: Columns sample, selection, round, arm, antigen, library.
        lineages: Lineage of each CDR3; without it siblings have the same length and differ in
            15 % of the residues of the top CDR3 at most.
        takeover: Group share from which the verdict is `takeover`.
        watch: Group share from which it is `watch`, if the replicates do not show the same.
        discordant: The replicates do not show the same where their median share of the group is
            smaller than the sample's by this factor, or where there is no replicate.
        minimum: Productive molecules below which there is no verdict.

    Returns:
        One row per sample in the order of the matrix: sample, cdr3 (the top one), share, siblings (seen
        in the sample, without the top one), group_share, replicates, replicate_share (median of the
        same group), fold (group_share over it; null if that is 0 or unknown), verdict ('' | watch |
        takeover), reason. A sample without molecules has nulls.
    """
    replicates = replicates_of(sheet, matrix.samples)
    totals = dict(zip(matrix.samples, matrix.totals.tolist(), strict=True))
    groups: dict[str, list[int]] = {}
    rows = []
    for sample in matrix.samples:
        n = totals[sample]
        others = [other for other in replicates.get(sample, []) if totals[other] >= minimum]
        row: dict[str, object] = {"sample": sample, "replicates": len(others), "verdict": "", "reason": ""}
        rows.append(row)
        if n == 0:
            continue
        counts = matrix.column(sample)
        at = int(counts.argmax())
        top = matrix.units[at]
        if top not in groups:
            if lineages is not None and top in lineages:
                own = lineages[top]
                groups[top] = [place for place, unit in enumerate(matrix.units) if lineages.get(unit) == own]
            else:
                groups[top] = siblings_of(top, matrix.units)
        group = groups[top]
        share = float(counts[group].sum() / n)
        row |= {
            "cdr3": top,
            "share": float(counts[at] / n),
            "siblings": int((counts[group] > 0).sum()) - 1,
            "group_share": share,
        }
        median = None
        if others:
            shares = matrix.columns(others)[group].sum(axis=0) / np.array([totals[other] for other in others])
            median = float(np.median(shares))
            row["replicate_share"] = median
            row["fold"] = share / median if median > 0 else None
        row |= _verdict(
            share, median, n, takeover=takeover, watch=watch, discordant=discordant, minimum=minimum
        )
    return pl.DataFrame(rows, schema=TAKEOVERS_SCHEMA)


def _verdict(
    share: float,
    median: float | None,
    n: int,
    *,
    takeover: float,
    watch: float,
    discordant: float,
    minimum: int,
) -> dict[str, str]:
    """Give the verdict and its reason in words."""
    if n < minimum or share < min(watch, takeover):
        return {}
    beside = "there is no replicate" if median is None else f"{median:.1%} in the median replicate"
    if share >= takeover:
        return {"verdict": "takeover", "reason": f"one CDR3 and its siblings hold {share:.1%}; {beside}"}
    if median is None or share >= discordant * median:
        return {"verdict": "watch", "reason": f"one CDR3 and its siblings hold {share:.1%}; {beside}"}
    return {}
