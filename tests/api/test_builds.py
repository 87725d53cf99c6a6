"""Builds that are asked for over the API."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from patron.api import create_app
from patron.api.context import Context
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
