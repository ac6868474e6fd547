"""The criteria of a tier, one by one: what was found for a unit, the limit, and whether it passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bactrian.discovery.selection.consistency import needed_replicates
from bactrian.discovery.selection.reasons import say_fold, say_rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bactrian.discovery.selection.settings import SelectionSettings

ENRICHMENT_FOLD, ENRICHMENT_FDR = "enrichment fold", "enrichment FDR"
SPECIFICITY_FOLD, SPECIFICITY_FDR = "specificity fold", "specificity FDR"
VETO, GROWER, CONSISTENCY, TREAT = "veto", "grower", "consistency", "TREAT FDR"
# What keeps a unit from its tier beside these: the selection says what it is.
FURTHER = "further rule"
NOT_NOMINATED = "not nominated: "


@dataclass(frozen=True, slots=True)
class Check:
    """One criterion on one unit.

    Args:
        criterion: Its name, one of the constants of this module.
        against: What the target is compared with: "input" or a comparator's name; "" for the others.
        found: What was found, in words.
        limit: What is needed, in words.
        passed: None where it cannot be tested.
        tier: The tier that needs it.
    """

    criterion: str
    against: str
    found: str
    limit: str
    passed: bool | None
    tier: int = 1


def check_unit(
    row: Mapping[str, Any], contrasts: Sequence[Mapping[str, Any]], limits: SelectionSettings
) -> list[Check]:
    """Judge one unit for one antigen, criterion by criterion.

    Args:
        row: Its row of the selection's table.
        contrasts: Its rows of the contrasts; without any the worst comparator of `row` is used.
        limits: The limits of the tiers.

    Returns:
        The checks in the order in which a person reads them: enrichment, specificity against each comparator,
        veto, consistency, growth, then what Tier 2 asks beyond.
    """
    checks = _contrast("input", row["log2fc_e"], row["fdr_e"], (ENRICHMENT_FOLD, ENRICHMENT_FDR), limits)
    compared = [(one["comparator"], one["log2fc"], one["fdr"]) for one in contrasts] or [
        (row["comparator"] or "comparator", row["log2fc_s"], row["fdr_s"])
    ]
    for name, log2fc, fdr in compared:
        checks += _contrast(name, log2fc, fdr, (SPECIFICITY_FOLD, SPECIFICITY_FDR), limits)
    checks.append(_veto(row, limits))
    replicates, consistent = row["replicates"], row["replicates_consistent"]
    if replicates is not None and consistent is not None:
        needed = needed_replicates(replicates)
        checks.append(
            Check(
                CONSISTENCY,
                "",
                f"{consistent} of {replicates} replicates consistent",
                f"{needed} needed",
                consistent >= needed if replicates > 1 else None,
            )
        )
    if row["log2fc_a"] is not None:
        grown = f"{say_fold(row['log2fc_a'])} in the amplification control over input"
        checks.append(Check(GROWER, "", grown, "no significant growth allowed", not row["grower"]))
    if row["tier"] == 0 and all(check.passed for check in checks):
        said = str(row["reason"] or "").removeprefix(NOT_NOMINATED)
        checks.append(Check(FURTHER, "", said, "see the rule of the tiers", passed=False))
    if row["fdr_treat"] is not None:
        checks.append(
            Check(
                TREAT,
                "",
                f"FDR {say_rate(row['fdr_treat'])} that both exceed {say_fold(limits.log2fc)}",
                f"below {limits.fdr:g} needed",
                row["fdr_treat"] < limits.fdr,
                tier=2,
            )
        )
    return checks


def _contrast(
    against: str, log2fc: float | None, fdr: float | None, names: tuple[str, str], limits: SelectionSettings
) -> list[Check]:
    if log2fc is None:
        return [Check(names[0], against, "not tested", f"more than {say_fold(limits.log2fc)} needed", None)]
    fold = Check(
        names[0],
        against,
        f"{say_fold(log2fc)} over {against}",
        f"more than {say_fold(limits.log2fc)} needed",
        log2fc > limits.log2fc,
    )
    if fdr is None:
        return [fold, Check(names[1], against, "FDR not tested", f"below {limits.fdr:g} needed", None)]
    return [
        fold,
        Check(names[1], against, f"FDR {say_rate(fdr)}", f"below {limits.fdr:g} needed", fdr < limits.fdr),
    ]


def _veto(row: Mapping[str, Any], limits: SelectionSettings) -> Check:
    limit = "none allowed" if limits.veto else "the veto is lifted"
    if not row["vetoed"]:
        tested = row["fdr_e"] is not None and row["log2fc_s"] is not None
        return Check(
            VETO, "", "no comparator enriched over input" if tested else "not tested", limit, tested or None
        )
    fold = "" if row["log2fc_veto"] is None else f" {say_fold(row['log2fc_veto'])} over input"
    name = row["vetoed_by"] or "a comparator"
    return Check(VETO, name, f"enriched on {name} too{fold and ','}{fold}", limit, not limits.veto)
