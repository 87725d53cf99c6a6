"""The pages and their looks: every page in every width and scheme, and what geometry says of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.reading import settled
from tests.browser.shop import LONG, UGLY

WIDTHS = (390, 768, 1440, 2560)
SCHEMES = ("light", "dark")
HEIGHTS = {390: 844, 768: 1024, 1440: 900, 2560: 1300}

PAGES = {
    "overview": "/",
    "filtered": "/?customer_segment=Low+Value&churn_risk_score=5&from=2025-01-01&to=2025-06-30",
    "empty": "/?customer_segment=High+Value&rfm_segment=No+Purchases",
    "customers": "/customers",
    "narrowed": "/customers?where=total_purchases:ge:3&where=first_name:present&q=a",
    "customer": f"/customers/{LONG}",
    "nothing-bought": f"/customers/{UGLY}",
    "builds": "/data/builds",
    "loads": "/data/loads",
    "quarantine": "/data/quarantine",
    "dictionary": "/data/dictionary",
    "not-found": "/no/such/page",
}

# What may scroll within itself: the explorer's grid, formulas, drawn lineage, and a table in a window of its own.
_MAY_SCROLL = "[role=table], pre, [role=dialog] *, [role=tablist]"

_GEOMETRY = Path(__file__).with_name("geometry.js")

_COVERED = """() => {
    window.scrollTo(0, document.documentElement.scrollHeight);
    const rail = document.querySelector('nav').getBoundingClientRect();
    const last = document.querySelector('main').lastElementChild.getBoundingClientRect().bottom;
    return rail.width > 300 ? last - rail.top : 0;
}"""


@dataclass(frozen=True)
class Look:
    """A page in a width and a scheme."""

    width: int
    scheme: str

    @property
    def options(self) -> dict[str, Any]:
        """How its browser is opened."""
        return {"viewport": {"width": self.width, "height": HEIGHTS[self.width]}, "color_scheme": self.scheme}


# A colour that is changing is neither of the two.
AT_REST = """() => document.getAnimations().every(
    (one) => one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity
)"""


def quiet(page: Page) -> None:
    """Wait until a page is whole: its words in their own font, its figures there, its charts drawn."""
    expect(page.locator("main, form").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    settled(page)
    page.evaluate("() => document.fonts.ready.then(() => undefined)")
    page.wait_for_timeout(60)  # the frame after the last change of size
    page.wait_for_function(AT_REST)


def misplaced(page: Page) -> list[str]:
    """Return what overlaps, is cut off, or leaves the page."""
    found: list[str] = page.evaluate(_GEOMETRY.read_text("utf-8"), _MAY_SCROLL)
    covered: float = page.evaluate(_COVERED)
    if covered > 1:
        found.append(f"the bar at the bottom covers {covered} pixels of the page's end")
    return found
