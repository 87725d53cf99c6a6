"""Ids with a slash in them: `a%2Fb` in an address is one id, and not two parts of the address.

Servers hand on an address with its letters put back, a slash like any other. So that it still can be told from those
that part the address, it is handed on as a sign that no text has.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

HOME = b"/api/v1/customers/"
SIGN = "\ufdd0"  # one of Unicode's noncharacters
_WRITTEN = re.compile(rb"%2[Ff]")


class Slashes:
    """Keeps apart the slashes of an address that were written as %2F."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        raw = scope.get("raw_path") or b""
        if scope["type"] == "http" and raw.startswith(HOME) and b"%" in raw:
            parts = (unquote(part.decode("latin-1")).replace(SIGN, "") for part in _WRITTEN.split(raw))
            scope["path"] = SIGN.join(parts)
        await self.app(scope, receive, send)


def with_slashes(text: str) -> str:
    """Return a part of an address with its slashes."""
    return text.replace(SIGN, "/")
