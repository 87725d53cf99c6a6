"""What no page may do: say an error, break its Content-Security-Policy, or load anything from another host."""

from __future__ import annotations

import re

from playwright.sync_api import ConsoleMessage, Page


class Watch:
    """Collects what pages do wrong, but for what a test allows."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._allowed: list[str] = []

    def over(self, page: Page, origin: str) -> None:
        """Watch a page, whose requests may go to `origin` alone."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda asked: self._see(asked.url, origin))

    def allow(self, pattern: str) -> None:
        """Take what matches for no fault: a test that makes a request fail is told so by the browser."""
        self._allowed.append(pattern)

    def judge(self) -> None:
        """Fail where a page did something wrong."""
        left = [one for one in self.wrong if not any(re.search(allowed, one) for allowed in self._allowed)]
        assert not left, left

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.wrong.append(said.text)

    def _see(self, url: str, origin: str) -> None:
        if not url.startswith((f"{origin}/", "data:", f"blob:{origin}/")):
            self.wrong.append(f"asked another host: {url}")
