"""Simulated campaigns for the proofs of the nomination rule: counts, what is true, and the verdict."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from bactrian.core.seeds import make_rng
from bactrian.discovery.selection.evidence import gather_evidence
from bactrian.discovery.selection.settings import SelectionSettings
from bactrian.discovery.selection.tiers import assign_tiers
from bactrian.discovery.simulator.dirichlet import pan_dirichlet
from bactrian.discovery.simulator.hopping import hop_sample
from bactrian.discovery.simulator.library import draw_frequencies
from bactrian.discovery.simulator.panning import pan_library
from bactrian.discovery.simulator.settings import LibrarySettings, named_panning_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TARGET, COMPARATOR, INPUT = 0, 1, 2
ARMS = {"target": TARGET, "counter": COMPARATOR, "input": INPUT}
WORKERS = min(2, os.cpu_count() or 1)
# From fewer reads than this a unit is not tested; the default of the selection settings.
LEAST_READS = SelectionSettings().min_reads
# Limits of the noise floor along which the trade-off is shown; infinity switches it off.
FLOOR_LIMITS = (np.inf, 0.1, 0.05, 0.03, 0.02, 0.01)


@dataclass(frozen=True, slots=True)
class Scene:
    """One simulated campaign.

    Args:
        setting: `standard` or `harsh`.
        replicates: Selections of each arm.
        seed: Seed of all chance.
        law: Which simulator.
        binders: Whether there are specific clones.
        changes: Panning settings that differ from the named ones.
        hopping: Share of molecules that come from another sample.
        recombined: Share of molecules whose CDR1–2 is another clone's; then units are clonotypes.
        by: What is counted: the CDR3, which recombination leaves alone, or the clonotype.
    """

    setting: str
    replicates: int
    seed: int
    law: Literal["panning", "dirichlet"] = "panning"
    binders: bool = True
    changes: tuple[tuple[str, float], ...] = ()
    hopping: float = 0.0
    recombined: float = 0.0
    by: Literal["cdr3", "clonotype"] = "cdr3"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rule made of a campaign.

    Args:
        binders: Specific clones there were.
        tier1: True and false units at Tier 1 or better.
        tier2: True and false units at Tier 2.
        floor: Units of Tier 1 the label swaps nominate on average, before the floor is applied.
        uncut: False units that pass all of Tier 1 but the floor.
        curve: For every limit of the floor: true and false units.
    """

    binders: int
    tier1: tuple[int, int]
    tier2: tuple[int, int]
    floor: float
    uncut: int
    curve: tuple[tuple[int, int], ...]


def simulate_counts(scene: Scene) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], int]:
    """Simulate a campaign.

    Args:
        scene: What to simulate.

    Returns:
        Counts of the tested units (n, m), group of every column (m,), whether each unit is a specific
        clone (n,), and how many specific clones there are.
    """
    library = LibrarySettings()
    settings = replace(named_panning_settings(scene.setting), replicates=scene.replicates)
    settings = replace(settings, sequenced=(settings.rounds,), **dict(scene.changes))
    if not scene.binders:
        settings = replace(settings, specific=0)
    clones = draw_frequencies(library, rng=make_rng(scene.seed, "frequencies"))
    pan = pan_library if scene.law == "panning" else pan_dirichlet
    panning = pan(clones, settings, library=library, seed=scene.seed)
    counts = panning.counts
    if scene.hopping:
        names = [sample.name for sample in panning.samples]
        counts = np.stack(
            [
                own + sum((part.counts for part in foreign), np.zeros_like(own))
                for own, foreign in (
                    hop_sample(counts, names, sample=j, share=scene.hopping, seed=scene.seed)
                    for j in range(len(names))
                )
            ]
        )
    specific = (panning.clones["class"] == "specific").to_numpy()
    table = counts.T
    if scene.by == "clonotype":
        table, specific = recombine(table, specific, scene.recombined, rng=make_rng(scene.seed, "chimeras"))
    groups = np.array([ARMS[sample.arm] for sample in panning.samples], dtype=np.int64)
    tested = table.sum(axis=1) >= LEAST_READS
    return np.ascontiguousarray(table[tested]), groups, specific[tested], settings.specific


