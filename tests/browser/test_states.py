"""Every state has a face: loading, empty, failed, away, not for you, behind, building, and nothing there yet."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PATIENCE, Visit
from tests.browser.figures import headcount
from tests.browser.reading import card, settled, table_behind
from tests.browser.shop import LAST_DAY, LONG, made
from tests.browser.sites import Site, patron
from tests.browser.watching import Watch
from tests.support.sparks import free_port

PROBLEM = {
    "type": "urn:patron:problem:failed",
    "title": "Internal Server Error",
    "status": 500,
    "detail": "The figures could not be read; the log says why under this request's id.",
    "request_id": "0",
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A shop of a few customers whose server may be stopped, and whose latest load is not built."""
    folder = tmp_path_factory.mktemp("own")
    url = str(folder / "own.duckdb")
    patron(url, "sample", "--customers", 60, folder=folder)
    patron(url, "build", "--as-of", LAST_DAY, folder=folder)
    news = folder / "customer_info.csv"
    news.write_text("customer_id,first_name,last_name\n7000001,New,One\n7000002,New,Two\n", "utf-8")
    patron(url, "load", str(news), folder=folder)
    # Where it is again after a stop: at a port that nobody is given meanwhile.
    with Site(url, folder, f"http://127.0.0.1:{free_port()}") as site:
        yield site


def test_while_figures_come_their_places_are_kept(small: Site, visit: Visit) -> None:
    held: list[Route] = []
    page = visit(
        small, before=lambda page: page.route("**/api/v1/dashboard*", lambda route: held.append(route))
    )
    expect(page.locator("section[aria-busy=true]")).to_have_count(11)
    loading = _places(page)
    _let_go(page, held)
    shown = _places(page)
    assert all(abs(one - other) <= 60 for one, other in zip(loading, shown, strict=True)), (loading, shown)


def test_only_what_changes_is_dimmed_while_it_comes(small: Site, visit: Visit) -> None:
    held: list[Route] = []
    page = visit(small)
    settled(page)
    page.route("**/api/v1/dashboard*", lambda route: held.append(route))
    page.get_by_role("button", name="Medium Value").click()
    quiet = page.locator("section[aria-label]", has=page.locator("[data-stale]"))
    expect(quiet).to_have_count(10)
    expect(card(page, "segment_distribution").locator("[data-stale]")).to_have_count(0)
    _let_go(page, held)

    page.get_by_role("button", name="Period: All time").click()
    page.get_by_role("button", name="Last 90 days").click()
    expect(quiet).to_have_count(3)  # the others count customers as they stand, or show all months
    for name in ("average_order_value", "category_performance", "satisfaction"):
        expect(card(page, name).locator("[data-stale]")).to_have_count(1)
    _let_go(page, held)


