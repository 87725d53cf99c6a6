"""What no row may hold, whoever writes it: the tables themselves refuse it."""

from __future__ import annotations

import duckdb
import psycopg
import pytest

from patron.engines.postgres import PostgresEngine
from patron.errors import BuildError, PatronError
from tests.conftest import MakeEngine
from tests.shops import TODAY, shop
from tests.support.databases import fill, requested_engines, rows

REFUSED = (PatronError, psycopg.Error, duckdb.ConstraintException)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("total_amount", "'10000000000000'"),
        ("total_amount", "'-10000000000000'"),
        ("purchase_date", "DATE '1899-12-31'"),
        ("purchase_date", "DATE '2200-01-01'"),
        ("purchase_date", "DATE '20024-01-01'"),
        ("purchase_date", "DATE 'infinity'"),
        ("purchase_date", "DATE '-infinity'"),
        ("quantity", "-1"),
    ],
)
def test_a_purchase_that_cannot_be(make_engine: MakeEngine, column: str, value: str) -> None:
    engine = make_engine()
    good = {"transaction_id": "1", "customer_id": "1", "purchase_date": "DATE '2199-12-31'", "quantity": "1"}
    good["total_amount"] = "'9999999999999.99'"
    engine.query("INSERT INTO customer_info (customer_id) VALUES (1)")
    for row in (good, good | {"transaction_id": "2", column: value}):
        insert = f"INSERT INTO purchase_transactions ({', '.join(row)}) VALUES ({', '.join(row.values())})"
        if row is good:
            engine.query(insert)
        else:
            with pytest.raises(REFUSED):
                engine.query(insert)
    assert rows(engine, "SELECT transaction_id FROM purchase_transactions") == [{"transaction_id": 1}]


def test_moments_and_days_of_birth_too(make_engine: MakeEngine) -> None:
    engine = make_engine()
    engine.query("INSERT INTO customer_info (customer_id, date_of_birth) VALUES (1, DATE '1900-01-01')")
    view = "INSERT INTO product_views (view_id, customer_id, viewed_at) VALUES (1, 1, TIMESTAMP '{}')"
    engine.query(view.format("2199-12-31 23:59:59.999999"))
    for refused in (
        view.format("2200-01-01 00:00:00"),
        view.format("-infinity"),
        "INSERT INTO customer_info (customer_id, date_of_birth) VALUES (2, DATE '1899-12-31')",
        "INSERT INTO product_catalog (product_id, price) VALUES (1, -1)",
    ):
        with pytest.raises(REFUSED):
            engine.query(refused)


@pytest.mark.parametrize("kind", [name for name in requested_engines() if name != "duckdb"])
class TestOnServers:
    """What only PostgreSQL can hold."""

    def test_no_amount_is_not_a_number(self, make_engine: MakeEngine) -> None:
        engine = make_engine()
        fill(engine, shop(purchases=[{}]))
        with pytest.raises(REFUSED):
            engine.query("UPDATE purchase_transactions SET total_amount = 'NaN'")

    def test_a_row_that_cannot_be_read_fails_the_build(self, make_engine: MakeEngine) -> None:
        """As in a table that was there before there were checks."""
        engine = make_engine()
        assert isinstance(engine, PostgresEngine)
        fill(engine, shop(purchases=[{}]))
        engine.build(TODAY)
        before = rows(engine, "SELECT * FROM customer_360")
        for name in ("total_amount", "purchase_date"):
            engine.query(
                f"ALTER TABLE purchase_transactions DROP CONSTRAINT purchase_transactions_{name}_check"
            )
        for change in ("total_amount = 'NaN'", "total_amount = 1, purchase_date = '-infinity'"):
            engine.query(f"UPDATE purchase_transactions SET {change}")
            for full in (False, True):
                with pytest.raises(BuildError, match=r"failed in the step \w+ and customer_360 is as it was"):
                    engine.build(TODAY, full=full)
                assert rows(engine, "SELECT * FROM customer_360") == before

    @pytest.mark.parametrize("day", ["infinity", "-infinity", "1899-12-31", "2200-01-01"])
    def test_the_procedure_refuses_a_day_without_facts(self, make_engine: MakeEngine, day: str) -> None:
        engine = make_engine()
        assert isinstance(engine, PostgresEngine)
        with (
            psycopg.connect(engine.url, autocommit=True) as client,
            pytest.raises(psycopg.Error, match=f"years 1900 to 2199, and {day} does not"),
        ):
            client.execute(f"CALL refresh_customer_360(as_of => DATE '{day}')".encode())
        assert engine.last_build() is None
