"""Everything the rule looks at, gathered once: all fits and contrasts of one plan, and of its label swaps.

The campaign, its noise floor and the proofs all come this way, so that what is calibrated is what is used.

Two fits serve. Enrichment is tested in all columns, input included. Specificity is tested in the selections
alone: the input samples re-sequence one pool and scatter like reads drawn at random, so a dispersion shared
with them is too small for selections, and differences between two panned arms would look more certain than
they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from bactrian.discovery.selection.consistency import needed_replicates
from bactrian.discovery.selection.contrasts import (
    Contrasts,
    Roles,
    compare_replicates,
    panned_columns,
    run_contrasts,
    selected_groups,
)
from bactrian.discovery.selection.floor import list_swaps
from bactrian.discovery.selection.group_fit import fit_groups
from bactrian.discovery.selection.multiplicity import adjust_bh
from bactrian.discovery.selection.normalise import check_columns, norm_factors
from bactrian.discovery.selection.outliers import limit_outliers
from bactrian.discovery.selection.quasi import test_contrast
from bactrian.discovery.selection.regroup import regroup_units
from bactrian.discovery.selection.tempering import temper_prior

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from bactrian.discovery.selection.group_fit import GroupFit

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FEWEST_READS: Final = 5
"""A table in which no unit has as many reads says nothing about variability."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Counts of all units with what was learnt from them under their own labels.

    Args:
        counts: (n, m) reads.
        cpm: (n, m) normalised counts per million.
        fit: All columns fitted.
        panned: The selections alone.
    """

    counts: Ints
    cpm: Floats
    fit: GroupFit
    panned: GroupFit


@dataclass(frozen=True, slots=True, eq=False)
class TierEvidence:
    """What is known of n units against k comparators; fdr is always within the contrast.

    Args:
        fit: All columns fitted, counts limited by `limit_outliers`; effects are shrunken from it.
        panned: The selections alone, likewise and with a tempered prior; None where they have no residual
            degree of freedom.
        replicates: Target columns.
        needed: How many of them must be consistent.
        contrasts: The tests.
        fdr_e: (n,) of `p_e`, over all units.
        eligible: (n, k) enriched over input, by test and by fold, in the target or in the comparator arm.
            Only of these S is asked. Everything without input, and for a comparator from which no unit
            differs by BH over all units.
        fdr_s: (n, k) of `p_s` over the eligible units of that comparator; over all units for the others.
        fdr_veto: (n, k) of `p_veto`, over all units.
        log2fc_a: (n,) amplification control − input; NaN without control or input.
        fdr_a: (n,) of its two-sided test.
        established: (n,) differing between target and some comparator, in either direction, by BH over all
            units: no unit to learn chance from.
        swaps: Of every label swap, the units that are consistent in it, and their contrasts.
    """

    fit: GroupFit
    panned: GroupFit | None
    replicates: int
    needed: int
    contrasts: Contrasts
    fdr_e: Floats
    eligible: NDArray[np.bool_]
    fdr_s: Floats
    fdr_veto: Floats
    log2fc_a: Floats
    fdr_a: Floats
    established: NDArray[np.bool_]
    swaps: tuple[tuple[NDArray[np.intp], Contrasts], ...]

    @property
    def consistent(self) -> Ints:
        """(n,) consistent target columns."""
        return self.contrasts.consistent

    @property
    def log2fc_e(self) -> Floats:
        """(n,) target − input."""
        return self.contrasts.log2fc_e

    @property
    def p_e(self) -> Floats:
        """(n,) its two-sided p-value."""
        return self.contrasts.p_e

    @property
    def treat_e(self) -> Floats:
        """(n,) its TREAT p-value."""
        return self.contrasts.treat_e

    @property
    def log2fc_s(self) -> Floats:
        """(n, k) target − comparator."""
        return self.contrasts.log2fc_s

    @property
    def p_s(self) -> Floats:
        """(n, k) their two-sided p-values."""
        return self.contrasts.p_s

    @property
    def treat_s(self) -> Floats:
        """(n, k) their TREAT p-values."""
        return self.contrasts.treat_s

    @property
    def log2fc_veto(self) -> Floats:
        """(n, k) comparator − input."""
        return self.contrasts.log2fc_veto


def gather_evidence(
    counts: ArrayLike,
    groups: ArrayLike,
    *,
    target: int,
    comparators: Sequence[int],
    input: int | None,
    control: int | None = None,
    fdr: float = 0.05,
    log2fc: float = 1.0,
) -> TierEvidence:
    """Fit the groups and run every contrast the rule needs.

    Args:
        counts: (n, m) reads of the tested units.
        groups: (m,) group of every column, numbers 0 to g - 1, each present.
        target: Group of the target selections.
        comparators: Groups they are compared with, k of them.
        input: Group of the unpanned library; None without one.
        control: Group of the amplification control; None without one.
        fdr: False discovery rate below which a unit counts as enriched for `eligible`.
        log2fc: Least log2 fold change for the same, and the threshold of the TREAT tests.

    Returns:
        The evidence; contrasts that cannot be tested are NaN.

    Raises:
        InputError: If a column has no reads, or no unit has 5 reads or more.
    """
    table = check_columns(counts)
    labels = np.asarray(groups, dtype=np.int64)
    roles = Roles(target, tuple(comparators), input, control)
    totals = table.sum(axis=0).astype(np.float64)
    factors = norm_factors(table)
    cpm = table / (totals * factors) * 1e6
    limited = limit_outliers(table, totals * factors, groups=labels, limited=selected_groups(roles))
    if limited.sum(axis=1).max() < FEWEST_READS:
        # Every unit is the explosion of one column: what is left without them tells nothing.
        limited = table
    fit = fit_groups(limited, labels, lib_sizes=totals, norm_factors=factors)
    own, regrouped = panned_columns(labels, roles)
    panned = None
    if (
        roles.comparators
        and own.size > regrouped.max() + 1
        and limited[:, own].sum(axis=1).max() >= FEWEST_READS
    ):
        panned = temper_prior(
            fit_groups(
                np.ascontiguousarray(limited[:, own]),
                regrouped,
                lib_sizes=totals[own],
                norm_factors=factors[own],
            )
        )
    n, k = table.shape[0], len(roles.comparators)
    consistent, lead = compare_replicates(cpm, labels, roles)
    contrasts = run_contrasts(fit, panned, roles, consistent=consistent, lead=lead, log2fc=log2fc)
    everything = np.ones((n, k), dtype=np.bool_)
    fdr_e, fdr_veto = adjust_bh(contrasts.p_e), _adjust_each(contrasts.p_veto, everything)
    fdr_all = _adjust_each(contrasts.p_s, everything)
    eligible = everything
    if roles.input is not None:
        enriched = (fdr_e < fdr) & (contrasts.log2fc_e > log2fc)
        risen = (fdr_veto < fdr) & (contrasts.log2fc_veto > log2fc)
        # Units are chosen by one of the arms that S compares, so a chance difference is likelier among them.
        # Only where some unit differs among all of them is there a signal to look for closer.
        eligible = enriched[:, None] | risen | ~(fdr_all < fdr).any(axis=0)
    log2fc_a, fdr_a = np.full(n, np.nan), np.full(n, np.nan)
    if roles.input is not None and roles.control is not None:
        a = test_contrast(fit, roles.control, roles.input)
        log2fc_a, fdr_a = a.log2fc, adjust_bh(a.p)
    replicates = int((labels == target).sum())
    swaps: tuple[tuple[NDArray[np.intp], Contrasts], ...] = ()
    if panned is not None and roles.input is not None:
        whole = Table(table, cpm, fit, panned)
        swaps = tuple(
            _test_swapped(whole, roles, swapped, log2fc=log2fc)
            for swapped in list_swaps(labels, target, roles.comparators)
        )
    return TierEvidence(
        fit=fit,
        panned=panned,
        replicates=replicates,
        needed=needed_replicates(replicates),
        contrasts=contrasts,
        fdr_e=fdr_e,
        eligible=eligible,
        fdr_s=_adjust_each(contrasts.p_s, eligible),
        fdr_veto=fdr_veto,
        log2fc_a=log2fc_a,
        fdr_a=fdr_a,
        established=np.asarray((fdr_all < fdr).any(axis=1)),
        swaps=swaps,
    )


def _test_swapped(
    whole: Table, roles: Roles, labels: Ints, *, log2fc: float
) -> tuple[NDArray[np.intp], Contrasts]:
    """Test the units that are consistent under swapped labels; the others cannot be nominated."""
    consistent, lead = compare_replicates(whole.cpm, labels, roles)
    rows = np.flatnonzero(consistent >= needed_replicates(int((labels == roles.target).sum())))
    limited = limit_outliers(
        whole.counts[rows], whole.fit.sizes, groups=labels, limited=selected_groups(roles)
    )
    own, regrouped = panned_columns(labels, roles)
    contrasts = run_contrasts(
        regroup_units(whole.fit, rows, counts=limited, groups=labels),
        regroup_units(whole.panned, rows, counts=np.ascontiguousarray(limited[:, own]), groups=regrouped),
        roles,
        consistent=consistent[rows],
        lead=lead[rows],
        log2fc=log2fc,
    )
    return rows, contrasts


def _adjust_each(p: Floats, family: NDArray[np.bool_]) -> Floats:
    """Adjust every column of p-values by itself: within its family, and over everything for the others."""
    adjusted = np.empty_like(p)
    for number in range(p.shape[1]):
        adjusted[:, number] = adjust_bh(p[:, number])
        inside = family[:, number]
        adjusted[inside, number] = adjust_bh(p[inside, number])
    return adjusted
