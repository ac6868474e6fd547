"""`bactrian screen`: from a sheet to count tables one may trust, in stages that are never done twice.

sheet → primers and reads of each sample → clonotypes of each library → quality of all → tests → files.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from bactrian.core.errors import BactrianError, InputError, Where
from bactrian.core.tables import write_table
from bactrian.discovery import tasks
from bactrian.discovery.clonotypes import ClonotypeSettings
from bactrian.discovery.lead_inputs import check_rounds, read_known
from bactrian.discovery.leads.settings import PickSettings
from bactrian.discovery.outputs import ScreenParts, write_outputs
from bactrian.discovery.reads.agreement import agree_on_primers
from bactrian.discovery.reads.primers import PrimerPair
from bactrian.discovery.reads.settings import ReadSettings
from bactrian.discovery.selection.settings import SelectionSettings
from bactrian.discovery.sheet import Sheet, read_sheet
from bactrian.run.digests import FileDigests, digest_package, digest_values
from bactrian.run.executor import open_executor
from bactrian.run.progress import Silence
from bactrian.run.stages import Outcome, Stage, StageStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from bactrian.run.progress import Progress

WORK = ".bactrian"
SEED = 1
# At 10 an error one base off would be folded only below 1 in 2,048 of its clone: the collapse does nothing.
MOST_SKEW = 10.0
# What a stage's result depends on beside its input: our code and profile, and the libraries that compute.
METHOD = (digest_package("bactrian"), np.__version__, pl.__version__)


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """What a person may choose about a screen.

    Args:
        primers: Primer pair of all samples; the sheet's own pairs otherwise, or what the reads tell.
        look_for_primers: Whether to look for primers where none are named.
        max_ee: Most expected errors in what is used of a pair.
        amber: Whether TAG is read as glutamine.
        skew_alpha: α of the error collapse's abundance skew.
        transformants: Pairs of library ("" for every library) and its number of transformants.
        selection: How units are tested and nominated.
        picks: How leads are picked.

    Raises:
        InputError: If a number is out of its range.
    """

    primers: PrimerPair | None = None
    look_for_primers: bool = True
    max_ee: float = 3.0
    amber: bool = False
    skew_alpha: float = 2.0
    transformants: tuple[tuple[str, float], ...] = ()
    selection: SelectionSettings = field(default_factory=SelectionSettings)
    picks: PickSettings = field(default_factory=PickSettings)

    def __post_init__(self) -> None:
        ReadSettings(max_ee=self.max_ee)
        if not 0 < self.skew_alpha <= MOST_SKEW:
            msg = (
                f"the skew is {self.skew_alpha:g}. Expected a number above 0 and up to {MOST_SKEW:g}; "
                "2 is the default."
            )
            raise InputError(msg)


@dataclass(frozen=True, slots=True)
class ScreenRun:
    """A finished screen.

    Args:
        folder: Where its files stand.
        summary: Content of `summary.json`.
        errors: Errors of the samples that failed.
        redone: Stages that this run did itself, as "name/label"; the others were found finished.
    """

    folder: Path
    summary: dict[str, Any]
    errors: tuple[BactrianError, ...]
    redone: tuple[str, ...]


@dataclass(slots=True)
class _Screening:
    """State of a running screen."""

    sheet: Sheet
    store: StageStore
    digests: FileDigests
    executor: Executor
    progress: Progress
    keep_going: bool
    errors: dict[str, BactrianError] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    redone: list[str] = field(default_factory=list)
    read_keys: dict[str, str] = field(default_factory=dict)

    def run(self, title: str, stages: Sequence[Stage]) -> list[Outcome]:
        """Finish stages and remember them."""
        self.progress.start(title, len(stages))
        self.stages += stages
        outcomes = self.store.run(stages, self.executor, progress=self.progress, keep_going=self.keep_going)
        self.redone += [f"{one.stage.name}/{one.stage.label}" for one in outcomes if not one.found]
        return outcomes

    def run_samples(self, title: str, stages: Sequence[Stage]) -> dict[str, Path]:
        """Finish one stage per sample; a sample that fails is left out from here on."""
        outcomes = self.run(title, stages)
        self.errors |= {one.stage.label: one.error for one in outcomes if one.error}
        return {one.stage.label: one.folder for one in outcomes if one.folder}


def screen_library(
    sheet_path: Path,
    out: Path,
    *,
    settings: ScreenSettings | None = None,
    where: str | None = None,
    known: Path | None = None,
    airr: bool = False,
    pair_records: bool = False,
    keep_going: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> ScreenRun:
    """Run a screen, or what is left of it.

    Args:
        sheet_path: Sample sheet.
        out: Folder for the results; `out/.bactrian` keeps the finished stages.
        settings: What the person chose.
        where: SQL expression that chooses rows of the sheet.
        known: File of clonotypes of earlier campaigns.
        airr: Whether to write AIRR rearrangements.
        pair_records: Whether to write what became of each pair.
        keep_going: Whether to finish the other samples when one fails.
        workers: Worker processes; default every core. Does not change a byte.
        progress: Told how far the work is.

    Returns:
        The finished screen.

    Raises:
        InputError: If the sheet, a file or a setting is wrong, or `out` holds somebody else's files.
        ConflictError: If another run writes to `out`.
    """
    settings, progress = settings or ScreenSettings(), progress or Silence()
    sheet = read_sheet(sheet_path, where=where, keep_going=keep_going)
    transformants = _transformants(settings, sheet)
    check_rounds(sheet, settings.selection.rounds)
    marked = () if known is None else read_known(known)
    _check_folder(out)
    for warning in sheet.warnings:
        progress.say(f"{sheet_path.name}: {warning}")
    store = StageStore(out / WORK)
    with store.hold(), open_executor(workers) as executor:
        job = _Screening(
            sheet, store, FileDigests(store.root / "digests.json"), executor, progress, keep_going
        )
        job.errors |= dict(sheet.content_errors)
        primers = _find_primers(job, settings)
        reads = _read(job, primers, settings, pair_records=pair_records)
        if not reads:
            raise InputError("\n".join(str(error) for error in job.errors.values()))
        counts = _count(job, reads, settings)
        quality = _judge(job, reads, counts, transformants)
        selection = _test(job, counts, quality, settings.selection)
        parts = ScreenParts(
            sheet=sheet,
            reads=reads,
            counts=counts,
            quality=quality,
            selection=selection,
            limits=settings.selection,
            picks=settings.picks,
            known=marked,
            primers={name: (pair, source) for name, (pair, source) in primers.items()},
            errors={name: str(error) for name, error in job.errors.items()},
            settings=_settings_used(settings, where=where),
        )
        summary = write_outputs(parts, out, airr=airr, pair_records=pair_records)
        store.sweep(job.stages)
    return ScreenRun(out, summary, tuple(job.errors.values()), tuple(job.redone))


def _check_folder(out: Path) -> None:
    """Refuse a folder that holds files of somebody else."""
    where = Where(file=str(out))
    if out.exists() and not out.is_dir():
        msg = "this is a file. Name a folder for the results."
        raise InputError(msg, where)
    if out.is_dir() and any(out.iterdir()) and not (out / WORK).is_dir():
        msg = "the folder holds files that are not of a screen. Name a new or empty folder."
        raise InputError(msg, where)


def _transformants(settings: ScreenSettings, sheet: Sheet) -> tuple[tuple[str, int], ...]:
    """Give the stated number of transformants per library of the sheet."""
    libraries = sheet.samples["library"].unique(maintain_order=True).to_list()
    stated: dict[str, int] = {}
    for library, number in sorted(settings.transformants):
        if library and library not in libraries:
            msg = f"'{library}' is no library of the sheet. Expected one of: {', '.join(libraries)}."
            raise InputError(msg, Where(file=str(sheet.path), column="library"))
        stated |= dict.fromkeys([library] if library else libraries, int(number))
    return tuple(sorted(stated.items()))


def _lane_digests(job: _Screening, sample: str) -> list[list[str | None]]:
    """Name the content of a sample's files."""
    return [
        [job.digests.digest(first), None if second is None else job.digests.digest(second)]
        for first, second in job.sheet.lanes(sample)
    ]


