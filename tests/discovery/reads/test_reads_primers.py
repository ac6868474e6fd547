from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bactrian.core.errors import InputError, Where
from bactrian.discovery.reads.detection import detect_primers
from bactrian.discovery.reads.fastq import ReadChunk, open_pairs
from bactrian.discovery.reads.primers import (
    BITS,
    PrimerPair,
    encode_primer,
    find_primer,
    parse_primers,
    reverse_complement,
)

FORWARD, REVERSE = "TCCTGTGCAGCCTC", "ACCTGGGTCCCCTG"


def random_dna(length, rng):
    return "".join(rng.choice(list("ACGT"), length))


def find(read, primer, *, window=40, most=2):
    seq = np.frombuffer(read.encode(), np.uint8)
    return find_primer(seq, 0, len(seq), encode_primer(primer).bits, window, most, BITS)


@given(st.text("ACGTN"))
def test_reverse_complement_twice_is_the_same(text):
    assert reverse_complement(reverse_complement(text)) == text


def test_primers_are_read_with_tails_spaces_and_uracil():
    pair = parse_primers(f"tcgtcggcag{FORWARD} , acac ACCUGGGTCCCCTG")
    assert pair == PrimerPair(FORWARD, REVERSE)
    assert str(pair) == f"{FORWARD},{REVERSE}"
    assert pair.exchanged() == PrimerPair(REVERSE, FORWARD)


def test_a_primer_without_capitals_has_no_tail():
    assert parse_primers(f"{FORWARD.lower()},{REVERSE.lower()}") == PrimerPair(FORWARD, REVERSE)


REFUSED = {
    "one": (
        FORWARD,
        f"'{FORWARD}' does not name two primers. Write the forward and the reverse primer, each 5' to 3', "
        "with one comma between them, for instance TCCTGTGCAGCCTC,ACCTGGGTCCCCTG.",
    ),
    "letter": (
        f"{FORWARD},ACCTGGGTCCCCTGJ",
        "the reverse primer 'ACCTGGGTCCCCTGJ' holds 'J', which is no IUPAC letter. Write bases A, C, G, T "
        "or the codes R Y S W K M B D H V N, the annealing part in capitals.",
    ),
    "short": (
        f"ACGTNNNNNN,{REVERSE}",
        "the forward primer 'ACGTNNNNNN' has 4 certain bases. Expected at least 8 of A, C, G, T in its "
        "annealing part, written in capitals; lower case marks a tail that does not anneal.",
    ),
    "middle": (
        f"TCCTGTgcaGCCTC,{REVERSE}",
        "the forward primer 'TCCTGTgcaGCCTC' has lower-case letters after its capitals. Lower case marks a "
        "tail that does not anneal and stands before the annealing part; write the rest in capitals.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_primer_pair_is_refused(case):
    text, sentence = REFUSED[case]
    with pytest.raises(InputError) as caught:
        parse_primers(text, Where(file="samples.csv", row=3))
    assert str(caught.value) == f"samples.csv, row 3: {sentence}"


def test_a_primer_is_found_with_up_to_two_mismatches_and_n_is_one():
    assert find("ACGTA" + FORWARD + "A" * 30, FORWARD) == (5, 0)
    assert find("ACGTA" + "NCCTGTGCAGCCTA" + "A" * 30, FORWARD) == (5, 2)
    assert find("ACGTA" + "NNCTGTGCAGCCTA" + "A" * 30, FORWARD)[0] == -1
    assert find("A" * 41 + FORWARD, FORWARD)[0] == -1
    assert find("A" * 40 + FORWARD, FORWARD) == (40, 0)


def test_iupac_letters_match_what_they_stand_for():
    assert find("GAGGTGCAGCTGGTGGAG", "GAGGTSCAGCTGGTGSAG") == (0, 0)
    assert find("GAGGTACAGCTGGTGGAG", "GAGGTSCAGCTGGTGSAG") == (0, 1)


def make_chunk(tmp_path, pairs):
    paths = []
    for mate in (0, 1):
        path = tmp_path / f"R{mate + 1}.fastq"
        path.write_text("".join(f"@r{i}\n{p[mate]}\n+\n{'I' * len(p[mate])}\n" for i, p in enumerate(pairs)))
        paths.append(path)
    return next(open_pairs([tuple(paths)]))


def make_pairs(rng, *, forward=FORWARD, reverse=REVERSE, spacer=0, swap=0.0, n=600, error=0.003):
    pairs = []
    for _ in range(n):
        mates = []
        for primer in (forward, reverse):
            letters = [rng.choice(list(IUPAC_CHOICES.get(x, x))) for x in primer]
            letters = [rng.choice(list("ACGT")) if rng.random() < error else x for x in letters]
            # Behind the primer the germline: 94 % one base, as after the primers of real VHH reads.
            germline = "".join(x if rng.random() < 0.94 else rng.choice(list("ACGT")) for x in "TGGAAGCATC")
            start = random_dna(rng.integers(0, spacer + 1), rng)
            mates.append((start + "".join(letters) + germline + random_dna(120, rng))[:110])
        pairs.append(tuple(mates[::-1]) if rng.random() < swap else tuple(mates))
    return pairs


IUPAC_CHOICES = {"S": "CG", "R": "AG", "Y": "CT"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"spacer": 8},
        {"swap": 1.0},
        {"forward": "GAGGTGCAGCTSGTGGAGTC", "reverse": "TGAGGAGACRGTGACCTGG"},
    ],
    ids=["plain", "spacers", "all swapped", "iupac"],
)
def test_primers_are_detected(tmp_path, options):
    rng = np.random.default_rng(4)
    found = detect_primers(make_chunk(tmp_path, make_pairs(rng, **options)))
    wanted = (options.get("forward", FORWARD), options.get("reverse", REVERSE))
    assert found == PrimerPair(*(wanted[::-1] if options.get("swap") else wanted))


