"""The screen report in a browser: drawn, sorted, saved, readable by keyboard and screen reader, offline."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from bactrian.discovery.figures import build_screen_report
from bactrian.report import write_report

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.chromium

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(made_up_screen, tmp_path_factory):
    return write_report(
        build_screen_report(made_up_screen), tmp_path_factory.mktemp("report") / "report.html"
    )


@pytest.fixture
def open_page(browser, report):
    """Open the report; at the end nothing may have been fetched or complained."""
    pages, complaints = [], []

    def open_page(address="", **options):
        page = browser.new_page(**({"viewport": WIDE} | options))
        pages.append(page)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: complaints.append(request.url) if request.url.startswith("http") else None,
        )
        page.goto(report.as_uri() + address)
        if options.get("java_script_enabled", True):
            assert page.evaluate("window.figuresDrawn")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert complaints == []


def column(page, key, table="table-samples"):
    place = page.evaluate(
        f"[...document.querySelectorAll('#{table} th[data-key]')].findIndex(h => h.dataset.key === '{key}')"
    )
    rows = page.locator(f"#{table} tbody tr:not(.off):not(.apart)")
    return rows.evaluate_all(
        f"rows => rows.map(row => row.cells[{place}].dataset.v ?? row.cells[{place}].textContent.trim())"
    )


def test_every_figure_is_drawn_with_marks_and_a_label(open_page):
    page = open_page()
    figures = page.locator("figure.figure")
    assert figures.count() == 10
    for place in range(10):
        figure = figures.nth(place)
        assert figure.locator("svg path").count() > 20
        assert (
            figure.locator(".chart").get_attribute("aria-label").startswith(figure.locator("h3").inner_text())
        )


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_nothing_serious_stands_in_the_way_of_anybody(open_page, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page(viewport=size, color_scheme=scheme)
    page.locator("details").first.locator("summary").click()
    found = axe.run(page).response["violations"]
    grave = [
        (one["id"], [node["target"] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert grave == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_never_scrolls_sideways(open_page, width):
    page = open_page(viewport={"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    over = page.evaluate(
        "[...document.querySelectorAll('.chart')].filter(one => one.scrollWidth > one.clientWidth + 1).length"
    )
    assert over == 0


def test_tables_sort_by_click_with_a_visible_arrow(open_page):
    page = open_page()
    head = page.locator("#table-samples th[data-key=top_share]")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    falling = [float(value) for value in column(page, "top_share")]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] == pytest.approx(0.62)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert [float(value) for value in column(page, "top_share")] == sorted(falling)
    assert (
        page.evaluate("getComputedStyle(document.querySelector('[aria-sort] button'), '::after').content")
        == '"↑"'
    )
    assert page.url.endswith("#table-samples?sort=top_share%3Aup")


def test_tables_sort_by_keyboard_and_keep_what_is_missing_last(open_page):
    page = open_page()
    head = page.locator("#table-samples th[data-key=antigen]")
    head.get_by_role("button").focus()
    for key, first in (("Enter", "flagellum"), ("Space", "OprM")):
        page.keyboard.press(key)
        values = column(page, "antigen")
        assert values[0] == first
        assert values[-3:] == ["", "", ""]


def test_an_address_brings_back_filter_and_order(open_page):
    page = open_page("#table-samples?find=takeover&sort=sample:down")
    assert column(page, "sample") == ["05-O2", "05-O1"]
    assert page.locator("#table-samples h3").inner_text() == "Samples 2 of 33 rows hold “takeover”"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.closest('.table-block').id") == "table-samples"
    page.keyboard.press("Escape")
    assert len(column(page, "sample")) == 33


def test_long_tables_turn_pages_by_key(open_page):
    page = open_page()
    block = page.locator("#table-commonest-clonotypes")
    shown = block.locator(".pager span")
    assert shown.inner_text() == "Rows 1–50 of 200"
    assert page.locator("#table-samples .pager").is_hidden()
    block.locator(".scroll").focus()
    page.keyboard.press("PageDown")
    assert shown.inner_text() == "Rows 51–100 of 200"
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert shown.inner_text() == "Rows 1–50 of 200"
    page.keyboard.press("j")
    assert shown.inner_text() == "Rows 51–100 of 200"
    assert page.evaluate("document.activeElement.rowIndex") == 51
    block.get_by_role("button", name="Next").click()
    assert shown.inner_text() == "Rows 101–150 of 200"


def saved(page, button) -> str:
    with page.expect_download() as download:
        button.click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_tables_save_what_they_show_with_the_reason_of_what_is_missing(open_page):
    page = open_page("#table-samples?find=input")
    block = page.locator("#table-samples")
    rows = list(csv.DictReader(saved(page, block.locator("[data-save=csv]")).splitlines()))
    assert [row["sample"] for row in rows] == ["lib-1", "lib-2", "lib-3"]
    assert rows[0]["pairs"] == "7500"
    assert rows[0]["antigen"] == ""
    assert rows[0]["missing_because"] == "antigen: the sheet leaves it empty"
    records = json.loads(saved(page, block.locator("[data-save=json]")))
    assert records[0]["pairs"] == 7500
    assert records[0]["antigen"] is None


def test_the_numbers_behind_a_figure_are_one_click_away(open_page):
    page = open_page()
    figure = page.locator("#figure-ladder")
    figure.locator("summary").click()
    assert figure.locator(".behind tbody tr").count() == 33 * 5
    rows = list(csv.DictReader(saved(page, figure.locator("[data-save=csv]")).splitlines()))
    assert sum(int(row["pairs"]) for row in rows) == 33 * 7500
    svg = saved(page, figure.locator("[data-save=svg]"))
    assert svg.startswith("<svg")
    assert "var(--" not in svg
    assert "merging alone keeps" in svg


def test_the_theme_can_be_chosen_and_figures_follow(open_page):
    page = open_page(color_scheme="light")
    ink = "getComputedStyle(document.querySelector('#figure-ladder svg text')).fill"
    light = page.evaluate(ink)
    page.get_by_role("button", name="Theme: as the system").click()
    page.get_by_role("button", name="Theme: light").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 30)"
    assert page.evaluate(ink) != light


def test_a_dark_page_prints_light_and_whole(open_page):
    page = open_page(color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert (
        page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()")
        == "#1b2330"
    )
    assert page.locator("#table-commonest-clonotypes tbody tr").last.is_visible()
    assert page.locator("nav.tabs").is_hidden()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_without_javascript_text_and_tables_stay_readable(open_page):
    page = open_page(java_script_enabled=False)
    assert page.get_by_text("The figures need JavaScript, which is off.").is_visible()
    assert page.locator("#table-samples tbody tr").last.is_visible()
    assert page.locator("#table-commonest-clonotypes tbody tr").count() == 200
    assert page.get_by_text("98.1 % of pairs with both primers are used").first.is_visible()
    assert not page.locator("[data-save]").first.is_visible()
