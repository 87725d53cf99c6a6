"""Traces for OpenTelemetry, where its standard variables ask for them; nothing of it is imported before.

Spans tell of operations, steps, counts and kinds of failures. None holds an address with its values, an id of a
customer, a statement or the words of an error, any of which may be somebody's data.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from patron import __version__
from patron.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

T = TypeVar("T")
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"
SERVICE = "patron"
Attributes = dict[str, str | int | float | bool]

_tracer: Tracer | None = None


def asked() -> bool:
    """Tell whether the environment asks for traces: it names an exporter, or an endpoint to export to."""
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return not disabled and exporter != "none" and bool(exporter or any(map(os.environ.get, ENDPOINTS)))


@contextmanager
def exported(exporter: SpanExporter | None = None) -> Iterator[None]:
    """Export the spans of this process in the block, to `exporter` or, where they are asked for, by OTLP.

    Raises SettingsError where what is asked for cannot be had.
    """
    global _tracer
    if exporter is None and not asked():
        yield
        return
    exporter = exporter or _otlp()
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {"service.version": __version__}
    if not os.environ.get("OTEL_SERVICE_NAME") and "service.name" not in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    ):
        named["service.name"] = SERVICE
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    with _told_in_lines():
        _tracer = provider.get_tracer(SERVICE, __version__)
        try:
            yield
        finally:
            _tracer = None
            provider.shutdown()


def _otlp() -> SpanExporter:
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() or "otlp"
    protocol = next((os.environ[name] for name in PROTOCOLS if os.environ.get(name)), PROTOCOL)
    if (exporter, protocol) != ("otlp", PROTOCOL):
        raise SettingsError(
            f"Traces are exported as OTLP over {PROTOCOL} alone, and the environment asks for {exporter} over "
            f"{protocol}: leave OTEL_TRACES_EXPORTER and {PROTOCOLS[1]} out, or set the first to none."
        )
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise SettingsError(
            "The environment asks for traces, and what exports them is not installed: "
            "pip install 'patron[otel]', or set OTEL_TRACES_EXPORTER=none."
        ) from error
    return OTLPSpanExporter()


@contextmanager
def span(name: str, attributes: Attributes | None = None, **options: Any) -> Iterator[Attributes]:
    """Trace the block as a span; what is put into the dictionary it gives becomes attributes at its end.

    A failure is told by its kind alone. Without an exporter this does nothing.
    """
    found: Attributes = {}
    if _tracer is None:
        yield found
        return
    from opentelemetry.trace import StatusCode

    options |= {"record_exception": False, "set_status_on_exception": False}
    with _tracer.start_as_current_span(name, attributes=attributes, **options) as current:
        try:
            yield found
        except BaseException as error:
            found["error.type"] = type(error).__name__
            raise
        finally:
            if "error.type" in found:
                current.set_status(StatusCode.ERROR)
            current.set_attributes(found)


@contextmanager
def served(method: str, headers: Mapping[str, str]) -> Iterator[Attributes]:
    """Trace the block as the answer to a request, which the headers `traceparent` and `tracestate` may be a part of.

    The span is called by the method and by the `patron.operation` that the dictionary has at the end.
    """
    if _tracer is None:
        yield {}
        return
    from opentelemetry.trace import SpanKind, get_current_span
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    caller = TraceContextTextMapPropagator().extract(headers)
    with span(method, {"http.request.method": method}, context=caller, kind=SpanKind.SERVER) as found:
        try:
            yield found
            if int(found.get("http.response.status_code", 0)) >= 500:
                found["error.type"] = str(found["http.response.status_code"])
        finally:
            get_current_span().update_name(f"{method} {found.get('patron.operation', 'other')}")


def in_this_span(function: Callable[..., T]) -> Callable[..., T]:
    """Return `function` for another thread, where its spans belong to the present one too."""
    return function if _tracer is None else partial(copy_context().run, function)


class Steps:
    """Spans of steps of which one only hears when each begins."""

    def __init__(self) -> None:
        self._last: Any = None

    def begin(self, name: str) -> None:
        """End the step before and begin this one."""
        self.end()
        if _tracer is not None:
            self._last = _tracer.start_span(name)

    def end(self) -> None:
        """End the step that is running."""
        if self._last is not None:
            self._last.end()
            self._last = None


class _Lines(logging.Handler):
    """Writes what the exporter has to say as the server writes its log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line of JSON to standard error."""
        line = {
            "event": "traces",
            "said": record.getMessage(),
            "level": record.levelname.lower(),
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        }
        print(json.dumps(line), file=sys.stderr)


@contextmanager
def _told_in_lines() -> Iterator[None]:
    logger, handler = logging.getLogger("opentelemetry"), _Lines(logging.WARNING)
    logger.addHandler(handler)
    before, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = before
