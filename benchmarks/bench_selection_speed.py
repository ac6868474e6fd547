"""Selection statistics of 100,000 units × 30 columns, beside edgeR on the same table where R is installed.

Two targets, seven other arms and an input, three columns each: each target is contrasted with the input and
every other arm, by F-test and by TREAT. Kernels are compiled beforehand; edgeR's clock starts when the table
is in memory. CPU seconds add up the threads and hardly change when other programs run on the machine.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import spearmanr

from bactrian.discovery.selection.design import PLAN_COLUMNS, plan_selection
from bactrian.discovery.selection.judgement import judge_plan
from bactrian.discovery.selection.multiplicity import adjust_bh
from bactrian.discovery.selection.normalise import norm_factors
from bactrian.discovery.selection.quasi import fit_groups, test_contrast, treat_contrast
from bactrian.discovery.selection.settings import SelectionSettings
from bactrian.discovery.selection.shrink import shrink_contrast

UNITS, GROUPS, REPLICATES = 100_000, 10, 3
TARGETS = (0, 1)
DEPTH = 1_000_000
EDGER = """
suppressMessages(library(edgeR))
a <- commandArgs(TRUE)
n <- as.integer(a[2]); m <- as.integer(a[3])
counts <- matrix(readBin(a[1], "integer", n * m), n, m)
groups <- factor(rep(seq_len(as.integer(a[4])) - 1, each = m / as.integer(a[4])))
pairs <- matrix(as.integer(strsplit(a[5], ",")[[1]]), nrow = 2)
design <- model.matrix(~ 0 + groups)
out <- list()
time <- system.time({
  y <- DGEList(counts)
  y <- calcNormFactors(y, method = "TMMwsp")
  y <- estimateDisp(y, design, robust = TRUE)
  f <- glmQLFit(y, design, robust = TRUE)
  for (k in seq_len(ncol(pairs))) {
    contrast <- numeric(ncol(design))
    contrast[pairs[, k] + 1] <- c(1, -1)
    test <- glmQLFTest(f, contrast = contrast)$table
    treat <- glmTreat(f, contrast = contrast, lfc = 1)$table
    fdr <- p.adjust(test$PValue, "BH")
    out[[k]] <- c(test$logFC, test$PValue, treat$PValue)
  }
})
writeBin(unlist(out), a[6])
cat(as.character(packageVersion("edgeR")), time[["elapsed"]], time[["user.self"]] + time[["sys.self"]])
"""


def simulate(units: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Give a count table of skewed abundances with some selected units, and the group of every column."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(GROUPS), REPLICATES)
    level = rng.lognormal(0, 1.2, units)
    effect = np.zeros((units, GROUPS))
    for group in range(GROUPS - 1):
        hit = rng.choice(units, units // 100, replace=False)
        effect[hit, group] = rng.normal(3, 1, hit.size)
    mean = level[:, None] * 2.0 ** effect[:, groups]
    mean *= DEPTH * rng.uniform(0.6, 1.4, groups.size) / mean.sum(axis=0)
    dispersion = 0.15 * 10 / rng.chisquare(10, units)[:, None]
    counts = rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mean))
    return counts[counts.sum(axis=1) >= 8], groups


def run_bactrian(
    counts: np.ndarray, groups: np.ndarray, pairs: list[tuple[int, int]]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Give wall and CPU seconds per part, and log2FC, p and TREAT p of every contrast."""
    seconds: dict[str, np.ndarray] = {}
    clock = _clock()

    def lap(name: str) -> None:
        nonlocal clock
        now = _clock()
        seconds[name], clock = now - clock, now

    factors = norm_factors(counts)
    lap("normalisation")
    fit = fit_groups(counts, groups, norm_factors=factors)
    lap("dispersions and fits")
    found = []
    for pair in pairs:
        contrast = test_contrast(fit, *pair)
        adjust_bh(contrast.p)
        found.append([contrast.log2fc, contrast.p, treat_contrast(fit, *pair, log2fc=1.0)])
    lap(f"{len(pairs)} contrasts, F-test and TREAT")
    for target in TARGETS:
        shrink_contrast(fit, target, GROUPS - 1)
    lap("two contrasts shrunken, with intervals")
    return seconds, np.array(found)


