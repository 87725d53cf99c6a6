"""What the operator sees of every request: an id, one line of JSON in the log, counts and times for Prometheus.

No line holds an address with its values, a name, or anything else about a customer.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
import traceback
from typing import Any

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patron.api.problems import problem
from patron.tracing import served

TRACE = (b"traceparent", b"tracestate")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Scripts and styles only from here; nothing may frame it, and nothing is sent elsewhere.
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_SECURITY = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]


class Meters:
    """What Prometheus reads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "operation", "status")
        self.seconds = Histogram(
            "patron_request_seconds", "Time to answer.", labels, registry=self.registry, buckets=BUCKETS
        )
        self.running = Gauge("patron_requests_running", "Requests being answered.", registry=self.registry)
        self.figures = Counter(
            "patron_figures_total",
            "Answers about figures, by where from.",
            ("origin",),
            registry=self.registry,
        )
        self.builds = Counter(
            "patron_builds_total", "Builds that ended, by how.", ("state",), registry=self.registry
        )
        for state in ("succeeded", "failed"):
            self.builds.labels(state)  # a series that began at one would not have increased for Prometheus
        self._answered: dict[tuple[str, str, int], Histogram] = {}
        self.build_id = Gauge("patron_build_id", "The latest build.", registry=self.registry)

    def answered(self, method: str, operation: str, status: int, seconds: float) -> None:
        """Count an answer."""
        key = (method, operation, status)
        if key not in self._answered:
            self._answered[key] = self.seconds.labels(*key)
        self._answered[key].observe(seconds)


def configure_logging() -> None:
    """Write log lines as JSON to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


class Observing:
    """The outermost layer: it names the request, times it, and lets no failure through without an answer."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self.app = app
        self.meters = meters
        self.log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope["patron.request_id"] = _request_id(scope)
        start, status, fresh = time.perf_counter(), 500, True

        async def sent(message: Message) -> None:
            nonlocal status, fresh
            if message["type"] == "http.response.start":
                status, fresh = message["status"], False
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *_SECURITY]
            await send(message)

        self.meters.running.inc()
        try:
            with served(scope["method"], _trace(scope)) as told:
                try:
                    await self.app(scope, receive, sent)
                finally:
                    told |= {
                        "patron.operation": operation_of(scope),
                        "patron.request_id": request_id,
                        "http.response.status_code": status,
                    }
        except (
            Exception
        ) as error:  # a fault of ours; its words may hold a customer's data, its place does not
            self.log.error("fault", request_id=request_id, kind=type(error).__name__, at=_places(error))
            if fresh:
                detail = "The server met a fault of its own; its log has more under this request_id."
                await problem(request_id, 500, "fault", detail)(scope, receive, sent)
        finally:
            self.meters.running.dec()
            self._tell(scope, request_id, status, time.perf_counter() - start)

    def _tell(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        operation = operation_of(scope)
        self.meters.answered(scope["method"], operation, status, seconds)
        self.log.info(
            "request",
            request_id=request_id,
            method=scope["method"],
            operation=operation,
            status=status,
            ms=round(seconds * 1000, 2),
            caller=scope.get("patron.caller", ""),
        )


def _trace(scope: Scope) -> dict[str, str]:
    """Return the headers that say which trace a request belongs to."""
    return {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in TRACE}


def _request_id(scope: Scope) -> str:
    """Return the id that a proxy gave the request, if it is one, or a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return str(value.decode())
    return secrets.token_hex(8)


def operation_of(scope: Scope) -> str:
    """Return the operation's id, which holds no values; files, and what there is not, are all one."""
    name = scope.get("patron.operation") or getattr(scope.get("route"), "name", None)
    return name if isinstance(name, str) else "other"


def _places(error: BaseException) -> list[str]:
    frames: list[Any] = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-6:]]
