"""The options of the selection statistics, which `bactrian screen` and `bactrian select` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from bactrian.discovery.leads.settings import PickSettings
    from bactrian.discovery.selection.settings import SelectionSettings


def parse_rounds(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, ...] | None:
    """Read `--rounds 7,8`.

    Raises:
        click.BadParameter: If the value is not whole numbers from 1, joined by commas.
    """
    if value is None:
        return None
    try:
        rounds = tuple(sorted({int(number) for number in value.split(",")}))
    except ValueError:
        rounds = ()
    if not rounds or rounds[0] < 1:
        msg = f"'{value}' are no rounds. Write whole numbers from 1, joined by commas, e.g. 3 or 7,8."
        raise click.BadParameter(msg, context, parameter)
    return rounds


SELECTION_OPTIONS: Final = (
    click.option(
        "--unit",
        type=click.Choice(["cdr3", "clonotype", "lineage"]),
        default="cdr3",
        show_default=True,
        help="What is tested and nominated.",
    ),
    click.option(
        "--rounds",
        metavar="R,R,…",
        callback=parse_rounds,
        help="Decisive rounds. Default: the last; of four or more the last two, summed.",
    ),
    click.option(
        "--min-reads",
        metavar="N",
        type=click.IntRange(1),
        default=8,
        show_default=True,
        help="Least reads of a tested unit over target, comparator and input.",
    ),
    click.option(
        "--fdr",
        metavar="RATE",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=0.05,
        show_default=True,
        help="False discovery rate of each contrast.",
    ),
    click.option("--keep-takeovers", is_flag=True, help="Count the samples flagged as takeover too."),
    click.option(
        "--no-veto", is_flag=True, help="Nominate what is enriched on a comparator too; it is shown."
    ),
    click.option(
        "--top",
        metavar="N",
        type=click.IntRange(1),
        default=96,
        show_default=True,
        help="Most leads per antigen; 96 is a plate.",
    ),
    click.option(
        "--known",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Clonotypes of earlier campaigns: binders, parasites, polyreactive ones.",
    ),
)


def add_selection_options(command: Any) -> Any:
    """Add the options of the selection statistics to a command."""
    for option in reversed(SELECTION_OPTIONS):
        command = option(command)
    return command


def read_settings(options: dict[str, Any]) -> SelectionSettings:
    """Give the selection settings that the shared options say."""
    from bactrian.discovery.selection.settings import SelectionSettings  # noqa: PLC0415 - loaded when called

    return SelectionSettings(
        unit=options["unit"],
        rounds=options["rounds"],
        min_reads=options["min_reads"],
        fdr=options["fdr"],
        veto=not options["no_veto"],
        keep_takeovers=options["keep_takeovers"],
    )


def read_picks(options: dict[str, Any]) -> PickSettings:
    """Give the pick settings that the shared options say."""
    from bactrian.discovery.leads.settings import PickSettings  # noqa: PLC0415 - loaded when called

    return PickSettings(top=options["top"])
