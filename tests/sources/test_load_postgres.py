"""On PostgreSQL: keys come back after a big load, any value arrives, a failed load leaves nothing, two take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from patron.contract import CONTRACT
from patron.engines import connect
from patron.engines.postgres import PostgresEngine, store
from patron.errors import DatabaseError
from patron.settings import Settings
from patron.sources.load import LoadReport, load
from tests.sources import files
from tests.sources.files import keys, shop_files, stored, write
from tests.support.databases import Databases, requested_engines


@pytest.fixture(params=[kind for kind in requested_engines() if kind.startswith("postgres")])
def engine(request: pytest.FixtureRequest, databases: Databases) -> Iterator[PostgresEngine]:
    engine = databases.open(request.param)
    assert isinstance(engine, PostgresEngine)
    yield engine
    databases.discard(engine)


def definitions(engine: PostgresEngine) -> set[str]:
    """Return all keys and indexes of the contract's tables."""
    constraints = engine.query(
        "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS definition "
        "FROM pg_constraint WHERE connamespace = current_schema()::regnamespace"
    )
    indexes = engine.query(
        "SELECT indexdef AS definition FROM pg_indexes WHERE schemaname = current_schema()"
    )
    return {row["definition"] for row in constraints + indexes}


def test_keys_come_back_after_many_rows(
    engine: PostgresEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MANY", 1)
    before = definitions(engine)
    load(engine, shop_files(tmp_path, marketing_campaigns=files.CAMPAIGNS))
    assert definitions(engine) == before
    assert keys(engine, "purchase_transactions") == [100, 101, 102]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        engine.connection.execute("DELETE FROM customer_info WHERE customer_id = 1")


def test_only_the_foreign_key_of_allowed_orphans_goes(engine: PostgresEngine, tmp_path: Path) -> None:
    before = definitions(engine)
    orphan = files.PURCHASES + "103,1,99,2024-01-01,1,1.00,,\n"
    report = load(engine, shop_files(tmp_path, purchase_transactions=orphan), allow_orphans={"products"})
    assert report.notes == (
        "The foreign key purchase_transactions_product_id_fkey was dropped: purchase_transactions now refers to "
        "rows of product_catalog that do not exist.",
    )
    assert [one.split()[1] for one in before - definitions(engine)] == [
        "purchase_transactions_product_id_fkey"
    ]
    again = load(engine, tmp_path, allow_orphans={"products"})
    assert (again.unchanged, again.notes) == (9, ())


def test_a_load_that_the_database_refuses_leaves_nothing(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.connection.execute("ALTER TABLE purchase_transactions ADD CHECK (total_amount < 6)")
    broken = files.CUSTOMERS + "x,,,,,,\n"
    with pytest.raises(DatabaseError, match="Nothing was loaded, because PostgreSQL could not store it"):
        load(engine, shop_files(tmp_path, customer_info=broken))
    assert [stored(engine, table.name) for table in CONTRACT] == [[]] * len(CONTRACT)
    for table in ("quarantine", "loads", "changed_customers"):
        assert engine.query(f"SELECT * FROM {table}") == []
    load(engine, write(tmp_path / "customer_info.csv", files.CUSTOMERS))
    assert keys(engine, "customer_info") == [1, 2, 3]


def test_loads_take_turns_and_readers_do_not_wait(engine: PostgresEngine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    reports: list[LoadReport] = []

    def run(number: int) -> None:
        path = write(tmp_path / str(number) / "customer_info.csv", f"customer_id\n1\n{number}\n")
        with connect(engine.url, Settings()) as own:
            reports.append(load(own, path))

    threads = [threading.Thread(target=run, args=[number]) for number in range(10, 14)]
    with psycopg.connect(engine.url) as writer:
        writer.execute("UPDATE customer_info SET email = 'new@example.com' WHERE customer_id = 2")
        for thread in threads:
            thread.start()
        threads[0].join(0.5)
        assert reports == [], "loads wait for whoever is writing"
        assert keys(engine, "customer_info") == [1, 2, 3]
        writer.commit()
    for thread in threads:
        thread.join()
    assert sorted(report.load_id for report in reports) == [2, 3, 4, 5]
    assert keys(engine, "customer_info") == [1, 2, 3, 10, 11, 12, 13]
    assert stored(engine, "customer_info")[1]["email"] == "new@example.com"


def test_columns_of_other_types_are_filled_too(engine: PostgresEngine, tmp_path: Path) -> None:
    types = {"quantity": "bigint", "store_id": "integer", "order_id": "numeric", "total_amount": "numeric"}
    changes = ", ".join(f"ALTER {column} TYPE {kind}" for column, kind in types.items())
    engine.query(f"ALTER TABLE purchase_transactions {changes}")
    load(engine, shop_files(tmp_path))
    rows = stored(engine, "purchase_transactions")
    assert [
        (row["quantity"], row["store_id"], row["order_id"], str(row["total_amount"])) for row in rows
    ] == [
        (2, 1, 900, "5.00"),
        (1, 1, 900, "7.00"),
        (-1, None, None, "-2.50"),
    ]


def test_whatever_values_hold_arrives(engine: PostgresEngine, tmp_path: Path) -> None:
    rows = (
        '1,"a\tb\\N\\","",é€😀,"two\nlines",1900-01-01,2199-12-31\n'
        "-9223372036854775808,,\\.,,,,\n9223372036854775807,x,,,,,\n"
    )
    head = files.CUSTOMERS.splitlines()[0]
    write(tmp_path / "customer_info.csv", f"{head}\n{rows}")
    amounts = ["0", "0.01", "-0.01", "9999999999999.99", "-9999999999999.99", "10000", "100000000", "0.1"]
    lines = [f"{number},1,,2024-02-29,,{amount},,\n" for number, amount in enumerate(amounts)]
    write(tmp_path / "purchase_transactions.csv", files.PURCHASES.splitlines()[0] + "\n" + "".join(lines))
    assert load(engine, tmp_path).quarantined == 0
    low, first, high = stored(engine, "customer_info")
    assert (first["first_name"], first["last_name"], first["email"], first["phone_number"]) == (
        "a\tb\\N\\",
        None,
        "é€😀",
        "two\nlines",
    )
    assert (str(first["date_of_birth"]), str(first["registration_date"])) == ("1900-01-01", "2199-12-31")
    assert (low["customer_id"], low["last_name"], high["customer_id"]) == (-(2**63), "\\.", 2**63 - 1)
    assert [row["total_amount"] for row in stored(engine, "purchase_transactions")] == [
        Decimal(amount) for amount in amounts
    ]
