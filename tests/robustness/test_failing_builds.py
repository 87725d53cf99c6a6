"""A build that fails says why in one sentence and leaves everything as it was; the next one goes on."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from patron.contract import table_named
from patron.engines import Engine
from patron.engines.arrow import arrow_schema
from patron.errors import BuildError, NotReconciled
from patron.model.steps import step_named
from tests.robustness.states import state_of
from tests.robustness.stock import SECOND_DAY

PURCHASES = table_named("purchase_transactions")


def buy_too_much(engine: Engine) -> None:
    """Let a customer buy for more than fits into the sum."""
    customer = engine.query("SELECT MIN(customer_id) AS id FROM customer_info")[0]["id"]
    rows: list[dict[str, object]] = [
        {
            "transaction_id": -number,
            "customer_id": customer,
            "purchase_date": date(2025, 1, 1),
            "total_amount": Decimal("9999999999999.99"),
        }
        for number in range(1, 1002)
    ]
    append(engine, rows)


def append(engine: Engine, rows: list[dict[str, object]]) -> None:
    schema = arrow_schema(PURCHASES, "bigint")
    engine.append(PURCHASES, [pa.RecordBatch.from_pylist(rows, schema=schema)])


@pytest.mark.parametrize("full", [True, False], ids=["full", "incremental"])
def test_a_step_that_fails(shop: Engine, full: bool) -> None:
    buy_too_much(shop)
    before, contents = state_of(shop), shop.contents()
    with pytest.raises(BuildError) as caught:
        shop.build(SECOND_DAY, full=full)
    assert "\n" not in str(caught.value)
    assert any(word in str(caught.value) for word in ("DECIMAL(18,2)", "overflow")), caught.value
    found = re.search(r"failed in the step (\w+) and customer_360 is as it was", str(caught.value))
    assert found is not None
    assert "purchase_transactions" in step_named(found[1]).reads
    assert state_of(shop) == before
    assert shop.contents() == contents
    shop.query("DELETE FROM purchase_transactions WHERE transaction_id < 0")
    assert shop.build(SECOND_DAY, full=full).build_id == 2


def test_a_result_that_does_not_agree_with_its_sources(shop: Engine) -> None:
    shop.query(
        "DELETE FROM customer_features WHERE customer_id = (SELECT MIN(customer_id) FROM customer_features)"
    )
    before, contents = state_of(shop), shop.contents()
    with pytest.raises(NotReconciled, match="for customers the sources have"):
        shop.build(SECOND_DAY)
    assert state_of(shop) == before
    assert shop.contents() == contents
    assert shop.build(SECOND_DAY, full=True).build_id == 2


@pytest.mark.parametrize(
    ("figure", "row"),
    [
        ("purchase rows", "purchase_transactions WHERE total_amount = 0 AND transaction_id < 0"),
        ("revenue", "purchase_transactions WHERE total_amount < 0"),
        ("service contacts", "customer_service"),
        ("answers", "campaign_responses WHERE LOWER(response_type) NOT IN ('click', 'purchase', 'positive')"),
        ("website visits", "website_behavior WHERE session_id NOT IN (SELECT session_id FROM product_views)"),
        ("product views", "product_views"),
    ],
)
def test_a_row_that_went_with_no_note_of_it(shop: Engine, figure: str, row: str) -> None:
    bought = {"transaction_id": -1, "customer_id": 1, "purchase_date": SECOND_DAY, "total_amount": Decimal(0)}
    append(shop, [bought])
    shop.build(SECOND_DAY)
    table, _, condition = row.partition(" WHERE ")
    key, day = table_named(table).key.name, table_named(table).date
    seen = f"CAST({day} AS DATE) <= DATE '{SECOND_DAY}' AND {condition or 'TRUE'}"
    delete = f"DELETE FROM {table} WHERE {key} = (SELECT MIN({key}) FROM {table} WHERE {seen})"
    before = len(shop.query(f"SELECT {key} FROM {table}"))
    if shop.dialect == "postgres":  # no trigger is to note it
        shop.query("SET session_replication_role = replica")
    shop.query(delete)
    if shop.dialect == "postgres":
        shop.query("RESET session_replication_role")
    assert len(shop.query(f"SELECT {key} FROM {table}")) == before - 1
    with pytest.raises(NotReconciled, match=f"reconcile: for {figure} the sources have"):
        shop.build(SECOND_DAY)
    shop.build(SECOND_DAY, full=True)


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2200, 1, 1)])
def test_a_day_on_which_no_fact_can_be_dated(shop: Engine, day: date) -> None:
    with pytest.raises(BuildError, match=rf"lies in the years 1900 to 2199, and {day} does not"):
        shop.build(day)
