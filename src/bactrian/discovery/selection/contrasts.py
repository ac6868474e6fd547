"""The contrasts of one plan: enrichment and veto in all columns, specificity in the selections alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bactrian.discovery.selection.consistency import (
    consistent_replicates,
    lead_over_references,
    needed_replicates,
)
from bactrian.discovery.selection.quasi import test_contrast, treat_contrast

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bactrian.discovery.selection.group_fit import GroupFit

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Roles:
    """Which group is what.

    Args:
        target: Group of the target selections.
        comparators: Groups they are compared with, k of them.
        input: Group of the unpanned library; None without one.
        control: Group of the amplification control; None without one.
    """

    target: int
    comparators: tuple[int, ...]
    input: int | None
    control: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Contrasts:
    """The tests of n units against k comparators; NaN where nothing can be tested.

    Args:
        consistent: (n,) target columns above every reference.
        lead: (n,) by how much the replicate that decides consistency exceeds the best reference, log2.
        log2fc_e: (n,) target − input.
        p_e: (n,) two-sided.
        treat_e: (n,) TREAT.
        log2fc_s: (n, k) target − comparator.
        p_s: (n, k) two-sided.
        treat_s: (n, k) TREAT.
        log2fc_veto: (n, k) comparator − input.
        p_veto: (n, k) two-sided.
    """

    consistent: Ints
    lead: Floats
    log2fc_e: Floats
    p_e: Floats
    treat_e: Floats
    log2fc_s: Floats
    p_s: Floats
    treat_s: Floats
    log2fc_veto: Floats
    p_veto: Floats


def selected_groups(roles: Roles) -> list[int]:
    """Give the groups whose columns are independent selections.

    Args:
        roles: Which group is what.

    Returns:
        Target, comparators and control.
    """
    return [roles.target, *roles.comparators, *([] if roles.control is None else [roles.control])]


def panned_columns(labels: Ints, roles: Roles) -> tuple[NDArray[np.intp], Ints]:
    """Give the columns of target and comparators and their groups, target 0 and comparators from 1.

    Args:
        labels: (m,) group of every column.
        roles: Which group is what.

    Returns:
        (c,) column numbers and (c,) groups.
    """
    order = [roles.target, *roles.comparators]
    own = np.flatnonzero(np.isin(labels, order))
    number = {group: place for place, group in enumerate(order)}
    return own, np.array([number[int(label)] for label in labels[own]], dtype=np.int64)


def compare_replicates(cpm: Floats, labels: Ints, roles: Roles) -> tuple[Ints, Floats]:
    """Count the consistent replicates and give the lead of the one that decides.

    Args:
        cpm: (n, m) normalised counts per million.
        labels: (m,) group of every column.
        roles: Which group is what.

    Returns:
        (n,) consistent replicates and (n,) leads, NaN without a reference.
    """
    groups = [*roles.comparators, *([] if roles.input is None else [roles.input])]
    target, references = np.flatnonzero(labels == roles.target), np.flatnonzero(np.isin(labels, groups))
    consistent = consistent_replicates(cpm, target, references)
    if not references.size:
        return consistent, np.full(cpm.shape[0], np.nan)
    return consistent, lead_over_references(cpm, target, references, rank=needed_replicates(target.size))


def run_contrasts(
    fit: GroupFit, panned: GroupFit | None, roles: Roles, *, consistent: Ints, lead: Floats, log2fc: float
) -> Contrasts:
    """Run E, S and the veto.

    Args:
        fit: All columns fitted.
        panned: The selections alone, as `panned_columns` numbers them; None where S cannot be tested.
        roles: Which group is what in `fit`.
        consistent: (n,) as `compare_replicates` gives it.
        lead: (n,) likewise.
        log2fc: Threshold of the TREAT tests.

    Returns:
        The contrasts.
    """
    n, k = fit.counts.shape[0], len(roles.comparators)
    log2fc_e, p_e, treat_e = (np.full(n, np.nan) for _ in range(3))
    log2fc_s, p_s, treat_s, log2fc_veto, p_veto = (np.full((n, k), np.nan) for _ in range(5))
    if roles.input is not None:
        e = test_contrast(fit, roles.target, roles.input)
        log2fc_e, p_e = e.log2fc, e.p
        treat_e = treat_contrast(fit, roles.target, roles.input, log2fc=log2fc)
    for number, group in enumerate(roles.comparators):
        if panned is not None:
            s = test_contrast(panned, 0, number + 1)
            log2fc_s[:, number], p_s[:, number] = s.log2fc, s.p
            treat_s[:, number] = treat_contrast(panned, 0, number + 1, log2fc=log2fc)
        if roles.input is not None:
            veto = test_contrast(fit, group, roles.input)
            log2fc_veto[:, number], p_veto[:, number] = veto.log2fc, veto.p
    return Contrasts(consistent, lead, log2fc_e, p_e, treat_e, log2fc_s, p_s, treat_s, log2fc_veto, p_veto)
