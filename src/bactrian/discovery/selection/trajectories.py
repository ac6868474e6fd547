"""The leading units through all rounds of their library, and how fast every unit grows per round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from bactrian.discovery.selection.fitness import fit_fitness
from bactrian.discovery.selection.normalise import norm_factors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.library.abundance import CountMatrix
    from bactrian.discovery.selection.design import Plan
    from bactrian.discovery.selection.judgement import Judged


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """Units through the rounds.

    Args:
        frame: Leading units: library, antigen, key, sample, selection, arm, panned_on, round, count, cpm.
        fitness: Growth against the target of every tested unit, log2 per round; NaN where one round says
            nothing.
        standard_error: Its standard error.
    """

    frame: pl.DataFrame
    fitness: NDArray[np.float64]
    standard_error: NDArray[np.float64]


def trace_units(
    plan: Plan, judged: Judged, counts: CountMatrix, samples: pl.DataFrame, *, leading: NDArray[np.int64]
) -> Traced:
    """Follow the tested units of a plan through the rounds of its library.

    Samples that the plan leaves out are drawn as they are and do not count for the fitness.

    Args:
        plan: Which library and target.
        judged: Its tested units.
        counts: Counts of every unit in every sample.
        samples: Rows of the sheet.
        leading: Which of the tested units to follow singly.

    Returns:
        The rounds of the leading units and the fitness of all.
    """
    rows = samples.filter((pl.col("library") == plan.library) & pl.col("sample").is_in(list(counts.samples)))
    names = rows["sample"].to_list()
    table = counts.columns(names)[judged.tested]
    seen = table.sum(axis=0) > 0
    rows, table = rows.filter(pl.Series(seen)), np.ascontiguousarray(table[:, seen])
    sizes = table.sum(axis=0) * norm_factors(table)
    group = pl.struct("arm", pl.col("antigen").fill_null("")).rank("dense")
    groups = rows.select(group=group)["group"]
    is_target = ((rows["arm"] == "target") & (rows["antigen"] == plan.antigen)).to_numpy()
    counted = ~rows["sample"].is_in(list(plan.left_out)).to_numpy()
    # The control tells growth without antigen; inputs are round 0 whatever the sheet calls them.
    rounds = np.where(rows["arm"].to_numpy() == "input", 0, rows["round"].to_numpy())
    numbers = groups.to_numpy().astype(np.int64)
    found = np.full((2, judged.tested.size), np.nan)
    if (is_target & counted).any():
        fitness = fit_fitness(
            table[:, counted],
            sizes[counted],
            rounds=rounds[counted],
            groups=numbers[counted],
            target=int(numbers[is_target & counted][0]),
            dispersion=judged.fit.dispersion,
        )
        found = np.stack([fitness.slope, fitness.se])
    own = table[leading]
    keys = pl.Series("key", [counts.units[at] for at in judged.tested[leading]], dtype=pl.String)
    return Traced(
        _list_rounds(plan, keys, rows=rows.with_columns(round=pl.Series(rounds)), table=own, sizes=sizes),
        found[0],
        found[1],
    )


def _list_rounds(
    plan: Plan, keys: pl.Series, *, rows: pl.DataFrame, table: NDArray[np.int64], sizes: NDArray[np.float64]
) -> pl.DataFrame:
    """Give one row per unit and sample."""
    n, m = table.shape
    return pl.DataFrame(
        {
            "library": [plan.library] * (n * m),
            "antigen": [plan.antigen] * (n * m),
            "key": keys.gather(np.repeat(np.arange(n), m)),
            "sample": rows["sample"].to_list() * n,
            "selection": rows["selection"].to_list() * n,
            "arm": rows["arm"].to_list() * n,
            "panned_on": rows["antigen"].to_list() * n,
            "round": rows["round"].cast(pl.Int64).to_list() * n,
            "count": table.ravel(),
            "cpm": (table / sizes[None, :] * 1e6).ravel(),
        }
    )
