"""The nomination rule, in one place: from evidence to tiers 0, 1 and 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bactrian.discovery.selection.multiplicity import adjust_bh

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.selection.evidence import TierEvidence
    from bactrian.discovery.selection.settings import SelectionSettings

    Bools = NDArray[np.bool_]


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
    fdr_treat: NDArray[np.float64]


def assign_tiers(evidence: TierEvidence, settings: SelectionSettings) -> Tiers:
    """Nominate.

    Tier 1 takes E and S against every comparator, each with its FDR below the limit and a log2 fold change
    above it, enough consistent replicates, no comparator arm that is itself significantly enriched over input
    (by any amount: a unit may be more on the target and still bind the counter surface), and no significant
    growth without an antigen. Tier 2 takes the TREAT tests as well. What could not be tested passes nothing.

    Args:
        evidence: From `gather_evidence`.
        settings: FDR, log2 fold change and whether the veto counts.

    Returns:
        Tiers and criteria.
    """
    n, k = evidence.log2fc_s.shape
    # Comparisons with NaN are false: what was not tested does not pass.
    enriched = (evidence.fdr_e < settings.fdr) & (evidence.log2fc_e > settings.log2fc)
    above = (evidence.fdr_s < settings.fdr) & (evidence.log2fc_s > settings.log2fc)
    specific: Bools = np.asarray(above.all(axis=1)) & (k > 0)
    risen = (evidence.fdr_veto < settings.fdr) & (evidence.log2fc_veto > 0)
    vetoed: Bools = np.asarray(risen.any(axis=1))
    vetoed_by = np.full(n, -1, dtype=np.int64)
    if k:
        vetoed_by[vetoed] = np.where(risen, evidence.log2fc_veto, -np.inf)[vetoed].argmax(axis=1)
    grower = (evidence.fdr_a < settings.fdr) & (evidence.log2fc_a > 0)
    consistent = evidence.consistent >= evidence.needed
    fdr_treat = adjust_bh(np.column_stack([evidence.treat_e, evidence.treat_s]).max(axis=1))
    treat = fdr_treat < settings.fdr
    allowed = ~grower & (~vetoed if settings.veto else True)
    first = enriched & specific & consistent & allowed
    return Tiers(
        tier=first.astype(np.int8) + (first & treat).astype(np.int8),
        worst=_worst(evidence.p_s),
        enriched=enriched,
        specific=specific,
        consistent=consistent,
        vetoed=vetoed,
        vetoed_by=vetoed_by,
        grower=grower,
        treat=treat,
        fdr_treat=fdr_treat,
    )


def _worst(p: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give the comparator with the largest p-value; the first where nothing was tested."""
    if not p.shape[1]:
        return np.zeros(p.shape[0], dtype=np.int64)
    return np.asarray(np.where(np.isnan(p), -1.0, p).argmax(axis=1), dtype=np.int64)
