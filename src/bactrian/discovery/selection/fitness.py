"""Fitness: by how much each unit grows per round against a target; a secondary score that nominates nothing.

All selections of a plan come from one library. So every unit has one intercept, its share at round 0, which
the samples of all groups and the input estimate together, and one slope per group of selections. A slope
assumes the same growth in every round, which a round that is overgrown or starved breaks; nominations rest
on the contrasts of the decisive rounds instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# ruff: noqa: PLR0917  (kernels take their arrays by position)

PRIOR_COUNT = 0.125
"""Added to the count of a sample of average size so that a unit unseen in the input has a finite slope;
the prior count with which the log fold changes of the contrasts are shown."""

MAX_STEPS = 100
TOLERANCE = 1e-10
"""Fisher scoring ends when the step is shorter than the root of this, 1e-5, in standard errors."""

_LARGEST_MOVE = 5.0
"""Most that one step may move a linear predictor, in natural logs; keeps the first steps from overflowing."""

_LARGEST_LOG = 300.0
"""Linear predictors are kept within this of 0 where their exponential is taken."""

_LEAST_CORNER = 1e-12
"""Least share of the information on the intercept that rounding may leave after the slopes are eliminated."""


@dataclass(frozen=True, slots=True)
class Fitness:
    """Growth per round of each unit, relative to the whole population.

    Args:
        slope: log2 fold change per round (n); NaN where the design or the counts leave it open.
        se: Standard error of it, log2 per round (n); NaN where the slope is.
    """

    slope: NDArray[np.float64]
    se: NDArray[np.float64]


def fit_fitness(
    counts: ArrayLike,
    lib_sizes: ArrayLike,
    *,
    rounds: ArrayLike,
    groups: ArrayLike,
    target: int = 1,
    dispersion: ArrayLike,
    prior_count: float = PRIOR_COUNT,
) -> Fitness:
    """Fit the fitness of every unit against a target.

    The count of unit i in sample j is negative binomial with mean

        μ = N_j · exp(a_i + b_ig · t_j)

    where N is the effective library size, t the round and g the sample's group; samples of round 0 say
    something about a only. The standard error is that of the expected information, times √(Pearson's
    χ² / df) where that exceeds 1.

    Args:
        counts: Whole numbers, units × samples (n, m).
        lib_sizes: Effective library sizes: totals × normalisation factors (m).
        rounds: Round of each sample (m); 0 for the input.
        groups: Group whose slope a sample shares (m), e.g. one number per arm and antigen; the
            group of a sample of round 0 is not looked at. `True` for the target is a group, too.
        target: Group whose slope is given.
        dispersion: Negative-binomial dispersion, one for all or one per unit (n); 0 is Poisson.
        prior_count: Added to each count, in proportion to the library size.

    Returns:
        Slopes and standard errors. All are NaN where the rounds cannot tell intercept and slope apart (fewer
        than two distinct rounds); one is NaN for a unit without a read in the target's and the input's
        samples.

    Raises:
        ValueError: If shapes do not fit, or a library size, a round or a dispersion is out of its range.

    References:
        McCullagh P, Nelder JA. Generalized Linear Models, 2nd ed., 1989, chapters 2, 4 and 9: Fisher scoring,
        Pearson's χ² for over-dispersion.

    Examples:
        >>> rounds, groups = [0, 1, 2], [1, 1, 1]
        >>> grown = fit_fitness([[100, 200, 400]], [1e6] * 3, rounds=rounds, groups=groups, dispersion=0)
        >>> grown.slope.round(2)
        array([1.])
    """
    table = np.ascontiguousarray(counts, dtype=np.float64)
    sizes, times = np.asarray(lib_sizes, dtype=np.float64), np.asarray(rounds, dtype=np.int64)
    labels = np.asarray(groups).astype(np.int64)
    _check_shapes(table, sizes, times, labels)
    phi = np.broadcast_to(np.asarray(dispersion, dtype=np.float64), (table.shape[0],))
    if not (np.isfinite(phi) & (phi >= 0)).all():
        msg = "dispersions must be numbers from 0."
        raise ValueError(msg)

    empty = np.full(table.shape[0], np.nan)
    panned = times > 0
    if not _is_identified(times, labels, target):
        return Fitness(empty, empty.copy())
    order = [target, *(int(g) for g in np.unique(labels[panned]) if g != target)]
    slot = np.zeros(len(times), dtype=np.int64)
    for number, group in enumerate(order, start=1):
        slot[panned & (labels == group)] = number
    cells, cell = np.unique(np.stack([slot, times], axis=1), axis=0, return_inverse=True)
    prior = prior_count * sizes / sizes.mean()
    slope, se = _fit_all(
        table + prior,
        sizes,
        np.ascontiguousarray(cell.reshape(-1)),
        np.ascontiguousarray(cells[:, 0]),
        cells[:, 1].astype(np.float64),
        np.ascontiguousarray(phi),
        len(order),
    )
    unseen = table[:, ~panned | (labels == target)].sum(axis=1) == 0
    slope[unseen] = se[unseen] = np.nan
    return Fitness(slope / np.log(2), se / np.log(2))


def _check_shapes(
    table: NDArray[np.float64],
    sizes: NDArray[np.float64],
    times: NDArray[np.int64],
    labels: NDArray[np.int64],
) -> None:
    if table.ndim != 2 or {sizes.shape, times.shape, labels.shape} != {table.shape[1:]}:
        msg = "counts must be units × samples, with one library size, round and group per sample."
        raise ValueError(msg)
    if not (np.isfinite(sizes) & (sizes > 0)).all():
        msg = "library sizes must be above 0."
        raise ValueError(msg)
    if (times < 0).any():
        msg = "rounds must be whole numbers from 0."
        raise ValueError(msg)
    if not (np.isfinite(table) & (table >= 0)).all():
        msg = "counts must be numbers from 0."
        raise ValueError(msg)


def _is_identified(times: NDArray[np.int64], labels: NDArray[np.int64], target: int) -> bool:
    """Tell whether the target was panned and some group shows two rounds, so that the intercept is known."""
    panned = times > 0
    if not (panned & (labels == target)).any():
        return False
    if (times == 0).any():
        return True
    return any(np.unique(times[labels == group]).size > 1 for group in np.unique(labels))


@njit(cache=True, nogil=True)
def _fit_all(counts, sizes, cell, slots, times, phi, n_slopes):  # type: ignore[no-untyped-def]
    """Fit each unit; cells are the distinct (slope, round), slope 0 standing for round 0."""
    n, m = counts.shape
    n_cells = len(slots)
    slope, se = np.empty(n), np.empty(n)
    total = sizes.sum()
    beta, step, trial = np.empty(n_slopes + 1), np.empty(n_slopes + 1), np.empty(n_slopes + 1)
    growth, reads = np.empty(n_cells), np.empty(n_cells)
    score, weight = np.empty(n_cells), np.empty(n_cells)
    for i in range(n):
        reads[:] = 0.0
        for j in range(m):
            reads[cell[j]] += counts[i, j]
        beta[:] = 0.0
        beta[0] = np.log(max(reads.sum(), 1e-3) / total)
        value = _log_likelihood(counts[i], reads, sizes, cell, slots, times, beta, phi[i], growth)
        for _ in range(MAX_STEPS):
            _sum_cells(counts[i], sizes, cell, growth, phi[i], score, weight)
            promised = _solve(slots, times, score, weight, step)
            if promised <= TOLERANCE:
                break
            scale = 1.0
            for c in range(n_cells):
                move = abs(step[0] + (step[slots[c]] * times[c] if slots[c] > 0 else 0.0))
                if move * scale > _LARGEST_MOVE:
                    scale = _LARGEST_MOVE / move
            better = False
            for _ in range(30):
                for k in range(n_slopes + 1):
                    trial[k] = beta[k] + scale * step[k]
                found = _log_likelihood(counts[i], reads, sizes, cell, slots, times, trial, phi[i], growth)
                if found >= value:
                    better = True
                    break
                scale *= 0.5
            if not better:
                _log_likelihood(counts[i], reads, sizes, cell, slots, times, beta, phi[i], growth)
                break
            value = found
            beta[:] = trial
        _sum_cells(counts[i], sizes, cell, growth, phi[i], score, weight)
        slope[i] = beta[1]
        se[i] = np.sqrt(_slope_variance(slots, times, weight, n_slopes))
        pearson = 0.0
        for j in range(m):
            mu = sizes[j] * growth[cell[j]]
            pearson += (counts[i, j] - mu) ** 2 / (mu * (1.0 + phi[i] * mu))
        df = m - n_slopes - 1
        if df > 0 and pearson > df:
            se[i] *= np.sqrt(pearson / df)
    return slope, se


@njit(cache=True, nogil=True)
def _log_likelihood(counts, reads, sizes, cell, slots, times, beta, phi, growth):  # type: ignore[no-untyped-def]
    """Give the log-likelihood without the terms that hold no parameter; fills `growth` with exp(a + b t)."""
    total = 0.0
    for c in range(len(slots)):
        eta = beta[0] + (beta[slots[c]] * times[c] if slots[c] > 0 else 0.0)
        growth[c] = np.exp(min(max(eta, -_LARGEST_LOG), _LARGEST_LOG))
        total += reads[c] * eta
    for j in range(len(counts)):
        mu = sizes[j] * growth[cell[j]]
        total -= (counts[j] + 1.0 / phi) * np.log1p(phi * mu) if phi > 0.0 else mu
    return total


@njit(cache=True, nogil=True)
def _sum_cells(counts, sizes, cell, growth, phi, score, weight):  # type: ignore[no-untyped-def]
    """Add up score and expected information of the linear predictor over the samples of each cell."""
    score[:] = 0.0
    weight[:] = 0.0
    for j in range(len(counts)):
        mu = sizes[j] * growth[cell[j]]
        spread = 1.0 + phi * mu
        score[cell[j]] += (counts[j] - mu) / spread
        weight[cell[j]] += mu / spread


@njit(cache=True, nogil=True)
def _solve(slots, times, score, weight, step):  # type: ignore[no-untyped-def]
    """Give the scoring step and score · step.

    The information is an arrow: each slope touches the intercept and no other slope, so that eliminating
    the slopes solves it.
    """
    n_slopes = len(step) - 1
    cross, square, pull = np.zeros(n_slopes + 1), np.zeros(n_slopes + 1), np.zeros(n_slopes + 1)
    corner = 0.0
    for c in range(len(slots)):
        corner += weight[c]
        pull[0] += score[c]
        if slots[c] > 0:
            cross[slots[c]] += weight[c] * times[c]
            square[slots[c]] += weight[c] * times[c] ** 2
            pull[slots[c]] += score[c] * times[c]
    whole, rest = corner, pull[0]
    for k in range(1, n_slopes + 1):
        corner -= cross[k] ** 2 / square[k]
        rest -= cross[k] * pull[k] / square[k]
    step[0] = rest / max(corner, _LEAST_CORNER * whole)
    promised = step[0] * pull[0]
    for k in range(1, n_slopes + 1):
        step[k] = (pull[k] - cross[k] * step[0]) / square[k]
        promised += step[k] * pull[k]
    return promised


@njit(cache=True, nogil=True)
def _slope_variance(slots, times, weight, n_slopes):  # type: ignore[no-untyped-def]
    """Give the variance of the first slope: its entry of the inverse of the information."""
    cross, square = np.zeros(n_slopes + 1), np.zeros(n_slopes + 1)
    corner = 0.0
    for c in range(len(slots)):
        corner += weight[c]
        if slots[c] > 0:
            cross[slots[c]] += weight[c] * times[c]
            square[slots[c]] += weight[c] * times[c] ** 2
    whole = corner
    for k in range(1, n_slopes + 1):
        corner -= cross[k] ** 2 / square[k]
    corner = max(corner, _LEAST_CORNER * whole)
    return 1.0 / square[1] + (cross[1] / square[1]) ** 2 / corner
