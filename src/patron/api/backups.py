"""Backups: the database file and its keys as of one moment, while the server goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from patron.api.context import Asked, Context
from patron.api.customers import audited
from patron.api.problems import Refusal, documented
from patron.api.security import Admin
from patron.backup import archive, copies
from patron.engines.address import address
from patron.errors import BackupError

router = APIRouter(tags=["operations"])
TAR = "application/x-tar"
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The backup, as it is read.",
        "content": {TAR: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/backup", response_class=StreamingResponse, responses={**FILE, **documented(409, 507)}, summary="Back up"
)
async def make_backup(request: Request, context: Asked, caller: Admin) -> StreamingResponse:
    """Return a backup that `patron restore` takes: the whole database, the keys and the audit log. DuckDB only."""
    where = address(context.url)
    if where.engine != "duckdb":
        raise Refusal(409, "not-a-file", "A PostgreSQL database is backed up by its own tools.")
    await audited(request, context, caller, "backup made")
    chunks = _chunks(context, where.target)
    first = await run_sync(next, chunks)  # by then the copies are made, or cannot be
    made = f"{datetime.now(UTC):%Y-%m-%dT%H%M}"
    headers = {
        "Content-Disposition": f'attachment; filename="patron-{made}.tar"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_with(first, chunks), headers=headers, media_type=TAR)


def _chunks(context: Context, file: str) -> Iterator[bytes]:
    with ExitStack() as stack:
        try:
            files = stack.enter_context(copies(file, context.serving.copy))
        except BackupError as error:
            raise Refusal(
                507, "no-room", "The copy of the database cannot be made; is the disk full?"
            ) from error
        yield from archive(files, datetime.now(UTC))


def _with(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
