"""Builds, loads and other applications' writes at the same time: all end well, and nothing is lost."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from functools import partial

import pyarrow.parquet as pq
import pytest

import patron.engines.duckdb.build
from patron.contract import table_named
from patron.engines import BuildRecord, Engine, connect
from patron.engines.duckdb import DuckDBEngine
from patron.engines.postgres import PostgresEngine
from patron.sources.load import LoadReport, load
from tests.robustness.states import RESULT, difference, state_of
from tests.robustness.stock import SECOND_DAY, Stock, append
from tests.robustness.threads import together

Arrive = Callable[[Engine, Stock], None]


@pytest.fixture(autouse=True)
def several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a full build on DuckDB take several batches."""
    monkeypatch.setattr(patron.engines.duckdb.build, "FACTS_A_BATCH", 4_000)


def another(engine: Engine) -> Engine:
    """Open the engine's database a second time."""
    url = engine.url if isinstance(engine, PostgresEngine) else ""
    url = engine.path if isinstance(engine, DuckDBEngine) else url
    return connect(url, engine.settings)


def assert_incremental_is_full(engine: Engine) -> None:
    """Fail unless an incremental build now has the result that a full one has."""
    as_of = engine.build(SECOND_DAY).as_of
    found = state_of(engine, *RESULT)
    engine.build(as_of, full=True)
    assert difference(found, state_of(engine, *RESULT)) == []


def append_bit_by_bit(engine: Engine, stock: Stock) -> None:
    """Append late customers, and then what they bought in small transactions."""
    customers, purchases = (
        (table_named(name), pq.read_table(stock.late / f"{name}.parquet"))
        for name in ("customer_info", "purchase_transactions")
    )
    engine.append(customers[0], customers[1].to_batches())
    for start in range(0, purchases[1].num_rows, 20):
        engine.append(purchases[0], purchases[1].slice(start, 20).to_batches())


def load_delivery(engine: Engine, stock: Stock) -> None:
    """Load late and corrected rows, and some that are refused."""
    load(engine, stock.delivery)


def test_builds_at_once_end_well(shop: Engine, stock: Stock) -> None:
    append(shop, stock.late)
    records: list[BuildRecord] = []

    def build(*fulls: bool) -> None:
        with another(shop) as own:
            records.extend(own.build(SECOND_DAY, full=full) for full in fulls)

    together([partial(build, True, False, True), partial(build, False, True, False)])

    kinds = {row["build_id"]: row["kind"] for row in shop.query("SELECT build_id, kind FROM builds")}
    assert sorted(kinds) == list(range(1, 8))
    assert sorted(record.build_id for record in records) == list(range(2, 8))
    assert all(record.kind == kinds[record.build_id] for record in records)
    assert shop.query("SELECT build_id FROM current_build") == [{"build_id": 7}]
    assert_incremental_is_full(shop)


@pytest.mark.slow
@pytest.mark.parametrize("arrive", [append_bit_by_bit, load_delivery])
def test_what_arrives_during_builds_is_in_the_next(shop: Engine, stock: Stock, arrive: Arrive) -> None:
    over = threading.Event()

    def bring() -> None:
        try:
            with another(shop) as own:
                arrive(own, stock)
        finally:
            over.set()

    def build() -> None:
        for number in itertools.count():
            shop.build(SECOND_DAY, full=number % 2 == 1)
            if number >= 3 and over.is_set():
                return

    together([bring, build])

    assert_incremental_is_full(shop)
    assert shop.query("SELECT COUNT(*) AS n FROM changed_customers") == [{"n": 0}]


def test_two_loads_at_once_store_each_row_once(shop: Engine, stock: Stock) -> None:
    reports: list[LoadReport] = []

    def load_it() -> None:
        with another(shop) as own:
            reports.append(load(own, stock.delivery))

    together([load_it, load_it])

    first, second = sorted(reports, key=lambda report: report.load_id)
    assert (first.load_id, second.load_id) == (1, 2)
    assert first.inserted > 0
    assert first.updated > 0
    assert second.inserted == second.updated == second.new_in_quarantine == 0
    assert second.unchanged == first.inserted + first.updated
    assert first.quarantined == second.quarantined > 0
    assert shop.query("SELECT COUNT(*) AS n FROM quarantine") == [{"n": first.quarantined}]
    assert_incremental_is_full(shop)
