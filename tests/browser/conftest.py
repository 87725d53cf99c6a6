"""The dashboard in a real browser, on real servers: a large shop on each engine, and a small one for looks.

PATRON_TEST_CUSTOMERS says how large. The tests of a large shop stay in one process (tests/support/sharing.py), which
makes it once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import launch
from tests.browser.shop import made
from tests.browser.sites import Site
from tests.browser.watching import Watch
from tests.support.databases import Databases

CUSTOMERS = 100_000
SMALL = 600
VIEW = {"width": 1440, "height": 900}
PATIENCE = 30_000  # milliseconds; a busy machine is no failure

Visit = Callable[..., Page]
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        started = launch(playwright, tmp_path_factory.mktemp("chromium"))
        yield started
        started.close()


@pytest.fixture(scope="package")
def site(kind: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A large shop, served, on each engine."""
    folder = tmp_path_factory.mktemp(f"large-{kind}")
    url = str(folder / "shop.duckdb") if kind == "duckdb" else databases.empty(kind)
    with made(url, folder, int(os.environ.get("PATRON_TEST_CUSTOMERS", CUSTOMERS))) as one:
        yield one


@pytest.fixture(scope="package")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small shop, served, on DuckDB; always the same one."""
    folder = tmp_path_factory.mktemp("small")
    with made(str(folder / "shop.duckdb"), folder, SMALL) as one:
        yield one


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Hears what no page may do, and fails the test that saw it."""
    watch = Watch()
    yield watch
    watch.judge()


@pytest.fixture
def visit(browser: Browser, watch: Watch) -> Iterator[Visit]:
    """Open a page of a site in a browser of its own: `visit(site, "/data", color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def visited(
        site: Site, path: str = "/", before: Callable[[Page], Any] | None = None, **options: Any
    ) -> Page:
        context = browser.new_context(
            **{"locale": "en-US", "timezone_id": "UTC", "viewport": VIEW, "reduced_motion": "reduce"}
            | options
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        site.pages.append(page)
        watch.over(page, site.address)
        if before:
            before(page)
        page.goto(site.address + path)
        return page

    yield visited
    for context in contexts:
        context.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for what a site keeps."""
    return tmp_path
