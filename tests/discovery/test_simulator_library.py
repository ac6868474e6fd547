"""The naive library: real VHHs by number and shape, nucleotides that say what the residues say."""

from __future__ import annotations

import immunum
import numpy as np
import polars as pl
import pytest

from bactrian.core.seeds import make_rng
from bactrian.discovery.simulator.codons import CODONS, RESIDUES, draw_codons, mutate_codons, translate
from bactrian.discovery.simulator.constructs import EMPTY_VECTOR, construct_of, reverse_complement
from bactrian.discovery.simulator.library import draw_library
from bactrian.discovery.simulator.settings import LibrarySettings
from bactrian.discovery.vhh.profile import load_profile

SOUND = LibrarySettings(clones=2000, stop=0, frameshift=0, empty=0)


def draw(settings: LibrarySettings, seed: int = 1) -> pl.DataFrame:
    return draw_library(settings, load_profile(), rng=make_rng(seed, "library"))


@pytest.fixture(scope="module")
def library() -> pl.DataFrame:
    return draw(SOUND)


def test_the_genetic_code_has_its_landmarks() -> None:
    assert translate("ATGTGGTGCTAATAGTGA") == "MWC***"
    assert sum(translate(codon) == "L" for codon in CODONS) == 6
    assert {translate(codon) for codon in CODONS} == {*RESIDUES, "*"}


def test_drawn_codons_code_for_their_residues() -> None:
    rng = make_rng(1, "codons")
    residues = rng.integers(0, 20, 5000)
    codons = draw_codons(residues, rng)
    assert "".join(translate(CODONS[k]) for k in codons) == "".join(RESIDUES[k] for k in residues)
    leucines = draw_codons(np.full(20_000, RESIDUES.index("L")), rng)
    # CTG holds 39.6 of the 100.2 leucine codons per thousand of the usage table.
    assert np.mean(leucines == CODONS.index("CTG")) == pytest.approx(39.6 / 100.2, abs=0.015)


def test_mutated_codons_are_mostly_one_nucleotide_away_where_one_is() -> None:
    rng = make_rng(1, "mutations")
    old = np.full(2000, CODONS.index("AAA"))
    new = mutate_codons(old, np.full(2000, RESIDUES.index("R")), rng)
    assert {translate(CODONS[k]) for k in new} == {"R"}
    assert np.mean(new == CODONS.index("AGA")) > 0.9


def test_clones_are_whole_vhhs_with_distinct_cdr3s(library: pl.DataFrame) -> None:
    assert library.height == SOUND.clones
    assert library["cdr3"].n_unique() == SOUND.clones
    assert library["frequency"].sum() == pytest.approx(1.0)
    assert library["vhh"].str.contains(r"^[A-Z]{21,}C.*W.*C.*G.G[A-Z]{7}$").all()
    assert not library["vhh"].str.contains(r"\*").any()
    lengths = library["cdr3"].str.len_bytes()
    assert lengths.min() >= 4
    assert lengths.max() <= 30
    assert (lengths >= 18).mean() > 0.3
    # Only the second disulfide brings cysteines: a lone third one would be no naive VHH.
    assert (library["vhh"].str.count_matches("C") % 2 == 0).all()


def test_frequencies_are_lognormal(library: pl.DataFrame) -> None:
    logs = np.log(library["frequency"].to_numpy())
    # Standard error of a standard deviation from 2,000 values: 1.2 / sqrt(4,000) = 0.019.
    assert logs.std() == pytest.approx(1.2, abs=0.08)
    assert abs(((logs - logs.mean()) ** 3).mean() / logs.std() ** 3) < 0.3


def test_families_are_used_flatly(library: pl.DataFrame) -> None:
    sizes = library["family"].value_counts()["count"]
    assert sizes.len() == 6
    assert sizes.max() - sizes.min() <= 1


def test_residues_follow_the_profile(library: pl.DataFrame) -> None:
    counts = load_profile().counts[117 - 1]
    share = counts[RESIDUES.index("Y")] / (counts.sum() - counts[RESIDUES.index("C")])
    last = library.filter(pl.col("cdr3").str.len_bytes() >= 8)["cdr3"].str.tail(1)
    assert (last == "Y").mean() == pytest.approx(share, abs=0.05)


