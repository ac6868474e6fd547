"""A record folds to a line; its sequence, dots and lines are drawn without a script and told in words."""

import re

import polars as pl
import pytest

from bactrian.report import (
    Chip,
    Column,
    Dossier,
    Dots,
    DotStrip,
    Fact,
    Line,
    Lines,
    Mark,
    Prose,
    Report,
    Scale,
    Section,
    Sequence,
    Span,
    Table,
    Whisker,
)
from bactrian.report.sparks import LABELS, RIGHT, WIDTH

HOSTILE = "<script>alert(1)</script>"


def text_of(html: str) -> str:
    return re.sub(r"<small>.*?</small>|<[^>]+>", "", html)


def test_a_sequence_stands_in_tens_under_its_positions():
    labels = tuple(str(number) for number in range(5, 30))
    body = str(Sequence("ACDEFGHIKLMNPQRSTVWYACDEF", positions=labels).body())
    assert re.findall(r'<span class="ten"><small>(\d+)</small>([A-Z]+)', body) == [
        ("5", "ACDEFGHIKL"),
        ("15", "MNPQRSTVWY"),
        ("25", "ACDEF"),
    ]


def test_regions_marks_and_unread_residues_are_told_apart():
    sequence = Sequence(
        "XXACNGSDEkl",
        spans=(Span("CDR1", 3, 7),),
        marks=(Mark("glycosylation", 4, 7, "high", "bad"), Mark("oxidation", 6, 8, "low", "neutral")),
    )
    body = str(sequence.body())
    assert '<span class="unread" title="not read">XX</span>' in body
    assert '<span class="region" title="CDR1">C</span>' in body
    assert '<span class="region marked bad" title="glycosylation, CDR1">NG</span>' in body
    assert '<span class="region marked bad" title="glycosylation, oxidation, CDR1">S</span>' in body
    assert '<span class="marked neutral" title="oxidation">D</span>' in body
    assert '<span class="filled">k</span>' in body
    assert text_of(body) == sequence.residues
    assert sequence.description.startswith(
        "11 residues, 2 not read, 2 filled in, CDR1 CNGS, glycosylation NGS"
    )


@pytest.mark.parametrize(
    ("parts", "positions"),
    [((Span("CDR1", 1, 9),), ()), ((Mark("x", 2, 2),), ()), ((), ("1", "2"))],
    ids=["region beyond the end", "mark of no residue", "too few positions"],
)
def test_parts_outside_of_a_sequence_are_refused(parts, positions):
    spans = tuple(part for part in parts if isinstance(part, Span))
    marks = tuple(part for part in parts if isinstance(part, Mark))
    with pytest.raises(ValueError, match="a sequence of 4 residues has"):
        Sequence("ACDE", spans=spans, marks=marks, positions=positions)


def test_a_scale_gives_nought_a_place_and_keeps_powers_of_ten_apart():
    scale = Scale(10_000, 20)
    shares = [scale.share(value) for value in (0, 20, 100, 1000, 10_000, 50_000)]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-2:] == [1.0, 1.0]
    assert scale.ticks() == [0, 100, 1000, 10_000]
    assert Scale(0).share(0) == 0
    assert Scale(5e8).ticks() == [0, 1e3, 1e5, 1e7]


def test_dots_stand_where_their_values_are_and_are_told_in_words():
    strip = DotStrip(
        "Replicates",
        (Dots("target", "target", (0.0, 400.0)), Dots("beads", "counter", (10.0,))),
        Scale(400, 20, "CPM"),
    )
    assert strip.description == "Replicates: target 0, 400; beads 10 CPM"
    places = re.findall(r'<use href="#dot-(\w+)" x="(\d+)" y="(\d+)"/>', str(strip.body()))
    assert [(role, y) for role, _, y in places] == [("target", "12"), ("target", "12"), ("counter", "36")]
    assert int(places[0][1]) == LABELS + 6
    assert int(places[1][1]) == WIDTH - RIGHT
    assert int(places[0][1]) < int(places[2][1]) < int(places[1][1])


