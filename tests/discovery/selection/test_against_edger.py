"""Numbers of edgeR 3.40.2 on simulated tables, kept by scripts/make_edger_golden.R."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from bactrian.discovery.selection.normalise import norm_factors
from bactrian.discovery.selection.quasi import fit_groups, test_contrast, treat_contrast

if TYPE_CHECKING:
    from bactrian.discovery.selection.group_fit import GroupFit

GOLDEN = Path(__file__).parent / "golden"
TABLES = ("standard", "sparse", "pairs", "takeover", "single")
PAIRS = ((1, 0), (2, 0), (2, 1))


@dataclass(frozen=True)
class Golden:
    rows: pl.DataFrame
    columns: pl.DataFrame
    scalars: pl.DataFrame

    @property
    def counts(self) -> np.ndarray:
        return self.rows.select(pl.col("^c\\d+_g\\d+$")).to_numpy()

    def fit(self, tag: str) -> GroupFit:
        groups, factors = self.columns["group"].to_numpy(), self.columns["used"].to_numpy()
        return fit_groups(self.counts, groups, norm_factors=factors, robust=tag == "robust")


@functools.cache
def golden(name: str) -> Golden:
    frames = (
        pl.read_csv(GOLDEN / f"{name}{part}.csv.gz", infer_schema_length=None)
        for part in ("", "_columns", "_scalars")
    )
    return Golden(*frames)


@functools.cache
def fitted(name: str, tag: str) -> GroupFit:
    return golden(name).fit(tag)


@pytest.mark.parametrize("method", ["TMM", "TMMwsp"])
@pytest.mark.parametrize("name", TABLES)
def test_normalisation_factors(name: str, method: str) -> None:
    table = golden(name)
    factors = norm_factors(table.counts, method=method.lower())  # type: ignore[arg-type]
    np.testing.assert_allclose(factors, table.columns[method].to_numpy(), rtol=1e-7)


@pytest.mark.parametrize("tag", ["robust", "plain"])
@pytest.mark.parametrize("name", TABLES)
def test_dispersions(name: str, tag: str) -> None:
    fit, rows = fitted(name, tag), golden(name).rows
    common = golden(name).scalars.filter(pl.col("fit") == tag)["common"][0]
    assert fit.common_dispersion == pytest.approx(common, rel=1e-7)
    np.testing.assert_allclose(fit.log2cpm, rows["log2cpm"].to_numpy(), atol=1e-6)
    np.testing.assert_allclose(fit.dispersion, rows[f"trended_{tag}"].to_numpy(), rtol=1e-6)
    np.testing.assert_allclose(fit.tagwise, rows[f"tagwise_{tag}"].to_numpy(), rtol=2e-5)


@pytest.mark.parametrize("tag", ["robust", "plain"])
@pytest.mark.parametrize("name", TABLES)
def test_quasi_dispersions(name: str, tag: str) -> None:
    fit, rows = fitted(name, tag), golden(name).rows
    np.testing.assert_array_equal(fit.df_residual, rows["dfresidual"].to_numpy())
    np.testing.assert_allclose(fit.s2_prior, rows[f"s2prior_{tag}"].to_numpy(), rtol=1e-5)
    np.testing.assert_allclose(fit.s2_post, rows[f"s2post_{tag}"].to_numpy(), rtol=1e-5)
    np.testing.assert_allclose(fit.df_prior, rows[f"dfprior_{tag}"].cast(pl.Float64).to_numpy(), rtol=1e-4)


@pytest.mark.parametrize(
    ("tag", "pair"),
    [("robust", pair) for pair in PAIRS] + [("plain", PAIRS[0])],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}v{value[1]}",
)
@pytest.mark.parametrize("name", TABLES)
def test_contrasts(name: str, tag: str, pair: tuple[int, int]) -> None:
    fit, rows = fitted(name, tag), golden(name).rows
    key = f"{pair[0]}v{pair[1]}_{tag}"
    contrast = test_contrast(fit, *pair)
    np.testing.assert_allclose(contrast.log2fc, rows[f"log2fc_{key}"].to_numpy(), atol=1e-6)
    np.testing.assert_allclose(contrast.f, rows[f"f_{key}"].to_numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(contrast.p, rows[f"p_{key}"].to_numpy(), rtol=1e-4)
    assert spearmanr(contrast.p, rows[f"p_{key}"].to_numpy()).statistic > 0.999999
    interval = treat_contrast(fit, *pair, log2fc=1.0)
    np.testing.assert_allclose(interval, rows[f"treat_{key}"].to_numpy(), rtol=1e-4)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0]}v{pair[1]}")
@pytest.mark.parametrize("name", TABLES)
def test_worst_case_treat(name: str, pair: tuple[int, int]) -> None:
    # Where the Poisson bound rules, edgeR averages over the interval there too; the edge is stricter.
    edge = treat_contrast(fitted(name, "robust"), *pair, log2fc=1.0, null="edge")
    found = golden(name).rows[f"edge_{pair[0]}v{pair[1]}_robust"].to_numpy()
    assert (edge > found * (1 - 1e-4)).all()
    assert np.isclose(edge, found, rtol=1e-4).mean() > 0.95
