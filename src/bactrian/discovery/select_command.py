"""The command `bactrian select`: which units of a count table are specific for their target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from bactrian.discovery.selection_options import add_selection_options, read_picks, read_settings


@click.command(short_help="Test a count table made elsewhere and nominate leads.")
@click.argument("counts", type=click.Path(path_type=Path))
@click.argument("sheet", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the results."
)
@click.option("--where", metavar="SQL", help="Rows of the sheet to take, e.g. \"selection not in ('1.E9')\".")
@add_selection_options
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.pass_context
def select(context: click.Context, /, counts: Path, sheet: Path, out: Path, **options: Any) -> None:
    """Test a count table made elsewhere and nominate leads.

    COUNTS is a TSV, CSV or Parquet table: first column the key of the unit (CDR3, clonotype or any
    name), one column per sample named as in the sheet, raw counts. SHEET is a sample sheet; it needs no
    FASTQ columns. A key column called cdr3, clonotype or lineage says what --unit is. Writes
    selection.csv, selection.parquet, selection/, leads.* and leads.html to DIR.
    """
    from bactrian.discovery.select import print_selection, select_counts  # noqa: PLC0415 - loaded when called
    from bactrian.run.progress import TerminalProgress  # noqa: PLC0415

    with TerminalProgress(quiet=options["quiet"]) as progress:
        summary = select_counts(
            counts,
            sheet,
            out=out,
            settings=read_settings(options),
            take_unit=context.get_parameter_source("unit") is ParameterSource.DEFAULT,
            picks=read_picks(options),
            known=options["known"],
            where=options["where"],
            progress=progress,
        )
    print_selection(summary, out, as_json=options["as_json"])
