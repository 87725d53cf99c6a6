"""The API's own description: OpenAPI 3.1, from the routes and what they say of themselves."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from patron.api.examples import add_examples

DESCRIPTION = """One trustworthy row per customer, and the figures made of them.

Every figure and profile is of the latest build, whose id and date stand beside it. Ids are text in every document,
whatever they are in the database. Money is a number in the shop's one currency. Pages are walked by giving `next` of
one page as `cursor` of the following one. Problems are documents after RFC 9457."""
TAGS = [
    {"name": "figures", "description": "What the dashboard shows, each figure with its meaning."},
    {"name": "customers", "description": "Lists, search, export and profiles."},
    {"name": "dictionary", "description": "What every table and column holds and where it comes from."},
    {"name": "operations", "description": "Loads, the quarantine, builds and who did what."},
    {"name": "health", "description": "For whatever watches the server."},
]
SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key made by `patron keys create`, or a token of the OpenID Connect issuer that is set up. "
    "A server on loopback without either takes every request.",
}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        tags=app.openapi_tags,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    made["components"]["securitySchemes"] = {"bearer": SCHEME}
    for path, operations in made["paths"].items():
        for operation in operations.values():
            open_to_all = path.startswith("/health")
            operation["security"] = [] if open_to_all else [{"bearer": []}]
            for response in operation["responses"].values():
                content = response.get("content", {})
                if "application/problem+json" in content:
                    content.pop("application/json", None)
    add_examples(made)
    return made
