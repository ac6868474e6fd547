"""The leads report in a browser: drawn, opened by address, copied, readable by anybody, offline."""

import re
import shutil
from pathlib import Path

import pytest

from bactrian.discovery.figures.leads import build_leads_report
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
def reports(make_campaign, tmp_path_factory) -> dict[str, Path]:
    """A campaign with error control and one without."""
    folder = tmp_path_factory.mktemp("leads")
    campaigns = {
        "two": make_campaign(units=500),
        "exploratory": make_campaign(units=500, antigens=("OprM",), replicates=1, tested=False),
    }
    return {
        name: write_report(build_leads_report(campaign), folder / f"{name}.html")
        for name, campaign in campaigns.items()
    }


@pytest.fixture
def open_page(browser, reports):
    """Open a report; at the end nothing may have been fetched or complained."""
    contexts, complaints = [], []

    def open_page(address="", *, name="two", **options):
        context = browser.new_context(**({"viewport": WIDE} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: complaints.append(request.url) if request.url.startswith("http") else None,
        )
        page.goto(reports[name].as_uri() + address)
        if options.get("java_script_enabled", True):
            assert page.evaluate("window.figuresDrawn")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def test_every_figure_is_drawn_with_marks_and_a_label(open_page):
    page = open_page()
    figures = page.locator("figure.figure")
    assert figures.count() == 19
    for place in range(19):
        figure = figures.nth(place)
        assert figure.locator("svg path").count() > 8
        assert (
            figure.locator(".chart").get_attribute("aria-label").startswith(figure.locator("h3").inner_text())
        )


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_nothing_serious_stands_in_the_way_of_anybody(open_page, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page(viewport=size, color_scheme=scheme)
    for opened in page.locator(".dossier").all()[:3]:
        opened.locator("summary").click()
    found = axe.run(page).response["violations"]
    grave = [
        (one["id"], [node["target"] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert grave == []


@pytest.mark.parametrize("name", ["two", "exploratory"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_never_scrolls_sideways(open_page, width, name):
    page = open_page(name=name, viewport={"width": width, "height": 844})
    for button in page.locator("[data-fold]").all():
        button.click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    wide = "one => one.scrollWidth > one.clientWidth + 1"
    over = page.evaluate(f"[...document.querySelectorAll('.chart, .opened')].filter({wide}).length")
    assert over == 0


def test_a_lead_in_the_table_opens_its_card(open_page):
    page = open_page()
    card = page.locator("#lead-oprm-2")
    assert not card.evaluate("card => card.open")
    link = page.locator("#table-leads-for-oprm tbody a").nth(1)
    link.click()
    assert page.url.endswith("#lead-oprm-2")
    assert card.evaluate("card => card.open")
    assert card.locator("summary code").inner_text() == link.inner_text()
    card.locator("summary").click()
    assert not card.evaluate("card => card.open")
    link.click()
    assert card.evaluate("card => card.open")


def test_an_address_opens_a_card(open_page):
    page = open_page("#lead-flagellum-3")
    assert page.locator("#lead-flagellum-3").evaluate("card => card.open")
    assert page.locator("#lead-flagellum-3 .residues").is_visible()
    assert page.locator(".dossier[open]").count() == 1


def test_cards_open_together_and_by_keyboard(open_page):
    page = open_page()
    first = page.locator(".dossier").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.evaluate("card => card.open")
    page.get_by_role("button", name="Open all").first.click()
    mine = page.locator(".dossiers").first
    assert mine.locator(".dossier[open]").count() == mine.locator(".dossier").count()
    page.get_by_role("button", name="Close all").first.click()
    assert page.locator(".dossier[open]").count() == 0


def test_a_card_copies_its_fasta(open_page):
    page = open_page("#lead-oprm-1", permissions=["clipboard-read", "clipboard-write"])
    card = page.locator("#lead-oprm-1")
    button = card.locator("[data-copy]")
    button.click()
    playwright.expect(button).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.match(r">OprM_001 antigen=OprM tier=2 rank=1 .*\nX{20}SCAAS", copied)
    playwright.expect(button).to_have_text("Copy FASTA", timeout=5000)


def test_a_card_says_where_its_residues_stand(open_page):
    page = open_page("#lead-oprm-1")
    residues = page.locator("#lead-oprm-1 .residues")
    told = residues.get_attribute("aria-label")
    assert "CDR1 GRTFSSYA, CDR2 ISWSGGST" in told
    assert "25 not read" in told
    assert residues.locator(".marked.waiting").first.inner_text() == "GG"
    assert residues.locator(".region").first.inner_text() == "GRTFS"
    unread = residues.locator(".unread").first
    assert unread.evaluate("one => getComputedStyle(one).backgroundImage").startswith("repeating-linear")


def test_paper_shows_open_cards_light_and_without_buttons(open_page):
    page = open_page("#lead-oprm-1", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    ink = "getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()"
    assert page.evaluate(ink) == "#1b2330"
    assert page.locator("#lead-oprm-1 .residues").is_visible()
    assert not page.locator("#lead-oprm-1 [data-copy]").is_visible()
    assert not page.locator("[data-fold]").first.is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_without_javascript_cards_still_open(open_page):
    page = open_page(java_script_enabled=False)
    card = page.locator(".dossier").first
    card.locator("summary").click()
    assert card.locator(".spark").first.is_visible()
    assert not page.locator("[data-fold]").first.is_visible()
    assert not card.locator("[data-copy]").is_visible()


def test_an_exploratory_campaign_says_so_on_every_card(open_page):
    page = open_page(name="exploratory")
    cards = page.locator(".dossier summary")
    assert cards.count() == 24
    assert all("exploratory" in text for text in cards.all_inner_texts())
    assert page.get_by_text("OprM is exploratory: no error control.").is_visible()
