"""Spans of requests: what was asked for and how it went, and nobody's data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from patron import tracing

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@pytest.fixture
def told() -> Iterator[InMemorySpanExporter]:
    """What is told of requests; complete at the end of a block with `ended`."""
    exporter = InMemorySpanExporter()
    yield exporter
    exporter.clear()


def asked(exporter: InMemorySpanExporter, client: TestClient, path: str, **headers: str) -> ReadableSpan:
    """Return the span of one request."""
    with tracing.exported(exporter):
        client.get(path, headers=headers)
    (span,) = exporter.get_finished_spans()
    return span


def test_a_request_is_a_span(told: InMemorySpanExporter, viewer: TestClient) -> None:
    span = asked(told, viewer, "/api/v1/status", **{"X-Request-Id": "a-request-of-mine"})
    assert span.name == "GET get_status"
    assert span.kind.name == "SERVER"
    assert span.parent is None
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "patron.operation": "get_status",
        "patron.request_id": "a-request-of-mine",
    }


def test_it_belongs_to_the_trace_of_who_asks(told: InMemorySpanExporter, viewer: TestClient) -> None:
    span = asked(told, viewer, "/api/v1/status", traceparent=f"00-{TRACE}-{PARENT}-01")
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/customers/17",
        "/api/v1/customers?email=user17@example.com",
        "/api/v1/search/customers?q=user17@example.com",
        "/api/v1/nowhere/17",
    ],
)
def test_no_span_holds_whom_one_asked_about(told: InMemorySpanExporter, admin: TestClient, path: str) -> None:
    span = asked(told, admin, path)
    told_of = {name: value for name, value in (span.attributes or {}).items() if name != "patron.request_id"}
    assert "17" not in f"{span.name} {told_of}"


def test_a_fault_is_told_by_its_kind(
    told: InMemorySpanExporter, viewer: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("user17@example.com")

    monkeypatch.setattr("patron.api.operations.shop.status", broken)
    span = asked(told, viewer, "/api/v1/status")
    assert not span.status.is_ok
    assert span.name == "GET get_status"
    assert "user17" not in span.to_json()
