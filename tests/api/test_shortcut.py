"""The short way for what is answered from memory, against the long way over the same addresses."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from patron.api import create_app
from patron.api.context import Context, opened
from patron.api.observing import Observing, operation_of
from patron.api.shortcut import Shortcut
from patron.engines import connect
from patron.settings import Settings
from tests.api.conftest import BASE, Clients
from tests.api.test_odd_ids import IDS
from tests.shops import TODAY, shop
from tests.support.databases import Databases, fill

API = "/api/v1"
ENDS = ("", "/timeline")
CUSTOMERS = (
    "1", "2", "7", "24", "27", "30", "0", "-1", "007", "999999", "99999999999999999999", "abc", "1.0", "", "%20",
    "1%0A", "%EF%BC%91", "1%00", "1%2F2", "..", "%2e%2e", "x" * 200, "x" * 201, "1/", "1//timeline", "%FF", "1;a",
)  # fmt: skip
QUERIES = (
    "limit=3", "limit=200", "limit=201", "limit=0", "limit=x", "kind=purchase", "kind=party", "cursor=abc", "cursor=",
    "unknown=1", "&", "=", "limit=3&limit=4",
)  # fmt: skip
SEARCHES = (
    "q=ann", "q=an+mi", "q=an%20mi", "q=user1", "q=%C3%A9", "q=%FF", "q=%2B1+555", "q=", "q", "", "q=%00",
    "q=" + "x" * 201,
    "q=" + "%C3%A9" * 200, "q=a+b+c+d+e+f", "q=ann&q=bob", "q=ann&limit=1", "q=ann&limit=50", "q=ann&limit=51",
    "q=ann&limit=0", "q=ann&limit=01", "q=ann&limit=+1", "q=ann&limit=1.0", "q=ann&limit=%D9%A1", "q=ann&limit=",
    "q=ann&limit",
    "limit=1", "q=ann&unknown=1", "q=ann;limit=1", "q=ann&&limit=1", "Q=ann",
)  # fmt: skip
ADDRESSES = (
    *(f"{API}/customers/{one}{end}" for one in CUSTOMERS for end in ENDS),
    *(f"{API}/customers/1{end}?{query}" for end in ENDS for query in QUERIES),
    *(f"{API}/search/customers?{query}" for query in SEARCHES),
    f"{API}/search/customers/?q=ann",
    f"{API}/dashboard",
    f"{API}/metrics/churn_risk",
)
FEW = (
    f"{API}/customers/1",
    f"{API}/customers/1/timeline",
    f"{API}/search/customers?q=a&limit=50",
    f"{API}/dashboard",
)


def answers(client: TestClient, address: str) -> list[Any]:
    """Return what is answered to several ways of asking, but for what differs each time."""
    asked = [client.get(address, headers={"Accept-Encoding": "gzip"})]
    if address in FEW:
        tag = asked[0].headers.get("etag", "")
        asked += [
            client.get(address, headers={"If-None-Match": given})
            for given in ("*", tag, f'"x", {tag}', '"x"')
        ]
        asked += [
            client.get(address, headers={"Accept-Encoding": coding})
            for coding in ("identity", "br, GZIP;q=0")
        ]
        asked += [client.head(address), client.post(address), client.options(address)]
    return [_told(answer) for answer in asked]


def _told(answer: Any) -> tuple[int, dict[str, str], set[str], bytes]:
    headers = dict(answer.headers)
    request_id, vary = headers.pop("x-request-id"), headers.pop("vary", "")
    if "content-encoding" in headers:
        del headers["content-length"]  # of the same bytes, compressed in another way
    body: bytes = answer.content.replace(request_id.encode(), b"")
    return answer.status_code, headers, set(vary.split(", ")), body


def noted(context: Context, number: int) -> list[tuple[str, ...]]:
    """Return what the audit log says of its latest entries."""
    return [
        (one.caller, one.role, one.action, one.subject, str(one.details))
        for one in context.access.entries(number)
    ]


def only_the_long_way(patch: pytest.MonkeyPatch) -> None:
    """Have every request go the long way."""

    async def nothing(*_: object) -> None:
        return None

    patch.setattr(Shortcut, "_answer", nothing)


@pytest.mark.parametrize("role", ["viewer", "analyst", "nobody"])
def test_both_ways_answer_and_note_the_same(
    role: str, clients: Clients, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, most = clients[role], 10**6
    before = len(noted(context, most))
    short = {address: answers(client, address) for address in ADDRESSES}
    number = len(noted(context, most)) - before
    of_short = noted(context, number)
    only_the_long_way(monkeypatch)
    for address in ADDRESSES:
        assert answers(client, address) == short[address], address
    assert len(noted(context, most)) == before + 2 * number
    assert noted(context, number) == of_short
    assert (number > 0) == (role == "analyst")


def test_both_ways_answer_the_same_of_odd_ids(
    kind: str, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, settings = databases.empty(kind), Settings(id_type="text")
    with connect(url, settings) as engine:
        engine.init()
        purchases = [
            {"transaction_id": f"t/{one}", "customer_id": one, "product_id": None} for one in IDS[::2]
        ]
        fill(engine, shop(customers=[{"customer_id": one} for one in IDS], purchases=purchases))
        engine.build(TODAY)
    addresses = [
        f"{API}/customers/{quote(one, safe='').replace('.', '%2E')}{end}" for one in IDS for end in ENDS
    ]
    with opened(url, settings) as context:
        context.prepare()
        client = TestClient(create_app(context), base_url=BASE)
        short = [answers(client, address) for address in addresses]
        only_the_long_way(monkeypatch)
        assert [answers(client, address) for address in addresses] == short
    assert {answer[0][0] for answer in short} == {200}
    databases.drop(url)


def test_the_short_way_is_taken(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, answer = [], Shortcut._answer

    async def counted(self: Shortcut, scope: Any) -> Any:
        found = await answer(self, scope)
        taken.append(found is not None)
        return found

    monkeypatch.setattr(
        "patron.api.context.GLANCE_SECONDS", 60
    )  # a look at the build would take the long way
    clients["viewer"].get(f"{API}/dashboard")  # once the long way
    monkeypatch.setattr(Shortcut, "_answer", counted)
    for address in (
        *FEW,
        f"{API}/customers/0",
        f"{API}/customers/a%2Fb/timeline",
        f"{API}/search/customers?q=a",
    ):
        clients["viewer"].get(address)
    assert all(taken)
    assert len(taken) == len(FEW) + 3


def test_who_asks_is_told_of_on_the_short_way_as_on_the_long_one(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {
        f"{API}/customers/1": "get_customer",
        f"{API}/customers/a%2Fb/timeline": "get_timeline",
        f"{API}/search/customers?q=a": "search_customers",
    }
    seen: list[tuple[str, bool]] = []

    def tell(_: Observing, scope: Any, *__: object) -> None:
        seen.append((operation_of(scope), bool(scope.get("patron.caller"))))

    monkeypatch.setattr(Observing, "_tell", tell)
    for _ in range(2):
        for address in addresses:
            clients["viewer"].get(address)
        only_the_long_way(monkeypatch)
    assert seen == 2 * [(name, True) for name in addresses.values()]