def _clock() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


def run_edger(
    counts: np.ndarray, groups: np.ndarray, pairs: list[tuple[int, int]]
) -> tuple[str, np.ndarray, np.ndarray] | None:
    """Give edgeR's version, seconds and results, or None without R and edgeR."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as temporary:
        table, script, result = (Path(temporary) / name for name in ("counts", "edger.R", "result"))
        counts.T.astype(np.int32).tofile(table)
        script.write_text(EDGER)
        listed = ",".join(str(group) for pair in pairs for group in pair)
        sizes = [str(counts.shape[0]), str(counts.shape[1]), str(int(groups.max()) + 1)]
        done = subprocess.run(
            [program, str(script), str(table), *sizes, listed, str(result)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return None
        version, elapsed, cpu = done.stdout.split()[-3:]
        return version, np.array([float(elapsed), float(cpu)]), np.fromfile(result).reshape(len(pairs), 3, -1)


def time_ranking(counts: np.ndarray) -> tuple[float, float]:
    """Time a whole judgement: one target with 12 selections, two comparators with 6 each, 6 input samples."""
    arms = [("target", "A")] * 12 + [("counter", "B")] * 6 + [("irrelevant", "C")] * 6 + [("input", None)] * 6
    rows = [
        (f"s{at}", f"selection {at}", str(at), 0 if arm == "input" else 3, arm, antigen, "L")
        for at, (arm, antigen) in enumerate(arms)
    ]
    (plan,) = plan_selection(pl.DataFrame(rows, schema=list(PLAN_COLUMNS), orient="row"), SelectionSettings())
    start = time.perf_counter(), time.process_time()
    judge_plan(plan, counts, SelectionSettings())
    return time.perf_counter() - start[0], time.process_time() - start[1]


def main() -> str:
    """Simulate, run both, compare the numbers and the seconds."""
    pairs = [(target, other) for target in TARGETS for other in range(GROUPS) if other != target]
    small, groups = simulate(2000)
    run_bactrian(small, groups, pairs[:1])
    counts, groups = simulate(UNITS)
    seconds, ours = run_bactrian(counts, groups, pairs)
    tested = np.sum(list(seconds.values())[:3], axis=0)
    lines = [
        f"{counts.shape[0]:,} of {UNITS:,} units with 8 reads or more × {counts.shape[1]} columns, "
        f"{len(pairs)} contrasts.",
        "",
        "| part | s | CPU s |",
        "|---|---|---|",
        *(f"| {name} | {wall:.2f} | {cpu:.2f} |" for name, (wall, cpu) in seconds.items()),
        f"| normalisation to tested contrasts | {tested[0]:.2f} | {tested[1]:.2f} |",
    ]
    time_ranking(small)
    wall, cpu = time_ranking(counts)
    lines.append(
        f"| one target: normalisation to ranks, with noise floor and intervals | {wall:.2f} | {cpu:.2f} |"
    )
    oracle = run_edger(counts, groups, pairs)
    if oracle is None:
        return "\n".join([*lines, "", "R with edgeR is not installed here, so edgeR was not run."])
    version, spent, theirs = oracle
    off = np.abs(ours[:, 0] - theirs[:, 0]).max()
    ranks = [
        min(spearmanr(ours[k, part], theirs[k, part]).statistic for k in range(len(pairs))) for part in (1, 2)
    ]
    lines += [
        f"| edgeR {version}, normalisation to tested contrasts | {spent[0]:.2f} | {spent[1]:.2f} |",
        f"| times as long | {spent[0] / tested[0]:.1f} | {spent[1] / tested[1]:.1f} |",
        "",
        f"Largest difference of log2FC {off:.1e}; smallest rank correlation of p {ranks[0]:.7f}, "
        f"of TREAT p {ranks[1]:.7f}.",
    ]
    return "\n".join(lines)
