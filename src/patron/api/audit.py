"""Who did what: the append-only log of exports, of profiles shown with personal data, and of builds."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Response

from patron.api.context import Asked
from patron.api.parameters import Cursor, Limit
from patron.api.rendering import answer
from patron.api.schemas.operations import AuditRows
from patron.api.security import Admin

router = APIRouter(tags=["operations"])


@router.get("/audit", response_model=AuditRows, summary="The audit log")
async def list_audit(context: Asked, caller: Admin, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Return a page of the audit log, the latest entry first."""
    place = context.cursors.read(["audit"], cursor)
    found = await context.ask_access(context.access.entries, limit + 1, int(place[0]) if place else None)
    rows = found[:limit]
    after = context.cursors.write(["audit"], [rows[-1].number]) if len(found) > limit else None
    return answer({"rows": [asdict(one) for one in rows], "next": after})
