"""Figures over the API are those of the metrics, once computed for each build."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from patron.api.context import Context
from patron.api.rendering import dumped, with_text_ids
from patron.metrics import Filters, Period, compute, registry
from tests.api.conftest import Clients, problem

API = "/api/v1"
QUERIES: list[tuple[dict[str, Any], dict[str, Any], tuple[Any, Any]]] = [
    ({}, {}, (None, None)),
    ({"customer_segment": ["High Value", "Low Value"]}, {}, (None, None)),
    ({"churn_risk_score": ["1", "5"], "rfm_segment": ["Hibernating"]}, {}, ("2024-01-01", "2024-03-31")),
    (
        {"favorite_product_category": ["Unknown", "Toys", '=HYPERLINK("http://example.com","x")']},
        {},
        (None, None),
    ),
]


def figure(
    context: Context, name: str, filters: dict[str, Any], days: tuple[Any, Any], **options: Any
) -> Any:
    """Return a figure as the metrics give it, in JSON."""
    with context.serving.reading(60) as engine:
        made = compute(engine, name, Filters.of(filters), Period.of(*days), **options)
    lists = {
        key: [with_text_ids(row) for row in value] if isinstance(value, list) else value
        for key, value in made.document().items()
    }
    return json.loads(dumped(lists))


def parameters(filters: dict[str, Any], days: tuple[Any, Any]) -> dict[str, Any]:
    """Return the same as a request says it."""
    return {**filters, **{name: day for name, day in zip(("from", "to"), days, strict=True) if day}}


@pytest.mark.parametrize(("filters", "options", "days"), QUERIES)
@pytest.mark.parametrize("name", registry())
def test_a_figure_is_the_metrics_own(
    name: str, filters: Any, options: Any, days: Any, viewer: TestClient, context: Context
) -> None:
    answer = viewer.get(f"{API}/metrics/{name}", params=parameters(filters, days))
    assert answer.json() == figure(context, name, filters, days, **options)


def test_options_are_taken_by_the_metrics_that_have_them(viewer: TestClient, context: Context) -> None:
    answer = viewer.get(f"{API}/metrics/segment_distribution", params={"by": "rfm_segment"}).json()
    assert answer == figure(context, "segment_distribution", {}, (None, None), by="rfm_segment")
    assert len(viewer.get(f"{API}/metrics/top_customers", params={"limit": 7}).json()["rows"]) == 7
    problem(viewer.get(f"{API}/metrics/top_customers", params={"limit": 101}), 422)
    problem(viewer.get(f"{API}/metrics/total_customers", params={"limit": 7}), 422)


def test_the_dashboard_has_every_figure(viewer: TestClient, context: Context) -> None:
    filters = {"customer_segment": ["Low Value"]}
    document = viewer.get(f"{API}/dashboard", params=filters).json()
    assert list(document["metrics"]) == list(registry())
    for name, one in document["metrics"].items():
        assert one == figure(context, name, filters, (None, None))


def test_an_unchanged_figure_costs_a_304_and_no_query(
    viewer: TestClient, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = viewer.get(f"{API}/metrics/rfm")
    tag = first.headers["etag"]

    async def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing is to be computed")

    context._looked = float("inf")
    monkeypatch.setattr(context, "read", refuse)
    for known in (tag, f'"other", {tag}', "*"):
        again = viewer.get(f"{API}/metrics/rfm", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    kept = viewer.get(f"{API}/metrics/rfm", headers={"If-None-Match": '"other"'})
    assert (kept.status_code, kept.json()) == (200, first.json())
    context.look_again()


def test_a_figure_is_compressed_where_that_is_wanted(viewer: TestClient) -> None:
    with viewer.stream("GET", f"{API}/dashboard", headers={"Accept-Encoding": "gzip"}) as zipped:
        raw = b"".join(zipped.iter_raw())
    plain = viewer.get(f"{API}/dashboard", headers={"Accept-Encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert json.loads(gzip.decompress(raw)) == plain.json()
    assert len(raw) < len(plain.content) / 2


@pytest.mark.parametrize(
    "query",
    [
        {"customer_segment": "Hihg Value"},
        {"churn_risk_score": "6"},
        {"churn_risk_score": "1; DROP TABLE customer_info"},
        {"from": "2024-02-30"},
        {"from": "2024-03-01", "to": "2024-02-01"},
        {"from": "0001-01-01"},
        {"customers_segment": "High Value"},
        {"favorite_product_category": "a\0b"},
        {"favorite_product_category": ["x"] * 201},
    ],
)
def test_filters_that_make_no_sense_are_problems(query: dict[str, Any], viewer: TestClient) -> None:
    for path in ("/dashboard", "/metrics/monthly_revenue"):
        assert problem(viewer.get(f"{API}{path}", params=query), 422)["detail"]


def test_what_the_metrics_mean_is_told(viewer: TestClient) -> None:
    told = {one["name"]: one for one in viewer.get(f"{API}/metrics").json()["metrics"]}
    assert list(told) == list(registry())
    for name, metric in registry().items():
        assert told[name]["meaning"] == metric.meaning
        assert told[name]["columns"] == metric.columns


def test_what_is_kept_is_still_for_those_alone_who_may_ask(clients: Clients) -> None:
    for _ in range(3):
        assert clients["viewer"].get(f"{API}/dashboard").status_code == 200
        problem(clients["nobody"].get(f"{API}/dashboard"), 401)
        assert clients["viewer"].get(f"{API}/dashboard", headers={"Host": "evil.example"}).status_code == 400


def test_the_filters_choices_are_the_customers_own(viewer: TestClient) -> None:
    answer = viewer.get(f"{API}/filters").json()
    customers = viewer.get(f"{API}/metrics/total_customers").json()["rows"][0]["value"]
    for one in answer["filters"]:
        assert sum(value["customers"] for value in one["values"]) == customers
        for value in one["values"]:
            narrowed = viewer.get(
                f"{API}/metrics/total_customers", params={one["name"]: value["value"]}
            ).json()
            assert narrowed["rows"][0]["value"] == value["customers"]
