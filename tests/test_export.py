"""Exports: every value as it is, whole or not at all, the same bytes on every engine."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.contract import CONTRACT
from patron.contract.bookkeeping import BOOKKEEPING
from patron.engines import Engine
from patron.engines.arrow import arrow_schema
from patron.errors import ExportError
from patron.export import GROUP_ROWS, defused, export, exportable
from patron.settings import Settings
from tests.conftest import MakeEngine
from tests.reference import COLUMNS
from tests.shops import TODAY, shop, with_text_ids
from tests.support.databases import Databases, fill

ODD = (
    *(
        "plain",
        "",
        None,
        " ",
        "a,b",
        'say "hi"',
        "two\nlines",
        "\r\n",
        "\ttab",
        ";",
        "'",
        "\\",
        "NULL",
        "None",
    ),
    *(
        "é",
        "e\u0301",
        "İ",
        "\U0001f642",
        "\u202eright",
        "=1+1",
        "+49 30 123",
        "-5",
        "@me",
        "=",
        "1e5",
        "007",
        "true",
    ),
)
FORMULAS = ("=1+1", "+49 30 123", "-5", "@me", "=", "\ttab", "\r\n", '=HYPERLINK("x")', "\uff1d1", "\nx")
HARMLESS = ("plain", "", None, " =1", "'=1", "1=1", "a-b", "é", '"=1"')
PURCHASES = (
    {"transaction_id": 2, "total_amount": "9999999999990.99", "quantity": 0},
    {"transaction_id": 10, "total_amount": "-0.01", "quantity": -3, "order_id": 9007199254740993},
    {"transaction_id": 1, "total_amount": "0.10", "quantity": None, "purchase_date": "1900-01-01"},
)


@pytest.fixture
def odd(engine: Engine) -> Engine:
    """An engine with customers and purchases that are hard to write down."""
    customers = [{"first_name": text, "date_of_birth": "1980-02-29"} for text in ODD]
    views = [{"viewed_at": "2024-06-30 23:59:59.000001"}, {"viewed_at": "2024-01-02 03:04:05"}]
    fill(engine, shop(customers=customers, purchases=PURCHASES, views=views))
    return engine


@pytest.fixture
def duckdb(databases: Databases) -> Iterator[Engine]:
    """An empty DuckDB, for what no engine has a part in."""
    engine = databases.open("duckdb")
    yield engine
    databases.discard(engine)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- values ---------------------------------------------------------------------------------------------


def test_csv_is_written_to_the_letter(odd: Engine, tmp_path: Path) -> None:
    """Text is quoted, None is nothing, an empty text is two quotes; anyone could write the same by hand."""
    done = export(odd, "customer_info", tmp_path / "out.csv")
    lines = ["customer_id,first_name,last_name,email,phone_number,date_of_birth,registration_date\n"]
    for number, text in enumerate(ODD, 1):
        quoted = "" if text is None else '"' + text.replace('"', '""') + '"'
        lines.append(f"{number},{quoted},,,,1980-02-29,\n")
    assert (tmp_path / "out.csv").read_bytes() == "".join(lines).encode()
    assert (done.rows, done.columns, done.size) == (len(ODD), 7, (tmp_path / "out.csv").stat().st_size)


def test_numbers_and_times_are_exact(odd: Engine, tmp_path: Path) -> None:
    export(odd, "purchase_transactions", tmp_path / "purchases.csv")
    columns = ("transaction_id", "total_amount", "quantity", "order_id", "purchase_date")
    assert [tuple(row[name] for name in columns) for row in read(tmp_path / "purchases.csv")] == [
        ("1", "0.10", "", "", "1900-01-01"),
        ("2", "9999999999990.99", "0", "", "2024-06-30"),
        ("10", "-0.01", "-3", "9007199254740993", "2024-06-30"),
    ]
    export(odd, "product_views", tmp_path / "views.csv")
    assert [row["viewed_at"] for row in read(tmp_path / "views.csv")] == [
        "2024-06-30 23:59:59.000001",
        "2024-01-02 03:04:05.000000",
    ]


def test_parquet_keeps_values_and_types(odd: Engine, tmp_path: Path) -> None:
    export(odd, "customer_info", tmp_path / "customers.parquet")
    assert pq.read_table(tmp_path / "customers.parquet").column("first_name").to_pylist() == list(ODD)
    export(odd, "purchase_transactions", tmp_path / "purchases.parquet")
    purchases = pq.read_table(tmp_path / "purchases.parquet")
    assert purchases.column("total_amount").to_pylist() == [
        Decimal("0.10"),
        Decimal("9999999999990.99"),
        Decimal("-0.01"),
    ]
    assert purchases.schema.field("total_amount").type == pa.decimal128(18, 2)
    assert purchases.schema.field("purchase_date").type == pa.date32()
    export(odd, "product_views", tmp_path / "views.parquet")
    views = pq.read_table(tmp_path / "views.parquet").column("viewed_at").to_pylist()
    assert views == [datetime(2024, 6, 30, 23, 59, 59, 1), datetime(2024, 1, 2, 3, 4, 5)]


def test_gzip_holds_the_same(odd: Engine, tmp_path: Path) -> None:
    export(odd, "customer_info", tmp_path / "out.csv")
    export(odd, "customer_info", tmp_path / "out.csv.gz")
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()) == (tmp_path / "out.csv").read_bytes()


def test_text_ids_are_sorted_by_code_point(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine(Settings(id_type="text"))
    plain = with_text_ids(shop(customers=[{} for _ in range(11)]))
    extra = ["A", "a", "Z", "é", "\uff5e", "\U0001f642", "\u0131", ""]
    plain["customer_info"] += [{**plain["customer_info"][0], "customer_id": one} for one in extra]
    fill(engine, plain)
    engine.build(TODAY)
    for table in ("customer_info", "customer_360"):
        export(engine, table, tmp_path / f"{table}.csv")
        ids = [row["customer_id"] for row in read(tmp_path / f"{table}.csv")]
        assert ids == sorted([*map(str, range(1, 12)), *extra])


def test_everything_that_is_named_can_be_exported(engine: Engine, tmp_path: Path) -> None:
    fill(engine, shop(customers=[{"first_name": text} for text in ODD], purchases=[{}, {"total_amount": -3}]))
    engine.build(TODAY)
    for table, columns in exportable().items():
        for ending in ("csv", "parquet"):
            done = export(engine, table, tmp_path / f"{table}.{ending}")
            assert done.rows == engine.query(f"SELECT COUNT(*) AS rows FROM {table}")[0]["rows"]
        assert tuple(pq.read_schema(tmp_path / f"{table}.parquet").names) == columns
        assert (tmp_path / f"{table}.csv").read_text().split("\n")[0] == ",".join(columns)
    assert exportable()["customer_360"] == COLUMNS
    assert {table.name for table in (*CONTRACT, *BOOKKEEPING)} < exportable().keys()


def test_rows_without_a_key_are_sorted_by_all_they_have(engine: Engine, tmp_path: Path) -> None:
    settled = next(table for table in BOOKKEEPING if table.name == "settled_rows")
    lines = [(2, 1), (1, 10), (1, 2), (1, None)]
    rows = [
        {
            "settled_by": load,
            "entry_id": 1,
            "load_id": 1,
            "table_name": "t",
            "source_file": "f",
            "source_line": line,
            "reason_code": "r",
            "reason": "R.",
            "content": "{}",
        }
        for load, line in lines
    ]
    engine.append(settled, [pa.RecordBatch.from_pylist(rows, schema=arrow_schema(settled, "bigint"))])
    export(engine, "settled_rows", tmp_path / "out.csv")
    assert [(row["settled_by"], row["source_line"]) for row in read(tmp_path / "out.csv")] == [
        ("1", "2"),
        ("1", "10"),
        ("1", ""),
        ("2", "1"),
    ]


# -- for spreadsheets -----------------------------------------------------------------------------------


def test_formulas_are_defused_and_nothing_else_changes(engine: Engine, tmp_path: Path) -> None:
    texts = (*FORMULAS, *HARMLESS)
    fill(engine, shop(customers=[{"first_name": text} for text in texts], purchases=[{"total_amount": -5}]))
    export(engine, "customer_info", tmp_path / "out.csv", for_spreadsheets=True)
    found = [row["first_name"] for row in read(tmp_path / "out.csv")]
    assert found == [*(f"'{text}" for text in FORMULAS), *(text or "" for text in HARMLESS)]
    export(engine, "purchase_transactions", tmp_path / "numbers.csv", for_spreadsheets=True)
    assert read(tmp_path / "numbers.csv")[0]["total_amount"] == "-5.00"


def test_none_stays_none_and_large_texts_are_seen_too() -> None:
    batch = pa.record_batch(
        {"a": pa.array(["=1", None, ""]), "b": pa.array(["@x", "y", None], pa.large_string())}
    )
    assert defused(batch).to_pylist() == [
        {"a": "'=1", "b": "'@x"},
        {"a": None, "b": "y"},
        {"a": "", "b": None},
    ]


# -- files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "name", "said"),
    [
        ("custmer_360", "out.csv", r"Did you mean 'customer_360'\?"),
        ("numbered_products", "out.csv", "no table 'numbered_products' to export"),
        ("customer_360; DROP TABLE loads", "out.csv", "no table"),
        ("loads", "out.xlsx", r"let it end in \.csv or \.csv\.gz or \.parquet"),
        ("loads", "csv", "does not say in what form"),
        ("loads", "nowhere/out.csv", "No such file or directory"),
        ("loads", "nowhere/out.parquet", "No such file or directory"),
        ("loads", "there.csv", "add --overwrite"),
    ],
)
def test_what_cannot_be_written_is_said(
    duckdb: Engine, tmp_path: Path, table: str, name: str, said: str
) -> None:
    (tmp_path / "there.csv").write_text("former")
    with pytest.raises(ExportError, match=said):
        export(duckdb, table, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]
    assert (tmp_path / "there.csv").read_text() == "former"


def test_no_parquet_for_spreadsheets(duckdb: Engine, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"ends in \.csv"):
        export(duckdb, "loads", tmp_path / "out.parquet", for_spreadsheets=True)


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_an_export_that_breaks_off_leaves_the_former_file(
    duckdb: Engine, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"out.{ending}"
    export(duckdb, "loads", path)
    former = path.read_bytes()
    assert former

    @contextmanager
    def breaking(*_: object) -> Iterator[pa.RecordBatchReader]:
        def batches() -> Iterator[pa.RecordBatch]:
            yield pa.record_batch({"load_id": pa.array([1])})
            raise OSError(28, "No space left on device")

        yield pa.RecordBatchReader.from_batches(pa.schema([("load_id", pa.int64())]), batches())

    monkeypatch.setattr(duckdb, "stream", breaking)
    with pytest.raises(ExportError, match="No space left on device"):
        export(duckdb, "loads", path, overwrite=True)
    assert path.read_bytes() == former
    assert list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    export(duckdb, "loads", path, overwrite=True)
    assert path.read_bytes() == former


@pytest.mark.parametrize(
    "sizes", [(250_000,), (1, 99_999, 100_001, 49_999), (70_000, 70_000, 70_000, 40_000)]
)
def test_row_groups_do_not_depend_on_the_engine(
    duckdb: Engine, tmp_path: Path, sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches of any sizes, seen by Parquet's reader and by progress."""
    schema = pa.schema([("load_id", pa.int64())])

    @contextmanager
    def stream(*_: object) -> Iterator[pa.RecordBatchReader]:
        numbers = iter(range(sum(sizes)))
        batches = (
            pa.record_batch([pa.array([next(numbers) for _ in range(size)], pa.int64())], schema=schema)
            for size in sizes
        )
        yield pa.RecordBatchReader.from_batches(schema, batches)

    monkeypatch.setattr(duckdb, "stream", stream)
    seen: list[Any] = []
    export(duckdb, "loads", tmp_path / "out.parquet", progress=lambda one: seen.append(one.done))
    written = pq.ParquetFile(tmp_path / "out.parquet")
    assert [written.metadata.row_group(number).num_rows for number in range(3)] == [
        GROUP_ROWS,
        GROUP_ROWS,
        50_000,
    ]
    assert written.read().column("load_id").to_pylist() == list(range(250_000))
    assert seen[-1] == 250_000
