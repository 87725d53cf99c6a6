"""Answers that are of one build: an ETag for each, a 304 where nothing changed, and what was computed kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any

from fastapi import Request, Response
from starlette.types import Scope

from patron import __version__
from patron.api.context import Context, Mark
from patron.api.figurecache import Kept
from patron.api.rendering import dumped
from patron.errors import NoDatabase

Read = Callable[[Callable[..., Kept]], Awaitable[Kept]]
PRIVATE = "private, no-cache"  # kept by the browser alone, which asks each time whether it is still good


async def built(context: Context) -> Mark:
    """Return the latest build; raises NoDatabase before the first one."""
    mark = await context.mark()
    if mark is None:
        raise NoDatabase("Nothing is built yet.")
    return mark


def etag(build_id: int, *more: object) -> str:
    """Return the ETag of whatever is of a build, and of what else it depends on beside its address."""
    return f'W/"{"-".join(map(str, (build_id, __version__, *more)))}"'


def unchanged(request: Request, tag: str) -> Response | None:
    """Return a 304 if the client has just that, or None."""
    known = request.headers.get("if-none-match")
    if known is None or (known.strip() != "*" and tag not in (one.strip() for one in known.split(","))):
        return None
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": PRIVATE})


async def of_build(
    request: Request,
    context: Context,
    key: Hashable,
    compute: Callable[..., tuple[int, Any]],
    *,
    read: Read | None = None,
    same_for_all: bool = False,
) -> Response:
    """Answer with a document that changes with builds only: computed once, and from then on kept.

    `compute` returns the build's id and the document of what `read` gives it: an engine, unless said otherwise.
    `same_for_all` says that every role may have it and gets the
    same, so that from then on it need not be asked who may ask what.
    """
    mark = await built(context)
    if (same := unchanged(request, etag(mark.build_id))) is not None:
        context.meters.figures.labels("unchanged").inc()
        return same
    kept = context.figures.get(mark.build_id, key)
    context.meters.figures.labels("computed" if kept is None else "kept").inc()
    if kept is None:
        kept = await context.figures.compute(
            mark.build_id, key, lambda: (read or context.read)(partial(_computed, compute))
        )
    if same_for_all:
        operation = getattr(request.scope.get("route"), "name", "")
        context.figures.remember(address_of(request.scope), key, operation)
    return _kept_answer(request, kept)


def kept_of_build(request: Request, context: Context, mark: Mark, key: Hashable) -> Response | None:
    """Return the answer to `key` if it is kept, or None."""
    if (same := unchanged(request, etag(mark.build_id))) is not None:
        context.meters.figures.labels("unchanged").inc()
        return same
    if (kept := context.figures.get(mark.build_id, key)) is None:
        return None
    context.meters.figures.labels("kept").inc()
    return _kept_answer(request, kept)


def address_of(scope: Scope) -> bytes:
    """Return the path of a request with its query, as it came."""
    return bytes((scope.get("raw_path") or scope["path"].encode()) + b"?" + scope["query_string"])


def _computed(compute: Callable[..., tuple[int, Any]], *sources: Any) -> Kept:
    """Return what `compute` makes, written out and compressed, which is for a thread and not the event loop."""
    build_id, document = compute(*sources)
    return Kept.of(build_id, dumped(document))


def _kept_answer(request: Request, kept: Kept) -> Response:
    headers = {"ETag": etag(kept.build_id), "Cache-Control": PRIVATE, "Vary": "Accept-Encoding"}
    if kept.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            kept.zipped, headers={**headers, "Content-Encoding": "gzip"}, media_type="application/json"
        )
    return Response(kept.body, headers=headers, media_type="application/json")
