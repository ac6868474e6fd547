"""The command `bactrian screen`: one job, and the two words that help with its sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bactrian.core.errors import InputError

JOB = "sheet"


class JobContext(click.Context):
    """The job's own context: usage and errors call it what the person typed, `bactrian screen`."""

    @property
    def command_path(self) -> str:
        """Give the path of the group, since the job has no word of its own."""
        return super().command_path if self.parent is None else self.parent.command_path


class ScreenJob(click.Command):
    """The job behind `screen SHEET`."""

    context_class = JobContext


class ScreenGroup(click.Group):
    """`screen SHEET …` runs the job; `screen check …` and `screen template …` help with the sheet."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take whatever is not one of the two words as the job's own arguments."""
        helps = set(ctx.help_option_names)
        if args and args[0] not in {*self.list_commands(ctx), *helps}:
            args = [JOB, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the words, without the job itself."""
        return ["check", "template"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a word's command when it is called."""
        if cmd_name == JOB:
            return screen_sheet
        if cmd_name in self.list_commands(ctx):
            from bactrian.discovery import sheet_commands  # noqa: PLC0415 - loaded when called

            command: click.Command = getattr(sheet_commands, cmd_name)
            return command
        return None

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the job first."""
        formatter.write_usage(ctx.command_path, "SHEET --out DIR [OPTIONS]")
        formatter.write_usage(ctx.command_path, "check SHEET | template", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the job's options, then the two words."""
        params = [param for param in screen_sheet.params if isinstance(param, click.Option)]
        options = [record for param in params if (record := param.get_help_record(ctx))]
        help_option = self.get_help_option(ctx)
        if help_option and (record := help_option.get_help_record(ctx)):
            options.append(record)
        with formatter.section("Options"):
            formatter.write_dl(options)
        self.format_commands(ctx, formatter)


@click.group(cls=ScreenGroup, invoke_without_command=False, no_args_is_help=True)
def screen() -> None:
    """Turn the FASTQ files of a VHH panning into clonotype counts one may trust.

    SHEET is a CSV, TSV or XLSX file with one row per sample; `bactrian screen template` writes one
    to fill in, `bactrian screen check SHEET` looks for mistakes before any work. Results go to DIR:
    count tables, samples.csv, report.html. The same command goes on where an earlier run stopped.
    """


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


@click.command(JOB, cls=ScreenJob, hidden=True)
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
    """Turn the FASTQ files of a VHH panning into clonotype counts one may trust."""
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
    )
    with TerminalProgress(quiet=options["quiet"]) as progress:
        result = screen_library(
            sheet,
            out,
            settings=settings,
            where=options["where"],
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
