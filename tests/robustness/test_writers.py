"""Other applications write to the contract tables while PostgreSQL builds: no change of theirs is ever lost."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import psycopg
import pytest

from patron.engines import Engine
from patron.engines.postgres import PostgresEngine
from tests.robustness.seed import seeded
from tests.robustness.states import RESULT, difference, state_of
from tests.robustness.threads import together
from tests.shops import TODAY, days_ago, shop
from tests.support.databases import fill, requested_engines

BUILDS = 20
WRITERS = 3
# What writers may do to each other.
BETWEEN_WRITERS = (psycopg.errors.ForeignKeyViolation, psycopg.errors.DeadlockDetected)
_IDS = range(
    2, 11
)  # customers who did everything once, each with a product and a campaign of its own; 1 did nothing


@pytest.fixture(scope="module", params=[kind for kind in requested_engines() if kind != "duckdb"])
def kind(request: pytest.FixtureRequest) -> str:
    """A PostgreSQL: only there do others write beside Patron."""
    return str(request.param)


@pytest.fixture
def postgres(engine: Engine) -> PostgresEngine:
    """A small shop, built."""
    assert isinstance(engine, PostgresEngine)
    everybody = [{"customer_id": number, "product_id": number} for number in _IDS]
    whole = shop(
        customers=[{"registration_date": days_ago(100)} for _ in range(1 + len(_IDS))],
        products=[{"category": f"category {number}", "brand": f"brand {number}"} for number in range(1, 11)],
        campaigns=[{"channel": f"channel {number}"} for number in range(1, 11)],
        purchases=everybody,
        contacts=everybody,
        responses=[{"customer_id": number, "campaign_id": number} for number in _IDS],
        visits=[{"customer_id": number} for number in _IDS],
        views=[{**row, "viewed_at": TODAY.isoformat()} for row in everybody],
    )
    fill(engine, whole)
    engine.build(TODAY)
    return engine


@dataclass(frozen=True)
class Change:
    """What one transaction changes, and what another one does before that commits."""

    statement: str
    meanwhile: str = "SELECT"


_BUY_9 = "INSERT INTO purchase_transactions VALUES (99, 1, 9, DATE '2024-06-01', 1, 500, NULL, NULL)"
_VIEW_9 = "INSERT INTO product_views VALUES (99, NULL, 1, 9, TIMESTAMP '2024-06-01 12:00')"
_ANSWER_9 = "INSERT INTO campaign_responses VALUES (99, 9, 1, DATE '2024-06-30', 'click')"

_CHANGES = {
    "a new purchase": Change(_BUY_9),
    "a purchase of another amount": Change(
        "UPDATE purchase_transactions SET total_amount = 7 WHERE transaction_id = 3"
    ),
    "a purchase of another customer": Change(
        "UPDATE purchase_transactions SET customer_id = 2 WHERE transaction_id = 3"
    ),
    "a purchase less": Change("DELETE FROM purchase_transactions WHERE transaction_id = 3"),
    "a new customer": Change("INSERT INTO customer_info (customer_id) VALUES (99)"),
    "a customer of another name": Change("UPDATE customer_info SET first_name = 'Ada' WHERE customer_id = 3"),
    "a new product": Change("INSERT INTO product_catalog (product_id, category) VALUES (99, 'new')"),
    "a product of another category": Change(
        "UPDATE product_catalog SET category = 'new' WHERE product_id = 3"
    ),
    "a campaign on another channel": Change(
        "UPDATE marketing_campaigns SET channel = 'new' WHERE campaign_id = 3"
    ),
    "a product that is bought meanwhile": Change(
        "UPDATE product_catalog SET category = 'new', brand = 'new' WHERE product_id = 9", _BUY_9
    ),
    "a product that is looked at meanwhile": Change(
        "UPDATE product_catalog SET category = 'new' WHERE product_id = 9", _VIEW_9
    ),
    "a campaign that is answered meanwhile": Change(
        "UPDATE marketing_campaigns SET channel = 'new' WHERE campaign_id = 9", _ANSWER_9
    ),
}


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES.keys())
def test_a_transaction_open_during_a_build_is_in_the_next(postgres: PostgresEngine, change: Change) -> None:
    with psycopg.connect(postgres.url) as writer:
        writer.execute(change.statement.encode())
        postgres.query(change.meanwhile)
        postgres.build(TODAY)
    assert_incremental_is_full(postgres)


def assert_incremental_is_full(engine: Engine) -> None:
    """Fail unless an incremental build now has the result that a full one has."""
    assert engine.build(TODAY).kind == "incremental"
    found = state_of(engine, *RESULT)
    engine.build(TODAY, full=True)
    assert difference(found, state_of(engine, *RESULT)) == []


@pytest.mark.slow
def test_writers_during_builds_lose_nothing(postgres: PostgresEngine) -> None:
    over = threading.Event()

    def build() -> None:
        try:
            for number in range(BUILDS):
                postgres.build(TODAY, full=number % 4 == 0)
        finally:
            over.set()

    def write(rng: random.Random, ids: Iterator[int]) -> None:
        with psycopg.connect(postgres.url) as writer:
            while not over.wait(rng.random() / 50):
                for _ in range(rng.randrange(3)):
                    with suppress(*BETWEEN_WRITERS), writer.transaction():
                        writer.execute(a_change(rng, next(ids)).encode())
                    over.wait(rng.random() / 50)
                writer.commit()

    rng = seeded("writers")
    together(
        [
            build,
            *(
                partial(write, random.Random(rng.random()), itertools.count(100 + number, WRITERS))
                for number in range(WRITERS)
            ),
        ]
    )
    assert_incremental_is_full(postgres)


def a_change(rng: random.Random, new: int) -> str:
    """Return a statement that changes something; `new` is an id that nothing has yet."""
    some, other, amount = rng.randint(1, 10), rng.randint(1, 10), rng.randint(-20, 500)
    day = "DATE '2024-06-01'"
    one_of = "(SELECT {0} FROM {1} ORDER BY random() LIMIT 1)"
    purchase = one_of.format("transaction_id", "purchase_transactions")
    return rng.choice(
        (
            f"INSERT INTO purchase_transactions VALUES ({new}, {some}, {other}, {day}, 1, {amount}, 1, {some})",
            f"UPDATE purchase_transactions SET total_amount = {amount} WHERE transaction_id = {purchase}",
            f"UPDATE purchase_transactions SET customer_id = {some} WHERE transaction_id = {purchase}",
            f"UPDATE purchase_transactions SET product_id = {some} WHERE transaction_id = {purchase}",
            f"DELETE FROM purchase_transactions WHERE transaction_id = {purchase}",
            f"INSERT INTO campaign_responses VALUES ({new}, {some}, {other}, {day}, 'click')",
            f"INSERT INTO product_views VALUES ({new}, NULL, {some}, {other}, TIMESTAMP '2024-06-01 12:00')",
            f"INSERT INTO customer_service VALUES ({new}, {some}, {day}, 'inquiry', NULL, 'resolved', 5)",
            f"INSERT INTO customer_info (customer_id) VALUES ({new})",
            f"UPDATE customer_info SET email = '{new}@example.com' WHERE customer_id = {some}",
            f"DELETE FROM customer_info WHERE customer_id = {new - 10 * WRITERS}",
            f"UPDATE product_catalog SET category = 'category {amount}', brand = NULL WHERE product_id = {some}",
            f"UPDATE marketing_campaigns SET channel = 'channel {amount}' WHERE campaign_id = {some}",
        )
    )
