"""Every title of the screen report is computed from the frame it stands on, and every number with it."""

import json
from dataclasses import replace

import polars as pl
import pytest
import vl_convert

from bactrian.discovery.figures import ScreenResults, build_screen_report
from bactrian.discovery.figures.clones import draw_abundance, draw_residues, pooled_residues, read_runs
from bactrian.discovery.figures.diversity import draw_agreement, draw_rarefaction
from bactrian.discovery.figures.reads import (
    draw_defects,
    draw_ladder,
    draw_lengths,
    greatest_gap,
    length_shares,
)
from bactrian.discovery.figures.samples import (
    draw_chimeras,
    draw_contamination,
    draw_top_shares,
    strongest_donors,
)
from bactrian.discovery.figures.words import say_answer, say_notes, say_numbers, say_state
from bactrian.report import Figure, Table

FIGURES = [
    "lengths",
    "ladder",
    "defects",
    "top-share",
    "agreement",
    "rarefaction",
    "chimeras",
    "contamination",
    "abundance",
    "residues",
]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def two_samples(**changes: list[object]) -> pl.DataFrame:
    columns = {
        "sample": ["a", "b"], "pairs": [1000, 1000], "primers_found": [900, 1000], "filtered": [50, 50],
        "merged": [300, 340], "joined": [500, 560], "single": [50, 50], "productive": [800, 900],
        "stop": [30, 30],
        "frameshift": [10, 10], "truncated": [5, 5], "not_vhh": [5, 5], "chimeric": [320, 360],
        "cdr3s": [100, 200],
        "clonotypes": [110, 210], "top_share": [0.6, 0.02], "flags": ["takeover", ""], "round": [8, 8],
        "selection": ["1.A", "1.B"], "arm": ["target", "target"], "antigen": ["OprM", "OprM"],
        "library": ["L", "L"],
    }  # fmt: skip
    return pl.DataFrame(columns | changes)


def blocks(results: ScreenResults, kind: type) -> list:
    report = build_screen_report(results)
    return [block for section in report.sections for block in section.blocks if isinstance(block, kind)]


def test_the_whole_screen_is_drawn(made_up_screen):
    assert [figure.key for figure in blocks(made_up_screen, Figure)] == FIGURES
    titles = [table.title for table in blocks(made_up_screen, Table)]
    assert titles == [
        "Samples", "Takeovers", "Jackpots", "Contaminated samples", "Libraries", "Diversity",
        "Commonest clonotypes", "Neighbours that stay",
    ]  # fmt: skip


def test_every_chart_is_drawn_from_its_frame(made_up_screen):
    for figure in blocks(made_up_screen, Figure):
        svg = vl_convert.vegalite_to_svg(figure.themed() | {"width": 600})
        assert len(svg) > 5000, figure.key
        assert "NaN" not in svg, figure.key
        assert "undefined" not in svg, figure.key


def test_the_page_stays_small(made_up_screen):
    assert len(build_screen_report(made_up_screen).to_html()) < 2_000_000


def test_nothing_but_samples_still_gives_a_page_that_says_what_is_absent():
    empty = two_samples().with_columns(
        pl.lit(0).alias(name) for name in ("merged", "joined", "single", "productive", "chimeric")
    )
    results = ScreenResults(
        "Empty", empty.with_columns(top_share=pl.lit(None, dtype=pl.Float64), flags=pl.lit(""))
    )
    html = build_screen_report(results).to_html()
    for words in (
        "Rarefaction: too few molecules",
        "Residue use: no productive molecule",
        "CDR3 lengths by rung: no molecule",
    ):
        assert words in html
    assert "nan" not in html.split('<script type="application/json" id="chart-themes">')[0].lower().replace(
        "nanobod", ""
    )


def test_a_failed_sample_is_said_first_and_listed_as_missing():
    samples = pl.concat(
        [
            two_samples(),
            two_samples().head(1).select(sample=pl.lit("c"), flags=pl.lit(""), arm=pl.lit("target")),
        ],
        how="diagonal",
    )
    results = ScreenResults("S", samples, errors=("c_R1.fastq.gz, record 7: the file ends inside a record.",))
    notes = say_notes(results)
    assert say_state(results).word == "finished without 1 sample"
    assert notes[0].title == "c_R1.fastq.gz, record 7: the file ends inside a record."
    assert notes[0].state == "bad"
    table = blocks(results, Table)[0]
    assert str(table.body()).count("the sample failed; see its note") > 10


def test_samples_without_a_needed_column_are_refused():
    with pytest.raises(ValueError, match="absent: top_share"):
        ScreenResults("S", two_samples().drop("top_share"))
    with pytest.raises(ValueError, match="absent: all rows"):
        ScreenResults("S", two_samples().clear())


