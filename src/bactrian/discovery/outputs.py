"""The files of a finished screen: count tables, sample table, quality tables, report, summary.

Each file appears whole or not at all; `summary.json` is written last. The order of rows comes from
the sheet and from the keys, never from who finished first.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy
import polars as pl

from bactrian import __version__
from bactrian.core.tables import atomic_path, write_table
from bactrian.discovery.airr import make_rearrangements
from bactrian.discovery.figures import ScreenResults, build_screen_report
from bactrian.discovery.lead_files import LEAD_FILES
from bactrian.discovery.lead_run import PAGE, write_nominations
from bactrian.discovery.selection_files import FILES as SELECTION_FILES
from bactrian.discovery.selection_files import read_selection, write_selection
from bactrian.discovery.selection_summary import say_targets, summarise_selection
from bactrian.discovery.simulator.writing import DESCRIPTION
from bactrian.discovery.summary import TALLIES, make_summary
from bactrian.discovery.tasks import QUALITY_FRAMES
from bactrian.report import write_report
from bactrian.run.digests import digest_values

if TYPE_CHECKING:
    from pathlib import Path

    from bactrian.discovery.leads.known import KnownClonotype
    from bactrian.discovery.leads.settings import PickSettings
    from bactrian.discovery.reads.primers import PrimerPair
    from bactrian.discovery.selection.settings import SelectionSettings
    from bactrian.discovery.sheet import Sheet

SPACES = ("cdr3", "clonotype", "vhh")
SAMPLE_TABLE = (
    "sample", "pairs", "primers_found", "filtered", "merged", "joined", "single", "productive", "stop",
    "frameshift", "truncated", "not_vhh", "chimeric", "cdr3s", "clonotypes", "top_share", "flags",
)  # fmt: skip
FAILED = "failed"
SIMULATED = "The reads are simulated: nothing here was measured."
FILES = {
    "samples.csv": "one row per sample: pairs, rungs, defects, chimeras, flags",
    "counts_cdr3.parquet": "counts by CDR3: sample, cdr3, count",
    "counts_clonotype.parquet": "counts by clonotype: sample, clonotype, count",
    "counts_vhh.parquet": "counts by full VHH: sample, vhh, count",
    "clonotypes.parquet": "every clonotype: CDRs, lineage, support of its CDR1–2, sequences",
    "neighbours.csv": "one-substitution neighbours of large CDR3s that stay, with the evidence",
    "quality/": "the tables behind the quality figures, one CSV each",
    "summary.json": "the main numbers, settings and notes",
}
# The report lists the commonest; the Parquet files hold all.
TOP_CLONOTYPES = 200
TOP_ABUNDANCE = 25
FOLDERS = ("quality", "selection", "airr", "pairs")
# A library amplified with a primer pair shows it in nearly all of its pairs (96 % in the real panning);
# where most lack it, the pair is another library's or wrongly written.
FEWEST_WITH_PRIMERS = 0.5


@dataclass(frozen=True, slots=True)
class ScreenParts:
    """The finished stages of a screen.

    Args:
        sheet: The sheet.
        reads: Folder of molecules per sample, in sheet order.
        counts: Folder of counts per library.
        quality: Folder of the quality tables.
        selection: Folder of the selection's files.
        limits: Limits that made the tiers.
        picks: How leads are picked.
        known: Clonotypes of earlier campaigns.
        primers: Per sample its primer pair and where it comes from.
        errors: Sentence per sample that failed.
        settings: Settings by their names in the summary.
    """

    sheet: Sheet
    reads: dict[str, Path]
    counts: dict[str, Path]
    quality: Path
    selection: Path
    limits: SelectionSettings
    picks: PickSettings
    known: tuple[KnownClonotype, ...]
    primers: dict[str, tuple[PrimerPair | None, str]]
    errors: dict[str, str]
    settings: dict[str, Any]


def write_outputs(parts: ScreenParts, out: Path, *, airr: bool, pair_records: bool) -> dict[str, Any]:
    """Write all files of a screen and give its summary.

    Args:
        parts: The finished stages.
        out: Folder of the results.
        airr: Whether to write AIRR rearrangements.
        pair_records: Whether to write what became of each pair.

    Returns:
        Content of `summary.json`.
    """
    order = pl.Enum(list(parts.reads))
    counts = {space: _read_counts(parts, space, order) for space in SPACES}
    clonotypes = _read_library_frames(parts, "clonotypes").sort(
        "count", "clonotype", "library", descending=[True, False, False]
    )
    neighbours = _read_library_frames(parts, "neighbours")
    quality = {name: pl.read_parquet(parts.quality / f"{name}.parquet") for name in QUALITY_FRAMES}
    samples = _sample_table(parts, quality["samples"])
    notes = [*_origin(parts.sheet), *_find_lost_primers(parts, samples), *parts.sheet.warnings]
    selection = read_selection(parts.selection)
    title = parts.sheet.path.resolve().parent.name or parts.sheet.path.stem
    origin = _origin(parts.sheet)
    summary = make_summary(
        samples,
        n_cdr3=counts["cdr3"]["cdr3"].n_unique(),
        n_clonotypes=counts["clonotype"]["clonotype"].n_unique(),
        n_vhh=counts["vhh"]["vhh"].n_unique(),
        primers=_primer_words(parts),
        settings=parts.settings,
        notes=notes,
        errors=list(parts.errors.values()),
        version=__version__,
    )
    _clear_half_written(out)
    # Where it stands, the other files are whole and of one run.
    (out / "summary.json").unlink(missing_ok=True)
    write_selection(selection, out)
    nominations = write_nominations(
        selection,
        out,
        limits=parts.limits,
        picks=parts.picks,
        title=title,
        clonotypes=clonotypes,
        known=parts.known,
        amber=bool(parts.settings["amber"]),
        simulated=bool(origin),
        notes=tuple(origin),
    )
    summary |= summarise_selection(selection, nominations)
    summary["notes"] = list(dict.fromkeys((*notes, *selection.notes, *nominations.notes)))
    for space in SPACES:
        write_table(counts[space], out / f"counts_{space}.parquet")
    write_table(clonotypes, out / "clonotypes.parquet")
    write_table(neighbours, out / "neighbours.csv")
    write_table(samples, out / "samples.csv")
    for name, frame in quality.items():
        write_table(_flat(frame), out / "quality" / f"{name}.csv")
    _write_airr(parts, counts["clonotype"], out / "airr", wanted=airr)
    _copy_pairs(parts, out / "pairs", wanted=pair_records)
    results = _results(
        parts,
        summary,
        samples,
        title=title,
        counts=counts,
        clonotypes=clonotypes,
        neighbours=neighbours,
        quality=quality,
    )
    write_report(build_screen_report(results), out / "report.html")
    with atomic_path(out / "summary.json") as temporary:
        temporary.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return summary


def _origin(sheet: Sheet) -> list[str]:
    """Say that the reads are simulated if the simulator's mark stands beside the sheet."""
    return [SIMULATED] if (sheet.path.parent / DESCRIPTION).is_file() else []


