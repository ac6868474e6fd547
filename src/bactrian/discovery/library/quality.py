"""All of it put together: one row per sample with its flags, and the tables behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from bactrian.core.errors import InputError, Where
from bactrian.core.seeds import make_rng
from bactrian.discovery.library import contamination, depth, jackpots, takeovers
from bactrian.discovery.library.abundance import CountMatrix, Spectrum, count_matrix
from bactrian.discovery.library.agreement import AGREEMENT_SCHEMA, replicate_agreement
from bactrian.discovery.library.coverage import coverage_of_transformants
from bactrian.discovery.library.diversity import (
    ace,
    good_coverage,
    hill_estimates,
    hill_observed,
    sample_coverage,
    shannon,
    simpson,
)
from bactrian.discovery.library.lengths import BIAS_SCHEMA, LENGTHS_SCHEMA, cdr_lengths, length_bias
from bactrian.discovery.library.outcomes import (
    INSERTS_SCHEMA,
    OUTCOMES,
    empty_vector_share,
    outcome_shares,
    suspect_inserts,
    wilson_interval,
)
from bactrian.discovery.library.rarefaction import CURVE_SCHEMA, depth_for_coverage, rarefaction_curve
from bactrian.discovery.library.residues import RESIDUES_SCHEMA, residue_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

FLAGS = ("takeover", "watch", "low_depth", "contamination")
"""The words of `flags`, in the order in which they are written."""

SHEET_COLUMNS = ("sample", "selection", "replicate", "round", "arm", "antigen", "library")
TALLIES = (
    "pairs", "primers_found", "filtered", "merged", "joined", "single",
    "productive", "stop", "frameshift", "truncated", "not_vhh", "chimeric",
)  # fmt: skip
EMPTY_SCHEMA = {
    "sample": pl.String,
    "count": pl.Int64,
    "of": pl.Int64,
    "share": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """The limits of all checks; each default is explained beside the check.

    Args:
        takeover: Share of a sample from which one CDR3 and its siblings are a takeover.
        watch: Share from which they are watched where replicates do not show it.
        discordant: Factor over the replicates' median from which they do not show it.
        fewest_productive: Productive molecules below which a sample has low depth.
        relative_depth: Share of the other samples' median below which a sample has low depth.
        jackpot_fold: Factor over the replicates from which a unit may be a jackpot.
        jackpot_rise: Factor over the past from which a unit rises.
        contamination: Rate from which a sample is flagged as contaminated.
        coverage: Share of the pool for which the depth is given.
        transformant_share: Share of the transformants for which the depth is given.
        extend: Last depth of the rarefaction curves as a multiple of the full depth.
        resamplings: Bootstrap samples behind the intervals of Hill numbers.
        confidence: Level of all intervals.
    """

    takeover: float = takeovers.TAKEOVER
    watch: float = takeovers.WATCH
    discordant: float = takeovers.DISCORDANT
    fewest_productive: int = depth.MINIMUM
    relative_depth: float = depth.RELATIVE
    jackpot_fold: float = jackpots.FOLD
    jackpot_rise: float = jackpots.RISE
    contamination: float = contamination.RATE
    coverage: float = 0.9
    transformant_share: float = 0.95
    extend: float = 2.0
    resamplings: int = 100
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name in (
            "takeover",
            "watch",
            "relative_depth",
            "contamination",
            "coverage",
            "transformant_share",
        ):
            value = getattr(self, name)
            if not 0 < value < 1:
                msg = f"'{value}' is no setting for {name}. Write a share between 0 and 1."
                raise InputError(msg)
        if self.watch > self.takeover:
            msg = f"'{self.watch}' for watch is above takeover ({self.takeover}). Write a smaller share."
            raise InputError(msg)


@dataclass(frozen=True, slots=True)
class MoleculeQuality:
    """What the molecules of one sample look like; made per sample, so that workers can share it out.

    Args:
        sample: Sample.
        residues: Result of `residue_use`.
        lengths: Result of `cdr_lengths`.
        bias: Result of `length_bias`.
        inserts: Result of `suspect_inserts`.
        annotated: Annotated molecules, the denominator of the empty-vector share.
    """

    sample: str
    residues: pl.DataFrame
    lengths: pl.DataFrame
    bias: pl.DataFrame
    inserts: pl.DataFrame
    annotated: int


@dataclass(frozen=True, slots=True)
class LibraryQuality:
    """Quality of all samples and libraries of a run. The columns are in docs/explanations/library-quality.md.

    Args:
        samples: One row per sample: the tallies, cdr3s, clonotypes, top_share, flags.
        outcomes: Shares of productive, stop, frameshift, truncated and not_vhh per sample.
        empty_vector: Share of molecules that look like empty vector, per sample.
        inserts: The sequences behind it.
        residues: Residue use per sample and IMGT position.
        lengths: CDR lengths per sample and rung.
        bias: CDR3 lengths of each rung against the CDR3 mate alone.
        diversity: Richness, coverage and Hill numbers per space and sample.
        rarefaction: Curves per sample and per library.
        agreement: Pairs of replicates.
        takeovers: One row per sample.
        jackpots: Units that exploded in one replicate.
        contamination: Pairs of donor and recipient.
        libraries: One row per library.
    """

    samples: pl.DataFrame
    outcomes: pl.DataFrame
    empty_vector: pl.DataFrame
    inserts: pl.DataFrame
    residues: pl.DataFrame
    lengths: pl.DataFrame
    bias: pl.DataFrame
    diversity: pl.DataFrame
    rarefaction: pl.DataFrame
    agreement: pl.DataFrame
    takeovers: pl.DataFrame
    jackpots: pl.DataFrame
    contamination: pl.DataFrame
    libraries: pl.DataFrame


def describe_molecules(
    sample: str, molecules: pl.DataFrame, *, mate_lengths: pl.DataFrame | None = None
) -> MoleculeQuality:
    """Describe the molecules of one sample.

    Args:
        sample: Sample.
        molecules: Molecule frame: columns rung, status, cdr1, cdr2, cdr3, aligned, nt, count.
        mate_lengths: CDR3 lengths that the CDR3 mate alone gives (length, count); without it there is no
            bias table.

    Returns:
        Residues, lengths, bias and suspect inserts.

    Raises:
        InputError: If `aligned` is malformed.
    """
    total = int(molecules["count"].cast(pl.Int64).sum())
    productive = molecules.filter(pl.col("status") == "productive")
    lengths = cdr_lengths(productive)
    typical = productive["nt"].str.len_chars().median() if productive.height else None
    bad = molecules.filter(pl.col("status") == "not_vhh").select("nt", "count")
    inserts = suspect_inserts(bad, total=total, vhh_length=int(typical) if isinstance(typical, float) else 0)
    return MoleculeQuality(
        sample=sample,
        residues=residue_use(productive),
        lengths=lengths,
        bias=pl.DataFrame(schema=BIAS_SCHEMA) if mate_lengths is None else length_bias(lengths, mate_lengths),
        inserts=inserts,
        annotated=total,
    )


def assess_samples(
    sheet: pl.DataFrame,
    tallies: pl.DataFrame,
    *,
    counts_cdr3: pl.DataFrame,
    rng: np.random.Generator,
    counts_clonotype: pl.DataFrame | None = None,
    lineages: Mapping[str, str | int] | None = None,
    molecules: Sequence[MoleculeQuality] = (),
    transformants: Mapping[str, int] | None = None,
    settings: QualitySettings | None = None,
) -> LibraryQuality:
    """Judge all samples and libraries of a run.

    Args:
        sheet: Columns sample, selection, replicate, round, arm, antigen, library.
        tallies: One row per sample to judge, with the tallies of samples.csv from pairs to chimeric.
        counts_cdr3: Columns sample, cdr3, count: productive molecules.
        rng: Source of the bootstrap; each sample draws from a stream of its own.
        counts_clonotype: Columns sample, clonotype, count.
        lineages: Lineage of each CDR3.
        molecules: What `describe_molecules` gave for each sample.
        transformants: Stated number of transformants of each library.
        settings: Limits of the checks.

    Returns:
        All tables; samples in the order of `tallies`.

    Raises:
        InputError: If a column is missing, a sample of the tallies is not in the sheet, or a number of
            transformants names no library of the sheet or is below 1.
    """
    limits = settings or QualitySettings()
    _check(sheet, tallies, transformants or {})
    names = tallies["sample"].cast(pl.String).to_list()
    design = (
        sheet.select(SHEET_COLUMNS)
        .unique("sample", maintain_order=True)
        .filter(pl.col("sample").is_in(names))
    )
    matrix = count_matrix(counts_cdr3, names)
    spaces = {"cdr3": matrix}
    if counts_clonotype is not None:
        spaces["clonotype"] = count_matrix(counts_clonotype, names, key="clonotype")
    seed = int(rng.integers(2**62))
    verdicts = takeovers.find_takeovers(
        matrix,
        design,
        lineages=lineages,
        takeover=limits.takeover,
        watch=limits.watch,
        discordant=limits.discordant,
    )
    pairs = contamination.estimate_contamination(matrix, design, threshold=limits.contamination)
    annotated = {one.sample: one for one in molecules}
    inserts = _stack([(one.sample, one.inserts) for one in molecules], INSERTS_SCHEMA)
    return LibraryQuality(
        samples=_samples(tallies, spaces, verdicts, pairs, limits),
        outcomes=outcome_shares(tallies, confidence=limits.confidence),
        empty_vector=_empty_vector(list(annotated.values()), limits),
        inserts=inserts,
        residues=_stack([(one.sample, one.residues) for one in molecules], RESIDUES_SCHEMA),
        lengths=_stack([(one.sample, one.lengths) for one in molecules], LENGTHS_SCHEMA),
        bias=_stack([(one.sample, one.bias) for one in molecules], BIAS_SCHEMA),
        diversity=pl.concat(
            [
                pl.DataFrame(
                    [
                        {
                            "space": space,
                            "sample": name,
                            **_diversity(grid.spectrum(name), seed, space, name, limits),
                        }
                        for name in names
                    ],
                    schema={"space": pl.String, "sample": pl.String, **DIVERSITY_SCHEMA},
                )
                for space, grid in spaces.items()
            ]
        ),
        rarefaction=_rarefaction(matrix, design, limits),
        agreement=replicate_agreement(matrix, design) if names else pl.DataFrame(schema=AGREEMENT_SCHEMA),
        takeovers=verdicts,
        jackpots=jackpots.find_jackpots(matrix, design, fold=limits.jackpot_fold, rise=limits.jackpot_rise),
        contamination=pairs,
        libraries=_libraries(
            matrix, design, tallies=tallies, transformants=transformants or {}, seed=seed, limits=limits
        ),
    )


def _check(sheet: pl.DataFrame, tallies: pl.DataFrame, transformants: Mapping[str, int]) -> None:
    for table, name, columns in ((sheet, "sheet", SHEET_COLUMNS), (tallies, "tallies", ("sample", *TALLIES))):
        for column in columns:
            if column not in table.columns:
                found = ", ".join(table.columns)
                msg = f"The {name} has the columns '{found}'. Give it a column '{column}'."
                raise InputError(msg, Where(column=column))
    unknown = [name for name in tallies["sample"].to_list() if name not in set(sheet["sample"].to_list())]
    if unknown:
        msg = f"'{unknown[0]}' has tallies but is not in the sheet. Add its row to the sheet or leave it out."
        raise InputError(msg, Where(column="sample"))
    libraries = set(sheet["library"].to_list())
    for library, number in transformants.items():
        if library not in libraries:
            known = ", ".join(sorted(str(one) for one in libraries))
            msg = (
                f"'{library}' has a number of transformants but is no library of the sheet. "
                f"Write one of these: {known}."
            )
            raise InputError(msg)
        if number < 1:
            msg = (
                f"'{number}' is no number of transformants of library '{library}'. "
                "Write a whole number from 1."
            )
            raise InputError(msg)


def _stack(
    parts: Sequence[tuple[str, pl.DataFrame]], schema: Mapping[str, pl.DataType | type[pl.DataType]]
) -> pl.DataFrame:
    """Put the frames of several samples under each other, with the sample as first column."""
    empty = pl.DataFrame(schema={"sample": pl.String, **schema})
    stacked = [part.select(pl.lit(sample).alias("sample"), pl.all()) for sample, part in parts]
    return pl.concat([empty, *stacked])


def _samples(
    tallies: pl.DataFrame,
    spaces: Mapping[str, CountMatrix],
    verdicts: pl.DataFrame,
    pairs: pl.DataFrame,
    limits: QualitySettings,
) -> pl.DataFrame:
    """Give the rows of samples.csv."""
    names = tallies["sample"].cast(pl.String).to_list()
    raised: dict[str, set[str]] = {name: set() for name in names}
    for sample, verdict in verdicts.select("sample", "verdict").iter_rows():
        raised[sample].add(verdict)
    shallow = depth.is_shallow(
        tallies["productive"].to_list(), minimum=limits.fewest_productive, relative=limits.relative_depth
    )
    for name, is_shallow in zip(names, shallow.tolist(), strict=True):
        raised[name] |= {"low_depth"} if is_shallow else set()
    for name in pairs.filter(pl.col("flagged"))["recipient"].unique().to_list():
        raised[name].add("contamination")
    cdr3 = spaces["cdr3"]
    spectra = [cdr3.spectrum(name) for name in names]
    clonotypes = [
        spaces["clonotype"].spectrum(name).observed if "clonotype" in spaces else None for name in names
    ]
    return tallies.select("sample", *TALLIES).with_columns(
        pl.Series("cdr3s", [one.observed for one in spectra], dtype=pl.Int64),
        pl.Series("clonotypes", clonotypes, dtype=pl.Int64),
        pl.Series(
            "top_share", [one.top / one.total if one.total else None for one in spectra], dtype=pl.Float64
        ),
        pl.Series(
            "flags",
            [";".join(flag for flag in FLAGS if flag in raised[name]) for name in names],
            dtype=pl.String,
        ),
    )


def _empty_vector(molecules: Sequence[MoleculeQuality], limits: QualitySettings) -> pl.DataFrame:
    rows = []
    for one in molecules:
        count, share, low, high = empty_vector_share(
            one.inserts, total=one.annotated, confidence=limits.confidence
        )
        rows.append(
            {
                "sample": one.sample,
                "count": count,
                "of": one.annotated,
                "share": share,
                "low": low,
                "high": high,
            }
        )
    frame = pl.DataFrame(rows, schema=EMPTY_SCHEMA)
    return frame.with_columns(pl.col("share", "low", "high").fill_nan(None))


DIVERSITY_SCHEMA = {
    "reads": pl.Int64,
    "observed": pl.Int64,
    "singletons": pl.Int64,
    "doubletons": pl.Int64,
    "top_share": pl.Float64,
    "good_coverage": pl.Float64,
    "coverage": pl.Float64,
    "shannon": pl.Float64,
    "simpson": pl.Float64,
    "chao1": pl.Float64,
    "chao1_se": pl.Float64,
    "chao1_low": pl.Float64,
    "chao1_high": pl.Float64,
    "ace": pl.Float64,
    "hill1_observed": pl.Float64,
    "hill1": pl.Float64,
    "hill1_low": pl.Float64,
    "hill1_high": pl.Float64,
    "hill2_observed": pl.Float64,
    "hill2": pl.Float64,
    "hill2_low": pl.Float64,
    "hill2_high": pl.Float64,
    "depth_for_coverage": pl.Float64,
    "depth_still_needed": pl.Float64,
}


def _diversity(
    spectrum: Spectrum, seed: int, space: str, name: str, limits: QualitySettings
) -> dict[str, float | int | None]:
    """Give the diversity figures of one pool of molecules; null where it cannot say."""
    rng = make_rng(seed, "diversity", space, name)
    hill = hill_estimates(spectrum, rng, resamplings=limits.resamplings, confidence=limits.confidence)
    wanted = depth_for_coverage(spectrum, limits.coverage)
    figures: dict[str, float | int | None] = {
        "reads": spectrum.total,
        "observed": spectrum.observed,
        "singletons": spectrum.singletons,
        "doubletons": spectrum.doubletons,
        "top_share": spectrum.top / spectrum.total if spectrum.total else None,
        "good_coverage": good_coverage(spectrum),
        "coverage": sample_coverage(spectrum),
        "shannon": shannon(spectrum),
        "simpson": simpson(spectrum),
        "chao1": hill[0].value,
        "chao1_se": hill[0].se,
        "chao1_low": hill[0].low,
        "chao1_high": hill[0].high,
        "ace": ace(spectrum),
        "depth_for_coverage": wanted,
        "depth_still_needed": wanted if math.isnan(wanted) else max(wanted - spectrum.total, 0.0),
    }
    for q in (1, 2):
        figures |= {
            f"hill{q}_observed": hill_observed(spectrum, q),
            f"hill{q}": hill[q].value,
            f"hill{q}_low": hill[q].low,
            f"hill{q}_high": hill[q].high,
        }
    return {key: None if value is None or math.isnan(value) else value for key, value in figures.items()}


def _pools(matrix: CountMatrix, design: pl.DataFrame) -> dict[str, list[str]]:
    """Give the unpanned samples of every library, none where there is none."""
    pools: dict[str, list[str]] = {}
    for row in design.iter_rows(named=True):
        pool = pools.setdefault(row["library"], [])
        if row["arm"] == "input" and row["sample"] in matrix.samples:
            pool.append(row["sample"])
    return pools


def _rarefaction(matrix: CountMatrix, design: pl.DataFrame, limits: QualitySettings) -> pl.DataFrame:
    scopes = [("sample", name, [name]) for name in matrix.samples]
    scopes += [("library", library, pool) for library, pool in _pools(matrix, design).items() if pool]
    schema = {"scope": pl.String, "name": pl.String, **CURVE_SCHEMA}
    curves = [
        rarefaction_curve(matrix.spectrum(*pool), extend=limits.extend, confidence=limits.confidence).select(
            pl.lit(scope).alias("scope"), pl.lit(name).alias("name"), pl.all()
        )
        for scope, name, pool in scopes
    ]
    return pl.concat([pl.DataFrame(schema=schema), *curves])


LIBRARY_SCHEMA = {
    "library": pl.String,
    "inputs": pl.Int64,
    "productive_share": pl.Float64,
    "productive_low": pl.Float64,
    "productive_high": pl.Float64,
    **DIVERSITY_SCHEMA,
    "transformants": pl.Int64,
    "expected_if_even": pl.Float64,
    "observed_share": pl.Float64,
    "expected_share": pl.Float64,
    "chao1_share": pl.Float64,
    "chao1_share_low": pl.Float64,
    "chao1_share_high": pl.Float64,
    "depth_if_even": pl.Float64,
    "depth_of_pool": pl.Float64,
}


def _libraries(
    matrix: CountMatrix,
    design: pl.DataFrame,
    *,
    tallies: pl.DataFrame,
    transformants: Mapping[str, int],
    seed: int,
    limits: QualitySettings,
) -> pl.DataFrame:
    """Give one row per library, from its unpanned samples pooled."""
    rows: list[dict[str, object]] = []
    for library, pool in _pools(matrix, design).items():
        row: dict[str, object] = {
            "library": library,
            "inputs": len(pool),
            "transformants": transformants.get(library),
        }
        rows.append(row)
        if not pool:
            continue
        spectrum = matrix.spectrum(*pool)
        row |= _diversity(spectrum, seed, "library", library, limits)
        own = tallies.filter(pl.col("sample").is_in(pool))
        productive = int(own["productive"].sum())
        annotated = int(own.select(pl.sum_horizontal(*OUTCOMES).cast(pl.Int64)).to_series().sum())
        if annotated:
            low, high = wilson_interval([productive], [annotated], confidence=limits.confidence)
            row |= {
                "productive_share": productive / annotated,
                "productive_low": float(low[0]),
                "productive_high": float(high[0]),
            }
        if library in transformants and spectrum.total:
            seen = coverage_of_transformants(
                spectrum,
                transformants[library],
                share=limits.transformant_share,
                confidence=limits.confidence,
            )
            row |= {
                "expected_if_even": seen.expected,
                "observed_share": seen.observed_share,
                "expected_share": seen.expected_share,
                "chao1_share": seen.chao1_share.value,
                "chao1_share_low": seen.chao1_share.low,
                "chao1_share_high": seen.chao1_share.high,
                "depth_if_even": seen.depth_even,
                "depth_of_pool": seen.depth_pool,
            }
    return pl.DataFrame(rows, schema=LIBRARY_SCHEMA)
