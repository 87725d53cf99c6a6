"""What the quarantine keeps over several loads, and what leaves it."""

from __future__ import annotations

from pathlib import Path

from patron.engines import Engine
from patron.sources.load import load
from tests.sources import files
from tests.sources.files import refused, shop_files, stored, write


def test_equal_bad_rows_are_kept_as_often_as_they_came(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "customer_info.csv", "customer_id,email\nx,a\nx,a\n")
    assert load(engine, path).new_in_quarantine == 2
    assert load(engine, path).new_in_quarantine == 0
    write(path, "customer_id,email\nx,a\nx,a\nx,a\n")
    assert load(engine, path).new_in_quarantine == 1
    assert len(refused(engine, "load_id")) == 3


def test_a_row_leaves_the_quarantine_when_it_is_taken(engine: Engine, tmp_path: Path) -> None:
    shop_files(tmp_path, customer_info="customer_id\n1\n")
    assert load(engine, tmp_path).reasons == {"purchase_transactions": {"unknown_customer": 1}}
    write(tmp_path / "customer_info.csv", files.CUSTOMERS)
    report = load(engine, tmp_path)
    assert (report.released, refused(engine, "*")) == (1, [])


def test_a_repaired_row_replaces_the_refused_one(engine: Engine, tmp_path: Path) -> None:
    shop_files(tmp_path, purchase_transactions=files.PURCHASES.replace("2024-02-01", "2024-02-31"))
    load(engine, tmp_path)
    report = load(engine, shop_files(tmp_path))
    assert (report.inserted, report.released, refused(engine, "*")) == (1, 1, [])


def test_a_refused_row_is_not_lost_to_a_namesake(engine: Engine, tmp_path: Path) -> None:
    both = "customer_id,first_name\n1,Ann\n1,Anna\n"
    path = write(tmp_path / "customer_info.csv", both)
    load(engine, path)
    load(engine, write(path, "customer_id,first_name\n1,Ann\n"))
    assert refused(engine, "reason_code") == [("duplicate_key",)], "Anna was never stored"
    load(engine, write(path, "customer_id,first_name\n1,Anna\n"))
    assert refused(engine, "reason_code") == []
    assert stored(engine, "customer_info")[0]["first_name"] == "Anna"


def test_an_equal_duplicate_leaves_when_the_file_is_put_right(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "customer_info.csv", "customer_id,first_name\n1,Ann\n1,Ann\n")
    assert load(engine, path).quarantined == 1
    report = load(engine, write(path, "customer_id,first_name\n1,Ann\n"))
    assert (report.unchanged, report.released, refused(engine, "*")) == (1, 1, [])
