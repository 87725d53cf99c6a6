"""A server's copies: used while they are what is there, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from patron.api import copying, create_app
from patron.api.context import Context
from patron.api.copying import Copies
from patron.contract import table_named
from patron.engines import connect
from patron.engines.arrow import arrow_schema
from patron.engines.base import Engine, no_progress
from patron.engines.duckdb.serving import DuckDBServing
from patron.settings import Server, Settings
from tests.api.conftest import BASE
from tests.shops import TODAY

CUSTOMER = "/api/v1/customers/27"  # who has bought nothing
PURCHASE = {
    "transaction_id": 5000,
    "customer_id": 27,
    "product_id": 1,
    "purchase_date": TODAY,
    "quantity": 1,
    "total_amount": 12,
    "store_id": None,
    "order_id": None,
}


@contextmanager
def writer(context: Context) -> Iterator[Engine]:
    """Lend an engine that writes beside a server, which on DuckDB is the server's own."""
    if isinstance(context.serving, DuckDBServing):
        yield context.serving._engine
        return
    with connect(context.url, Settings()) as engine:
        yield engine


def asked(client: TestClient) -> tuple[Any, list[str]]:
    """Return how often the customer has bought, and the keys of the timeline."""
    row = client.get(CUSTOMER).json()["customer"]
    items = client.get(f"{CUSTOMER}/timeline").json()["items"]
    return row["total_purchases"], [item["id"] for item in items]


def test_what_is_loaded_and_built_shows_at_once(own: Context) -> None:
    client = TestClient(create_app(own, hosts=["localhost"]), base_url=BASE)
    embedded = isinstance(own.serving, DuckDBServing)
    own.prepare()
    before = asked(client)
    assert (own.copies.facts is not None) == embedded
    table = table_named("purchase_transactions")
    with writer(own) as engine:
        engine.append(table, [pa.RecordBatch.from_pylist([PURCHASE], schema=arrow_schema(table, "bigint"))])
    assert own.copies.facts is None
    assert asked(client) == (before[0], ["5000", *before[1]])
    record = own.serving.build(TODAY, full=False, progress=no_progress)
    own.look_again()
    after = (before[0] + 1, ["5000", *before[1]])
    assert asked(client) == after
    own.prepare()
    assert (own.copies.facts is not None) == embedded
    assert (own.copies.customers_of(record.build_id) is not None) == embedded
    assert asked(client) == after


@pytest.mark.parametrize("room", [0, 30_000])
def test_without_room_for_copies_the_database_answers(
    room: int, own: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.prepare()
    client = TestClient(create_app(own, hosts=["localhost"]), base_url=BASE)
    before = asked(client), client.get("/api/v1/search/customers?q=ann").json()
    monkeypatch.setattr(own.serving, "settings", Settings(server=Server(copied_bytes=room)))
    own.copies = Copies(own.serving)
    own.prepare()
    assert own.copies.facts is None
    assert not own.preparing
    assert (asked(client), client.get("/api/v1/search/customers?q=ann").json()) == before


def test_who_asks_while_copies_are_made_finds_search_prepared_afterwards(
    own: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.prepare()
    own.serving.build(TODAY, full=False, progress=no_progress)
    bring = own.copies.bring_up_to_date

    def asked_meanwhile(build_id: int | None) -> None:
        own.look_again()
        anyio.run(own.mark)
        bring(build_id)

    monkeypatch.setattr(own.copies, "bring_up_to_date", asked_meanwhile)
    own.prepare()
    assert own.terms_kept
    assert not own.preparing


def test_copies_that_failed_are_tried_again_after_the_next_build(
    own: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded = isinstance(own.serving, DuckDBServing)

    def fails(*_: object) -> None:
        raise OSError("INTERRUPT Error")

    own.copies = Copies(own.serving)
    with monkeypatch.context() as patch:
        patch.setattr(copying, "copy_customers", fails)
        own.prepare()
    assert own.copies.facts is None
    assert not own.preparing
    own.serving.build(TODAY, full=False, progress=no_progress)
    own.prepare()
    assert (own.copies.facts is not None) == embedded
