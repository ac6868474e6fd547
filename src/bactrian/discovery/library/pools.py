"""The tables of diversity: per sample, per library, and the curves of both."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from bactrian.core.seeds import make_rng
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
from bactrian.discovery.library.outcomes import OUTCOMES, wilson_interval
from bactrian.discovery.library.rarefaction import CURVE_SCHEMA, depth_for_coverage, rarefaction_curve

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from bactrian.discovery.library.abundance import CountMatrix, Spectrum
    from bactrian.discovery.library.settings import QualitySettings

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


def describe_pool(
    spectrum: Spectrum, rng: np.random.Generator, *, limits: QualitySettings
) -> dict[str, float | int | None]:
    """Give the diversity figures of one pool of molecules.

    Args:
        spectrum: Abundances of the pool.
        rng: Source of the bootstrap.
        limits: Settings.

    Returns:
        The figures of `DIVERSITY_SCHEMA`; None where the pool cannot say (depths too, without a second copy).
    """
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
    return {
        key: None if value is None or not math.isfinite(value) else value for key, value in figures.items()
    }


def diversity_table(spaces: Mapping[str, CountMatrix], *, seed: int, limits: QualitySettings) -> pl.DataFrame:
    """Give the diversity of every sample in every space (cdr3, clonotype, …).

    Args:
        spaces: Count matrix of each space.
        seed: Seed of the bootstrap; each sample draws from a stream of its own.
        limits: Settings.

    Returns:
        Columns space, sample and those of `DIVERSITY_SCHEMA`.
    """
    rows = [
        {
            "space": space,
            "sample": name,
            **describe_pool(matrix.spectrum(name), make_rng(seed, "diversity", space, name), limits=limits),
        }
        for space, matrix in spaces.items()
        for name in matrix.samples
    ]
    return pl.DataFrame(rows, schema={"space": pl.String, "sample": pl.String, **DIVERSITY_SCHEMA})


def input_pools(matrix: CountMatrix, design: pl.DataFrame) -> dict[str, list[str]]:
    """Give the unpanned samples of every library, none where there is none."""
    pools: dict[str, list[str]] = {}
    for row in design.iter_rows(named=True):
        pool = pools.setdefault(row["library"], [])
        if row["arm"] == "input" and row["sample"] in matrix.samples:
            pool.append(row["sample"])
    return pools


def rarefaction_curves(matrix: CountMatrix, design: pl.DataFrame, *, limits: QualitySettings) -> pl.DataFrame:
    """Give the curves of every sample and of every library's unpanned samples pooled.

    Args:
        matrix: Counts of CDR3s.
        design: Columns sample, arm, library.
        limits: Settings.

    Returns:
        Columns scope (sample | library), name, and those of `rarefaction_curve`.
    """
    scopes = [("sample", name, [name]) for name in matrix.samples]
    scopes += [("library", library, pool) for library, pool in input_pools(matrix, design).items() if pool]
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


def describe_libraries(
    matrix: CountMatrix,
    design: pl.DataFrame,
    *,
    tallies: pl.DataFrame,
    transformants: Mapping[str, int],
    seed: int,
    limits: QualitySettings,
) -> pl.DataFrame:
    """Describe every library from its unpanned samples pooled.

    Args:
        matrix: Counts of CDR3s.
        design: Columns sample, arm, library.
        tallies: Columns sample and the five outcomes.
        transformants: Stated number of transformants of each library.
        seed: Seed of the bootstrap.
        limits: Settings.

    Returns:
        One row per library, with the columns of `LIBRARY_SCHEMA`; figures are null without an unpanned
        sample, those about transformants without their number.
    """
    rows: list[dict[str, object]] = []
    for library, pool in input_pools(matrix, design).items():
        row: dict[str, object] = {
            "library": library,
            "inputs": len(pool),
            "transformants": transformants.get(library),
        }
        rows.append(row)
        if not pool:
            continue
        spectrum = matrix.spectrum(*pool)
        row |= describe_pool(spectrum, make_rng(seed, "diversity", "library", library), limits=limits)
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
                "depth_of_pool": seen.depth_pool if math.isfinite(seen.depth_pool) else None,
            }
    return pl.DataFrame(rows, schema=LIBRARY_SCHEMA)
