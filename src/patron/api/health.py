"""For whatever watches the server: is it alive, can it answer, and its figures for Prometheus."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

from anyio import move_on_after
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from patron.api.context import Asked
from patron.api.problems import documented
from patron.api.rendering import answer
from patron.api.schemas.base import Document
from patron.api.security import Viewer
from patron.engines.base import Engine
from patron.errors import PatronError

LOOK_SECONDS = 1.0
router = APIRouter(tags=["health"])


class Health(Document):
    """How the server is."""

    status: Literal["ok"]


@router.get("/health/live", response_model=Health, summary="Is it alive?")
async def get_liveness() -> Response:
    """Return at once: the process runs."""
    return answer({"status": "ok"}, {"Cache-Control": "no-store"})


@router.get("/health/ready", response_model=Health, responses=documented(503), summary="Can it answer?")
async def get_readiness(context: Asked) -> Response:
    """Return once the database answers; a 503 says that it does not."""
    await context.read(_reached)
    return answer({"status": "ok"}, {"Cache-Control": "no-store"})


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **documented(401, 403, 429, 503),
    },
    summary="For Prometheus",
)
async def get_meters(context: Asked, caller: Viewer) -> Response:
    """Return counts and times of requests, figures and builds, in Prometheus's text form."""
    # What was counted is told also while the database is away or busy. Without a look, a build that somebody else made
    # would show only once figures are asked for.
    with suppress(PatronError), move_on_after(LOOK_SECONDS):
        await context.mark()
    return Response(generate_latest(context.meters.registry), media_type=CONTENT_TYPE_LATEST)


def _reached(engine: Engine) -> None:
    engine.query("SELECT 1 AS one")