def recombine(
    counts: NDArray[np.int64], specific: NDArray[np.bool_], share: float, *, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Move a share of the molecules to chimeric clonotypes: their CDR3, and the CDR1–2 of another molecule.

    Args:
        counts: (n, m) molecules by clone.
        specific: (n,) which clones are binders.
        share: Chance that a molecule is recombined; its partner is drawn from the same sample.
        rng: Source of all chance.

    Returns:
        Counts by clonotype, clones first, and which are binders: no chimera is, whatever its CDR3.
    """
    n, m = counts.shape
    kept = counts.copy()
    pairs, columns = [], []
    for j in range(m):
        lost = rng.binomial(counts[:, j], share)
        kept[:, j] -= lost
        owner = np.repeat(np.arange(n), lost)
        partners = np.repeat(np.arange(n), rng.multinomial(owner.size, counts[:, j] / counts[:, j].sum()))
        rng.shuffle(partners)
        np.add.at(kept[:, j], owner[owner == partners], 1)
        foreign = owner != partners
        pairs.append(owner[foreign] * n + partners[foreign])
        columns.append(np.full(int(foreign.sum()), j))
    keys, unit = np.unique(np.concatenate(pairs), return_inverse=True)
    chimeras = np.zeros((keys.size, m), dtype=np.int64)
    np.add.at(chimeras, (unit, np.concatenate(columns)), 1)
    return np.vstack([kept, chimeras]), np.concatenate([specific, np.zeros(keys.size, dtype=np.bool_)])


def judge(scene: Scene) -> Verdict:
    """Simulate a campaign, nominate, and hold the nominations to the truth.

    Args:
        scene: What to simulate.

    Returns:
        What the rule made of it.
    """
    counts, groups, specific, binders = simulate_counts(scene)
    evidence = gather_evidence(counts, groups, target=TARGET, comparators=[COMPARATOR], input=INPUT)
    tiers = assign_tiers(evidence, SelectionSettings())
    passing = ~np.isnan(tiers.floor_rate)

    def count(chosen: NDArray[np.bool_]) -> tuple[int, int]:
        return int((chosen & specific).sum()), int((chosen & ~specific).sum())

    return Verdict(
        binders=binders,
        tier1=count(tiers.tier >= 1),
        tier2=count(tiers.tier == 2),
        floor=float(tiers.floor[:, 0].mean()) if len(tiers.floor) else 0.0,
        uncut=count(passing)[1],
        curve=tuple(count(passing & (tiers.floor_rate <= limit)) for limit in FLOOR_LIMITS),
    )


def judge_all(scenes: Sequence[Scene]) -> list[Verdict]:
    """Judge campaigns in worker processes.

    Args:
        scenes: What to simulate.

    Returns:
        Verdicts in the same order.
    """
    with ProcessPoolExecutor(WORKERS) as pool:
        return list(pool.map(judge, scenes, chunksize=4))


def mean_power(verdicts: Sequence[Verdict], tier: int = 1) -> float:
    """Give the mean share of specific clones nominated."""
    return float(np.mean([getattr(one, f"tier{tier}")[0] / one.binders for one in verdicts]))


def mean_fdr(verdicts: Sequence[Verdict], tier: int = 1) -> float:
    """Give the mean share of nominations that are not specific, 0 where nothing is nominated."""
    return float(np.mean([_share_false(*getattr(one, f"tier{tier}")) for one in verdicts]))


def _share_false(true: int, false: int) -> float:
    return false / max(true + false, 1)


def spread_of(values: Sequence[float]) -> float:
    """Give the standard error of a mean."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
