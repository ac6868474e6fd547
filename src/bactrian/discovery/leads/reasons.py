"""Why a unit was picked, in one line made of what decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bactrian.discovery.leads.orders import NO_SEQUENCE
from bactrian.discovery.selection.reasons import say_fold

if TYPE_CHECKING:
    from collections.abc import Mapping


def say_pick(row: Mapping[str, Any], *, nominated: int) -> str:
    """Say why a unit is picked.

    Args:
        row: A pick, with the columns of `describe_candidates`, `mark_known` and `pick_leads`; `liabilities`
            if triage knows them.
        nominated: Units of its antigen at Tier 1 or better.

    Returns:
        Rank and tier, place in its lineage, effects, replicates, and what a person should know beside them.
    """
    parts = [_standing(row, nominated), _lineage(row), _effects(row)]
    if row["replicates"]:
        parts.append(f"{row['replicates_consistent']} of {row['replicates']} replicates")
    if row["vetoed"]:
        there = "" if row["log2fc_veto"] is None else f" {say_fold(row['log2fc_veto'])}"
        parts.append(f"enriched on {row['vetoed_by']}{there} too (the veto is lifted)")
    if row["cross_reactive"]:
        parts.append(f"cross-reactive with {row['cross_reactive'].replace(';', ', ')}, as wanted")
    if row["known"]:
        parts.append(f"known {row['known_kind']} '{row['known']}' ({row['known_match']})")
    if row["tier_with_takeovers"] is not None and row["tier_with_takeovers"] != row["tier"]:
        parts.append(f"Tier {row['tier_with_takeovers']} with takeover samples kept")
    parts.append(row["units_disagree"])
    sure = [word for word in (row.get("liabilities") or "").split("; ") if not word.endswith("(possible)")]
    if any(sure):
        parts.append(f"liabilities: {', '.join(sure)}")
    # Where no lead has a sequence, one note says so for all.
    if row.get("not_orderable") not in {None, NO_SEQUENCE}:
        parts.append(f"not orderable: {row['not_orderable']}")
    return "; ".join(filter(None, parts))


def _standing(row: Mapping[str, Any], nominated: int) -> str:
    if row["label"]:
        return f"rank {row['rank']}, {row['label']}"
    if not row["tier"]:
        return f"rank {row['rank']}, not nominated (Tier 0)"
    high = "Tier 2, " if row["tier"] > 1 else ""
    return f"{high}rank {row['rank']} of {nominated} at Tier 1{' or better' if high else ''}"


def _lineage(row: Mapping[str, Any]) -> str:
    if row["lineage"] is None:
        return ""
    size = row["lineage_members"]
    members = "" if size is None else f" ({size} {'member' if size == 1 else 'members'})"
    place = {1: "best", 2: "second", 3: "third"}.get(row["member"], f"number {row['member']}")
    return f"{place} of lineage {row['lineage']}{members}"


def _effects(row: Mapping[str, Any]) -> str:
    over = [(row["comparator"] or "the comparator", row["log2fc_s"]), ("input", row["log2fc_e"])]
    return ", ".join(f"{say_fold(log2fc)} over {name}" for name, log2fc in over if log2fc is not None)
