"""Real 2x151 nt reads of a VHH panning: what the reads step must hold on them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bactrian.discovery.reads.mate2 import count_cdr3_mate2
from bactrian.discovery.reads.primers import PrimerPair
from bactrian.discovery.reads.sample import read_sample
from bactrian.discovery.reads.settings import ReadSettings

pytestmark = pytest.mark.shared_data

# An unpanned library (its worst agreement), a panned sample and one taken over by a clone.
SAMPLES = ("07-C6", "01-C9", "03-A2")


@pytest.fixture(scope="module", params=SAMPLES)
def real(request, shared_data):
    folder = shared_data / "discovery" / "phageseq_minimal"
    sheet = pl.read_csv(folder / "sheet.csv").filter(pl.col("sample") == request.param)
    lanes = [(folder / sheet["fastq_1"][0], folder / sheet["fastq_2"][0])]
    counts = pl.read_csv(folder / "derived" / "cdr3_counts.tsv.gz", separator="\t")
    expected = counts.select(cdr3="CDR3", expected=request.param)
    return lanes, read_sample(lanes, ReadSettings(keep_pairs=True)), expected


def test_primers_are_detected(real):
    assert real[1].primers == PrimerPair("TCCTGTGCAGCCTC", "ACCTGGGTCCCCTG")


def test_nearly_every_pair_gets_a_cdr3_or_a_named_defect(real):
    tally = real[1].tally
    kept = tally.primers_found - tally.filtered
    assert tally.primers_found > 0.95 * tally.pairs
    assert tally.filtered < 0.01 * tally.primers_found
    assert kept - tally.not_vhh >= 0.99 * kept
    assert tally.truncated < 0.01 * kept


def test_what_the_reverse_mate_reads_stays_on_the_record(real):
    pairs = real[1].pairs.filter((pl.col("molecule") >= 0) & pl.col("mate2_cdr3").is_not_null())
    assert len(pairs) > 6000
    assert (pairs["cdr3"] == pairs["mate2_cdr3"]).fill_null(value=False).mean() >= 0.995


def test_long_cdr3s_are_not_lost(real):
    shares = []
    for part in (pl.col("rung") == "mate2", pl.col("rung") != "mate2"):
        counts = np.zeros(80)
        for length, count in real[1].lengths.filter(part).select("length", "count").iter_rows():
            counts[length] += count
        shares.append(counts.cumsum() / counts.sum())
    assert np.abs(shares[0] - shares[1]).max() <= 0.01


def test_counts_of_the_reverse_mate_agree_with_a_motif_search(real):
    lanes, _, expected = real
    counts = count_cdr3_mate2(lanes)
    both = expected.filter(pl.col("expected") >= 5).join(counts, on="cdr3", how="left").fill_null(0)
    assert np.corrcoef(both["expected"], both["count"])[0, 1] >= 0.999
