"""A sample shop that tests read."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

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