def _find_primers(job: _Screening, settings: ScreenSettings) -> dict[str, tuple[PrimerPair | None, str]]:
    """Give each sample its primer pair and where it comes from: given, sheet, detected or none.

    A library's samples were mostly amplified alike; `agree_on_primers` says what holds where they differ.
    """
    rows = [row for row in job.sheet.samples.iter_rows(named=True) if row["sample"] not in job.errors]
    found: dict[str, tuple[PrimerPair | None, str]] = {}
    unknown: dict[str, str] = {}
    for row in rows:
        sample = row["sample"]
        if settings.primers:
            found[sample] = settings.primers, "given"
        elif row["primer_fwd"] and row["primer_rev"]:
            found[sample] = PrimerPair(row["primer_fwd"], row["primer_rev"]), "sheet"
        elif not settings.look_for_primers:
            found[sample] = None, "none"
        else:
            unknown[sample] = row["library"]
    if not unknown:
        return found
    stages = [
        Stage(
            "primers",
            sample,
            digest_values("primers", METHOD, _lane_digests(job, sample)),
            tasks.look_for_primers,
            (job.sheet.lanes(sample),),
        )
        for sample in unknown
    ]
    folders = job.run_samples("Looking for primers", stages)
    sights = {sample: tasks.read_sight(folder) for sample, folder in folders.items()}
    for library in dict.fromkeys(unknown.values()):
        agreed = agree_on_primers({one: sight for one, sight in sights.items() if unknown[one] == library})
        found |= {sample: (pair, "detected" if pair else "none") for sample, pair in agreed.items()}
        for pair in dict.fromkeys(agreed.values()):
            words = f"{pair.forward} and {pair.reverse} (detected)" if pair else "none seen"
            samples = [sample for sample, own in agreed.items() if own == pair]
            of = "" if len(samples) == len(agreed) else f" in {', '.join(samples)}"
            job.progress.say(f"Primers of library '{library}'{of}: {words}.")
    return found


