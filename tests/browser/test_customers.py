"""The explorer, a customer's page and the palette show what the database holds."""

from __future__ import annotations

import csv
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Visit
from tests.browser.shop import LONG, UGLY
from tests.browser.sites import Row, Site
from tests.browser.telling import count, day, money
from tests.browser.watching import Watch

COLUMNS = (
    "customer_id",
    "customer_segment",
    "rfm_segment",
    "total_lifetime_value",
    "total_purchases",
    "last_purchase_date",
)

# By less than is in view, and until that is drawn.
SCROLL = """(one, by) => {
    one.scrollBy(0, by);
    return new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}"""

# What a screen reader is told of a region, from now on.
HEAR = """region => {
    window.heard = [];
    new MutationObserver(() => heard.push(region.textContent))
        .observe(region, { childList: true, characterData: true, subtree: true });
}"""

# Whether the grid is so far down.
IS_DOWN = "down => document.querySelector('[role=table]')?.scrollTop === down"

RISKS = ("Very low", "Low", "Medium", "High", "Very high")


def test_the_explorer_shows_the_databases_rows_in_order(site: Site, visit: Visit) -> None:
    page = visit(site, f"/customers?columns={','.join(COLUMNS)}")
    _settled(page)
    total = site.query("SELECT COUNT(*) AS n FROM customer_360")[0]["n"]
    expect(page.get_by_text(f"{count(total)} customers")).to_be_visible()
    expected = _expected(site, "ORDER BY total_lifetime_value DESC, customer_id LIMIT 350")
    assert _rows(page)[:10] == expected[:10]
    grid = page.get_by_role("table", name="Customers")
    for _ in range(40):
        grid.evaluate(SCROLL, 500)
        expect(grid.locator(".mantine-Skeleton-root")).to_have_count(0)
        if expected[299] in _rows(page):
            break
    shown = _rows(page)
    start = expected.index(shown[0])
    assert shown == expected[start : start + len(shown)]
    one = grid.get_by_role("link", name=expected[299][0], exact=True)
    one.focus()
    place, down = page.url, grid.evaluate("one => one.scrollTop")
    one.press("Enter")
    page.get_by_role("link", name="All customers").click()
    page.wait_for_url(place)
    _settled(page)
    page.wait_for_function(IS_DOWN, arg=down)


def test_one_finds_back_to_the_row_whose_customer_one_went_to_while_the_list_still_moved(
    small: Site, visit: Visit
) -> None:
    page = visit(small, f"/customers?columns={','.join(COLUMNS)}")
    _settled(page)
    grid = page.get_by_role("table", name="Customers")
    grid.evaluate(SCROLL, 500)
    # The browser tells of a scroll before the next frame only: by then the list is not to be seen.
    down = grid.evaluate(
        """one => {
            one.scrollBy(0, 200);
            [...one.querySelectorAll("a")].at(-1).click();
            return one.scrollTop;
        }"""
    )
    assert down > 600
    page.get_by_role("link", name="All customers").click()
    _settled(page)
    page.wait_for_function(IS_DOWN, arg=down)


def test_it_searches_as_one_types_sorts_filters_and_remembers_it_all_in_the_address(
    site: Site, visit: Visit
) -> None:
    page = visit(site, f"/customers?columns={','.join(COLUMNS)}")
    page.get_by_role("button", name="Total purchases", exact=True).click()
    page.wait_for_url("**sort=-total_purchases*")
    _settled(page)
    order = "ORDER BY total_purchases DESC, customer_id LIMIT 10"
    assert [row[4] for row in _rows(page)[:10]] == [row[4] for row in _expected(site, order)]
    page.get_by_role("button", name="Total purchases", exact=True).click()
    page.wait_for_url("**sort=total_purchases*")

    page.get_by_role("button", name="Filter by Total purchases").click()
    page.get_by_role("textbox", name="Value").fill("40")
    page.get_by_role("dialog").get_by_role("button", name="Filter", exact=True).click()
    page.wait_for_url("**where=total_purchases*")
    _settled(page)
    many = site.query("SELECT COUNT(*) AS n FROM customer_360 WHERE total_purchases >= 40")[0]["n"]
    expect(page.get_by_text(f"{count(many)} customers")).to_be_visible()
    again = visit(site, page.url.removeprefix(site.address))
    _settled(again)
    assert _rows(again)[:10] == _rows(page)[:10]
    expect(again.get_by_text("Total purchases is at least 40")).to_be_visible()
    again.keyboard.press("Escape")
    expect(again.get_by_text("Total purchases is at least 40")).to_have_count(0)
    everybody = site.query("SELECT COUNT(*) AS n FROM customer_360")[0]["n"]
    expect(again.get_by_text(f"{count(everybody)} customers", exact=True)).to_be_visible()

    page.goto(f"{site.address}/customers")
    page.get_by_role("textbox", name="Name, e-mail, phone or id").press_sequentially("maximiliane")
    page.wait_for_url("**q=maximiliane")
    expect(page.get_by_text("1 customer", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=str(LONG))).to_be_visible()
    expect(page.get_by_role("textbox", name="Name, e-mail, phone or id")).to_be_focused()


