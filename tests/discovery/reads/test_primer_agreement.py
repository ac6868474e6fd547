from __future__ import annotations

from bactrian.discovery.reads.agreement import PrimerSight, agree_on_primers
from bactrian.discovery.reads.primers import PrimerPair

INNER = PrimerPair("TCCTGTGCAGCCTC", "ACCTGGGTCCCCTG")
LONGER = PrimerPair("TCCTGTGCAGCCTCTG", "ACCTGGGTCCCCTGDC")
OUTER = PrimerPair("GCTGGATTGTTATTACTCGC", "GTGATGGTGATGATGTGCGG")


def see(pair: PrimerPair | None, *, enough: bool = True) -> PrimerSight:
    return PrimerSight(enough, pair)


def test_one_pair_holds_for_the_samples_that_show_none_or_cannot_tell() -> None:
    sights = {"a": see(INNER), "b": see(INNER), "c": see(None), "d": see(None, enough=False)}
    assert agree_on_primers(sights) == dict.fromkeys("abcd", INNER)


def test_sights_a_few_bases_apart_are_one_pair() -> None:
    sights = {"a": see(INNER), "b": see(LONGER), "c": see(INNER)}
    assert agree_on_primers(sights) == dict.fromkeys("abc", INNER)


def test_exchanged_mates_show_the_same_pair() -> None:
    swapped = PrimerPair(INNER.reverse, INNER.forward)
    assert agree_on_primers({"a": see(INNER), "b": see(INNER), "c": see(swapped)}) == dict.fromkeys(
        "abc", INNER
    )


def test_a_sample_amplified_with_another_pair_keeps_its_own() -> None:
    sights = {"a": see(INNER), "b": see(INNER), "c": see(INNER), "d": see(OUTER)}
    assert agree_on_primers(sights) == {"a": INNER, "b": INNER, "c": INNER, "d": OUTER}


def test_a_pair_that_few_samples_show_is_not_pressed_on_the_others() -> None:
    sights = {"a": see(INNER), "b": see(None), "c": see(None)}
    assert agree_on_primers(sights) == {"a": INNER, "b": None, "c": None}


def test_no_sample_shows_any() -> None:
    assert agree_on_primers({"a": see(None), "b": see(None, enough=False)}) == {"a": None, "b": None}
