from __future__ import annotations

from dataclasses import asdict

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bactrian.core.errors import InputError
from bactrian.discovery.reads.mate2 import count_cdr3_mate2
from bactrian.discovery.reads.pairing import choose_primers, pair_reads, start_lanes
from bactrian.discovery.reads.primers import PrimerPair
from bactrian.discovery.reads.sample import RUNGS, STATUSES, read_sample
from bactrian.discovery.reads.settings import ReadSettings

PRIMERS = PrimerPair("TCCTGTGCAGCCTC", "ACCTGGGTCCCCTG")
CLEAN = {"sequencing_errors": False, "pcr_substitutions": 0.0, "indels": 0.0, "unread": 0.0}
PAIRS = ReadSettings(keep_pairs=True)


def sums_hold(sample) -> bool:
    tally = asdict(sample.tally)
    kept = tally["primers_found"] - tally["filtered"]
    return (
        kept == sum(tally[rung] for rung in RUNGS) == sum(tally[status] for status in STATUSES)
        and kept == sample.molecules["count"].sum()
        and tally["pairs"] >= tally["primers_found"]
    )


def with_truth(sample, truth, clones):
    origin = clones.select(
        pl.col("clone").cast(pl.String),
        "amplicon",
        "productive",
        "defect",
        *[pl.col(f"cdr{i}").alias(f"true{i}") for i in (1, 2, 3)],
    )
    pairs = sample.pairs.with_columns(clone=truth["clone"].cast(pl.String))
    row = pairs["molecule"].set(pairs["molecule"] < 0, None)
    loops = [sample.molecules[name].gather(row) for name in ("cdr1", "cdr2", "nt")]
    return pairs.with_columns(loops).join(origin, on="clone", how="left", maintain_order="left")


@pytest.mark.parametrize(("cycles", "rung"), [(250, "merged"), (151, "joined")])
def test_error_free_reads_give_every_molecule_its_true_cdrs(sequence_clones, clones, cycles, rung):
    lanes, truth = sequence_clones(read_length=cycles, **CLEAN)
    sample = read_sample(lanes, PAIRS)
    assert sample.primers == PRIMERS
    assert sums_hold(sample)
    seen = with_truth(sample, truth, clones).filter("productive")
    assert seen["molecule"].min() >= 0
    assert (seen["status"] == "productive").mean() == 1.0
    assert (seen["cdr3"] == seen["true3"]).all()
    read = seen.filter(pl.col("rung") == rung)
    assert len(read) > 0.3 * len(seen)
    for loop in (1, 2):
        known = read.filter(pl.col(f"cdr{loop}").is_not_null())
        assert len(known) > 0.9 * len(read)
        assert (known[f"cdr{loop}"] == known[f"true{loop}"]).all()


def test_joined_nucleotides_are_the_amplicon_with_n_where_nobody_read(sequence_clones, clones):
    lanes, truth = sequence_clones(read_length=151, **CLEAN)
    seen = with_truth(read_sample(lanes, PAIRS), truth, clones)
    joined = seen.filter((pl.col("rung") == "joined") & pl.col("productive") & pl.col("cdr2").is_not_null())
    for nt, amplicon in joined.select("nt", "amplicon").unique().iter_rows():
        assert len(nt) == len(amplicon)
        assert all(a in (b, "N") for a, b in zip(nt, amplicon, strict=True))
    merged = seen.filter(pl.col("rung") == "merged")
    assert (merged["nt"] == merged["amplicon"]).all()


def test_joined_molecules_read_again_give_the_same_columns(sequence_clones):
    from bactrian.discovery.vhh.reads import annotate_reads

    lanes, _ = sequence_clones(read_length=151)
    molecules = read_sample(lanes).molecules.filter(
        (pl.col("rung") == "joined") & (pl.col("status") == "productive") & pl.col("cdr2").is_not_null()
    )
    again = annotate_reads(molecules["nt"])
    for column in ("status", "cdr1", "cdr2", "cdr3", "cdr3_nt", "fr_insertions"):
        assert (again[column] == molecules[column]).mean() > 0.99
    assert (again["aligned"] == molecules["aligned"]).mean() > 0.97


def test_defective_molecules_are_named(sequence_clones, clones):
    lanes, truth = sequence_clones(read_length=250, **CLEAN)
    seen = with_truth(read_sample(lanes, PAIRS), truth, clones)
    for defect, status in (("stop", "stop"), ("frameshift", "frameshift"), ("empty", "not_vhh")):
        group = seen.filter(pl.col("defect") == defect)
        assert len(group) > 5
        assert (group["status"] == status).mean() > 0.8
        assert (group["status"] == "productive").mean() < 0.1


