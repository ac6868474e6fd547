"""All of it put together: one row per sample with its flags, and the tables behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from bactrian.core.errors import InputError, Where
from bactrian.discovery.library import contamination, depth, jackpots, takeovers
from bactrian.discovery.library.abundance import CountMatrix, count_matrix
from bactrian.discovery.library.agreement import AGREEMENT_SCHEMA, replicate_agreement
from bactrian.discovery.library.lengths import BIAS_SCHEMA, LENGTHS_SCHEMA, cdr_lengths, length_bias
from bactrian.discovery.library.outcomes import (
    INSERTS_SCHEMA,
    empty_vector_share,
    outcome_shares,
    suspect_inserts,
)
from bactrian.discovery.library.pools import describe_libraries, diversity_table, rarefaction_curves
from bactrian.discovery.library.residues import RESIDUES_SCHEMA, residue_use
from bactrian.discovery.library.settings import QualitySettings

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
        diversity=diversity_table(spaces, seed=seed, limits=limits),
        rarefaction=rarefaction_curves(matrix, design, limits=limits),
        agreement=replicate_agreement(matrix, design) if names else pl.DataFrame(schema=AGREEMENT_SCHEMA),
        takeovers=verdicts,
        jackpots=jackpots.find_jackpots(matrix, design, fold=limits.jackpot_fold, rise=limits.jackpot_rise),
        contamination=pairs,
        libraries=describe_libraries(
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