def test_lines_of_the_target_are_solid_and_others_dashed():
    lines = Lines(
        "Rounds",
        (Line("1.A", "target", ((0, 1.0), (2, 300.0))), Line("1.B", "counter", ((0, 1.0), (2, 0.0)))),
        Scale(300, 20, "CPM"),
    )
    drawn = re.findall(r"<polyline[^>]+>", str(lines.body()))
    assert ["dasharray" in one for one in drawn] == [False, True]
    assert lines.description == "Rounds: 1.A from 1 to 300; 1.B from 1 to 0 CPM"


def make_report(*dossiers: Dossier) -> Report:
    return Report("T", "Test report", sections=(Section("Leads", (Prose("Cards"), *dossiers)),))


def make_dossier(key: str = "lead 1", **changes: object) -> Dossier:
    parts = {
        "key": key,
        "title": "1",
        "code": HOSTILE,
        "chips": (Chip("nominated", "good"),),
        "gist": "9× over beads",
        "facts": (Fact("S", "**9.1** log2", Whisker(8.2, 9.1, 9.9, (0, 10)), about="shrunken"),),
        "sparks": (DotStrip("Replicates", (Dots("target", "target", (5.0,)),), Scale(100, unit="CPM")),),
        "sequence": Sequence("ACDE", marks=(Mark("oxidation", 1, 2, "at 40", "neutral"),), scheme="IMGT"),
        "paragraphs": ("**Why.** It rose.",),
        "copy": f">{HOSTILE}\nACDE\n",
    }
    return Dossier(**(parts | changes))


def test_a_record_says_what_it_is_before_it_is_opened():
    html = make_report(make_dossier()).to_html()
    summary = re.search(r"<summary>(.*?)</summary>", html, flags=re.DOTALL)
    assert summary is not None
    assert re.sub(r"<[^>]+>", "", summary[1]).split() == [
        "1", "&lt;script&gt;alert(1)&lt;/script&gt;", "✓", "nominated", "9×", "over", "beads",
    ]  # fmt: skip
    assert '<details class="dossier" id="lead-1">' in html
    assert HOSTILE not in html


def test_an_open_record_shows_facts_interval_sequence_and_text_to_copy():
    html = make_report(make_dossier(open=True)).to_html()
    assert '<details class="dossier" id="lead-1" open>' in html
    assert '<dt title="shrunken">S</dt><dd><strong>9.1</strong> log2 <svg class="whisker"' in html
    assert 'aria-label="8.2 to 9.9"' in html
    assert '<line class="rail" x1="4.0" x2="4.0"' in html
    assert 'aria-label="4 residues, oxidation C at 40"' in html
    assert "<li>oxidation <code>C</code> at 40</li>" in html
    assert "<strong>Why.</strong> It rose." in html
    assert 'aria-label="FASTA of 1"' in html


def test_records_stand_in_one_list_and_shapes_are_defined_once():
    section = make_report(make_dossier(), make_dossier("lead 2")).sections[0]
    assert [(kind, len(blocks)) for kind, blocks in section.runs()] == [("prose", 1), ("dossier", 2)]
    html = make_report(make_dossier(), make_dossier("lead 2")).to_html()
    assert html.count('id="dot-target"') == 1
    assert 'id="dot-target"' not in Report("T", "Test report").to_html()


def test_two_records_of_one_key_are_refused():
    with pytest.raises(ValueError, match="two parts of the same id: lead-1"):
        make_report(make_dossier(), make_dossier())


def test_a_cell_leads_to_its_record_where_it_has_one():
    frame = pl.DataFrame({"cdr3": ["AAD", "AAE", None], "card": ["#lead-1", None, "#lead-3"]})
    table = Table("Leads", frame, (Column("cdr3", "CDR3", "mono", link="card", missing="not read"),))
    cells = re.findall(r"<th.*?</th>", str(table.body()))
    assert cells[0] == '<th scope="row" class="mono"><a href="#lead-1">AAD</a></th>'
    assert cells[1] == '<th scope="row" class="mono">AAE</th>'
    assert "<a " not in cells[2]
    with pytest.raises(ValueError, match="columns its frame does not have: place"):
        Table("Leads", frame, (Column("cdr3", "CDR3", link="place"),))
