"""What came in, what was refused and what was built; and building."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from patron import __version__
from patron.api.builds import Job
from patron.api.context import Asked, Context
from patron.api.customers import audited, masked_for
from patron.api.parameters import LONGEST_TEXT, Cursor, Limit
from patron.api.problems import documented
from patron.api.rendering import answer
from patron.api.schemas.operations import (
    Build,
    BuildOrder,
    BuildProgress,
    Builds,
    Loads,
    QuarantinedRows,
    QuarantineSummary,
    Status,
)
from patron.api.security import Admin, Analyst, Viewer
from patron.contract.tables import EARLIEST_YEAR, LATEST_YEAR
from patron.customers import shop
from patron.errors import NotFound, RequestError

router = APIRouter(tags=["operations"])
TICK = 0.2  # seconds between two looks at a build's progress
QUIET = 15  # seconds after which a silent stream says that it is alive
Word = Annotated[str | None, Query(max_length=LONGEST_TEXT, pattern="^[a-z0-9_]*$")]


@router.get("/status", response_model=Status, summary="What is shown, and to whom")
async def get_status(context: Asked, caller: Viewer) -> Response:
    """Return the build that is shown, whether facts changed since, and who you are to this server."""
    await context.mark()  # so that what is prepared is compared with the latest build, whoever made it
    row = await context.read(shop.status)
    who = {"caller": caller.label or caller.name, "role": caller.role, "masked": masked_for(caller)}
    building = context.builder.job is not None and context.builder.job.state == "running"
    at_work = {"building": building, "preparing": context.preparing}
    return answer({"version": __version__, **row, **at_work, "currency": context.settings.currency, **who})


@router.get("/loads", response_model=Loads, summary="Loads")
async def list_loads(context: Asked, caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Return a page of loads, the latest first."""
    before = _number(context, "loads", cursor)
    rows = await context.read(shop.loads, limit + 1, before)
    return answer(_page(context, "loads", rows, limit, "load_id"))


@router.get("/quarantine", response_model=QuarantineSummary, summary="What was refused, counted")
async def get_quarantine(context: Asked, caller: Viewer) -> Response:
    """Return how many rows of each table wait in the quarantine, by reason."""
    return answer({"rows": await context.read(shop.refused)})


@router.get("/quarantine/rows", response_model=QuarantinedRows, summary="What was refused, row by row")
async def list_quarantined_rows(
    request: Request,
    context: Asked,
    caller: Analyst,
    table: Word = None,
    reason: Word = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Return a page of refused rows as they were read, each with its reason."""
    named = ["quarantine", table, reason]
    place = context.cursors.read(named, cursor)
    offset = int(place[0]) if place else 0
    rows = await context.read(shop.refused_rows, limit + 1, offset, table=table, reason=reason)
    await audited(request, context, caller, "quarantine shown", details={"rows": len(rows[:limit])})
    after = context.cursors.write(named, [offset + limit]) if len(rows) > limit else None
    return answer({"rows": rows[:limit], "next": after})


@router.get("/builds", response_model=Builds, summary="Builds")
async def list_builds(context: Asked, caller: Viewer, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Return a page of builds with their steps and their reconciliation, the latest first."""
    before = _number(context, "builds", cursor)
    rows = await context.read(shop.builds, limit + 1, before)
    return answer(_page(context, "builds", rows, limit, "build_id"))


@router.post(
    "/builds",
    status_code=202,
    response_model=BuildProgress,
    responses=documented(409),
    summary="Start a build",
)
async def start_build(request: Request, context: Asked, caller: Admin, order: BuildOrder) -> Response:
    """Start a build of customer_360; while it runs, readers see the former one. One runs at a time."""
    as_of = order.as_of or date.today()
    if not EARLIEST_YEAR <= as_of.year <= LATEST_YEAR:
        raise RequestError(f"as_of cannot be {as_of}: its year must be {EARLIEST_YEAR} to {LATEST_YEAR}.")
    await audited(request, context, caller, "build asked for", str(as_of), {"full": order.full})
    job = context.builder.start(as_of, full=order.full)
    return answer(asdict(job), {"Location": "/api/v1/builds/progress"}, 202)


@router.get(
    "/builds/progress", response_model=BuildProgress, responses=documented(404), summary="How far a build is"
)
async def get_build_progress(context: Asked, caller: Viewer) -> Response:
    """Return how far the build is that was asked for last, or how it ended."""
    return answer(asdict(_job(context)), {"Cache-Control": "no-store"})


async def _latest_job(context: Asked) -> Job:
    """Find it before the stream begins, so that there is a problem to answer with where there is none."""
    return _job(context)


@router.get(
    "/builds/progress/events",
    response_class=EventSourceResponse,
    responses=documented(404),
    summary="Follow a build",
)
async def follow_build(
    context: Asked, caller: Viewer, first: Annotated[Job, Depends(_latest_job)]
) -> AsyncIterable[ServerSentEvent]:
    """Send an event `progress` for each change of the latest build, and `ended` as the last one."""
    sent, quiet = None, 0.0
    while True:
        job = context.builder.job or first
        if job != sent:
            ended = job.state != "running"
            data = BuildProgress(**asdict(job))
            yield ServerSentEvent(data=data, event="ended" if ended else "progress", id=str(job.number))
            if ended:
                return
            sent, quiet = job, 0.0
        await asyncio.sleep(TICK)
        quiet += TICK
        if quiet >= QUIET:
            yield ServerSentEvent(comment="still building")
            quiet = 0.0


@router.get("/builds/{build_id}", response_model=Build, responses=documented(404), summary="One build")
async def get_build(
    context: Asked, caller: Viewer, build_id: Annotated[int, Path(ge=1, le=2**63 - 1, examples=[1])]
) -> Response:
    """Return one build with its steps and its reconciliation."""
    row = await context.read(shop.build_numbered, build_id)
    if row is None:
        raise NotFound(f"There is no build {build_id}.")
    return answer(row)


def _job(context: Context) -> Job:
    if context.builder.job is None:
        raise NotFound("No build was asked for since this server started; POST /api/v1/builds starts one.")
    return context.builder.job


def _number(context: Context, name: str, cursor: str | None) -> int | None:
    place = context.cursors.read([name], cursor)
    return int(place[0]) if place else None


def _page(context: Context, name: str, rows: list[dict[str, Any]], limit: int, key: str) -> dict[str, Any]:
    shown = rows[:limit]
    after = context.cursors.write([name], [shown[-1][key]]) if len(rows) > limit else None
    return {"rows": shown, "next": after}
