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
def empty_url(lake: str, databases: Databases) -> Iterator[str]:
    """The URL of an empty lake."""
    yield from _empty(lake, databases)


@pytest.fixture
def engine(empty_url: str) -> Iterator[SparkEngine]:
    """A fresh, initialised lake."""
    yield from _initialised(empty_url)


@pytest.fixture
def sail_url(databases: Databases) -> Iterator[str]:
    """The URL of an empty lake on Sail, for what costs too much to be tested on every engine."""
    yield from _empty("sail", databases)


@pytest.fixture
def sail(sail_url: str) -> Iterator[SparkEngine]:
    """A fresh, initialised lake on Sail."""
    yield from _initialised(sail_url)


def _empty(kind: str, databases: Databases) -> Iterator[str]:
    url = databases.empty(kind)
    yield url
    databases.drop(url)


def _initialised(url: str) -> Iterator[SparkEngine]:
    with connect(url, Settings()) as engine:
        engine.init()
        assert isinstance(engine, SparkEngine)
        yield engine