def test_the_ladder_counts_what_is_used_of_pairs_with_primers():
    figure = draw_ladder(ScreenResults("S", two_samples()))[0]
    assert plain(figure.title) == "94.7 % of pairs with both primers are used; merging alone keeps 33.7 %"
    rows = figure.frame.filter(pl.col("sample") == "a")
    assert dict(zip(rows["part"], rows["pairs"], strict=True)) == {
        "merged": 300, "joined across the gap": 500, "one mate alone": 50, "filtered": 50, "no primers": 100,
    }  # fmt: skip
    assert rows["share"].sum() == pytest.approx(1)


def test_single_reads_are_not_called_pairs():
    samples = two_samples(merged=[0, 0], joined=[0, 0], single=[850, 950])
    results = ScreenResults("S", samples)
    assert plain(draw_ladder(results)[0].title) == "94.7 % of reads with both primers are used"
    assert plain(say_answer(results)[0]).endswith(
        "2,000 reads. **94.7 % of reads with both primers are used**."
    )
    assert say_numbers(results)[0].detail == ""


def test_defects_name_the_lowest_sample():
    figure = draw_defects(ScreenResults("S", two_samples(productive=[600, 900], stop=[230, 30])))[0]
    assert plain(figure.title) == "83.3 % of molecules are productive VHH; lowest 70.6 % in a"


LENGTHS = pl.DataFrame(
    {
        "rung": ["merged", "merged", "joined", "all"],
        "length": [10, 12, 20, 20],
        "count": [40, 20, 40, 100],
        "cdr": ["cdr3"] * 4,
    }
)


def test_lengths_follow_mate_2_alone():
    mates = pl.DataFrame({"length": [10, 12, 20], "count": [400, 200, 400]})
    figure = draw_lengths(ScreenResults("S", two_samples(), lengths=LENGTHS, mate_lengths=mates))[0]
    assert (
        plain(figure.title) == "Long CDR3s are kept: 40.0 % have 18 residues or more, as mate 2 alone shows"
    )
    merged = figure.frame.filter(pl.col("part") == "merged")
    assert merged["length"].to_list() == list(range(10, 21))
    assert merged["molecules"].sum() == 60


def test_lengths_that_differ_are_not_called_kept():
    mates = pl.DataFrame({"length": [10, 20], "count": [20, 80]})
    figure = draw_lengths(ScreenResults("S", two_samples(), lengths=LENGTHS, mate_lengths=mates))[0]
    assert greatest_gap(length_shares(LENGTHS, mates)) == pytest.approx(0.4)
    assert (
        plain(figure.title)
        == "CDR3 lengths differ from mate 2 alone by up to 40.0 % of the molecules (cumulative)"
    )


def test_lengths_without_a_second_mate_claim_no_comparison():
    figure = draw_lengths(ScreenResults("S", two_samples(), lengths=LENGTHS))[0]
    assert plain(figure.title) == "40.0 % of CDR3s have 18 residues or more"
    assert "mate 2" not in figure.caption


def test_takeovers_are_named_and_close_labels_shared():
    samples = two_samples(top_share=[0.62, 0.60], flags=["takeover", "takeover"])
    figure = draw_top_shares(ScreenResults("S", samples))[0]
    assert plain(figure.title) == "One clone has taken over a and b: 62.0 % of the molecules at most"
    assert figure.frame["label"].to_list() == ["a and b takeover", None]


def test_without_a_takeover_none_is_claimed():
    figure = draw_top_shares(ScreenResults("S", two_samples(top_share=[0.03, 0.02], flags=["", "watch"])))[0]
    assert plain(figure.title) == "No clone has taken over a sample; the largest share is 3.0 %"
    assert figure.frame["label"].to_list() == [None, "b watch"]


def test_chimeras_are_a_share_of_productive_molecules():
    figure = draw_chimeras(ScreenResults("S", two_samples()))[0]
    assert (
        plain(figure.title)
        == "PCR recombination mixed CDR1–2 and CDR3 of two clones in 40.0 % of productive molecules"
    )
    assert figure.frame["share"].to_list() == pytest.approx([0.4, 0.4])


PAIRS = pl.DataFrame(
    {
        "donor": ["b", "x", "a"],
        "recipient": ["a", "a", "b"],
        "rate": [0.02, 0.001, 0.0004],
        "low": [0.015, 0.0, 0.0],
        "high": [0.03, 0.01, 0.002],
        "flagged": [False, True, False],
    }
)


def test_a_flagged_donor_goes_before_a_larger_estimate():
    assert strongest_donors(PAIRS).rows() == [
        ("a", "x", 0.001, 0.0, 0.01, True),
        ("b", "a", 0.0004, 0.0, 0.002, False),
    ]


