"""The files of a simulation: reads or count tables, the truth beside them, the sheet, what was set.

`simulation.json` is written first and again at the end: it marks the folder as a simulation and
lists its files, so that a later simulation may replace them.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import polars as pl

import bactrian
from bactrian.core.errors import InputError, Where
from bactrian.core.seeds import make_rng
from bactrian.core.tables import atomic_path, write_table
from bactrian.discovery.simulator.constructs import construct_of
from bactrian.discovery.simulator.fastq import format_fastq, open_fastq
from bactrian.discovery.simulator.hopping import hop_sample
from bactrian.discovery.simulator.panning import LIBRARY_NAME
from bactrian.discovery.simulator.sequencing import simulate_chunks
from bactrian.discovery.simulator.settings import settings_table

if TYPE_CHECKING:
    from pathlib import Path

    from bactrian.discovery.simulator.panning import Panning
    from bactrian.discovery.simulator.settings import ReadSettings

DESCRIPTION: Final = "simulation.json"
SHEET: Final = "sheet.csv"
STATEMENT: Final = "This data is simulated by Bactrian. Nothing in it was measured."
FORMAT_VERSION: Final = 1


def prepare_folder(folder: Path) -> None:
    """Make the folder of a simulation; an earlier simulation's files are removed from it.

    Args:
        folder: Where the simulation will stand.

    Raises:
        InputError: If the folder holds anything and is no simulation, or is no folder.
    """
    where = Where(file=str(folder))
    if folder.exists() and not folder.is_dir():
        msg = "This is a file, not a folder. Name a new folder."
        raise InputError(msg, where)
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        return
    for name in _files_of_simulation(folder):
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()):
            path.unlink(missing_ok=True)


def _files_of_simulation(folder: Path) -> list[str]:
    refusal = "The folder is not empty and holds no simulation. Name a new or an empty folder."
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        if description["statement"] == STATEMENT:
            return [str(name) for name in description["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise InputError(refusal, Where(file=str(folder)))


def fastq_names(panning: Panning, sample: int, settings: ReadSettings) -> tuple[str, ...]:
    """Give the FASTQ files of a sample, relative to the folder: one, or two when paired."""
    name = panning.samples[sample].name
    return tuple(f"fastq/{name}_R{mate}.fastq.gz" for mate in ((1, 2) if settings.paired else (1,)))


def file_names(panning: Panning, settings: ReadSettings | None, *, truth_reads: bool = False) -> list[str]:
    """Give every file of a simulation, relative to its folder.

    Args:
        panning: What was simulated.
        settings: How it is sequenced, or None for count tables without reads.
        truth_reads: Whether the truth of every pair is written.

    Returns:
        Names in the order of writing.
    """
    names = [DESCRIPTION]
    if settings is None:
        names += ["counts_cdr3.parquet", "counts_clonotype.parquet"]
    else:
        for number, sample in enumerate(panning.samples):
            names += fastq_names(panning, number, settings)
            names += [f"truth/reads/{sample.name}.parquet"] if truth_reads else []
    return [*names, "truth/clones.parquet", "truth/counts.parquet", "truth/jackpots.parquet", SHEET]


def describe(
    panning: Panning,
    settings: ReadSettings | None,
    *,
    hopping: float = 0.0,
    truth_reads: bool = False,
    complete: bool,
) -> dict[str, Any]:
    """Give what stands in `simulation.json`.

    Args:
        panning: What was simulated.
        settings: How it is sequenced, or None for count tables without reads.
        hopping: Share of pairs that come from another sample.
        truth_reads: Whether the truth of every pair is written.
        complete: Whether all files are written.

    Returns:
        A document that JSON can hold.
    """
    construct = construct_of(panning.library_settings.primers)
    return {
        "statement": STATEMENT,
        "format_version": FORMAT_VERSION,
        "complete": complete,
        "bactrian_version": bactrian.__version__,
        "seed": panning.seed,
        "primers": {"forward": construct.forward, "reverse": construct.reverse},
        "hopping": hopping,
        "library": settings_table(panning.library_settings),
        "panning": settings_table(panning.settings),
        "reads": None if settings is None else settings_table(settings),
        "samples": len(panning.samples),
        "files": file_names(panning, settings, truth_reads=truth_reads),
    }


def write_description(description: dict[str, Any], folder: Path) -> None:
    """Write `simulation.json` whole."""
    with atomic_path(folder / DESCRIPTION) as path:
        path.write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_sample_reads(
    panning: Panning,
    sample: int,
    *,
    folder: Path,
    settings: ReadSettings,
    hopping: float = 0.0,
    truth_reads: bool = False,
) -> pl.DataFrame:
    """Sequence one sample into its FASTQ files.

    Args:
        panning: What was simulated.
        sample: Which of its samples.
        folder: The simulation's folder.
        settings: How molecules become reads.
        hopping: Share of pairs that come from another sample.
        truth_reads: Whether to write the truth of every pair.

    Returns:
        One row per clone whose CDR3 the reads carry: `sample`, `clone`, `count`, `n_hopped`,
        `n_chimeric`, `n_error_free`.
    """
    names = [each.name for each in panning.samples]
    own, hopped = hop_sample(panning.counts, names, sample=sample, share=hopping, seed=panning.seed)
    rng = make_rng(panning.seed, "reads", names[sample])
    truths = []
    with ExitStack() as stack:
        files = [
            stack.enter_context(open_fastq(folder / name)) for name in fastq_names(panning, sample, settings)
        ]
        first = 0
        for part in simulate_chunks(panning.clones, own, settings=settings, rng=rng, hopped=hopped):
            mates = [(part.seq1, part.qual1), (part.seq2, part.qual2)]
            for mate, (file, (seq, qual)) in enumerate(zip(files, mates, strict=False), start=1):
                if seq is not None and qual is not None:
                    file.write(format_fastq(seq, qual, mate=mate, first=first))
            first += part.truth.height
            truths.append(part.truth)
    truth = pl.concat(truths)
    if truth_reads:
        write_table(truth.with_row_index("pair", offset=1), folder / f"truth/reads/{names[sample]}.parquet")
    return (
        truth.group_by("clone")
        .agg(
            pl.len().cast(pl.UInt32).alias("count"),
            pl.col("hopped_from").is_not_null().sum().alias("n_hopped"),
            pl.col("chimeric").sum().alias("n_chimeric"),
            pl.col("error_free").sum().alias("n_error_free"),
        )
        .sort("clone")
        .select(
            pl.lit(names[sample]).alias("sample"), "clone", "count", "n_hopped", "n_chimeric", "n_error_free"
        )
    )


def count_sample(panning: Panning, sample: int, *, hopping: float = 0.0) -> pl.DataFrame:
    """Count one sample's molecules without sequencing them.

    Args:
        panning: What was simulated.
        sample: Which of its samples.
        hopping: Share of molecules that come from another sample.

    Returns:
        One row per clone that was found: `sample`, `clone`, `count`, `n_hopped`.
    """
    names = [each.name for each in panning.samples]
    own, hopped = hop_sample(panning.counts, names, sample=sample, share=hopping, seed=panning.seed)
    foreign = sum((each.counts for each in hopped), start=own * 0)
    return (
        panning.clones.select("clone")
        .with_columns(
            pl.Series("count", own + foreign, dtype=pl.UInt32),
            pl.Series("n_hopped", foreign, dtype=pl.UInt32),
        )
        .filter(pl.col("count") > 0)
        .select(pl.lit(names[sample]).alias("sample"), "clone", "count", "n_hopped")
    )


def write_counts(panning: Panning, counts: pl.DataFrame, folder: Path) -> None:
    """Write the productive molecules of each sample by CDR3 and by clonotype.

    Args:
        panning: What was simulated.
        counts: Rows of `count_sample` for all samples.
        folder: The simulation's folder.
    """
    productive = panning.clones.filter(pl.col("productive")).select("clone", "cdr3", "clonotype")
    named = counts.join(productive, on="clone", how="inner", maintain_order="left")
    for key in ("cdr3", "clonotype"):
        table = (
            named.group_by("sample", key, maintain_order=True)
            .agg(pl.col("count").sum())
            .with_columns(pl.col("sample").cast(pl.Enum([each.name for each in panning.samples])))
            .sort("sample", key)
            .with_columns(pl.col("sample").cast(pl.String))
        )
        write_table(table, folder / f"counts_{key}.parquet")


def write_truth(panning: Panning, counts: pl.DataFrame, folder: Path) -> None:
    """Write `truth/clones.parquet`, `truth/counts.parquet` and `truth/jackpots.parquet`.

    Args:
        panning: What was simulated.
        counts: Rows of `write_sample_reads` or `count_sample` for all samples.
        folder: The simulation's folder.
    """
    write_table(panning.clones, folder / "truth/clones.parquet")
    write_table(counts, folder / "truth/counts.parquet")
    write_table(panning.jackpots, folder / "truth/jackpots.parquet")


def write_sheet(panning: Panning, settings: ReadSettings | None, folder: Path) -> Path:
    """Write the sheet that `bactrian screen` reads.

    Args:
        panning: What was simulated.
        settings: How it is sequenced, or None for count tables: then the sheet names no files.
        folder: The simulation's folder.

    Returns:
        Path of the sheet.
    """
    rows = []
    for number, sample in enumerate(panning.samples):
        row: dict[str, object] = {"sample": sample.name}
        if settings is not None:
            files = fastq_names(panning, number, settings)
            row |= {"fastq_1": files[0], "fastq_2": files[1] if settings.paired else ""}
        row |= {
            "selection": sample.selection,
            "replicate": sample.replicate,
            "round": sample.round,
            "arm": sample.arm,
            "antigen": sample.antigen,
            "library": LIBRARY_NAME,
        }
        rows.append(row)
    write_table(pl.DataFrame(rows), folder / SHEET)
    return folder / SHEET
