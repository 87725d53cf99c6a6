"""What is wrong with a row: it is quarantined with its reason, and no other is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from patron.engines import Engine
from patron.sources.load import load
from tests.sources import files
from tests.sources.files import keys, refused, shop_files, stored, write

REASON = ("table_name", "source_line", "reason_code")

BAD_ROWS = [
    ("x,1,10,2024-01-01,1,1.00,,", "not_a_number", "transaction_id 'x' is not a number."),
    ("1_0,1,10,2024-01-01,1,1.00,,", "not_a_number", "transaction_id '1_0' is not a number."),
    ("0x1F,1,10,2024-01-01,1,1.00,,", "not_a_number", "transaction_id '0x1F' is not a number."),
    (
        "103.5,1,10,2024-01-01,1,1.00,,",
        "not_a_whole_number",
        "transaction_id '103.5' is not a whole number.",
    ),
    ("103,1,10,2024-01-01,9999999999,1.00,,", "out_of_range", "quantity '9999999999' is too large."),
    ("103,1,10,2024-01-01,1,NaN,,", "not_a_number", "total_amount 'NaN' is not a number."),
    (
        "103,1,10,2024-01-01,1,12.345,,",
        "too_many_decimals",
        "total_amount '12.345' has more than two decimals.",
    ),
    (
        "103,1,10,2024-01-01,1,10000000000000.00,,",
        "out_of_range",
        "total_amount '10000000000000.00' is above 9999999999999.99.",
    ),
    ("103,1,10,2024-01-01,1,1e17,,", "out_of_range", "total_amount '1e17' is too large."),
    (
        "103,1,10,2024-02-30,1,1.00,,",
        "not_a_date",
        "purchase_date '2024-02-30' is not a date such as 2024-03-31.",
    ),
    (
        "103,1,10,01/02/2024,1,1.00,,",
        "not_a_date",
        "purchase_date '01/02/2024' is not a date such as 2024-03-31.",
    ),
    (
        "103,1,10,20024-01-01,1,1.00,,",
        "out_of_range",
        "purchase_date '20024-01-01' is not in the years 1900 to 2199.",
    ),
    (
        "103,1,10,0001-01-01,1,1.00,,",
        "out_of_range",
        "purchase_date '0001-01-01' is not in the years 1900 to 2199.",
    ),
    ("103,1,10,,1,1.00,,", "missing_value", "purchase_date is missing."),
    ("103,  ,10,2024-01-01,1,1.00,,", "missing_value", "customer_id is missing."),
    (
        "103,1,10,2024-01-01,-1,1.00,,",
        "sign_mismatch",
        "quantity '-1' is below 0 and total_amount '1.00' above.",
    ),
    ("103,9,10,2024-01-01,1,1.00,,", "unknown_customer", "customer_id '9' is not in customer_info."),
    ("103,1,99,2024-01-01,1,1.00,,", "unknown_product", "product_id '99' is not in product_catalog."),
    (
        "100,1,10,2024-01-01,1,1.00,,",
        "duplicate_key",
        "transaction_id '100' stands in an earlier row of this load, which was taken.",
    ),
    (
        "100,1,10,2024-01-05,2,5.00,1,900",
        "duplicate_key",
        "transaction_id '100' stands in an earlier row of this load, which was taken.",
    ),
    ("103,1,10,2024-01-01", "malformed_line", "The line has 4 fields where its file has 8 columns."),
    (
        "103,1,10,2024-01-01,1,1.00,,,5",
        "malformed_line",
        "The line has 9 fields where its file has 8 columns.",
    ),
    (
        '103,1,10,"2024-01-01,1,1.00,,',
        "malformed_line",
        "The line opens a quote that is not closed, or has text after a closing quote.",
    ),
]


def test_bad_rows_are_quarantined_and_no_others(engine: Engine, tmp_path: Path) -> None:
    """Each bad row stands alone between good ones, in one file."""
    rows = [
        line
        for number, (row, _, _) in enumerate(BAD_ROWS)
        for line in (row, f"{1000 + number},1,10,2024-01-01,1,1.00,,")
    ]
    report = load(engine, shop_files(tmp_path, purchase_transactions=files.PURCHASES + "\n".join(rows)))
    assert keys(engine, "purchase_transactions") == [100, 101, 102, *range(1000, 1000 + len(BAD_ROWS))]
    assert refused(engine, *REASON, "reason") == [
        ("purchase_transactions", 5 + 2 * number, code, reason)
        for number, (_, code, reason) in enumerate(BAD_ROWS)
    ]
    assert report.reasons == {"purchase_transactions": dict(Counter(code for _, code, _ in BAD_ROWS))}


@pytest.mark.parametrize(
    ("table", "row", "code"),
    [
        (files.SERVICE, "30,1,2024-01-01,x,,open,6", "out_of_range"),
        (files.SERVICE, "30,1,2024-01-01,x,,open,0", "out_of_range"),
        (files.SERVICE, "30,1,2024-01-01,a\0b,,open,5", "nul_character"),
        (files.VISITS, "50,1,2024-01-01,-1,5,x", "out_of_range"),
        (files.RESPONSES, "40,99,1,2024-01-01,click", "unknown_campaign"),
        (files.VIEWS, "60,99,1,10,2024-01-01 10:00:00", "unknown_session"),
        (files.VIEWS, "60,,1,10,2024-01-01 10:00:00 PM", "not_a_date"),
    ],
)
def test_bad_rows_of_other_tables(memory: Engine, tmp_path: Path, table: str, row: str, code: str) -> None:
    name = {files.SERVICE: "customer_service", files.VISITS: "website_behavior"}.get(table)
    name = name or ("campaign_responses" if table is files.RESPONSES else "product_views")
    report = load(memory, shop_files(tmp_path, **{name: f"{table}{row}\n"}))
    assert report.reasons == {name: {code: 1}}
    assert keys(memory, name) == []


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ("0.1", "0.10"),
        ("-1.1e-16", "0.00"),
        ("4.999999999", "5.00"),
        (" 7 ", "7.00"),
        ("+.5", "0.50"),
        ("1e2", "100.00"),
    ],
)
def test_amounts_that_mean_a_cent(memory: Engine, tmp_path: Path, given: str, amount: str) -> None:
    load(memory, shop_files(tmp_path, purchase_transactions=files.PURCHASES.replace("5.00", given)))
    assert str(stored(memory, "purchase_transactions")[0]["total_amount"]) == amount


@pytest.mark.parametrize(
    "given", ["2024-02-03", "2024/2/3", " 2024-02-03 ", "2024-02-03 23:59:59", "2024-02-03T00:30:00+02:00"]
)
def test_a_timestamp_counts_by_the_date_it_shows(memory: Engine, tmp_path: Path, given: str) -> None:
    load(memory, shop_files(tmp_path, purchase_transactions=files.PURCHASES.replace("2024-02-01", given)))
    assert str(stored(memory, "purchase_transactions")[2]["purchase_date"]) == "2024-02-03"


def test_the_first_good_row_of_a_key_wins(engine: Engine, tmp_path: Path) -> None:
    rows = "5,9,,2024-01-01,1,1,,\n5,1,,2024-01-01,1,2,,\n5,1,,2024-01-01,1,3,,\n5,1,,2024-01-01,1,2,,\n"
    report = load(
        engine, shop_files(tmp_path, purchase_transactions=files.PURCHASES.splitlines()[0] + "\n" + rows)
    )
    assert [row["total_amount"] for row in stored(engine, "purchase_transactions")] == [2]
    assert report.reasons == {"purchase_transactions": {"duplicate_key": 2, "unknown_customer": 1}}


def test_a_key_may_not_come_back_in_another_file(engine: Engine, tmp_path: Path) -> None:
    shop_files(tmp_path)
    write(tmp_path / "customer_info-2.csv", "customer_id,first_name\n1,Other\n")
    load(engine, tmp_path)
    assert refused(engine, "source_file", "source_line", "reason_code") == [
        ("customer_info-2.csv", 2, "duplicate_key")
    ]


@pytest.mark.parametrize("repeated", [1, 150_000, 200_000])
def test_one_key_that_comes_back_among_many_that_rise(memory: Engine, tmp_path: Path, repeated: int) -> None:
    ids = [*range(1, 200_001), repeated, *range(200_001, 200_101)]
    path = write(tmp_path / "customer_info.csv", "customer_id\n" + "\n".join(map(str, ids)))
    report = load(memory, path)
    assert (report.inserted, report.reasons) == (200_100, {"customer_info": {"duplicate_key": 1}})
    assert refused(memory, "source_line") == [(200_002,)]


def test_ids_that_are_text_are_told(engine: Engine, tmp_path: Path) -> None:
    few = "\n".join(f"{number},,,,,," for number in range(1, 101))
    head = files.CUSTOMERS.splitlines()[0]
    slip = load(engine, write(tmp_path / "slip" / "customer_info.csv", f"{head}\n{few}\nTotal,,,,,,\n"))
    assert (slip.quarantined, slip.notes) == (1, ())
    report = load(
        engine, write(tmp_path / "text" / "customer_info.csv", f"{head}\nA1,,,,,,\n{few}\n2B,,,,,,\n")
    )
    assert report.notes == (
        "Rows were refused since ids are to be whole numbers here (customer_id). If such ids are right, set "
        'id_type = "text" in patron.toml and load into a new database.',
    )
