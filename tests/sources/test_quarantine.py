"""Rows in quarantine: they wait for their parents, are repaired, tried again, or discarded with a record."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from patron.engines import Engine
from patron.errors import SourceError
from patron.settings import Settings
from patron.sources.load import TableCounts, load
from patron.sources.repair import discard, export_for_repair, reasons, retry
from patron.sources.returning import Which
from patron.sources.undo import undo
from tests.conftest import MakeEngine
from tests.sources import files
from tests.sources.files import changed, counts, keys, refused, shop_files, stored, write
from tests.sources.test_load_undo import everything


def repaired(path: Path, **cells: str) -> Path:
    """Change cells of the only row of an exported file."""
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    rows[0] |= cells
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


# -- waiting ------------------------------------------------------------------------------------------------


def test_a_row_is_taken_up_when_its_customer_arrives(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1", customer_info="customer_id\n1\n"))
    changed(engine)
    report = load(engine, write(tmp_path / "2" / "customer_info.csv", files.CUSTOMERS))
    assert counts(report, "purchase_transactions") == TableCounts("purchase_transactions", 1, 1, taken_up=1)
    assert (report.taken_up, report.files[0].name) == (1, "customer_info.csv")
    assert keys(engine, "purchase_transactions") == [100, 101, 102]
    assert refused(engine, "*") == []
    assert 2 in changed(engine)


def test_what_was_taken_up_goes_back_with_an_undo(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1", customer_info="customer_id\n1\n"))
    before = everything(engine)
    load(engine, write(tmp_path / "2" / "customer_info.csv", files.CUSTOMERS))
    with pytest.raises(SourceError, match="undo load 2 first"):
        undo(engine, 1)
    assert undo(engine, 2).back_in_quarantine == 1
    assert everything(engine) == before


def test_a_chain_of_waiting_rows(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1", product_views=files.VIEWS + "60,50,9,10,2024-03-01\n"))
    load(engine, write(tmp_path / "2" / "website_behavior.csv", files.VISITS + "50,9,2024-03-01,3,60,\n"))
    assert sorted(refused(engine, "reason_code")) == [("unknown_customer",), ("unknown_session",)]
    report = load(engine, write(tmp_path / "3" / "customer_info.csv", "customer_id\n9\n"))
    assert (report.taken_up, keys(engine, "website_behavior"), keys(engine, "product_views")) == (
        2,
        [50],
        [60],
    )


def test_a_row_that_waits_for_two_says_what_it_waits_for_now(engine: Engine, tmp_path: Path) -> None:
    row = files.PURCHASES + "103,9,99,2024-01-01,1,1,,\n"
    load(engine, shop_files(tmp_path / "1", purchase_transactions=row))
    assert refused(engine, "reason_code") == [("unknown_customer",)]
    before = everything(engine)
    load(engine, write(tmp_path / "2" / "customer_info.csv", "customer_id\n9\n"))
    assert refused(engine, "reason_code", "reason", "source_line", "load_id") == [
        ("unknown_product", "product_id '99' is not in product_catalog.", 5, 1)
    ]
    load(engine, write(tmp_path / "3" / "product_catalog.csv", "product_id\n99\n"))
    assert (keys(engine, "purchase_transactions"), refused(engine, "*")) == ([100, 101, 102, 103], [])
    undo(engine, 3)
    undo(engine, 2)
    assert everything(engine) == before


def test_of_two_that_waited_the_first_is_taken(engine: Engine, tmp_path: Path) -> None:
    rows = "customer_id,transaction_id,purchase_date,total_amount\n9,1,2024-01-01,1\n9,1,2024-01-01,2\n"
    load(engine, write(tmp_path / "1" / "purchase_transactions.csv", rows))
    load(engine, write(tmp_path / "2" / "customer_info.csv", "customer_id\n9\n"))
    assert [row["total_amount"] for row in stored(engine, "purchase_transactions")] == [1]
    assert refused(engine, "reason_code", "source_line") == [("duplicate_key", 3)]


def test_of_two_that_waited_the_later_load_wins(engine: Engine, tmp_path: Path) -> None:
    head = "customer_id,transaction_id,purchase_date,total_amount\n"
    for amount in "12":
        load(engine, write(tmp_path / "purchase_transactions.csv", f"{head}9,1,2024-01-01,{amount}\n"))
    load(engine, write(tmp_path / "2" / "customer_info.csv", "customer_id\n9\n"))
    assert [row["total_amount"] for row in stored(engine, "purchase_transactions")] == [2]
    assert refused(engine, "*") == []


def test_the_file_goes_before_what_waited(engine: Engine, tmp_path: Path) -> None:
    head = "customer_id,transaction_id,purchase_date,total_amount\n"
    load(engine, write(tmp_path / "purchase_transactions.csv", f"{head}9,1,2024-01-01,1\n"))
    write(tmp_path / "2" / "customer_info.csv", "customer_id\n9\n")
    report = load(
        engine, write(tmp_path / "2" / "purchase_transactions.csv", f"{head}9,1,2024-01-01,2\n").parent
    )
    assert [row["total_amount"] for row in stored(engine, "purchase_transactions")] == [2]
    assert (report.taken_up, report.released, refused(engine, "*")) == (0, 1, [])


# -- repairing ----------------------------------------------------------------------------------------------


def test_an_export_is_repaired_and_tried_again(engine: Engine, tmp_path: Path) -> None:
    broken = files.PURCHASES.replace("2024-02-01", "2024-02-31")
    load(engine, shop_files(tmp_path / "1", purchase_transactions=broken))
    before = everything(engine)
    path = tmp_path / "repair.csv"
    assert export_for_repair(engine, path) == 1
    assert path.read_text().splitlines() == [
        "patron_entry,patron_load,patron_table,patron_file,patron_line,patron_code,patron_reason,transaction_id,"
        "customer_id,product_id,purchase_date,quantity,total_amount,store_id,order_id,patron_raw",
        "1,1,purchase_transactions,purchase_transactions.csv,4,not_a_date,"
        "purchase_date '2024-02-31' is not a date such as 2024-03-31.,102,2,10,2024-02-31,-1,-2.50,,,",
    ]
    repaired(path, purchase_date="2024-02-30")
    still = retry(engine, path)
    assert (still.rows_read, still.quarantined, still.inserted) == (1, 1, 0)
    assert refused(engine, "entry_id", "source_line", "reason") == [
        (1, 4, "purchase_date '2024-02-30' is not a date such as 2024-03-31.")
    ]
    report = retry(engine, repaired(path, purchase_date="2024-02-29"))
    assert report.tables == (TableCounts("purchase_transactions", 1, inserted=1, taken_up=1),)
    assert (keys(engine, "purchase_transactions"), refused(engine, "*")) == ([100, 101, 102], [])
    again = retry(engine, path)
    assert again.rows_read == 0
    assert again.notes == ("1 rows of the file were passed over: they are no longer in the quarantine.",)
    for number in (4, 3, 2):
        undo(engine, number)
    assert everything(engine) == before


def test_a_repair_brings_what_waited_for_it(engine: Engine, tmp_path: Path) -> None:
    broken = files.PURCHASES.replace("2024-02-01", "2024-02-31")
    load(
        engine,
        shop_files(
            tmp_path / "1",
            product_catalog=files.PRODUCTS.replace("2.50", "much"),
            purchase_transactions=broken,
        ),
    )
    before = everything(engine)
    assert [reason for _, reason in sorted(refused(engine, "table_name", "reason_code"))] == [
        "not_a_number",
        "not_a_date",
        "unknown_product",
    ]
    path = tmp_path / "repair.csv"
    export_for_repair(engine, path, Which(reasons=("not_a_number", "not_a_date")))
    path.write_text(path.read_text().replace(",much,", ",2.50,").replace(",2024-02-31,", ",2024-02-29,"))
    report = retry(engine, path)
    assert report.tables == (
        TableCounts("product_catalog", 1, inserted=1, taken_up=1),
        TableCounts("purchase_transactions", 2, inserted=2, taken_up=2),
    )
    assert (keys(engine, "purchase_transactions"), refused(engine, "*")) == ([100, 101, 102], [])
    assert undo(engine, 2).back_in_quarantine == 3
    assert everything(engine) == before


def test_a_line_without_columns_is_repaired(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path, purchase_transactions=files.PURCHASES + "103;1\n"))
    path = tmp_path / "repair.csv"
    export_for_repair(engine, path)
    assert path.read_text().splitlines()[0].endswith("total_amount,store_id,order_id,patron_raw")
    assert "103;1" in path.read_text()
    assert retry(engine).rows_read == 0, "there is nothing to try"
    with path.open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    row |= {"transaction_id": "103", "customer_id": "1", "purchase_date": "2024-01-01", "total_amount": "5"}
    with path.open("w", newline="", encoding="utf-8-sig") as stream:  # as a spreadsheet does
        writer = csv.DictWriter(stream, list(row), delimiter=";")
        writer.writeheader()
        writer.writerow(row)
    assert retry(engine, path).inserted == 1
    assert refused(engine, "*") == []


def test_all_are_tried_again_or_some(engine: Engine, tmp_path: Path) -> None:
    rows = files.PURCHASES + "103,1,99,2024-01-01,1,1,,\n104,9,10,2024-01-01,1,1,,\n"
    load(engine, shop_files(tmp_path, purchase_transactions=rows))
    assert retry(engine, which=Which(reasons=("unknown_customer",))).reasons == {
        "purchase_transactions": {"unknown_customer": 1}
    }
    report = retry(engine, allow_orphans=["products"])
    assert (report.rows_read, report.inserted, report.quarantined) == (2, 1, 1)
    assert refused(engine, "reason_code", "load_id") == [("unknown_customer", 1)]


def test_duplicates_replace_only_when_they_are_named(engine: Engine, tmp_path: Path) -> None:
    load(engine, write(tmp_path / "customer_info.csv", "customer_id,first_name\n1,Ann\n1,Anna\n"))
    assert retry(engine).rows_read == 0
    report = retry(engine, which=Which(reasons=("duplicate_key",)))
    assert (report.updated, refused(engine, "*")) == (1, [])
    assert stored(engine, "customer_info")[0]["first_name"] == "Anna"


def test_trying_without_keeping(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path, purchase_transactions=files.PURCHASES + "103,1,99,2024-01-01,1,1,,\n"))
    before = everything(engine)
    assert retry(engine, allow_orphans=["products"], dry_run=True).inserted == 1
    assert everything(engine) == before


def test_ids_as_text_come_back(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine(Settings(id_type="text"))
    load(engine, shop_files(tmp_path, customer_info="customer_id\n007\n"))
    load(engine, write(tmp_path / "2" / "customer_info.csv", "customer_id\n1\n"))
    assert keys(engine, "purchase_transactions") == ["100", "101"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("customer_id\n1\n", "has no column patron_entry and no patron_load and no patron_table"),
        (
            "patron_entry,patron_load,patron_table\nx,1,customer_info\n",
            "Line 2 of .* does not say which entry it is",
        ),
        (
            "patron_entry,patron_load,patron_table,a\n1,1,customer_info,b\n1,1,customer_info,b\n",
            "Line 3 .* entry 1 a second",
        ),
        (b"patron_entry\n\xff\n", "cannot be read as CSV in UTF-8"),
    ],
)
def test_files_that_are_no_export(engine: Engine, tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        retry(engine, write(tmp_path / "x.csv", content))
    with pytest.raises(SourceError, match="cannot be read"):
        retry(engine, tmp_path / "missing.csv")


# -- listing and discarding ---------------------------------------------------------------------------------


def test_entries_by_reason(engine: Engine, tmp_path: Path) -> None:
    load(engine, write(tmp_path / "customer_info.csv", "customer_id\nx\ny\nz\nz\n\n1\n1\n"))
    first, second = reasons(engine)
    assert (first["reason_code"], first["rows"], second["reason_code"]) == (
        "not_a_number",
        4,
        "duplicate_key",
    )
    assert [json.loads(one["content"])["customer_id"] for one in first["examples"]] == ["x", "y", "z"]
    assert [row["reason_code"] for row in reasons(engine, Which(reasons=("duplicate_key",)))] == [
        "duplicate_key"
    ]
    assert reasons(engine, Which(tables=("product_catalog",))) == []


def test_what_is_discarded_is_recorded(engine: Engine, tmp_path: Path) -> None:
    load(engine, write(tmp_path / "customer_info.csv", "customer_id\nx\ny\n1\n1\n"))
    with pytest.raises(SourceError, match="say why"):
        discard(engine, " ")
    assert discard(engine, "typed by a cat", Which(reasons=("not_a_number",)), who="Ann") == 2
    assert refused(engine, "reason_code") == [("duplicate_key",)]
    (record,) = engine.query("SELECT * FROM discards")
    assert {**record, "discarded_at": None} == {
        "discarded_at": None,
        "discarded_by": "Ann",
        "why": "typed by a cat",
        "table_name": "customer_info",
        "reason_code": "not_a_number",
        "rows_discarded": 2,
    }
    undo(engine, 1)
    assert len(engine.query("SELECT * FROM discards")) == 1


def test_a_key_that_is_no_whole_number_is_not_that_of_the_row_it_would_round_to(
    engine: Engine, tmp_path: Path
) -> None:
    load(engine, write(tmp_path / "1" / "product_catalog.csv", "product_id,category\n1.5,Toys\n"))
    load(engine, write(tmp_path / "2" / "product_catalog.csv", "product_id,category\n2,Games\n"))
    assert refused(engine, "reason_code") == [("not_a_whole_number",)]
