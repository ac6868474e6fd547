"""Every title of the leads report is computed from the frame it stands on, and every mark with it."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import vl_convert

from bactrian.discovery.figures.leads import LeadsResults, build_leads_report
from bactrian.discovery.figures.leads.cards import lay_sequence, open_cards
from bactrian.discovery.figures.leads.effects import draw_effects
from bactrian.discovery.figures.leads.lineages import find_families, find_relatives, lay_out, with_cdr3
from bactrian.discovery.figures.leads.listings import list_leads
from bactrian.discovery.figures.leads.marks import (
    CERTAIN,
    MISSED,
    NOMINATED,
    PICKED,
    REST,
    VETOED,
    call_units,
    cloud_rows,
    thin_cloud,
)
from bactrian.discovery.figures.leads.noise import draw_floor, say_floor
from bactrian.discovery.figures.leads.overview import draw_overview
from bactrian.discovery.figures.leads.replicates import draw_agreement, draw_dots, rank_correlation
from bactrian.discovery.figures.leads.specificity import comparator_cpm, draw_specificity
from bactrian.discovery.figures.leads.trajectories import draw_trajectories, side_rounds
from bactrian.discovery.figures.leads.volcano import HIGHEST, draw_volcanoes
from bactrian.discovery.leads.domains import lay_domains
from bactrian.report import Dossier, Figure, Table

NUMBER = 1500
MEGABYTE = 1_000_000


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def blocks(results: LeadsResults, kind: type) -> list:
    report = build_leads_report(results)
    return [block for section in report.sections for block in section.blocks if isinstance(block, kind)]


def make_units(**changes: list[object]) -> pl.DataFrame:
    """Five units: one of each tier, one sticky, one that only the comparator enriches, one near miss."""
    columns = {
        "library": ["L"] * 5, "antigen": ["OprM"] * 5, "key": ["AAA", "CCC", "DDD", "EEE", "FFF"],
        "tier": [2, 1, 0, 0, 0], "rank": [1, 2, 3, 4, 5],
        "log2fc_e": [5.0, 3.0, 4.0, -1.0, 2.0], "log2fc_s": [6.0, 2.0, 0.1, -5.0, 1.5],
        "fdr_e": [1e-9, 0.01, 1e-6, 0.5, 0.06], "fdr_s": [1e-8, 0.02, 0.9, 1e-9, 0.01],
        "p_e": [1e-10, 0.001, 1e-7, 0.4, 0.02], "p_s": [1e-60, 0.002, 0.8, 1e-10, 0.001],
        "vetoed": [False, False, True, True, False], "grower": [False] * 5, "reads": [50, 40, 30, 20, 10],
        "comparator": ["flagellum", "flagellum", "beads", "flagellum", "flagellum"],
        "cpm_target": [900.0, 300.0, 500.0, 0.0, 80.0], "cpm_comparator": [0.0, 30.0, 480.0, 800.0, 20.0],
    }  # fmt: skip
    return pl.DataFrame(columns | changes, schema_overrides={"tier": pl.Int8})


def make_results(**changes: object) -> LeadsResults:
    design = {
        "library": ["L"], "antigen": ["OprM"], "replicates": [3], "comparators": ["flagellum;beads"],
        "n_tested": [5], "tier1": [2], "tier2": [1], "exploratory": [False], "claim": [""], "left_out": [""],
    }  # fmt: skip
    missed = pl.DataFrame({"library": ["L"], "antigen": ["OprM"], "key": ["FFF"], "reason": ["FDR 0.06"]})
    parts = {"title": "T", "table": make_units(), "designs": pl.DataFrame(design), "near_misses": missed}
    return LeadsResults(**(parts | changes))


def test_the_whole_campaign_is_drawn(one_antigen):
    assert [figure.key for figure in blocks(one_antigen, Figure)] == [
        "effects OprM", "specificity OprM 1", "volcano E OprM", "volcano S OprM", "replicates OprM",
        "agreement OprM", "trajectories OprM", "noise OprM", "lineages OprM",
    ]  # fmt: skip
    assert [table.title for table in blocks(one_antigen, Table)] == [
        "Leads for OprM", "Near misses for OprM", "Designs", "Columns of the tests",
    ]  # fmt: skip
    assert [section.title for section in build_leads_report(one_antigen).sections] == [
        "Leads", "Statistics", "Replicates and relatives", "Near misses", "Design", "Methods",
    ]  # fmt: skip


def test_several_antigens_are_compared_first_and_have_a_part_each(made_up_campaign):
    sections = build_leads_report(made_up_campaign).sections
    assert [section.title for section in sections] == ["Overview", "OprM", "flagellum", "Design", "Methods"]
    leads = [target.leads.height for target in made_up_campaign.targets()]
    assert [section.number for section in sections[1:3]] == leads
    assert sum(isinstance(block, Dossier) for block in sections[1].blocks) == leads[0]


def test_every_chart_is_drawn_from_its_frame(one_antigen, made_up_campaign):
    overview = draw_overview(made_up_campaign.targets())
    for figure in blocks(one_antigen, Figure) + overview:
        svg = vl_convert.vegalite_to_svg(figure.themed() | {"width": 600})
        assert len(svg) > 3000, figure.key
        assert "NaN" not in svg, figure.key
        assert "undefined" not in svg, figure.key


def test_a_frame_without_needed_columns_is_refused():
    with pytest.raises(ValueError, match="absent: rank"):
        make_results(table=make_units().drop("rank"))
    with pytest.raises(ValueError, match="absent: all designs"):
        make_results(designs=make_results().designs.clear())


def test_antigens_whose_names_differ_in_signs_alone_keep_their_own_places():
    antigens = ["α", "β", "Design", "design"]
    designs = pl.concat([make_results().designs.with_columns(antigen=pl.lit(name)) for name in antigens])
    results = make_results(designs=designs)
    names = [target.name for target in results.targets()]
    assert names == ["α", "β (2)", "Design (2)", "design (3)"]
    assert [section.title for section in build_leads_report(results).sections][1:5] == names


def test_units_are_called_by_what_decided():
    calls = call_units(make_results().targets()[0])
    assert dict(calls.select("key", "call").iter_rows()) == {
        "AAA": CERTAIN, "CCC": NOMINATED, "DDD": VETOED, "EEE": REST, "FFF": MISSED,
    }  # fmt: skip


def test_what_is_picked_without_a_nomination_is_called_so(make_campaign):
    results = make_campaign(antigens=("OprM",), replicates=1, tested=False)
    calls = call_units(results.targets()[0])
    assert set(calls.filter(pl.col("key").is_in(results.leads["key"].to_list()))["call"]) == {PICKED}
    assert not {CERTAIN, NOMINATED, VETOED} & set(calls["call"])


def test_effects_count_what_rises_and_what_sticks():
    target = make_results().targets()[0]
    figure = draw_effects(target, call_units(target), rows=100)[0]
    assert figure.title == (
        "2 CDR3s rise against input and against every comparator; 1 CDR3 more rise on a comparator as well"
    )
    assert figure.frame.height == 5


def test_without_replicates_effects_say_how_little_is_sure(make_campaign):
    target = make_campaign(antigens=("OprM",), replicates=1, tested=False).targets()[0]
    figure = draw_effects(target, call_units(target), rows=2000)[0]
    sure = target.table.filter(pl.col("s_low") > 0).height
    assert figure.title == (
        f"{sure} of 1,500 CDR3s have a 95 % interval of specificity above nought; "
        "without replicates the spread is assumed"
    )


def test_an_overview_of_nothing_is_not_drawn(make_campaign):
    results = make_campaign(units=300, replicates=1, tested=False)
    assert draw_overview(results.targets()) == []
    figure = draw_overview(make_campaign(units=300).targets())[0]
    assert figure.frame.filter(pl.col("kind") == "label swaps, mean")["units"].to_list() == [1 / 3, 1 / 3]


def test_volcanoes_count_what_passes_and_keep_tiny_p_on_the_page():
    target = make_results().targets()[0]
    enriched, specific = draw_volcanoes(target, call_units(target), rows=100)
    assert plain(enriched.title) == "E: 3 CDR3s enriched over input at FDR 5 %"
    assert plain(specific.title) == "S: 3 CDR3s above every comparator at FDR 5 %"
    assert specific.frame.filter(pl.col("key") == "AAA")["sure"].to_list() == [HIGHEST]
    assert "stand at the upper edge" in specific.caption
    assert "stand at the upper edge" not in enriched.caption


def test_without_p_values_there_is_no_volcano(make_campaign):
    results = make_campaign(antigens=("OprM",), replicates=1, tested=False)
    target = results.targets()[0]
    assert draw_volcanoes(target, call_units(target), rows=100) == []
    assert "Not drawn. Volcanoes: without replicates there is no p-value." in str(build_leads_report(results))


def test_specificity_draws_counts_that_are_known_and_says_how_many_are_not():
    contrasts = pl.DataFrame(
        {
            "library": ["L"] * 10, "antigen": ["OprM"] * 10, "key": ["AAA", "CCC", "DDD", "EEE", "FFF"] * 2,
            "comparator": ["flagellum"] * 5 + ["beads"] * 5,
            "log2fc": [6.0, 2.0, 1.0, -5.0, 1.5, 7.0, 3.0, 0.1, -2.0, 4.0], "fdr": [0.01] * 10,
        }
    )  # fmt: skip
    counted = pl.DataFrame(
        {
            "library": ["L"] * 2, "antigen": ["OprM"] * 2, "key": ["AAA"] * 2, "column": ["b.1", "b.2"],
            "role": ["comparator"] * 2, "comparator": ["beads"] * 2, "cpm": [10.0, 30.0],
        }
    )  # fmt: skip
    target = make_results(contrasts=contrasts, replicates=counted).targets()[0]
    assert dict(comparator_cpm(target, "beads").iter_rows()) == {"DDD": 480.0, "AAA": 20.0}
    flagellum, beads = draw_specificity(target, call_units(target), rows=100)
    assert flagellum.title == "The median nominated CDR3 is 16× as abundant on OprM as on flagellum"
    assert flagellum.frame.sort("key")["cpm_comparator"].to_list() == [0.0, 30.0, 800.0, 20.0]
    assert "1 CDR3 of low rank, decided by other comparators, are not drawn" in flagellum.caption
    assert beads.frame.sort("key")["key"].to_list() == ["AAA", "DDD"]


def test_given_counts_of_each_comparator_are_drawn_as_they_are():
    contrasts = pl.DataFrame(
        {
            "library": ["L"], "antigen": ["OprM"], "key": ["AAA"], "comparator": ["flagellum"],
            "log2fc": [6.0], "fdr": [0.01], "cpm": [12.0],
        }
    )  # fmt: skip
    target = make_results(contrasts=contrasts).targets()[0]
    figure = draw_specificity(target, call_units(target), rows=100)[0]
    assert figure.frame["cpm_comparator"].to_list() == [12.0]


def make_cloud(number: int) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    call = np.where(np.arange(number) < 20, NOMINATED, REST)
    return pl.DataFrame(
        {"key": [f"K{i:06d}" for i in range(number)], "call": call, "rank": np.arange(1, number + 1)}
        | {"x": rng.normal(0, 1, number), "y": rng.normal(0, 1, number)}
    )


def test_a_small_cloud_is_drawn_whole():
    thinned = thin_cloud(make_cloud(300), "x", "y", rows=300)
    assert thinned.height == 300
    assert thinned["units"].to_list() == [1] * 300


def test_a_large_cloud_keeps_its_leads_its_outline_and_its_count():
    cloud = make_cloud(NUMBER)
    thinned = thin_cloud(cloud, "x", "y", rows=200)
    others = thinned.filter(pl.col("call") == REST)
    assert thinned.filter(pl.col("call") == NOMINATED)["key"].to_list() == cloud["key"].to_list()[:20]
    assert 100 < others.height <= 200
    assert thinned["units"].sum() == NUMBER
    for name in ("x", "y"):
        assert abs(others[name].max() - cloud[name].max()) < 0.4
        assert abs(others[name].min() - cloud[name].min()) < 0.4
    assert thin_cloud(cloud.sample(fraction=1, shuffle=True, seed=2).sort("rank"), "x", "y", rows=200).equals(
        thinned
    )


def test_a_cloud_in_one_place_is_one_point():
    cloud = make_cloud(NUMBER).with_columns(x=pl.lit(1.0), y=pl.lit(2.0), call=pl.lit(REST))
    thinned = thin_cloud(cloud, "x", "y", rows=100)
    assert thinned["units"].to_list() == [NUMBER]


@pytest.mark.parametrize(("figures", "rows"), [(3, 2000), (14, 1000), (1000, 120)])
def test_clouds_share_the_room_of_a_page(figures, rows):
    assert cloud_rows(figures) == rows


def test_the_page_stays_small_at_a_hundred_thousand_units(make_campaign):
    results = make_campaign(units=100_000, top=96)
    assert len(results.table) == 200_000
    report = build_leads_report(results)
    html = report.to_html()
    assert len(html.encode()) < 5 * MEGABYTE
    assert html.count('<details class="dossier"') == 2 * 96
    figures = [block for part in report.sections for block in part.blocks if isinstance(block, Figure)]
    assert max(figure.frame.height for figure in figures) < 5000


def test_many_antigens_share_the_page(make_campaign):
    results = make_campaign(units=2000, antigens=tuple("abcdefgh"), top=96)
    assert len(build_leads_report(results).to_html().encode()) < 5 * MEGABYTE


def test_dots_count_leads_that_repeat_in_all_replicates(one_antigen):
    target = one_antigen.targets()[0]
    figure = draw_dots(target)[0]
    whole = target.leads.filter(pl.col("replicates_consistent") == 3).height
    expected = f"{whole} of {target.leads.height} leads stand above every reference in all 3 replicates"
    assert figure.title == expected
    assert figure.frame["label"].n_unique() == min(24, target.leads.height)
    assert set(figure.frame["role"]) == {"target", "comparator", "input"}


def test_agreement_shows_the_least_alike_pair():
    counted = pl.DataFrame(
        {
            "library": ["L"] * 9, "antigen": ["OprM"] * 9, "key": ["AAA", "CCC", "DDD"] * 3,
            "column": ["1.A"] * 3 + ["1.B"] * 3 + ["1.C"] * 3, "role": ["target"] * 9,
            "cpm": [1.0, 2.0, 3.0, 10.0, 20.0, 30.0, 3.0, 2.0, 1.0],
        }
    )  # fmt: skip
    figure = draw_agreement(make_results(replicates=counted).targets()[0])[0]
    assert figure.title == (
        "Of 3 pairs of replicates the least alike rank the best units with correlation -1.00"
    )
    assert sorted(figure.frame["unit"]) == ["nominated", "nominated", "other"]
    assert rank_correlation(pl.Series([1, 1, 1]), pl.Series([1, 2, 3])) == 0


def test_one_replicate_shows_no_agreement(make_campaign):
    target = make_campaign(antigens=("OprM",), replicates=1, tested=False).targets()[0]
    assert draw_agreement(target) == []
    assert draw_dots(target)[0].title == "24 CDR3s picked on one selection; nothing shows that they repeat"


def test_rounds_leave_out_what_the_test_left_out_and_what_is_no_comparator(one_antigen):
    design = one_antigen.designs.with_columns(left_out=pl.lit("O.1-R4"))
    wanted = one_antigen.trajectories.filter(pl.col("selection") == "O.2").with_columns(
        selection=pl.lit("c.1"), sample=pl.lit("c.1-R4"), panned_on=pl.lit("OprM of cynomolgus")
    )
    results = replace(one_antigen, designs=design, trajectories=pl.concat([one_antigen.trajectories, wanted]))
    rounds = side_rounds(results.targets()[0])
    assert set(rounds["side"]) == {"target", "counter", "input"}
    assert "c.1" not in set(rounds["selection"])
    assert rounds.filter(pl.col("selection") == "O.1")["round"].max() == 3


def test_trajectories_start_at_the_input_and_number_their_leads(one_antigen):
    figure = draw_trajectories(one_antigen.targets()[0])[0]
    frame = figure.frame
    assert frame["round"].min() == 0
    labels = [int(number) for text in frame["end"].drop_nulls() for number in text.split(", ")]
    assert sorted(labels) == list(range(1, 9))
    last = frame.filter(pl.col("round") == 4)
    medians = [last.filter(pl.col("arm") == arm)["cpm"].median() for arm in ("on OprM", "on the comparators")]
    assert figure.title.endswith(f"{medians[0]:,.0f} CPM on OprM and {medians[1]:,.0f} on the comparators")


def test_the_noise_floor_says_what_swaps_nominate(one_antigen):
    target = one_antigen.targets()[0]
    figure = draw_floor(target)[0]
    assert figure.title == (
        f"Label swaps nominate 0.3 on average; the real labelling nominates {target.nominated}"
    )
    swaps = figure.frame.filter(
        (pl.col("labelling") == "label swap") & (pl.col("tier") == "nominated (Tier 1 or 2)")
    )
    assert dict(swaps.select("units", "runs").iter_rows()) == {0: 7, 1: 1, 2: 1}
    assert say_floor(target) == (
        f"Label swaps nominate 0.3 on average (9 runs), so expect about 0.3 of the {target.nominated} "
        "nominations to be such noise."
    )


def test_swaps_that_nominate_nothing_promise_nothing(one_antigen):
    silent = replace(one_antigen, floors=one_antigen.floors.with_columns(tier1=pl.lit(0, pl.Int64)))
    target = silent.targets()[0]
    assert draw_floor(target)[0].title.startswith(
        "Label swaps nominate nothing in 9 runs; the real labelling"
    )
    assert say_floor(target).startswith("Label swaps nominate nothing in 9 runs: little of the")


FAMILY = pl.DataFrame(
    {
        "key": ["AAAAAAAAAA", "AAAAAAAAAC", "AAAAAAAACC", "AAAAAAACCC", "AAAAAAAAA", "DDDDDDDDDD"],
        "reads": [10, 90, 5, 70, 80, 60],
    }
).with_columns(cdr3="key", call=pl.lit(REST))


def test_relatives_differ_in_one_residue_of_five_and_have_the_same_length():
    nodes, edges = find_relatives(FAMILY, ["AAAAAAAAAA", "DDDDDDDDDD"], identity=0.8)
    assert nodes == ["AAAAAAAAAA", "DDDDDDDDDD", "AAAAAAAAAC", "AAAAAAAACC"]
    assert sorted(tuple(sorted(edge)) for edge in edges) == [
        ("AAAAAAAAAA", "AAAAAAAAAC"),
        ("AAAAAAAAAA", "AAAAAAAACC"),
        ("AAAAAAAAAC", "AAAAAAAACC"),
    ]
    assert [family.members for family in find_families(nodes, edges)] == [
        ("AAAAAAAAAA", "AAAAAAAAAC", "AAAAAAAACC"),
        ("DDDDDDDDDD",),
    ]


def test_the_layout_is_the_same_each_time_and_covers_nobody():
    nodes = [f"K{number}" for number in range(60)]
    edges = [("K0", f"K{number}") for number in range(1, 12)] + [("K20", "K21"), ("K30", "K31")]
    places = lay_out(nodes, edges)
    assert places == lay_out(nodes, edges)
    spots = list(places.values())
    least = min(math.dist(a, b) for at, a in enumerate(spots) for b in spots[at + 1 :])
    assert least > 0.9
    assert max(across for across, _ in spots) < 17


@pytest.mark.parametrize(
    ("unit", "key", "cdr3"),
    [("cdr3", "AADY", "AADY"), ("clonotype", "GRTF_ISW_AADY", "AADY"), ("lineage", "L000001", "AAWY")],
)
def test_the_cdr3_of_a_unit_is_found(unit, key, cdr3):
    relatives = pl.DataFrame({"library": ["L"], "antigen": ["OprM"], "key": ["L000001"], "cdr3": ["AAWY"]})
    results = make_results(unit=unit, relatives=relatives)
    units = pl.DataFrame({"key": [key, "?_?_?"], "call": [REST, REST], "reads": [4, 2]})
    assert with_cdr3(results.targets()[0], units).select("key", "cdr3").rows() == [(key, cdr3)]


VHH = (
    "XXXXXXXXXXXXXXXXXXXXSCAASGRTFSSYAMGWFRQAPGKEREFVAAISWNGGSTYYADSVKGRFTISRDNAKNTVYLQMNSLKPEDTAVYYC"
    "AADWGYKLNEYDYwgqgtqXXXXX"
)


def test_a_card_lays_the_vhh_on_its_positions():
    domain = lay_domains(pl.DataFrame({"vhh": [VHH], "cdr3": ["AADWGYKLNEYDY"]}))[0]
    sites = pl.DataFrame(
        {
            "position": ["59-62", "23|104"], "residues": ["NG", "C"], "name": ["NG deamidation", "cysteine"],
            "region": ["CDR2", "FR1"], "severity": ["high", "low"], "standing": ["read", "possible"],
        }
    )  # fmt: skip
    sequence = lay_sequence(domain, sites)
    assert sequence is not None
    assert sequence.unread == 25
    assert sequence.filled == 6
    assert [sequence.residues[span.first : span.last] for span in sequence.spans] == [
        "GRTFSSYA", "ISWNGGST", "AADWGYKLNEYDY",
    ]  # fmt: skip
    deamidation, cysteine = sequence.marks
    assert sequence.residues[deamidation.first : deamidation.last] == "NG"
    assert sequence.positions[deamidation.first] == "59"
    assert (deamidation.state, deamidation.detail) == ("bad", "at 59–62, CDR2, high")
    assert sequence.residues[cysteine.first : cysteine.last] == "C"
    assert cysteine.detail == "at 23 or 104, FR1, low, possible, not read whole"


def test_a_unit_without_any_sequence_has_a_card_that_says_so(one_antigen):
    unknown = pl.lit(None, pl.String)
    leads = one_antigen.leads.with_columns(vhh=unknown, cdr1=unknown, cdr2=unknown, cdr3=unknown)
    card = open_cards(replace(one_antigen, leads=leads).targets()[0])[0]
    assert card.sequence is None
    assert card.copy == ""
    assert "**What its sequence says.** The counts hold no sequence of it." in card.paragraphs
    assert card.code == leads["key"][0]


def test_a_card_holds_what_was_measured_and_why(one_antigen):
    target = one_antigen.targets()[0]
    row, card = target.leads.row(0, named=True), open_cards(target)[0]
    facts = {fact.term: fact for fact in card.facts}
    assert facts["Specificity S"].text.startswith(f"{row['s_shrunken']:.1f} log2 over beads (")
    whisker = facts["Specificity S"].whisker
    assert (whisker.low, whisker.high) == (row["s_low"], row["s_high"])
    assert len({card.facts[0].whisker.scale for card in open_cards(target)}) == 1
    assert facts["With takeovers"].text == "Tier 2"
    assert facts["Counted otherwise"].text.startswith("Tier ")
    dots, lines = card.sparks
    assert [row.label for row in dots.rows] == ["target", "beads", "input"]
    assert [len(row.values) for row in dots.rows] == [3, 3, 3]
    assert [line.role for line in lines.lines] == ["counter"] * 3 + ["target"] * 3
    assert card.copy.startswith(">OprM_001 antigen=OprM tier=2 rank=1 ")
    assert card.copy.replace("\n", "").endswith(row["vhh"])
    assert card.paragraphs[0] == "**Why it was picked.** Rank 1, best of its lineage."


def test_leads_lead_to_their_cards_and_state_what_is_missing(one_antigen):
    target = one_antigen.targets()[0]
    table = list_leads(target, cards=3)
    assert table.frame["card"].to_list()[:4] == ["#lead-oprm-1", "#lead-oprm-2", "#lead-oprm-3", None]
    body = str(table.body())
    assert '<a href="#lead-oprm-1">' in body
    assert 'data-missing="not orderable; its card says why"' in body
    labels = [column.label for column in table.columns]
    assert labels[:4] == ["#", "Well", "CDR3", "Tier"]
    assert "With takeovers" in labels
    assert "By clonotype" in labels
    assert [card.anchor for card in open_cards(target, most=3)] == [
        "lead-oprm-1",
        "lead-oprm-2",
        "lead-oprm-3",
    ]
