"""What a summary and a terminal say of a selection: per target, in plain values and in one line."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bactrian.discovery.leads.nomination import Nominations
    from bactrian.discovery.selection.campaign import Selection

_UNIT_WORDS: Final = {"cdr3": "CDR3", "clonotype": "clonotype", "lineage": "lineage"}
_NARROWEST: Final = 40


def summarise_selection(selection: Selection, nominations: Nominations) -> dict[str, Any]:
    """Give what a summary says of a selection: plain values, the same for the same input."""
    picked = {
        (library, antigen): number
        for library, antigen, number in nominations.leads.group_by("library", "antigen").len().iter_rows()
    }
    targets = [
        {
            name: row[name]
            for name in (
                "library", "antigen", "rounds", "replicates", "comparators", "inputs", "n_tested", "tier1",
                "tier2", "floor_tier1", "floor_tier2", "bcv", "exploratory", "left_out", "claim",
            )
        }
        | {"leads": picked.get((row["library"], row["antigen"]), 0)}
        for row in selection.designs.iter_rows(named=True)
    ]  # fmt: skip
    return {"unit": selection.unit, "targets": targets}


def say_targets(targets: Sequence[dict[str, Any]], *, unit: str) -> list[str]:
    """Say per target what was nominated, one line each.

    Args:
        targets: As `summarise_selection` gives them.
        unit: What was tested.

    Returns:
        The lines.
    """
    lines = []
    for row in targets:
        said = f"{row['antigen']} (library {row['library']}): "
        if not row["n_tested"]:
            said += row["claim"]
        elif row["exploratory"] or not row["comparators"] or not row["inputs"]:
            said += f"{_tested(row['n_tested'], unit)}. {row['claim']}"
            if row["leads"]:
                said += f" Listed by rank, without any error rate: {row['leads']}."
        else:
            said += (
                f"{_tested(row['n_tested'], unit)}, {row['tier1']:,} nominated, {row['tier2']:,} of them "
                f"with high confidence (Tier 2). Leads picked: {row['leads']}."
            )
            if row["floor_tier1"] is not None:
                said += (
                    f" Swapped labels pass the same tests with {row['floor_tier1']:.1f} on average; "
                    "what they account for is cut off the list."
                )
        lines.append(said)
    return lines


def write_lines(lines: Sequence[str]) -> None:
    """Write lines on standard output: wrapped for a person at a terminal, whole for a file."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for line in lines:
        parts = [line]
        if width:
            parts = textwrap.wrap(
                line,
                max(width, _NARROWEST),
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        sys.stdout.write("".join(f"{part}\n" for part in parts))


def _tested(number: int, unit: str) -> str:
    return f"{number:,} {_UNIT_WORDS[unit]}{'' if number == 1 else 's'} tested"