@pytest.mark.parametrize("cycles", [250, 151])
def test_exchanged_files_give_the_same_molecules(sequence_clones, cycles):
    lanes, _ = sequence_clones(read_length=cycles, pairs=600)
    straight = read_sample(lanes, ReadSettings(primers=PRIMERS))
    exchanged = read_sample([(two, one) for one, two in lanes], ReadSettings(primers=PRIMERS))
    assert_frame_equal(straight.molecules, exchanged.molecules)
    assert straight.tally == exchanged.tally


def test_exchanged_primers_give_the_same_molecules(sequence_clones):
    lanes, _ = sequence_clones(read_length=151, pairs=600)
    straight = read_sample(lanes, ReadSettings(primers=PRIMERS))
    exchanged = read_sample(lanes, ReadSettings(primers=PRIMERS.exchanged()))
    assert exchanged.primers == PRIMERS
    assert_frame_equal(straight.molecules, exchanged.molecules)


def test_swapped_pairs_and_spacers_do_not_matter(sequence_clones, clones):
    lanes, truth = sequence_clones(read_length=250, swapped=0.4, spacers=6, **CLEAN)
    sample = read_sample(lanes, PAIRS)
    assert sample.primers == PRIMERS
    seen = with_truth(sample, truth, clones).filter("productive")
    assert (seen["cdr3"] == seen["true3"]).fill_null(value=False).mean() > 0.995
    assert (seen["nt"] == seen["amplicon"]).fill_null(value=False).mean() > 0.995


@pytest.mark.parametrize("exchange", [False, True], ids=["straight", "exchanged"])
def test_without_primers_the_strand_is_found(sequence_clones, exchange):
    lanes, _ = sequence_clones(read_length=250, pairs=600, **CLEAN)
    wanted = read_sample(lanes, ReadSettings(primers=PRIMERS)).molecules
    lanes = [(two, one) for one, two in lanes] if exchange else lanes
    sample = read_sample(lanes, ReadSettings(find_primers=False))
    assert sample.primers is None
    assert sample.tally.primers_found == sample.tally.pairs
    counts = [
        frame.filter(pl.col("status") == "productive")
        .group_by("cdr3")
        .agg(pl.col("count").sum())
        .sort("cdr3")
        for frame in (wanted, sample.molecules)
    ]
    assert_frame_equal(*counts)


def test_single_reads_that_span_the_molecule_count_as_merged(sequence_clones, clones):
    lanes, truth = sequence_clones(read_length=330, paired=False, **CLEAN)
    sample = read_sample(lanes, ReadSettings(primers=PRIMERS, keep_pairs=True, keep_mate2=False))
    assert sums_hold(sample)
    seen = with_truth(sample, truth, clones).filter("productive")
    assert (seen["cdr3"] == seen["true3"]).all()
    assert (seen["rung"] == "merged").all()
    assert (seen["nt"] == seen["amplicon"]).mean() > 0.95


def test_any_chunking_gives_the_same_keys(sequence_clones):
    lanes, _ = sequence_clones(read_length=151, pairs=600)
    settings = ReadSettings(primers=PRIMERS)
    frames = []
    for size in (1, 7, 100, 20_000):
        _, chunks = start_lanes(lanes, chunk_pairs=size)
        sample = pair_reads(chunks, settings, primers=PRIMERS)
        frames.append((sample.keys, sample.mate2))
    for keys, mate2 in frames[1:]:
        assert_frame_equal(keys, frames[0][0])
        assert_frame_equal(mate2, frames[0][1])


def test_lanes_add_up(sequence_clones):
    lanes, _ = sequence_clones(read_length=151, pairs=400)
    settings = ReadSettings(primers=PRIMERS)
    once, twice = read_sample(lanes, settings), read_sample([*lanes, *lanes], settings)
    assert_frame_equal(once.molecules.with_columns(pl.col("count") * 2), twice.molecules, check_dtypes=False)


def test_the_filter_takes_bad_pairs_one_rung_down_and_then_out(sequence_clones):
    lanes, _ = sequence_clones(
        read_length=151, quality_end_1=12.0, quality_end_2=16.0, quality_spread=4.0, binned=False
    )
    loose, tight = (read_sample(lanes, ReadSettings(max_ee=ee, keep_pairs=True)) for ee in (100.0, 1.0))
    assert sums_hold(loose)
    assert sums_hold(tight)
    assert loose.tally.filtered == 0
    assert tight.tally.filtered > 0
    assert tight.tally.single > loose.tally.single
    assert tight.tally.merged + tight.tally.joined < loose.tally.merged + loose.tally.joined
    assert tight.tally.primers_found == loose.tally.primers_found


