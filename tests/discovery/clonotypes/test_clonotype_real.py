"""Clonotypes of reads: of the package's own simulator, and of a real panning."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from bactrian.discovery.clonotypes import count_clonotypes
from bactrian.discovery.reads.sample import read_sample
from bactrian.discovery.reads.settings import ReadSettings
from bactrian.discovery.simulator.library import draw_library
from bactrian.discovery.simulator.sequencing import simulate_sample
from bactrian.discovery.simulator.settings import LibrarySettings
from bactrian.discovery.simulator.settings import ReadSettings as SequencerSettings
from bactrian.discovery.vhh.profile import load_profile

if TYPE_CHECKING:
    from pathlib import Path

MOLECULES = 8_000


def write_fastq(path: Path, sequences: np.ndarray, qualities: np.ndarray) -> Path:
    with path.open("wb") as file:
        for k, (sequence, quality) in enumerate(zip(sequences, qualities, strict=True)):
            letters = (quality + 33).astype(np.uint8).tobytes()
            file.write(b"@read%d\n" % k + sequence.tobytes() + b"\n+\n" + letters + b"\n")
    return path


@pytest.fixture(scope="module", params=[0.0, 0.2, 0.45], ids=["no chimeras", "20%", "45%"])
def simulated(request, tmp_path_factory):
    """Two samples of 800 clones, from read files: settings, true molecules, what is found."""
    rng = np.random.default_rng(7)
    folder = tmp_path_factory.mktemp("reads")
    library = draw_library(replace(LibrarySettings(), clones=800), load_profile(), rng=rng)
    frequency = library["frequency"].to_numpy()
    molecules, origins = [], []
    for sample in ("a", "b"):
        weights = frequency * rng.lognormal(0.0, 1.0, frequency.size)
        reads = simulate_sample(
            library,
            rng.multinomial(MOLECULES, weights / weights.sum()),
            settings=replace(SequencerSettings(), chimeras=request.param),
            rng=rng,
        )
        lane = (
            write_fastq(folder / f"{sample}_1.fastq", reads.seq1, reads.qual1),
            write_fastq(folder / f"{sample}_2.fastq", reads.seq2, reads.qual2),
        )
        read = read_sample([lane], replace(ReadSettings(), keep_pairs=True))
        molecules.append(
            read.molecules.filter(pl.col("status") == "productive").with_columns(sample=pl.lit(sample))
        )
        origins.append(reads.truth.with_columns(sample=pl.lit(sample), status=read.pairs["status"]))
    sound = library.filter("productive")
    true = (
        pl.concat(origins)
        .filter(pl.col("status") == "productive")
        .join(sound.select("clone", "clonotype"), on="clone")
    )
    return request.param, sound, true, count_clonotypes(pl.concat(molecules))


def test_simulated_error_free_molecules_are_recovered(simulated) -> None:
    share, _, true, found = simulated
    # With chimeras, molecules of CDR3s seen a few times stay "CDR1–2 unknown".
    least = 0.95 if share else 0.995
    exact = true.filter((pl.col("pcr_errors") == 0) & (pl.col("errors_1") == 0) & (pl.col("errors_2") == 0))
    both = (
        exact.group_by("sample", "clonotype")
        .agg(true=pl.len())
        .join(found.counts_clonotype, on=["sample", "clonotype"], how="left")
        .fill_null(0)
    )
    assert both.select(pl.min_horizontal("true", "count").sum() / pl.col("true").sum()).item() >= least


def test_simulated_clonotypes_are_true(simulated) -> None:
    share, sound, _, found = simulated
    assert found.samples["recombination"].to_numpy() == pytest.approx(share, abs=0.03)
    reported = found.clonotypes.filter(pl.col("count") >= 3)
    named = reported.filter(pl.col("cdr1").is_not_null())
    right = named["clonotype"].is_in(sound["clonotype"].implode())
    assert (~right).sum() <= (0.001 if share == 0 else 0.005) * reported.height
    everyone = found.clonotypes.filter(
        pl.col("cdr1").is_not_null() & pl.col("cdr3").is_in(sound["cdr3"].implode())
    )
    if share:
        assert everyone["clonotype"].is_in(sound["clonotype"].implode()).mean() >= 0.99


def test_simulated_counts_are_within_five_percent(simulated) -> None:
    _, _, true, found = simulated
    large = (
        true.group_by("clonotype")
        .agg(true=pl.len())
        .filter(pl.col("true") >= 20)
        .join(found.clonotypes.select("clonotype", "count"), on="clonotype", how="left")
        .fill_null(0)
    )
    assert large.height > 100
    assert ((large["count"] / large["true"] - 1).abs() <= 0.05).mean() >= 0.98


@pytest.fixture(scope="module")
def panned(request):
    """The 33 samples of the real set, counted."""
    folder = request.getfixturevalue("shared_data") / "discovery" / "phageseq_minimal"
    if not folder.is_dir():
        pytest.skip("the folder ../shared/data/discovery/phageseq_minimal is not there")
    frames = []
    for row in pl.read_csv(folder / "sheet.csv", infer_schema=False).iter_rows(named=True):
        read = read_sample([(folder / row["fastq_1"], folder / row["fastq_2"])])
        frames.append(
            read.molecules.filter(pl.col("status") == "productive").with_columns(sample=pl.lit(row["sample"]))
        )
    return pl.concat(frames), count_clonotypes(pl.concat(frames))


@pytest.mark.shared_data
def test_real_siblings_stay_two(panned) -> None:
    _, found = panned
    counts = dict(found.counts_cdr3.group_by("cdr3").agg(pl.col("count").sum()).iter_rows())
    assert counts["AAAREGNTLTTTGKFYDY"] > 10_000
    assert counts["AAAREGNTLTTTGNLYDY"] > 4_000
    assert counts["AATFRPYTDYEIKENEVHF"] > 1_300
    assert counts["AATFRPYSDYEIKENEVHF"] > 600
    parents = dict(
        found.clonotypes.sort("count")
        .select("cdr3", pl.concat_str("cdr1", "cdr2", separator="_"))
        .iter_rows()
    )
    assert parents["AAAREGNTLTTTGKFYDY"] == "GRTGSSYA_ITGNGGST"
    assert parents["AAAREGNTLTTTGNLYDY"] == "GRTYSTYA_ITGSGSST"


@pytest.mark.shared_data
def test_real_error_clouds_are_gone_and_what_stays_is_listed(panned) -> None:
    _, found = panned
    counts = dict(found.counts_cdr3.group_by("cdr3").agg(pl.col("count").sum()).iter_rows())
    shares = []
    for cdr3, count in counts.items():
        if count > 1000:
            close = {
                other: n
                for other, n in counts.items()
                if len(other) == len(cdr3) and sum(a != b for a, b in zip(other, cdr3, strict=True)) == 1
            }
            shares.append(sum(close.values()) / count)
            listed = set(found.neighbours.filter(pl.col("parent") == cdr3)["child"])
            assert {other for other, n in close.items() if 0.01 * count < n <= count} == listed
    assert median(shares) <= 0.01
    assert (found.neighbours["evidence"] != "").all()


@pytest.mark.shared_data
def test_real_chimera_share(panned) -> None:
    molecules, found = panned
    shares = dict(found.samples.select("sample", "chimera_share").iter_rows())
    judged = sum(
        chimeric / share for chimeric, share in found.samples.select("chimeric", "chimera_share").iter_rows()
    )
    assert found.samples["chimeric"].sum() / judged == pytest.approx(0.42, abs=0.05)
    others = [share for sample, share in shares.items() if sample not in ("03-A2", "03-C2")]
    assert shares["03-A2"] < median(others) - 0.08
    assert shares["03-C2"] < median(others) - 0.08
    total = molecules["count"].sum()
    for table in (found.counts_cdr3, found.counts_clonotype, found.counts_vhh):
        assert table["count"].sum() == total
