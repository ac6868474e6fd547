"""Why a clonotype is or is not a lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from bactrian.core.errors import InputError
from bactrian.discovery.leads.criteria import check_unit
from bactrian.discovery.leads.explanation import Explanation, explain
from bactrian.discovery.leads.nomination import nominate
from bactrian.discovery.leads.questions import Question, understand
from bactrian.discovery.selection.settings import SelectionSettings

if TYPE_CHECKING:
    from tests.discovery.conftest import Clone, Invention

CLONOTYPE = "GRTFSSYA_ISWSGGST_AADRGGYDY"


@pytest.fixture(scope="module")
def clones(invent: type[Invention]) -> list[Clone]:
    return [
        invent.Clone("AADRGGYDY"),
        invent.Clone("AADRGGYDY", cdr1="GFTFDDYA", count=20),
        invent.Clone("NTWPLKHSEQ", lineage="L000002", count=5),
        invent.Clone("VMCIHLNTRW", lineage="L000003", count=40),
    ]


@pytest.fixture(scope="module")
def table(invent: type[Invention]) -> pl.DataFrame:
    two = [
        invent.table(
            {"key": "AADRGGYDY"}, {"key": "AADRGGFDY", "tier": 0, "fdr_s": 0.6, "reason": "not nominated: so"}
        ),
        invent.table({"key": "AADRGGFDY", "tier": 0, "fdr_e": 0.07}, antigen="B", comparator="A"),
    ]
    return pl.concat(two)


def ask(invent: type[Invention], table: pl.DataFrame, question: Question, **more: Any) -> Explanation:
    contrasts = invent.contrasts(table)
    replicates = table.select("library", "antigen", "key", column=pl.lit("S1"), role=pl.lit("target"),
                              count=pl.lit(40, pl.Int64), cpm=pl.lit(400.0))  # fmt: skip
    return explain(
        question, table, contrasts=contrasts, replicates=replicates, designs=invent.designs(table), **more
    )


@pytest.mark.parametrize(
    ("asked", "cdr3", "keys"),
    [
        ("AADRGGYDY", "AADRGGYDY", ("AADRGGYDY",)),
        (" aadrggydy ", "AADRGGYDY", ("AADRGGYDY",)),
        (CLONOTYPE, "AADRGGYDY", ("AADRGGYDY",)),
        ("NTWPLKHSEQ", "NTWPLKHSEQ", ()),
    ],
    ids=["key", "small-letters", "clonotype", "untested"],
)
def test_a_unit_is_found_by_any_of_its_names(  # noqa: PLR0917 - fixtures and parameters
    invent: type[Invention],
    table: pl.DataFrame,
    clones: list[Clone],
    asked: str,
    cdr3: str,
    keys: tuple[str, ...],
) -> None:
    found = understand(asked, table, clonotypes=invent.clonotypes(*clones))
    assert (found.cdr3, found.keys) == (cdr3, keys)


@pytest.mark.parametrize("kind", ["protein", "nucleotide"])
def test_a_unit_is_found_by_its_sequence(
    invent: type[Invention], table: pl.DataFrame, clones: list[Clone], kind: str
) -> None:
    whole = clones[0].whole
    found = understand(whole if kind == "protein" else invent.codons(whole), table)
    assert (found.clonotype, found.keys) == (CLONOTYPE, ("AADRGGYDY",))


def test_a_unit_is_found_by_its_pick(
    invent: type[Invention], table: pl.DataFrame, clones: list[Clone]
) -> None:
    leads = nominate(table, clonotypes=invent.clonotypes(*clones)).leads
    for asked in ("1", "A_001"):
        found = understand(asked, table, leads=leads)
        assert (found.keys, found.antigen) == (("AADRGGYDY",), "A")


def test_other_units_are_found_by_their_cdr3(invent: type[Invention], clones: list[Clone]) -> None:
    known = invent.clonotypes(*clones)
    by_clonotype = invent.table(
        {"key": "GFTFDDYA_ISWSGGST_AADRGGYDY", "unit": "clonotype"}, {"key": CLONOTYPE, "unit": "clonotype"}
    )
    assert understand("AADRGGYDY", by_clonotype).keys == ("GFTFDDYA_ISWSGGST_AADRGGYDY", CLONOTYPE)
    assert understand(CLONOTYPE, by_clonotype).keys == (CLONOTYPE,)
    by_lineage = invent.table({"key": "L000001", "unit": "lineage"})
    assert understand("AADRGGYDY", by_lineage, clonotypes=known).keys == ("L000001",)


@pytest.mark.parametrize("asked", ["2", "clone 2", "Клон_2"], ids=["number", "space", "letters"])
def test_a_key_that_was_tested_goes_before_picks(invent: type[Invention], asked: str) -> None:
    table = invent.table({"key": "x"}, {"key": "9"}, {"key": asked})
    leads = nominate(table).leads
    assert leads["key"].to_list() == ["x", "9", asked]
    assert understand(asked, table, leads=leads).keys == (asked,)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("clone 3", "'clone 3' is no tested unit. The nearest tested: clone 2 (1 letter off)."),
        ("Клон_3", "'Клон_3' is no tested unit. The nearest tested: Клон_2 (1 letter off)."),
    ],
    ids=["space", "letters"],
)
def test_names_that_are_no_cdr3s_have_neighbours_too(
    invent: type[Invention], asked: str, sentence: str
) -> None:
    table = invent.table({"key": "clone 2"}, {"key": "Клон_2"})
    with pytest.raises(InputError) as caught:
        understand(asked, table)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("asked", "antigen", "sentence"),
    [
        (
            "AADRGGWDY",
            "",
            "'AADRGGWDY' was not counted in any sample. The nearest tested: AADRGGFDY (1 residue off), "
            "AADRGGYDY (1 residue off).",
        ),
        ("AADRGGYDY", "C", "'C' is no target antigen here. Write one of A, B."),
        ("2", "", "There is no pick 2 of 'A': there are 1."),
        (
            "G" * 80,
            "",
            "The sequence of 80 letters has no CDR3: no VHH or VH domain found in any of the six frames "
            "(best alignment score -24). Write a whole VHH, or its CDR3.",
        ),
    ],
    ids=["unknown", "antigen", "pick", "no-vhh"],
)
def test_what_is_not_understood_says_what_to_write(  # noqa: PLR0917 - fixtures and parameters
    invent: type[Invention], table: pl.DataFrame, clones: list[Clone], asked: str, antigen: str, sentence: str
) -> None:
    known = invent.clonotypes(*clones)
    leads = nominate(table, clonotypes=known).leads
    with pytest.raises(InputError) as caught:
        understand(asked, table, clonotypes=known, leads=leads, antigen=antigen)
    assert str(caught.value) == sentence


def test_a_number_needs_its_antigen(invent: type[Invention]) -> None:
    table = pl.concat([invent.table({"key": "AADRGGYDY"}), invent.table({"key": "NTWPLKHSEQ"}, antigen="B")])
    leads = nominate(table).leads
    with pytest.raises(InputError) as caught:
        understand("1", table, leads=leads)
    assert str(caught.value) == "Pick 1 of which antigen? Add --antigen with one of A, B."
    assert understand("1", table, leads=leads, antigen="B").keys == ("NTWPLKHSEQ",)
    with pytest.raises(InputError) as caught:
        understand("1", table)
    assert (
        str(caught.value) == "There are no picks, so '1' means none. Write a CDR3, a clonotype or a sequence."
    )


def test_every_criterion_has_what_was_found_and_what_is_needed(invent: type[Invention]) -> None:
    row = invent.table(
        {"key": "K", "log2fc_a": 1.0, "grower": False, "vetoed": True, "vetoed_by": "B", "log2fc_veto": 2.0}
    ).row(0, named=True)
    contrasts = [
        {"comparator": "B", "log2fc": 4.0, "fdr": 1e-4},
        {"comparator": "C", "log2fc": 0.5, "fdr": 0.2},
    ]
    checks = check_unit(row, contrasts, SelectionSettings())
    assert [(check.criterion, check.against, check.found, check.limit, check.passed) for check in checks] == [
        ("enrichment fold", "input", "32× over input", "more than 2.0× needed", True),
        ("enrichment FDR", "input", "FDR 1e-05", "below 0.05 needed", True),
        ("specificity fold", "B", "16× over B", "more than 2.0× needed", True),
        ("specificity FDR", "B", "FDR 1e-04", "below 0.05 needed", True),
        ("specificity fold", "C", "1.4× over C", "more than 2.0× needed", False),
        ("specificity FDR", "C", "FDR 0.2", "below 0.05 needed", False),
        ("veto", "B", "enriched on B too, 4.0× over input", "none allowed", False),
        ("consistency", "", "3 of 3 replicates consistent", "2 needed", True),
        ("grower", "", "2.0× in the amplification control over input", "no significant growth allowed", True),
        ("TREAT FDR", "", "FDR 0.2 that both exceed 2.0×", "below 0.05 needed", False),
    ]
    lifted = check_unit(row, contrasts, SelectionSettings(veto=False))
    assert [check.passed for check in lifted if check.criterion == "veto"] == [True]


def test_a_further_rule_is_told_in_the_words_of_the_selection(invent: type[Invention]) -> None:
    row = invent.table({"key": "K", "tier": 0, "reason": "not nominated: within the noise floor"})
    checks = check_unit(row.row(0, named=True), [], SelectionSettings())
    assert [(check.criterion, check.found) for check in checks if check.passed is False] == [
        ("further rule", "within the noise floor"),
        ("TREAT FDR", "FDR 0.2 that both exceed 2.0×"),
    ]


def test_what_was_not_tested_neither_passes_nor_fails(invent: type[Invention]) -> None:
    nothing = dict.fromkeys(("log2fc_e", "fdr_e", "fdr_s", "fdr_treat"))
    row = invent.table({"key": "K", "replicates": 1, "replicates_consistent": 1} | nothing).row(0, named=True)
    checks = check_unit(row, [], SelectionSettings())
    assert {check.criterion: check.passed for check in checks} == {
        "enrichment fold": None,
        "specificity fold": True,
        "specificity FDR": None,
        "veto": None,
        "consistency": None,
    }


def test_a_lead_is_told_with_its_well(
    invent: type[Invention], table: pl.DataFrame, clones: list[Clone]
) -> None:
    known = invent.clonotypes(*clones)
    found = nominate(table, clonotypes=known, contrasts=invent.contrasts(table))
    told = ask(
        invent,
        table,
        understand("AADRGGYDY", table, clonotypes=known),
        clonotypes=known,
        leads=found.leads,
        near_misses=found.near_misses,
    )
    assert told.about == (
        "CDR3 AADRGGYDY, lineage L000001: 120 reads in all samples, 2 clonotypes.",
        f"Main clonotype {CLONOTYPE} with 83 % of these reads.",
    )
    of_a, of_b = told.verdicts
    assert (of_a.antigen, of_a.tier, of_a.rank) == ("A", 1, 1)
    assert of_a.answer.startswith("a lead: pick 1, plate 1 well A1. rank 1 of 1 at Tier 1; ")
    assert of_a.counts == (("target", "S1", 40, 400.0),)
    assert all(check.passed for check in of_a.checks if check.tier == 1)
    assert (of_b.tier, of_b.answer) == (
        None,
        "not tested: fewer than 8 reads over the target, comparator and input columns; the others of its 120 "
        "reads stand in other rounds, on other antigens or in samples that are left out",
    )


def test_a_near_miss_is_told_as_one(invent: type[Invention], table: pl.DataFrame) -> None:
    found = nominate(table, contrasts=invent.contrasts(table))
    question = understand("AADRGGFDY", table)
    of_a, of_b = ask(invent, table, question, leads=found.leads, near_misses=found.near_misses).verdicts
    assert of_a.answer == "not a lead: so"
    assert of_b.answer == (
        "not a lead, a near miss: FDR 0.07 against input, just above 0.05; 32× over input, 16× over A"
    )
    assert [check.criterion for check in of_b.checks if check.passed is False] == [
        "enrichment FDR",
        "TREAT FDR",
    ]


@pytest.mark.parametrize(
    ("cdr3", "answer"),
    [
        ("NTWPLKHSEQ", "not tested: 5 reads in all samples together, 8 are needed"),
        ("CCCCCC", "not tested: not seen in any sample of the library 'Lib'"),
    ],
    ids=["few", "never"],
)
def test_an_untested_unit_says_why(
    invent: type[Invention], table: pl.DataFrame, clones: list[Clone], cdr3: str, answer: str
) -> None:
    question = Question(cdr3, cdr3, None, ())
    told = ask(invent, table, question, clonotypes=invent.clonotypes(*clones))
    assert [verdict.answer for verdict in told.verdicts] == [answer, answer]


def test_what_other_counts_say_stands_beside(invent: type[Invention]) -> None:
    table = invent.table({"key": "AADRGGYDY", "tier_with_takeovers": 2}).with_columns(
        tier_clonotype=pl.lit(0, pl.Int8), tier_lineage=pl.lit(1, pl.Int8)
    )
    told = explain(
        Question("AADRGGYDY", "AADRGGYDY", None, ("AADRGGYDY",)),
        table,
        contrasts=invent.contrasts(table),
        replicates=pl.DataFrame(schema={"library": pl.String, "antigen": pl.String, "key": pl.String}),
        designs=invent.designs(table, left_out="s1;s2", exploratory=True),
    )
    assert told.verdicts[0].beside == (
        "Counted by clonotype: Tier 0, which disagrees.",
        "Counted by lineage: Tier 1, the same.",
        "With the samples flagged as takeover kept: Tier 2.",
        "Left out as takeovers: s1, s2.",
        "The design is exploratory: there is no error control.",
    )


def test_a_clonotype_that_was_not_counted_is_told(
    invent: type[Invention], table: pl.DataFrame, clones: list[Clone]
) -> None:
    known = invent.clonotypes(*clones)
    told = ask(invent, table, understand("WWW_WWW_AADRGGYDY", table, clonotypes=known), clonotypes=known)
    assert told.about[-1] == (
        "The clonotype asked for, WWW_WWW_AADRGGYDY, was not counted: its CDR1–2 is another."
    )
