"""Whoever reads while customer_360 is built sees one build whole: never a mixture, an empty table or an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from psycopg import IsolationLevel

import patron.engines.duckdb.build
from patron.contract import table_named
from patron.engines import Engine, connect
from patron.engines.base import Row
from patron.engines.duckdb import DuckDBEngine
from patron.engines.postgres import PostgresEngine
from tests.robustness.stock import FIRST_DAY, SECOND_DAY, Stock
from tests.robustness.threads import together

READERS = 8
BUILDS = 20
PURCHASES = table_named("purchase_transactions")

# Figures that belong together, read in one statement: which build is there, what its customers add up to, and a
# cut point beside the percentile of these very customers.
_FIGURES = """
    SELECT
        (SELECT build_id FROM current_build) AS build_id,
        (SELECT as_of FROM current_build) AS as_of,
        MIN(as_of) AS first_as_of,
        MAX(as_of) AS last_as_of,
        COUNT(*) AS customers,
        COUNT(DISTINCT customer_id) AS distinct_customers,
        SUM(total_lifetime_value) AS value,
        SUM(total_purchases) AS orders,
        SUM(recency_score + frequency_score + monetary_score) AS scores,
        (SELECT COUNT(*) FROM rfm_cut_points) AS cut_points,
        (SELECT monetary FROM rfm_cut_points WHERE cut_point = 1) AS cut,
        PERCENTILE_DISC(0.2) WITHIN GROUP (ORDER BY total_lifetime_value) FILTER (WHERE total_purchases > 0)
            AS percentile
    FROM customer_360
"""

Look = Callable[[Engine], list[Row]]


def one_statement(engine: Engine) -> list[Row]:
    """Look once."""
    return engine.query(_FIGURES)


def one_transaction(engine: Engine) -> list[Row]:
    """Look several times in one transaction."""
    if isinstance(engine, DuckDBEngine):
        with engine.transaction() as cursor:
            rows = [cursor.execute(_FIGURES).fetchall()[0] for _ in range(3)]
            names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows]
    assert isinstance(engine, PostgresEngine)
    engine.connection.isolation_level = IsolationLevel.REPEATABLE_READ
    with engine.connection.transaction():
        return [engine.query(_FIGURES)[0] for _ in range(3)]


@contextmanager
def of_ones_own(engine: Engine) -> Iterator[Engine]:
    """Give what a reader works with: on PostgreSQL a connection of its own, on DuckDB the process's one engine."""
    if isinstance(engine, PostgresEngine):
        with connect(engine.url, engine.settings) as own:
            yield own
    else:
        yield engine


@pytest.fixture
def deliveries(shop: Engine, stock: Stock, monkeypatch: pytest.MonkeyPatch) -> list[pa.Table]:
    """Purchases that come later, in as many parts as there are builds, of several batches each if in full."""
    monkeypatch.setattr(patron.engines.duckdb.build, "FACTS_A_BATCH", 4_000)
    customers = pq.read_table(stock.late / "customer_info.parquet")
    shop.append(table_named("customer_info"), customers.to_batches())
    late = pq.read_table(stock.late / f"{PURCHASES.name}.parquet")
    size = late.num_rows // BUILDS
    return [late.slice(number * size, size) for number in range(BUILDS)]


@pytest.mark.slow
def test_readers_see_one_build_whole(shop: Engine, deliveries: list[pa.Table]) -> None:
    built = shop.query(_FIGURES)
    seen: list[list[Row]] = [[] for _ in range(READERS)]
    over = threading.Event()

    def build() -> None:
        try:
            for number, delivery in enumerate(deliveries):
                shop.append(PURCHASES, delivery.to_batches())
                # A day that goes back makes a build full, too.
                shop.build(FIRST_DAY if number % 5 == 4 else SECOND_DAY, full=number % 3 == 0)
                built.extend(shop.query(_FIGURES))
        finally:
            over.set()

    def read(rows: list[Row], look: Look) -> None:
        with of_ones_own(shop) as own:
            while not over.wait(0.25):  # eight of them leave the builds some of the machine
                first, *others = look(own)
                assert all(other == first for other in others)
                rows.append(first)

    looks = (one_statement, one_transaction)
    together([build, *(partial(read, rows, looks[number % 2]) for number, rows in enumerate(seen))])

    known = {row["build_id"]: row for row in built}
    assert len(known) == BUILDS + 1
    for row in built:
        _is_consistent(row)
    for rows in seen:
        builds = [row["build_id"] for row in rows]
        assert builds == sorted(builds)
        assert all(row == known[row["build_id"]] for row in rows)
    assert len({row["build_id"] for rows in seen for row in rows}) > BUILDS / 2


def test_an_open_stream_shows_the_build_it_began_with(shop: Engine, deliveries: list[pa.Table]) -> None:
    query = "SELECT customer_id, total_purchases, as_of FROM customer_360 ORDER BY customer_id"
    rows = shop.query(query)
    with of_ones_own(shop) as own, own.stream(query) as reader:
        for full in (True, False):
            shop.append(PURCHASES, deliveries.pop().to_batches())
            shop.build(SECOND_DAY, full=full)
        assert reader.read_all().to_pylist() == rows
    assert shop.query(query) != rows


def _is_consistent(row: Row) -> None:
    assert row["customers"] == row["distinct_customers"] > 0
    assert row["first_as_of"] == row["last_as_of"] == row["as_of"]
    assert row["cut_points"] == 4
    assert row["cut"] == row["percentile"]
