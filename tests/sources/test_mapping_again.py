"""Rows that a mapping's load refused come back through their mapping."""

from __future__ import annotations

import csv
from pathlib import Path

from patron.engines import Engine
from patron.sources.load import load
from patron.sources.mapping.model import parse_mapping
from patron.sources.repair import export_for_repair, retry
from tests.sources.files import keys, refused, stored, write

MAPPING = """
[source]
decimal_mark = ","
delimiter = ";"
date_format = "%d.%m.%Y"
[{table}]
from = "{file}"
[{table}.columns]
"""
CUSTOMERS = MAPPING.format(table="customer_info", file="kunden.csv") + 'customer_id = "KdNr"\n'
PURCHASES = (
    MAPPING.format(table="purchase_transactions", file="kauf.csv")
    + 'transaction_id = "Nr"\ncustomer_id = "KdNr"\npurchase_date = "Tag"\ntotal_amount = "Menge * Preis"\n'
)
ROWS = "Nr;KdNr;Tag;Menge;Preis\n1;7;31.01.2024;2;1,25\n2;7;31.01.2024;zwei;1,25\n"


def test_a_row_is_taken_up_when_its_customer_arrives(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "kauf.csv", ROWS)
    write(tmp_path / "kunden.csv", "KdNr\n7\n")
    load(engine, tmp_path, mapping=parse_mapping(PURCHASES))
    assert [code for (code,) in refused(engine, "reason_code")] == ["unknown_customer", "not_a_number"]
    report = load(engine, tmp_path, mapping=parse_mapping(CUSTOMERS))
    assert report.taken_up == 1
    assert [str(row["total_amount"]) for row in stored(engine, "purchase_transactions")] == ["2.50"]
    assert [code for (code,) in refused(engine, "reason_code")] == ["not_a_number"]


def test_a_repaired_row_comes_back_through_the_mapping(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "kauf.csv", ROWS)
    write(tmp_path / "kunden.csv", "KdNr\n7\n")
    load(engine, tmp_path, mapping=parse_mapping(CUSTOMERS))
    load(engine, tmp_path, mapping=parse_mapping(PURCHASES))
    export = tmp_path / "repair.txt"
    assert export_for_repair(engine, export) == 1
    with export.open(newline="") as stream:
        row = next(csv.DictReader(stream))
    assert (row["Menge"], row["Preis"]) == ("zwei", "1,25")
    export.write_text(export.read_text().replace("zwei", "3"))
    report = retry(engine, export)
    assert (report.inserted, report.quarantined) == (1, 0)
    assert [str(row["total_amount"]) for row in stored(engine, "purchase_transactions")] == ["2.50", "3.75"]
    assert refused(engine, "reason_code") == []


def test_an_entry_goes_when_a_mended_file_brings_its_row(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "kauf.csv", ROWS.replace("31.01.2024;2", "31.02.2024;2"))
    write(tmp_path / "kunden.csv", "KdNr\n7\n")
    load(engine, tmp_path, mapping=parse_mapping(CUSTOMERS))
    load(engine, tmp_path, mapping=parse_mapping(PURCHASES))
    assert len(refused(engine, "reason_code")) == 2
    write(tmp_path / "kauf.csv", ROWS.replace("zwei", "2"))
    load(engine, tmp_path, mapping=parse_mapping(PURCHASES))
    assert keys(engine, "purchase_transactions") == [1, 2]
