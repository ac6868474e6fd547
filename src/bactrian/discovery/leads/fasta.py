"""leads.fasta and order.fasta as text: one record per lead, its key facts in the header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

WIDTH: Final = 80


def write_lead_fasta(leads: pl.DataFrame) -> str:
    """Write the amino acids of the leads, X for what was not read, lower case for what was filled.

    Args:
        leads: Of `nominate`.

    Returns:
        FASTA; "" where no sequence is known.
    """
    return "".join(
        _record(row, row["vhh"], _facts(row)) for row in leads.iter_rows(named=True) if row["vhh"] is not None
    )


def write_order_fasta(leads: pl.DataFrame) -> str:
    """Write the nucleotides of the leads that can be ordered.

    Args:
        leads: Of `nominate`.

    Returns:
        FASTA; "" where none can be ordered.
    """
    return "".join(
        _record(row, row["order_nt"], _facts(row) | {"note": row["order_note"]})
        for row in leads.iter_rows(named=True)
        if row["order_nt"] is not None
    )


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "antigen": row["antigen"],
        "tier": row["tier"],
        "rank": row["rank"],
        "well": f"{row['plate']}:{row['well']}",
        "cdr3": row["cdr3"] or "?",
        "clonotype": row["clonotype"] or "?",
        "lineage": row["lineage"] or "?",
        "orderable": "yes" if row["orderable"] else "no",
    } | ({"filled": row["filled"]} if row["filled"] else {})


def _record(row: Mapping[str, Any], sequence: str, facts: Mapping[str, Any]) -> str:
    header = " ".join(f"{name}={_one_line(value)}" for name, value in facts.items())
    lines = [sequence[start : start + WIDTH] for start in range(0, len(sequence), WIDTH)]
    return f">{row['lead']} {header}\n" + "\n".join(lines) + "\n"


def _one_line(value: object) -> str:
    """Give a value as one line; one with spaces is quoted."""
    text = " ".join(str(value).split())
    return f'"{text}"' if " " in text else text