def _let_go(page: Page, held: list[Route]) -> None:
    """Let what was held go on once it is there, for the page dims first and asks a moment later."""
    for _ in range(PATIENCE // 20):
        if held:
            break
        page.wait_for_timeout(20)
    held.pop().continue_()
    settled(page)


def test_nobody_fits(small: Site, visit: Visit) -> None:
    page = visit(small, "/?customer_segment=High+Value&rfm_segment=No+Purchases")
    expect(page.get_by_text("No customer fits these filters")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Clear all").last.click()
    settled(page)
    expect(card(page, "top_customers")).to_be_visible()
    page.goto(f"{small.address}/customers?q=xyzzy")
    expect(page.get_by_text("Nobody fits")).to_be_visible()
    page.goto(f"{small.address}/no/such/page")
    page.get_by_role("link", name="Go to the overview").click()
    settled(page)


def test_a_failure_is_told_and_retried(small: Site, visit: Visit, watch: Watch) -> None:
    watch.allow("status of 500")
    failing = threading.Event()
    failing.set()

    def answer(route: Route) -> None:
        if failing.is_set():
            route.fulfill(status=500, content_type="application/problem+json", body=json.dumps(PROBLEM))
        else:
            route.continue_()

    page = visit(small, before=lambda page: page.route("**/api/v1/dashboard*", answer))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This could not be loaded")
    expect(alert).to_contain_text(str(PROBLEM["detail"]))
    expect(alert).to_contain_text("The other pages and figures still work.")
    failing.clear()
    alert.get_by_role("button", name="Try again").click()
    settled(page)
    expect(card(page, "top_customers")).to_be_visible()


def test_code_that_does_not_come_is_told_and_the_rest_goes_on(
    small: Site, visit: Visit, watch: Watch
) -> None:
    watch.allow("ERR_FAILED|dynamically imported module")

    def without(page: Page) -> None:
        for part in ("Customers", "Palette"):
            page.route(f"**/assets/{part}-*.js", lambda route: route.abort())

    page = visit(small, before=without)
    settled(page)
    page.get_by_role("link", name="Customers", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("This could not be loaded")
    page.get_by_role("link", name="Overview").click()
    settled(page)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("This could not be loaded")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Customers", exact=True).click()
    page.unroute_all()
    page.get_by_role("alert").get_by_role("button", name="Try again").click()
    expect(page.get_by_role("table", name="Customers").get_by_role("cell").first).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("textbox", name="Find a page")).to_be_focused()


def test_without_what_draws_charts_the_figures_are_there(small: Site, visit: Visit, watch: Watch) -> None:
    watch.allow("ERR_FAILED")
    page = visit(small, before=lambda page: page.route("**/assets/engine-*.js", lambda route: route.abort()))
    expect(page.get_by_text("The charts could not be loaded.")).to_have_count(6)
    expect(page.locator("[data-figure=total_customers]")).to_be_visible()
    assert table_behind(page, "monthly_revenue")


def test_an_unknown_customer_and_a_wrong_filter_are_told_in_the_servers_words(
    small: Site, visit: Visit, watch: Watch
) -> None:
    watch.allow("status of 4(00|04|22)")
    page = visit(small, "/customers/123456789")
    expect(page.get_by_role("alert")).to_contain_text("There is no such customer")
    page.goto(f"{small.address}/?churn_risk_score=9")
    expect(page.get_by_role("alert")).to_contain_text("churn_risk_score")
    expect(page.get_by_role("button", name="Clear all")).to_be_visible()


def test_figures_stay_while_the_server_is_away_and_are_fresh_when_it_is_back(
    own: Site, visit: Visit, watch: Watch
) -> None:
    watch.allow("ERR_CONNECTION_|ERR_EMPTY_RESPONSE|Failed to fetch|status of 50")
    page = visit(own)
    settled(page)
    shown = page.locator("[data-figure=total_customers]").inner_text()
    own.stop()
    away = page.get_by_text("The server does not answer.")
    expect(away).to_be_visible()
    expect(page.locator("[data-figure=total_customers]")).to_have_text(shown)
    page.get_by_role("link", name="Data").click()
    expect(page.get_by_role("alert")).to_contain_text("The server did not answer.")
    own.start()
    expect(away).to_have_count(0)
    page.get_by_role("alert").get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Build 1")).to_be_visible()


def test_what_was_loaded_after_the_build_is_told(own: Site, visit: Visit) -> None:
    page = visit(own)
    expect(page.get_by_text("2 customers changed since").first).to_be_visible()


def test_a_build_that_fails_is_told_until_one_closes_it(small: Site, visit: Visit) -> None:
    status = small.api("status")
    build = {
        "number": 1,
        "state": "running",
        "as_of": "2025-12-31",
        "full": False,
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": None,
        "stage": "customer_features",
        "done": 1,
        "total": 4,
        "build_id": None,
        "detail": None,
    }

    def answer(page: Page) -> None:
        page.route("**/api/v1/status", lambda route: route.fulfill(json=status))
        page.route("**/api/v1/builds/progress", lambda route: route.fulfill(json=build))

    status["building"] = True
    page = visit(small, before=answer)
    settled(page)
    expect(page.get_by_text("customer_360 is being built (25.0%): customer_features")).to_be_visible()
    status["building"] = False
    build |= {"state": "failed", "detail": "The disk is full."}
    failed = page.get_by_text("The last build failed; you still see the former one. The disk is full.")
    expect(failed).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(failed).to_have_count(0)
    expect(card(page, "top_customers")).to_be_visible()


def test_a_build_is_told_while_it_runs_and_shown_when_it_is_over(
    empty_url: str, folder: Path, visit: Visit
) -> None:
    with made(empty_url, folder, 5_000) as site:
        _builds_anew(site, visit)


def _builds_anew(site: Site, visit: Visit) -> None:
    page = visit(site, "/data/builds")
    watcher = visit(site)
    settled(watcher)
    before = watcher.locator("[data-figure=total_customers]").inner_text()
    page.get_by_role("button", name="Build now").click()
    page.get_by_label("As known on").fill("2024-06-30")
    page.get_by_role("dialog").get_by_role("button", name="Build now").click()
    expect(page.get_by_text("customer_360 is being built")).to_be_visible()
    expect(watcher.get_by_text("as of Jun 30, 2024")).to_be_visible(timeout=300_000)
    settled(watcher)
    known = site.query(
        "SELECT COUNT(*) AS n FROM customer_info "
        "WHERE registration_date IS NULL OR registration_date <= DATE '2024-06-30'"
    )[0]["n"]
    assert before != headcount(known)
    expect(watcher.locator("[data-figure=total_customers]")).to_have_text(headcount(known))
    assert site.api("metrics/total_customers")["rows"][0]["value"] == known
    expect(page.get_by_text("customer_360 is being built")).to_have_count(0)
    expect(page.get_by_role("button", name="Build 2")).to_be_visible()
    page.goto(f"{site.address}/customers/{LONG}")
    expect(page.get_by_text("What happened after Jun 30, 2024 is in no figure yet")).to_be_visible()


def test_a_key_is_asked_for_and_a_viewer_sees_what_a_viewer_may(
    folder: Path, visit: Visit, watch: Watch
) -> None:
    watch.allow("status of 40[13]")
    url = str(folder / "kept.duckdb")
    patron(url, "sample", "--customers", 40, folder=folder)
    patron(url, "build", "--as-of", LAST_DAY, folder=folder)
    key = json.loads(patron(url, "keys", "create", "--role", "viewer", "--json", folder=folder))["key"]
    with Site(url, folder) as site:
        page = visit(site, "/customers/1")
        expect(page.get_by_role("heading", level=1)).to_have_text("This server asks who you are")
        page.get_by_label("Key", exact=True).fill("patron_nonsense")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("That key is no good here")).to_be_visible()
        page.get_by_label("Key", exact=True).fill(key)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=2, name="Favourites")).to_be_visible()
        expect(page.get_by_title("Masked: your role may not see it.").first).to_be_visible()
        page.get_by_role("link", name="Data").click()
        page.get_by_role("tab", name="Quarantine").click()
        page.get_by_role("tab", name="Loads").click()
        page.get_by_role("link", name="Customers", exact=True).click()
        expect(page.get_by_role("button", name="Export")).to_be_disabled()
        page.get_by_role("button", name="Forget the key").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("This server asks who you are")


