"""The server as a process: it starts, refuses to, stops, is killed, and starts again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psycopg
import pytest

from patron.engines import connect
from patron.settings import Settings
from tests.api.conftest import small_database
from tests.robustness.seed import seeded
from tests.support.databases import Databases, rows

COMMAND = (sys.executable, "-c", "from patron.cli import main; main()", "serve", "--json", "--port", "0")
PATIENCE = 60
KILLS = int(os.environ.get("PATRON_TEST_SERVER_KILLS", "3"))
LONGEST = 1.5  # seconds after which a build of the small shop is over


class Server:
    """A process that serves a database."""

    def __init__(self, url: str, folder: Path, *words: str) -> None:
        self.log = folder / "log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "--database", url, *words],
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self.retry_after: str | None = None  # what the latest problem said
        said = self._first_document()
        self.address = said.get("address", "")

    def _first_document(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        text = ""
        for line in self.process.stdout:
            text += line
            if line.startswith("}"):
                document: dict[str, Any] = json.loads(text)
                return document
        return {}

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Return the status and the document of an answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"{self.address}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                self.retry_after = error.headers.get("Retry-After")
                return error.code, json.load(error)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return with what the process ended."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(url: str, folder: Path, *words: str) -> Iterator[Server]:
    """Serve a database for the time of the block."""
    server = Server(url, folder, *words)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)
        if server.process.stdout is not None:
            server.process.stdout.close()


@pytest.fixture
def own_url(url: str, kind: str, databases: Databases, tmp_path: Path) -> Iterator[str]:
    """A database of the small shop that may be written to, and in which nobody has made a key."""
    if kind != "duckdb":
        own = databases.empty(kind)
        small_database(own)
        yield own
        databases.drop(own)
        return
    copy = tmp_path / "shop.duckdb"
    shutil.copyfile(url, copy)
    yield str(copy)


@pytest.mark.slow
def test_it_answers_builds_and_stops_when_asked_to(own_url: str, tmp_path: Path) -> None:
    with serving(own_url, tmp_path) as server:
        assert server.ask("/health/ready") == (200, {"status": "ok"})
        status, document = server.ask("/api/v1/status")
        assert (status, document["role"], document["caller"]) == (200, "admin", "local")
        assert server.ask("/api/v1/metrics/total_customers")[1]["rows"][0]["value"] == 30
        assert server.ask("/api/v1/status", Host="evil.example")[0] == 400
        assert server.ask("/api/v1/builds", {"as_of": "2024-06-29", "full": True})[0] == 202
        with urllib.request.urlopen(
            f"{server.address}/api/v1/builds/progress/events", timeout=PATIENCE
        ) as stream:
            events = [line for line in stream.read().decode().splitlines() if line.startswith("event:")]
        assert events[-1] == "event: ended"
        progress = server.ask("/api/v1/builds/progress")[1]
        assert (progress["state"], progress["build_id"]) == ("succeeded", document["build_id"] + 1)
        assert server.ask("/api/v1/dashboard")[1]["as_of"] == "2024-06-29"
        assert server.stop(signal.SIGINT) == 0
    with connect(own_url, Settings()) as engine:
        assert rows(engine, "SELECT MAX(build_id) AS n FROM builds") == [{"n": progress["build_id"]}]
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {line["operation"] for line in lines if line["event"] == "request"} >= {
        "get_status",
        "get_total_customers",
    }


@pytest.mark.slow
def test_killed_in_builds_and_requests_it_starts_again_into_a_sound_state(
    own_url: str, tmp_path: Path
) -> None:
    """PATRON_TEST_SERVER_KILLS says how often on each engine, PATRON_TEST_SEED at which moments."""
    rng, build_id, answers = seeded("killed servers"), 1, Counter[int]()
    for number in range(KILLS):
        with serving(own_url, tmp_path) as server:
            shown = server.ask("/api/v1/dashboard")[1]
            assert shown["build_id"] in (build_id, build_id + 1)
            build_id = shown["build_id"]
            assert_sound(shown)
            with asking(server, answers):
                day = f"2024-06-{1 + number % 30:02d}"
                assert server.ask("/api/v1/builds", {"as_of": day, "full": number % 2 == 0})[0] == 202
                time.sleep(rng.uniform(0, LONGEST))
                server.stop(signal.SIGKILL)
    with serving(own_url, tmp_path) as server:
        assert_sound(server.ask("/api/v1/dashboard")[1])
        assert server.stop() == 0
    assert set(answers) <= {200}
    with connect(own_url, Settings()) as engine:
        columns = "customer_id, total_lifetime_value, recency_score, churn_risk_score, rfm_segment"
        left = rows(engine, f"SELECT {columns} FROM customer_360 ORDER BY customer_id")
        engine.build(engine.query("SELECT as_of FROM current_build")[0]["as_of"], full=True)
        assert left == rows(engine, f"SELECT {columns} FROM customer_360 ORDER BY customer_id")


def assert_sound(shown: dict[str, Any]) -> None:
    """Check that all figures are of one build, and agree."""
    figures = {name: one["rows"] for name, one in shown["metrics"].items()}
    assert {one["build_id"] for one in shown["metrics"].values()} == {shown["build_id"]}
    customers, value = (figures[name][0]["value"] for name in ("total_customers", "total_lifetime_value"))
    assert sum(row["customers"] for row in figures["segment_distribution"]) == customers
    assert sum(row["customers"] for row in figures["churn_risk"]) == customers
    for name in ("monthly_revenue", "category_performance"):
        assert sum(row["revenue"] for row in figures[name]) == pytest.approx(value)


@contextmanager
def asking(server: Server, answers: Counter[int]) -> Iterator[None]:
    """Ask all the time, and count the statuses of what was answered before the server was gone."""

    def ask(path: str) -> None:
        with suppress(OSError, HTTPException, ValueError):  # it is killed at any moment
            while True:
                answers[server.ask(path)[0]] += 1

    paths = ("/api/v1/dashboard?churn_risk_score=5", "/api/v1/customers/1", "/api/v1/search/customers?q=an")
    threads = [threading.Thread(target=ask, args=[path]) for path in paths]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(PATIENCE)


@pytest.mark.slow
def test_with_a_key_it_starts_elsewhere_and_takes_that_alone(own_url: str, kind: str, tmp_path: Path) -> None:
    command = [*COMMAND[:3], "keys", "create", "--role", "viewer", "--json", "--database", own_url]
    made = json.loads(
        subprocess.run(command, capture_output=True, check=True, text=True, cwd=tmp_path).stdout
    )
    with serving(own_url, tmp_path, "--host", "0.0.0.0") as server:
        assert server.ask("/api/v1/status")[0] == 401
        key = {"Authorization": f"Bearer {made['key']}"}
        assert server.ask("/api/v1/status", **key)[1]["role"] == "viewer"
        # Another process revokes it while the server has the database.
        subprocess.run(
            [*command[:3], "keys", "revoke", made["key_id"], "--database", own_url],
            check=True,
            capture_output=True,
        )
        assert server.ask("/api/v1/status", **key)[0] == 401
        assert server.stop() == 0


@pytest.mark.slow
def test_postgresql_that_is_away_is_a_503_until_it_is_back(kind: str, own_url: str, tmp_path: Path) -> None:
    if kind == "duckdb":
        return
    name = own_url.split("?")[0].rsplit("/", 1)[1]
    elsewhere = own_url.replace(f"/{name}", "/postgres")
    with serving(own_url, tmp_path) as server:
        assert server.ask("/api/v1/customers/1")[0] == 200
        with psycopg.connect(elsewhere, autocommit=True) as connection:
            try:
                connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
                )
                for path in ("/health/ready", "/api/v1/customers/1", "/api/v1/status"):
                    status, document = server.ask(path)
                    assert (status, document["type"]) == (503, "urn:patron:problem:database-unavailable")
                    assert name not in document["detail"]
                    assert int(server.retry_after or 0) > 0
                assert server.ask("/health/live")[0] == 200
            finally:
                connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        asked = back = time.monotonic()
        while server.ask("/api/v1/customers/1")[0] != 200:
            assert asked - back < 5  # who asked later is answered, however long that takes
            asked = time.monotonic()
        assert server.stop() == 0
