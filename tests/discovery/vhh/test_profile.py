from __future__ import annotations

import json
from types import MappingProxyType

import numpy as np
import pytest

from bactrian.discovery.vhh.labels import FRAMEWORKS, MAX_LOOP, N_COLUMNS, format_label, number_loop
from bactrian.discovery.vhh.profile import RESIDUES, VhhProfile, load_profile, read_profile, write_profile
from bactrian.discovery.vhh.scores import (
    BLOCK_COLUMNS,
    BLOCK_STARTS,
    STOP,
    UNKNOWN,
    derive_background,
    load_scores,
)

CONSENSUS = "QVQLQESGG-GLVQAGGSLRLSCAASMGWFRQAPGKEREFVAAYYADSVK-GRFTISRDNAKNTVYLQMNSLKPEDTAVYYCWGQGTQVTVSS"


def test_profile_consensus_is_that_of_a_vhh():
    profile = load_profile()
    framework = [column for first, last in FRAMEWORKS for column in range(first, last + 1)]
    consensus = "".join(
        RESIDUES[profile.counts[column - 1].argmax()] if profile.counts[column - 1].any() else "-"
        for column in framework
    )
    assert consensus == CONSENSUS


@pytest.mark.parametrize(
    ("column", "residue", "share"),
    [(23, "C", 0.98), (41, "W", 0.97), (104, "C", 0.98), (118, "W", 0.9), (119, "G", 0.97), (121, "G", 0.97)],
    ids=["C23", "W41", "C104", "W118", "G119", "G121"],
)
def test_anchors_are_conserved(column, residue, share):
    counts = load_profile().counts[column - 1]
    assert counts[RESIDUES.index(residue)] / counts.sum() > share


def test_profile_counts_every_sequence_once():
    profile = load_profile()
    assert profile.n > 500
    for cdr in (1, 2, 3):
        assert profile.cdr_lengths[cdr].sum() == profile.n
    assert (profile.counts.sum(axis=1) <= profile.n).all()
    # Position 27 is filled in every VHH whose CDR1 has at least one residue.
    assert profile.counts[26].sum() >= profile.n - 5


def test_profile_round_trips_through_json():
    profile = load_profile()
    again = read_profile(json.loads(json.dumps(write_profile(profile))))
    np.testing.assert_array_equal(again.counts, profile.counts)
    for cdr in (1, 2, 3):
        length = len(again.cdr_lengths[cdr])
        np.testing.assert_array_equal(again.cdr_lengths[cdr], profile.cdr_lengths[cdr][:length])
    assert (again.n, again.source) == (profile.n, profile.source)


def test_profile_is_frozen():
    with pytest.raises(ValueError, match="read-only"):
        load_profile().counts[0, 0] = 1


@pytest.mark.parametrize(
    ("counts", "lengths", "message"),
    [
        (np.zeros((127, 20)), {1: np.ones(9), 2: np.ones(9), 3: np.ones(9)}, "(127, 20)"),
        (np.zeros((128, 20)), {1: np.ones(9), 2: np.ones(9)}, "expected 1, 2 and 3"),
        (np.full((128, 20), -1.0), {1: np.ones(9), 2: np.ones(9), 3: np.ones(9)}, "negative count"),
    ],
    ids=["shape", "cdrs", "negative"],
)
def test_profile_refuses_what_it_cannot_mean(counts, lengths, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the sentence is checked below
        VhhProfile(counts, MappingProxyType(lengths), n=1, source="")
    assert message in str(error.value)


def test_background_and_conditionals_are_distributions():
    background, conditional = derive_background()
    assert background.sum() == pytest.approx(1.0)
    assert (background > 0).all()
    np.testing.assert_allclose(conditional.sum(axis=1), 1.0)
    # The joint frequencies that BLOSUM62 implies are symmetric.
    joint = background[:, None] * conditional
    np.testing.assert_allclose(joint, joint.T)


def test_scores_reward_anchors_and_ignore_unknown_residues():
    tables = load_scores()
    assert tables.residue.shape == (91, 22)
    c23 = BLOCK_COLUMNS[0].index(23)
    w118 = BLOCK_STARTS[3]
    assert RESIDUES[tables.residue[c23, :20].argmax()] == "C"
    assert RESIDUES[tables.residue[w118, :20].argmax()] == "W"
    assert (tables.residue[:, UNKNOWN] == 0).all()
    assert (tables.residue[:, STOP] < 0).all()
    # 42 is the score of W at a column that holds nothing else: 10 ln(1 / 0.0137) = 43, less pseudo-counts.
    assert tables.residue[w118, RESIDUES.index("W")] == 42


def test_common_loop_lengths_score_best():
    lengths = load_scores().loop_length
    assert lengths[0].argmax() == 8
    assert lengths[1].argmax() == 8
    assert 15 <= lengths[2].argmax() <= 19
    assert lengths[2, 40] == -80


@pytest.mark.parametrize(
    ("loop", "length", "labels"),
    [
        (1, 8, "27 28 29 30 35 36 37 38"),
        (1, 5, "27 28 29 37 38"),
        (1, 13, "27 28 29 30 31 32 32A 33 34 35 36 37 38"),
        (1, 14, "27 28 29 30 31 32 32A 33A 33 34 35 36 37 38"),
        (2, 7, "56 57 58 59 63 64 65"),
        (2, 13, "56 57 58 59 60 60A 60B 61A 61 62 63 64 65"),
        (3, 13, "105 106 107 108 109 110 111 112 113 114 115 116 117"),
        (3, 12, "105 106 107 108 109 110 112 113 114 115 116 117"),
        (3, 14, "105 106 107 108 109 110 111 112A 112 113 114 115 116 117"),
        (3, 15, "105 106 107 108 109 110 111 111A 112A 112 113 114 115 116 117"),
        (3, 16, "105 106 107 108 109 110 111 111A 112B 112A 112 113 114 115 116 117"),
        (3, 0, ""),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value),
)
def test_loop_labels_follow_imgt(loop, length, labels):
    assert " ".join(format_label(*label) for label in number_loop(loop, length)) == labels


def test_loop_labels_are_unique_for_every_length():
    for loop in (1, 2, 3):
        for length in range(MAX_LOOP[loop - 1] + 1):
            labels = number_loop(loop, length)
            assert len(labels) == length
            assert len(set(labels)) == length
            assert all(1 <= column <= N_COLUMNS for column, _ in labels)


def test_insertion_letters_go_on_after_z():
    assert [format_label(111, k) for k in (0, 1, 26, 27)] == ["111", "111A", "111Z", "111AA"]
