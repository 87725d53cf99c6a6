"""How long the dashboard takes in a real browser: to its first view with data, and to react to people.

    python -m benchmarks.page shop.duckdb [--rounds 9] [--markdown docs/benchmarks.md]

Serves a built database on this machine and opens it in the browser that the tests bring (`make browser`), each round
in a fresh one without a cache. Two times are taken of each interaction: until the page *reacts*, which is from the
press to the next frame that is painted, as the browser itself tells it (Event Timing, in steps of 8 ms from 16 ms
on), and until it is *complete*: every figure asked for is shown and every chart drawn. Of scrolling, the longest
time between two frames counts. Prints one JSON document with the median and the worst of each, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from tests.browser.chromium import launch
from tests.browser.sites import Site

from benchmarks.measure import Figures
from benchmarks.report import between_marks, circumstances

VIEW: ViewportSize = {"width": 1440, "height": 900}
PATIENCE = 60_000
PREPARING_SECONDS = 300
MILLION = 1_000_000  # customers, from which on figures stand apart
FIRST = "first view with data"
SCROLLED = "customers: scrolled"

# Keeps when the last press was, and how long each took until the next frame.
_WATCH = """() => {
    const pressed = (event) => { window.pressedAt = event.timeStamp; };
    for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, pressed, true);
    window.reactions = [];
    const heard = (list) => { for (const one of list.getEntries()) if (one.interactionId) window.reactions.push(one); };
    new PerformanceObserver(heard).observe({ type: "event", durationThreshold: 16 });
}"""
# Resolves with the time at which nothing on the page waits any more: no skeleton, no dimmed figure, all charts drawn.
_SETTLED = """(there) => new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`never settled: ${there}`)), 60_000);
    const waits = "[aria-busy=true], [data-stale], .mantine-Skeleton-root";
    const holds = new Function(`return ${there}`);
    const look = () => {
        if (holds() && !document.querySelector(waits)) requestAnimationFrame(() => resolve(performance.now()));
        else requestAnimationFrame(look);
    };
    look();
})"""
_REACTED = """() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(
    Math.max(16, ...window.reactions.splice(0).map((one) => one.duration))), 50)))"""
_SCROLLED = """(times) => new Promise((resolve) => {
    const grid = document.querySelector("[role=table]");
    let worst = 0, before = performance.now();
    const step = (now) => {
        worst = Math.max(worst, now - before);
        before = now;
        if (times-- === 0) resolve(worst);
        else { grid.scrollBy(0, 400); requestAnimationFrame(step); }
    };
    requestAnimationFrame(step);
})"""
_CHARTS = "document.querySelectorAll('main section canvas, main section svg').length >= 10"
_ROWS = "document.querySelectorAll('[role=table] [role=row]').length > 5"

Act = Callable[[Page], None]


def _button(name: str) -> Act:
    return lambda page: page.get_by_role("button", name=name).first.click()


def _chart(title: str, across: float, down: float) -> Act:
    def act(page: Page) -> None:
        chart = page.get_by_role("region", name=title).get_by_role("img").first
        box = chart.bounding_box()
        assert box is not None
        chart.click(position={"x": box["width"] * across, "y": box["height"] * down})

    return act


# What a person does, one after the other, and what has to be there then besides everything being settled.
STEPS: tuple[tuple[str, Act, str], ...] = (
    ("a segment chosen", _button("Medium Value"), "location.search.includes('Medium')"),
    ("and let go", lambda page: page.keyboard.press("Escape"), "location.search === ''"),
    ("a category's bar", _chart("Revenue by category", 0.4, 0.05), "location.search.includes('category')"),
    ("one step back, by Esc", lambda page: page.keyboard.press("Escape"), "location.search === ''"),
    ("a month of the line", _chart("Revenue by month", 0.5, 0.4), "location.search.includes('from')"),
    ("all days again", lambda page: page.keyboard.press("Escape"), "location.search === ''"),
    ("cells for points", lambda page: page.get_by_text("Cells", exact=True).click(), _CHARTS),
    (
        "the palette",
        lambda page: page.keyboard.press("Control+k"),
        "document.querySelector('[role=dialog] input')",
    ),
    (
        "the palette closed",
        lambda page: page.keyboard.press("Escape"),
        "!document.querySelector('[role=dialog]')",
    ),
    (
        "customers: the page",
        lambda page: page.get_by_role("link", name="Customers", exact=True).click(),
        _ROWS,
    ),
    ("customers: sorted", _button("Total purchases"), _ROWS),
    (
        "customers: a letter typed",
        lambda page: page.get_by_role("textbox", name="Name, e-mail").press("m"),
        f"location.search.includes('q=m') && {_ROWS}",
    ),
    (
        "a customer",
        lambda page: page.get_by_role("table").get_by_role("link").first.click(),
        "document.querySelectorAll('main section').length >= 5 && document.querySelector('main table tr')",
    ),
    (
        "why a value is so",
        lambda page: page.get_by_title("Why: Recency score").click(),
        "document.querySelector('[role=dialog] pre')",
    ),
)


def visit(page: Page, address: str) -> Iterator[tuple[str, float | None, float | None]]:
    """Walk through the dashboard; yields what was done, and when the page reacted and was complete."""
    page.goto(address, wait_until="commit")
    yield FIRST, None, float(page.evaluate(_SETTLED, _CHARTS))
    page.evaluate(_WATCH)
    for name, act, there in STEPS:
        if name == "customers: a letter typed":
            yield SCROLLED, float(page.evaluate(_SCROLLED, 120)), None
            page.evaluate(_SETTLED, _ROWS)
        act(page)
        complete = float(page.evaluate(_SETTLED, there)) - float(page.evaluate("() => window.pressedAt"))
        yield name, float(page.evaluate(_REACTED)), complete


def measure(browser: Browser, address: str, rounds: int) -> Figures:
    """Return the median and the worst of all rounds, of each thing that is done."""
    times: dict[str, tuple[list[float], list[float]]] = {}
    for _ in range(rounds):
        context = browser.new_context(viewport=VIEW, locale="en-US", reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        for name, *taken in visit(context.new_page(), address):
            for kept, one in zip(times.setdefault(name, ([], [])), taken, strict=True):
                kept += [one] if one is not None else []
        context.close()
    return {
        name: {"reacts": _told(reacts), "complete": _told(complete)}
        for name, (reacts, complete) in times.items()
    }


def _told(times: list[float]) -> Figures | None:
    return {"median": round(statistics.median(times)), "worst": round(max(times))} if times else None


def markdown(results: Figures) -> str:
    """Return the figures as a part of the documentation's page."""
    about = results["about"]
    lines = [
        f"Milliseconds, measured on {about['date']} with {results['customers']:,} customers on {results['engine']}, "
        f"{about['rounds']} rounds, on {about['machine']}.",
        "",
        "|  | reacts, median | reacts, worst | complete, median | complete, worst |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, times in results["milliseconds"].items():
        cells = [
            str(times[kind][which]) if times[kind] else ""
            for kind in ("reacts", "complete")
            for which in ("median", "worst")
        ]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines)


