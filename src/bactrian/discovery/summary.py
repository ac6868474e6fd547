"""What came out of a screen, in one small dictionary: `summary.json` and the words on the terminal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from bactrian.discovery.lead_run import PAGE
from bactrian.discovery.selection_summary import say_targets, write_lines

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

SCHEMA = "bactrian.screen.summary/1"
RUNGS = ("merged", "joined", "single")
STATUSES = ("productive", "stop", "frameshift", "truncated", "not_vhh")
FLAGS = {
    "takeover": "one CDR3 and its siblings hold half of it or more",
    "watch": "one CDR3 holds much of it",
    "low_depth": "few productive molecules",
    "contamination": "molecules of another sample were found in it",
    "failed": "could not be read",
}
TALLIES = ("pairs", "primers_found", "filtered", *RUNGS, *STATUSES, "chimeric")


def make_summary(
    samples: pl.DataFrame,
    *,
    n_cdr3: int,
    n_clonotypes: int,
    n_vhh: int,
    primers: dict[str, str],
    settings: dict[str, Any],
    notes: list[str],
    errors: list[str],
    version: str,
) -> dict[str, Any]:
    """Put the numbers of a finished screen together.

    Args:
        samples: The rows of `samples.csv`; a failed sample has missing tallies.
        n_cdr3: Distinct CDR3s over all samples.
        n_clonotypes: Distinct clonotypes over all samples.
        n_vhh: Distinct full VHHs over all samples.
        primers: Forward and reverse primer and where they come from, per library.
        settings: Settings of the run.
        notes: What the person must know before they believe the numbers.
        errors: Sentences of the samples that failed.
        version: Version of Bactrian.

    Returns:
        Plain values only, the same for the same input.
    """
    totals = {name: int(samples[name].sum() or 0) for name in TALLIES}
    used = totals["primers_found"] - totals["filtered"]
    flags = {
        str(row["sample"]): str(row["flags"]).split(";")
        for row in samples.select("sample", "flags").iter_rows(named=True)
        if row["flags"]
    }
    return {
        "schema": SCHEMA,
        "bactrian": version,
        "samples": samples.height,
        "totals": totals,
        "shares": {
            "used_of_pairs_with_primers": _share(used, totals["primers_found"]),
            **{name: _share(totals[name], used) for name in (*RUNGS, *STATUSES)},
            "chimeric_of_productive": _share(totals["chimeric"], totals["productive"]),
        },
        "cdr3s": n_cdr3,
        "clonotypes": n_clonotypes,
        "vhhs": n_vhh,
        "primers": primers,
        "flags": flags,
        "notes": notes,
        "errors": errors,
        "settings": settings,
    }


def print_summary(summary: dict[str, Any], folder: Path, *, as_json: bool) -> None:
    """Print the summary on standard output; the report's path stands last."""
    if as_json:
        sys.stdout.write(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
        return
    totals, shares = summary["totals"], summary["shares"]
    failed = f" ({len(summary['errors'])} failed)" if summary["errors"] else ""
    lines = [
        ("samples", f"{summary['samples']}{failed}"),
        ("pairs", f"{totals['pairs']:,}"),
        (
            "  with primers",
            f"{totals['primers_found']:,} ({_percent(totals['primers_found'], totals['pairs'])})",
        ),
        ("  used", f"{_text(shares['used_of_pairs_with_primers'])} of those with primers"),
        ("    merged", _text(shares["merged"])),
        ("    joined across the gap", _text(shares["joined"])),
        ("    CDR3 from one mate", _text(shares["single"])),
        ("productive VHH", _text(shares["productive"])),
        ("  stop", _text(shares["stop"])),
        ("  frameshift", _text(shares["frameshift"])),
        ("  CDR3 unread", _text(shares["truncated"])),
        ("  not a VHH", _text(shares["not_vhh"])),
        ("PCR chimeras seen", f"{_text(shares['chimeric_of_productive'])} of productive"),
        ("distinct CDR3s", f"{summary['cdr3s']:,}"),
        ("clonotypes", f"{summary['clonotypes']:,}"),
    ]
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        sys.stdout.write(f"{name:<{width}}  {value}\n")
    if summary["targets"]:
        sys.stdout.write("\n")
    write_lines(say_targets(summary["targets"], unit=summary["unit"]))
    for sample, words in summary["flags"].items():
        said = ", ".join(f"{word.replace('_', ' ')} ({FLAGS[word]})" for word in words)
        write_lines([f"! {sample}: {said}"])
    write_lines([f"! {note}" for note in summary["notes"]])
    if summary["targets"]:
        sys.stdout.write(f"{folder / PAGE}\n")
    sys.stdout.write(f"{folder / 'report.html'}\n")


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _percent(part: int, whole: int) -> str:
    return _text(part / whole if whole else None)


def _text(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
