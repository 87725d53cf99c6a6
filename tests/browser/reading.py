"""Reads the pages as a person would: the words that are there, and the tables behind the charts."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.figures import Figures

TITLES = {
    "total_customers": "Customers",
    "total_lifetime_value": "What customers have paid in all",
    "average_order_value": "Value of an average order",
    "retention_rate": "Customers who bought again within a year",
    "monthly_revenue": "Revenue by month",
    "segment_distribution": "Customers by segment",
    "category_performance": "Revenue by category",
    "rfm": "When they last bought, how often, how much",
    "top_customers": "Top customers",
    "satisfaction": "Satisfaction",
    "churn_risk": "Churn risk",
}


def card(page: Page, name: str) -> Locator:
    """Return the card of a figure."""
    return page.get_by_role("region", name=TITLES[name], exact=True)


def settled(page: Page) -> None:
    """Wait until every figure that was asked for is there and every chart is drawn."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.locator("[data-stale]")).to_have_count(0)
    expect(page.locator(".mantine-Skeleton-root:visible")).to_have_count(0)


def table_behind(page: Page, name: str) -> list[tuple[str, ...]]:
    """Return the rows of a figure's table, which its card's menu shows."""
    choose(page, name, "See as a table")
    dialog = page.get_by_role("dialog")
    found = rows_of(dialog.get_by_role("table"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    return found


def choose(page: Page, name: str, item: str) -> None:
    """Press an item of a card's menu."""
    page.get_by_role("button", name=f"More about {TITLES[name]}", exact=True).click()
    page.get_by_role("menu", name=f"More about {TITLES[name]}").get_by_role("menuitem", name=item).click()


def rows_of(table: Locator) -> list[tuple[str, ...]]:
    """Return the texts of a table's rows, without its headings."""
    expect(table).to_be_visible()
    cells: list[list[str]] = table.locator("tbody").evaluate(
        "body => [...body.rows].map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )
    return [tuple(row) for row in cells]


def slices(page: Page, name: str) -> list[tuple[str, ...]]:
    """Return name, customers and share of a ring's slices."""
    items = card(page, name).get_by_role("listitem").all()
    return [tuple(item.locator("span:not(:empty)").all_inner_texts()) for item in items]


def overview(page: Page) -> Figures:
    """Return every figure that the overview shows."""
    settled(page)
    figure = {name: page.locator(f"[data-figure={name}]") for name in list(TITLES)[:4]}
    satisfaction = card(page, "satisfaction")
    label = satisfaction.get_by_role("img").get_attribute("aria-label") or ""
    told = re.fullmatch(r"Mean ([\d.]+) of 5, CSAT ([\d.]+%), ([\d,]+) answers", label)
    assert told, label
    assert satisfaction.get_by_text(f"{told[2]} CSAT").is_visible()
    assert satisfaction.get_by_text(f"{told[3]} answers").is_visible()
    return {
        "total_customers": (figure["total_customers"].inner_text(), hovered(page, figure["total_customers"])),
        "change": _told(card(page, "total_customers"), r"(?:up|down) ([\d.,]+%) on"),
        "total_lifetime_value": hovered(page, figure["total_lifetime_value"]),
        "average_order_value": hovered(page, figure["average_order_value"]),
        "retention_rate": figure["retention_rate"].inner_text(),
        "points": _told(card(page, "retention_rate"), r"(the same|(?:up|down) [\d.]+ points)"),
        "repeat_purchase_rate": _told(card(page, "retention_rate"), r"([\d.]+%) of buyers"),
        "monthly_revenue": [row[:4] for row in table_behind(page, "monthly_revenue")],
        "category_performance": table_behind(page, "category_performance"),
        "customer_segment": slices(page, "segment_distribution"),
        "churn_risk": slices(page, "churn_risk"),
        "satisfaction": (*told.groups(), sorted(table_behind(page, "satisfaction"))),
        "top_customers": [
            (row[0], *row[1:3], row[3].removeprefix("●").strip())
            for row in rows_of(card(page, "top_customers").get_by_role("table"))
        ],
        "rfm": sorted(table_behind(page, "rfm")),
    }


def hovered(page: Page, at: Locator) -> str:
    """Return what a tooltip says of a place, which must be no other one's."""
    at.hover()
    tip = page.get_by_role("tooltip")
    expect(tip).to_be_visible()
    said = tip.inner_text()
    page.mouse.move(0, 0)
    expect(tip).to_have_count(0)
    return said


def expect_chips(page: Page, *names: str) -> None:
    """Wait until these filters are in force, as their chips say, and no others."""
    removers = page.get_by_role("button", name=re.compile("^Remove the filter "))
    expect(removers).to_have_count(len(names))
    for at, name in enumerate(names):
        expect(removers.nth(at)).to_have_attribute("aria-label", f"Remove the filter {name}")


def _told(place: Locator, pattern: str) -> str:
    found = re.search(pattern, place.inner_text())
    assert found, place.inner_text()
    return found[1]
