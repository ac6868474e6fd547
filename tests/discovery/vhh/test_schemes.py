"""Schemes by mapping of IMGT: published landmarks, laws, and the MIT-licensed immunum as an oracle."""

from __future__ import annotations

import csv
import gzip
import json
import re
from typing import TYPE_CHECKING

import immunum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bactrian.core.errors import InputError
from bactrian.discovery.vhh.labels import number_loop
from bactrian.discovery.vhh.schemes import SCHEMES, check_scheme, insertion_letters, label_residues

if TYPE_CHECKING:
    from pathlib import Path

# IMGT frameworks of a VHH: 10 and 73 are empty.
FRAMEWORKS = [
    [p for p in range(1, 27) if p != 10],
    list(range(39, 56)),
    [p for p in range(66, 105) if p != 73],
    list(range(118, 129)),
]


def number_domain(cdr1: int, cdr2: int, cdr3: int) -> tuple[list[int], list[int]]:
    """Give IMGT positions and insertions of a domain with CDRs of these lengths."""
    labels: list[tuple[int, int]] = []
    for framework, length, loop in zip(FRAMEWORKS, (cdr1, cdr2, cdr3, 0), (1, 2, 3, 0), strict=True):
        labels += [(p, 0) for p in framework]
        if loop:
            labels += number_loop(loop, length)
    return [p for p, _ in labels], [i for _, i in labels]


@pytest.mark.parametrize(
    ("scheme", "imgt", "label"),
    [
        ("kabat", 23, "22"),
        ("kabat", 41, "36"),
        ("kabat", 42, "37"),
        ("kabat", 49, "44"),
        ("kabat", 50, "45"),
        ("kabat", 52, "47"),
        ("kabat", 55, "50"),
        ("kabat", 92, "82A"),
        ("kabat", 94, "82C"),
        ("kabat", 104, "92"),
        ("kabat", 118, "103"),
        ("kabat", 128, "113"),
        ("chothia", 104, "92"),
        ("martin", 82, "72A"),
        ("martin", 94, "82"),
        ("martin", 104, "92"),
        ("aho", 23, "23"),
        ("aho", 41, "43"),
        ("aho", 104, "106"),
        ("aho", 118, "139"),
        ("aho", 128, "149"),
    ],
)
def test_landmarks_of_a_usual_vhh(scheme: str, imgt: int, label: str) -> None:
    positions, insertions = number_domain(8, 8, 13)
    labels = label_residues(positions, insertions, scheme=check_scheme(scheme))
    assert labels[positions.index(imgt)] == label


@pytest.mark.parametrize(
    ("scheme", "lengths", "region", "expected"),
    [
        ("kabat", (10, 8, 13), (27, 40), "26 27 28 29 30 31 32 33 34 35 35A 35B"),
        ("chothia", (10, 8, 13), (27, 40), "26 27 28 29 30 31 31A 31B 32 33 34 35"),
        ("martin", (7, 8, 13), (27, 40), "26 27 28 29 30 32 33 34 35"),
        ("aho", (8, 8, 13), (27, 40), "27 29 30 31 32 33 39 40 41 42"),
        ("kabat", (8, 7, 13), (55, 66), "50 51 52 53 54 55 56 57 58"),
        ("kabat", (8, 10, 13), (55, 66), "50 51 52 52A 52B 52C 53 54 55 56 57 58"),
        ("aho", (8, 8, 13), (55, 66), "57 58 59 60 61 65 66 67 68 69"),
        ("kabat", (8, 8, 9), (105, 118), "93 94 95 96 97 98 99 101 102 103"),
        ("kabat", (8, 8, 15), (105, 118), "93 94 95 96 97 98 99 100 100A 100B 100C 100D 100E 101 102 103"),
        ("aho", (8, 8, 9), (105, 118), "107 108 109 110 111 135 136 137 138 139"),
    ],
)
def test_cdr_labels_by_length(
    scheme: str, lengths: tuple[int, int, int], region: tuple[int, int], expected: str
) -> None:
    positions, insertions = number_domain(*lengths)
    labels = label_residues(positions, insertions, scheme=check_scheme(scheme))
    inside = [label for p, label in zip(positions, labels, strict=True) if region[0] <= p <= region[1]]
    assert inside == expected.split()


def sort_key(label: str) -> tuple[int, int, str]:
    match = re.fullmatch(r"(\d+)([A-Z]*)", label)
    assert match, label
    return int(match[1]), len(match[2]), match[2]


