"""The command `bactrian simulate panning`: invented reads or counts with their truth."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bactrian.core.errors import InputError

if TYPE_CHECKING:
    from bactrian.discovery.simulator.settings import LibrarySettings, PanningSettings, ReadSettings

_Settings = TypeVar("_Settings", "LibrarySettings", "PanningSettings", "ReadSettings")


@click.group()
def simulate() -> None:
    """Invent data with the truth beside it, for demonstrations, tests and training."""


@simulate.command(short_help="Simulate a VHH panning.")
@click.option(
    "--out",
    metavar="DIRECTORY",
    type=click.Path(path_type=Path),
    required=True,
    help="New or empty folder for the files.",
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same seed gives the same bytes.",
)
@click.option("--setting", type=click.Choice(["standard", "harsh", "null"]), default="standard",
              show_default=True, help="Named settings of the panning.")  # fmt: skip
@click.option(
    "--clones", metavar="N", type=click.IntRange(1), help="Productive clones of the library. Default: 20000."
)
@click.option(
    "--replicates",
    metavar="N",
    type=click.IntRange(1),
    help="Independent selections of each arm. Default: 3.",
)
@click.option("--antigens", metavar="N", type=click.IntRange(1), help="Target antigens. Default: 1.")
@click.option("--rounds", metavar="N", type=click.IntRange(1), help="Rounds of panning. Default: 2.")
@click.option("--sequenced", metavar="R,R,…", help="Rounds that are sequenced. Default: all.")
@click.option("--control", is_flag=True, help="Add an arm that is amplified without antigen.")
@click.option(
    "--reads",
    metavar="N",
    type=click.IntRange(1),
    help="Productive molecules per sample. Default: the setting's, 200000 or 40000.",
)
@click.option("--primers", type=click.Choice(["framework", "vector"]),
              help="Primers inside FR1 and FR4 (default), or around the whole VHH.")  # fmt: skip
@click.option("--read-length", metavar="N", type=click.IntRange(20, 1000),
              help="Cycles of each mate. Default: 250.")  # fmt: skip
@click.option("--single", is_flag=True, help="Mate 1 only.")
@click.option(
    "--binned/--smooth", default=True, show_default=True, help="Qualities 2, 11, 25, 37, or whole numbers."
)
@click.option(
    "--chimeras",
    metavar="SHARE",
    type=click.FloatRange(0, 0.5),
    help="Share of molecules recombined in PCR. Default: 0.",
)
@click.option("--hopping", metavar="SHARE", type=click.FloatRange(0, 0.5), default=0.0, show_default=True,
              help="Share of pairs from another sample of the run.")  # fmt: skip
@click.option("--counts", "counts_only", is_flag=True, help="Write count tables and no reads.")
@click.option("--truth-reads", is_flag=True, help="Also write the truth of every read pair.")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE",
              help="Set any other number of the simulator, e.g. bottleneck=1e5.")  # fmt: skip
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def panning(out: Path, **options: Any) -> None:
    """Simulate a VHH panning: library, selections, reads, and the truth.

    Writes FASTQ files (or, with --counts, count tables), sheet.csv for `bactrian screen`,
    truth/clones.parquet, truth/counts.parquet and simulation.json to the folder, and prints the
    path of the sheet. All settings and equations: reference page "The panning simulator".
    """
    import polars as pl  # noqa: PLC0415 - keeps `--help` fast

    from bactrian.discovery.simulator.panning import simulate_panning  # noqa: PLC0415
    from bactrian.discovery.simulator.writing import (  # noqa: PLC0415
        count_sample,
        describe,
        prepare_folder,
        write_counts,
        write_description,
        write_sample_reads,
        write_sheet,
        write_truth,
    )
    from bactrian.discovery.vhh.profile import load_profile  # noqa: PLC0415
    from bactrian.run.progress import TerminalProgress  # noqa: PLC0415

    library, selections, reads = _settings(options)
    sequencing = None if options["counts_only"] else reads
    hopping, truth_reads = options["hopping"], options["truth_reads"] and sequencing is not None
    with TerminalProgress(quiet=options["quiet"]) as progress:
        simulated = simulate_panning(selections, library, profile=load_profile(), seed=options["seed"])
        prepare_folder(out)
        description = describe(
            simulated, sequencing, hopping=hopping, truth_reads=truth_reads, complete=False
        )
        write_description(description, out)
        progress.start("Simulating samples", len(simulated.samples))
        found = []
        for number in range(len(simulated.samples)):
            if sequencing is None:
                found.append(count_sample(simulated, number, hopping=hopping))
            else:
                found.append(
                    write_sample_reads(
                        simulated,
                        number,
                        folder=out,
                        settings=sequencing,
                        hopping=hopping,
                        truth_reads=truth_reads,
                    )
                )
            progress.advance()
    counts = pl.concat(found)
    if sequencing is None:
        write_counts(simulated, counts, out)
    write_truth(simulated, counts, out)
    sheet = write_sheet(simulated, sequencing, out)
    write_description(description | {"complete": True}, out)
    click.echo(sheet)


def _settings(options: dict[str, Any]) -> tuple[LibrarySettings, PanningSettings, ReadSettings]:
    """Put the named setting, the options and `--set` together, in this order."""
    from bactrian.discovery.simulator import settings as known  # noqa: PLC0415

    named: dict[str, Any] = {
        "clones": options["clones"],
        "primers": options["primers"],
        "replicates": options["replicates"],
        "antigens": options["antigens"],
        "rounds": options["rounds"],
        "sequenced": _rounds(options["sequenced"]),
        "control": options["control"] or None,
        "reads": options["reads"],
        "read_length": options["read_length"],
        "paired": False if options["single"] else None,
        "binned": options["binned"],
        "chimeras": options["chimeras"],
    }
    chosen = {name: value for name, value in named.items() if value is not None}
    bases = (known.LibrarySettings(), known.named_panning_settings(options["setting"]), known.ReadSettings())
    allowed = {field.name: type(getattr(base, field.name)) for base in bases for field in fields(base)}
    for change in options["changes"]:
        name, _, text = change.partition("=")
        if name not in allowed:
            names = ", ".join(sorted(allowed))
            msg = f"'{name}' is no setting of the simulator. Write one of {names}."
            raise InputError(msg)
        chosen[name] = _parse(name, text, allowed[name])
    return _replace(bases[0], chosen), _replace(bases[1], chosen), _replace(bases[2], chosen)


def _replace(base: _Settings, chosen: dict[str, Any]) -> _Settings:
    mine = {field.name for field in fields(base)}
    return replace(base, **{name: value for name, value in chosen.items() if name in mine})


def _rounds(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    rounds = _parse("sequenced", text, tuple)
    return tuple(rounds)


def _parse(name: str, text: str, kind: type) -> Any:
    """Read a setting's value as the kind its default has."""
    expected = {bool: "yes or no", int: "a whole number", float: "a number", str: "a word"}
    try:
        if kind is bool:
            return {"yes": True, "no": False}[text]
        if kind is tuple:
            return tuple(int(number) for number in text.split(","))
        return kind(text)
    except (KeyError, ValueError) as error:
        msg = (
            f"'{text}' is no value for {name}. Write {expected.get(kind, 'whole numbers joined by commas')}."
        )
        raise InputError(msg) from error
