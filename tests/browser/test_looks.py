"""Every page at every width and in both schemes: nothing overlaps, axe finds nothing, keys reach everything."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import AXE
from tests.browser.conftest import Visit
from tests.browser.looks import AT_REST, HEIGHTS, PAGES, SCHEMES, WIDTHS, Look, misplaced, quiet
from tests.browser.reading import TITLES, card, settled
from tests.browser.shop import LONG
from tests.browser.sites import Site

# Cells that do not stand under the heading of their column.
_EDGES = """table => {
    const edges = (row) => [...row.cells].map((one) => one.getBoundingClientRect())
        .map(({ left, right }) => `${Math.round(left)} to ${Math.round(right)}`);
    const heads = edges(table.tHead.rows[0]).join();
    return [...table.tBodies[0].rows].map((row) => edges(row).join()).filter((row) => row !== heads);
}"""
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_overlaps_is_cut_or_scrolls_sideways(small: Site, visit: Visit, name: str) -> None:
    page = visit(small, PAGES[name], **Look(WIDTHS[0], "light").options)
    wrong: dict[int, list[str]] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        quiet(page)
        if found := misplaced(page):
            wrong[width] = found
    assert not wrong, wrong


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(small: Site, visit: Visit, name: str) -> None:
    page = visit(small, PAGES[name])
    wrong = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        quiet(page)
        if found := _violations(page, *WCAG, "best-practice"):
            wrong[scheme] = found
    assert not wrong, wrong


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_in_what_opens(small: Site, visit: Visit, scheme: str) -> None:
    page = visit(small, color_scheme=scheme)
    settled(page)
    wrong: dict[str, Any] = {}

    def looked(what: str, within: str = "[role=dialog]") -> None:
        expect(page.locator(within)).to_be_visible()
        page.wait_for_function(AT_REST)  # past the fade, in which contrast is another
        if found := _violations(page, *WCAG, within=within):  # the page under it has its own test
            wrong[what] = found

    def close() -> None:
        page.keyboard.press("Escape")
        expect(page.locator("[role=dialog]")).to_have_count(0)

    menu = page.get_by_role("button", name=f"More about {TITLES['churn_risk']}")
    menu.click()
    looked("a card's menu", "[role=menu]")
    page.get_by_role("menuitem", name="What this means").click()
    expect(page.get_by_role("dialog").locator("pre")).to_be_visible()
    looked("a meaning")
    close()
    page.get_by_role("button", name="Period: All time").click()
    looked("the period")
    close()
    page.get_by_role("button", name="Filter", exact=True).click()
    looked("the filters")
    close()
    page.keyboard.press("Control+k")
    page.get_by_role("textbox", name="Find a page").fill("a")
    expect(page.get_by_role("option").first).to_be_visible()
    looked("the palette")
    page.goto(f"{small.address}/customers/1")
    page.get_by_title("Why: Recency score").click()
    expect(page.get_by_role("dialog").locator("pre")).to_be_visible()
    looked("a reason")
    page.goto(f"{small.address}/data/dictionary")
    page.get_by_role("button", name="churn_risk_score").click()
    expect(page.get_by_role("img", name="What churn_risk_score is made of")).to_be_visible()
    looked("lineage")
    page.goto(f"{small.address}/customers")
    page.get_by_role("button", name="Filter by Total purchases").click()
    looked("a column's filter")
    assert not wrong, wrong


def test_a_reason_keeps_its_tables_on_a_phone(small: Site, visit: Visit) -> None:
    page = visit(small, f"/customers/{LONG}", **Look(WIDTHS[0], "light").options)
    page.get_by_title("Why: Recency score").click()
    tables = page.get_by_role("dialog").get_by_role("table")
    expect(tables.last).to_be_visible()
    page.wait_for_function(AT_REST)
    assert tables.count() >= 3
    for table in tables.all():
        assert table.evaluate(_EDGES) == [], table.get_attribute("aria-label")


def test_keys_alone_do_everything(small: Site, visit: Visit) -> None:
    page = visit(small)
    settled(page)
    page.keyboard.press("Tab")
    assert _focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    _tab_to(page, "Period: All time")
    page.keyboard.press("Enter")
    _tab_to(page, "Last year")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?from=2024-01-01&to=2024-12-31")
    expect(page.get_by_role("button", name="Period: Last year", exact=True)).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    page.wait_for_url("**/")

    _tab_to(page, f"More about {TITLES['category_performance']}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # see as a table
    first = page.get_by_role("dialog").get_by_role("row").nth(1).get_by_role("button")
    category = first.inner_text()
    _tab_to(page, category)
    page.keyboard.press("Enter")
    expect(
        page.get_by_role("button", name=f"Remove the filter Favourite category: {category}")
    ).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    settled(page)

    page.keyboard.press("Control+k")
    expect(page.get_by_role("textbox", name="Find a page")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type("customers")
    option = page.get_by_role("option", name="Customers", exact=True)
    expect(option).to_have_attribute("data-combobox-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers")
    expect(page).to_have_title("Customers · Patron")
    _tab_to(page, "Total lifetime value")
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=total_lifetime_value*")
    grid = page.get_by_role("table", name="Customers")
    expect(page.locator("[role=table][data-stale]")).to_have_count(0)
    top = grid.get_by_role("link").first
    expect(top).to_be_visible()
    number = top.inner_text()
    _tab_to(page, number)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{number}")
    page.wait_for_load_state("networkidle")
    _tab_to(page, "Recency score")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "Recency score" in _focused(page)  # back where one was


def test_keys_go_on_where_a_filter_was(small: Site, visit: Visit) -> None:
    page = visit(small, "/?customer_segment=High+Value&from=2025-01-01&to=2025-06-30")
    settled(page)
    for removed, next_ in (("Segment by value", "Filter"), ("Period", "Period: All time")):
        page.get_by_role("button", name=f"Remove the filter {removed}").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=next_, exact=True)).to_be_focused()


def test_another_page_begins_at_its_top_and_the_way_back_leads_where_one_was(
    small: Site, visit: Visit
) -> None:
    page = visit(small)
    settled(page)
    link = card(page, "top_customers").get_by_role("link").first
    link.scroll_into_view_if_needed()
    down = page.evaluate("() => window.scrollY")
    assert down > 0
    link.click()
    expect(page.get_by_role("heading", level=2, name="Favourites")).to_be_visible()
    page.wait_for_function("() => window.scrollY === 0 && document.activeElement.id === 'main'")
    page.go_back()
    settled(page)
    page.wait_for_function("(down) => window.scrollY === down", arg=down)


def test_what_has_the_focus_shows_it(small: Site, visit: Visit) -> None:
    page = visit(small)
    settled(page)
    for _ in range(25):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "() => { const style = getComputedStyle(document.activeElement);"
            " return [style.outlineStyle, parseFloat(style.outlineWidth)] }"
        )
        assert outline[0] != "none", _focused(page)
        assert outline[1] >= 1, _focused(page)


def test_a_reader_hears_what_a_chart_shows(small: Site, visit: Visit) -> None:
    page = visit(small)
    settled(page)
    for name in (
        "monthly_revenue",
        "segment_distribution",
        "category_performance",
        "rfm",
        "satisfaction",
        "churn_risk",
    ):
        label = card(page, name).get_by_role("img").first.get_attribute("aria-label")
        assert label, name
        assert len(label) > 25, name


def _violations(page: Page, *tags: str, within: str = "html") -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "([within, tags]) => axe.run(within, { runOnly: { type: 'tag', values: tags } })",
        [within, list(tags)],
    )
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')[:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def _focused(page: Page) -> str:
    said: str = page.evaluate(
        "() => { const one = document.activeElement;"
        " return one.getAttribute('aria-label') || one.innerText || one.labels?.[0]?.innerText || '' }"
    )
    return said.strip()


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what begins with a name has the focus; fails where it never does."""
    seen = []
    for _ in range(150):
        said = _focused(page)
        if said == name or (said.startswith(name) and not name.isdecimal()):
            return
        seen.append(said)
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {name}; it reaches {seen}")
