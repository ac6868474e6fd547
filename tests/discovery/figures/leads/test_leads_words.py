"""The answer is no stronger than the design: exploratory, without comparators, without input, simulated."""

from dataclasses import replace

import polars as pl
import pytest

from bactrian.discovery.figures.leads import build_leads_report
from bactrian.discovery.figures.leads.words import (
    say_answer,
    say_notes,
    say_numbers,
    say_state,
    takeover_changes,
)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def titles(results) -> list[str]:
    return [note.title for note in say_notes(results)]


def lacking(results, *, contrast: str, design: dict[str, object], also: tuple[str, ...] = ()):
    """The same campaign without one contrast, hence without any nomination."""
    columns = [f"{name}_{contrast}" for name in ("log2fc", "p", "fdr")]
    columns += [f"{contrast}_{name}" for name in ("shrunken", "low", "high")]
    table = results.table.with_columns(pl.lit(None, pl.Float64).alias(name) for name in columns)
    table = table.with_columns(tier=pl.lit(0, pl.Int8))
    changes = {"tier1": pl.lit(0), "tier2": pl.lit(0)} | {name: pl.lit(to) for name, to in design.items()}
    clear = {name: getattr(results, name).clear() for name in ("leads", "liabilities", "floors", *also)}
    return replace(results, table=table, designs=results.designs.with_columns(**changes), **clear)


def test_nominations_are_counted_with_their_error_and_never_called_binders(one_antigen):
    target = one_antigen.targets()[0]
    assert plain(say_answer(one_antigen)[0]) == (
        f"**{target.nominated} CDR3s are nominated for OprM** at 5 % false discovery in each contrast: "
        "they rise over input and over beads, in at least 2 of 3 replicates. "
        f"{target.certain} of them with high confidence (Tier 2); {target.leads.height} leads picked."
    )
    assert say_state(one_antigen.targets()).word == "finished"


def test_no_page_calls_what_is_nominated_a_binder(one_antigen):
    html = build_leads_report(one_antigen).to_html()
    page = html.split("<main>")[1].split('<script type="application/json" id="chart-themes">')[0]
    said = [line for line in page.splitlines() if "binder" in line.lower() and "chart-source" not in line]
    assert [line for line in said if "A binder cannot pass" not in line] == []


def test_two_replicates_say_their_power(make_campaign):
    results = make_campaign(antigens=("OprM",), replicates=2)
    assert ", in both replicates." in say_answer(results)[0]
    note = next(note for note in say_notes(results) if "two replicates" in note.title)
    assert note.title == "OprM: two replicates, both must agree."
    assert note.text == (
        "A third would find more. OprM: biological variation (BCV) 0.28, smallest detectable change 2.1×."
    )


def test_one_replicate_is_exploratory_everywhere(make_campaign):
    results = make_campaign(antigens=("OprM",), replicates=1, tested=False)
    assert say_answer(results)[0] == (
        "**OprM is exploratory: no error control.** 1,500 CDR3s are ranked by how far they stand "
        "above input and every comparator, and none is nominated. 24 units picked by rank stand below."
    )
    assert titles(results)[0] == "OprM: exploratory, no error control."
    assert say_state(results.targets()).word == "exploratory"
    html = build_leads_report(results).to_html()
    assert html.count(" exploratory</span>") >= results.leads.height
    assert "FDR of S" not in html
    assert [(card.value, card.label, card.detail) for card in say_numbers(results)] == [
        ("0", "CDR3s nominated (Tier 1 or 2)", "no error control"),
        ("24", "picked by rank", "without an error rate"),
        ("1,500", "CDR3s tested", "8 reads or more"),
    ]
    assert "Replicates</span><small>of 1" not in html.split("Near misses for OprM")[0]


def test_without_comparators_specificity_is_not_claimed(one_antigen):
    results = lacking(one_antigen, contrast="s", design={"comparators": ""}, also=("contrasts",))
    assert say_answer(results)[0].startswith(
        "**No CDR3 is nominated for OprM**: specificity is not tested: nothing else was panned to compare "
    )
    assert "OprM: specificity not tested." in titles(results)
    html = build_leads_report(results).to_html()
    assert "Not drawn. Specificity: there is no comparator." in html
    assert "Not drawn. Enrichment against specificity: there is no comparator." in html
    assert say_state(results.targets()).word == "nothing nominated"


def test_without_input_enrichment_is_not_claimed(one_antigen):
    results = lacking(one_antigen, contrast="e", design={"inputs": 0})
    assert "enrichment is not tested: the unpanned library was not sequenced" in say_answer(results)[0]
    assert "OprM: enrichment not tested." in titles(results)


