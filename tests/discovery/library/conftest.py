"""A small panning simulator and a sheet to go with it, for the tests of library quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Campaign:
    """Counts of a simulated campaign with its sheet and the jackpots put into it."""

    sheet: pl.DataFrame
    counts: pl.DataFrame
    jackpots: frozenset[tuple[str, str]]


def sheet_of(rows: list[tuple[str, str, int, int, str, str | None, str]]) -> pl.DataFrame:
    names = ["sample", "selection", "replicate", "round", "arm", "antigen", "library"]
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


def long_counts(
    columns: Mapping[str, NDArray[np.int64] | list[int]], units: list[str] | None = None
) -> pl.DataFrame:
    size = max((len(column) for column in columns.values()), default=0)
    names = units or [f"u{at:05d}" for at in range(size)]
    frames = [
        pl.DataFrame({"cdr3": names, "count": np.asarray(column, dtype=np.int64)}).select(
            pl.lit(sample).alias("sample"), "cdr3", "count"
        )
        for sample, column in columns.items()
    ]
    return pl.concat(frames).filter(pl.col("count") > 0)


def pan(
    rng: np.random.Generator,
    *,
    units: int = 4_000,
    depth: int = 40_000,
    replicates: int = 3,
    jackpots: int = 3,
    hop: float = 0.0,
    bottleneck: float = 2e5,
    aliquot: float = 0.15,
) -> Campaign:
    """Pan one library against two antigens, two rounds: binders of each, sticky clones and growers.

    The model and its constants are the project's reference panning model (retention, bottleneck,
    amplification), at a fifth of its size. `hop` is the part of every sample's molecules that is drawn
    from the antigen-A replicate 1 instead.
    """
    library = rng.lognormal(0, 1.2, units)
    library /= library.sum()
    classes = rng.permutation(units)
    size = units // 100
    retention = {name: rng.lognormal(np.log(1e-3), 0.25, units) for name in "A"}
    retention["B"] = retention["A"].copy()
    for at, group in enumerate(("A", "B")):
        binders = classes[at * size : (at + 1) * size]
        retention[group][binders] *= rng.lognormal(np.log(12), 0.5, size)
    sticky = classes[2 * size : 3 * size]
    both = rng.lognormal(np.log(12), 0.5, size)
    retention["A"][sticky] *= both
    retention["B"][sticky] *= both * rng.lognormal(0, 0.15, size)
    growth = rng.lognormal(0, 0.15, units)
    growth[classes[3 * size : 4 * size]] *= rng.lognormal(np.log(4), 0.3, size)

    names = [f"u{at:05d}" for at in range(units)]
    rows: list[tuple[str, str, int, int, str, str | None, str]] = []
    pools: dict[str, NDArray[np.float64]] = {}
    planted = set()
    for replicate in (1, 2, 3):
        rows.append((f"in{replicate}", "unpanned", replicate, 0, "input", None, "L"))
        pools[f"in{replicate}"] = library
    for antigen in "AB":
        for replicate in range(1, replicates + 1):
            pool = library * rng.lognormal(0, aliquot, units)
            for cycle in (1, 2):
                weight = pool * retention[antigen]
                pool = rng.poisson(bottleneck * weight / weight.sum()) * growth * rng.gamma(4, 0.25, units)
                sample = f"{antigen}{replicate}r{cycle}"
                if cycle == 2:
                    for lucky in rng.choice(units, jackpots, replace=False).tolist():
                        pool[lucky] = (pool[lucky] + 1) * 50
                        planted.add((sample, names[lucky]))
                pool = pool / pool.sum()
                pools[sample] = pool
                rows.append((sample, f"{antigen}.{replicate}", replicate, cycle, "target", antigen, "L"))
    donor = pools["A1r2"]
    columns = {
        sample: rng.multinomial(depth, (1 - hop) * pool + hop * donor) for sample, pool in pools.items()
    }
    return Campaign(sheet_of(rows), long_counts(columns, names), frozenset(planted))


@pytest.fixture(scope="session")
def simulate() -> Callable[..., Campaign]:
    return pan


@pytest.fixture(scope="session")
def make_sheet() -> Callable[..., pl.DataFrame]:
    return sheet_of


@pytest.fixture(scope="session")
def make_counts() -> Callable[..., pl.DataFrame]:
    return long_counts