def test_contamination_is_claimed_only_where_it_is_flagged():
    flagged = ScreenResults("S", two_samples(), contamination=PAIRS)
    clean = replace(flagged, contamination=PAIRS.with_columns(flagged=False))
    assert draw_contamination(flagged)[0].title == "1 sample may hold molecules of another: a"
    title = plain(draw_contamination(clean)[0].title)
    assert (
        title == "No sample is shown to hold molecules of another; "
        "the largest estimate is 2.00 % (at most 3.00 %) in a"
    )


def test_agreement_names_the_least_alike_pair():
    pairs = pl.DataFrame(
        {"kind": ["selection", "selection"], "arm": ["target"] * 2, "round": [7, 8], "library": ["L"] * 2}
        | {"sample_a": ["a", "c"], "sample_b": ["b", "d"], "bray_curtis": [0.4, 0.8]}
    )
    figure = draw_agreement(ScreenResults("S", two_samples(), agreement=pairs))[0]
    common = "Two replicate selections have 40 % of their molecules in common (median of 2 pairs)"
    assert plain(figure.title) == f"{common}; least 20 %, c and d"
    assert figure.frame["group"].to_list() == ["target round 7", "target round 8"]


def test_depth_is_judged_against_the_estimate():
    curve = pl.DataFrame(
        {"scope": ["sample"], "name": ["a"], "reads": [10], "kind": ["observed"], "expected": [5.0]}
    )
    diversity = pl.DataFrame(
        {
            "space": ["cdr3", "clonotype"],
            "sample": ["a", "a"],
            "reads": [100, 100],
            "observed": [50, 1],
            "chao1": [200.0, 1.0],
        }
        | {"depth_for_coverage": [300.0, 1.0]}
    )
    results = ScreenResults("S", two_samples(), rarefaction=curve, diversity=diversity)
    assert plain(draw_rarefaction(results)[0].title) == (
        "The median sample shows at most 25 % of the CDR3s it holds; "
        "to see those that make up 90 % of its molecules takes 3.0 times the depth"
    )
    enough = replace(results, diversity=diversity.with_columns(chao1=51.0))
    assert plain(draw_rarefaction(enough)[0].title).startswith(
        "The depth is enough: the median sample shows 98 %"
    )
    single = replace(results, diversity=diversity.with_columns(reads=1, observed=1, chao1=1.0))
    assert plain(draw_rarefaction(single)[0].title) == "Distinct CDR3s at smaller and greater depth"


def test_residues_are_pooled_over_the_molecules_that_read_them():
    residues = pl.DataFrame(
        [("a", 5, "Q", 90, 100), ("a", 5, "-", 10, 100), ("b", 5, "E", 300, 300), ("b", 7, "S", 3, 3)],
        schema=["sample", "position", "residue", "count", "of"],
        orient="row",
    )
    rows = pooled_residues(residues).rows()
    assert rows == [(5, "E", 0.75), (5, "Q", 0.225), (7, "S", 1.0)]
    assert read_runs([7, 5, 6, 9]) == [{"left": 4.5, "right": 7.5}, {"left": 8.5, "right": 9.5}]
    figure = draw_residues(ScreenResults("S", two_samples(), residues=residues))[0]
    assert figure.title == "Residue use along the domain"


def test_abundance_orders_by_commonness_whatever_the_order_of_rows():
    abundance = pl.DataFrame(
        {"sample": ["a", "a", "b"], "cdr3": ["RARE", "COMMON", "COMMON"], "share": [0.01, 0.2, 0.3]}
    )
    figure = draw_abundance(ScreenResults("S", two_samples(), abundance=abundance))[0]
    assert json.loads(figure.embedded())["spec"]["encoding"]["y"]["sort"] == ["COMMON", "RARE"]
    assert (
        plain(figure.title)
        == "The 2 commonest CDR3s hold 26 % of the median sample and appear in 2 of 2 samples"
    )


def test_the_answer_and_its_notes(made_up_screen):
    answer = plain(say_answer(made_up_screen)[0])
    assert answer.startswith(
        "33 samples · 1 library · 2 antigens · 7 selections · 247,500 read pairs. **98.1 % of pairs"
    )
    assert answer.endswith("and show 28,785 CDR3s in 30,112 clonotypes.")
    titles = [note.title for note in say_notes(made_up_screen)]
    assert titles == [
        "2 samples are takeovers.",
        "1 sample may become a takeover.",
        "1 sample with few molecules.",
        "1 CDR3 rose in one replicate alone.",
        "38\u00a0% of productive molecules pair CDR1–2 of one clone with CDR3 of another.",
    ]
