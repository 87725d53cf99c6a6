"""The browser of the tests: a Chromium that `make browser` brings, the same one for everybody."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Browser, Playwright

HERE = Path(__file__).parent
BROUGHT = HERE / "node_modules" / ".chromium"
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"

# Only the font that came with it, so that a page without its own font looks the same on every machine.
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""
_OPTIONS = [
    "--no-sandbox",  # root has none, and no page is shown that is not our own
    "--disable-gpu",
    "--font-render-hinting=none",
    "--disable-lcd-text",
]


def launch(playwright: Playwright, folder: Path) -> Browser:
    """Start the browser; `folder` is for what it keeps. PATRON_TEST_CHROMIUM names another one.

    Raises RuntimeError where there is none.
    """
    if named := os.environ.get("PATRON_TEST_CHROMIUM"):
        return playwright.chromium.launch(executable_path=named, args=_OPTIONS)
    if not (BROUGHT / "chromium").exists():
        raise RuntimeError(
            "There is no browser for these tests: run `make browser`, or let PATRON_TEST_CHROMIUM name an "
            "installed Chromium or Chrome."
        )
    fonts = folder / "fonts.conf"
    fonts.write_text(_FONTS.format(fonts=BROUGHT / "fonts" / "fonts", cache=folder / "fonts"), "utf-8")
    libraries: dict[str, str | float | bool] = {
        "LD_LIBRARY_PATH": str(BROUGHT / "al2023" / "lib"),
        "FONTCONFIG_FILE": str(fonts),
    }
    return playwright.chromium.launch(
        executable_path=BROUGHT / "chromium", args=_OPTIONS, env={**os.environ, **libraries}
    )
