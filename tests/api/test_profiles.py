"""Profiles, timelines and reasons, against the rows themselves."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from patron.api.context import Context
from patron.contract import FACTS, Table
from patron.customers.conditions import kinds
from patron.customers.profiles import profiles
from patron.customers.timeline import first_pages
from tests.api.conftest import problem, small_shop
from tests.reference import Row
from tests.shops import TODAY

API = "/api/v1/customers"
KINDS = {
    "customer_service": "contact",
    "campaign_responses": "response",
    "website_behavior": "visit",
    "product_views": "view",
}


def moment(table: Table, row: Row) -> datetime:
    """Return when a fact happened."""
    value = row[str(table.date)]
    return value if isinstance(value, datetime) else datetime.combine(value, time.min)


def expected(customer: int) -> list[tuple[str, str]]:
    """Return the kind and key of a customer's facts, the latest first."""
    found = []
    for number, table in enumerate(FACTS):
        for row in small_shop()[table.name]:
            if row["customer_id"] == customer:
                kind = KINDS.get(table.name) or ("return" if row["total_amount"] < 0 else "purchase")
                key = row[table.key.name]
                found.append((-moment(table, row).timestamp(), number, -key, kind, str(key)))
    return [(kind, key) for *_, kind, key in sorted(found)]


def timeline(client: TestClient, customer: int, limit: int, **query: Any) -> list[dict[str, Any]]:
    """Return all pages of a timeline."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        page = client.get(f"{API}/{customer}/timeline", params={**query, "limit": limit, **more}).json()
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


def test_a_profile_is_the_customers_row(analyst: TestClient, customers: list[Row]) -> None:
    for row in customers[:5]:
        answer = analyst.get(f"{API}/{row['customer_id']}")
        document = answer.json()["customer"]
        assert list(document) == list(kinds("bigint"))
        assert document["last_name"] == row["last_name"]
        assert document["customer_segment"] == row["customer_segment"]
        assert (
            analyst.get(
                f"{API}/{row['customer_id']}", headers={"If-None-Match": answer.headers["etag"]}
            ).status_code
            == 304
        )


def test_what_one_role_has_seen_is_not_unchanged_for_another(viewer: TestClient, analyst: TestClient) -> None:
    tag = viewer.get(f"{API}/1").headers["etag"]
    assert analyst.get(f"{API}/1", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    "customer", ["0", "-1", "999999", "99999999999999999999", "abc", "1.0", "\uff11", "1%00", "' OR 1=1"]
)
def test_an_unknown_customer_is_a_problem(customer: str, viewer: TestClient) -> None:
    for path in ("", "/timeline", "/spend", "/why/recency_score"):
        problem(viewer.get(f"{API}/{customer}{path}"), 404)


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_a_timeline_has_every_fact_once_the_latest_first(limit: int, viewer: TestClient) -> None:
    for customer in (1, 2, 7, 24, 30):
        items = timeline(viewer, customer, limit)
        assert [(item["kind"], item["id"]) for item in items] == expected(customer)


@pytest.mark.parametrize("few", [0, 4])  # 0: the database ranks all facts
@pytest.mark.parametrize("limit", [1, 3, 200])
def test_many_who_are_asked_for_together_are_what_each_is_alone(
    limit: int, few: int, context: Context, customers: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patron.customers.facts.FEW", few)
    ids = [row["customer_id"] for row in customers]
    with context.serving.reading(60) as engine:
        pages = first_pages(engine, [*ids, 999], limit)
        assert profiles(engine, [*ids, 999]) == {row["customer_id"]: row for row in customers}
        for customer in (*ids, 999):
            alone = first_pages(engine, [customer], limit)
            assert pages.get(customer) == alone.get(customer)
    assert pages.keys() == set(ids)
    for customer, (items, after) in pages.items():
        everything = expected(customer)
        assert [(item.kind, str(item.key)) for item in items] == everything[:limit]
        assert (after is None) == (len(everything) <= limit)


def test_a_timeline_of_some_kinds_has_those_alone(viewer: TestClient) -> None:
    for kinds_wanted in (["purchase"], ["return"], ["view", "return"], ["visit", "contact"]):
        items = timeline(viewer, 2, 2, kind=kinds_wanted)
        assert [(item["kind"], item["id"]) for item in items] == [
            one for one in expected(2) if one[0] in kinds_wanted
        ]
    problem(viewer.get(f"{API}/1/timeline?kind=party"), 422)


def test_spend_by_month_is_the_rows_sums_without_a_gap(viewer: TestClient, customers: list[Row]) -> None:
    for row in customers:
        paid: dict[str, Decimal] = {}
        for one in small_shop()["purchase_transactions"]:
            if one["customer_id"] == row["customer_id"] and one["purchase_date"] <= TODAY:
                month = one["purchase_date"].replace(day=1).isoformat()
                paid[month] = paid.get(month, Decimal(0)) + one["total_amount"]
        rows = viewer.get(f"{API}/{row['customer_id']}/spend").json()["rows"]
        months = [one["month"] for one in rows]
        assert {one["month"]: one["revenue"] for one in rows if one["month"] in paid} == {
            month: float(amount) for month, amount in paid.items()
        }
        assert all(one["revenue"] == 0 for one in rows if one["month"] not in paid)
        assert sum(one["revenue"] for one in rows) == pytest.approx(float(row["total_lifetime_value"]))
        if paid:
            assert (months[0], months[-1]) == (min(paid), TODAY.replace(day=1).isoformat())
            span = (TODAY.year - int(months[0][:4])) * 12 + TODAY.month - int(months[0][5:7]) + 1
            assert len(set(months)) == len(months) == span


def test_facts_tell_what_they_are_about(viewer: TestClient) -> None:
    items = timeline(viewer, 1, 50)
    bought = next(item for item in items if item["kind"] == "purchase" and item["fact"]["product_id"] == "1")
    assert (bought["fact"]["category"], bought["fact"]["brand"]) == ("Toys", "Acme")
    answered = next(item for item in items if item["kind"] == "response")
    assert answered["fact"]["channel"] in ("email", "TV")
    assert "customer_id" not in bought["fact"]


@pytest.mark.parametrize("column", kinds("bigint"))
def test_every_value_has_its_reason(column: str, analyst: TestClient, customers: list[Row]) -> None:
    document = analyst.get(f"{API}/1/why/{column}").json()
    shown = analyst.get(f"{API}/1").json()["customer"]
    assert document["value"] == shown[column]
    assert document["meaning"]
    assert document["formula"]
    assert document["step"]


def test_a_reason_has_the_facts_behind_it_up_to_the_builds_day(viewer: TestClient) -> None:
    document = viewer.get(f"{API}/1/why/total_lifetime_value?limit=200").json()
    (facts,) = document["facts"]
    assert facts["table"] == "purchase_transactions"
    assert "total_amount" in facts["uses"]
    assert sum(row["total_amount"] for row in facts["rows"]) == pytest.approx(document["value"])
    assert [source for source in document["sources"] if source.endswith("total_amount")]


def test_the_facts_behind_a_value_come_in_pages(viewer: TestClient) -> None:
    whole = viewer.get(f"{API}/1/why/total_purchases?limit=200").json()["facts"][0]["rows"]
    rows, cursor = [], None
    while True:
        query: dict[str, Any] = {
            "table": "purchase_transactions",
            "limit": 2,
            **({"cursor": cursor} if cursor else {}),
        }
        (facts,) = viewer.get(f"{API}/1/why/total_purchases", params=query).json()["facts"]
        rows += facts["rows"]
        cursor = facts["next"]
        if cursor is None:
            break
    assert len(whole) > 4
    assert rows == whole


def test_a_score_shows_its_cut_points_and_a_segment_its_settings(viewer: TestClient) -> None:
    assert len(viewer.get(f"{API}/1/why/recency_score").json()["cut_points"]) == 4
    segment = viewer.get(f"{API}/1/why/customer_segment").json()
    assert segment["cut_points"] is None
    assert segment["settings"] == {"high_value_above": "10000", "medium_value_above": "5000"}
    assert "High Value" in segment["formula"]
    assert viewer.get(f"{API}/1/why/favorite_brand").json()["facts"][0]["table"] == "purchase_transactions"


def test_a_reason_that_there_is_not_is_a_problem(viewer: TestClient, context: Context) -> None:
    assert "recency_score" in problem(viewer.get(f"{API}/1/why/recency_scor"), 422)["detail"]
    problem(viewer.get(f"{API}/1/why/total_purchases?table=website_behavior"), 422)
    problem(viewer.get(f"{API}/1/why/total_purchases?cursor=abc"), 422)
