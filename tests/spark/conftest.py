"""A lake on every engine behind Spark Connect."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from patron.engines import connect
from patron.engines.spark import SparkEngine
from patron.settings import Settings
from tests.support.databases import Databases, requested_lakes


@pytest.fixture(scope="session", params=requested_lakes())
def lake(request: pytest.FixtureRequest) -> str:
    """The engine's name: sail or spark."""
    return str(request.param)


@pytest.fixture
def sail_url(databases: Databases) -> Iterator[str]:
    """The URL of an empty lake on Sail."""
    url = databases.empty("sail")
    yield url
    databases.drop(url)


@pytest.fixture
def sail(sail_url: str) -> Iterator[SparkEngine]:
    """A fresh, initialised lake on Sail."""
    with connect(sail_url, Settings()) as engine:
        engine.init()
        assert isinstance(engine, SparkEngine)
        yield engine
