"""The overview's figures are the API's and the database's, whatever is filtered and however it is clicked."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import VIEW, Visit
from tests.browser.figures import by_api, by_query
from tests.browser.reading import card, choose, expect_chips, overview, settled, slices, table_behind
from tests.browser.sites import Site
from tests.browser.telling import count

IS_TALL = "() => document.querySelector('[role=dialog] canvas')?.getBoundingClientRect().height > 1000"


def test_every_figure_is_the_databases(site: Site, visit: Visit) -> None:
    shown = overview(visit(site))
    assert shown == by_api(site)
    assert shown == by_query(site)


def test_an_address_restores_a_view(site: Site, visit: Visit) -> None:
    page = visit(site, "/?customer_segment=Low+Value&rfm_segment=Champions&rfm_segment=At+Risk")
    shown = overview(page)
    expect_chips(
        page,
        "Segment by value: Low Value",
        "Segment by recency and frequency: Champions",
        "Segment by recency and frequency: At Risk",
    )
    condition = "c.customer_segment = ? AND c.rfm_segment IN (?, ?)"
    expected = by_query(site, condition, ["Low Value", "Champions", "At Risk"])
    # What its own filter narrows keeps all its parts in sight, those not chosen faded.
    others = by_query(site, "c.rfm_segment IN (?, ?)", ["Champions", "At Risk"])
    expected["customer_segment"] = others["customer_segment"]
    expected["rfm"] = by_query(site, "c.customer_segment = ?", ["Low Value"])["rfm"]
    assert shown == expected


@pytest.mark.parametrize(
    ("name", "index", "chip", "condition", "value"),
    [
        (
            "segment_distribution",
            1,
            "Segment by value: Medium Value",
            "c.customer_segment = ?",
            "Medium Value",
        ),
        ("churn_risk", 4, "Churn risk: Very high", "c.churn_risk_score = ?", 5),
    ],
)
def test_a_slice_narrows_all_the_others_and_lets_go_again(
    site: Site, visit: Visit, name: str, index: int, chip: str, condition: str, value: object
) -> None:
    page = visit(site)
    settled(page)
    before = slices(page, name)
    slice_ = card(page, name).get_by_role("listitem").nth(index).get_by_role("button")
    slice_.click()
    settled(page)
    expect_chips(page, chip)
    assert slices(page, name) == before  # the others stay, faded
    expect(slice_).to_have_attribute("aria-pressed", "true")
    expected = by_query(site, condition, [value])
    expect(page.locator("[data-figure=total_customers]")).to_have_text(expected["total_customers"][0])
    for other in ("monthly_revenue", "category_performance"):
        assert [row[:4] for row in table_behind(page, other)] == [row[:4] for row in expected[other]]
    slice_.click()
    settled(page)
    expect_chips(page)
    assert urlsplit(page.url).query == ""


def test_a_click_on_the_ring_a_bar_a_month_or_a_cell_narrows_too(site: Site, visit: Visit) -> None:
    page = visit(site)
    settled(page)
    _click(
        card(page, "segment_distribution").get_by_role("img"), 0.5, 0.5, dx=-73
    )  # the left of the ring: the largest
    expect(_chip(page, "Segment by value: Low Value")).to_be_visible()
    page.go_back()
    settled(page)
    expect_chips(page)

    categories = table_behind(page, "category_performance")
    _click(card(page, "category_performance").get_by_role("img"), 0.5, 0.5 / len(categories))  # the first bar
    expect(_chip(page, f"Favourite category: {categories[0][0]}")).to_be_visible()
    page.go_back()
    settled(page)

    months = table_behind(page, "monthly_revenue")
    _click(card(page, "monthly_revenue").get_by_role("img"), 0.5, 0.4)
    page.wait_for_url("**/?from=*")
    settled(page)
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["from"][0][:7] == asked["to"][0][:7]
    assert table_behind(page, "monthly_revenue") == months  # the line keeps what is around the month
    total = by_api(site, urlsplit(page.url).query)
    assert table_behind(page, "category_performance") == total["category_performance"]
    page.go_back()
    settled(page)

    card(page, "rfm").get_by_text("Cells", exact=True).click()
    settled(page)
    _click(card(page, "rfm").get_by_role("img"), 0.93, 0.1)  # the best of both
    expect(_chip(page, "Segment by recency and frequency: Champions")).to_be_visible()


def test_drawing_over_points_keeps_their_segments_and_lists_everyone_of_the_area(
    site: Site, visit: Visit
) -> None:
    page = visit(site, "/?customer_segment=High+Value&customer_segment=Medium+Value")
    settled(page)
    chart = card(page, "rfm").get_by_role("img")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.6, steps=4)
    page.mouse.up()
    area = card(page, "rfm").get_by_role("link", name="List all customers of that area")
    told = re.search(r": ([\d,]+).([\d,]+) days, ([\d,]+).([\d,]+) orders", area.inner_text())
    assert told
    days, more_days, orders, more_orders = (int(one.replace(",", "")) for one in told.groups())
    narrowed = "customer_segment=High+Value&customer_segment=Medium+Value"
    inside = {
        one["rfm_segment"]
        for one in site.api(f"metrics/rfm?{narrowed}")["points"]
        if days <= one["days_since_last_purchase"] <= more_days
        and orders <= one["total_purchases"] <= more_orders
    }
    assert inside
    page.wait_for_url(lambda url: set(parse_qs(urlsplit(url).query).get("rfm_segment", ())) == inside)
    area.click()
    many = site.query(
        "SELECT COUNT(*) AS n FROM customer_360 WHERE customer_segment <> 'Low Value' "
        "AND days_since_last_purchase BETWEEN ? AND ? AND total_purchases BETWEEN ? AND ?",
        [days, more_days, orders, more_orders],
    )[0]["n"]
    expect(page.get_by_text(f"{count(many)} customers", exact=True)).to_be_visible()


def test_filters_go_by_cross_by_escape_by_button_and_by_the_way_back(site: Site, visit: Visit) -> None:
    page = visit(site, "/?customer_segment=High+Value&churn_risk_score=1&from=2025-01-01&to=2025-06-30")
    settled(page)
    page.get_by_role("button", name="Remove the filter Segment by value: High Value").click()
    expect(_chip(page, "Segment by value: High Value")).to_have_count(0)
    span = "Period: Jan 1 \N{EN DASH} Jun 30, 2025"
    expect_chips(page, span, "Churn risk: Very low")
    page.keyboard.press("Escape")
    expect(_chip(page, "Churn risk: Very low")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Period: All time")).to_be_visible()
    for _ in range(3):
        page.go_back()
    expect(_chip(page, "Segment by value: High Value")).to_be_visible()
    expect_chips(page, span, "Segment by value: High Value", "Churn risk: Very low")
    page.get_by_role("button", name=f"Remove the filter {span}").click()
    expect(page.get_by_role("button", name="Period: All time")).to_be_visible()
    expect_chips(page, "Segment by value: High Value", "Churn risk: Very low")
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_role("button", name="Clear all")).to_have_count(0)
    settled(page)
    expect(page.locator("[data-figure=total_customers]")).to_have_text(by_api(site)["total_customers"][0])


def test_the_period_and_the_filter_are_chosen_from_menus(site: Site, visit: Visit) -> None:
    page = visit(site)
    page.get_by_role("button", name="Period: All time").click()
    page.get_by_role("button", name="Last year").click()
    page.wait_for_url("**/?from=2024-01-01&to=2024-12-31")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("checkbox", name="High Value").check()
    page.keyboard.press("Escape")
    settled(page)
    expect_chips(page, "Period: Last year", "Segment by value: High Value")
    expected = by_api(site, "customer_segment=High+Value&from=2024-01-01&to=2024-12-31")
    assert table_behind(page, "category_performance") == expected["category_performance"]
    paid = site.query(
        "SELECT SUM(total_amount) AS paid FROM purchase_transactions p JOIN customer_360 c "
        "ON c.customer_id = p.customer_id WHERE c.customer_segment = 'High Value' "
        "AND purchase_date BETWEEN DATE '2024-01-01' AND DATE '2024-12-31'"
    )[0]["paid"]
    shown = [row[1].removeprefix("$").replace(",", "") for row in table_behind(page, "category_performance")]
    assert sum(map(float, shown)) == pytest.approx(float(paid))


def test_a_card_tells_what_it_means_and_gives_its_figures_away(site: Site, visit: Visit) -> None:
    page = visit(site, "/?customer_segment=High+Value")
    settled(page)
    choose(page, "churn_risk", "What this means")
    dialog = page.get_by_role("dialog")
    meaning = next(one for one in site.api("metrics")["metrics"] if one["name"] == "churn_risk")
    for said in (
        meaning["meaning"],
        "Segment by value: High Value",
        "as of Dec 31, 2025",
        *meaning["columns"],
    ):
        expect(dialog).to_contain_text(said)
    expect(dialog.locator("pre")).to_contain_text("SELECT")
    page.keyboard.press("Escape")

    with page.expect_download() as saved:
        choose(page, "category_performance", "Save as CSV")
    lines = saved.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(table_behind(page, "category_performance"))
    for name in ("rfm", "total_customers", "top_customers"):
        with page.expect_download() as saved:
            choose(page, name, "Save as PNG")
        assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    page.set_viewport_size({"width": VIEW["width"], "height": 1300})  # more than all bars need
    for name in ("monthly_revenue", "rfm", "total_customers", "segment_distribution", "category_performance"):
        choose(page, name, "Full screen")
        page.wait_for_function(IS_TALL)  # it is drawn anew once its place is known
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(card(page, name).get_by_role("img").first).to_be_visible()


def _chip(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=f"Remove the filter {name}", exact=True)


def _click(chart: Locator, across: float, down: float, dx: float = 0) -> None:
    """Click a place in a chart, as parts of its width and height."""
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    chart.click(position={"x": box["width"] * across + dx, "y": box["height"] * down})
