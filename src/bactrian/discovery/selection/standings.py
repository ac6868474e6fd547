"""The reason of every unit of a judged plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bactrian.discovery.selection.reasons import Standing, say_reason

if TYPE_CHECKING:
    from bactrian.discovery.selection.judgement import Judged
    from bactrian.discovery.selection.settings import SelectionSettings


def say_reasons(judged: Judged, settings: SelectionSettings) -> list[str]:
    """Give every tested unit its sentence.

    Args:
        judged: The judgement of a plan.
        settings: The limits that decided.

    Returns:
        One sentence per tested unit.
    """
    plan, evidence, tiers = judged.plan, judged.evidence, judged.tiers
    names = [comparator.name for comparator in plan.comparators]
    reasons = []
    for at in range(judged.tested.size):
        e = None if plan.input is None else (evidence.log2fc_e[at] if evidence else judged.plain_e[at])
        s = evidence.log2fc_s[at] if evidence else judged.plain_s[at]
        fdr = evidence.fdr_s[at] if evidence else np.full(len(names), np.nan)
        vetoes: tuple[tuple[str, float], ...] = ()
        if evidence is not None and tiers is not None and tiers.vetoed[at]:
            vetoes = tuple(
                (name, float(evidence.log2fc_veto[at, number]))
                for number, name in enumerate(names)
                if evidence.fdr_veto[at, number] < settings.fdr and evidence.log2fc_veto[at, number] > 0
            )
        standing = Standing(
            tier=int(judged.tier[at]),
            log2fc_e=None if e is None else float(e),
            fdr_e=float(evidence.fdr_e[at]) if evidence and e is not None else None,
            comparators=tuple(
                (name, float(value), float(rate)) for name, value, rate in zip(names, s, fdr, strict=True)
            ),
            vetoed_by=vetoes,
            grower=float(evidence.log2fc_a[at])
            if evidence is not None and tiers is not None and tiers.grower[at]
            else None,
            consistent=int(judged.consistent[at]),
            needed=judged.needed,
            replicates=plan.replicates,
            fdr_treat=float(tiers.fdr_treat[at]) if tiers is not None else None,
            floor_rate=float(tiers.floor_rate[at])
            if tiers is not None and not np.isnan(tiers.floor_rate[at])
            else None,
        )
        reasons.append(say_reason(standing, settings, unsupported=judged.unsupported))
    return reasons
