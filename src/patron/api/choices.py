"""What figures and lists can be narrowed to."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from patron.api.answers import of_build
from patron.api.context import Asked
from patron.api.schemas.figures import FilterChoices
from patron.api.security import Viewer
from patron.engines.base import Engine
from patron.metrics.choices import choices

router = APIRouter(tags=["figures"])


@router.get(
    "/filters",
    response_model=FilterChoices,
    responses={304: {"description": "It is as the ETag in If-None-Match says."}},
    summary="What figures can be narrowed to",
)
async def list_filters(request: Request, context: Asked, caller: Viewer) -> Response:
    """Return each customer filter with the values that customers of the latest build have."""
    return await of_build(request, context, ("filters",), _choices)


def _choices(engine: Engine) -> tuple[int, Any]:
    build, found = choices(engine)
    filters = [{"name": name, "values": values} for name, values in found.items()]
    return build.build_id, {"build_id": build.build_id, "as_of": build.as_of, "filters": filters}
