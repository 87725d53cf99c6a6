"""What a client is told when something cannot be answered: problem details after RFC 9457, one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from patron.api.rendering import dumped
from patron.errors import (
    DatabaseError,
    Forbidden,
    MetricError,
    NoDatabase,
    NotFound,
    PatronError,
    QueryTimeout,
    RequestError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2


class Complaint(BaseModel):
    """One thing wrong with a request."""

    where: str = Field(description="The parameter or the place in the body.", examples=["query.limit"])
    message: str = Field(examples=["Input should be less than or equal to 200"])


class Problem(BaseModel):
    """Why a request was not answered, after RFC 9457."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(
        description="The kind of problem, for programs.", examples=["urn:patron:problem:not-found"]
    )
    title: str = Field(description="The kind of problem, for people.", examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="What happened and what to do.", examples=["There is no customer 42."])
    request_id: str = Field(description="To find the request in the server's log.")
    errors: list[Complaint] | None = Field(
        None, description="Each thing wrong with the request, where there are many."
    )


@dataclass
class Refusal(PatronError):
    """A problem raised by the API itself."""

    status: int
    code: str
    detail: str
    headers: Mapping[str, str] | None = None

    def __str__(self) -> str:
        """Say what happened."""
        return self.detail


# What each error of Patron is to a client: the status, and the problem's code. The first that fits counts.
KINDS: tuple[tuple[type[PatronError], int, str], ...] = (
    (NotFound, 404, "not-found"),
    (Forbidden, 403, "forbidden"),
    (RequestError, 422, "invalid-request"),
    (MetricError, 422, "invalid-request"),
    (QueryTimeout, 503, "query-timeout"),
    (NoDatabase, 503, "not-ready"),
    (DatabaseError, 503, "database-unavailable"),
)
# What is not for clients to read: paths, hosts and the driver's own words stay in the log.
WITHHELD = {
    "not-ready": "There is nothing to show yet: load data, run `patron build`, and ask again.",
    "database-unavailable": "The database cannot be reached right now; ask again in a moment.",
}


def install(app: FastAPI) -> None:
    """Answer every error with a problem."""
    app.add_exception_handler(PatronError, _patron_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the problems that a route may answer with, for its documentation."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "model": Problem,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def problem(
    request_id: str,
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    """Return a problem as a response."""
    body: dict[str, Any] = {
        "type": f"urn:patron:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request_id,
    }
    if errors is not None:
        body["errors"] = errors
    return Response(dumped(body), status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)


def request_id_of(request: Request) -> str:
    """Return the id that the request was given when it came in."""
    return str(request.scope.get("patron.request_id", ""))


def answer_to(request: Request, error: PatronError) -> Response:
    """Return the problem that an error of Patron is to a client; raises those that are none of the client's."""
    said = request_id_of(request)
    if isinstance(error, Refusal):
        return problem(said, error.status, error.code, error.detail, headers=error.headers)
    if (found := next((one for one in KINDS if isinstance(error, one[0])), None)) is None:
        raise error
    _, status, code = found
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
    if code in WITHHELD:
        structlog.get_logger().warning(
            "database", request_id=said, kind=type(error).__name__, said=str(error)
        )
    return problem(said, status, code, WITHHELD.get(code, str(error)), headers=headers)


async def _patron_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, PatronError):
        raise error
    return answer_to(request, error)


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    details = {
        404: "There is nothing at this address; see /api/v1/openapi.json for what there is.",
        405: "This address does not take that method; the header Allow says which it takes.",
        400: "The request's body cannot be read; send one JSON document in UTF-8.",
        413: "The request's body is longer than this server takes.",
    }
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    detail = details.get(error.status_code, str(error.detail))
    return problem(request_id_of(request), error.status_code, code, detail, headers=error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [
        {"where": ".".join(map(str, one["loc"])), "message": str(one["msg"]).removeprefix("Value error, ")}
        for one in error.errors()[:20]
    ]
    first = errors[0]
    detail = f"The request does not fit: {first['where']}: {first['message']}."
    return problem(request_id_of(request), 422, "invalid-request", detail, errors=errors)