def _find_lost_primers(parts: ScreenParts, samples: pl.DataFrame) -> list[str]:
    """Give a sentence for every sample in which most pairs lack the primers, which are likely others then."""
    notes = []
    for sample, pairs, found in samples.select("sample", "pairs", "primers_found").iter_rows():
        pair, _ = parts.primers.get(sample, (None, "none"))
        if pair is not None and pairs and found < FEWEST_WITH_PRIMERS * pairs:
            notes.append(
                f"Sample '{sample}': only {found:,} of {pairs:,} pairs carry the primers {pair.forward} and "
                f"{pair.reverse}; the others are not counted. Check the primers, or whether the files are of "
                "this library."
            )
    return notes


def _clear_half_written(out: Path) -> None:
    """Remove what a killed run had begun to write."""
    for folder in (out, *(out / name for name in FOLDERS)):
        for path in folder.glob(".*.part*"):
            path.unlink(missing_ok=True)


def _leave_only(folder: Path, names: set[str]) -> None:
    """Remove the files of samples that are no longer there."""
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()


def _read_library_frames(parts: ScreenParts, name: str) -> pl.DataFrame:
    """Put a frame of every library under each other, with the library as first column."""
    return pl.concat(
        [
            pl.read_parquet(folder / f"{name}.parquet").select(pl.lit(library).alias("library"), pl.all())
            for library, folder in parts.counts.items()
        ]
    )


def _read_counts(parts: ScreenParts, space: str, order: pl.Enum) -> pl.DataFrame:
    """Give the counts of a space; samples in sheet order, then the commonest first."""
    frame = pl.concat(
        [pl.read_parquet(folder / f"counts_{space}.parquet") for folder in parts.counts.values()]
    )
    return (
        frame.select(pl.col("sample").cast(order), space, pl.col("count").cast(pl.UInt32))
        .sort("sample", "count", space, descending=[False, True, False])
        .with_columns(pl.col("sample").cast(pl.String))
    )


def _sample_table(parts: ScreenParts, judged: pl.DataFrame) -> pl.DataFrame:
    """Give the rows of samples.csv in sheet order; a failed sample has no numbers and says so."""
    table = parts.sheet.samples.select("sample").join(judged, on="sample", how="left", maintain_order="left")
    flags = (
        pl.when(pl.col("sample").is_in(list(parts.errors))).then(pl.lit(FAILED)).otherwise(pl.col("flags"))
    )
    return table.with_columns(flags.fill_null("").alias("flags")).select(SAMPLE_TABLE)


