"""Loading what is broken: every row is stored or quarantined with its reason, and nothing else happens."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest

from patron.engines import Engine
from patron.errors import SourceError
from patron.sources.formats.records import KEPT, MAX_RECORD
from patron.sources.load import TableCounts, load
from tests.sources import files
from tests.sources.files import counts, keys, refused, shop_files, stored, write, write_parquet

REASON = ("table_name", "source_line", "reason_code")


# -- rows ---------------------------------------------------------------------------------------------------

ROW = "103,1,10,2024-01-01,1,1.00,,\n"


@pytest.mark.parametrize(
    ("row", "code", "reason"),
    [
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
    ],
)
def test_a_bad_row_is_quarantined_and_no_other(
    engine: Engine, tmp_path: Path, row: str, code: str, reason: str
) -> None:
    shop_files(tmp_path, purchase_transactions=f"{files.PURCHASES}{row}\n{ROW.replace('103', '104')}")
    report = load(engine, tmp_path)
    assert keys(engine, "purchase_transactions") == [100, 101, 102, 104]
    assert refused(engine, *REASON, "reason") == [("purchase_transactions", 5, code, reason)]
    assert report.reasons == {"purchase_transactions": {code: 1}}


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
def test_bad_rows_of_other_tables(engine: Engine, tmp_path: Path, table: str, row: str, code: str) -> None:
    name = {files.SERVICE: "customer_service", files.VISITS: "website_behavior"}.get(table)
    name = name or ("campaign_responses" if table is files.RESPONSES else "product_views")
    report = load(engine, shop_files(tmp_path, **{name: f"{table}{row}\n"}))
    assert report.reasons == {name: {code: 1}}
    assert keys(engine, name) == []


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
def test_amounts_that_mean_a_cent(engine: Engine, tmp_path: Path, given: str, amount: str) -> None:
    load(engine, shop_files(tmp_path, purchase_transactions=files.PURCHASES.replace("5.00", given)))
    assert str(stored(engine, "purchase_transactions")[0]["total_amount"]) == amount


@pytest.mark.parametrize(
    "given", ["2024-02-03", "2024/2/3", " 2024-02-03 ", "2024-02-03 23:59:59", "2024-02-03T00:30:00+02:00"]
)
def test_a_timestamp_counts_by_the_date_it_shows(engine: Engine, tmp_path: Path, given: str) -> None:
    load(engine, shop_files(tmp_path, purchase_transactions=files.PURCHASES.replace("2024-02-01", given)))
    assert str(stored(engine, "purchase_transactions")[2]["purchase_date"]) == "2024-02-03"


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


# -- what is kept of a refused row --------------------------------------------------------------------------


def test_content_is_as_it_was_read(engine: Engine, tmp_path: Path) -> None:
    row = '  9 ,"Ann ""A"", x\ty","line one\nline two",,\\N,1980-13-01,\n'
    load(engine, write(tmp_path / "customer_info.csv", files.CUSTOMERS + "\n" + row))
    [(line, content)] = refused(engine, "source_line", "content")
    assert line == 6, "the blank line counts"
    assert json.loads(content) == {
        "customer_id": "  9 ",
        "first_name": 'Ann "A", x\ty',
        "last_name": "line one\nline two",
        "email": None,
        "phone_number": "\\N",
        "date_of_birth": "1980-13-01",
        "registration_date": None,
    }


def test_lines_are_counted_as_an_editor_does(engine: Engine, tmp_path: Path) -> None:
    text = 'customer_id,first_name\r\n1,"a\r\nb"\r\n\r\nx,c\r\n2,d\r\ny,e\r\n'
    load(engine, write(tmp_path / "customer_info.csv", text))
    assert refused(engine, "source_line", "content") == [
        (5, '{"customer_id": "x", "first_name": "c"}'),
        (7, '{"customer_id": "y", "first_name": "e"}'),
    ]


def test_bytes_that_are_not_utf8_are_kept(engine: Engine, tmp_path: Path) -> None:
    text = files.CUSTOMERS.encode() + b"4,J\xf6rg\\x,,,,,\n5,J\xc3\xb6rg,,,,,\n"
    load(engine, write(tmp_path / "customer_info.csv", text))
    assert refused(engine, *REASON, "content") == [("customer_info", 5, "invalid_utf8", r"4,J\xf6rg\\x,,,,,")]
    assert stored(engine, "customer_info")[3]["first_name"] == "Jörg"


def test_a_nul_is_kept_in_words(engine: Engine, tmp_path: Path) -> None:
    load(engine, write(tmp_path / "customer_info.csv", "customer_id,email\n1,a\0b\n2,c\n\0\0\0\n"))
    assert refused(engine, "reason_code", "content") == [
        ("nul_character", '{"customer_id": "1", "email": "a\\u0000b"}'),
        ("malformed_line", r"\x00\x00\x00"),
    ]
    assert keys(engine, "customer_info") == [2]


def test_a_line_beyond_all_measure_costs_only_itself(engine: Engine, tmp_path: Path) -> None:
    long = b"7," + b"y" * (3 * MAX_RECORD) + b",,,,,\n"
    text = files.CUSTOMERS.encode() + long + b"8,Hal,,,,,\n"
    report = load(engine, write(tmp_path / "customer_info.csv", text))
    assert counts(report, "customer_info") == TableCounts("customer_info", 5, inserted=4, quarantined=1)
    [(code, reason, content)] = refused(engine, "reason_code", "reason", "content")
    assert code == "line_too_long"
    assert reason == f"The line has {len(long) - 1} bytes, and a row has at most {MAX_RECORD}."
    assert content.startswith("7,yyy")
    assert content.endswith(
        f"[the first {KEPT} of {len(long) - 1} bytes, which begin at byte {len(files.CUSTOMERS.encode())} of the file]"
    )
    assert len(content) < KEPT + 200


def test_a_long_line_within_measure_is_a_row(engine: Engine, tmp_path: Path) -> None:
    name = "n" * (MAX_RECORD - 100)
    load(engine, write(tmp_path / "customer_info.csv", f"customer_id,first_name\n1,{name}\nx,{name}\n"))
    assert stored(engine, "customer_info")[0]["first_name"] == name
    assert refused(engine, "reason_code") == [("not_a_number",)]


def test_a_stray_quote_costs_one_line(engine: Engine, tmp_path: Path) -> None:
    rows = "".join(f"{number},Name {number}\n" for number in range(1, 40_000))
    text = "customer_id,first_name\n" + rows.replace("20000,Name", '20000,"Name')
    report = load(engine, write(tmp_path / "customer_info.csv", text))
    assert counts(report, "customer_info") == TableCounts(
        "customer_info", 39_999, inserted=39_998, quarantined=1
    )
    assert refused(engine, "source_line", "content") == [(20_001, '20000,"Name 20000')]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_any_line_end(engine: Engine, tmp_path: Path, end: str, *, last: bool) -> None:
    text = end.join(["customer_id,first_name", "1,a", "x,b", "3,c"]) + end * last
    load(engine, write(tmp_path / "customer_info.csv", text))
    assert keys(engine, "customer_info") == [1, 3]
    assert refused(engine, "source_line") == [(3,)]


def test_mixed_line_ends(engine: Engine, tmp_path: Path) -> None:
    text = b'customer_id,first_name\r\n1,a\n2,b\r\n3,"c\rd"\r4,e\n'
    load(engine, write(tmp_path / "customer_info.csv", text))
    assert [row["first_name"] for row in stored(engine, "customer_info")] == ["a", "b", "c\rd", "e"]


def test_one_column_and_blank_lines(engine: Engine, tmp_path: Path) -> None:
    report = load(engine, write(tmp_path / "customer_info.csv", 'customer_id\n1\n\n2\n""\nx\n'))
    assert counts(report, "customer_info") == TableCounts("customer_info", 4, inserted=2, quarantined=2)
    assert refused(engine, "source_line", "reason_code") == [(5, "missing_value"), (6, "not_a_number")]


# -- Parquet ------------------------------------------------------------------------------------------------


def test_bad_rows_of_parquet(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "csv"))
    path = tmp_path / "purchase_transactions.parquet"
    write_parquet(
        path,
        {
            "transaction_id": [1, 2, 3, 4, 5],
            "customer_id": [1.0, 1.5, float("nan"), None, 9.0],
            "purchase_date": ["2024-01-01"] * 5,
            "total_amount": [1.25, 1.0, 1.0, 1.0, 1.0],
        },
    )
    load(engine, path)
    assert keys(engine, "purchase_transactions") == [1, 100, 101, 102]
    assert refused(engine, "source_line", "reason_code") == [
        (2, "not_a_whole_number"),
        (3, "not_a_number"),
        (4, "missing_value"),
        (5, "unknown_customer"),
    ]
    assert json.loads(refused(engine, "content")[0][0]) == {
        "transaction_id": "2",
        "customer_id": "1.5",
        "purchase_date": "2024-01-01",
        "total_amount": "1.0",
    }


def test_parquet_text_that_is_not_utf8(engine: Engine, tmp_path: Path) -> None:
    names = pa.Array.from_buffers(pa.string(), 3, pa.array([b"Ann", b"J\xf6rg", b"C\xc3\xa9"]).buffers())
    write_parquet(tmp_path / "customer_info.parquet", {"customer_id": [1, 2, 3], "first_name": names})
    report = load(engine, tmp_path)
    assert [row["first_name"] for row in stored(engine, "customer_info")] == ["Ann", "Cé"]
    assert report.reasons == {"customer_info": {"invalid_utf8": 1}}
    assert json.loads(refused(engine, "content")[0][0]) == {"customer_id": "2", "first_name": r"J\xf6rg"}


# -- files and folders: nothing is written ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("customer_info.csv", "", "customer_info.csv is empty"),
        ("customer_info.csv", "\n\n", "does not begin with a line that names its columns"),
        ("customer_info.csv", "first_name\nAnn\n", "lacks customer_id"),
        ("customer_info.csv", "customer_id,frist_name\n1,Ann\n", "Did you mean 'first_name'"),
        ("customer_info.csv", "customer_id,email,email\n1,a,b\n", "has the column 'email' twice"),
        ("customer_info.csv", "customer_id,,email\n1,a,b\n", "has a column without a name"),
        ("customer_info.csv", "customer_id;email\n1;a\n", "separated by semicolons"),
        ("customer_info.csv", "customer_id,email\n1,a\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("customer_info.csv", b"customer_id,\xff\n1,a\n", "not UTF-8"),
        ("customer_info.csv.gz", b"", "is empty"),
        ("customers_info.csv", "customer_id\n1\n", "Did you mean 'customer_info'"),
        ("customer_info.xlsx", "x", "cannot be read as a workbook"),
        ("customer_info.parquet", "no parquet", "cannot be read as Parquet"),
        ("notes.txt", "x", "holds no file named after a table"),
    ],
)
def test_what_cannot_be_loaded_is_told_before_anything_is_written(
    engine: Engine, tmp_path: Path, name: str, content: str | bytes, words: str
) -> None:
    if name != "notes.txt":
        write(tmp_path / "product_catalog.csv", files.PRODUCTS)
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SourceError, match=words) as told:
        load(engine, tmp_path)
    assert str(tmp_path) in str(told.value)
    assert engine.query("SELECT * FROM product_catalog") == []
    assert engine.query("SELECT * FROM loads") == []


def test_all_problems_are_told_at_once(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path / "customer_info.csv", "customer_id,colour\n1,red\n")
    write(tmp_path / "produkt.csv", "id\n1\n")
    write(tmp_path / "product_catalog.csv", "")
    with pytest.raises(SourceError, match="for 3 reasons") as told:
        load(engine, tmp_path)
    assert len(str(told.value).splitlines()) == 4


def test_a_packed_file_that_breaks_off(engine: Engine, tmp_path: Path) -> None:
    rows = "".join(f"{number},x{number * 7919 % 1009}\n" for number in range(300_000))
    packed = gzip.compress(f"customer_id,first_name\n{rows}".encode())
    shop_files(tmp_path / "shop")
    (tmp_path / "shop" / "customer_info.csv").unlink()
    (tmp_path / "shop" / "customer_info.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SourceError, match=r"customer_info\.csv\.gz cannot be unpacked to its end"):
        load(engine, tmp_path / "shop")
    assert engine.query("SELECT * FROM product_catalog") == []


def test_a_parquet_file_that_breaks_off(engine: Engine, tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "customer_info.parquet", {"customer_id": list(range(200_000))})
    data = bytearray(path.read_bytes())
    data[1000:5000] = bytes(4000)
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"customer_info\.parquet cannot be read"):
        load(engine, tmp_path)
    assert engine.query("SELECT * FROM customer_info") == []


def test_nested_columns_are_no_values(engine: Engine, tmp_path: Path) -> None:
    write_parquet(tmp_path / "customer_info.parquet", {"customer_id": [1], "email": [["a", "b"]]})
    with pytest.raises(SourceError, match=r"the column .email. of customer_info\.parquet is VARCHAR"):
        load(engine, tmp_path)


def test_a_path_that_is_not_there(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is nothing at"):
        load(engine, tmp_path / "shop")


def test_odd_paths_are_read_as_they_are(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "a[1]*?'\" \n"
    write(tmp_path / "a1 other" / "customer_info.csv", "customer_id\n99\n")
    shop_files(folder)
    write_parquet(
        folder / "customer_service" / "x[0].parquet",
        {
            "interaction_id": [1],
            "customer_id": [1],
            "interaction_date": ["2024-01-01"],
            "satisfaction_score": [9],
        },
    )
    report = load(engine, folder)
    assert report.inserted == 8
    assert refused(engine, "source_file") == [("customer_service/x[0].parquet",)]


# -- quarantine over several loads --------------------------------------------------------------------------


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
