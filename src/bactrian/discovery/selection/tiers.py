"""The nomination rule, in one place: from evidence to tiers 0, 1 and 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from bactrian.discovery.selection.multiplicity import adjust_bh

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.selection.contrasts import Contrasts
    from bactrian.discovery.selection.evidence import TierEvidence
    from bactrian.discovery.selection.settings import SelectionSettings

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

FLOOR_RATE: Final = (0.05, 0.01)
"""Share of Tier 1 and of Tier 2 nominations that the label swaps may account for. For Tier 1 it is the false
discovery rate of the tests; on simulated campaigns (seeds 1 to 40) 0.03 cost a sixth of the binders in the
harsh setting with two replicates, where it decides."""


@dataclass(frozen=True, slots=True, eq=False)
class Tiers:
    """What n units are nominated as, and which criterion each passes.

    Args:
        tier: (n,) 0, 1 (nominated) or 2 (high confidence).
        worst: (n,) number of the comparator with the largest p-value; 0 without comparators.
        enriched: (n,) E passes.
        specific: (n,) S passes against every comparator.
        consistent: (n,) enough replicates are consistent.
        vetoed: (n,) some comparator arm is itself enriched over input; shown also where the veto is lifted.
        vetoed_by: (n,) number of the comparator that is most enriched over input, -1 where not vetoed.
        grower: (n,) the amplification control is enriched over input.
        treat: (n,) the TREAT tests of E and S pass.
        fdr_treat: (n,) FDR of the largest TREAT p-value of E and all S.
        floor_rate: (n,) of units that pass all else for Tier 1: share of the nominations at least as certain
            that the label swaps account for; NaN for other units and without swaps.
        above_floor: (n,) `floor_rate` is low enough for Tier 1; true where there are no swaps.
        floor: (runs, 2) units of Tier 1 or better and of Tier 2 that each label swap would nominate.
    """

    tier: NDArray[np.int8]
    worst: NDArray[np.int64]
    enriched: Bools
    specific: Bools
    consistent: Bools
    vetoed: Bools
    vetoed_by: NDArray[np.int64]
    grower: Bools
    treat: Bools
    fdr_treat: Floats
    floor_rate: Floats
    above_floor: Bools
    floor: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Limits:
    """The largest p-values that passed, so that label swaps are held to the same limits."""

    e: float
    s: Floats
    veto: Floats
    treat: float


def assign_tiers(evidence: TierEvidence, settings: SelectionSettings) -> Tiers:
    """Nominate.

    Tier 1 takes E and S against every comparator, each with its FDR below the limit and a log2 fold change
    above it, enough consistent replicates, no comparator arm that is itself significantly enriched over input
    (by any amount: a unit may be more on the target and still bind the counter surface), no significant
    growth without an antigen, and to stand above the noise floor: of the units nominated no less certainly
    (TREAT and replicates together), label swaps may account for `FLOOR_RATE` at most. Tier 2 takes the TREAT
    tests and the stricter floor as well. What could not be tested passes nothing.

    Args:
        evidence: From `gather_evidence`.
        settings: FDR, log2 fold change and whether the veto counts.

    Returns:
        Tiers and criteria.
    """
    contrasts = evidence.contrasts
    n, k = contrasts.p_s.shape
    # Comparisons with NaN are false: what was not tested does not pass.
    passing_e = evidence.fdr_e < settings.fdr
    passing_s = (evidence.fdr_s < settings.fdr) & evidence.eligible
    passing_veto = evidence.fdr_veto < settings.fdr
    fdr_treat = adjust_bh(np.column_stack([contrasts.treat_e, contrasts.treat_s]).max(axis=1))
    treat = fdr_treat < settings.fdr
    enriched = passing_e & (contrasts.log2fc_e > settings.log2fc)
    specific: Bools = np.asarray((passing_s & (contrasts.log2fc_s > settings.log2fc)).all(axis=1)) & (k > 0)
    risen = passing_veto & (contrasts.log2fc_veto > 0)
    vetoed: Bools = np.asarray(risen.any(axis=1))
    vetoed_by = np.full(n, -1, dtype=np.int64)
    if k:
        vetoed_by[vetoed] = np.where(risen, contrasts.log2fc_veto, -np.inf)[vetoed].argmax(axis=1)
    grower = (evidence.fdr_a < settings.fdr) & (evidence.log2fc_a > 0)
    consistent = contrasts.consistent >= evidence.needed
    passing = enriched & specific & consistent & ~grower
    if settings.veto:
        passing &= ~vetoed
    worst = _worst(contrasts.p_s)
    certainty = _certainty(contrasts)
    families = evidence.eligible.sum(axis=0)
    limits = _Limits(
        _limit(contrasts.p_e, passing_e, settings.fdr),
        np.array(
            [
                _limit(
                    contrasts.p_s[:, j],
                    passing_s[:, j],
                    settings.fdr,
                    size=int(families[j]),
                )
                for j in range(k)
            ]
        ),
        np.array([_limit(contrasts.p_veto[:, j], passing_veto[:, j], settings.fdr) for j in range(k)]),
        _limit(np.column_stack([contrasts.treat_e, contrasts.treat_s]).max(axis=1), treat, settings.fdr),
    )
    floor, swapped = _count_floor(evidence, grower, limits, settings)
    floor_rate = np.full(n, np.nan)
    if swapped:
        floor_rate[passing] = _floor_rate(certainty[passing], swapped)
    first = passing & ~(floor_rate > FLOOR_RATE[0])
    second = first & treat & ~(floor_rate > FLOOR_RATE[1])
    return Tiers(
        tier=first.astype(np.int8) + second.astype(np.int8),
        worst=worst,
        enriched=enriched,
        specific=specific,
        consistent=consistent,
        vetoed=vetoed,
        vetoed_by=vetoed_by,
        grower=grower,
        treat=treat,
        fdr_treat=fdr_treat,
        floor_rate=floor_rate,
        above_floor=~(floor_rate > FLOOR_RATE[0]),
        floor=floor,
    )


def _limit(p: Floats, passing: Bools, fdr: float, *, size: int = 0) -> float:
    """Give the largest p-value that passed, or the Bonferroni limit where none did."""
    return float(p[passing].max()) if passing.any() else fdr / max(size or p.size, 1)


def _count_floor(
    evidence: TierEvidence, grower: Bools, limits: _Limits, settings: SelectionSettings
) -> tuple[NDArray[np.int64], list[Floats]]:
    """Count what each label swap nominates by the limits of the true labels, with the certainty of each."""
    floor = np.zeros((len(evidence.swaps), 2), dtype=np.int64)
    certainties = []
    for run, (rows, swapped) in enumerate(evidence.swaps):
        passing = _pass_swapped(swapped, limits, settings) & ~grower[rows] & ~evidence.established[rows]
        treat = np.column_stack([swapped.treat_e, swapped.treat_s]).max(axis=1) <= limits.treat
        floor[run] = passing.sum(), (passing & treat).sum()
        certainties.append(np.sort(-_certainty(swapped)[passing]))
    return floor, certainties


def _pass_swapped(swapped: Contrasts, limits: _Limits, settings: SelectionSettings) -> Bools:
    e = (swapped.p_e <= limits.e) & (swapped.log2fc_e > settings.log2fc)
    s = ((swapped.p_s <= limits.s) & (swapped.log2fc_s > settings.log2fc)).all(axis=1)
    passing = e & s
    if settings.veto:
        passing &= ~((swapped.p_veto <= limits.veto) & (swapped.log2fc_veto > 0)).any(axis=1)
    return np.asarray(passing)


def _floor_rate(certainty: Floats, swapped: list[Floats]) -> Floats:
    """Give each unit the least share of false nominations at which it is among the nominated.

    At every limit of certainty, the mean number of swapped units above it over the number of true ones.
    """
    order = np.argsort(-certainty, kind="stable")
    rising = -certainty[order]
    false = sum(np.searchsorted(one, rising, side="right") for one in swapped) / len(swapped)
    rate = np.minimum(false / np.arange(1, rising.size + 1), 1.0)
    least = np.empty(rising.size)
    least[order] = np.minimum.accumulate(rate[::-1])[::-1]
    return least


def _certainty(contrasts: Contrasts) -> Floats:
    """Order units by how certain a nomination would be: strength of the tests times lead of the replicates.

    The largest TREAT p-value tells how surely the means differ, the lead by how much even the replicate that
    decides does. Either alone is won more easily by chance: of eleven orders tried on simulated campaigns,
    these two together left the most binders above the floor.
    """
    p = np.column_stack([contrasts.treat_e, contrasts.treat_s]).max(axis=1)
    return np.asarray(-np.log10(np.maximum(p, np.finfo(np.float64).tiny)) * contrasts.lead)


def _worst(p: Floats) -> NDArray[np.int64]:
    """Give the comparator with the largest p-value; the first where nothing was tested."""
    if not p.shape[1]:
        return np.zeros(p.shape[0], dtype=np.int64)
    return np.asarray(np.where(np.isnan(p), -1.0, p).argmax(axis=1), dtype=np.int64)
