"""Builds that are asked for over the API."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from patron.api import create_app
from patron.api.builds import LESS_URGENT
from patron.api.context import Context
from patron.engines.base import BuildRecord
from tests.api.conftest import BASE
from tests.shops import TODAY

API = "/api/v1"
PATIENCE = 60.0


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_build_has_succeeded_before_search_is_prepared_for_it(
    own: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, prepared = TestClient(create_app(own, hosts=["localhost"]), base_url=BASE), threading.Event()
    until(lambda: not own.preparing)
    monkeypatch.setattr("patron.api.context.prepare", lambda _: prepared.wait(PATIENCE))
    try:
        client.post(f"{API}/builds", json={"as_of": TODAY.isoformat(), "full": True})
        until(lambda: client.get(f"{API}/builds/progress").json()["state"] == "succeeded")
        progress, status = client.get(f"{API}/builds/progress").json(), client.get(f"{API}/status").json()
        assert (status["building"], status["preparing"]) == (False, True)
        assert status["build_id"] == progress["build_id"]
        found = client.get(f"{API}/search/customers", params={"q": "anna"}).json()["rows"]
        assert [row["customer_id"] for row in found] == ["1", "11", "21"]
    finally:
        prepared.set()
    until(lambda: not client.get(f"{API}/status").json()["preparing"])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere niceness is of a whole process")
def test_a_build_and_the_threads_that_it_starts_let_answers_go_first(
    own: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    niceness, build = list[int](), own.serving.build

    def note() -> None:
        niceness.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def noted(*arguments: Any, **named: Any) -> BuildRecord:
        note()
        started = threading.Thread(target=note)
        started.start()
        started.join()
        return build(*arguments, **named)

    monkeypatch.setattr(own.serving, "build", noted)
    own.builder.start(TODAY, full=True)
    until(lambda: own.builder.job is not None and own.builder.job.state == "succeeded")
    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert niceness == [min(here + LESS_URGENT, 19)] * 2
