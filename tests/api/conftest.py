"""One server a session and engine, with a small ugly shop behind it, and a client for each role."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from starlette.testclient import TestClient

from patron.access import Role, new_key
from patron.api import create_app
from patron.api.context import Context, opened
from patron.engines import connect
from patron.settings import Server, Settings
from tests.reference import Row, Shop
from tests.shops import TODAY, days_ago, shop
from tests.support.databases import Databases, fill, rows

FORMULA = '=HYPERLINK("http://example.com","x")'
INJECTION = "Robert'); DROP TABLE customer_info;--"
BASE = "http://localhost"
GENEROUS = Server(requests_a_second=1e6, burst=10**6)

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
Clients = dict[str, TestClient]


def small_shop() -> Shop:
    """Return a shop with names that are formulas, injections and other people's letters."""
    names = [
        ("Anna", "Miller"), ("anne-marie", "Smith-Jones"), (FORMULA, INJECTION), ("Élodie", "Müller"),
        ("名前", "姓"), (None, None), ("Bob", "von und zu Hohenfels-Berg"), ("Ann", "Millet"), ("", " "),
        ("%_\\", "?$1"),
    ]  # fmt: skip
    customers: list[dict[str, Any]] = [
        {
            "customer_id": number,
            "first_name": first,
            "last_name": last,
            "email": f"user{number}@example.com" if number % 4 else None,
            "phone_number": f"+1-555-010-{number:04d}" if number % 3 else None,
            "date_of_birth": date(1980, 1, 1) + timedelta(days=number) if number % 5 else None,
            "registration_date": days_ago(800 - number),
        }
        for number, (first, last) in enumerate(names * 3, 1)
    ]
    return shop(
        customers=customers,
        products=[{"category": "Toys", "brand": "Acme"}, {"category": FORMULA, "brand": "Zeta"}, {"category": None}],
        campaigns=[{"campaign_name": INJECTION, "channel": "email"}, {"channel": "TV"}],
        purchases=[
            {
                "customer_id": 1 + number % 23,
                "product_id": 1 + number % 3,
                "purchase_date": days_ago(number * 7 % 700),
                "total_amount": (number * 37 % 900) - 40,
                "order_id": number // 2 if number % 3 else None,
            }
            for number in range(200)
        ],
        contacts=[
            {
                "customer_id": 1 + number % 11,
                "interaction_date": days_ago(number * 3),
                "satisfaction_score": 1 + number % 5,
            }
            for number in range(40)
        ],
        responses=[
            {"customer_id": 1 + number % 9, "campaign_id": 1 + number % 2, "response_date": days_ago(number * 5)}
            for number in range(30)
        ],
        visits=[{"customer_id": 1 + number % 7, "visit_date": days_ago(number)} for number in range(30)],
        views=[
            {
                "customer_id": 1 + number % 7,
                "product_id": 1 + number % 3,
                "viewed_at": f"2024-06-{1 + number % 29:02d} 10:0{number % 10}:00",
            }
            for number in range(30)
        ],
    )  # fmt: skip


def small_database(url: str) -> None:
    """Fill an empty database with the small shop and build it."""
    with connect(url, Settings()) as engine:
        engine.init()
        fill(engine, small_shop())
        engine.build(TODAY)


@pytest.fixture(scope="session")
def url(kind: str, databases: Databases) -> str:
    """The database of the small shop, built."""
    url = databases.empty(kind)
    small_database(url)
    return url


@pytest.fixture(scope="session")
def context(url: str) -> Iterator[Context]:
    """A server's context on it, with credentials needed."""
    with opened(url, Settings(server=GENEROUS)) as context:
        context.open_to_all = False
        context.prepare()
        yield context


@pytest.fixture
def own(kind: str, url: str, databases: Databases, tmp_path: Path) -> Iterator[Context]:
    """A server's context on a shop that no other test sees, open to all."""
    if kind == "duckdb":
        database = shutil.copyfile(url, tmp_path / "shop.duckdb").as_posix()
    else:
        database = databases.empty(kind)
        small_database(database)
    with opened(database, Settings()) as context:
        yield context
    if kind != "duckdb":
        databases.drop(database)


@pytest.fixture(scope="session")
def clients(context: Context) -> Iterator[Clients]:
    """A client for each role, and one called nobody without credentials."""
    app = create_app(context, hosts=["localhost"])
    made: Clients = {"nobody": TestClient(app, base_url=BASE, raise_server_exceptions=False)}
    for role in Role:
        key = new_key(role, f"the {role}")
        context.access.add(key.key)
        headers = {"Authorization": f"Bearer {key.text}"}
        made[role.value] = TestClient(app, base_url=BASE, headers=headers, raise_server_exceptions=False)
    yield made
    for client in made.values():
        client.close()


@pytest.fixture
def viewer(clients: Clients) -> TestClient:
    """A client with the role viewer."""
    return clients["viewer"]


@pytest.fixture
def analyst(clients: Clients) -> TestClient:
    """A client with the role analyst."""
    return clients["analyst"]


@pytest.fixture
def admin(clients: Clients) -> TestClient:
    """A client with the role admin."""
    return clients["admin"]


@pytest.fixture(scope="session")
def customers(url: str, context: Context) -> list[Row]:
    """All rows of customer_360, by id."""
    with context.serving.reading(60) as engine:
        return rows(engine, "SELECT * FROM customer_360 ORDER BY customer_id")


def problem(response: Any, status: int) -> dict[str, Any]:
    """Return the problem that a response is, after checking that it is a whole one."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:patron:problem:")
    assert document["request_id"] == response.headers["x-request-id"]
    assert document["detail"].endswith((".", "?"))
    return document
