"""The screen on simulated reads with known truth: 2×250 nt, no chimeras and 5, 20 and 45 %.

In simulation: the reads follow the panning simulator's own model.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bactrian.cli import main as run_bactrian
from bactrian.discovery.screen import screen_library
from benchmarks import TargetMissedError
from benchmarks.screen_checks import Recovery, Target, measure_balance, measure_truth, table

SHARES = (0.0, 0.05, 0.2, 0.45)
# Fresh: the numbering was mended after seeds 101 to 104 had shown two clones that lost their CDR2.
FIRST_SEED = 201
SIZE = ("--clones", "5000", "--reads", "40000", "--replicates", "2", "--read-length", "250")


def simulate_and_screen(
    folder: Path, chimeras: float, *, seed: int, size: tuple[str, ...] = SIZE
) -> Recovery:
    """Simulate a panning, screen it and hold it to its truth.

    Args:
        folder: Empty folder for both.
        chimeras: Share of molecules recombined in PCR.
        seed: Seed of the simulation.
        size: Further options of `bactrian simulate panning`.

    Returns:
        What `measure_truth` gives.

    Raises:
        RuntimeError: If the simulation fails, or the screen loses a pair.
    """
    options = ["--seed", str(seed), "--chimeras", str(chimeras), "--truth-reads", "--quiet", *size]
    if run_bactrian(["simulate", "panning", "--out", str(folder / "panning"), *options]):
        msg = "the simulation failed"
        raise RuntimeError(msg)
    screen_library(folder / "panning" / "sheet.csv", folder / "screen", pair_records=True)
    if not all(target.met for target in measure_balance(folder / "screen")):
        msg = "the screen lost pairs"
        raise RuntimeError(msg)
    return measure_truth(folder / "screen", folder / "panning" / "truth")


def list_targets(found: Recovery, chimeras: float) -> list[Target]:
    """Give the figures of one simulation with what they must reach."""
    if not chimeras:
        return [
            Target("error-free molecules recovered", found.recovered, least=0.995),
            Target("molecules read without error whose record is exact", found.exact, least=0.995),
            Target("false clonotypes at abundance ≥ 3", found.false_clonotypes, most=0.001),
            Target("clonotypes with ≥ 20 molecules counted within 5 %", found.abundant_within, least=1.0),
        ]
    return [
        Target("clonotypes with ≥ 20 molecules counted within 5 %", found.abundant_within, least=1.0),
        Target("false clonotypes at abundance ≥ 3", found.false_clonotypes, most=0.005),
        Target("named parent CDR1–2 that are right", found.parents_right, least=0.99),
        Target("CDR3s with ≥ 20 molecules whose CDR1–2 is named", found.named),
        Target("largest error of a count ≥ 20", found.worst),
        Target("chimeric molecules, in truth", found.chimeric_true),
        Target("chimeric molecules, found", found.chimeric_found),
    ]


def main() -> str:
    """Simulate, screen and measure at each share of recombination."""
    lines, missed = [f"Settings: {' '.join(SIZE)}; seeds {FIRST_SEED} to {FIRST_SEED + len(SHARES) - 1}."], []
    for number, share in enumerate(SHARES, start=FIRST_SEED):
        with tempfile.TemporaryDirectory() as temporary:
            targets = list_targets(simulate_and_screen(Path(temporary), share, seed=number), share)
        lines += ["", f"## {100 * share:.0f} % recombined", "", table(targets)]
        missed += [f"{target.name} at {100 * share:.0f} %" for target in targets if not target.met]
    text = "\n".join(lines)
    if missed:
        raise TargetMissedError(text, "; ".join(missed))
    return text
