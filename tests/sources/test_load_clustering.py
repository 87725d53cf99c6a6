"""On DuckDB facts stay in the order of customer_id as loads add up, and a load does no more than it must."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

import patron.sources.load
from patron.contract import table_named
from patron.engines import Engine
from patron.engines.duckdb.clustering import LONGEST_TAIL
from patron.errors import DatabaseError
from patron.settings import Settings
from patron.sources.load import load
from tests.sources import files
from tests.sources.files import changed, shop_files, write
from tests.support.databases import Databases

CUSTOMERS = 400


@pytest.fixture
def engine(databases: Databases) -> Iterator[Engine]:
    engine = databases.open("duckdb", Settings(threads=4))
    yield engine
    databases.discard(engine)


def some_purchases(first: int, count: int) -> str:
    draw = random.Random(first)
    rows = [f"{first + number},{draw.randint(1, CUSTOMERS)},2024-01-01,1.00\n" for number in range(count)]
    return "transaction_id,customer_id,purchase_date,total_amount\n" + "".join(rows)


def owners(engine: Engine) -> list[int]:
    """Return the customers of all purchases as they lie in the table."""
    return [
        row["customer_id"]
        for row in engine.query("SELECT customer_id FROM purchase_transactions ORDER BY rowid")
    ]


def rises(owners: list[int]) -> int:
    """Return of how many runs in order a list is made."""
    return 1 + sum(one > other for one, other in pairwise(owners))


def test_facts_stay_in_order_as_loads_add_up(engine: Engine, tmp_path: Path) -> None:
    customers = "customer_id\n" + "".join(f"{number}\n" for number in range(1, CUSTOMERS + 1))
    load(engine, write(tmp_path / "customer_info.csv", customers))
    path = tmp_path / "purchase_transactions.csv"
    load(engine, write(path, some_purchases(1, 20_000)))
    assert rises(owners(engine)) == 1
    at, runs = 20_001, []
    for _ in range(9):
        load(engine, write(path, some_purchases(at, 1_000)))
        at += 1_000
        runs.append(rises(owners(engine)))
    # Each load adds a run; the table is written anew when the runs since then are too much of it.
    assert runs == [2, 3, 4, 5, 6, 1, 2, 3, 4]
    assert LONGEST_TAIL == 0.2
    assert len(owners(engine)) == 29_000


def test_written_anew_the_table_is_the_same(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    more = files.PURCHASES.replace("\n10", "\n20")
    load(engine, write(tmp_path / "purchase_transactions.csv", more))
    assert rises(owners(engine)) == 1
    table = table_named("purchase_transactions")
    described = engine.query("SELECT * FROM (DESCRIBE purchase_transactions)")
    assert [row["column_name"] for row in described] == list(table.names)
    assert [row["null"] == "NO" for row in described] == [column.required for column in table.columns]


def test_replaced_rows_go_to_the_tail_and_back(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    moved = files.PURCHASES.replace("100,1", "100,3")
    load(engine, write(tmp_path / "purchase_transactions.csv", moved))
    assert owners(engine) == [1, 2, 3]


def test_a_new_price_changes_nobody(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    changed(engine)
    report = load(engine, write(tmp_path / "product_catalog.csv", files.PRODUCTS.replace("7.00", "8.00")))
    assert report.updated == 1
    assert changed(engine) == set()


def test_a_customer_is_noted_once(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    load(engine, write(tmp_path / "purchase_transactions.csv", files.PURCHASES.replace("2.50", "2.60")))
    noted = [row["customer_id"] for row in engine.query("SELECT customer_id FROM changed_customers")]
    assert sorted(noted) == [1, 2, 3]


def test_two_threads_load_one_after_the_other(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    paths = [
        write(tmp_path / str(number) / "customer_info.csv", f"customer_id\n{number}\n")
        for number in range(10, 16)
    ]
    reports = []
    threads = [
        threading.Thread(target=lambda path=path: reports.append(load(engine, path))) for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.load_id for report in reports) == [2, 3, 4, 5, 6, 7]
    assert len(engine.query("SELECT * FROM customer_info")) == 9


def test_a_load_that_fails_leaves_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise duckdb.OutOfMemoryException("no room")

    load(engine, shop_files(tmp_path))
    monkeypatch.setattr(patron.sources.load, "record", fail)
    broken = files.PURCHASES.replace("100,1", "100,3") + "x\n"
    with pytest.raises(DatabaseError, match="because the database failed: no room"):
        load(engine, write(tmp_path / "purchase_transactions.csv", broken))
    monkeypatch.undo()
    assert owners(engine) == [1, 1, 2]
    assert engine.query("SELECT * FROM quarantine") == []
    assert load(engine, tmp_path).load_id == 2
