"""How long the dashboard takes in a real browser: to its first view with data, and to answer a click.

    python -m benchmarks.page shop.duckdb [--rounds 9]

Serves a built database on this machine and opens it in the browser that the tests bring (`make browser`), each round
in a fresh one without a cache. A view is there when every figure is shown and every chart is drawn; an interaction is
over when the figures of the new filter are. Prints one JSON document with the median and the worst of each, in
milliseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from tests.browser.chromium import launch
from tests.browser.sites import Site

VIEW: ViewportSize = {"width": 1440, "height": 900}
PATIENCE = 60_000

# Resolves with the time at which nothing on the page waits any more: no skeleton, no dimmed figure, all charts drawn.
_SETTLED = """() => new Promise((resolve) => {
    const waits = "[aria-busy=true], [data-stale], .mantine-Skeleton-root";
    const look = () => {
        const there = document.querySelectorAll('main section canvas, main section svg').length >= 10;
        if (there && !document.querySelector(waits)) requestAnimationFrame(() => resolve(performance.now()));
        else requestAnimationFrame(look);
    };
    look();
})"""
_CLICKED = """(one) => { window.clickedAt = performance.now(); one.click(); }"""
_SINCE = "(at) => at - window.clickedAt"


def first_view(page: Page, address: str) -> float:
    """Return the milliseconds from asking for the page to all of its figures."""
    page.goto(address, wait_until="commit")
    return float(page.evaluate(_SETTLED))


def click(page: Page, name: str) -> float:
    """Return the milliseconds from a click on a slice's button to the figures that it leaves."""
    page.get_by_role("button", name=name).first.evaluate(_CLICKED)
    page.wait_for_function("() => location.search !== ''")
    return float(page.evaluate(_SINCE, page.evaluate(_SETTLED)))


def palette(page: Page) -> float:
    """Return the milliseconds from Ctrl-K to a palette that takes letters."""
    started = time.perf_counter()
    page.keyboard.press("Control+k")
    page.get_by_role("textbox", name="Find a page").wait_for()
    return (time.perf_counter() - started) * 1000


def measure(browser: Browser, address: str, rounds: int) -> dict[str, dict[str, float]]:
    """Return the median and the worst time of each thing over all rounds."""
    times: dict[str, list[float]] = {"first view with data": [], "a segment chosen": [], "palette": []}
    for _ in range(rounds):
        context = browser.new_context(viewport=VIEW, locale="en-US", reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        times["first view with data"].append(first_view(page, address))
        times["a segment chosen"].append(click(page, "Medium Value"))
        times["palette"].append(palette(page))
        context.close()
    return {
        what: {"median": round(statistics.median(all_), 1), "worst": round(max(all_), 1)}
        for what, all_ in times.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    with TemporaryDirectory() as folder, Site(str(Path(given.database).resolve()), Path(folder)) as site:
        customers = site.api("metrics/total_customers")["rows"][0]["value"]
        with sync_playwright() as playwright:
            browser = launch(playwright, Path(folder))
            times = measure(browser, site.address, given.rounds)
            browser.close()
    print(json.dumps({"customers": customers, "rounds": given.rounds, "milliseconds": times}, indent=1))


if __name__ == "__main__":
    main()
