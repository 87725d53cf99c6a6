"""Who asks: the credentials of a request, and the role they give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import Depends, Request

from patron.access import ApiKey, Role, parse
from patron.access.keys import matches
from patron.api.context import Context, context_of
from patron.api.problems import Refusal
from patron.errors import AccessError, BadToken, Forbidden

LOCAL = "local"
FAILURES = "failed "  # before a client's address: the bucket of those who present what is no good


@dataclass(frozen=True)
class Caller:
    """Who asks. `name` is a key's id, a token's subject, or `local` on a server without credentials."""

    name: str
    role: Role
    label: str = ""

    @property
    def sees_personal(self) -> bool:
        """Whether e-mail, phone and birth date are shown as they are."""
        return self.role.may(Role.ANALYST)


def needs(role: Role) -> Callable[[Request], Awaitable[Caller]]:
    """Return the dependency of a route that takes at least `role`."""

    async def caller(request: Request) -> Caller:
        found = await identify(request, context_of(request))
        if not found.role.may(role):
            raise Forbidden(f"This takes the role {role}; yours is {found.role}.")
        return found

    return caller


async def identify(request: Request, context: Context) -> Caller:
    """Return who asks; raises Refusal where credentials are missing, no good, or used too often."""
    found = await _identified(request, context)
    request.scope["patron.caller"] = found.name  # for the log, also of who is then refused
    if not context.open_to_all and (wait := context.buckets.take(found.name)):
        raise _too_many(wait)
    return found


async def _identified(request: Request, context: Context) -> Caller:
    if context.open_to_all:
        return Caller(LOCAL, Role.ADMIN)
    address = request.client.host if request.client else ""
    try:
        handed = request.headers.get(context.token_header, "")
        return await (_of_token(handed, context) if handed else _checked(_bearer(request), context))
    except BadToken as error:
        if wait := context.strangers.take(FAILURES + address):
            raise _too_many(wait) from error
        raise _unauthorized("The API key or token is not good: unknown, expired or revoked.") from error


def _bearer(request: Request) -> str:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise _unauthorized('Send "Authorization: Bearer …" with an API key or a token.')
    return text.strip()


async def _checked(text: str, context: Context) -> Caller:
    if (parts := parse(text)) is not None:
        key_id, secret = parts
        key: ApiKey | None = await context.ask_access(context.access.find, key_id)
        if not matches(key, secret) or key is None:
            raise BadToken("There is no such key.")
        return Caller(key.key_id, key.role, key.name)
    return await _of_token(text, context)


async def _of_token(text: str, context: Context) -> Caller:
    if context.tokens is None:
        raise BadToken("This server takes no tokens.")
    try:
        subject, role = await run_sync(context.tokens.check, text)
    except BadToken:
        raise
    except AccessError as error:
        raise Refusal(503, "issuer-unreachable", str(error), {"Retry-After": "5"}) from error
    return Caller(subject, role)


def _unauthorized(detail: str) -> Refusal:
    return Refusal(401, "unauthorized", detail, {"WWW-Authenticate": "Bearer"})


def _too_many(wait: int) -> Refusal:
    return Refusal(
        429, "too-many-requests", f"Too many requests; ask again in {wait} s.", {"Retry-After": str(wait)}
    )


Viewer = Annotated[Caller, Depends(needs(Role.VIEWER))]
Analyst = Annotated[Caller, Depends(needs(Role.ANALYST))]
Admin = Annotated[Caller, Depends(needs(Role.ADMIN))]