def _primer_words(parts: ScreenParts) -> dict[str, str]:
    """Say per library which primers were used and where they come from."""
    words: dict[str, str] = {}
    for sample, library in parts.sheet.samples.select("sample", "library").iter_rows():
        if sample in parts.primers:
            pair, source = parts.primers[sample]
            said = f"{pair.forward},{pair.reverse} ({source})" if pair else "none"
            known = words.get(library, "")
            words[library] = said if not known or said in known.split(" | ") else f"{known} | {said}"
    return {
        library: said if said.count(" | ") == 0 else " | ".join(sorted(set(said.split(" | "))))
        for library, said in words.items()
    }


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Give list columns as text, since CSV has no lists."""
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join(";") for name in lists)


def _clear(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)


def _write_airr(parts: ScreenParts, counts: pl.DataFrame, folder: Path, *, wanted: bool) -> None:
    """Write one AIRR file per sample, or remove those of an earlier run."""
    if not wanted:
        _clear(folder)
        return
    libraries = dict(parts.sheet.samples.select("sample", "library").iter_rows())
    known = {name: pl.read_parquet(path / "clonotypes.parquet") for name, path in parts.counts.items()}
    for sample in parts.reads:
        rows = make_rearrangements(counts.filter(pl.col("sample") == sample), known[libraries[sample]])
        write_table(rows, folder / f"{sample}.tsv")
    _leave_only(folder, {f"{sample}.tsv" for sample in parts.reads})


def _copy_pairs(parts: ScreenParts, folder: Path, *, wanted: bool) -> None:
    """Write what became of each pair, or remove those of an earlier run."""
    if not wanted:
        _clear(folder)
        return
    for sample, source in parts.reads.items():
        with atomic_path(folder / f"{sample}.parquet") as temporary:
            shutil.copyfile(source / "pairs.parquet", temporary)
    _leave_only(folder, {f"{sample}.parquet" for sample in parts.reads})


def _results(
    parts: ScreenParts,
    summary: dict[str, Any],
    samples: pl.DataFrame,
    *,
    title: str,
    counts: dict[str, pl.DataFrame],
    clonotypes: pl.DataFrame,
    neighbours: pl.DataFrame,
    quality: dict[str, pl.DataFrame],
) -> ScreenResults:
    """Put together what the report draws."""
    design = ("selection", "replicate", "round", "arm", "antigen", "library")
    mate2 = [
        pl.read_parquet(folder / "mate2.parquet").select(pl.lit(sample).alias("sample"), pl.all())
        for sample, folder in parts.reads.items()
    ]
    integers = [pl.col(name).cast(pl.Int64) for name in (*TALLIES, "cdr3s", "clonotypes")]
    return ScreenResults(
        title=title,
        code=digest_values(summary, parts.quality.name)[:12],
        samples=samples.join(
            parts.sheet.samples.select("sample", *design), on="sample", how="left", maintain_order="left"
        ).with_columns(integers),
        n_cdr3s=summary["cdr3s"],
        n_clonotypes=summary["clonotypes"],
        lengths=quality["lengths"],
        mate_lengths=pl.concat(mate2),
        diversity=quality["diversity"],
        rarefaction=quality["rarefaction"],
        libraries=quality["libraries"],
        empty_vector=quality["empty_vector"],
        residues=quality["residues"],
        agreement=quality["agreement"],
        takeovers=quality["takeovers"],
        jackpots=quality["jackpots"],
        contamination=quality["contamination"],
        neighbours=neighbours,
        clonotypes=clonotypes.head(TOP_CLONOTYPES),
        abundance=_top_abundance(counts["cdr3"]),
        primers=tuple(f"{library}: {said}" for library, said in summary["primers"].items()),
        notes=tuple(summary["notes"]),
        nominated=tuple(say_targets(summary["targets"], unit=summary["unit"])),
        errors=tuple(parts.errors.values()),
        settings=_settings_in_words(parts.settings),
        versions={"Bactrian": __version__, "Polars": pl.__version__, "NumPy": numpy.__version__},
        files=FILES | SELECTION_FILES | LEAD_FILES | {PAGE: "the leads with the evidence for each"},
    )


def _settings_in_words(settings: dict[str, Any]) -> dict[str, str]:
    """Give the settings as a reader of the report understands them."""
    stated = [f"{library or 'every library'}: {n:,}" for library, n in settings["transformants"].items()]
    return {
        "rows taken": settings["where"] or "all",
        "expected errors at most": f"{settings['max_ee']:g}",
        "amber stop TAG": "read as Q" if settings["amber"] else "a stop",
        "skew of the error collapse": f"{settings['skew']:g}",
        "transformants": ", ".join(stated) or "not stated",
        "seed of intervals": str(settings["seed"]),
        "unit tested": settings["unit"],
    }


def _top_abundance(counts: pl.DataFrame) -> pl.DataFrame:
    """Give the share of the commonest CDR3s in every sample.

    Ranked by the sum of their shares, in whole parts per billion: sums of floats would depend on their order.
    """
    shares = counts.with_columns(share=pl.col("count") / pl.col("count").sum().over("sample"))
    top = (
        shares.group_by("cdr3")
        .agg(rank=(pl.col("share") * 1e9).round().cast(pl.Int64).sum())
        .sort("rank", "cdr3", descending=[True, False])
        .head(TOP_ABUNDANCE)["cdr3"]
    )
    return shares.filter(pl.col("cdr3").is_in(top.to_list())).select("sample", "cdr3", "share")
