"""The pages and their looks: every page in every width and scheme, and what geometry says of each."""

from __future__ import annotations

from dataclasses import dataclass
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

_GEOMETRY = """(mayScroll) => {
    const found = [];
    const name = (one) => `${one.tagName.toLowerCase()} '${(one.innerText || one.getAttribute('aria-label') || '').trim().slice(0, 40)}'`;
    const root = document.documentElement;
    if (root.scrollWidth > window.innerWidth) found.push(`the page is ${root.scrollWidth} wide in ${window.innerWidth}`);
    const visible = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    for (const one of document.querySelectorAll('body *')) {
        if (!visible(one) || one.closest('svg, canvas, [class*=visuallyHidden], [class*=VisuallyHidden], [class*=ScrollArea-scrollbar]')) continue;
        const style = getComputedStyle(one);
        const clips = (axis) => ['hidden', 'clip', 'auto', 'scroll'].includes(style[`overflow${axis}`]);
        if (one.clientWidth > 1 && clips('X') && one.scrollWidth > one.clientWidth + 1 && !one.closest(mayScroll)) {
            const told = style.textOverflow === 'ellipsis' && (one.title || one.closest('[title]'));
            if (!told) found.push(`${name(one)} is cut: ${one.scrollWidth} in ${one.clientWidth}`);
        }
        if (one.clientHeight > 1 && style.overflowY === 'hidden' && one.scrollHeight > one.clientHeight + 1
            && !one.closest('[role=table], [role=dialog] *'))
            found.push(`${name(one)} is cut below: ${one.scrollHeight} in ${one.clientHeight}`);
    }
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || !parent || !visible(parent)) continue;
        if (parent.closest('[role=table], noscript, [role=tooltip]')) continue;
        const above = [];
        for (let one = parent; one; one = one.parentElement) above.push([one, getComputedStyle(one)]);
        if (above.some(([, style]) => ['fixed', 'sticky'].includes(style.position))) continue;
        const windows = above.filter(([, style]) => style.overflowY !== 'visible').map(([one]) => one.getBoundingClientRect());
        const seen = (box) => windows.every((edge) => box.top >= edge.top - 1 && box.bottom <= edge.bottom + 1);
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        for (const box of range.getClientRects())
            if (box.width > 1 && box.height > 1 && seen(box)) texts.push({ box, parent, text: walker.currentNode.textContent.trim() });
    }
    for (const { box, parent, text } of texts) {
        if (parent.closest(mayScroll) || box.right < 0) continue; // the skip link waits to the left for the focus
        if (box.right > window.innerWidth + 1 || box.left < -1) found.push(`'${text}' leaves the page`);
        const card = parent.closest('section');
        const edge = card && card.getBoundingClientRect();
        if (edge && (box.right > edge.right + 1 || box.bottom > edge.bottom + 1)) found.push(`'${text}' leaves its card`);
    }
    texts.forEach((one, at) => {
        for (const other of texts.slice(at + 1)) {
            if (one.parent === other.parent) continue;
            const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
            const high = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
            if (wide > 2 && high > 4) found.push(`'${one.text}' lies over '${other.text}'`);
        }
    });
    const boxes = [...document.querySelectorAll('main section')].map((one) => one.getBoundingClientRect());
    boxes.forEach((one, at) => boxes.slice(at + 1).forEach((other) => {
        const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (wide > 1 && high > 1) found.push(`cards overlap at ${one.top}`);
    }));
    return [...new Set(found)];
}"""

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


def quiet(page: Page) -> None:
    """Wait until a page is whole: its words in their own font, its figures there, its charts drawn."""
    expect(page.locator("main, form").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    settled(page)
    page.evaluate("() => document.fonts.ready.then(() => undefined)")
    page.wait_for_timeout(60)  # the frame after the last change of size


def misplaced(page: Page) -> list[str]:
    """Return what overlaps, is cut off, or leaves the page."""
    found: list[str] = page.evaluate(_GEOMETRY, _MAY_SCROLL)
    covered: float = page.evaluate(_COVERED)
    if covered > 1:
        found.append(f"the bar at the bottom covers {covered} pixels of the page's end")
    return found
