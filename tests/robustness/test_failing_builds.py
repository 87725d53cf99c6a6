"""A build that fails says why in one sentence and leaves everything as it was; the next one goes on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from patron.contract import table_named
from patron.engines import Engine
from patron.engines.arrow import arrow_schema
from patron.errors import BuildError, NotReconciled
from tests.robustness.states import state_of
from tests.robustness.stock import SECOND_DAY

PURCHASES = table_named("purchase_transactions")


def buy_too_much(engine: Engine) -> None:
    """Let a customer buy for more than fits into the sum."""
    customer = engine.query("SELECT MIN(customer_id) AS id FROM customer_info")[0]["id"]
    rows = [
        {
            "transaction_id": -number,
            "customer_id": customer,
            "purchase_date": date(2025, 1, 1),
            "total_amount": Decimal("9999999999999999.99"),
        }
        for number in (1, 2)
    ]
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
