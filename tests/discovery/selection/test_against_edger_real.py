"""The late contrast of real sparse panning data, as edgeR 3.40.2 gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from bactrian.discovery.selection.multiplicity import adjust_bh
from bactrian.discovery.selection.quasi import fit_groups, test_contrast

if TYPE_CHECKING:
    from pathlib import Path

ARMS = (("1.A2", "1.B2", "1.C2"), ("1.A9", "1.B9", "1.C9"))
INPUTS = ("07-C4", "07-C5", "07-C6")
TAKEOVERS = ("03-A2", "03-C2")
CONTRASTS = {"spec": ("p", "FDR", 0, 1), "eO": (None, "FDRO", 0, 2), "eF": (None, "FDRF", 1, 2)}


@pytest.fixture(scope="module")
def compared(shared_data: Path) -> dict[str, tuple[float, float, float]]:
    folder = shared_data / "discovery" / "phageseq_minimal"
    counts = pl.read_csv(folder / "derived" / "cdr3_counts.tsv.gz", separator="\t")
    late = pl.read_csv(folder / "sheet.csv").filter(
        pl.col("round").is_in([7, 8]) & ~pl.col("sample").is_in(TAKEOVERS)
    )
    columns = [
        counts.select(late.filter(pl.col("selection") == selection)["sample"].to_list()).sum_horizontal()
        for arm in ARMS
        for selection in arm
    ] + [counts[name] for name in INPUTS]
    table = np.column_stack([column.to_numpy() for column in columns])
    tested = table.sum(axis=1) >= 8
    oracle = pl.DataFrame({"CDR3": counts["CDR3"].filter(pl.Series(tested))}).join(
        pl.read_csv(folder / "derived" / "edger_late_contrast_OprM_vs_flagellum.csv"),
        on="CDR3",
        how="left",
        maintain_order="left",
    )
    assert tested.sum() == oracle.height == 1476
    fit = fit_groups(table[tested], np.repeat([0, 1, 2], 3))
    figures = {}
    for name, (p, fdr, above, below) in CONTRASTS.items():
        contrast = test_contrast(fit, above, below)
        off = np.abs(contrast.log2fc - oracle[name].to_numpy()).max()
        ours, theirs = (adjust_bh(contrast.p), oracle[fdr]) if p is None else (contrast.p, oracle[p])
        ratio = np.abs(ours / theirs.to_numpy() - 1).max()
        figures[name] = (float(off), float(ratio), float(spearmanr(ours, theirs.to_numpy()).statistic))
    return figures


@pytest.mark.shared_data
@pytest.mark.parametrize("name", CONTRASTS)
def test_agrees_with_edger(compared: dict[str, tuple[float, float, float]], name: str) -> None:
    # Measured: largest |Δ log2FC| 8e-12, largest relative difference of p (or FDR) 6e-6, rank correlation 1.
    off, ratio, rank = compared[name]
    assert off < 1e-6
    assert ratio < 1e-4
    assert rank > 0.999999
