"""Incremental builds in a lake: the same values as a full build, from what changed alone."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import pytest

from patron.contract import table_named
from patron.engines import connect
from patron.engines.arrow import arrow_schema
from patron.engines.spark import SparkEngine, build, sweeping
from patron.engines.spark.sweeping import note_attempt, sweep
from patron.settings import Settings
from tests.reference import Shop, customer_360
from tests.shops import STAGES, TODAY, random_case, random_shop, shop, staged, together
from tests.spark.test_model import contents
from tests.support.compare import assert_same
from tests.support.databases import Databases, fill, rows

MOVES = (0, 1, 31, -366)
TABLES = (
    *("customer_features", "customer_days", "customer_categories", "customer_answers", "order_repeats"),
    *("customers_to_come", "slices", "monthly_changes", "monthly_sales", "standing"),
)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_history_ends_as_a_full_build_has_it(lake: str, databases: Databases, seed: int) -> None:
    """Shops side by side arrive in parts, products after what was bought of them, and as_of moves."""
    rng = random.Random(f"lake history {seed}")
    case = random_case(rng)
    many = together(random_shop(rng, case.as_of, "text") for _ in range(30))
    parts = staged(many, lambda: rng.randrange(STAGES))
    with databases.shared(lake, Settings(model=case.model, id_type="text")) as engine:
        as_of = case.as_of
        for part, known in zip(parts, accumulate(parts, plus), strict=True):
            fill(engine, part)
            as_of = case.as_of + timedelta(days=rng.choice(MOVES))
            engine.build(as_of)
            found = rows(engine, "SELECT * FROM customer_360")
            assert_same(found, customer_360(known, as_of, case.model))
        before = {table: contents(engine, table) for table in TABLES}
        assert engine.build(as_of, full=True).kind == "full"
        assert {table: contents(engine, table) for table in TABLES} == before


def plus(first: Shop, second: Shop) -> Shop:
    return {name: first[name] + second[name] for name in first}


def only(**parts: list[dict[str, object]]) -> Shop:
    """Return rows that are added to a shop which has all that they refer to."""
    made = shop(**parts)
    wanted = {{"purchases": "purchase_transactions", "products": "product_catalog"}[name] for name in parts}
    return {name: rows if name in wanted else [] for name, rows in made.items()}


def computed(engine: SparkEngine, days: int = 0) -> tuple[str, int]:
    record = engine.build(TODAY + timedelta(days=days))
    return record.kind, record.recomputed


def test_only_customers_whose_facts_changed_are_computed_again(sail: SparkEngine) -> None:
    fill(sail, shop(purchases=[{"customer_id": number, "product_id": number} for number in range(1, 9)]))
    assert computed(sail) == ("full", 8)
    assert computed(sail) == ("incremental", 0)
    fill(sail, only(purchases=[{"customer_id": 3, "transaction_id": 100, "total_amount": 90}]))
    fill(sail, only(products=[{"product_id": 5, "category": "Toys"}]))
    fill(
        sail,
        only(
            purchases=[{"customer_id": 3, "transaction_id": 101, "purchase_date": TODAY + timedelta(days=9)}]
        ),
    )
    assert computed(sail) == ("incremental", 2)
    assert computed(sail, days=9) == ("incremental", 1)
    found = rows(
        sail, "SELECT customer_id, total_lifetime_value, favorite_product_category FROM customer_360"
    )
    assert {row["customer_id"]: float(row["total_lifetime_value"]) for row in found} == {
        number: 110 if number == 3 else 10 for number in range(1, 9)
    }
    assert {row["customer_id"] for row in found if row["favorite_product_category"] == "Toys"} == {5}
    sail.settings = Settings.model_validate({"model": {"positive_response_types": ["view"]}})
    assert computed(sail) == ("full", 8)


def test_a_row_that_others_rewrote_is_seen(sail: SparkEngine) -> None:
    """Whoever writes the table anew under the same names of files need not tell anybody."""
    fill(sail, shop(purchases=[{"customer_id": number} for number in (1, 2)]))
    sail.build(TODAY)
    table = table_named("purchase_transactions")
    bought = rows(sail, "SELECT * FROM purchase_transactions")
    bought[1]["total_amount"] = Decimal(25)
    anew = pa.Table.from_pylist(bought, schema=arrow_schema(table, "bigint"))
    sail.lake.session.createDataFrame(anew).write.mode("overwrite").parquet(sail.lake.path(table.name))
    assert computed(sail) == ("incremental", 1)
    found = rows(sail, "SELECT customer_id, total_lifetime_value FROM customer_360")
    assert sorted(float(row["total_lifetime_value"]) for row in found) == [10, 25]


@pytest.mark.parametrize("kind", ["delta", "iceberg"])
def test_tables_of_other_formats(sail_url: str, kind: str) -> None:
    """What is merged into a table, deleted from it or added to it is seen, whatever files it is written to."""
    with connect(f"{sail_url};format={kind}", Settings()) as engine:
        assert isinstance(engine, SparkEngine)
        engine.init()
        fill(engine, shop(purchases=[{"customer_id": number} for number in range(1, 7)]))
        assert computed(engine) == ("full", 6)
        table = engine.lake.source(table_named("purchase_transactions"))
        engine.lake.frame(f"DELETE FROM {table} WHERE customer_id = 2")
        if kind == "delta":  # Sail merges into no other
            engine.lake.frame(
                f"MERGE INTO {table} AS known USING (SELECT 5 AS id) AS new ON known.customer_id = new.id "
                "WHEN MATCHED THEN UPDATE SET total_amount = 99"
            )
        fill(engine, only(purchases=[{"customer_id": 4, "transaction_id": 100}]))
        assert computed(engine) == ("incremental", 3 if kind == "delta" else 2)
        found = rows(engine, "SELECT customer_id, total_lifetime_value FROM customer_360")
        assert {row["customer_id"]: int(row["total_lifetime_value"]) for row in found} == {
            1: 10,
            2: 0,
            3: 10,
            4: 20,
            6: 10,
            5: 99 if kind == "delta" else 10,
        }


def test_what_stood_long_enough_beside_its_base_is_written_whole(
    sail: SparkEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "FEW", 1)
    fill(sail, shop(purchases=[{"customer_id": number} for number in range(1, 12)]))
    sail.build(TODAY)
    bases = []
    for number in range(1, 4):
        fill(sail, only(purchases=[{"customer_id": number, "transaction_id": 100 + number}]))
        assert computed(sail) == ("incremental", 1)
        commit = sail.lake.last_commit() or {}
        bases.append(commit["base"] == commit["folder"])
    assert bases == [False, True, False]
    found = rows(sail, "SELECT customer_id, total_purchases FROM customer_360")
    assert {row["customer_id"]: row["total_purchases"] for row in found} == {
        number: 2 if number < 4 else 1 for number in range(1, 12)
    }


def test_builds_that_ended_side_by_side_take_nobodys_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "KEPT_BUILDS", 1)
    now = datetime(2024, 5, 4, 12, tzinfo=UTC)
    hours = {"11": (11, 50), "12, read": (12, 26), "12, beside it": (12, 25.5), "13": (13, 1), "14": (14, 0)}
    builds = [
        {
            "build_id": number,
            "folder": name,
            "base": None,
            "finished_at": sweeping._naive(now - timedelta(hours=ago)),
        }
        for name, (number, ago) in hours.items()
    ]
    assert set(sweeping._read(builds, now)) == hours.keys() - {"11"}


def test_folders_that_nobody_reads_any_more_are_emptied(
    sail: SparkEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Builds of the last day stay, then the latest and their base; one that never ended stays a week."""
    monkeypatch.setattr(sweeping, "KEPT_BUILDS", 1)
    fill(sail, shop(purchases=[{"customer_id": number} for number in range(1, 4)]))
    note_attempt(sail.lake, "9-failed", datetime.now(UTC) - timedelta(days=8))
    sail.lake.write(sail.lake.frame("SELECT 1 AS one"), "customer_days", folder="9-failed")
    sail.build(TODAY)
    sail.build(TODAY, full=True)
    sail.build(TODAY)
    assert filled(sail) == [1, 2, 3]
    for _ in range(2):
        assert sweep(sail.lake, datetime.now(UTC) + timedelta(hours=25)) == ()
        assert filled(sail) == [2, 3]
    with sail.snapshot():
        assert len(rows(sail, "SELECT * FROM customer_360")) == 3


def filled(engine: SparkEngine) -> list[int]:
    """Return the numbers of the builds whose folders hold files."""
    made = Path(engine.where.tables) / "made"
    return sorted({int(file.relative_to(made).parts[0].split("-")[0]) for file in made.rglob("*.parquet")})
