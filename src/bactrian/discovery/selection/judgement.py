"""One plan on one count table, as arrays: every contrast, tiers, ranks and the campaign's own noise floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from bactrian.discovery.selection.consistency import consistent_replicates, needed_replicates
from bactrian.discovery.selection.evidence import FEWEST_READS, gather_evidence
from bactrian.discovery.selection.quasi import fit_groups, fold_change
from bactrian.discovery.selection.shrink import Shrunken, shrink_contrast
from bactrian.discovery.selection.tiers import assign_tiers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.selection.design import Plan
    from bactrian.discovery.selection.evidence import TierEvidence
    from bactrian.discovery.selection.quasi import GroupFit
    from bactrian.discovery.selection.settings import SelectionSettings
    from bactrian.discovery.selection.tiers import Tiers

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Where nothing tells the spread between pannings it is taken to be this: replicate pannings of two published
# sets show a biological coefficient of variation of 0.28 and of 0.9 to 1.0.
ASSUMED_BCV: Final = 0.7


@dataclass(frozen=True, slots=True)
class Judged:
    """What a plan says of every tested unit.

    Args:
        plan: The plan.
        tested: Rows of the count table that were tested, shape (n,).
        counts: Their counts, shape (n, columns).
        fit: The fitted groups.
        evidence: The tests; None where the design has no error control.
        tiers: Tier of every unit; None likewise.
        e: Effect over input with its interval; None without input.
        s: Effect over the comparator that decides for the unit, with its interval; None without comparators.
        worst: Comparator that decides for each unit, shape (n,); all zeros without comparators.
        ranks: 1 for the best, shape (n,).
        cpm: Counts per million of the effective library, shape (n, columns).
        consistent: Target columns above every input and comparator column, shape (n,).
        needed: How many of them a nomination needs.
        floors: Units of Tier 1 or better and of Tier 2 in each label swap, shape (runs, 2).
        unsupported: What the design cannot support, in words; then no unit has a tier.
    """

    plan: Plan
    tested: Ints
    counts: Ints
    fit: GroupFit
    evidence: TierEvidence | None
    tiers: Tiers | None
    e: Shrunken | None
    s: Shrunken | None
    worst: Ints
    ranks: Ints
    cpm: Floats
    consistent: Ints
    needed: int
    floors: Ints
    unsupported: tuple[str, ...]

    @property
    def plain_e(self) -> Floats:
        """Log2 fold change over input, shape (n,); NaN without input."""
        if self.plan.input is None:
            return np.full(self.tested.size, np.nan)
        return fold_change(self.fit, self.plan.target, denominator=self.plan.input)

    @property
    def plain_s(self) -> Floats:
        """Log2 fold change over each comparator, shape (n, k)."""
        found = np.empty((self.tested.size, len(self.plan.comparators)))
        for number, comparator in enumerate(self.plan.comparators):
            found[:, number] = fold_change(self.fit, self.plan.target, denominator=comparator.group)
        return found

    @property
    def tier(self) -> NDArray[np.int8]:
        """Tier of every unit, shape (n,)."""
        if self.tiers is None or self.unsupported:
            return np.zeros(self.tested.size, dtype=np.int8)
        return self.tiers.tier


def judge_plan(plan: Plan, counts: Ints, settings: SelectionSettings) -> Judged | None:
    """Test the units of a count table as a plan says.

    Args:
        plan: Columns and groups.
        counts: Whole numbers, units × columns of the plan.
        settings: Limits.

    Returns:
        The judgement, or None where no unit can be tested: no target column or too few reads.
    """
    reads = counts.sum(axis=1)
    tested = np.flatnonzero(reads >= settings.min_reads)
    if not plan.replicates or not (reads >= max(settings.min_reads, FEWEST_READS)).any():
        return None
    kept = np.ascontiguousarray(counts[tested])
    compared = [comparator.group for comparator in plan.comparators]
    evidence = tiers = None
    if plan.exploratory:
        fit = fit_groups(kept, plan.groups, bcv=ASSUMED_BCV)
    else:
        evidence = gather_evidence(
            kept,
            plan.groups,
            target=plan.target,
            comparators=compared,
            input=plan.input,
            control=plan.control,
            fdr=settings.fdr,
            log2fc=settings.log2fc,
        )
        fit = evidence.fit
        tiers = assign_tiers(evidence, settings)
    worst = _worst(tiers, fit, plan)
    e = None if plan.input is None else shrink_contrast(fit, plan.target, plan.input)
    s = _shrink_worst(fit, plan, worst)
    unsupported = list_unsupported(plan)
    tier = np.zeros(tested.size, np.int8) if tiers is None or unsupported else tiers.tier
    floors = np.zeros((0, 2), dtype=np.int64)
    if tiers is not None and not unsupported:
        floors = tiers.floor
    cpm = kept / fit.sizes[None, :] * 1e6
    return Judged(
        plan=plan,
        tested=tested,
        counts=kept,
        fit=fit,
        evidence=evidence,
        tiers=tiers,
        e=e,
        s=s,
        worst=worst,
        ranks=_rank(tier, e, s, abundance=cpm[:, plan.at(plan.target)].mean(axis=1)),
        cpm=cpm,
        consistent=consistent_replicates(cpm, plan.at(plan.target), _references(plan)),
        needed=needed_replicates(plan.replicates),
        floors=floors,
        unsupported=unsupported,
    )


def list_unsupported(plan: Plan) -> tuple[str, ...]:
    """Say why a plan can nominate nothing, in a few words each; nothing where it can."""
    reasons = []
    if plan.exploratory:
        reasons.append("exploratory: no error control")
    if plan.input is None:
        reasons.append("enrichment not tested: no input")
    if not plan.comparators:
        reasons.append("specificity not tested: no comparator")
    return tuple(reasons)


def _references(plan: Plan) -> Ints:
    """Give the columns that a consistent replicate must exceed."""
    groups = [comparator.group for comparator in plan.comparators]
    return np.concatenate([plan.at(group) for group in (*groups, plan.input)])


def _worst(tiers: Tiers | None, fit: GroupFit, plan: Plan) -> Ints:
    """Give the comparator that decides: that of the largest p, else that of the smallest fold change."""
    if tiers is not None:
        return np.asarray(tiers.worst, dtype=np.int64)
    if not plan.comparators:
        return np.zeros(fit.counts.shape[0], dtype=np.int64)
    folds = [fold_change(fit, plan.target, denominator=other.group) for other in plan.comparators]
    return np.asarray(np.stack(folds, axis=1).argmin(axis=1), dtype=np.int64)


def _shrink_worst(fit: GroupFit, plan: Plan, worst: Ints) -> Shrunken | None:
    """Shrink the effect of each unit over the comparator that decides for it; None without a comparator."""
    if not plan.comparators:
        return None
    effects = np.full((3, worst.size), np.nan)
    scale = np.nan
    for number, comparator in enumerate(plan.comparators):
        own = np.flatnonzero(worst == number)
        if own.size:
            found = shrink_contrast(fit, plan.target, comparator.group, units=own)
            effects[:, own] = found.log2fc[own], found.low[own], found.high[own]
            scale = found.scale
    return Shrunken(effects[0], effects[1], effects[2], scale)


def _rank(tier: NDArray[np.int8], e: Shrunken | None, s: Shrunken | None, *, abundance: Floats) -> Ints:
    """Rank nominated units before the others, each by shrunken specificity.

    Without a comparator enrichment decides, and without an input either the abundance on the target. Units
    that stand equal keep the order of the table, which is that of their keys.
    """
    n = tier.size
    if s is not None:
        effect = s.log2fc
    elif e is not None:
        effect = e.log2fc
    else:
        effect = abundance
    order = np.lexsort((-effect, -(tier > 0).astype(np.int64)))
    ranks = np.empty(n, dtype=np.int64)
    ranks[order] = np.arange(1, n + 1)
    return ranks
