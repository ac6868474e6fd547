"""The screen from FASTQ to report, beside the time that reading the files alone takes.

In simulation: 100,000 pairs of 2×250 nt in five samples, one worker, kernels compiled beforehand.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import dnaio

from bactrian.cli import main as run_bactrian
from bactrian.discovery.screen import screen_library

SIZE = (
    "--seed",
    "1",
    "--clones",
    "5000",
    "--reads",
    "20000",
    "--replicates",
    "1",
    "--rounds",
    "1",
    "--chimeras",
    "0.2",
)


def main() -> str:
    """Simulate, screen, and give CPU seconds per part."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if run_bactrian(["simulate", "panning", "--out", str(folder / "panning"), "--quiet", *SIZE]):
            msg = "the simulation failed"
            raise RuntimeError(msg)
        sheet = folder / "panning" / "sheet.csv"
        screen_library(sheet, folder / "warm", where="sample = 'input-1'", workers=1)
        start = time.process_time()
        run = screen_library(sheet, folder / "screen", workers=1)
        whole = time.process_time() - start
        start = time.process_time()
        for path in sorted((folder / "panning" / "fastq").iterdir()):
            with dnaio.open(path) as records:
                for _ in records:
                    pass
        bound = time.process_time() - start
        pairs = run.summary["totals"]["pairs"]
    per_million = 1e6 / pairs
    return "\n".join(
        [
            f"{pairs:,} pairs, {run.summary['clonotypes']:,} clonotypes, {run.summary['vhhs']:,} VHHs.",
            "",
            "| what | CPU s | CPU s per million pairs | times reading |",
            "|---|---|---|---|",
            f"| sheet to count tables, quality tables and report | {whole:.1f} | {whole * per_million:.0f} "
            f"| {whole / bound:.1f} |",
            f"| decompressing and parsing both mates (dnaio) | {bound:.1f} | {bound * per_million:.1f} | 1 |",
        ]
    )