def test_readers_hear_of_the_order_when_it_is_another_one(small: Site, visit: Visit, watch: Watch) -> None:
    watch.allow("status of 500")
    page = visit(small, "/customers")
    _settled(page)
    page.get_by_role("status").evaluate(HEAR)
    page.get_by_role("textbox", name="Name, e-mail, phone or id").fill("a")
    page.wait_for_url("**q=a*")
    _settled(page)
    heading = page.get_by_role("button", name="Total purchases", exact=True)
    heading.click()
    page.wait_for_url("**sort=-total_purchases*")
    _settled(page)
    most = "Sorted by Total purchases, the most first"
    page.wait_for_function("() => heard.length > 0")
    assert page.evaluate("() => heard") == [most]

    page.route("**/api/v1/customers?*", lambda route: route.fulfill(status=500))
    heading.click()
    expect(page.get_by_role("alert")).to_contain_text("This could not be loaded")
    assert page.evaluate("() => heard") == [most]
    page.unroute_all()
    page.get_by_role("alert").get_by_role("button", name="Try again").click()
    _settled(page)
    page.wait_for_function("() => heard.length > 1")
    assert page.evaluate("() => heard") == [most, "Sorted by Total purchases, the least first"]


def test_columns_are_chosen_and_everyone_is_exported(site: Site, visit: Visit) -> None:
    page = visit(site, "/customers?where=total_purchases:ge:60")
    _settled(page)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Annual spend").check()
    expect(page.get_by_role("columnheader", name="Annual spend")).to_have_count(1)
    page.keyboard.press("Escape")
    many = site.query("SELECT customer_id FROM customer_360 WHERE total_purchases >= 60")
    shown = _saved(page, "All of these as CSV")
    assert {one["customer_id"] for one in shown} == {str(one["customer_id"]) for one in many}
    assert list(shown[0]) == page.url.partition("columns=")[2].partition("&")[0].split("%2C")
    whole = _saved(page, "All of these with every column as CSV")
    assert [{name: one[name] for name in shown[0]} for one in whole] == shown
    assert len(whole[0]) > len(shown[0])


def test_only_what_is_shown_is_asked_for_and_choosing_a_column_loses_no_place(
    site: Site, visit: Visit
) -> None:
    asked: list[list[str]] = []

    def hear(request: Request) -> None:
        address = urlsplit(request.url)
        if address.path == "/api/v1/customers":
            asked.append(parse_qs(address.query)["columns"])

    page = visit(
        site,
        f"/customers?columns={','.join(COLUMNS)},no_such_column",
        before=lambda one: one.on("request", hear),
    )
    _settled(page)
    grid = page.get_by_role("table", name="Customers")
    for _ in range(30):
        grid.evaluate(SCROLL, 700)
        _settled(page)
        expect(grid.locator(".mantine-Skeleton-root")).to_have_count(0)
    assert len(asked) >= 5
    assert all(one == [*COLUMNS] for one in asked)
    down = grid.evaluate("one => one.scrollTop")
    assert down > 15_000
    before = _rows(page)
    asked.clear()

    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Annual spend").check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader", name="Annual spend")).to_have_count(1)
    _settled(page)
    assert grid.evaluate("one => one.scrollTop") == down
    rows = _rows(page)
    headings = [one.strip() for one in page.get_by_role("columnheader").all_inner_texts()]
    new = headings.index("Annual spend")
    assert [sorted((*row[:new], *row[new + 1 :])) for row in rows] == [sorted(row) for row in before]
    spent = site.query("SELECT annual_spend FROM customer_360 WHERE customer_id = ?", [int(rows[0][0])])
    assert rows[0][new] == money(spent[0]["annual_spend"])
    assert 1 <= len(asked) <= 2  # the pages in view, however many were loaded
    assert all(one == ["annual_spend"] for one in asked)

    asked.clear()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Annual spend").uncheck()
    expect(page.get_by_role("columnheader", name="Annual spend")).to_have_count(0)
    page.keyboard.press("Escape")
    _settled(page)
    assert grid.evaluate("one => one.scrollTop") == down
    assert [sorted(row) for row in _rows(page)] == [sorted(row) for row in before]
    assert asked == []


