"""`bactrian leads validate DIR RESULTS`: hold a selection to binding results."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bactrian.core.errors import InputError, Where

if TYPE_CHECKING:
    import polars as pl

    from bactrian.discovery.leads.binding_calls import CallRule
    from bactrian.discovery.leads.validation import Validation

ROWS_FILE = "validation.csv"
RATES_FILE = "validation_rates.csv"
SHOWN = 10
"""Rows without a join that the terminal names; all stand in the file."""

CONVENTION = (
    "a convention, not a property of your assay: set --signal-ratio or --threshold from your controls"
)


def parse_bins(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    """Read `--bins 24,48,96`.

    Returns:
        Last rank of each bin.

    Raises:
        click.BadParameter: If a part is no whole number.
    """
    try:
        return tuple(int(part) for part in value.split(","))
    except ValueError as error:
        msg = f"'{value}' are no bins of ranks. Write whole numbers joined by commas, e.g. 24,48,96."
        raise click.BadParameter(msg, context, parameter) from error


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.argument("results", metavar="RESULTS", type=click.Path(path_type=Path))
@click.option("--signal-ratio", metavar="NUMBER", type=float,
              help="Binds where signal ≥ NUMBER × control_signal; 2 unless a threshold is set.")  # fmt: skip
@click.option("--threshold", metavar="NUMBER", type=float,
              help="Binds where signal ≥ NUMBER; with a ratio, both must hold.")  # fmt: skip
@click.option("--unproven-negatives", is_flag=True,
              help="A negative proves nothing: 'not validated'; hit rates are lower bounds.")  # fmt: skip
@click.option("--bins", metavar="RANKS", default="24,48,96", show_default=True, callback=parse_bins,
              help="Last rank of each bin of the hit rates.")  # fmt: skip
@click.option("--amber", is_flag=True, help="Read the amber stop TAG as Q in nucleotide sequences.")
@click.option("--json", "as_json", is_flag=True, help="Print rule, counts, rates and correlations as JSON.")
def validate(
    *,
    folder: Path,
    results: Path,
    signal_ratio: float | None,
    threshold: float | None,
    unproven_negatives: bool,
    bins: tuple[int, ...],
    amber: bool,
    as_json: bool,
) -> None:
    """Hold the selection in DIR to the binding results in RESULTS.

    RESULTS is a CSV, TSV or XLSX file with one row per measured VHH: `antigen`; `sequence`, `file` (.ab1 or
    any other sequence file, beside RESULTS), `clonotype`, `cdr3` or `key`; `signal` and `control_signal`, or
    `binds` (yes, no, not validated, empty). Hit rates by tier and by rank go to the terminal and to
    DIR/validation_rates.csv, every row with its tier, rank or the reason why it has none to
    DIR/validation.csv.
    """
    from bactrian.core.tables import read_table, write_table  # noqa: PLC0415 - `--help` stays fast
    from bactrian.discovery.binding_results import read_binding_results  # noqa: PLC0415
    from bactrian.discovery.leads.binding_calls import SIGNAL_RATIO, CallRule  # noqa: PLC0415
    from bactrian.discovery.leads.validation import validate_leads  # noqa: PLC0415
    from bactrian.discovery.repick import read_clonotypes  # noqa: PLC0415

    usual = signal_ratio is None and threshold is None
    rule = CallRule(
        ratio=SIGNAL_RATIO if usual else signal_ratio,
        threshold=threshold,
        unproven_negatives=unproven_negatives,
    )
    selected = folder / "selection.parquet"
    if not selected.is_file():
        msg = (
            "there is no selection.parquet. Name the folder that `bactrian screen` or `bactrian select` "
            "wrote its results to."
        )
        raise InputError(msg, Where(file=str(folder)))
    found = validate_leads(
        read_binding_results(results, amber=amber),
        read_table(selected),
        clonotypes=read_clonotypes(folder),
        rule=rule,
        bins=bins,
    )
    write_table(found.rows, folder / ROWS_FILE)
    write_table(found.rates, folder / RATES_FILE)
    if as_json:
        summary = summarise(found, rule=rule, usual=usual, folder=folder)
        click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
        return
    print_validation(found, rule=rule, usual=usual, results=results, folder=folder)


def summarise(found: Validation, *, rule: CallRule, usual: bool, folder: Path) -> dict[str, Any]:
    """Give the main numbers of a validation, ready for JSON.

    Args:
        found: The validation.
        rule: What counted as binding.
        usual: Whether nobody chose that rule.
        folder: Folder of the files.

    Returns:
        Rule, counts of rows, rates, correlations and files.
    """
    return {
        "schema": 1,
        "rule": {
            "ratio": rule.ratio,
            "threshold": rule.threshold,
            "unproven_negatives": rule.unproven_negatives,
            "binds_where": rule.describe(),
            "chosen_by_default": usual,
        },
        "rows": found.rows.height,
        "match": _count(found.rows, "match"),
        "call": _count(found.rows, "call"),
        "call_from": _count(found.rows, "call_from"),
        "rates": found.rates.to_dicts(),
        "correlations": found.correlations.to_dicts(),
        "files": [str(folder / ROWS_FILE), str(folder / RATES_FILE)],
    }


def print_validation(found: Validation, *, rule: CallRule, usual: bool, results: Path, folder: Path) -> None:
    """Print a validation for people.

    Args:
        found: The validation.
        rule: What counted as binding.
        usual: Whether nobody chose that rule.
        results: The file of results.
        folder: Folder of the files.
    """
    rows = found.rows
    match, source = _count(rows, "match"), _count(rows, "call_from")
    click.echo(
        f"{results}: {_number(rows.height, 'row')}, {match.get('joined', 0)} joined, "
        f"{_number(match.get('near', 0), 'near match', 'near matches')} not joined, "
        f"{match.get('none', 0)} without a match"
    )
    click.echo(f"Calls stated in 'binds': {source.get('stated', 0)}, by rule: {source.get('rule', 0)}.")
    if source.get("rule"):
        why = f" ({CONVENTION})" if usual else ""
        click.echo(f"Rule: binds where {rule.describe()}{why}.")
    if rows["call"].is_in(["not validated"]).any():
        click.echo("Negatives that prove nothing are 'not validated': the hit rates are lower bounds.")
    twice = rows.filter(rows["measurements"] > 1).height
    if twice:
        click.echo(f"{twice} rows measure a VHH several times: it counts once, by the majority of its calls.")
    click.echo("")
    _print_table(
        ("antigen", "by", "group", "screened", "measured", "bind", "hit rate", "95 % interval"),
        [_rate_cells(row) for row in found.rates.iter_rows(named=True)],
    )
    click.echo("")
    for row in found.correlations.filter(found.correlations["n"] > 0).iter_rows(named=True):
        click.echo(f"Signal against shrunken log2FC over the worst comparator, {_correlation(row)}")
    _print_unjoined(rows, folder)
    click.echo(f"files: {folder / ROWS_FILE}, {folder / RATES_FILE}")


def _print_unjoined(rows: pl.DataFrame, folder: Path) -> None:
    unjoined = rows.filter(rows["match"] != "joined")
    if not unjoined.height:
        return
    click.echo("\nNot joined:")
    for row in unjoined.head(SHOWN).iter_rows(named=True):
        name = row["cdr3"] or row["clonotype"] or "?"
        click.echo(f"  row {row['row']}, {name}, {row['antigen']}: {row['reason']}")
    if unjoined.height > SHOWN:
        click.echo(f"  and {unjoined.height - SHOWN} more: see {folder / ROWS_FILE}")
    click.echo("")


def _number(count: int, noun: str, nouns: str | None = None) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {nouns or noun + 's'}"


def _count(rows: pl.DataFrame, column: str) -> dict[str, int]:
    counts = rows[column].drop_nulls().value_counts(sort=True)
    return dict(counts.sort(["count", column], descending=[True, False]).iter_rows())


def _rate_cells(row: dict[str, Any]) -> tuple[str, ...]:
    rate, interval = "–", ""
    if row["rate"] is not None:
        sign = "≥ " if row["not_validated"] else ""
        rate = f"{sign}{100 * row['rate']:.0f} %"
        interval = f"{100 * row['low']:.0f}–{100 * row['high']:.0f} %"
    screened = "" if row["screened"] is None else f"{row['screened']:,}"
    return (row["antigen"], row["by"], row["group"], screened, str(row["measured"]), str(row["binds"]), rate,
            interval)  # fmt: skip


def _correlation(row: dict[str, Any]) -> str:
    n = _number(row["n"], "VHH")
    if row["rho"] is None:
        return f"{row['antigen']}: no rank correlation from {n} with a signal"
    interval = "" if row["low"] is None else f" (95 % interval {row['low']:.2f} to {row['high']:.2f})"
    return f"{row['antigen']}: Spearman {row['rho']:.2f}{interval}, {n}"


def _print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a table: with Rich on a terminal, else as aligned text."""
    if sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 - loaded when called
        from rich.table import Table  # noqa: PLC0415

        table = Table(*columns, box=None, header_style="bold")
        for row in rows:
            table.add_row(*row)
        Console().print(table)
        return
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