def test_pair_records_agree_with_molecules_and_with_the_reverse_mate(sequence_clones):
    lanes, _ = sequence_clones(read_length=151)
    sample = read_sample(lanes, PAIRS)
    pairs = sample.pairs
    assert pairs is not None
    assert len(pairs) == sample.tally.pairs
    assert int((pairs["molecule"] == -1).sum()) == sample.tally.pairs - sample.tally.primers_found
    assert int((pairs["molecule"] == -2).sum()) == sample.tally.filtered
    counted = pairs.filter(pl.col("molecule") >= 0)["molecule"].value_counts().sort("molecule")
    assert counted["count"].to_list() == sample.molecules["count"].to_list()
    kept = pairs.filter((pl.col("molecule") >= 0) & pl.col("mate2_cdr3").is_not_null())
    assert (kept["cdr3"] == kept["mate2_cdr3"]).fill_null(value=False).mean() >= 0.995


def test_lengths_count_the_cdr3s_of_each_rung(sequence_clones):
    lanes, _ = sequence_clones(read_length=151)
    sample = read_sample(lanes)
    known = sample.molecules.filter(
        pl.col("cdr3").is_not_null() & ~pl.col("cdr3").str.contains("*", literal=True)
    )
    by_rung = dict(sample.lengths.group_by("rung").agg(pl.col("count").sum()).iter_rows())
    for rung in RUNGS:
        assert by_rung.get(rung, 0) == known.filter(pl.col("rung") == rung)["count"].sum()
    counts = {part: np.zeros(60) for part in ("record", "mate2")}
    for rung, length, count in sample.lengths.iter_rows():
        counts["mate2" if rung == "mate2" else "record"][length] += count
    shares = [np.cumsum(part) / part.sum() for part in counts.values()]
    assert np.abs(shares[0] - shares[1]).max() < 0.02


def test_reverse_mates_alone_give_the_true_counts(sequence_clones, clones):
    lanes, truth = sequence_clones(read_length=151, **CLEAN)
    counts = count_cdr3_mate2(lanes, ReadSettings(primers=PRIMERS))
    origin = clones.select(pl.col("clone").cast(pl.String), "cdr3", "defect")
    pairs = truth.select(pl.col("clone").cast(pl.String)).join(origin, on="clone")
    healthy = pairs.filter(pl.col("defect").is_null()).group_by("cdr3").len()
    both = healthy.join(counts, on="cdr3", how="left").fill_null(0)
    assert len(both) > 100
    assert (both["count_any"] >= both["len"]).all()
    # A defect may lie where the reverse mate does not read: at most those pairs come on top.
    assert counts["count_any"].sum() <= len(pairs)
    assert (both["count_any"] == both["len"]).mean() > 0.9
    assert (both["count"] <= both["count_any"]).all()
    assert (both["count"] == both["count_any"]).mean() > 0.9


def test_progress_and_the_annotator_are_the_callers_own(sequence_clones):
    lanes, _ = sequence_clones(read_length=151, pairs=300)
    seen = []

    def annotate(nt, *, amber=False):
        from bactrian.discovery.vhh.reads import annotate_reads

        return annotate_reads(nt, amber=amber).with_columns(
            status=pl.lit("not_vhh"), cdr3=pl.lit(None, pl.String)
        )

    sample = read_sample(lanes, progress=seen.append, annotate=annotate)
    assert sum(seen) == sample.tally.pairs
    assert sample.tally.not_vhh == sample.tally.primers_found - sample.tally.filtered


def test_given_primers_win_over_detected_ones(sequence_clones):
    lanes, _ = sequence_clones(read_length=151, pairs=300)
    first, _ = start_lanes(lanes)
    other = PrimerPair("GGGGGCCCCCAAAAA", "TTTTTCCCCCGGGGG")
    assert choose_primers(first, ReadSettings(primers=other)) == other
    assert choose_primers(first, ReadSettings(find_primers=False)) is None
    nothing = read_sample(lanes, ReadSettings(primers=other, keep_pairs=True))
    assert nothing.tally.primers_found == 0
    assert nothing.molecules.height == 0
    assert nothing.pairs["molecule"].to_list() == [-1] * 300


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max_ee": 0.0}, "max_ee is 0. Expected errors must be above 0; 3 is the default."),
        ({"primer_mismatches": 9}, "primer_mismatches is 9. Expected 0 to 5; 2 is the default."),
        ({"primer_window": -1}, "primer_window is -1. Expected a whole number from 0; 40 is the default."),
        ({"min_overlap": 3}, "min_overlap is 3. Expected 8 or more bases; 10 is the default."),
    ],
    ids=["max_ee", "mismatches", "window", "overlap"],
)
def test_settings_out_of_range_are_refused(options, sentence):
    with pytest.raises(InputError) as caught:
        ReadSettings(**options)
    assert str(caught.value) == sentence
