"""Everything the rule looks at, gathered once: all fits and contrasts of one plan.

The campaign, its noise floor and the proofs all come this way, so that what is calibrated is what is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bactrian.discovery.selection.consistency import consistent_replicates, needed_replicates
from bactrian.discovery.selection.multiplicity import adjust_bh
from bactrian.discovery.selection.quasi import fit_groups, test_contrast, treat_contrast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from bactrian.discovery.selection.quasi import GroupFit

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TierEvidence:
    """What is known of n units against k comparators; fdr is always within the contrast.

    Args:
        fit: The fitted groups, input and control included.
        replicates: Target columns.
        needed: How many of them must be consistent.
        consistent: (n,) how many are.
        log2fc_e: (n,) target − input; NaN without input, and so for the others of E.
        p_e: (n,) two-sided.
        fdr_e: (n,) of `p_e`.
        treat_e: (n,) TREAT at `treat_log2fc`.
        log2fc_s: (n, k) target − comparator.
        p_s: (n, k) two-sided.
        fdr_s: (n, k) of `p_s`, comparator by comparator.
        treat_s: (n, k) TREAT at `treat_log2fc`.
        log2fc_veto: (n, k) comparator − input; NaN without input.
        fdr_veto: (n, k) of its two-sided test.
        log2fc_a: (n,) amplification control − input; NaN without control or input.
        fdr_a: (n,) of its two-sided test.
    """

    fit: GroupFit
    replicates: int
    needed: int
    consistent: NDArray[np.int64]
    log2fc_e: Floats
    p_e: Floats
    fdr_e: Floats
    treat_e: Floats
    log2fc_s: Floats
    p_s: Floats
    fdr_s: Floats
    treat_s: Floats
    log2fc_veto: Floats
    fdr_veto: Floats
    log2fc_a: Floats
    fdr_a: Floats


def gather_evidence(
    counts: ArrayLike,
    groups: ArrayLike,
    *,
    target: int,
    comparators: Sequence[int],
    input: int | None,
    control: int | None = None,
    treat_log2fc: float = 1.0,
) -> TierEvidence:
    """Fit the groups and run every contrast the rule needs.

    Args:
        counts: (n, m) reads of the tested units.
        groups: (m,) group of every column, numbers 0 to g - 1, each present.
        target: Group of the target selections.
        comparators: Groups they are compared with, k of them.
        input: Group of the unpanned library; None without one.
        control: Group of the amplification control; None without one.
        treat_log2fc: Threshold of the TREAT tests.

    Returns:
        The evidence; contrasts that cannot be tested are NaN.

    Raises:
        InputError: If a column has no reads, or no unit has 5 reads or more.
    """
    labels = np.asarray(groups, dtype=np.int64)
    fit = fit_groups(counts, labels)
    n, k = fit.counts.shape[0], len(comparators)
    nothing = np.full(n, np.nan)
    log2fc_e, p_e, treat_e = nothing, nothing, nothing
    log2fc_a, fdr_a = nothing, nothing
    log2fc_s, p_s, treat_s = (np.full((n, k), np.nan) for _ in range(3))
    log2fc_veto, fdr_veto = (np.full((n, k), np.nan) for _ in range(2))
    if input is not None:
        e = test_contrast(fit, target, input)
        log2fc_e, p_e, treat_e = e.log2fc, e.p, treat_contrast(fit, target, input, log2fc=treat_log2fc)
        if control is not None:
            a = test_contrast(fit, control, input)
            log2fc_a, fdr_a = a.log2fc, adjust_bh(a.p)
    for number, group in enumerate(comparators):
        s = test_contrast(fit, target, group)
        log2fc_s[:, number], p_s[:, number] = s.log2fc, s.p
        treat_s[:, number] = treat_contrast(fit, target, group, log2fc=treat_log2fc)
        if input is not None:
            veto = test_contrast(fit, group, input)
            log2fc_veto[:, number], fdr_veto[:, number] = veto.log2fc, adjust_bh(veto.p)
    columns = np.flatnonzero(labels == target)
    references = np.flatnonzero(np.isin(labels, [*comparators, *([] if input is None else [input])]))
    return TierEvidence(
        fit=fit,
        replicates=columns.size,
        needed=needed_replicates(columns.size),
        consistent=consistent_replicates(fit.counts / fit.sizes * 1e6, columns, references),
        log2fc_e=log2fc_e,
        p_e=p_e,
        fdr_e=adjust_bh(p_e),
        treat_e=treat_e,
        log2fc_s=log2fc_s,
        p_s=p_s,
        fdr_s=_adjust_each(p_s),
        treat_s=treat_s,
        log2fc_veto=log2fc_veto,
        fdr_veto=fdr_veto,
        log2fc_a=log2fc_a,
        fdr_a=fdr_a,
    )


def _adjust_each(p: Floats) -> Floats:
    """Adjust every column of p-values by itself."""
    adjusted = np.empty_like(p)
    for number in range(p.shape[1]):
        adjusted[:, number] = adjust_bh(p[:, number])
    return adjusted