def test_a_constant_framework_is_not_followed_into_the_cdr(tmp_path):
    rng = np.random.default_rng(8)
    long = "GAGGTGCAGCTGGTGGAGTCTGGAGGAGGCTTGGTG"
    found = detect_primers(make_chunk(tmp_path, make_pairs(rng, forward=long)))
    assert found == PrimerPair(long[:20], REVERSE)


def test_primers_of_mixed_mates_are_detected(tmp_path):
    rng = np.random.default_rng(5)
    found = detect_primers(make_chunk(tmp_path, make_pairs(rng, swap=0.5)))
    assert found is not None
    assert {found.forward, found.reverse} == {FORWARD, REVERSE}


def test_a_dominant_clone_does_not_lengthen_the_primer(tmp_path):
    rng = np.random.default_rng(6)
    pairs = make_pairs(rng, n=400)
    found = detect_primers(make_chunk(tmp_path, [*pairs, *[pairs[0]] * 1600]))
    assert found == PrimerPair(FORWARD, REVERSE)


@pytest.mark.parametrize("kind", ["random", "germline", "few"])
def test_no_primers_where_nothing_is_conserved(tmp_path, kind):
    rng = np.random.default_rng(7)
    pairs = make_pairs(rng, n=20) if kind == "few" else []
    if kind == "random":
        pairs = [(random_dna(110, rng), random_dna(110, rng)) for _ in range(300)]
    if kind == "germline":
        text = random_dna(40, rng)
        mutate = lambda: "".join(x if rng.random() < 0.94 else rng.choice(list("ACGT")) for x in text)  # noqa: E731
        pairs = [(mutate() + random_dna(70, rng), mutate() + random_dna(70, rng)) for _ in range(600)]
    assert detect_primers(make_chunk(tmp_path, pairs)) is None


def test_an_empty_chunk_has_no_primers():
    none = np.empty(0, np.uint8)
    start = np.zeros(1, np.int64)
    assert detect_primers(ReadChunk(none, start, none, none, start, none, 0, 1)) is None
