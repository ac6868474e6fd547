"""Reads say what the molecules say, err as their qualities tell, and the truth says where."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bactrian.core.errors import InputError
from bactrian.core.seeds import make_rng
from bactrian.discovery.simulator.codons import translate
from bactrian.discovery.simulator.constructs import reverse_complement
from bactrian.discovery.simulator.hopping import hop_sample
from bactrian.discovery.simulator.library import draw_library
from bactrian.discovery.simulator.read_kernel import ADAPTER_1, ADAPTER_2
from bactrian.discovery.simulator.sequencing import Hopping, SampleReads, simulate_chunks, simulate_sample
from bactrian.discovery.simulator.settings import LibrarySettings, ReadSettings
from bactrian.discovery.vhh.profile import load_profile

PERFECT = ReadSettings(pcr_substitutions=0, sequencing_errors=False)
CLONES = draw_library(
    LibrarySettings(clones=60, stop=0, frameshift=0, empty=0), load_profile(), rng=make_rng(1, "library")
)
AMPLICONS = CLONES["amplicon"].to_list()


def sequence(
    counts: object, how: ReadSettings, seed: int = 1, hopped: tuple[Hopping, ...] = ()
) -> SampleReads:
    return simulate_sample(CLONES, counts, settings=how, rng=make_rng(seed, "reads"), hopped=hopped)  # type: ignore[arg-type]


def texts(letters: np.ndarray | None) -> list[str]:
    assert letters is not None
    return [row.tobytes().decode() for row in letters]


def test_perfect_reads_are_the_ends_of_their_amplicons() -> None:
    reads = sequence(np.full(60, 2), replace(PERFECT, read_length=120))
    for row, first, second in zip(
        reads.truth.iter_rows(named=True), texts(reads.seq1), texts(reads.seq2), strict=True
    ):
        amplicon = AMPLICONS[row["clone"]]
        assert first == amplicon[:120]
        assert second == reverse_complement(amplicon)[:120]
    assert sorted(reads.truth["clone"].to_list()) == sorted(list(range(60)) * 2)
    assert reads.truth["clone"].to_list() != sorted(reads.truth["clone"].to_list())


def test_a_read_longer_than_its_molecule_reads_the_adapter_and_then_dark_cycles() -> None:
    reads = sequence(np.full(60, 1), replace(PERFECT, read_length=500))
    for row, first, second in zip(
        reads.truth.iter_rows(named=True), texts(reads.seq1), texts(reads.seq2), strict=True
    ):
        amplicon = AMPLICONS[row["clone"]]
        assert first == (amplicon + ADAPTER_1.tobytes().decode()).ljust(500, "G")
        assert second == (reverse_complement(amplicon) + ADAPTER_2.tobytes().decode()).ljust(500, "G")


def test_single_reads_have_no_second_mate() -> None:
    reads = sequence(np.full(60, 1), replace(PERFECT, paired=False))
    assert reads.seq2 is None
    assert reads.qual2 is None
    assert set(reads.truth["errors_2"]) == {0}


def test_swapped_pairs_read_the_other_strand_first() -> None:
    reads = sequence(np.full(60, 20), replace(PERFECT, read_length=100, swapped=0.5))
    swapped = reads.truth["swapped"].to_list()
    assert sum(swapped) / 1200 == pytest.approx(0.5, abs=0.06)
    for reverse, clone, first in zip(swapped, reads.truth["clone"], texts(reads.seq1), strict=True):
        amplicon = AMPLICONS[clone]
        assert first == (reverse_complement(amplicon) if reverse else amplicon)[:100]


def test_phase_spacers_shift_the_primer() -> None:
    reads = sequence(np.full(60, 20), replace(PERFECT, read_length=100, spacers=3))
    places = [text.index("TCCTGTGCAGCCTC") for text in texts(reads.seq1)]
    assert set(places) == {0, 1, 2, 3}
    assert np.bincount(places).min() > 200


@pytest.mark.parametrize("binned", [True, False], ids=["binned", "smooth"])
def test_errors_come_as_often_as_the_qualities_say(binned: bool) -> None:
    reads = sequence(np.full(60, 200), ReadSettings(binned=binned, pcr_substitutions=0, indels=0, unread=0))
    if binned:
        assert set(np.unique(reads.qual1)) <= {2, 11, 25, 37}
    else:
        assert np.unique(reads.qual2).size > 20
    clones = reads.truth["clone"].to_numpy()
    wanted_1 = np.array([list(text[:250].encode()) for text in AMPLICONS])[clones]
    wanted_2 = np.array([list(reverse_complement(text)[:250].encode()) for text in AMPLICONS])[clones]
    assert reads.seq2 is not None
    assert reads.qual2 is not None
    wrong = np.concatenate((reads.seq1 != wanted_1, reads.seq2 != wanted_2))
    quality = np.concatenate((reads.qual1, reads.qual2))
    for value in np.unique(quality):
        here = quality == value
        expected = 10 ** (-float(value) / 10) * here.sum()
        assert abs(wrong[here].sum() - expected) < 5 * math.sqrt(expected) + 5
    told = reads.truth["errors_1"].to_numpy().astype(int), reads.truth["errors_2"].to_numpy().astype(int)
    assert np.array_equal(np.concatenate(told), wrong.sum(axis=1))


def test_qualities_fall_with_the_cycles_and_more_in_mate_2() -> None:
    reads = sequence(np.full(60, 50), ReadSettings(binned=False, quality_spread=0))
    assert reads.qual2 is not None
    assert reads.qual1[:, 0].mean() == pytest.approx(37, abs=0.2)
    assert reads.qual1[:, -1].mean() == pytest.approx(25, abs=0.2)
    assert reads.qual2[:, -1].mean() == pytest.approx(20, abs=0.2)
    # Half way along the run a quarter of the fall has happened.
    assert reads.qual2[:, 125].mean() == pytest.approx(37 - 17 / 4, abs=0.3)


def test_binning_keeps_the_expected_errors() -> None:
    errors = []
    for binned in (True, False):
        reads = sequence(np.full(60, 200), ReadSettings(binned=binned))
        errors.append((10.0 ** (-reads.qual1.astype(float) / 10)).sum(axis=1).mean())
    assert errors[0] == pytest.approx(errors[1], rel=0.04)


def test_pcr_errors_carry_good_qualities_and_are_told() -> None:
    how = ReadSettings(sequencing_errors=False, pcr_substitutions=0.002, read_length=200)
    reads = sequence(np.full(60, 100), how)
    lengths = np.array([len(text) for text in AMPLICONS])
    expected = 0.002 * lengths.sum() * 100
    assert reads.truth["pcr_errors"].sum() == pytest.approx(expected, abs=5 * math.sqrt(expected))
    clean = np.exp(np.log1p(-0.002) * lengths).mean()
    assert reads.truth["error_free"].mean() == pytest.approx(clean, abs=0.035)
    wanted = np.array([list(text[:200].encode()) for text in AMPLICONS])[reads.truth["clone"].to_numpy()]
    wrong = reads.seq1 != wanted
    assert not wrong[reads.truth["error_free"].to_numpy()].any()
    assert reads.qual1[wrong].mean() == pytest.approx(reads.qual1.mean(), abs=1.5)


def test_substitutions_go_to_the_three_other_bases_alike() -> None:
    reads = sequence(
        np.full(60, 200), ReadSettings(sequencing_errors=False, pcr_substitutions=0.01, read_length=200)
    )
    wanted = np.array([list(text[:200].encode()) for text in AMPLICONS])[reads.truth["clone"].to_numpy()]
    from_a = reads.seq1[(reads.seq1 != wanted) & (wanted == ord("A"))]
    shares = np.array([np.mean(from_a == ord(letter)) for letter in "ACGT"])
    assert shares[0] == 0
    assert np.abs(shares[1:] - 1 / 3).max() < 0.03


def test_indels_and_unread_bases_come_at_their_rates() -> None:
    how = ReadSettings(
        pcr_substitutions=0, indels=0.001, unread=0.001, quality_start=40, quality_end_1=40, quality_spread=0
    )
    reads = sequence(np.full(60, 100), replace(how, read_length=200, paired=False, binned=False))
    unread = reads.seq1 == ord("N")
    assert unread.mean() == pytest.approx(0.001, rel=0.15)
    assert set(reads.qual1[unread]) == {2}
    wanted = [text[:200] for text in AMPLICONS]
    shifted = [
        text[-40:] != wanted[clone][-40:]
        and text[-40:] in (AMPLICONS[clone][159:199], AMPLICONS[clone][161:201])
        for text, clone in zip(texts(reads.seq1), reads.truth["clone"], strict=True)
    ]
    # Indels in the first 160 bases shift the end: 0.16 a read, less where the end holds an error.
    assert np.mean(shifted) == pytest.approx(1 - math.exp(-0.16), abs=0.035)


def test_recombined_molecules_are_as_many_as_asked_and_break_where_asked() -> None:
    reads = sequence(np.full(60, 200), replace(PERFECT, chimeras=0.4))
    truth = reads.truth
    assert truth["recombined"].mean() == pytest.approx(0.4, abs=0.02)
    # One in 60 recombines with itself and cannot be seen.
    assert truth["chimeric"].mean() == pytest.approx(0.4 * 59 / 60, abs=0.02)
    assert truth.filter("chimeric").select((pl.col("clone_cdr1") != pl.col("clone")).all()).item()
    in_fr2 = truth.filter("chimeric").select((pl.col("clone_cdr2") == pl.col("clone")).mean()).item()
    assert in_fr2 == pytest.approx(0.15, abs=0.03)
    # CDR3 counts are what was asked, whatever recombined.
    assert truth["clone"].value_counts()["count"].unique().to_list() == [200]


@settings(max_examples=40, deadline=None)
@given(
    left=st.integers(0, 59),
    right=st.integers(0, 59),
    fr2=st.sampled_from([0.0, 1.0]),
    seed=st.integers(0, 2**20),
)
def test_a_chimera_keeps_the_frame_and_the_loops_of_its_parents(
    left: int, right: int, fr2: float, seed: int
) -> None:
    counts = np.zeros(60, dtype=int)
    counts[left] += 12
    counts[right] += 12
    reads = sequence(counts, replace(PERFECT, read_length=450, chimeras=0.5, fr2_breakpoints=fr2), seed)
    rows = CLONES.rows(named=True)
    for row, text in zip(reads.truth.iter_rows(named=True), texts(reads.seq1), strict=True):
        molecule = text[: text.index("CAGGGGACCCAGGT") + 14]
        protein = translate(molecule[rows[row["clone_cdr1"]]["fr2_start"] % 3 :])
        assert "*" not in protein
        loops = [
            rows[row["clone_cdr1"]]["cdr1"],
            rows[row["clone_cdr2"]]["cdr2"],
            rows[row["clone"]]["cdr3"],
        ]
        # FR1 is read from S22 (4 residues after the first base), FR2 has 17 residues and FR3 38.
        place = protein.index(loops[0]) + len(loops[0]) + 17
        assert protein[place : place + len(loops[1])] == loops[1]
        place += len(loops[1]) + 38
        assert protein[place : place + len(loops[2])] == loops[2]


def test_a_molecule_without_framework_does_not_recombine() -> None:
    clones = pl.DataFrame(
        {
            "clone": [0, 1],
            "amplicon": ["ACGT" * 60, AMPLICONS[0]],
            "fr2_start": [None, 39],
            "fr3_start": [None, 114],
        }
    )
    reads = simulate_sample(clones, [500, 500], settings=replace(PERFECT, chimeras=0.5), rng=make_rng(1, "x"))
    assert not reads.truth["chimeric"].any()
    assert not reads.truth.filter(pl.col("clone") == 0)["recombined"].any()
    assert reads.truth.filter(pl.col("clone") == 1)["recombined"].mean() == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_chunks_of_any_size_give_the_same_reads(size: int) -> None:
    how = ReadSettings(chimeras=0.3, read_length=150, spacers=2)
    whole = sequence(np.full(60, 3), how)
    parts = list(
        simulate_chunks(CLONES, np.full(60, 3), settings=how, rng=make_rng(1, "reads"), chunk_pairs=size)
    )
    assert np.array_equal(np.concatenate([part.seq1 for part in parts]), whole.seq1)
    assert np.array_equal(np.concatenate([part.qual2 for part in parts]), whole.qual2)  # type: ignore[misc]
    assert pl.concat([part.truth for part in parts]).equals(whole.truth)


def test_the_generator_decides_every_base() -> None:
    how = ReadSettings(read_length=150)
    first, same, other = (sequence(np.full(60, 5), how, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.seq1, same.seq1)
    assert not np.array_equal(first.seq1, other.seq1)


def test_a_sample_without_molecules_has_no_reads() -> None:
    reads = sequence(np.zeros(60, dtype=int), ReadSettings())
    assert reads.seq1.shape == (0, 250)
    assert reads.truth.height == 0


def test_hopped_pairs_replace_own_ones_and_say_where_they_come_from() -> None:
    counts = np.zeros((3, 60), dtype=np.int64)
    counts[0, :20], counts[1, 20:40], counts[2, 40:] = 500, 1500, 500
    own, hopped = hop_sample(counts, ["a", "b", "c"], sample=0, share=0.02, seed=1)
    foreign = sum(part.counts.sum() for part in hopped)
    assert own.sum() + foreign == 10_000
    assert foreign == pytest.approx(200, abs=5 * math.sqrt(200))
    by_origin = {part.origin: int(part.counts.sum()) for part in hopped}
    assert by_origin["b"] / foreign == pytest.approx(0.75, abs=0.15)
    reads = sequence(own, replace(PERFECT, chimeras=0.3, read_length=100), hopped=hopped)
    from_b = reads.truth.filter(pl.col("hopped_from") == "b")
    assert from_b.height == by_origin["b"]
    assert from_b["clone"].is_between(20, 39).all()
    assert from_b["clone_cdr1"].is_between(20, 39).all()
    assert reads.truth.filter(pl.col("hopped_from").is_null())["clone"].max() < 20


def test_nothing_hops_where_nothing_can() -> None:
    counts = np.full((1, 60), 5, dtype=np.int64)
    assert hop_sample(counts, ["a"], sample=0, share=0.5, seed=1)[1] == ()
    assert hop_sample(np.full((2, 60), 5), ["a", "b"], sample=0, share=0.0, seed=1)[1] == ()


@pytest.mark.parametrize(
    ("clones", "counts", "sentence"),
    [
        pytest.param(
            CLONES.drop("fr3_start"),
            np.ones(60),
            "The clone table lacks the column 'fr3_start'. It needs clone, amplicon, fr2_start, fr3_start.",
            id="column",
        ),
        pytest.param(
            CLONES,
            np.ones(3),
            "There are counts of shape (3,) for 60 clones. Give one count per clone.",
            id="shape",
        ),
        pytest.param(
            CLONES,
            np.full(60, -1),
            "'-1' is no count of molecules. Write whole numbers from 0.",
            id="negative",
        ),
    ],
)
def test_clones_and_counts_that_do_not_fit_are_refused(
    clones: pl.DataFrame, counts: np.ndarray, sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        simulate_sample(clones, counts, settings=ReadSettings(), rng=make_rng(1, "x"))
    assert str(caught.value) == sentence