def test_an_independent_numbering_finds_the_same_cdrs(library: pl.DataFrame) -> None:
    annotator = immunum.Annotator(chains=["IGH"], scheme="imgt")
    chosen = library.filter(
        (pl.col("cdr1").str.len_bytes() == 8) & (pl.col("cdr2").str.len_bytes().is_between(7, 8))
    ).head(300)
    right = 0
    for row in chosen.iter_rows(named=True):
        found = annotator.segment(row["vhh"])
        right += (found.cdr1, found.cdr2, found.cdr3) == (row["cdr1"], row["cdr2"], row["cdr3"])
    assert right / chosen.height > 0.97


@pytest.mark.parametrize("primers", ["framework", "vector"])
def test_amplicons_say_what_the_residues_say(primers: str) -> None:
    library = draw(LibrarySettings(clones=300, stop=0, frameshift=0, empty=0, primers=primers))  # type: ignore[arg-type]
    construct = construct_of(primers)  # type: ignore[arg-type]
    for row in library.iter_rows(named=True):
        amplicon, fr2, fr3 = row["amplicon"], row["fr2_start"], row["fr3_start"]
        assert amplicon.startswith(construct.forward)
        assert amplicon.endswith(reverse_complement(construct.reverse))
        assert translate(amplicon[fr2 - 3 * len(row["cdr1"]) : fr2]) == row["cdr1"]
        assert translate(amplicon[fr2 : fr2 + 51])[2] == "W"
        assert translate(amplicon[fr3 - 3 * len(row["cdr2"]) : fr3]) == row["cdr2"]
        end = fr3 + 114
        assert translate(amplicon[fr3:end])[-1] == "C"
        assert translate(amplicon[end : end + 3 * len(row["cdr3"])]) == row["cdr3"]
        protein = translate(amplicon[fr2 % 3 :])
        assert (row["vhh"] in protein) if primers == "vector" else (protein in row["vhh"])


def test_primers_inside_the_domain_write_their_residues_into_it() -> None:
    library = draw(LibrarySettings(clones=200, stop=0, frameshift=0, empty=0))
    assert library["vhh"].str.contains(r"SCAAS").all()
    assert library["vhh"].str.contains(r"QGTQ[A-Z]{5}$").all()


def test_defects_hold_their_share_of_the_molecules() -> None:
    library = draw(LibrarySettings(clones=1000, stop=0.1, frameshift=0.05, empty=0.02))
    mass = dict(library.group_by("defect").agg(pl.col("frequency").sum()).iter_rows())
    total = sum(mass.values())
    assert {name: value / total for name, value in mass.items()} == pytest.approx(
        {None: 0.83, "stop": 0.1, "frameshift": 0.05, "empty": 0.02}
    )
    sound = library.filter(pl.col("defect").is_null())
    assert sound["productive"].all()
    assert sound.height == 1000
    for row in library.filter(pl.col("defect") == "stop").iter_rows(named=True):
        assert "*" in translate(row["amplicon"][sound["fr2_start"][0] % 3 :])
    shifted = library.filter(pl.col("defect") == "frameshift")
    lengths = set((sound["amplicon"].str.len_bytes() % 3).to_list())
    assert lengths == {2}  # 299 nt and multiples of 3 away from it
    assert not set((shifted["amplicon"].str.len_bytes() % 3).to_list()) & lengths
    assert EMPTY_VECTOR in library.filter(pl.col("defect") == "empty")["amplicon"].item()


def test_ambers_stand_for_glutamines() -> None:
    library = draw(LibrarySettings(clones=400, amber=0.25, stop=0, frameshift=0, empty=0))
    assert library["amber"].mean() == pytest.approx(0.25, abs=0.08)
    for row in library.filter("amber").iter_rows(named=True):
        protein = translate(row["amplicon"][row["fr2_start"] % 3 :])
        assert protein.count("*") == 1
        assert protein.replace("*", "Q") in row["vhh"]


def test_siblings_and_shared_cdr3s_are_made_on_request() -> None:
    library = draw(LibrarySettings(clones=400, siblings=0.1, shared_cdr3=0.05, stop=0, frameshift=0, empty=0))
    assert library["cdr3"].n_unique() == 400 - 20
    groups = library.group_by("cdr1", "cdr2", "family", pl.col("cdr3").str.len_bytes().alias("length"))
    pairs = [frame["cdr3"].to_list() for _, frame in groups if frame.height == 2]
    near = [sum(a != b for a, b in zip(*pair, strict=True)) for pair in pairs]
    assert sum(1 <= distance <= 2 for distance in near) >= 38
    shared = library.filter(pl.col("cdr3").is_duplicated())
    assert shared.height == 40
    assert shared["clonotype"].n_unique() == 40
