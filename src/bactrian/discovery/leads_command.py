"""The command `bactrian leads`: pick leads again from a finished selection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bactrian.discovery.job_group import Job, JobGroup

if TYPE_CHECKING:
    from bactrian.discovery.leads.nomination import Nominations

JOB = "pick"
SCHEMA = "bactrian.leads.summary/1"


@click.command(JOB, cls=Job, hidden=True)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--tier", type=click.IntRange(0, 2), default=1, show_default=True,
              help="Least tier: 1 nominated, 2 high confidence, 0 every unit by rank.")  # fmt: skip
@click.option("--top", metavar="N", type=click.IntRange(1), default=96, show_default=True,
              help="Most picks per antigen: 24, 48, 96 or any number.")  # fmt: skip
@click.option("--per-lineage", metavar="N", type=click.IntRange(1), default=2, show_default=True,
              help="Most picks of a lineage; the best of each come first.")  # fmt: skip
@click.option("--min-distance", metavar="SHARE", type=click.FloatRange(0, 1), default=0.4, show_default=True,
              help="Least share of the CDR3 that differs from picks of other lineages.")  # fmt: skip
@click.option("--antigen", "antigens", metavar="NAME", multiple=True,
              help="Pick for this antigen alone; several times for several.")  # fmt: skip
@click.option("--known", metavar="FILE", type=click.Path(path_type=Path),
              help="Table of known clonotypes: kind (binder, parasite, polyreactive) and "
              "sequence, cdr3 or clonotype. Default: that of the last pick.")  # fmt: skip
@click.option("--no-known", is_flag=True, help="Forget the known clonotypes of the last pick.")
@click.option("--allow-known", is_flag=True, help="Pick parasites and polyreactive clonotypes too.")
@click.option("--complete", metavar="FASTA", type=click.Path(path_type=Path),
              help="Fill unread framework residues from this VHH, in lower case.")  # fmt: skip
@click.option("--liabilities", metavar="TOML", type=click.Path(path_type=Path),
              help="Your own table of liabilities in place of the package's.")  # fmt: skip
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def pick(folder: Path, **options: Any) -> None:
    """Pick leads again from a finished selection."""
    from bactrian.assays.liabilities import load_liabilities  # noqa: PLC0415 - loaded when called
    from bactrian.discovery.lead_inputs import read_known, read_reference  # noqa: PLC0415
    from bactrian.discovery.leads.settings import PickSettings  # noqa: PLC0415
    from bactrian.discovery.repick import repick  # noqa: PLC0415
    from bactrian.run.progress import TerminalProgress  # noqa: PLC0415

    if options["known"] is not None and options["no_known"]:
        msg = "--known and --no-known contradict each other. Leave one out."
        raise click.UsageError(msg)
    settings = PickSettings(
        top=options["top"],
        tier=options["tier"],
        per_lineage=options["per_lineage"],
        min_distance=options["min_distance"],
        allow_known=options["allow_known"],
    )
    known = read_known(options["known"]) if options["known"] is not None else None
    if options["no_known"]:
        known = ()
    reference = None if options["complete"] is None else read_reference(options["complete"])
    with TerminalProgress(quiet=options["quiet"]) as progress:
        progress.start("Picking leads", 1)
        found = repick(
            folder,
            settings,
            antigens=options["antigens"],
            known=known,
            reference=reference,
            liabilities=load_liabilities(options["liabilities"]),
        )
        progress.advance()
    summary = summarise(found, folder)
    if options["as_json"]:
        click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
        return
    print_nominations(summary)


def summarise(found: Nominations, folder: Path) -> dict[str, Any]:
    """Give the main numbers of a pick.

    Args:
        found: The nominations.
        folder: Where their files stand.

    Returns:
        Per antigen picks, tiers, orders and near misses; notes and files; ready for JSON.
    """
    import polars as pl  # noqa: PLC0415

    from bactrian.discovery.lead_files import LEAD_FILES  # noqa: PLC0415
    from bactrian.discovery.lead_run import PAGE  # noqa: PLC0415

    names = pl.concat([found.leads["antigen"], found.near_misses["antigen"]]).unique(maintain_order=True)
    antigens = []
    for antigen in names:
        own = found.leads.filter(pl.col("antigen") == antigen)
        missed = found.near_misses.filter(pl.col("antigen") == antigen)
        antigens.append(
            {
                "antigen": antigen,
                "leads": own.height,
                "tier2": int((own["tier"] == 2).sum()),
                "tier1": int((own["tier"] == 1).sum()),
                "tier0": int((own["tier"] == 0).sum()),
                "lineages": own.select("library", "lineage").drop_nulls().n_unique(),
                "plates": int(own["plate"].n_unique()),
                "orderable": int(own["orderable"].sum()),
                "near_misses": missed.height,
            }
        )
    return {
        "schema": SCHEMA,
        "antigens": antigens,
        "notes": list(found.notes),
        "files": [str(folder / name) for name in (PAGE, *LEAD_FILES) if (folder / name).is_file()],
    }


def print_nominations(summary: dict[str, Any]) -> None:
    """Print the summary of a pick for people; the page's path stands last."""
    for row in summary["antigens"]:
        tiers = [f"{row[f'tier{tier}']} at Tier {tier}" for tier in (2, 1, 0) if row[f"tier{tier}"]]
        leads = "1 lead" if row["leads"] == 1 else f"{row['leads']} leads"
        said = f" ({', '.join(tiers)})" if tiers else ""
        said += f" of {_count(row['lineages'], 'lineage')}" if row["lineages"] else ""
        click.echo(
            f"{row['antigen']}: {leads}{said}, {row['orderable']} orderable; "
            f"{_count(row['near_misses'], 'near miss', 'near misses')}"
        )
    for note in summary["notes"]:
        click.echo(f"! {note}")
    for path in reversed(summary["files"]):
        click.echo(path)


def _count(number: int, noun: str, nouns: str | None = None) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {nouns or noun + 's'}"


@click.group(
    cls=JobGroup,
    job=pick,
    words={
        "explain": "bactrian.discovery.leads_explain_command:explain",
        "validate": "bactrian.discovery.leads_validate_command:validate",
    },
    usage=("DIR [OPTIONS]", "explain DIR KEY | validate DIR RESULTS"),
    invoke_without_command=False,
    no_args_is_help=True,
)
def leads() -> None:
    """Pick leads for a plate from a finished selection, without counting again.

    DIR is the folder that `bactrian screen` or `bactrian select` wrote. Units of the tier are taken by
    rank: the best of every lineage, each unlike the others, then second members, to the number of picks.
    Wells run down the columns of the plate: A1, B1, … H1, A2, … H12, anew for every antigen. Writes
    leads.html, leads.csv, .xlsx, .parquet, leads_near_misses.csv, leads.fasta and order.fasta to DIR.
    """
