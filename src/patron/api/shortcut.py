"""A short way for what is answered from memory: its route's own function is called, and nothing is routed or parsed.

A kept figure is found by its whole address, letter for letter as its route answered it before. Profiles, first pages of
timelines and search are found by their path, where it has nothing but what `ROUTES` reads. Any other address goes the
long way, and so do bad ones: who may ask, what is noted, and what is answered are the same on both.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response
from isal import igzip
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from patron.api.answers import address_of, kept_of_build
from patron.api.context import Context
from patron.api.customers import LONGEST_SEARCH, MOST_FOUND, search_customers
from patron.api.figurecache import LEVEL
from patron.api.problems import answer_to
from patron.api.profiles import LONGEST_ID, get_customer, get_timeline
from patron.api.security import Caller, identify
from patron.api.slashes import with_slashes
from patron.errors import PatronError

Called = Callable[[Request, Caller], Awaitable[Response | None]]
Read = Callable[[bytes], dict[str, Any] | None]
LONG = 1000  # bytes from which on an answer is compressed
CUSTOMER = f"/api/v1/customers/([^/]{{1,{LONGEST_ID}}})"
_NUMBER = re.compile("[1-9][0-9]?")


def _nothing(query: bytes) -> dict[str, Any] | None:
    return None if query else {}


def _words(query: bytes) -> dict[str, Any] | None:
    """Return what is searched for, and how many are wanted where that is said."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    given: dict[str, Any] = dict(pairs)
    if len(pairs) != len(given) or given.keys() - {"q", "limit"}:
        return None
    if not 0 < len(given.get("q", "")) <= LONGEST_SEARCH:
        return None
    if "limit" in given:
        if not _NUMBER.fullmatch(given["limit"]) or int(given["limit"]) > MOST_FOUND:
            return None
        given["limit"] = int(given["limit"])
    return given


# Each takes every role that there is. What its pattern finds are customers' ids.
ROUTES: tuple[tuple[re.Pattern[str], Read, Callable[..., Awaitable[Response]]], ...] = (
    (re.compile(CUSTOMER), _nothing, get_customer),
    (re.compile(f"{CUSTOMER}/timeline"), _nothing, get_timeline),
    (re.compile("/api/v1/search/customers"), _words, search_customers),
)


class Shortcut:
    """Answers without any routing where it can."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app = app
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, or pass the request on."""
        answer = await self._answer(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if answer is None:
            await self.app(scope, receive, send)
        else:
            await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response | None:
        found = self._kept(scope) or self._routed(scope)
        if found is None:
            return None
        request = Request(scope)
        scope["patron.operation"], call = found
        try:
            answer = await call(request, await identify(request, self.context))
        except PatronError as error:
            answer = answer_to(request, error)
        return answer

    def _kept(self, scope: Scope) -> tuple[str, Called] | None:
        """Return the operation that a figure is kept of, and what answers with it."""
        asked, mark = self.context.figures.asked_for(address_of(scope)), self.context.latest
        if asked is None or mark is None or not self.context.figures.has(mark.build_id, asked[0]):
            return None
        key, operation = asked

        async def kept(request: Request, _: Caller) -> Response | None:
            return kept_of_build(request, self.context, mark, key)

        return operation, kept

    def _routed(self, scope: Scope) -> tuple[str, Called] | None:
        """Return the operation that a path and its query ask for without more ado, and what answers it."""
        for pattern, read, route in ROUTES:
            if (path := pattern.fullmatch(scope["path"])) is not None:
                given = read(scope["query_string"])
                if given is None:
                    return None
                if path.lastindex:
                    given["customer_id"] = with_slashes(path[1])
                return route.__name__, partial(self._called, route, given)
        return None

    async def _called(
        self,
        route: Callable[..., Awaitable[Response]],
        given: dict[str, Any],
        request: Request,
        caller: Caller,
    ) -> Response:
        return compressed(request, await route(request=request, context=self.context, caller=caller, **given))


def compressed(request: Request, answer: Response) -> Response:
    """Return an answer as GZipMiddleware would, in a third of its time."""
    if len(answer.body) < LONG:
        return answer
    headers = MutableHeaders(raw=answer.raw_headers)
    if "accept-encoding" not in headers.get("vary", "").lower():
        headers.add_vary_header("Accept-Encoding")
    if "gzip" in request.headers.get("accept-encoding", ""):
        answer.body = igzip.compress(answer.body, LEVEL)
        headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(answer.body))
    return answer
