"""Traces: only where they are asked for, of each step of a build, and to a collector that speaks OTLP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from patron import tracing
from patron.engines import Engine, connect
from patron.errors import SettingsError
from patron.model.steps import Kept, kept
from patron.settings import Settings
from tests.shops import TODAY, shop
from tests.support.databases import fill

PATRON = (sys.executable, "-m", "patron")
NAME = "Wilhelmine"  # of a customer: it is to be in no span


@pytest.fixture(autouse=True)
def _not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


def text_of(spans: list[ReadableSpan] | tuple[ReadableSpan, ...]) -> str:
    """Return all that spans tell."""
    return "\n".join(span.to_json() for span in spans)


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, False),
        ({"OTEL_SERVICE_NAME": "shop"}, False),
    ],
)
def test_the_standard_variables_ask_for_them(
    variables: dict[str, str], asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tracing.asked() is asked


@pytest.mark.parametrize(
    ("name", "value"), [("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]
)
def test_what_cannot_be_had_is_told(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"asks for .*{value}.*set the first to none"), tracing.exported():
        pass


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"pip install 'patron\[otel\]'"), tracing.exported():
        pass


def test_each_step_of_a_build_is_a_span_of_it(engine: Engine) -> None:
    fill(engine, shop(customers=[{"first_name": NAME}, {}], purchases=[{"purchase_date": TODAY}]))
    told = InMemorySpanExporter()
    with tracing.exported(told):
        record = engine.build(TODAY)
    engine.build(TODAY + timedelta(days=1))  # nobody listens any more
    spans = told.get_finished_spans()
    (root,) = (span for span in spans if span.parent is None)
    assert root.name == "build customer_360"
    assert dict(root.attributes or {}) == {
        "patron.engine": engine.dialect,
        "patron.as_of": str(TODAY),
        "patron.build_id": record.build_id,
        "patron.kind": "full",
        "patron.customers": 2,
        "patron.recomputed": 2,
    }
    steps = [span for span in spans if span is not root]
    assert {span.parent and span.parent.span_id for span in steps} == {root.context.span_id}
    assert {step.name for step in kept(Kept.CUSTOMER_TABLE)} | {"reconciliation"} <= {
        span.name for span in steps
    }
    for span in steps:
        assert (
            (root.start_time or 0) <= (span.start_time or 0) <= (span.end_time or 0) <= (root.end_time or 0)
        )
    assert NAME not in text_of(spans)


def test_a_failure_is_told_by_its_kind_alone() -> None:
    told = InMemorySpanExporter()
    with tracing.exported(told), pytest.raises(ValueError, match=NAME), tracing.span("step"):
        raise ValueError(NAME)
    (span,) = told.get_finished_spans()
    assert dict(span.attributes or {}) == {"error.type": "ValueError"}
    assert not span.status.is_ok
    assert NAME not in text_of([span])


class Collector(BaseHTTPRequestHandler):
    """Takes in what is exported."""

    server: Collecting

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Collecting(HTTPServer):
    """Keeps what came in."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Collector)
        self.got: list[ExportTraceServiceRequest] = []


@contextmanager
def collecting() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """Collect traces at an address for the time of the block."""
    with Collecting() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server.got
        finally:
            server.shutdown()
            thread.join()


def test_a_command_exports_to_a_collector_and_goes_on_without_one(tmp_path: Path) -> None:
    with connect(str(tmp_path / "shop.duckdb"), Settings()) as engine:
        engine.init()
        fill(engine, shop(customers=[{"first_name": NAME}]))
    build = [*PATRON, "build", "--json", "--as-of", str(TODAY), "--database", "shop.duckdb"]

    def built(address: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        }
        return subprocess.run(
            build, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
        )

    with collecting() as (address, got):
        assert built(address).stderr == ""
    (resource,) = (spans.resource for request in got for spans in request.resource_spans)
    named = {one.key: one.value.string_value for one in resource.attributes}
    assert named["service.name"] == "patron"
    names = [
        one.name
        for request in got
        for spans in request.resource_spans
        for scope in spans.scope_spans
        for one in scope.spans
    ]
    assert "build customer_360" in names
    assert "customer_features" in names
    done = built(address)
    assert json.loads(done.stdout)["build_id"] == 2
    *_, line = map(json.loads, done.stderr.splitlines())
    assert (line["event"], line["level"]) == ("traces", "error")


def test_without_being_asked_nothing_of_it_is_imported() -> None:
    code = (
        "import sys; from patron import tracing; import patron.api.app\n"
        "with tracing.exported(), tracing.span('x'): pass\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
