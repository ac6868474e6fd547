"""How alike replicates are, in units and in abundance.

Replicate selections say how repeatable panning is; repeated sequencing of one pool says only how
repeatable the measurement is, so the two kinds are never mixed.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.stats import rankdata

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.library.abundance import CountMatrix

AGREEMENT_SCHEMA = {
    "kind": pl.String,
    "library": pl.String,
    "arm": pl.String,
    "antigen": pl.String,
    "round": pl.Int64,
    "sample_a": pl.String,
    "sample_b": pl.String,
    "reads_a": pl.Int64,
    "reads_b": pl.Int64,
    "units_a": pl.Int64,
    "units_b": pl.Int64,
    "shared": pl.Int64,
    "bray_curtis": pl.Float64,
    "jaccard": pl.Float64,
    "spearman": pl.Float64,
    "pearson_log": pl.Float64,
}
GROUP = ("library", "arm", "antigen", "round")
FEWEST_UNITS = 10  # units below which a correlation is not worth a number
FEWEST_MOLECULES = 10
"""Molecules that a unit needs in the two samples together to enter a correlation. Rare units are seen in
one or the other by chance, which alone would make good replicates look opposed."""


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """Give Pearson's r, or nothing where a side does not vary."""
    if a.size < FEWEST_UNITS or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def compare_samples(a: NDArray[np.int64], b: NDArray[np.int64]) -> dict[str, int | float | None]:
    """Compare the counts of the same units in two samples.

    Args:
        a: Counts of the first sample, one per unit.
        b: Counts of the second, in the same order.

    Returns:
        reads_a, reads_b, units_a, units_b, shared (units seen in both); bray_curtis on shares (0 the
        same, 1 nothing in common); jaccard (shared / seen in either); spearman and
        pearson_log (Pearson's r of log(count + 0.5)) over the units with 10 molecules or more in the
        two together. Units seen in neither count nowhere. A figure that cannot be had is None (a sample
        without molecules; a correlation of fewer than 10 units).

    References:
        Bray & Curtis (1957) Ecol Monogr 27:325; Jaccard (1912) New Phytol 11:37.
    """
    na, nb = int(a.sum()), int(b.sum())
    either = (a > 0) | (b > 0)
    both = (a > 0) & (b > 0)
    common = a + b >= FEWEST_MOLECULES
    known = na > 0 and nb > 0
    return {
        "reads_a": na,
        "reads_b": nb,
        "units_a": int((a > 0).sum()),
        "units_b": int((b > 0).sum()),
        "shared": int(both.sum()),
        "bray_curtis": float(np.abs(a / na - b / nb).sum() / 2) if known else None,
        "jaccard": float(both.sum() / either.sum()) if known else None,
        "spearman": _correlation(rankdata(a[common]), rankdata(b[common])) if known else None,
        "pearson_log": _correlation(np.log(a[common] + 0.5), np.log(b[common] + 0.5)) if known else None,
    }


def replicate_agreement(matrix: CountMatrix, sheet: pl.DataFrame) -> pl.DataFrame:
    """Compare every pair of replicates: same library, arm, antigen and round.

    Args:
        matrix: Counts of the units.
        sheet: Columns sample, selection, round, arm, antigen, library; samples that the matrix lacks are
            left out.

    Returns:
        One row per pair: kind (`selection` for two selections, `technical` for two samples of one
        selection or of an unpanned library), the group, the two samples, and the columns of
        `compare_samples`; in the order of the sheet. Both distances grow as depth falls: compare them
        between pairs of like depth only.
    """
    rows: list[dict[str, object]] = []
    known = set(matrix.samples)
    members = [row for row in sheet.iter_rows(named=True) if row["sample"] in known]
    groups: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in members:
        groups.setdefault(tuple(row[name] for name in GROUP), []).append(row)
    for group, replicates in groups.items():
        if len(replicates) < 2:
            continue
        counts = matrix.columns([str(row["sample"]) for row in replicates])
        for i, j in combinations(range(len(replicates)), 2):
            first, second = replicates[i], replicates[j]
            technical = first["arm"] == "input" or first["selection"] == second["selection"]
            rows.append(
                {
                    "kind": "technical" if technical else "selection",
                    **dict(zip(GROUP, group, strict=True)),
                    "sample_a": first["sample"],
                    "sample_b": second["sample"],
                    **compare_samples(counts[:, i], counts[:, j]),
                }
            )
    return pl.DataFrame(rows, schema=AGREEMENT_SCHEMA)