def _read(
    job: _Screening,
    primers: dict[str, tuple[PrimerPair | None, str]],
    settings: ScreenSettings,
    *,
    pair_records: bool,
) -> dict[str, Path]:
    """Give each sample the folder of its molecules.

    What follows depends on the molecules, not on whether pairs were recorded too, so a folder with pairs
    serves both and `job.read_keys` names the molecules alone.
    """
    stages = []
    for sample in job.sheet.samples["sample"]:
        if sample in job.errors:
            continue
        pair, _ = primers[sample]
        chosen = ReadSettings(max_ee=settings.max_ee, primers=pair, find_primers=False, amber=settings.amber)
        lanes = job.sheet.lanes(sample)
        key = digest_values("reads", METHOD, sample, _lane_digests(job, sample), chosen)
        recording = replace(chosen, keep_pairs=True)
        plain = Stage("reads", sample, key, tasks.read_files, (sample, lanes, chosen))
        recorded = Stage(
            "reads", sample, digest_values(key, "pairs"), tasks.read_files, (sample, lanes, recording)
        )
        stages.append(recorded if pair_records or job.store.is_done(recorded) else plain)
        job.read_keys[sample] = key
    job.digests.save()
    return job.run_samples("Reading samples", stages)


def _count(job: _Screening, reads: dict[str, Path], settings: ScreenSettings) -> dict[str, Path]:
    """Give each library the folder of its counts."""
    chosen = ClonotypeSettings(skew_alpha=settings.skew_alpha)
    pooled: dict[str, list[tuple[str, Path]]] = {}
    for sample, library in job.sheet.samples.select("sample", "library").iter_rows():
        if sample in reads:
            pooled.setdefault(library, []).append((sample, reads[sample]))
    stages = []
    for number, (library, samples) in enumerate(pooled.items(), start=1):
        key = digest_values(
            "clonotypes", METHOD, [(sample, job.read_keys[sample]) for sample, _ in samples], chosen
        )
        counted = tasks.CountedLibrary(library, tuple(samples))
        stages.append(Stage("clonotypes", f"library{number}", key, tasks.count_samples, (counted, chosen)))
    outcomes = job.run("Counting clonotypes", stages)
    for one in outcomes:
        if one.error:
            raise one.error
    return {
        library: one.folder for library, one in zip(pooled, outcomes, strict=True) if one.folder is not None
    }


def _judge(
    job: _Screening,
    reads: dict[str, Path],
    counts: dict[str, Path],
    transformants: tuple[tuple[str, int], ...],
) -> Path:
    """Give the folder of the quality tables."""
    design = job.store.root / "design.parquet"
    write_table(job.sheet.samples, design)
    judgement = tasks.Judgement(tuple(pair for pair in transformants if pair[0] in counts), SEED)
    key = digest_values(
        "quality",
        METHOD,
        job.digests.digest(design),
        [(sample, job.read_keys[sample]) for sample in reads],
        [path.name for path in counts.values()],
        judgement,
    )
    stage = Stage(
        "quality",
        "all",
        key,
        tasks.judge_samples,
        (design, tuple(reads.items()), tuple(counts.values()), judgement),
    )
    (outcome,) = job.run("Judging samples and libraries", [stage])
    if outcome.error or outcome.folder is None:
        msg = "the quality tables could not be made."
        raise outcome.error or InputError(msg)
    return outcome.folder


def _test(job: _Screening, counts: dict[str, Path], quality: Path, settings: SelectionSettings) -> Path:
    """Give the folder of the selection's files."""
    design = job.store.root / "design.parquet"
    key = digest_values(
        "selection",
        METHOD,
        job.digests.digest(design),
        [(library, path.name) for library, path in counts.items()],
        quality.name,
        settings,
    )
    stage = Stage(
        "selection", "all", key, tasks.test_units, (design, tuple(counts.items()), quality, settings)
    )
    (outcome,) = job.run("Testing what was selected", [stage])
    if outcome.error or outcome.folder is None:
        msg = "the selection could not be tested."
        raise outcome.error or InputError(msg)
    return outcome.folder


def _settings_used(settings: ScreenSettings, *, where: str | None) -> dict[str, Any]:
    """Give the settings as they stand in the summary."""
    return {
        "where": where,
        "max_ee": settings.max_ee,
        "amber": settings.amber,
        "skew": settings.skew_alpha,
        "transformants": {library: int(number) for library, number in settings.transformants},
        "seed": SEED,
        "unit": settings.selection.unit,
        "rounds": None if settings.selection.rounds is None else list(settings.selection.rounds),
        "min_reads": settings.selection.min_reads,
        "fdr": settings.selection.fdr,
        "veto": settings.selection.veto,
        "keep_takeovers": settings.selection.keep_takeovers,
    }
