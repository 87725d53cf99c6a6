"""The dashboard's files: for how long a browser keeps each, and which addresses are never a page of it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ASSETS = "/assets/"  # whose names change with what they hold
NO_PAGES = ("/api/", "/health/", ASSETS)
KEPT_FOR_EVER = b"public, max-age=31536000, immutable"
ASKED_EACH_TIME = b"private, no-cache"


class Pages:
    """Says of each file how long it may be kept, and lets what there is not be a problem and no page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path.startswith(NO_PAGES):
            others = (one for one in scope["headers"] if one[0] != b"accept")
            scope["headers"] = [*others, (b"accept", b"*/*")]  # who asks for a page gets index.html

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                kept = KEPT_FOR_EVER if path.startswith(ASSETS) else ASKED_EACH_TIME
                if b"cache-control" not in [name for name, _ in message["headers"]]:
                    message["headers"] = [*message["headers"], (b"cache-control", kept)]
            await send(message)

        await self.app(scope, receive, sent)
