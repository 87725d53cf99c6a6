"""Builds that are asked for over the API."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from patron.api import create_app
from patron.api.context import Context, opened
from patron.settings import Settings
from tests.api.conftest import BASE, small_database
from tests.shops import TODAY
from tests.support.databases import Databases

API = "/api/v1"
PATIENCE = 60.0


@pytest.fixture
def own(kind: str, url: str, databases: Databases, tmp_path: Path) -> Iterator[Context]:
    """A server's context on a shop that no other test sees, open to all."""
    if kind == "duckdb":
        database = shutil.copyfile(url, tmp_path / "shop.duckdb").as_posix()
    else:
        database = databases.empty(kind)
        small_database(database)
    with opened(database, Settings()) as context:
        yield context
    if kind != "duckdb":
        databases.drop(database)


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