def test_a_shop_without_customers_is_told_so(folder: Path, visit: Visit) -> None:
    url = str(folder / "nobody.duckdb")
    patron(url, "init", folder=folder)
    patron(url, "build", "--as-of", LAST_DAY, folder=folder)
    with Site(url, folder) as site:
        page = visit(site)
        expect(page.get_by_text("There are no customers yet")).to_be_visible()
        page.get_by_role("link", name="Customers").click()
        expect(page.get_by_text("There are no customers yet")).to_be_visible()


def test_before_the_first_build_it_says_what_to_do(folder: Path, visit: Visit, watch: Watch) -> None:
    watch.allow("status of 503")
    url = str(folder / "empty.duckdb")
    patron(url, "init", folder=folder)
    with Site(url, folder) as site:
        page = visit(site)
        expect(page.get_by_text("There is nothing to show yet")).to_be_visible()
        expect(page.get_by_text("patron build && patron serve")).to_be_visible()
        page.get_by_role("link", name="Customers").click()
        expect(page.get_by_text("There is nothing to show yet")).to_be_visible()
        page.get_by_role("link", name="Data").click()
        expect(page.get_by_text("Nothing was built so far")).to_be_visible()


def _places(page: Page) -> list[float]:
    tops: list[float] = page.locator("main section").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().top)"
    )
    return tops
