"""Lines, bytes and Parquet values that are broken: what is kept of a refused row, and that it costs no other."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from patron.engines import Engine
from patron.sources.formats.records import KEPT, MAX_RECORD
from patron.sources.load import TableCounts, load
from tests.sources import files
from tests.sources.files import counts, keys, refused, shop_files, stored, write, write_parquet

REASON = ("table_name", "source_line", "reason_code")


def test_content_is_as_it_was_read(memory: Engine, tmp_path: Path) -> None:
    row = '  9 ,"Ann ""A"", x\ty","line one\nline two",,\\N,1980-13-01,\n'
    load(memory, write(tmp_path / "customer_info.csv", files.CUSTOMERS + "\n" + row))
    [(line, content)] = refused(memory, "source_line", "content")
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


def test_lines_are_counted_as_an_editor_does(memory: Engine, tmp_path: Path) -> None:
    text = 'customer_id,first_name\r\n1,"a\r\nb"\r\n\r\nx,c\r\n2,d\r\ny,e\r\n'
    load(memory, write(tmp_path / "customer_info.csv", text))
    assert refused(memory, "source_line", "content") == [
        (5, '{"customer_id": "x", "first_name": "c"}'),
        (7, '{"customer_id": "y", "first_name": "e"}'),
    ]


def test_bytes_that_are_not_utf8_are_kept(memory: Engine, tmp_path: Path) -> None:
    text = files.CUSTOMERS.encode() + b"4,J\xf6rg\\x,,,,,\n5,J\xc3\xb6rg,,,,,\n"
    load(memory, write(tmp_path / "customer_info.csv", text))
    assert refused(memory, *REASON, "content") == [("customer_info", 5, "invalid_utf8", r"4,J\xf6rg\\x,,,,,")]
    assert stored(memory, "customer_info")[3]["first_name"] == "Jörg"


def test_a_nul_is_kept_in_words(memory: Engine, tmp_path: Path) -> None:
    load(memory, write(tmp_path / "customer_info.csv", "customer_id,email\n1,a\0b\n2,c\n\0\0\0\n"))
    assert refused(memory, "reason_code", "content") == [
        ("nul_character", '{"customer_id": "1", "email": "a\\u0000b"}'),
        ("malformed_line", r"\x00\x00\x00"),
    ]
    assert keys(memory, "customer_info") == [2]


def test_a_line_beyond_all_measure_costs_only_itself(memory: Engine, tmp_path: Path) -> None:
    long = b"7," + b"y" * (3 * MAX_RECORD) + b",,,,,\n"
    text = files.CUSTOMERS.encode() + long + b"8,Hal,,,,,\n"
    report = load(memory, write(tmp_path / "customer_info.csv", text))
    assert counts(report, "customer_info") == TableCounts("customer_info", 5, inserted=4, quarantined=1)
    [(code, reason, content)] = refused(memory, "reason_code", "reason", "content")
    assert code == "line_too_long"
    assert reason == f"The line has {len(long) - 1} bytes, and a row has at most {MAX_RECORD}."
    assert content.startswith("7,yyy")
    assert content.endswith(
        f"[the first {KEPT} of {len(long) - 1} bytes, which begin at byte {len(files.CUSTOMERS.encode())} of the file]"
    )
    assert len(content) < KEPT + 200


def test_a_long_line_within_measure_is_a_row(memory: Engine, tmp_path: Path) -> None:
    name = "n" * (MAX_RECORD - 100)
    load(memory, write(tmp_path / "customer_info.csv", f"customer_id,first_name\n1,{name}\nx,{name}\n"))
    assert stored(memory, "customer_info")[0]["first_name"] == name
    assert refused(memory, "reason_code") == [("not_a_number",)]


def test_a_stray_quote_costs_one_line(memory: Engine, tmp_path: Path) -> None:
    rows = "".join(f"{number},Name {number}\n" for number in range(1, 40_000))
    text = "customer_id,first_name\n" + rows.replace("20000,Name", '20000,"Name')
    report = load(memory, write(tmp_path / "customer_info.csv", text))
    assert counts(report, "customer_info") == TableCounts(
        "customer_info", 39_999, inserted=39_998, quarantined=1
    )
    assert refused(memory, "source_line", "content") == [(20_001, '20000,"Name 20000')]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_any_line_end(memory: Engine, tmp_path: Path, end: str, *, last: bool) -> None:
    text = end.join(["customer_id,first_name", "1,a", "x,b", "3,c"]) + end * last
    load(memory, write(tmp_path / "customer_info.csv", text))
    assert keys(memory, "customer_info") == [1, 3]
    assert refused(memory, "source_line") == [(3,)]


def test_mixed_line_ends(memory: Engine, tmp_path: Path) -> None:
    text = b'customer_id,first_name\r\n1,a\n2,b\r\n3,"c\rd"\r4,e\n'
    load(memory, write(tmp_path / "customer_info.csv", text))
    assert [row["first_name"] for row in stored(memory, "customer_info")] == ["a", "b", "c\rd", "e"]


def test_one_column_and_blank_lines(memory: Engine, tmp_path: Path) -> None:
    report = load(memory, write(tmp_path / "customer_info.csv", 'customer_id\n1\n\n2\n""\nx\n'))
    assert counts(report, "customer_info") == TableCounts("customer_info", 4, inserted=2, quarantined=2)
    assert refused(memory, "source_line", "reason_code") == [(5, "missing_value"), (6, "not_a_number")]


# -- Parquet ------------------------------------------------------------------------------------------------


def test_bad_rows_of_parquet(memory: Engine, tmp_path: Path) -> None:
    load(memory, shop_files(tmp_path / "csv"))
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
    load(memory, path)
    assert keys(memory, "purchase_transactions") == [1, 100, 101, 102]
    assert refused(memory, "source_line", "reason_code") == [
        (2, "not_a_whole_number"),
        (3, "not_a_number"),
        (4, "missing_value"),
        (5, "unknown_customer"),
    ]
    assert json.loads(refused(memory, "content")[0][0]) == {
        "transaction_id": "2",
        "customer_id": "1.5",
        "purchase_date": "2024-01-01",
        "total_amount": "1.0",
    }


def test_parquet_text_that_is_not_utf8(memory: Engine, tmp_path: Path) -> None:
    names = pa.Array.from_buffers(pa.string(), 3, pa.array([b"Ann", b"J\xf6rg", b"C\xc3\xa9"]).buffers())
    write_parquet(tmp_path / "customer_info.parquet", {"customer_id": [1, 2, 3], "first_name": names})
    report = load(memory, tmp_path)
    assert [row["first_name"] for row in stored(memory, "customer_info")] == ["Ann", "Cé"]
    assert report.reasons == {"customer_info": {"invalid_utf8": 1}}
    assert json.loads(refused(memory, "content")[0][0]) == {"customer_id": "2", "first_name": r"J\xf6rg"}
