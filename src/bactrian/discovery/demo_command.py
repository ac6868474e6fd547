"""`bactrian demo`: the main job on simulated data, with its report."""

from __future__ import annotations

from pathlib import Path

import click

# Small enough for two cores and three minutes, large enough to show what matters: mates that do not
# overlap, long CDR3s, recombination, jackpots and three replicates of a target and a counter arm.
PANNING = (
    "--seed", "7", "--clones", "3000", "--reads", "8000", "--read-length", "151", "--chimeras", "0.3",
    "--set", "specific=30", "--set", "sticky=30", "--set", "growers=30", "--set", "jackpots=3",
)  # fmt: skip


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Folder for the simulated reads and the results.",
)
@click.option("--workers", metavar="N", type=click.IntRange(1), help="Worker processes. Default: every core.")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
@click.pass_context
def demo(context: click.Context, out: Path, workers: int | None, *, quiet: bool) -> None:
    """Simulate a panning, screen it, and leave the report.

    The reads are simulated: 3,000 clones, a target and a counter arm with three selections each, two
    rounds, 2×151 nt, three molecules in ten recombined in PCR. The last line is the report's path.
    """
    from bactrian.discovery.cli import screen_sheet  # noqa: PLC0415 - loaded when called
    from bactrian.discovery.simulate_command import simulate  # noqa: PLC0415

    silence = ("--quiet",) if quiet else ()
    panning = simulate.commands["panning"]
    click.echo(
        "In simulation: 3,000 clones, 15 samples of 8,000 VHH molecules, 2×151 nt, 30 % recombined. Sheet:"
    )
    with panning.make_context(
        "panning", ["--out", str(out / "panning"), *PANNING, *silence], parent=context
    ) as part:
        panning.invoke(part)
    arguments = [str(out / "panning" / "sheet.csv"), "--out", str(out / "screen"), *silence]
    if workers:
        arguments += ["--workers", str(workers)]
    with screen_sheet.make_context("screen", arguments, parent=context) as part:
        screen_sheet.invoke(part)