def test_no_nomination_names_the_smallest_change_one_could_see(one_antigen):
    designs = one_antigen.designs.with_columns(tier1=pl.lit(0), tier2=pl.lit(0))
    table = one_antigen.table.with_columns(tier=pl.lit(0, pl.Int8))
    results = replace(one_antigen, designs=designs, table=table, leads=one_antigen.leads.clear())
    assert plain(say_answer(results)[0]) == (
        "**No CDR3 is nominated for OprM** at 5 % false discovery, of 1,500 CDR3s tested. "
        "The smallest change that this design detects is 2.1×."
    )
    html = build_leads_report(results).to_html()
    assert "No unit passed every criterion. The near misses below say what each failed." in html
    assert "the real labelling nominates 0" in html


def test_too_few_reads_to_test_anything_still_give_a_page(one_antigen):
    none = ("leads", "near_misses", "contrasts", "replicates", "trajectories", "floors", "liabilities")
    empty = {name: getattr(one_antigen, name).clear() for name in none}
    designs = one_antigen.designs.with_columns(
        n_tested=pl.lit(0), tier1=pl.lit(0), tier2=pl.lit(0), claim=pl.lit("Nothing could be tested.")
    )
    results = replace(one_antigen, table=one_antigen.table.clear(), designs=designs, **empty)
    assert say_answer(results) == ("**Nothing is tested for OprM**: no CDR3 has 8 reads in its columns.",)
    assert "Nothing could be tested." in build_leads_report(results).to_html()


def test_takeovers_left_out_are_named_with_what_they_change(one_antigen):
    note = next(note for note in say_notes(one_antigen) if "left out" in note.title)
    assert note.title == "2 samples are left out: 03-A2 and 03-C2."
    assert note.state == "bad"
    assert note.text.startswith(
        "They are not counted. With them OprM loses 1 nomination. The tier with takeover"
    )
    assert takeover_changes(one_antigen.targets()[0]) == (1, 0)
    kept = replace(one_antigen, designs=one_antigen.designs.with_columns(left_out=pl.lit("")))
    assert not [title for title in titles(kept) if "left out" in title]


def test_the_noise_floor_stands_among_the_notes_and_is_loud_when_it_is(one_antigen):
    note = next(note for note in say_notes(one_antigen) if "noise" in note.title)
    assert note.state == "neutral"
    assert "so expect about 0.3 of the" in note.text
    assert "(#figure-noise-oprm)" in note.text
    loud = replace(one_antigen, floors=one_antigen.floors.with_columns(tier1=pl.lit(6, pl.Int64)))
    assert next(note for note in say_notes(loud) if "noise" in note.title).state == "waiting"


def test_other_units_and_orders_are_said(one_antigen):
    told = titles(one_antigen)
    assert "Leads that other units do not nominate: 1 when counted by clonotype." in told
    unread = one_antigen.leads.filter(~pl.col("orderable")).height
    assert f"{unread} leads cannot be ordered from these reads." in told


def test_simulated_data_say_so_first(one_antigen):
    results = replace(one_antigen, simulated=True)
    assert say_answer(results)[0].startswith("In simulation: **")
    assert titles(results)[0] == "These data are simulated."


def test_many_antigens_are_summed_up(make_campaign):
    results = make_campaign(units=400, antigens=tuple("abcdef"), top=4)
    total = sum(target.nominated for target in results.targets())
    with_some = sum(target.nominated > 0 for target in results.targets())
    assert plain(say_answer(results)[0]) == (
        f"**{total} CDR3s are nominated for {with_some} of 6 antigens** at 5 % false discovery in each "
        "contrast; compared below."
    )
    assert len(say_numbers(results)) == 6


@pytest.mark.parametrize(
    ("unit", "words"), [("clonotype", "clonotypes are nominated"), ("lineage", "lineages are nominated")]
)
def test_the_unit_is_named(one_antigen, unit, words):
    assert words in say_answer(replace(one_antigen, unit=unit))[0]


def test_settings_remarks_and_methods_stand_on_the_page(one_antigen):
    html = build_leads_report(one_antigen).to_html()
    assert "The 3 input samples were drawn from one unpanned library: technical noise only." in html
    assert (
        "Only CDR3s with 8 reads or more over target, comparator and input columns together are tested."
        in html
    )
    assert "EMBOSS pKa set (version 1)" in html
    assert "quasi-likelihood F-test" in html
    assert "no column counts for more than 3.5 times the second highest" in html
    assert "for Tier 1 it is 5 % at most, for Tier 2 1 %." in html.replace("\u00a0", " ")
    assert "Some target selections and as many of a comparator change places" in html
    assert "whose CPM + 20 is more than 2 times (CPM + 20) of every input and comparator column" in html
