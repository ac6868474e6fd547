"""Why a unit is nominated or not, in one sentence made of the numbers that decided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bactrian.discovery.selection.tiers import FLOOR_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bactrian.discovery.selection.settings import SelectionSettings

NO_CONTROL = "exploratory: no error control"
# A fold change estimated where one side was never seen is as large as its prior: it is said as a bound.
_MOST_FOLD = 1000.0
_LEAST_FOLD = 0.01


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one unit, in plain numbers; None where there is no contrast.

    Args:
        tier: 0, 1 or 2.
        log2fc_e: Log2 fold change over input.
        fdr_e: Its false discovery rate.
        comparators: Name, log2 fold change and false discovery rate of every comparator; NaN where
            the selections have too few reads to be compared.
        vetoed_by: Comparators that are enriched over input themselves: name and log2 fold change.
        grower: Log2 fold change of the amplification control over input where it is a grower.
        consistent: Target replicates above every reference.
        needed: How many are needed.
        replicates: How many there are.
        fdr_treat: False discovery rate of the TREAT test of both contrasts.
        floor_rate: Share of the nominations at least as certain that label swaps account for; None for a unit
            that fails another criterion, and where there are no swaps.
    """

    tier: int
    log2fc_e: float | None
    fdr_e: float | None
    comparators: tuple[tuple[str, float, float], ...]
    vetoed_by: tuple[tuple[str, float], ...]
    grower: float | None
    consistent: int
    needed: int
    replicates: int
    fdr_treat: float | None
    floor_rate: float | None = None


def say_reason(standing: Standing, settings: SelectionSettings, *, unsupported: Sequence[str] = ()) -> str:
    """Say in one sentence why a unit has its tier.

    Args:
        standing: What is known of the unit.
        settings: The limits that decided.
        unsupported: What the design cannot support; then no unit is nominated.

    Returns:
        The sentence, without a full stop.
    """
    if unsupported:
        return "; ".join((*unsupported, *(_effects(standing) or ["ranked by abundance on the target"])))
    if standing.tier:
        parts = [
            *_effects(standing),
            f"{standing.consistent} of {standing.replicates} replicates consistent",
        ]
        if standing.vetoed_by:
            parts.append(f"enriched on {_folds(standing.vetoed_by)} too, the veto is lifted")
        if standing.tier == 1:
            parts.append(f"not Tier 2: {_doubt(standing, settings)}")
        return f"Tier {standing.tier}: {'; '.join(parts)}"
    return f"not nominated: {'; '.join(_failures(standing, settings))}"


def say_fold(log2fc: float) -> str:
    """Say a log2 fold change as people do.

    Examples:
        >>> say_fold(3.0), say_fold(-1.0), say_fold(20.0)
        ('8.0×', '0.50×', 'over 1,000×')
    """
    fold = 2.0**log2fc if math.isfinite(log2fc) else math.inf if log2fc > 0 else 0.0
    if fold > _MOST_FOLD:
        return f"over {_MOST_FOLD:,.0f}×"
    if fold < _LEAST_FOLD:
        return f"under {_LEAST_FOLD:g}×"
    return f"{fold:.0f}×" if fold >= 10 else f"{fold:.1f}×" if fold >= 1 else f"{fold:.2f}×"


def _effects(standing: Standing) -> list[str]:
    over = [] if standing.log2fc_e is None else [("input", standing.log2fc_e)]
    over += [(name, log2fc) for name, log2fc, _ in standing.comparators if not math.isnan(log2fc)]
    return [", ".join(f"{say_fold(log2fc)} over {name}" for name, log2fc in over)] if over else []


def _folds(named: Sequence[tuple[str, float]]) -> str:
    return " and ".join(f"{name} ({say_fold(log2fc)} over input)" for name, log2fc in named)


def _failures(standing: Standing, settings: SelectionSettings) -> list[str]:
    """Name every criterion that failed, the most telling first."""
    parts = []
    if settings.veto and standing.vetoed_by:
        parts.append(f"enriched on {_folds(standing.vetoed_by)} too")
    if standing.grower is not None:
        parts.append(f"a grower: {say_fold(standing.grower)} in the amplification control over input")
    over = [("input", standing.log2fc_e, standing.fdr_e)] if standing.log2fc_e is not None else []
    for name, log2fc, fdr in [*over, *standing.comparators]:
        if log2fc is None or fdr is None:
            continue
        if math.isnan(log2fc) or math.isnan(fdr):
            parts.append(f"not compared with {name}: too few reads in the selections")
        elif log2fc <= settings.log2fc:
            fold = say_fold(log2fc)
            only = "" if fold.startswith("under") else "only "
            parts.append(f"{only}{fold} over {name} ({say_fold(settings.log2fc)} needed)")
        elif fdr >= settings.fdr:
            parts.append(f"{say_fold(log2fc)} over {name} is not significant (FDR {say_rate(fdr)})")
    if standing.consistent < standing.needed:
        parts.append(
            f"{standing.consistent} of {standing.replicates} replicates consistent ({standing.needed} needed)"
        )
    if not parts and standing.floor_rate is not None:
        parts.append(_below_floor(standing.floor_rate, FLOOR_RATE[0]))
    return parts


def _doubt(standing: Standing, settings: SelectionSettings) -> str:
    """Say what keeps a nominated unit from high confidence."""
    if standing.fdr_treat is not None and not standing.fdr_treat < settings.fdr:
        fold = say_fold(settings.log2fc)
        return f"that both are above {fold} is not significant (FDR {say_rate(standing.fdr_treat)})"
    return _below_floor(standing.floor_rate or 0.0, FLOOR_RATE[1])


def _below_floor(rate: float, allowed: float) -> str:
    return (
        f"not above the noise floor (label swaps account for {say_share(rate)} of the units as certain as "
        f"this, {say_share(allowed)} allowed)"
    )


def say_share(share: float) -> str:
    """Say a share in per cent, in two digits.

    Examples:
        >>> say_share(0.045), say_share(0.126), say_share(1.0)
        ('4.5 %', '13 %', '100 %')
    """
    return f"{float(f'{100 * share:.2g}'):g} %"


def say_rate(rate: float) -> str:
    """Say a p-value or false discovery rate in two digits.

    Examples:
        >>> say_rate(0.043), say_rate(3.2e-7), say_rate(0.97)
        ('0.043', '3e-07', '0.97')
    """
    return f"{rate:.2g}" if rate >= 1e-3 else f"{rate:.0e}"
