"""The words that help with a sheet: `bactrian screen template` and `bactrian screen check SHEET`."""

from __future__ import annotations

import csv
import json
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bactrian.core.errors import InputError, InputErrors, Where

if TYPE_CHECKING:
    from bactrian.discovery.sheet import Sheet

_DESIGN_COLUMNS = ("library", "arm", "antigen", "selections", "samples", "rounds")


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write (.csv, .tsv or .xlsx). Default: standard output, as CSV.",
)
def template(out: Path | None) -> None:
    """Write a commented sample sheet to fill in."""
    text = resources.files("bactrian.discovery").joinpath("sheet_template.csv").read_text("utf-8")
    if out is None:
        click.echo(text, nl=False)
        return
    if out.exists():
        msg = "the file exists already. Name another one, or delete it first."
        raise InputError(msg, Where(file=str(out)))
    _write_template(text, out)
    click.echo(f"Wrote {out}. Fill it in, then run: bactrian screen check {out}")


@click.command()
@click.argument("sheet", type=click.Path(path_type=Path))
@click.option("--where", metavar="SQL", help="Rows to take, e.g. \"selection not in ('1.E9')\".")
@click.option("--json", "as_json", is_flag=True, help="Print design, warnings and errors as JSON.")
def check(sheet: Path, where: str | None, as_json: bool) -> int:
    """Check a sample sheet and its files before any work.

    Mistakes give exit code 1, all of them at once. Warnings, about files that no row names and comparisons
    that the design cannot support, go to standard error and leave it 0.
    """
    from bactrian.discovery.sheet import read_sheet  # noqa: PLC0415 - loaded when called

    try:
        checked = read_sheet(sheet, where=where)
    except InputError as error:
        if not as_json:
            raise
        errors = error.errors if isinstance(error, InputErrors) else [error]
        content = {"sheet": str(sheet), "ok": False, "errors": [_describe_error(single) for single in errors]}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return InputError.exit_code
    if as_json:
        click.echo(json.dumps(_describe_sheet(checked), indent=2, ensure_ascii=False))
        return 0
    _print_design(checked)
    for warning in checked.warnings:
        click.echo(f"Warning: {warning}", err=True)
    return 0


def _write_template(text: str, out: Path) -> None:
    from bactrian.core.tables import atomic_path  # noqa: PLC0415 - loaded when called

    lines = text.splitlines()
    suffix = out.suffix.lower()
    if suffix not in {".csv", ".tsv", ".xlsx"}:
        msg = (
            f"'{out.suffix or out.name}' is not a sheet's format. Name a file ending in .csv, .tsv or .xlsx."
        )
        raise InputError(msg, Where(file=str(out)))
    if suffix == ".xlsx":
        import xlsxwriter  # noqa: PLC0415 - only for workbooks

        with atomic_path(out) as temporary, xlsxwriter.Workbook(str(temporary)) as book:
            worksheet = book.add_worksheet("samples")
            for row, line in enumerate(lines):
                worksheet.write_row(row, 0, [line] if line.startswith("#") else line.split(","))
        return
    with atomic_path(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t" if suffix == ".tsv" else ",", lineterminator="\n")
        for line in lines:
            if line.startswith("#"):
                stream.write(f"{line}\n")
            else:
                writer.writerow(line.split(","))


def _describe_error(error: InputError) -> dict[str, Any]:
    where = error.where or Where()
    return {
        "file": where.file,
        "sheet": where.sheet,
        "row": where.row,
        "column": where.column,
        "message": str(error),
    }


def _describe_sheet(sheet: Sheet) -> dict[str, Any]:
    return {
        "sheet": str(sheet.path),
        "ok": True,
        "errors": [],
        "samples": sheet.samples.height,
        "left_out": sheet.n_left_out,
        "design": _describe_design(sheet),
        "warnings": list(sheet.warnings),
    }


def _describe_design(sheet: Sheet) -> list[dict[str, Any]]:
    """Give one row per library, arm and antigen, in the sheet's order."""
    return [
        {
            "library": library,
            "arm": arm,
            "antigen": antigen,
            "selections": group["selection"].unique(maintain_order=True).to_list(),
            "samples": group.height,
            "rounds": sorted(set(group["round"])),
        }
        for (library, arm, antigen), group in sheet.samples.group_by(
            "library", "arm", "antigen", maintain_order=True
        )
    ]


def _print_design(sheet: Sheet) -> None:
    left_out = f" Rows left out: {sheet.n_left_out}." if sheet.n_left_out else ""
    samples = "1 sample" if sheet.samples.height == 1 else f"{sheet.samples.height} samples"
    click.echo(f"{sheet.path}: {samples}, no mistakes found.{left_out}")
    rows = [
        (
            line["library"],
            line["arm"],
            line["antigen"] or "–",
            ", ".join(line["selections"]),
            str(line["samples"]),
            ", ".join(map(str, line["rounds"])),
        )
        for line in _describe_design(sheet)
    ]
    if sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 - loaded when called
        from rich.table import Table  # noqa: PLC0415

        table = Table(*_DESIGN_COLUMNS, box=None, header_style="bold")
        for row in rows:
            table.add_row(*row)
        Console().print(table)
        return
    widths = [max(map(len, column)) for column in zip(_DESIGN_COLUMNS, *rows, strict=True)]
    for row in (_DESIGN_COLUMNS, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
