"""What the pages look like: as they did, and as the docs show them.

`make pictures` takes all of them anew. Look at what changed before you commit it.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.looks import PAGES, Look, quiet
from tests.browser.reading import settled
from tests.browser.sites import Site
from tests.browser.snapshots import difference, keep

KEPT = {
    "overview": (390, 768, 1440, 2560),
    "filtered": (1440,),
    "customers": (390, 1440),
    "customer": (390, 1440),
    "quarantine": (1440,),
    "dictionary": (390, 1440),
}
ASSETS = Path(__file__).parents[2] / "docs" / "assets"
TOUR = {
    "dashboard": ("/", "light"),
    "dashboard-dark": ("/?customer_segment=Medium+Value&churn_risk_score=5", "dark"),
    "customers": ("/customers?where=total_purchases:ge:20", "light"),
    "customer": ("best", "light"),
    "why": ("why", "light"),
    "data": ("/data/builds", "light"),
}
LARGEST = 200_000  # bytes of a picture in the docs

# Times of day and of steps are other ones each time.
_MOVING = "[class*=asOf], .mantine-Accordion-item"


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        (name, width, scheme)
        for name, widths in KEPT.items()
        for width in widths
        for scheme in ("light", "dark")
    ],
)
def test_a_page_looks_as_it_did(
    small: Site, visit: Visit, request: pytest.FixtureRequest, name: str, width: int, scheme: str
) -> None:
    page = visit(small, PAGES[name], **Look(width, scheme).options)
    quiet(page)
    taken = page.screenshot(mask=[page.locator(_MOVING)], mask_color="#808080", animations="disabled")
    kept = f"{name}-{width}-{scheme}"
    if request.config.getoption("--remake-pictures"):
        keep(kept, taken)
    assert (changed := difference(kept, taken)) is None, f"{changed}; if it is meant: make pictures"


@pytest.mark.parametrize("name", TOUR)
def test_the_docs_show_the_page(site: Site, visit: Visit, request: pytest.FixtureRequest, name: str) -> None:
    """The pictures of the docs are of the large shop, and there; only `make pictures` takes them."""
    file = ASSETS / f"{name}.webp"
    if request.config.getoption("--remake-pictures"):
        path, scheme = TOUR[name]
        page = visit(
            site, "/" if path in ("best", "why") else path, color_scheme=scheme, device_scale_factor=1.5
        )
        settled(page)
        _go(page, path)
        quiet(page)
        _save(page.screenshot(animations="disabled"), file)
    assert 0 < file.stat().st_size < LARGEST


def _go(page: Page, path: str) -> None:
    if path in ("best", "why"):
        page.get_by_role("region", name="Top customers").get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=2, name="Favourites")).to_be_visible()
    if path == "why":
        page.get_by_title("Why: Recency score").click()
        expect(page.get_by_role("dialog").locator("pre")).to_be_visible()


def _save(png: bytes, file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").save(file, "WEBP", quality=82, method=6)
