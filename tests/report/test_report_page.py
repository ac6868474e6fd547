"""A page is one file that fetches nothing, safe to show whatever names it holds."""

import json
import re

import altair as alt
import polars as pl
import pytest

from bactrian.report import Card, Chip, Column, Figure, Note, Prose, Report, Section, Table, write_report
from bactrian.report.palette import THEMES, State, theme_colours
from bactrian.report.words import listing, marked, plural, share

HOSTILE = "</script><script>alert(1)</script>"


def draw(title: str = "Two is more than one", key: str = "") -> Figure:
    frame = pl.DataFrame({"name": [HOSTILE, "b"], "value": [1 / 3, float("inf")]})
    chart = alt.Chart().mark_bar(color="var(--mark-1)").encode(x="value:Q", y="name:N")
    return Figure(title, chart, frame, caption="One bar a name.", key=key)


def make_report(**changes: object) -> Report:
    table = Table(
        "Names",
        pl.DataFrame({"name": [HOSTILE]}),
        (Column("name", "Name"),),
        files=(("names.csv", "names.csv"),),
    )
    parts = {
        "title": HOSTILE,
        "kind": "Test report",
        "breadcrumb": ("Discovery", "Tests"),
        "code": "T-1",
        "chip": Chip("finished", "good"),
        "answer": ("**24 clonotypes** bind.",),
        "notes": (Note("1 sample is a takeover.", "See [names](#table-names).", "bad"),),
        "cards": (Card("97.3 %", "used", "of all"),),
        "sections": (
            Section("Evidence", (draw(), table, Prose("Terms", terms=(("merged", "they overlap"),)))),
        ),
    }
    return Report(**(parts | changes))


def test_a_page_stands_on_its_own():
    html = make_report().to_html()
    tags = re.sub(r"<script([^>]*)>.*?</script>", r"<script\1></script>", html, flags=re.DOTALL)
    assert not re.search(r"<[^>]+\ssrc(set)?=", tags)
    assert re.findall(r"<link[^>]+>", tags) == ['<link rel="icon" href="data:,">']
    assert "@import" not in html
    assert "url(" not in html.split("</style>")[0]
    assert "default-src 'none'" in html
    assert "connect-src 'none'" in html


def test_names_cannot_break_out_of_the_page():
    html = make_report().to_html()
    assert HOSTILE not in html
    assert "alert(1)" in html


def test_the_answer_comes_before_notes_cards_and_evidence():
    html = make_report().to_html()
    order = [
        "Discovery › Tests",
        "T-1",
        "finished",
        "24 clonotypes",
        "1 sample is a takeover",
        "97.3 %",
        'class="tabs"',
        "<figure",
    ]
    places = [html.index(part) for part in order]
    assert places == sorted(places)


def test_charts_go_into_a_page_once_and_only_if_it_has_some():
    two = make_report(sections=(Section("Evidence", (draw(), draw(key="second"))),)).to_html()
    none = make_report(sections=(Section("Evidence", (Prose("Terms"),)),)).to_html()
    assert two.count("window.vegaEmbed=") == 1
    assert "window.vegaEmbed=" not in none
    assert len(none) < 60_000


def test_figures_that_follow_each_other_share_a_grid():
    section = Section("Evidence", (draw(key="a"), draw(key="b"), Prose("x"), draw(key="c")))
    assert [(kind, len(blocks)) for kind, blocks in section.runs()] == [
        ("figure", 2),
        ("prose", 1),
        ("figure", 1),
    ]


def test_two_parts_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two parts of the same id: figure-a"):
        make_report(sections=(Section("One", (draw(key="a"), draw(key="a"))),))


def test_the_same_report_gives_the_same_bytes(tmp_path):
    first = write_report(make_report(), tmp_path / "a.html").read_bytes()
    assert write_report(make_report(), tmp_path / "b.html").read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_a_figure_keeps_its_numbers_once_in_six_digits():
    embedded = json.loads(draw().embedded())
    assert embedded["names"] == ["name", "value"]
    assert embedded["values"] == [[HOSTILE, "b"], [0.333333, None]]
    assert "data" not in embedded["spec"]
    assert "<" not in draw().embedded()


def test_layers_draw_the_frame_unless_they_bring_their_own_data():
    own = alt.Chart(alt.InlineData(values=[{"x": 1}])).mark_rule().encode(x="x:Q")
    chart = alt.layer(alt.Chart().mark_bar().encode(x="value:Q"), own)
    layers = Figure("F", chart, pl.DataFrame({"value": [1]})).spec()["layer"]
    assert "data" not in layers[0]
    assert "data" in layers[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_notebook_shows_the_colours_of_the_theme(theme):
    spec = draw().themed(theme)
    assert spec["mark"]["color"] == THEMES[theme]["mark-1"]
    assert spec["title"] == "Two is more than one"
    assert len(spec["data"]["values"]) == 2
    assert "var(--" not in json.dumps(spec)


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dim = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


STATES: tuple[State, ...] = ("good", "waiting", "bad")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_can_be_read(theme):
    colours = THEMES[theme]
    pairs = [(ink, ground) for ink in ("ink", "ink-2", "action") for ground in ("card", "ground")]
    pairs += [(state, f"{state}-ground") for state in STATES] + [
        ("ink", f"{state}-ground") for state in STATES
    ]
    assert {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in pairs
        if contrast(colours[pair[0]], colours[pair[1]]) < 4.5
    } == {}


def test_both_themes_have_the_same_names():
    assert THEMES["light"].keys() == THEMES["dark"].keys() == theme_colours().keys()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**2** of `A`", "<strong>2</strong> of <code>A</code>"),
        ("see [quality](#quality)", 'see <a href="#quality">quality</a>'),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ('<a href="x">', "&lt;a href=&#34;x&#34;&gt;"),
        ("[files](quality/)", '<a href="quality/">files</a>'),
    ],
    ids=["marks", "place", "script address", "markup", "folder"],
)
def test_marked_text(text, html):
    assert str(marked(text)) == html


def test_words_for_numbers():
    assert share(0) == "0.0\u00a0%"
    assert share(1) == "100.0\u00a0%"
    assert share(0.00001) == "<\u00a00.1\u00a0%"
    assert plural(0, "sample") == "0 samples"
    assert listing([]) == ""
    assert listing(["a"]) == "a"
