"""What a request must be before any route sees it: for this host, from this site, and of a sensible length."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patron.api.problems import problem

SAFE = {"GET", "HEAD", "OPTIONS"}


class Gate:
    """Refuses requests for other hosts, from other sites' pages, or with too long an address or body."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None, url_bytes: int, body_bytes: int) -> None:
        """Let in requests for `hosts`, or for any where that is None."""
        self.app = app
        self.hosts = None if hosts is None else {host.lower() for host in hosts}
        self.url_bytes, self.body_bytes = url_bytes, body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer with a problem."""
        if scope["type"] == "http" and (refused := self._refusal(scope)) is not None:
            await problem(scope.get("patron.request_id", ""), *refused)(scope, receive, send)
            return
        if scope["type"] == "http" and scope["method"] not in SAFE:
            receive = self._counted(receive)
        await self.app(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        """Return a `receive` that ends a body which is longer than it said, or did not say how long it is."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.body_bytes:
                raise HTTPException(413)
            return message

        return counted

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        length = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
        if length > self.url_bytes:
            return (
                414,
                "address-too-long",
                f"The address is longer than the {self.url_bytes} bytes that are taken.",
            )
        # Of a header that is there twice, the first counts.
        headers = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}
        announced = headers.get(b"content-length", "0")
        if not announced.isdecimal() or int(announced) > self.body_bytes:
            return (
                413,
                "body-too-long",
                f"The body is longer than the {self.body_bytes} bytes that are taken.",
            )
        host = headers.get(b"host", "")
        if self.hosts is not None and _name(host) not in self.hosts:
            return (
                400,
                "unknown-host",
                "This server is not asked for under that name; see the setting server.hosts.",
            )
        if _foreign(scope["method"], headers, host):
            return 403, "foreign-site", "A page of another site may not ask this server."
        return None


def _foreign(method: str, headers: Mapping[bytes, str], host: str) -> bool:
    """Whether a browser says that another site's page sends this: on loopback nothing else would stop it."""
    if headers.get(b"sec-fetch-site") in ("cross-site", "same-site") and (
        method not in SAFE or headers.get(b"sec-fetch-mode") != "navigate"
    ):
        return True
    origin = headers.get(b"origin")
    return origin is not None and origin.partition("://")[2].lower() != host.lower()


def _name(host: str) -> str:
    """Return a Host header without its port."""
    name = host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return name.strip("[]").lower()
