"""Puts the API together: what a request passes, in order, and the routes at its end."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from patron import __version__
from patron.api import audit, backups, choices, customers, dictionary, figures, health, operations, profiles
from patron.api.context import Context
from patron.api.gate import Gate
from patron.api.observing import Observing
from patron.api.openapi import DESCRIPTION, TAGS, document
from patron.api.pages import Pages
from patron.api.problems import documented, install
from patron.api.shortcut import LONG, Shortcut
from patron.api.slashes import Slashes

WEB = Path(__file__).parent.parent / "web"
# In the order in which a request is matched, what is asked for most first; kept figures are found before, by Shortcut.
ROUTERS = (
    profiles.router,
    customers.router,
    figures.router,
    choices.router,
    dictionary.router,
    operations.router,
    audit.router,
    backups.router,
)


def create_app(context: Context, *, hosts: Collection[str] | None = None, web: Path = WEB) -> FastAPI:
    """Return the application on a context that stays open as long as it is used.

    `hosts` are the names it answers to, None being any. The dashboard's files are served from `web` where there
    are some.
    """
    server = context.settings.server
    app = FastAPI(
        title="Patron",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        generate_unique_id_function=lambda route: route.name,
        middleware=[
            Middleware(Observing, meters=context.meters),
            Middleware(Gate, hosts=hosts, url_bytes=server.url_bytes, body_bytes=server.body_bytes),
            Middleware(Slashes),
            Middleware(Pages),
            Middleware(Shortcut, context=context),
            Middleware(GZipMiddleware, minimum_size=LONG, compresslevel=5),
        ],
    )
    app.state.context = context
    install(app)
    api = APIRouter(prefix="/api/v1", responses=documented(400, 401, 403, 413, 414, 422, 429, 503))
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    app.include_router(health.router)
    if (web / "index.html").exists():
        app.frontend("/", directory=web, fallback="index.html")
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = document(app)
    return app.openapi_schema
