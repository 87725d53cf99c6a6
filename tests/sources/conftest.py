"""A sample shop that tests read, and an empty database for what is the same on every engine."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from patron.engines import Engine, connect
from patron.settings import Settings
from patron.sources.sample import Sample
from tests.sources.samples import tables


@pytest.fixture(scope="session")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    """A sample of 5,000 customers, to be read only."""
    with duckdb.connect() as connection:
        for name, table in tables(Sample(5000)).items():
            connection.register("arriving", table)
            connection.execute(f"CREATE TABLE {name} AS FROM arriving")
        yield connection


@pytest.fixture
def memory() -> Iterator[Engine]:
    """Empty contract tables in memory."""
    with connect(":memory:", Settings()) as engine:
        engine.init()
        yield engine