def write_page(results: Figures, page: Path) -> None:
    """Put the figures into a Markdown page between the marks of `page`, or of `page-million`; all else stays."""
    part = "page-million" if results["customers"] >= MILLION else "page"
    page.write_text(between_marks(page.read_text("utf-8"), part, markdown(results)), "utf-8")


def wait_until_prepared(site: Site) -> None:
    """Wait while the server makes what quickens its answers, which it does once after a build; raises TimeoutError."""
    ends = time.monotonic() + PREPARING_SECONDS
    while site.api("status")["preparing"]:
        if time.monotonic() > ends:
            raise TimeoutError(f"The server still prepared its answers after {PREPARING_SECONDS} s.")
        time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("database", help="a DuckDB file, or the URL of a PostgreSQL database")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--markdown", type=Path, help="a page to put the figures into, between its marks")
    given = parser.parse_args()
    is_server = given.database.startswith("postgresql:")
    database = given.database if is_server else str(Path(given.database).resolve())
    with TemporaryDirectory() as folder, Site(database, Path(folder), is_copied=False) as site:
        customers = site.api("metrics/total_customers")["rows"][0]["value"]
        wait_until_prepared(site)
        with sync_playwright() as playwright:
            browser = launch(playwright, Path(folder))
            times = measure(browser, site.address, given.rounds)
            browser.close()
    results = {
        "about": circumstances("python -m benchmarks.page", given.rounds, 0),
        "customers": customers,
        "engine": "PostgreSQL" if is_server else "DuckDB",
        "milliseconds": times,
    }
    if given.markdown:
        write_page(results, given.markdown)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
