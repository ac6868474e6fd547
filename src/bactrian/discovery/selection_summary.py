"""What a summary and a terminal say of a selection: per target, in plain values and in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bactrian.discovery.leads.nomination import Nominations
    from bactrian.discovery.selection.campaign import Selection


def summarise_selection(selection: Selection, nominations: Nominations) -> dict[str, Any]:
    """Give what a summary says of a selection: plain values, the same for the same input."""
    leads = dict(nominations.leads.group_by("antigen").len().rows()) if nominations.leads.height else {}
    targets = [
        {
            name: row[name]
            for name in (
                "library", "antigen", "rounds", "replicates", "comparators", "inputs", "n_tested", "tier1",
                "tier2", "floor_tier1", "floor_tier2", "bcv", "exploratory", "left_out", "claim",
            )
        }
        | {"leads": leads.get(row["antigen"], 0)}
        for row in selection.designs.iter_rows(named=True)
    ]  # fmt: skip
    return {"unit": selection.unit, "targets": targets}


def say_targets(targets: list[dict[str, Any]]) -> list[str]:
    """Say per target what was nominated, one line each."""
    lines = []
    for row in targets:
        name = f"{row['antigen']} ({row['library']})"
        if row["exploratory"] or not row["comparators"] or not row["inputs"]:
            lines.append(f"{name}: {row['claim']} {row['leads']} listed by rank")
            continue
        floor = "" if row["floor_tier1"] is None else f"; label swaps nominate {row['floor_tier1']:.1f}"
        lines.append(
            f"{name}: {row['tier1']} nominated of {row['n_tested']:,} tested, {row['tier2']} of them at "
            f"Tier 2{floor}; {row['leads']} leads picked"
        )
    return lines
