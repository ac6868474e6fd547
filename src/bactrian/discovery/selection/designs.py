"""What a plan compared, how much it can see and what its nominations may be taken for, in one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from bactrian.discovery.selection.frames import SCHEMAS
from bactrian.discovery.selection.notes import say_untested
from bactrian.discovery.selection.power import smallest_log2fc

if TYPE_CHECKING:
    from bactrian.discovery.selection.design import Plan
    from bactrian.discovery.selection.judgement import Judged
    from bactrian.discovery.selection.settings import SelectionSettings

NORMALISATION: Final = "TMM with singleton pairing"


def describe_design(plan: Plan, judged: Judged | None, settings: SelectionSettings) -> pl.DataFrame:
    """Give the one row that says what a plan compared, found and can claim."""
    fit = None if judged is None else judged.fit
    bcv = None if fit is None else float(np.sqrt(fit.common_dispersion))
    df_prior = None if fit is None or not fit.testable else float(np.median(fit.df_prior))
    floors = None if judged is None or not judged.floors.size else judged.floors.mean(axis=0)
    row = {
        "library": plan.library,
        "antigen": plan.antigen,
        "rounds": ";".join(str(number) for number in plan.rounds),
        "replicates": plan.replicates,
        "comparators": ";".join(comparator.name for comparator in plan.comparators),
        "inputs": len(plan.of(plan.input)),
        "control": plan.control is not None,
        "wanted_with": ";".join(plan.wanted_with),
        "n_tested": 0 if judged is None else judged.tested.size,
        "tier1": 0 if judged is None else int((judged.tier >= 1).sum()),
        "tier2": 0 if judged is None else int((judged.tier >= 2).sum()),
        "bcv": bcv,
        "df_prior": df_prior,
        "smallest_log2fc": None if judged is None else _smallest(plan, judged, settings),
        "floor_tier1": None if floors is None else float(floors[0]),
        "floor_tier2": None if floors is None else float(floors[1]),
        "normalisation": NORMALISATION,
        "left_out": ";".join(plan.left_out),
        "exploratory": plan.exploratory,
        "claim": say_claim(plan, judged, settings),
    }
    return pl.DataFrame([row], schema=SCHEMAS["designs"])


def say_claim(plan: Plan, judged: Judged | None, settings: SelectionSettings) -> str:
    """Say in one sentence what the nominations of a plan may be taken for."""
    if judged is None:
        return f"Nothing could be tested: {say_untested(plan, settings)}."
    if judged.unsupported:
        said = "; ".join(judged.unsupported)
        return f"No nomination: {said}."
    over = " and every comparator" if len(plan.comparators) > 1 else f" and {plan.comparators[0].name}"
    return (
        f"Nominated units are enriched over input{over} by more than {2**settings.log2fc:g}×, each contrast "
        f"at a false discovery rate of {settings.fdr:g}, "
        f"in {judged.needed} of {plan.replicates} replicates or more."
    )


def _smallest(plan: Plan, judged: Judged, settings: SelectionSettings) -> float | None:
    """Give the smallest log2 fold change over the comparator with the fewest columns that is mostly found."""
    if judged.evidence is None or not plan.comparators:
        return None
    fewest = min(len(plan.of(comparator.group)) for comparator in plan.comparators)
    found = smallest_log2fc(judged.fit, replicates=plan.replicates, references=fewest, fdr=settings.fdr)
    return found if np.isfinite(found) else None
