"""Requests that nobody sends by mistake: each is answered with a clear problem that gives nothing away."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from starlette.testclient import TestClient

from patron.api.context import Context
from patron.api.cursors import Cursors
from patron.errors import RequestError
from tests.api.conftest import Clients, problem

API = "/api/v1"
STRINGS = [
    "' OR '1'='1",
    "'; DROP TABLE customer_info; --",
    '"; SELECT 1; --',
    "$1",
    "??x",
    "%s",
    "%(x)s",
    "{0}",
    "\\",
    "\\'; --",
    "\u202e\u0000x",
    "a\0b",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "=1+1",
    "x" * 400,
]


def ask(client: TestClient, path: str, **query: Any) -> Any:
    """Ask for a path with a query."""
    return client.get(f"{API}/{path}", params=query)


@pytest.mark.parametrize("text", STRINGS)
def test_no_string_is_taken_for_sql(text: str, analyst: TestClient) -> None:
    everybody = ask(analyst, "counts/customers").json()["customers"]
    answers = [
        ask(analyst, "customers", where=f"last_name:eq:{text}"),
        ask(analyst, "customers", where=f"{text}:eq:1"),
        ask(analyst, "customers", where=f"last_name:{text}:1"),
        ask(analyst, "customers", where=f"total_purchases:ge:{text}"),
        ask(analyst, "customers", sort=text),
        ask(analyst, "customers", q=text),
        ask(analyst, "customers", favorite_product_category=text),
        ask(analyst, "search/customers", q=text),
        ask(analyst, "metrics/total_customers", preferred_marketing_channel=text),
        ask(analyst, "quarantine/rows", table=text),
        analyst.get(f"{API}/dictionary/{text.replace('/', '')}".replace("?", "%3F").replace("\0", "%00")),
    ]
    for answer in answers:
        assert answer.status_code in (200, 404, 422), answer.text
        if answer.status_code != 200:
            problem(answer, answer.status_code)
        elif "rows" in answer.json() and "metric" not in answer.json():
            assert answer.json()["rows"] == []
        for secret in ("duckdb", "psycopg", "Traceback", "SELECT ", "site-packages"):
            assert secret not in answer.text.replace(text, "")
    assert ask(analyst, "counts/customers").json()["customers"] == everybody


@pytest.mark.parametrize(
    "where",
    [
        "total_purchases",
        "total_purchases:",
        "total_purchases:ge",
        "total_purchases:ge:",
        "total_purchases:ge:many",
        "total_purchases:ge:1.5",
        "total_purchases:ge:99999999999999999999999999",
        "total_purchases:contains:1",
        "total_lifetime_value:ge:NaN",
        "total_lifetime_value:ge:1e400",
        "average_order_value:ge:inf",
        "last_purchase_date:ge:2024-13-01",
        "last_purchase_date:ge:20000-01-01",
        "email:missing:yes",
        "email:like:x",
        ":::",
        "",
    ],
)
def test_conditions_that_make_no_sense_are_problems(where: str, analyst: TestClient) -> None:
    for path in ("customers", "counts/customers", "exports/customers"):
        problem(ask(analyst, path, where=where), 422)


def test_too_many_and_too_long_are_problems(analyst: TestClient) -> None:
    problem(ask(analyst, "customers", where=["email:present"] * 201), 422)
    problem(ask(analyst, "customers", favorite_product_category=["x"] * 2_000), 414)
    problem(ask(analyst, "customers", q="x" * 201), 422)
    problem(ask(analyst, "search/customers", q="a b c d e f"), 422)
    problem(ask(analyst, "search/customers", q=""), 422)
    for limit in ("0", "-1", "201", "1e3", "all", str(2**64)):
        problem(ask(analyst, "customers", limit=limit), 422)
    problem(analyst.get(f"{API}/builds/{2**63}"), 422)
    problem(analyst.get(f"{API}/builds/one"), 422)


def test_a_forged_cursor_is_a_problem(analyst: TestClient, context: Context) -> None:
    good = ask(analyst, "customers", limit=2).json()["next"]
    other = ask(analyst, "customers", limit=2, sort="email").json()["next"]
    raw = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
    changed = base64.urlsafe_b64encode(raw[:16] + b'["1 OR 1=1",1]').decode().rstrip("=")
    stranger = Cursors(b"another shop's").write(["customers", {}], [1, 1])
    for cursor in (other, changed, stranger, good[:-2], good + "AA", "x", "=", "é", "a" * 4000, "\0", ""):
        problem(ask(analyst, "customers", limit=2, cursor=cursor), 422)
    problem(ask(analyst, "customers", limit=2, cursor="a" * 5000), 422)
    problem(ask(analyst, "customers/1/timeline", cursor=good), 422)
    problem(ask(analyst, "loads", cursor=good), 422)
    assert ask(analyst, "customers", limit=5, cursor=good).status_code == 200


def test_a_cursor_is_of_one_question() -> None:
    cursors = Cursors(b"secret")
    cursor = cursors.write(["a", {"x": 1, "y": 2}], ["2024-01-01", 7])
    assert cursors.read(["a", {"y": 2, "x": 1}], cursor) == ["2024-01-01", 7]
    assert cursors.read("anything", None) is None
    with pytest.raises(RequestError):
        cursors.read(["a", {"x": 1, "y": 3}], cursor)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"as_of": 1e999}',
        b'{"as_of": "2024-02-30"}',
        b'{"as_of": "0001-01-01"}',
        b'{"full": "perhaps"}',
        b'{"as_off": "2024-01-01"}',
        b'{"full": true, "more": 1}',
        b"[" * 30_000,
        b'{"as_of":' * 5_000,
        b"\xff\xfe",
        b'{"as_of": "\\ud800"}',
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_body_that_makes_no_sense_is_a_problem(body: bytes, admin: TestClient, context: Context) -> None:
    answer = admin.post(f"{API}/builds", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code)
    assert context.builder.job is None


def test_a_body_that_is_too_long_or_no_json_is_a_problem(admin: TestClient) -> None:
    long = b'{"as_of": "' + b"x" * 100_000 + b'"}'
    problem(admin.post(f"{API}/builds", content=long, headers={"Content-Type": "application/json"}), 413)
    problem(
        admin.post(f"{API}/builds", content=iter([long]), headers={"Content-Type": "application/json"}), 413
    )
    problem(admin.post(f"{API}/builds", content=b"as_of=2024-01-01"), 422)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    problem(admin.post(f"{API}/builds", content=b"as_of=2024-01-01", headers=form), 422)


def test_what_the_driver_says_stays_here(
    clients: Clients, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret words of /var/lib/shop and user1@example.com")

    monkeypatch.setattr("patron.api.figures.compute", broken)
    answer = clients["analyst"].get(f"{API}/metrics/rfm", params={"customer_segment": "High Value"})
    assert problem(answer, 500)["type"] == "urn:patron:problem:fault"
    assert "secret" not in answer.text
