"""The pieces of work of a screen: module-level functions that fill a stage's folder.

In the order they run: `look_for_primers` and `read_files` per sample, `count_samples` per library,
`judge_samples` and `test_units` for the whole screen. Each reads finished folders and writes tables; none
knows the others.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from bactrian.core.seeds import make_rng
from bactrian.core.tables import write_table
from bactrian.discovery.clonotypes import ClonotypeSettings, count_clonotypes, group_lineages
from bactrian.discovery.leads.clonotype_choice import choose_clonotypes
from bactrian.discovery.library.abundance import CountMatrix, count_matrix
from bactrian.discovery.library.quality import MoleculeQuality, assess_samples, describe_molecules
from bactrian.discovery.reads.agreement import PrimerSight
from bactrian.discovery.reads.detection import detect_primers, may_show_primers
from bactrian.discovery.reads.fastq import open_pairs
from bactrian.discovery.reads.primers import PrimerPair
from bactrian.discovery.reads.sample import read_sample
from bactrian.discovery.selection.by_unit import select_by_unit
from bactrian.discovery.selection_files import write_selection

if TYPE_CHECKING:
    from pathlib import Path

    from bactrian.discovery.reads.settings import ReadSettings
    from bactrian.discovery.selection.settings import SelectionSettings

Lanes = tuple[tuple["Path", "Path | None"], ...]

# The first pairs are enough to see primers, and few enough to look at every sample.
PRIMER_PAIRS = 5_000
MOLECULE_FRAMES = ("residues", "lengths", "bias", "inserts")
COUNT_FRAMES = ("counts_cdr3", "counts_clonotype", "counts_vhh", "clonotypes", "neighbours", "samples")
QUALITY_FRAMES = (
    "samples",
    "outcomes",
    "empty_vector",
    "inserts",
    "residues",
    "lengths",
    "bias",
    "diversity",
    "rarefaction",
    "agreement",
    "takeovers",
    "jackpots",
    "contamination",
    "libraries",
)


@dataclass(frozen=True, slots=True)
class CountedLibrary:
    """A library whose samples are to be counted together.

    Args:
        library: Name.
        samples: Its samples with the folder of their molecules, in sheet order.
    """

    library: str
    samples: tuple[tuple[str, Path], ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judges are told.

    Args:
        transformants: Stated number of transformants of each library.
        seed: Seed of the intervals' resampling.
    """

    transformants: tuple[tuple[str, int], ...]
    seed: int


def look_for_primers(folder: Path, lanes: Lanes) -> None:
    """See the primers in a sample's first pairs.

    Args:
        folder: Gets `primers.json`: "enough", whether there are reads enough to tell; "forward" and
            "reverse", null where no primers are seen.
        lanes: Files of the sample.

    Raises:
        InputError: If a file cannot be read.
    """
    first = next(iter(open_pairs(lanes, chunk_pairs=PRIMER_PAIRS)))
    pair = detect_primers(first)
    found = {
        "enough": may_show_primers(first),
        "forward": pair.forward if pair else None,
        "reverse": pair.reverse if pair else None,
    }
    (folder / "primers.json").write_text(json.dumps(found))


def read_sight(folder: Path) -> PrimerSight:
    """Give what `look_for_primers` saw."""
    seen = read_json(folder / "primers.json")
    pair = PrimerPair(seen["forward"], seen["reverse"]) if seen["forward"] else None
    return PrimerSight(seen["enough"], pair)


def read_files(folder: Path, sample: str, lanes: Lanes, settings: ReadSettings) -> None:
    """Turn a sample's files into annotated molecules.

    Args:
        folder: Gets `molecules.parquet`, `tallies.json`, `mate2.parquet` (CDR3 lengths of the second mates
            alone), the frames of `describe_molecules`, and `pairs.parquet` if the settings keep pairs.
        sample: Name of the sample.
        lanes: Its files.
        settings: How reads become molecules.

    Raises:
        InputError: If a file cannot be read to its end.
    """
    reads = read_sample(lanes, settings)
    mate2 = reads.lengths.filter(pl.col("rung") == "mate2").select("length", "count")
    quality = describe_molecules(sample, reads.molecules, mate_lengths=mate2 if mate2.height else None)
    write_table(reads.molecules, folder / "molecules.parquet")
    write_table(mate2, folder / "mate2.parquet")
    for name in MOLECULE_FRAMES:
        write_table(getattr(quality, name), folder / f"{name}.parquet")
    if reads.pairs is not None:
        write_table(spell_pairs(reads.pairs, reads.molecules), folder / "pairs.parquet")
    tallies = {"sample": sample, **dataclasses.asdict(reads.tally), "annotated": quality.annotated}
    (folder / "tallies.json").write_text(json.dumps(tallies))


def spell_pairs(pairs: pl.DataFrame, molecules: pl.DataFrame) -> pl.DataFrame:
    """Give each pair the CDRs of its molecule, as read and before any collapse.

    Args:
        pairs: Columns molecule (row of `molecules`; -1 no primers, -2 filtered), rung, status, cdr3,
            mate2_cdr3.
        molecules: Molecule frame with cdr1, cdr2.

    Returns:
        One row per pair in file order: molecule, rung, status, cdr1, cdr2, cdr3, mate2_cdr3.
    """
    spelled = (
        molecules.select("cdr1", "cdr2")
        .with_row_index("molecule")
        .cast({"molecule": pairs.schema["molecule"]})
    )
    joined = pairs.join(spelled, on="molecule", how="left", maintain_order="left")
    return joined.select("molecule", "rung", "status", "cdr1", "cdr2", "cdr3", "mate2_cdr3")


