"""Natural keys as shops have them: with slashes, percent signs and other people's letters in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from patron.api import create_app
from patron.api.context import opened
from patron.customers.timeline import first_pages, timeline
from patron.engines import connect
from patron.settings import Settings
from tests.api.conftest import BASE, problem
from tests.shops import shop
from tests.support.databases import Databases, fill

IDS = [
    "a/b",
    "a",
    "a/timeline",
    "a%2Fb",
    "100%",
    "x?y#z",
    "..",
    "../a",
    "/",
    "Ä ö",
    "名/前",
    "a+b&c=d",
    "'; --",
]
KEYS = ["b", "B", "ä", "Z", "10", "9", "_", "a b"]  # of contacts of one day
TODAY = date(2024, 6, 30)


@pytest.fixture(scope="module")
def client(kind: str, databases: Databases) -> Iterator[TestClient]:
    """An admin who asks about customers with such keys."""
    url, settings = databases.empty(kind), Settings(id_type="text")
    with connect(url, settings) as engine:
        engine.init()
        fill(
            engine,
            shop(
                customers=[{"customer_id": one, "first_name": f"Named {one}"} for one in IDS],
                products=[{"product_id": "p/1"}],
                purchases=[
                    {"transaction_id": f"t/{number}", "customer_id": one, "product_id": "p/1"}
                    for number, one in enumerate(IDS)
                ],
                contacts=[
                    {"interaction_id": one, "customer_id": "a", "interaction_date": TODAY} for one in KEYS
                ],
            ),
        )
        engine.build(TODAY)
    with opened(url, settings) as context:
        yield TestClient(create_app(context), base_url=BASE)


@pytest.mark.parametrize("customer", IDS)
def test_a_customer_is_found_under_the_encoded_id(customer: str, client: TestClient) -> None:
    address = f"/api/v1/customers/{quote(customer, safe='').replace('.', '%2E')}"
    profile = client.get(address).json()["customer"]
    assert (profile["customer_id"], profile["first_name"]) == (customer, f"Named {customer}")
    items = client.get(f"{address}/timeline").json()["items"]
    assert [item["id"] for item in items if item["kind"] == "purchase"] == [f"t/{IDS.index(customer)}"]
    assert client.get(f"{address}/why/total_purchases").json()["value"] == 1


def test_many_such_customers_are_answered_together(client: TestClient) -> None:
    with client.app.state.context.serving.reading(60) as engine:  # type: ignore[attr-defined]
        pages = first_pages(engine, [*IDS, "nobody"], 20)
    bought = {
        one: [item.key for item in items if item.kind == "purchase"] for one, (items, _) in pages.items()
    }
    assert bought == {one: [f"t/{number}"] for number, one in enumerate(IDS)}


def test_facts_of_one_moment_come_by_code_point_whoever_orders_them(client: TestClient) -> None:
    wanted = sorted(KEYS, reverse=True)
    with client.app.state.context.serving.reading(60) as engine:  # type: ignore[attr-defined]
        for limit in (3, 20):
            alone, _ = timeline(engine, "a", limit, kinds=["contact"])
            together, _ = first_pages(engine, IDS, limit + 1)["a"]  # with the one purchase
            assert [item.key for item in alone] == wanted[:limit]
            assert [item.key for item in together if item.kind == "contact"] == wanted[:limit]


def test_pages_of_such_ids_hold_together(client: TestClient) -> None:
    rows: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = client.get("/api/v1/customers", params={"limit": 3, **after}).json()
        rows += [row["customer_id"] for row in page["rows"]]
        if page["next"] is None:
            break
        after = {"cursor": page["next"]}
    assert rows == sorted(IDS)


@pytest.mark.parametrize("path", ["a%2Fc", "%00", "a%00b", "%EF%B7%90", "%2e%2e%2f%2e%2e", "x" * 201, "%FF"])
def test_an_id_that_nobody_has_is_a_problem(path: str, client: TestClient) -> None:
    for more in ("", "/timeline", "/why/email"):
        answer = client.get(f"/api/v1/customers/{path}{more}")
        problem(answer, 422 if len(path) > 200 else 404)
