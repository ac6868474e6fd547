"""The nomination rule on simulated campaigns: power, false nominations, nothing found where nothing is.

In simulation: both simulators are this project's own, and the rule was tuned on other seeds of them.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from bactrian.core.seeds import make_rng
from bactrian.discovery.selection.evidence import gather_evidence
from bactrian.discovery.simulator.library import draw_frequencies
from bactrian.discovery.simulator.panning import pan_library
from bactrian.discovery.simulator.settings import LibrarySettings, named_panning_settings
from benchmarks import TargetMissedError
from benchmarks.screen_checks import Target, table
from benchmarks.selection_campaigns import (
    COMPARATOR,
    FLOOR_LIMITS,
    INPUT,
    LEAST_READS,
    TARGET,
    WORKERS,
    Scene,
    Verdict,
    judge_all,
    mean_fdr,
    mean_power,
    spread_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Seeds 1 to 99 were for tuning. Seeds from 1001 showed that splits of replicates failed, which was mended on
# seeds 1 to 60 and proved on seeds from 3001. Splits beside input samples failed on seeds 1 to 40 and were
# mended after that. These seeds were not looked at before.
FIRST_SEED = 4001
CAMPAIGNS = 20
NULLS = 50
SPLITS = 100
INPUTS = 3
SETTINGS = ("standard", "harsh")
REPLICATES = (3, 2)
# What must be reached: power and share of false nominations at Tier 1.
BOUNDS = {
    ("standard", 3): (0.87, 0.02),
    ("standard", 2): (0.82, 0.03),
    ("harsh", 3): (0.46, 0.03),
    ("harsh", 2): (0.46, 0.03),
}
# Campaigns in which Tier 2 may nominate anything, and units Tier 1 may nominate on average.
NULL_RATE, NULL_UNITS = 0.05, 1.0


def power_scenes(campaigns: int, first: int = FIRST_SEED) -> dict[tuple[str, int], list[Scene]]:
    """Give the campaigns with binders, by setting and replicates."""
    return {
        (setting, n): [Scene(setting, n, seed) for seed in range(first, first + campaigns)]
        for setting in SETTINGS
        for n in REPLICATES
    }


def null_scenes(campaigns: int, first: int = FIRST_SEED) -> dict[tuple[str, str, int], list[Scene]]:
    """Give the campaigns without a binder, by simulator, setting and replicates."""
    return {
        (law, setting, n): [
            Scene(setting, n, seed, law=law, binders=False) for seed in range(first, first + campaigns)
        ]
        for law in ("panning", "dirichlet")
        for setting in SETTINGS
        for n in REPLICATES
    }


def count_split(setting: str, seed: int, inputs: int) -> int:
    """Split six target replicates at random three to three and count what differs at 5 %.

    Args:
        setting: Named panning settings.
        seed: Seed of panning and split.
        inputs: Input samples beside them.

    Returns:
        Units whose FDR of S, as it is reported, is below 5 %.
    """
    library = LibrarySettings()
    settings = replace(named_panning_settings(setting), replicates=6, counter=False, inputs=inputs)
    settings = replace(settings, sequenced=(settings.rounds,))
    clones = draw_frequencies(library, rng=make_rng(seed, "frequencies"))
    panning = pan_library(clones, settings, library=library, seed=seed)
    groups = np.full(len(panning.samples), INPUT, dtype=np.int64)
    halves = make_rng(seed, "split").permutation(np.repeat([TARGET, COMPARATOR], 3))
    groups[[sample.arm == "target" for sample in panning.samples]] = halves
    counts = panning.counts.T
    counts = np.ascontiguousarray(counts[counts.sum(axis=1) >= LEAST_READS])
    evidence = gather_evidence(
        counts, groups, target=TARGET, comparators=[COMPARATOR], input=INPUT if inputs else None
    )
    return int((evidence.fdr_s[:, 0] < 0.05).sum())


def binomial_bound(rate: float, trials: int) -> float:
    """Give a rate plus two standard errors of its estimate."""
    return rate + 2 * float(np.sqrt(rate * (1 - rate) / trials))


def show_power(found: dict[tuple[str, int], list[Verdict]]) -> tuple[list[str], list[Target]]:
    """Give the table of power and false nominations, and the targets."""
    lines = [
        "| setting | replicates | Tier 1 power | Tier 1 FDR | Tier 2 power | Tier 2 FDR | floor "
        "| truly false |",
        "|---|---|---|---|---|---|---|---|",
    ]
    targets = []
    for (setting, n), verdicts in found.items():
        power, fdr = mean_power(verdicts), mean_fdr(verdicts)
        errors = (
            spread_of([one.tier1[0] / one.binders for one in verdicts]),
            spread_of([one.tier1[1] / max(sum(one.tier1), 1) for one in verdicts]),
        )
        lines.append(
            f"| {setting} | {n} | {power:.3f} ± {errors[0]:.3f} | {fdr:.3f} ± {errors[1]:.3f} "
            f"| {mean_power(verdicts, 2):.3f} | {mean_fdr(verdicts, 2):.3f} "
            f"| {np.mean([one.floor for one in verdicts]):.1f} "
            f"| {np.mean([one.uncut for one in verdicts]):.1f} |"
        )
        least, most = BOUNDS[setting, n]
        targets += [
            Target(f"{setting}, {n} replicates: power at Tier 1", power, least=least),
            Target(f"{setting}, {n} replicates: share of false nominations", fdr, most=most),
        ]
    return lines, targets


def show_null(found: dict[tuple[str, str, int], list[Verdict]]) -> tuple[list[str], list[Target]]:
    """Give the table of campaigns without a binder, and the targets."""
    lines = [
        "| simulator | setting | replicates | Tier 1 units | campaigns with any | Tier 2 units "
        "| campaigns with any | floor | before the floor |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    targets = []
    any_second: list[NDArray[np.bool_]] = []
    for (law, setting, n), verdicts in found.items():
        first, second = (np.array([sum(getattr(one, f"tier{tier}")) for one in verdicts]) for tier in (1, 2))
        lines.append(
            f"| {law} | {setting} | {n} | {first.mean():.2f} | {100 * (first > 0).mean():.0f} % "
            f"| {second.mean():.2f} | {100 * (second > 0).mean():.0f} % "
            f"| {np.mean([one.floor for one in verdicts]):.2f} "
            f"| {np.mean([one.uncut for one in verdicts]):.2f} |"
        )
        name = f"{law}, {setting}, {n} replicates"
        targets.append(
            Target(f"{name}: units at Tier 1", float(first.mean()), most=NULL_UNITS, percent=False)
        )
        any_second += [second > 0]
    every = np.concatenate(any_second)
    targets.append(
        Target(f"all {every.size} campaigns: with a Tier 2 unit", float(every.mean()),
               most=binomial_bound(NULL_RATE, every.size))
    )  # fmt: skip
    return lines, targets


def show_trade_off(
    power: dict[tuple[str, int], list[Verdict]], null: dict[tuple[str, str, int], list[Verdict]]
) -> list[str]:
    """Give power, FDR and null nominations of Tier 1 along the limit of the noise floor."""
    lines = [
        "| limit | " + " | ".join(f"{setting}, {n}" for setting, n in power) + " | without binders, most |",
        "|---" * (len(power) + 2) + "|",
    ]
    for place, limit in enumerate(FLOOR_LIMITS):
        cells = []
        for verdicts in power.values():
            share = np.mean([one.curve[place][0] / one.binders for one in verdicts])
            false = np.mean([one.curve[place][1] / max(sum(one.curve[place]), 1) for one in verdicts])
            cells.append(f"{share:.3f} / {false:.3f}")
        worst = max(float(np.mean([sum(one.curve[place]) for one in verdicts])) for verdicts in null.values())
        lines.append(f"| {'none' if np.isinf(limit) else f'{limit:g}'} | {' | '.join(cells)} | {worst:.2f} |")
    return lines


def main() -> str:
    """Run the campaigns and hold them to the targets."""
    with_binders, without = power_scenes(CAMPAIGNS), null_scenes(NULLS)
    scenes = [scene for group in (*with_binders.values(), *without.values()) for scene in group]
    verdicts = iter(judge_all(scenes))
    power = {key: [next(verdicts) for _ in group] for key, group in with_binders.items()}
    null = {key: [next(verdicts) for _ in group] for key, group in without.items()}
    seeds = range(FIRST_SEED, FIRST_SEED + SPLITS)
    splits = {}
    with ProcessPoolExecutor(WORKERS) as pool:
        for setting, inputs in product(SETTINGS, (0, INPUTS)):
            found = pool.map(count_split, [setting] * SPLITS, seeds, [inputs] * SPLITS, chunksize=5)
            splits[setting, inputs] = np.array(list(found))
    power_lines, targets = show_power(power)
    null_lines, more = show_null(null)
    targets += more
    targets += [
        Target(f"{setting}, {inputs} input samples: splits 3 against 3 with any discovery",
               float((found > 0).mean()), most=binomial_bound(0.05, SPLITS))
        for (setting, inputs), found in splits.items()
    ]  # fmt: skip
    lines = [
        "In simulation; no real data. Power: share of the 200 specific clones nominated; FDR: share of the "
        "nominations that are not specific, mean over campaigns ± its standard error. Floor: units the "
        "label swaps nominate, to be compared with those truly false before the floor is applied.",
        f"Seeds {FIRST_SEED} to {FIRST_SEED + CAMPAIGNS - 1} with binders, to {FIRST_SEED + NULLS - 1} "
        f"without, to {FIRST_SEED + SPLITS - 1} for the splits.",
        "", "## With binders", "", *power_lines,
        "", "## Without a binder", "", *null_lines,
        "", "## Trade-off at Tier 1 along the limit of the noise floor", "",
        "Power / FDR by setting and replicates; last column: mean units nominated without binders, of the "
        "worst simulator, setting and replicate number.", "",
        *show_trade_off(power, null),
        "", "## Targets", "", table(targets),
    ]  # fmt: skip
    missed = [target.name for target in targets if not target.met]
    text = "\n".join(lines)
    if missed:
        raise TargetMissedError(text, "; ".join(missed))
    return text