@given(
    scheme=st.sampled_from([s for s in SCHEMES if s != "imgt"]),
    lengths=st.tuples(st.integers(1, 20), st.integers(1, 18), st.integers(1, 50)),
    deleted=st.sets(st.sampled_from([p for framework in FRAMEWORKS for p in framework]), max_size=6),
    filled=st.sets(st.sampled_from([10, 73])),
    cut=st.tuples(st.integers(0, 20), st.integers(0, 8)),
)
def test_labels_are_unique_and_rise(
    scheme: str, lengths: tuple[int, int, int], deleted: set[int], filled: set[int], cut: tuple[int, int]
) -> None:
    ordered = [pair for pair in zip(*number_domain(*lengths), strict=True) if pair[0] not in deleted]
    for p in filled:
        place = next((k for k, pair in enumerate(ordered) if pair[0] > p), len(ordered))
        ordered.insert(place, (p, 0))
    ordered = ordered[cut[0] : len(ordered) - cut[1]]
    labels = label_residues([p for p, _ in ordered], [i for _, i in ordered], scheme=check_scheme(scheme))
    assert len(set(labels)) == len(labels) == len(ordered)
    assert labels == sorted(labels, key=sort_key)


def test_letters_have_no_hole_where_a_residue_is_deleted() -> None:
    positions, insertions = number_domain(8, 8, 13)
    place = positions.index(93)
    del positions[place], insertions[place]
    labels = label_residues(positions, insertions, scheme="kabat")
    assert [label for label in labels if label.startswith("82")] == ["82", "82A", "82B"]


def test_framework_insertion_takes_the_next_letter() -> None:
    positions, insertions = number_domain(8, 8, 13)
    place = positions.index(80) + 1
    positions.insert(place, 80)
    insertions.insert(place, 1)
    assert label_residues(positions, insertions, scheme="kabat")[place - 1 : place + 2] == ["71", "71A", "72"]


@pytest.mark.parametrize(
    ("ordinal", "letters"), [(0, ""), (1, "A"), (26, "Z"), (27, "AA"), (53, "BA")], ids=str
)
def test_insertion_letters(ordinal: int, letters: str) -> None:
    assert insertion_letters(ordinal) == letters


def test_unknown_scheme() -> None:
    with pytest.raises(InputError) as caught:
        check_scheme("imgt2")
    expected = "'imgt2' is not a numbering scheme. Choose one of imgt, kabat, chothia, martin, aho."
    assert str(caught.value) == expected


def split_labels(labels: list[str]) -> tuple[list[int], list[int]]:
    parsed = [re.fullmatch(r"(\d+)([A-Z]?)", label) for label in labels]
    return [int(m[1]) for m in parsed if m], [ord(m[2]) - 64 if m[2] else 0 for m in parsed if m]


@pytest.mark.parametrize("scheme", ["kabat", "chothia", "martin", "aho"])
@pytest.mark.parametrize(
    ("cdr1", "cdr2", "cdr3"),
    [
        ("GRTFSSYA", "ISWSGGST", "AADSTIYASYYECGHGLSTGGYGYDY"),
        ("GFTFSSY", "ISSGGST", "AADY"),
        ("GRTFSDYTANA", "ISWSGGNGST", "NADVDYRGSY"),
        ("GYTISSYYTANDA", "ISWSGGST", "AADSTIYASYYECGHGLSTGGYGYDYKFGDY"),
    ],
    ids=["usual", "short", "long", "very long"],
)
def test_same_labels_as_immunum(scheme: str, cdr1: str, cdr2: str, cdr3: str) -> None:
    sequence = (
        f"QVQLVESGGGLVQAGGSLRLSCAAS{cdr1}MGWFRQAPGKEREFVAA{cdr2}"
        f"YYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC{cdr3}WGQGTQVTVSS"
    )
    imgt = list(immunum.Annotator(["IGH"], "imgt").number(sequence).numbering)
    expected = list(immunum.Annotator(["IGH"], scheme).number(sequence).numbering)
    positions, insertions = split_labels(imgt)
    assert label_residues(positions, insertions, scheme=check_scheme(scheme)) == expected


@pytest.mark.shared_data
@pytest.mark.parametrize("scheme", ["kabat", "chothia", "martin", "aho"])
def test_agreement_with_immunum_on_real_domains(scheme: str, shared_data: Path) -> None:
    """Both start from immunum's IMGT labels; the docs name the classes that differ."""
    with gzip.open(shared_data / "discovery/numbering_truth/imgt.jsonl.gz", "rt") as lines:
        sequences = [json.loads(line)["seq"] for line in lines][::3]
    source = shared_data / "discovery/therasabdab/TheraSAbDab_SeqStruc_OnlineDownload.csv.gz"
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        sequences += [row["HC"] for row in csv.DictReader(lines) if len(row["HC"]) > 90][::3]
    imgt, other = immunum.Annotator(["IGH"], "imgt"), immunum.Annotator(["IGH"], scheme)
    same = compared = 0
    for sequence in sequences:
        numbering = imgt.number(sequence).numbering
        if numbering:
            compared += 1
            labels = label_residues(*split_labels(list(numbering)), scheme=check_scheme(scheme))
            same += labels == list(other.number(sequence).numbering)
    assert compared > 550
    assert same >= 0.985 * compared
