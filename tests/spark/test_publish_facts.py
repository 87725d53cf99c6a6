"""Publishing the contract's tables beside what was built of them, for the pages of customers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from patron.cli.state import State, read_status
from patron.contract import CONTRACT
from patron.customers.timeline import timeline
from patron.engines import Engine
from patron.engines.spark import SparkEngine
from patron.errors import BuildError, DatabaseError
from patron.publish import publish
from patron.sources.load import load
from tests.reference import Shop
from tests.shops import TODAY, shop
from tests.sources.files import shop_files
from tests.spark.test_publish import opened, target
from tests.support.databases import Databases, fill, rows

__all__ = ["target"]
PRODUCTS = [{"product_id": number, "category": "Games"} for number in (1, 2)]


def busy() -> Shop:
    """Return a shop with facts of every kind, two customers' mixed, and a product nobody knows."""
    return shop(
        products=PRODUCTS,
        purchases=[{"customer_id": 2 - number % 2, "product_id": 1 + number % 3} for number in range(9)],
        contacts=[{"customer_id": 2, "interaction_type": "O'Hara \\ “ok”\n"}],
        responses=[{"customer_id": 1}, {"customer_id": 2}],
        visits=[{"customer_id": 2, "session_id": 1}],
        views=[{"customer_id": 2, "session_id": 1, "product_id": 2}],
    )


def tables(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of the contract's tables."""
    return {
        table.name: rows(
            engine, f"SELECT {', '.join(table.names)} FROM {table.name} ORDER BY {table.key.name}"
        )
        for table in CONTRACT
    }


def pages(engine: Engine) -> list[Any]:
    return [timeline(engine, customer, 50) for customer in (1, 2)]


def test_facts_come_where_asked(sail: SparkEngine, target: str, databases: Databases) -> None:
    fill(sail, busy())
    sail.build(TODAY)
    origin = databases.empty("duckdb")
    with opened(target) as served, opened(origin) as same:
        assert not publish(sail, served, "lake").facts
        assert not any(tables(served).values())
        assert read_status(served, TODAY)["state"] == State.PUBLISHED
        done = publish(sail, served, "lake", facts=True)
        assert done.facts
        assert done.rows == sum(map(len, tables(served).values())) + publish(sail, served, "lake").rows
        same.init()
        fill(same, busy())
        assert tables(served) == tables(same) == tables(sail)
        assert pages(served) == pages(same)
        found = read_status(served, TODAY)
        assert (found["state"], found["changed_customers"]) == (State.UP_TO_DATE, 0)
        assert all(one["agrees"] for one in found["reconciliation"])


@pytest.fixture
def origin(databases: Databases) -> Iterator[Engine]:
    """A DuckDB file with a build of the busy shop."""
    with opened(databases.empty("duckdb")) as origin:
        origin.init()
        fill(origin, busy())
        origin.build(TODAY)
        yield origin


def test_facts_that_changed_take_the_place_of_the_former_ones(target: str, origin: Engine) -> None:
    with opened(target) as served:
        publish(origin, served, "built", facts=True)
        with origin.changing() as run:
            run("DELETE FROM purchase_transactions WHERE transaction_id = 3")
            run("UPDATE purchase_transactions SET total_amount = 77 WHERE transaction_id = 4")
            run("UPDATE customer_service SET interaction_type = 'call'")
        fill(origin, shop(customers=[{"customer_id": 3}], views=[{"customer_id": 3, "view_id": 9}]))
        origin.build(TODAY + timedelta(days=1), full=True)
        publish(origin, served, "built")
        assert tables(served) != tables(origin)
        publish(origin, served, "built", facts=True)
        assert tables(served) == tables(origin)
        assert pages(served) == pages(origin)
        state = read_status(served, TODAY + timedelta(days=1))
        assert (state["state"], state["changed_customers"]) == (State.UP_TO_DATE, 0)
        # Who writes there afterwards is noted again.
        fill(served, shop(purchases=[{"customer_id": 9, "transaction_id": 99}]))
        assert read_status(served, TODAY)["changed_customers"] == 1


def arriving_tables(engine: Engine) -> list[Any]:
    return rows(engine, "SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%arriv%'")


@pytest.mark.parametrize("facts", [True, False])
def test_facts_of_a_publication_that_was_stopped_are_not_taken_up(
    target: str, origin: Engine, facts: bool
) -> None:
    def stopping(progress: Any) -> None:
        if progress.done > 0.8 * progress.total:
            raise KeyboardInterrupt

    with opened(target) as served:
        with pytest.raises(KeyboardInterrupt):
            publish(origin, served, "built", stopping, facts=True)
        assert len(arriving_tables(served)) > len(CONTRACT)
        with origin.changing() as run:
            run("UPDATE product_catalog SET category = 'Toys'")
        done = publish(origin, served, "built", facts=facts)
        assert done.resumed_rows > 0
        assert tables(served) == (tables(origin) if facts else {table.name: [] for table in CONTRACT})
        assert not arriving_tables(served)


def test_a_database_with_facts_of_its_own_keeps_them(target: str, origin: Engine, tmp_path: Path) -> None:
    with opened(target) as served:
        served.init()
        load(served, shop_files(tmp_path))
        before = tables(served)
        with pytest.raises(BuildError, match="already has 1 load of its own"):
            publish(origin, served, "built", facts=True)
        publish(origin, served, "built")
        assert tables(served) == before != tables(origin)


def test_facts_that_an_application_wrote_are_not_replaced(databases: Databases, origin: Engine) -> None:
    with opened(databases.empty("postgres18")) as served:
        served.init()
        fill(served, shop(contacts=[{}]))
        before = tables(served)
        with pytest.raises(BuildError, match="already has rows of customer_service of its own"):
            publish(origin, served, "built", facts=True)
        assert tables(served) == before


def test_what_a_shop_keeps_beside_published_tables_stays(databases: Databases, origin: Engine) -> None:
    """Rows that changed are not deleted and written anew: others may refer to them, and have columns of their own."""
    with opened(databases.empty("postgres18")) as served:
        publish(origin, served, "built", facts=True)
        with served.changing() as run:
            run("ALTER TABLE customer_info ADD COLUMN card text")
            run("UPDATE customer_info SET card = 'gold' WHERE customer_id = 2")
            run(
                "CREATE TABLE points (customer_id bigint REFERENCES customer_info (customer_id) ON DELETE CASCADE)"
            )
            run("INSERT INTO points VALUES (2)")
        with origin.changing() as run:
            run("UPDATE customer_info SET email = 'new@example.com' WHERE customer_id = 2")
        publish(origin, served, "built", facts=True)
        assert tables(served) == tables(origin)
        assert rows(served, "SELECT card FROM customer_info JOIN points USING (customer_id)") == [
            {"card": "gold"}
        ]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_key_that_stands_twice_is_told_of(databases: Databases, origin: Engine, is_first: bool) -> None:
    """Neither a lake nor a DuckDB file keeps others from writing a key twice."""
    with opened(databases.empty("postgres18")) as served:
        publish(origin, served, "built", facts=not is_first)
        before = tables(served)
        fill(origin, shop(products=[{"product_id": 2, "category": "Toys"}]))
        for _ in range(2):
            with pytest.raises(
                DatabaseError, match=r"product_catalog have the product_id 2 .* without --facts"
            ) as said:
                publish(origin, served, "built", facts=True)
            assert "\n" not in str(said.value)
        assert tables(served) == before
        with origin.changing() as run:
            run("DELETE FROM product_catalog WHERE category = 'Toys'")
        publish(origin, served, "built", facts=True)
        assert tables(served) == tables(origin)