def test_a_customer_is_who_the_database_says(site: Site, visit: Visit) -> None:
    best = _best(site)
    page = visit(site, "/")
    page.get_by_role("link", name=f"{best['first_name']} {best['last_name']}", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{best['first_name']} {best['last_name']}")
    page.wait_for_url(f"**/customers/{best['customer_id']}")
    shown = {
        "Total lifetime value": money(best["total_lifetime_value"]),
        "Average order value": money(best["average_order_value"]),
        "Total purchases": count(best["total_purchases"]),
        "Last purchase date": day(best["last_purchase_date"]),
        "Churn risk score": f"{best['churn_risk_score']} · {RISKS[best['churn_risk_score'] - 1]}",
        "RFM segment": best["rfm_segment"],
        "Favourite product category": best["favorite_product_category"],
        "Total website visits": count(best["total_website_visits"]),
    }
    for name, value in shown.items():
        tile = page.get_by_role("main").get_by_title(f"Why: {name}", exact=True).last
        expect(tile).to_contain_text(value)
        assert tile.inner_text().split("\n")[-1] == value, name


def test_every_value_says_why(site: Site, visit: Visit) -> None:
    best = _best(site)
    page = visit(site, f"/customers/{best['customer_id']}")
    page.get_by_title("Why: Recency score").click()
    why = site.api(f"customers/{best['customer_id']}/why/recency_score")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(why["meaning"])
    expect(dialog).to_contain_text("Cut points")
    points = site.query("SELECT * FROM rfm_cut_points ORDER BY 1, 2")
    assert points
    for one in why["cut_points"]:
        expect(dialog).to_contain_text(
            str(one["cut_point"] if "cut_point" in one else next(iter(one.values())))
        )
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_the_timeline_goes_back_to_the_first_day(site: Site, visit: Visit) -> None:
    page = visit(site, f"/customers/{LONG}")
    timeline = page.get_by_role("table", name="Everything, the latest first")
    expect(timeline.get_by_role("row")).to_have_count(51)  # its heading too
    expect(timeline.get_by_role("row").nth(1)).to_contain_text("Dec 31, 2025")
    page.get_by_role("button", name="Show more").click()
    expect(timeline.get_by_role("row")).to_have_count(101)
    page.get_by_text("Service contact", exact=True).click()
    expect(page.get_by_text("Nothing of this kind")).to_be_visible()


def test_a_name_that_is_markup_stays_a_name(site: Site, visit: Visit) -> None:
    page = visit(site, f"/customers/{UGLY}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.get_by_text("Nothing bought so far")).to_be_visible()
    assert page.locator("main img").count() == 0


def test_the_palette_finds_pages_figures_and_customers(site: Site, visit: Visit) -> None:
    page = visit(site, "/data")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    find = page.get_by_role("textbox", name="Find a page, a figure or a customer")
    expect(find).to_be_focused()
    find.press_sequentially("maximiliane")
    _chosen(page, "Maximiliane-Theodora-Alexandrina")
    expect(page.get_by_role("listbox")).to_have_attribute("aria-busy", "false")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{LONG}")
    page.keyboard.press("Control+k")
    find.press_sequentially("dictionary")
    _chosen(page, "Data: Dictionary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/data/dictionary")
    page.keyboard.press("Control+k")
    find.press_sequentially("retention")
    _chosen(page, "Customers who bought again within a year")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?figure=retention_rate")
    expect(page.get_by_role("dialog")).to_contain_text("bought again")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    find.press_sequentially("xyzzy no such thing")
    expect(page.get_by_text("Nothing goes by these words.")).to_be_visible()


def _chosen(page: Page, name: str) -> None:
    """Wait until Enter would take what goes by a name."""
    expect(page.get_by_role("option", name=name)).to_have_attribute("data-combobox-selected", "true")


def _saved(page: Page, item: str) -> list[dict[str, str]]:
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name=item, exact=True).click()
    with saved.value.path().open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _settled(page: Page) -> None:
    grid = page.get_by_role("table", name="Customers")
    expect(grid.get_by_role("cell").first).to_be_visible()
    expect(page.locator("[role=table][aria-busy=true]")).to_have_count(0)
    expect(page.locator("[role=table][data-stale]")).to_have_count(0)


def _rows(page: Page) -> list[tuple[str, ...]]:
    rows: list[list[str]] = page.get_by_role("table", name="Customers").evaluate(
        """table => [...table.querySelectorAll('[role=row]')].slice(1)
            .filter(row => !row.querySelector('.mantine-Skeleton-root'))
            .map(row => [...row.children].map(cell => cell.innerText.trim()))"""
    )
    return [tuple(row) for row in rows]


def _expected(site: Site, order: str) -> list[tuple[str, ...]]:
    return [
        (
            str(one["customer_id"]),
            one["customer_segment"],
            one["rfm_segment"],
            money(one["total_lifetime_value"]),
            count(one["total_purchases"]),
            day(one["last_purchase_date"]),
        )
        for one in site.query(f"SELECT * FROM customer_360 {order}")
    ]


def _best(site: Site) -> Row:
    return site.query("SELECT * FROM customer_360 ORDER BY total_lifetime_value DESC, customer_id LIMIT 1")[0]
