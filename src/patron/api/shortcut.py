"""A short way for figures that are kept: who asks and what is asked are looked up, and nothing is read or routed anew.

It takes an address that was answered before by its route, letter for letter; any other goes the long way.
"""

from __future__ import annotations

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from patron.api.answers import address_of, kept_of_build
from patron.api.context import Context
from patron.api.problems import answer_to
from patron.api.security import identify
from patron.errors import PatronError


class Shortcut:
    """Answers with what is kept, before any routing."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app = app
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what is kept, or pass the request on."""
        answer = await self._kept(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if answer is None:
            await self.app(scope, receive, send)
        else:
            await answer(scope, receive, send)

    async def _kept(self, scope: Scope) -> Response | None:
        asked = self.context.figures.asked_for(address_of(scope))
        mark = self.context.latest
        if asked is None or mark is None or not self.context.figures.has(mark.build_id, asked[0]):
            return None
        request = Request(scope)
        scope["patron.operation"] = asked[1]
        try:
            await identify(request, self.context)  # each role may see figures
        except PatronError as error:
            return answer_to(request, error)
        return kept_of_build(request, self.context, mark, asked[0])
