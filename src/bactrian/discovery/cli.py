"""The command `bactrian screen`: one job, and the two words that help with its sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bactrian.core.errors import InputError
from bactrian.discovery.job_group import Job, JobGroup
from bactrian.discovery.selection_options import add_selection_options, read_picks, read_settings

JOB = "sheet"


def parse_transformants(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, float], ...]:
    """Read `--transformants 1e9` or `--transformants LIBRARY=1e9`, several times if need be.

    Returns:
        Pairs of library ("" for every library) and number of transformants.

    Raises:
        click.BadParameter: If a value is no number from 1.
    """
    pairs: list[tuple[str, float]] = []
    for value in values:
        library, _, number = value.rpartition("=")
        try:
            size = float(number)
        except ValueError:
            size = 0.0
        if not 1 <= size < float("inf"):
            msg = f"'{value}' is no number of transformants. Write 1e9, or LIBRARY=1e9."
            raise click.BadParameter(msg, context, parameter)
        if library in dict(pairs):
            named = f"library '{library}'" if library else "every library"
            msg = f"'{value}' is a second number for {named}. State one."
            raise click.BadParameter(msg, context, parameter)
        pairs.append((library, size))
    return tuple(pairs)


@click.command(JOB, cls=Job, hidden=True)
@click.argument("sheet", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the results."
)
@click.option("--where", metavar="SQL", help="Rows to take, e.g. \"selection not in ('1.E9')\".")
@click.option("--primers", metavar="FWD,REV", help="Primers 5'→3', IUPAC. Default: the sheet's, or detected.")
@click.option("--no-primers", is_flag=True, help="The reads carry no primers: do not look for any.")
@click.option("--max-ee", metavar="NUMBER", type=click.FloatRange(0, min_open=True), default=3.0,
              show_default=True, help="Most expected errors in what is used of a pair.")  # fmt: skip
@click.option("--amber", is_flag=True, help="Read the amber stop TAG as Q (suppressor strain).")
@click.option("--skew", metavar="NUMBER", type=click.FloatRange(0, min_open=True), default=2.0,
              show_default=True,
              help="Errors at d bases fold up to 2^-(skew*d+1) of their clone.")  # fmt: skip
@click.option("--transformants", multiple=True, metavar="[LIBRARY=]N", callback=parse_transformants,
              help="Transformants of the library, e.g. 1e9, to say how much of it was seen.")  # fmt: skip
@add_selection_options
@click.option("--airr", is_flag=True, help="Also write airr/SAMPLE.tsv (AIRR rearrangements).")
@click.option(
    "--pair-records", is_flag=True, help="Also write pairs/SAMPLE.parquet: what became of each pair."
)
@click.option(
    "--keep-going", is_flag=True, help="Finish the other samples when one fails (exit code is still 1)."
)
@click.option("--workers", metavar="N", type=click.IntRange(1), help="Worker processes. Default: every core.")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def screen_sheet(sheet: Path, out: Path, **options: Any) -> int:
    """Turn the FASTQ files of a VHH panning into counts one may trust and the leads they support."""
    from bactrian.discovery.reads.primers import PrimerPair, parse_primers  # noqa: PLC0415 - loaded when called
    from bactrian.discovery.screen import ScreenSettings, screen_library  # noqa: PLC0415
    from bactrian.discovery.summary import print_summary  # noqa: PLC0415
    from bactrian.run.progress import TerminalProgress  # noqa: PLC0415

    if options["primers"] is not None and options["no_primers"]:
        msg = "--primers and --no-primers contradict each other. Leave one out."
        raise click.UsageError(msg)
    primers: PrimerPair | None = None if options["primers"] is None else parse_primers(options["primers"])
    settings = ScreenSettings(
        primers=primers,
        look_for_primers=not options["no_primers"],
        max_ee=options["max_ee"],
        amber=options["amber"],
        skew_alpha=options["skew"],
        transformants=options["transformants"],
        selection=read_settings(options),
        picks=read_picks(options),
    )
    with TerminalProgress(quiet=options["quiet"]) as progress:
        result = screen_library(
            sheet,
            out,
            settings=settings,
            where=options["where"],
            known=options["known"],
            airr=options["airr"],
            pair_records=options["pair_records"],
            keep_going=options["keep_going"],
            workers=options["workers"],
            progress=progress,
        )
    print_summary(result.summary, out, as_json=options["as_json"])
    if result.errors:
        raise InputError("\n".join(str(error) for error in result.errors))
    return 0


@click.group(
    cls=JobGroup,
    job=screen_sheet,
    words={
        "check": "bactrian.discovery.sheet_commands:check",
        "template": "bactrian.discovery.sheet_commands:template",
    },
    usage=("SHEET --out DIR [OPTIONS]", "check SHEET | template"),
    invoke_without_command=False,
    no_args_is_help=True,
)
def screen() -> None:
    """Turn the FASTQ files of a VHH panning into counts one may trust and the leads they support.

    SHEET is a CSV, TSV or XLSX file with one row per sample; `bactrian screen template` writes one
    to fill in, `bactrian screen check SHEET` looks for mistakes before any work. Results go to DIR:
    leads.html and leads.csv, selection.csv, count tables, samples.csv, report.html.
    The same command goes on where an earlier run stopped.
    """
