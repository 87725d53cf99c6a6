"""Lists, counts, search and export of customers, against the rows of customer_360 themselves."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv as csv_reader
from pyarrow import parquet
from starlette.testclient import TestClient

from patron.api.copying import Copies
from patron.customers.conditions import PERSONAL, kinds
from tests.api.conftest import FORMULA, INJECTION, problem
from tests.reference import Row
from tests.shops import TODAY

API = "/api/v1"
COLUMNS = list(kinds("bigint"))
Condition = tuple[str, Callable[[Row], bool]]

CONDITIONS: list[Condition] = [
    ("total_purchases:ge:5", lambda row: row["total_purchases"] >= 5),
    ("total_purchases:lt:5", lambda row: row["total_purchases"] < 5),
    ("total_lifetime_value:gt:1000.50", lambda row: row["total_lifetime_value"] > Decimal("1000.50")),
    ("last_purchase_date:le:2024-05-01", lambda row: (row["last_purchase_date"] or TODAY) <= date(2024, 5, 1)),
    ("favorite_brand:eq:Acme", lambda row: row["favorite_brand"] == "Acme"),
    ("favorite_brand:ne:Acme", lambda row: row["favorite_brand"] not in (None, "Acme")),
    ("favorite_brand:missing", lambda row: row["favorite_brand"] is None),
    ("email:present", lambda row: row["email"] is not None),
    ("email:contains:ER1", lambda row: _known(row, "email") and "er1" in row["email"]),
    ("last_name:starts:mil", lambda row: _known(row, "last_name") and row["last_name"].lower().startswith("mil")),
    (f"last_name:eq:{INJECTION}", lambda row: row["last_name"] == INJECTION),
    (f"favorite_product_category:eq:{FORMULA}", lambda row: row["favorite_product_category"] == FORMULA),
    ("first_name:contains:%_", lambda row: _known(row, "first_name") and "%_" in row["first_name"]),
    ("last_name:contains:?$1", lambda row: _known(row, "last_name") and "?$1" in row["last_name"]),
    ("customer_id:eq:7", lambda row: row["customer_id"] == 7),
    ("average_order_value:ge:2.5e2", lambda row: (row["average_order_value"] or 0) >= 250),
    ("first_name:gt:B", lambda row: _known(row, "first_name") and row["first_name"] > "B"),
]  # fmt: skip


def _known(row: Row, column: str) -> bool:
    return row[column] is not None


def walk(client: TestClient, limit: int, **query: Any) -> list[dict[str, Any]]:
    """Return all rows of a list, page by page."""
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get(
            f"{API}/customers", params={**query, "limit": limit, **({"cursor": cursor} if cursor else {})}
        )
        assert page.status_code == 200, page.text
        rows += page.json()["rows"]
        cursor = page.json()["next"]
        if cursor is None:
            return rows
        assert len(page.json()["rows"]) == limit


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one[0])
def test_conditions_choose_what_they_say(
    condition: Condition, analyst: TestClient, customers: list[Row]
) -> None:
    text, holds = condition
    wanted = [str(row["customer_id"]) for row in customers if holds(row)]
    assert [row["customer_id"] for row in walk(analyst, 200, where=text)] == wanted
    assert analyst.get(f"{API}/counts/customers", params={"where": text}).json()["customers"] == len(wanted)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", COLUMNS)
def test_pages_by_any_column_are_whole_and_in_order(
    column: str, descending: bool, analyst: TestClient, customers: list[Row]
) -> None:
    if column == "customer_id":
        wanted = sorted(customers, key=lambda row: row[column], reverse=descending)
    else:
        known = sorted((row for row in customers if _known(row, column)), key=lambda row: row["customer_id"])
        known.sort(key=lambda row: row[column], reverse=descending)
        wanted = [*known, *(row for row in customers if not _known(row, column))]
    rows = walk(analyst, 11, sort=f"{'-' if descending else ''}{column}")
    assert [row["customer_id"] for row in rows] == [str(row["customer_id"]) for row in wanted]


def test_filters_and_conditions_hold_together(analyst: TestClient, customers: list[Row]) -> None:
    query = {
        "customer_segment": ["Low Value"],
        "churn_risk_score": ["1", "2"],
        "where": ["total_purchases:ge:1"],
    }
    wanted = [
        str(row["customer_id"])
        for row in customers
        if row["customer_segment"] == "Low Value"
        and row["churn_risk_score"] in (1, 2)
        and row["total_purchases"] >= 1
    ]
    assert wanted
    assert [row["customer_id"] for row in walk(analyst, 5, **query)] == wanted


def test_values_come_as_they_are(analyst: TestClient, customers: list[Row]) -> None:
    shown = {row["customer_id"]: row for row in walk(analyst, 200)}
    for row in customers:
        one = shown[str(row["customer_id"])]
        assert list(one) == COLUMNS
        assert one["email"] == row["email"]
        assert one["total_lifetime_value"] == float(row["total_lifetime_value"])
        assert one["as_of"] == row["as_of"].isoformat()


# -- only some columns ------------------------------------------------------------------------------------


def test_only_the_columns_asked_for_come_in_their_order(analyst: TestClient, customers: list[Row]) -> None:
    query = {"columns": ["total_purchases", "email", "total_purchases"], "sort": "-first_name"}
    narrow, whole = walk(analyst, 7, **query), walk(analyst, 7, sort="-first_name")
    assert [list(row) for row in narrow] == [["customer_id", "total_purchases", "email"]] * len(customers)
    assert narrow == [{name: row[name] for name in narrow[0]} for row in whole]
    assert list(analyst.get(f"{API}/customers", params={"columns": "customer_id"}).json()["rows"][0]) == [
        "customer_id"
    ]


def test_a_cursor_goes_on_with_other_columns(analyst: TestClient) -> None:
    first = analyst.get(f"{API}/customers", params={"limit": 5, "columns": "email"}).json()
    query = {"limit": 5, "columns": ["as_of", "last_name"], "cursor": first["next"]}
    second = analyst.get(f"{API}/customers", params=query).json()
    assert second["rows"] == [
        {name: row[name] for name in ("customer_id", "as_of", "last_name")} for row in walk(analyst, 10)[5:10]
    ]


def test_an_unknown_column_is_named_with_the_nearest(analyst: TestClient) -> None:
    for path in ("customers", "exports/customers"):
        answer = analyst.get(f"{API}/{path}", params={"columns": ["customer_id", "emial"]})
        assert "no column 'emial'. Did you mean 'email'?" in problem(answer, 422)["detail"]


def test_masked_columns_stay_masked_when_asked_for(viewer: TestClient, customers: list[Row]) -> None:
    page = viewer.get(f"{API}/customers", params={"limit": 200, "columns": [*PERSONAL]}).json()
    assert page["masked"] == list(PERSONAL)
    assert page["rows"] == [
        {
            "customer_id": str(row["customer_id"]),
            "email": row["email"] and "•••",
            "phone_number": row["phone_number"] and "•••",
            "date_of_birth": None,
        }
        for row in customers
    ]


# -- what a viewer does not see ---------------------------------------------------------------------------


def test_a_viewer_sees_personal_data_masked(
    viewer: TestClient, analyst: TestClient, customers: list[Row]
) -> None:
    texts = [viewer.get(f"{API}/customers?limit=200").text, viewer.get(f"{API}/search/customers?q=a").text]
    texts += [viewer.get(f"{API}/customers/{row['customer_id']}").text for row in customers]
    for text in texts:
        assert "@example.com" not in text
        assert "555-010" not in text
        assert "1980-" not in text
    page = viewer.get(f"{API}/customers?limit=200").json()
    assert page["masked"] == list(PERSONAL)
    for shown, row in zip(page["rows"], customers, strict=True):
        assert shown["email"] == (None if row["email"] is None else "•••")
        assert shown["date_of_birth"] is None
        assert shown["first_name"] == row["first_name"]
    assert analyst.get(f"{API}/customers").json()["masked"] == []


@pytest.mark.parametrize("column", PERSONAL)
def test_a_viewer_cannot_ask_about_what_is_masked(
    column: str, viewer: TestClient, analyst: TestClient
) -> None:
    for path in ("customers", "counts/customers"):
        # Not even after an analyst has asked the same.
        assert analyst.get(f"{API}/{path}", params={"where": f"{column}:present"}).status_code == 200
        problem(viewer.get(f"{API}/{path}", params={"where": f"{column}:present"}), 403)
        problem(viewer.get(f"{API}/{path}", params={"sort": f"-{column}"}), 403)
    problem(viewer.get(f"{API}/customers/1/why/{column}"), 403)


def test_a_viewer_finds_nobody_by_what_is_masked(viewer: TestClient, analyst: TestClient) -> None:
    for text in ("user1@", "1555010"):
        assert analyst.get(f"{API}/search/customers", params={"q": text}).json()["rows"]
        assert viewer.get(f"{API}/search/customers", params={"q": text}).json()["rows"] == []
        assert viewer.get(f"{API}/counts/customers", params={"q": text}).json()["customers"] == 0


# -- search -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["copied", "indexed", "neither"])
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("anna", {1, 11, 21}),
        ("ANN mill", {1, 8, 11, 18, 21, 28}),
        ("mill ann", {1, 8, 11, 18, 21, 28}),
        ("marie", {2, 12, 22}),
        ("jones", {2, 12, 22}),
        ("smith-j", {2, 12, 22}),
        ("berg", {7, 17, 27}),
        ("und zu", {7, 17, 27}),
        ("hohenf", {7, 17, 27}),
        ("hohenfels-b", {7, 17, 27}),
        ("von und zu hohenfels-berg", {7, 17, 27}),
        ("ohenfels", set()),
        ("user17@example.com", {17}),
        ("user1", {1, 10, 11, 13, 14, 15, 17, 18, 19}),
        ("+1 (555) 010-0007", {7}),
        ("5550100007", {7}),
        ("30", {30}),
        ("élodie", {4, 14, 24}),
        ("名", {5, 15, 25}),
        ("robert');", {3, 13, 23}),
        ("=hyper", {3, 13, 23}),
        ("%_", {10, 20, 30}),
        ("?$1", {10, 20, 30}),
        ("nobody", set()),
        ("\U0010ffff", set()),
        ("  ", set()),
    ],
)
def test_search_finds_by_the_beginning_of_words(
    text: str,
    wanted: set[int],
    way: str,
    analyst: TestClient,
    context: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(context, "terms_kept", way != "neither")
    if way != "copied":
        monkeypatch.setattr(context, "copies", Copies(context.serving))
    found = analyst.get(f"{API}/search/customers", params={"q": text, "limit": 50}).json()["rows"]
    assert {int(row["customer_id"]) for row in found} == wanted
    assert len(found) == len(wanted)
    if text.strip():
        listed = walk(analyst, 200, q=text)
        assert {int(row["customer_id"]) for row in listed} == wanted


def test_the_table_of_terms_is_made_and_not_made_twice(context: Any) -> None:
    assert context.terms_kept
    mark = context.serving.kept("customer_terms")
    context.prepare()
    assert context.serving.kept("customer_terms") == mark


def test_terms_of_a_former_build_are_not_searched(
    context: Any, analyst: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> bool:
        raise OSError("no room")

    monkeypatch.setattr("patron.api.context.prepare", fails)
    monkeypatch.setattr(context, "terms_kept", True)
    monkeypatch.setattr(context, "_prepared", None)  # as after a build by somebody else
    monkeypatch.setattr(context, "memory", context.memory)
    context.look_again()
    assert analyst.get(f"{API}/search/customers", params={"q": "anna"}).status_code == 200
    assert not context.terms_kept
    context.prepare()
    assert not context.terms_kept
    monkeypatch.undo()
    context.prepare()
    assert context.terms_kept


# -- export -----------------------------------------------------------------------------------------------


def test_csv_has_every_row_and_no_formula(analyst: TestClient, customers: list[Row]) -> None:
    answer = analyst.get(f"{API}/exports/customers", params={"sort": "-customer_id"})
    assert answer.headers["content-disposition"] == 'attachment; filename="customers-2024-06-30.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["customer_id"] for row in rows] == [str(row["customer_id"]) for row in customers][::-1]
    for row in rows:
        for name in ("first_name", "last_name", "favorite_product_category"):
            assert not row[name].startswith(("=", "+", "-", "@"))
    assert rows[-3]["first_name"] == f"'{FORMULA}"


def test_parquet_has_the_values_as_they_are(analyst: TestClient, customers: list[Row]) -> None:
    query = {"format": "parquet", "where": "total_purchases:ge:5"}
    table = parquet.read_table(pa.BufferReader(analyst.get(f"{API}/exports/customers", params=query).content))
    wanted = [row for row in customers if row["total_purchases"] >= 5]
    assert table.column("customer_id").to_pylist() == [row["customer_id"] for row in wanted]
    assert table.column("total_lifetime_value").to_pylist() == [row["total_lifetime_value"] for row in wanted]
    assert table.column("first_name").to_pylist() == [row["first_name"] for row in wanted]


@pytest.mark.parametrize("kind_of_file", ["csv", "parquet"])
def test_a_file_has_the_columns_asked_for(
    kind_of_file: str, analyst: TestClient, customers: list[Row]
) -> None:
    query = {"format": kind_of_file, "columns": ["total_purchases", "customer_segment"]}
    content = analyst.get(f"{API}/exports/customers", params=query).content
    read = csv_reader.read_csv if kind_of_file == "csv" else parquet.read_table
    names = ("customer_id", "total_purchases", "customer_segment")
    table = read(pa.BufferReader(content))
    assert table.column_names == [*names]
    assert table.to_pylist() == [{name: row[name] for name in names} for row in customers]


def test_nothing_found_is_an_empty_file(analyst: TestClient) -> None:
    query = {"where": "total_purchases:ge:5000"}
    assert analyst.get(f"{API}/exports/customers", params=query).text.strip().split(",") == COLUMNS
    problem(analyst.get(f"{API}/exports/customers", params={"where": "no:eq:1"}), 422)