def count_samples(folder: Path, library: CountedLibrary, settings: ClonotypeSettings) -> None:
    """Count the clonotypes of a library's samples together.

    Args:
        folder: Gets one Parquet file per frame of `count_clonotypes`.
        library: Samples and the folders of their molecules.
        settings: Constants of counting.
    """
    molecules = pl.concat(
        [
            pl.read_parquet(source / "molecules.parquet")
            .filter(pl.col("status") == "productive")
            .with_columns(pl.lit(sample).alias("sample"))
            for sample, source in library.samples
        ]
    )
    counted = count_clonotypes(molecules, settings=settings)
    for name in COUNT_FRAMES:
        write_table(getattr(counted, name), folder / f"{name}.parquet")


def judge_samples(
    folder: Path,
    design: Path,
    sources: tuple[tuple[str, Path], ...],
    counts: tuple[Path, ...],
    judgement: Judgement,
) -> None:
    """Judge all samples and libraries.

    Args:
        folder: Gets one Parquet file per frame of `assess_samples`.
        design: Parquet file of the sheet's rows.
        sources: Samples and the folders of their molecules, in sheet order.
        counts: Folders of the counted libraries.
        judgement: What the judges are told.
    """
    cdr3 = pl.concat([pl.read_parquet(source / "counts_cdr3.parquet") for source in counts])
    clonotype = pl.concat([pl.read_parquet(source / "counts_clonotype.parquet") for source in counts])
    # Over all libraries together, so that a CDR3 of two libraries has one lineage.
    lineages = group_lineages(cdr3.group_by("cdr3").agg(pl.col("count").cast(pl.Int64).sum()))
    verdict = assess_samples(
        pl.read_parquet(design),
        read_tallies(sources, counts),
        counts_cdr3=cdr3,
        counts_clonotype=clonotype,
        lineages=dict(lineages.iter_rows()),
        molecules=[_molecule_quality(sample, source) for sample, source in sources],
        transformants=dict(judgement.transformants),
        rng=make_rng(judgement.seed, "quality"),
    )
    for name in QUALITY_FRAMES:
        write_table(getattr(verdict, name), folder / f"{name}.parquet")


def test_units(
    folder: Path,
    design: Path,
    counts: tuple[tuple[str, Path], ...],
    quality: Path,
    settings: SelectionSettings,
) -> None:
    """Test which units are enriched and specific.

    Args:
        folder: Gets the files of a selection.
        design: Parquet file of the sheet's rows.
        counts: Libraries and the folders of their counts.
        quality: Folder of the quality tables, for the samples flagged as takeover.
        settings: Unit, rounds and limits.

    Raises:
        InputError: If a round is asked for that no target has.
    """
    judged = pl.read_parquet(quality / "samples.parquet").select("sample", "flags")
    rows = pl.read_parquet(design).filter(pl.col("sample").is_in(judged["sample"].to_list()))
    flagged = judged.filter(pl.col("flags").fill_null("").str.split(";").list.contains("takeover"))
    clonotypes = pl.concat(
        [
            pl.read_parquet(source / "clonotypes.parquet").select(pl.lit(library).alias("library"), pl.all())
            for library, source in counts
        ]
    )
    selection = select_by_unit(
        _arrange_units([source for _, source in counts], rows, clonotypes),
        rows,
        settings,
        kin=choose_clonotypes(clonotypes, settings.unit),
        takeovers=flagged["sample"].to_list(),
    )
    write_selection(selection, folder)


def _arrange_units(
    sources: list[Path], rows: pl.DataFrame, clonotypes: pl.DataFrame
) -> dict[str, CountMatrix]:
    """Arrange the counts of each kind of unit as units × samples."""
    samples = rows["sample"].to_list()
    by_cdr3 = pl.concat([pl.read_parquet(source / "counts_cdr3.parquet") for source in sources])
    by_clonotype = pl.concat([pl.read_parquet(source / "counts_clonotype.parquet") for source in sources])
    lineages = clonotypes.select("library", "cdr3", "lineage").unique()
    by_lineage = (
        by_cdr3.join(rows.select("sample", "library"), on="sample")
        .join(lineages, on=["library", "cdr3"])
        .group_by("sample", "lineage")
        .agg(pl.col("count").cast(pl.Int64).sum())
    )
    return {
        "cdr3": count_matrix(by_cdr3, samples),
        "clonotype": count_matrix(by_clonotype, samples, key="clonotype"),
        "lineage": count_matrix(by_lineage, samples, key="lineage"),
    }


def read_tallies(sources: tuple[tuple[str, Path], ...], counts: tuple[Path, ...]) -> pl.DataFrame:
    """Give one row per sample with its tallies, `chimeric` among them."""
    rows = [read_json(source / "tallies.json") for _, source in sources]
    chimeric = pl.concat(
        [pl.read_parquet(source / "samples.parquet").select("sample", "chimeric") for source in counts]
    )
    return (
        pl.DataFrame(rows)
        .join(chimeric, on="sample", how="left", maintain_order="left")
        .with_columns(pl.col("chimeric").fill_null(0).cast(pl.Int64))
    )


def read_json(path: Path) -> Any:
    """Read a small JSON file."""
    return json.loads(path.read_text())


def _molecule_quality(sample: str, source: Path) -> MoleculeQuality:
    frames = {name: pl.read_parquet(source / f"{name}.parquet") for name in MOLECULE_FRAMES}
    return MoleculeQuality(sample=sample, annotated=read_json(source / "tallies.json")["annotated"], **frames)
