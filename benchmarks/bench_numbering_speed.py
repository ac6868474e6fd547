"""Numbering beside immunum, CPU seconds on one core.

Both number the same distinct simulated VHHs in one process; kernels are compiled before the clock starts.
"""

from __future__ import annotations

import time

import immunum

from bactrian.core.seeds import make_rng
from bactrian.discovery.simulator.library import draw_library
from bactrian.discovery.simulator.settings import LibrarySettings
from bactrian.discovery.vhh.numbering import number_proteins
from bactrian.discovery.vhh.profile import load_profile
from bactrian.discovery.vhh.reads import annotate_reads

OURS, THEIRS = 20_000, 2_000


def measure_cpu(job: object) -> float:
    """Give the CPU seconds of a call."""
    start = time.process_time()
    job()  # type: ignore[operator]
    return time.process_time() - start


def main() -> str:
    """Number, time, and give the ratio."""
    settings = LibrarySettings(clones=OURS, stop=0.0, frameshift=0.0, empty=0.0)
    clones = draw_library(settings, load_profile(), rng=make_rng(1, "bench"))
    proteins, amplicons = clones["vhh"].to_list(), clones["amplicon"].to_list()
    number_proteins(proteins[:200])
    annotate_reads(amplicons[:200])
    peer = immunum.Annotator(["IGH"], "imgt")
    peer.number(proteins[0])
    ours = OURS / measure_cpu(lambda: number_proteins(proteins))
    reads = OURS / measure_cpu(lambda: annotate_reads(amplicons))
    theirs = THEIRS / measure_cpu(lambda: [peer.number(protein) for protein in proteins[:THEIRS]])
    return "\n".join(
        [
            "| what | per CPU second | times immunum |",
            "|---|---|---|",
            f"| `number_proteins`, IMGT label of every residue | {ours:,.0f} | {ours / theirs:.1f} |",
            f"| `annotate_reads`, nucleotides to status and CDRs | {reads:,.0f} | {reads / theirs:.1f} |",
            f"| immunum {immunum.__version__ if hasattr(immunum, '__version__') else ''} `number`, proteins"
            f" | {theirs:,.0f} | 1 |",
        ]
    )
