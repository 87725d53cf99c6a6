"""The overview's figures are the API's and the database's, whatever is filtered and however it is clicked."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.figures import by_api, by_query
from tests.browser.reading import card, chips, choose, overview, settled, slices, table_behind
from tests.browser.sites import Site




def test_every_figure_is_the_databases(site: Site, visit: Visit) -> None:
    shown = overview(visit(site))
    assert shown == by_api(site)
    assert shown == by_query(site)


def test_an_address_restores_a_view(site: Site, visit: Visit) -> None:
    page = visit(site, "/?customer_segment=Medium+Value&rfm_segment=Champions&rfm_segment=At+Risk")
    shown = overview(page)
    assert chips(page) == [
        "Segment by value: Medium Value",
        "Segment by recency and frequency: Champions",
        "Segment by recency and frequency: At Risk",
    ]
    condition = "c.customer_segment = ? AND c.rfm_segment IN (?, ?)"
    expected = by_query(site, condition, ["Medium Value", "Champions", "At Risk"])
    # A ring whose own filter is set shows all its slices, those not chosen faded.
    expected["customer_segment"] = by_query(site, "c.rfm_segment IN (?, ?)", ["Champions", "At Risk"])["customer_segment"]
    assert shown == expected
