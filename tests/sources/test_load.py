"""Loading sound files: what is stored, what counts as new, and whose row is noted as changed."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from patron.contract import CONTRACT
from patron.engines import Engine, Progress
from patron.errors import NoDatabase, SettingsError
from patron.settings import Settings
from patron.sources.load import TableCounts, load
from tests.conftest import MakeEngine
from tests.sources import files
from tests.sources.files import changed, counts, keys, refused, shop_files, stored, write, write_parquet


def test_rows_arrive_with_their_types(engine: Engine, tmp_path: Path) -> None:
    report = load(engine, shop_files(tmp_path))
    assert report.tables == (
        TableCounts("customer_info", 3, inserted=3),
        TableCounts("product_catalog", 2, inserted=2),
        TableCounts("purchase_transactions", 3, inserted=3),
    )
    assert stored(engine, "customer_info")[2] == {
        "customer_id": 3,
        "first_name": "Cem",
        "last_name": "Çelik",
        "email": None,
        "phone_number": None,
        "date_of_birth": None,
        "registration_date": None,
    }
    assert stored(engine, "purchase_transactions")[2] == {
        "transaction_id": 102,
        "customer_id": 2,
        "product_id": 10,
        "purchase_date": date(2024, 2, 1),
        "quantity": -1,
        "total_amount": Decimal("-2.50"),
        "store_id": None,
        "order_id": None,
    }
    assert report.reasons == {}


def test_all_tables_of_the_contract(engine: Engine, tmp_path: Path) -> None:
    shop_files(
        tmp_path,
        marketing_campaigns=files.CAMPAIGNS,
        customer_service=files.SERVICE + "30,1,2024-02-01,complaint,10,resolved,5\n",
        campaign_responses=files.RESPONSES + "40,20,1,2024-03-02,click\n",
        website_behavior=files.VISITS + "50,1,2024-03-01,3,60,direct\n",
        product_views=files.VIEWS + "60,50,1,10,2024-03-01 10:30:00\n",
    )
    report = load(engine, tmp_path)
    assert [one.table for one in report.tables] == [table.name for table in CONTRACT]
    assert report.inserted == report.rows_read == 13
    assert stored(engine, "product_views")[0]["viewed_at"] == datetime(2024, 3, 1, 10, 30)


def test_the_same_files_again_change_nothing(engine: Engine, tmp_path: Path) -> None:
    broken = files.PURCHASES + "103,9,10,2024-01-01,1,1.00,,\n103,9\n"
    shop_files(tmp_path, purchase_transactions=broken)
    load(engine, tmp_path)
    tables = ("customer_info", "product_catalog", "purchase_transactions")
    before = [stored(engine, table) for table in tables], refused(engine, "*")
    changed(engine)
    report = load(engine, tmp_path)
    assert ([stored(engine, table) for table in tables], refused(engine, "*")) == before
    assert (report.inserted, report.updated, report.unchanged, report.quarantined) == (0, 0, 8, 2)
    assert report.new_in_quarantine == 0
    assert changed(engine) == set()


def test_another_row_of_a_known_key_replaces_it(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    changed(engine)
    moved = files.PURCHASES.replace("102,2,10", "102,3,10")
    report = load(engine, write(tmp_path / "new" / "purchase_transactions.csv", moved))
    assert counts(report, "purchase_transactions") == TableCounts(
        "purchase_transactions", 3, updated=1, unchanged=2
    )
    assert [row["customer_id"] for row in stored(engine, "purchase_transactions")] == [1, 1, 3]
    assert changed(engine) == {2, 3}, "the old and the new customer"


def test_customers_of_new_and_changed_rows_are_noted(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    assert changed(engine) == {1, 2, 3}
    load(engine, write(tmp_path / "customer_info-2.csv", files.CUSTOMERS.replace("Bob", "Rob") + "4,,,,,,\n"))
    assert changed(engine) == {2, 4}
    another = files.PURCHASES + "103,3,11,2024-01-05,1,7.00,,\n"
    load(engine, write(tmp_path / "purchase_transactions-2.csv", another))
    assert changed(engine) == {3}


def test_buyers_of_a_product_that_changed_are_noted(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    changed(engine)
    path = tmp_path / "product_catalog.csv"
    load(engine, write(path, files.PRODUCTS.replace("Kitchen", "Household")))
    assert changed(engine) == {1}, "only customer 1 bought the cup"


def test_those_who_answered_a_changed_campaign_are_noted(engine: Engine, tmp_path: Path) -> None:
    shop_files(
        tmp_path,
        marketing_campaigns=files.CAMPAIGNS,
        campaign_responses=files.RESPONSES + "40,20,3,2024-03-02,click\n",
    )
    load(engine, tmp_path)
    changed(engine)
    load(engine, write(tmp_path / "marketing_campaigns.csv", files.CAMPAIGNS.replace("email", "TV")))
    assert changed(engine) == {3}


def test_several_files_make_one_table(engine: Engine, tmp_path: Path) -> None:
    lines = files.PURCHASES.splitlines()
    shop_files(tmp_path, purchase_transactions=f"{lines[0]}\n{lines[1]}\n")
    write(tmp_path / "purchase_transactions" / "2024" / "part-1.csv.gz", f"{lines[0]}\n{lines[2]}\n")
    write(tmp_path / "Purchase_Transactions-02.TSV", f"{lines[0]}\n{lines[3]}\n".replace(",", "\t"))
    report = load(engine, tmp_path)
    assert counts(report, "purchase_transactions") == TableCounts("purchase_transactions", 3, inserted=3)
    assert len(report.files) == 5


def test_columns_in_another_order_and_case(engine: Engine, tmp_path: Path) -> None:
    load(engine, write(tmp_path / "customer_info.csv", "\ufeffEmail, Customer_ID \nann@example.com,1\n"))
    assert stored(engine, "customer_info")[0]["email"] == "ann@example.com"


def test_missing_optional_columns_are_none_and_noted(engine: Engine, tmp_path: Path) -> None:
    report = load(engine, write(tmp_path / "customer_info.csv", "customer_id,email\n1,a@example.com\n"))
    assert stored(engine, "customer_info")[0]["registration_date"] is None
    assert any("registration_date" in note for note in report.notes)


def test_only_a_header_is_no_rows(engine: Engine, tmp_path: Path) -> None:
    report = load(engine, write(tmp_path / "customer_info.csv", files.CUSTOMERS.splitlines()[0]))
    assert report.tables == (TableCounts("customer_info", 0),)


def test_parquet_is_the_same_as_csv(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "text"))
    folder = tmp_path / "typed"
    write_parquet(
        folder / "customer_info.parquet",
        {
            "customer_id": pa.array([1, 2, 3], pa.int32()),
            "first_name": ["Ann", "Bob", "Cem"],
            "last_name": pa.array(["Ash", "Birch", "Çelik"]).dictionary_encode(),
            "email": ["ann@example.com", "bob@example.com", ""],
            "phone_number": [None, "555-0102", None],
            "date_of_birth": pa.array([datetime(1980, 1, 1, 13, 45), None, None], pa.timestamp("ns")),
            "registration_date": ["2020-01-01", "2021-06-15 23:59:59", None],
        },
    )
    write_parquet(
        folder / "purchase_transactions.parquet",
        {
            "transaction_id": pa.array([100, 101, 102], pa.uint64()),
            "customer_id": ["1", "1", "2"],
            "product_id": [10.0, 11.0, 10.0],
            "purchase_date": pa.array([date(2024, 1, 5), date(2024, 1, 5), date(2024, 2, 1)]),
            "quantity": pa.array([2, 1, -1], pa.int8()),
            "total_amount": [5.0, 7.0000000001, -2.5],
            "store_id": pa.array([1, 1, None], pa.int64()),
            "order_id": pa.array([Decimal("900.0"), Decimal("900.0"), None], pa.decimal128(10, 1)),
        },
    )
    report = load(engine, folder)
    assert (report.unchanged, report.rows_read) == (6, 6), report


def test_ids_as_text(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine(Settings(id_type="text"))
    shop_files(
        tmp_path,
        customer_info="customer_id\nA-1\n007\n",
        product_catalog="product_id,category\n85123A,Lamps\n",
        purchase_transactions=(
            "transaction_id,customer_id,product_id,purchase_date,total_amount\n"
            "t1,A-1,85123A,2024-01-01,1\nt2,7,85123A,2024-01-01,1\nt3,007,85123a,2024-01-01,1\n"
        ),
    )
    report = load(engine, tmp_path)
    assert keys(engine, "purchase_transactions") == ["t1"]
    assert report.reasons == {"purchase_transactions": {"unknown_customer": 1, "unknown_product": 1}}


def test_orphans_only_where_allowed(engine: Engine, tmp_path: Path) -> None:
    shop_files(
        tmp_path,
        purchase_transactions=files.PURCHASES
        + "103,1,99,2024-01-01,1,1.00,,\n104,9,99,2024-01-01,1,1.00,,\n",
        website_behavior=files.VISITS,
        product_views=files.VIEWS + "60,50,1,10,2024-03-01\n",
    )
    first = load(engine, tmp_path)
    assert first.reasons == {
        "purchase_transactions": {"unknown_customer": 1, "unknown_product": 1},
        "product_views": {"unknown_session": 1},
    }
    second = load(engine, tmp_path, allow_orphans={"products"})
    assert keys(engine, "purchase_transactions") == [100, 101, 102, 103]
    assert (second.inserted, second.released) == (1, 1)
    load(engine, tmp_path, allow_orphans={"products", "sessions"})
    assert keys(engine, "product_views") == [60]
    assert refused(engine, "reason_code") == [("unknown_customer",)]


def test_orphans_drop_no_foreign_key_without_need(engine: Engine, tmp_path: Path) -> None:
    report = load(engine, shop_files(tmp_path), allow_orphans={"products"})
    assert not any("foreign key" in note for note in report.notes)


def test_customers_are_never_allowed_to_be_unknown(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be 'customers'"):
        load(engine, shop_files(tmp_path), allow_orphans={"customers"})


def test_buyers_of_a_product_that_arrives_late_are_noted(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path, product_catalog="product_id\n11\n"), allow_orphans={"products"})
    changed(engine)
    load(engine, write(tmp_path / "late" / "product_catalog.csv", files.PRODUCTS.replace("11,Cup", "12,Pot")))
    assert changed(engine) == {1, 2}, "both bought product 10 before it was known"


def test_loads_are_recorded(engine: Engine, tmp_path: Path) -> None:
    first = load(engine, shop_files(tmp_path))
    second = load(engine, tmp_path)
    assert (first.load_id, second.load_id) == (1, 2)
    rows = engine.query("SELECT * FROM loads ORDER BY load_id")
    assert [(row["rows_read"], row["inserted"], row["unchanged"]) for row in rows] == [(8, 8, 0), (8, 0, 8)]
    assert rows[0]["source"] == str(tmp_path)
    assert rows[0]["started_at"] <= rows[0]["finished_at"]
    details = json.loads(rows[0]["details"])
    assert details["tables"][0]["table"] == "customer_info"
    assert [file["name"] for file in details["files"]] == [
        "customer_info.csv",
        "product_catalog.csv",
        "purchase_transactions.csv",
    ]


def test_progress_reaches_its_end(engine: Engine, tmp_path: Path) -> None:
    told: list[Progress] = []
    load(engine, shop_files(tmp_path), progress=told.append)
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert Progress("reading", size, size) in told
    assert told[-1] == Progress("storing", 8, 8)


def test_a_database_without_tables_says_what_to_do(empty_url: str, tmp_path: Path) -> None:
    from patron.engines import connect

    with connect(empty_url, Settings()) as engine, pytest.raises(NoDatabase, match="patron init"):
        load(engine, shop_files(tmp_path))
