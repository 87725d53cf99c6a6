"""The same rows in every format are the same rows; garbage in a cell costs that row and no other."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import fsspec
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.contract import CONTRACT
from patron.engines import Engine, connect
from patron.engines.address import public
from patron.errors import DatabaseError, PatronError
from patron.settings import Settings
from patron.sources.load import LoadReport, load
from patron.sources.mapping.model import parse_mapping
from tests.sources.files import refused, stored, write
from tests.support.databases import Databases, requested_engines

COLUMNS = ("Kunden-Nr", "Name", "Seit")
ROWS: list[tuple[str | None, ...]] = [
    ("1", "Åse", "2024-01-31"),
    ("x", "Bob", "2024-02-01"),
    ("3", "two\nlines", None),
    ("4", 'a "quote", and more', "2024-02-30"),
]
MAPPING = """
[customer_info]
from = "{name}"
columns.customer_id = "Kunden-Nr"
columns.first_name = "Name"
columns.registration_date = "Seit"
"""
Rows = list[tuple[str | None, ...]]


def as_csv(rows: Rows, delimiter: str = ",", quote: str = '"') -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quotechar=quote, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return stream.getvalue()


def _csv(folder: Path, rows: Rows) -> str:
    write(folder / "kunden.csv", as_csv(rows))
    return "kunden.csv"


def _zst(folder: Path, rows: Rows) -> str:
    with pa.output_stream(folder / "kunden.tsv.zst", compression="zstd") as stream:
        stream.write(as_csv(rows, "\t").encode())
    return "kunden.tsv.zst"


def _ndjson(folder: Path, rows: Rows) -> str:
    lines = [json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows]
    write(folder / "kunden.ndjson.gz", "\n".join(lines))
    return "kunden.ndjson.gz"


def _json(folder: Path, rows: Rows) -> str:
    objects = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    write(folder / "kunden.json", json.dumps(objects, indent=1))
    return "kunden.json"


def _json_inside(folder: Path, rows: Rows) -> str:
    objects = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    write(folder / "kunden.json", json.dumps({"total": len(rows), "data": objects}, indent=1))
    return "kunden.json"


def _parquet(folder: Path, rows: Rows) -> str:
    columns = zip(*rows, strict=True) if rows else [(), (), ()]
    arrays = {name: pa.array(values, pa.string()) for name, values in zip(COLUMNS, columns, strict=True)}
    pq.write_table(pa.table(arrays), folder / "kunden.parquet")
    return "kunden.parquet"


def _xlsx(folder: Path, rows: Rows) -> str:
    with xlsxwriter.Workbook(folder / "kunden.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([COLUMNS, *rows]):
            for at, value in enumerate(row):
                if value is not None:
                    sheet.write_string(number, at, value)
    return "kunden.xlsx"


def _sqlite(folder: Path, rows: Rows) -> str:
    connection = sqlite3.connect(folder / "kunden.db")
    with connection:
        connection.execute("CREATE TABLE kunden ([Kunden-Nr], Name TEXT, Seit TEXT)")
        connection.executemany("INSERT INTO kunden VALUES (?, ?, ?)", rows)
    connection.close()
    return "kunden"


def _duckdb(folder: Path, rows: Rows) -> str:
    with duckdb.connect(str(folder / "kunden.duckdb")) as connection:
        connection.execute('CREATE TABLE kunden ("Kunden-Nr" TEXT, Name TEXT, Seit TEXT)')
        for row in rows:
            connection.execute("INSERT INTO kunden VALUES (?, ?, ?)", list(row))
    return "kunden"


FORMATS: list[Callable[[Path, Rows], str]] = [
    _csv,
    _zst,
    _ndjson,
    _json,
    _json_inside,
    _parquet,
    _xlsx,
    _sqlite,
    _duckdb,
]


def load_from(engine: Engine, folder: Path, name: str, more: str = "") -> Any:
    path = next(iter(folder.iterdir())) if name == "kunden" else folder
    mapping = MAPPING.format(name=name).replace(f'"{name}"\n', f'"{name}"\n{more}')
    return load(engine, path, mapping=parse_mapping(mapping))


@pytest.mark.parametrize("make", FORMATS)
def test_each_format_brings_the_same_rows(
    memory: Engine, tmp_path: Path, make: Callable[[Path, Rows], str]
) -> None:
    report = load_from(memory, tmp_path, make(tmp_path, ROWS))
    assert (report.rows_read, report.inserted, report.quarantined) == (4, 2, 2)
    assert [(row["customer_id"], row["first_name"]) for row in stored(memory, "customer_info")] == [
        (1, "Åse"),
        (3, "two\nlines"),
    ]
    found = refused(memory, "reason_code", "content")
    assert [one[0] for one in found] == ["not_a_number", "not_a_date"]
    assert [tuple(json.loads(one[1]).values()) for one in found] == [ROWS[1], ROWS[3]]


def test_numbers_and_dates_of_a_workbook(memory: Engine, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "w.xlsx") as book:
        book.add_worksheet("Notes").write(0, 0, "nothing")
        sheet = book.add_worksheet("Products")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(2, 0, ["id", "price", "day", ""])
        sheet.write_row(3, 0, [7, 2.5])
        sheet.write(3, 2, 45382, day)
        sheet.write_row(5, 0, ["x", 1])
    mapping = """
[product_catalog]
from = "w.xlsx"
sheet = "Products"
columns = {product_id = "id", price = "price * 2", launch_date = "day"}
"""
    load(memory, tmp_path, mapping=parse_mapping(mapping))
    row = stored(memory, "product_catalog")[0]
    assert (row["product_id"], str(row["price"]), row["launch_date"].isoformat()) == (7, "5.00", "2024-03-31")
    assert refused(memory, "source_line", "reason_code") == [(6, "not_a_number")]


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252", "utf-16", "utf-8-sig", "cp850"])
def test_encodings(memory: Engine, tmp_path: Path, encoding: str) -> None:
    write(tmp_path / "kunden.csv", as_csv([("1", "Çelik", None)], ";", "'").encode(encoding))
    more = f"encoding = '{encoding}'\ndelimiter = ';'\nquote = \"'\"\n"
    load_from(memory, tmp_path, "kunden.csv", more)
    assert stored(memory, "customer_info")[0]["first_name"] == "Çelik"


def test_bytes_that_an_encoding_lacks_cost_their_row(memory: Engine, tmp_path: Path) -> None:
    write(tmp_path / "kunden.csv", b"Kunden-Nr,Name,Seit\n1,\x8anne,\n2,b\x81d,\n")
    mapping = '[source]\nencoding = "windows-1252"\n' + MAPPING.format(name="kunden.csv")
    load(memory, tmp_path, mapping=parse_mapping(mapping))
    assert [row["first_name"] for row in stored(memory, "customer_info")] == ["Šnne"]
    assert refused(memory, "source_line", "reason_code") == [(3, "invalid_utf8")]


def test_files_without_a_line_of_names(memory: Engine, tmp_path: Path) -> None:
    write(tmp_path / "c.csv", "1,Ann\n2,Bob\nx,Cem\n")
    mapping = """
[customer_info]
from = "c.csv"
header = false
columns = {customer_id = "column1", first_name = "column2"}
"""
    load(memory, tmp_path, mapping=parse_mapping(mapping))
    assert [row["first_name"] for row in stored(memory, "customer_info")] == ["Ann", "Bob"]
    assert refused(memory, "source_line", "reason_code") == [(3, "not_a_number")]


def test_files_elsewhere(memory: Engine) -> None:
    system = fsspec.filesystem("memory")
    system.pipe("/exports/2024/kunden.csv", as_csv(ROWS).encode())
    try:
        report = load(memory, "memory://exports", mapping=parse_mapping(MAPPING.format(name="kunden.csv")))
        assert (report.inserted, report.quarantined) == (2, 2)
        with pytest.raises(PatronError, match="no data file at memory://nothing"):
            load(memory, "memory://nothing", mapping=parse_mapping(MAPPING.format(name="kunden.csv")))
    finally:
        system.rm("/exports", recursive=True)


@pytest.mark.parametrize("name", ["nothing.duckdb", "nothing.sqlite"])
def test_a_file_that_is_no_database(memory: Engine, tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "no database")
    with pytest.raises(DatabaseError, match="is no database that Patron reads"):
        load(memory, tmp_path / name, mapping=parse_mapping(MAPPING.format(name="kunden")))


def test_a_postgresql_database_is_only_read(make_engine: Callable[..., Engine], empty_url: str) -> None:
    if not empty_url.startswith("postgres"):
        return
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute(
            'CREATE SCHEMA crm; CREATE TABLE crm.kunden ("Kunden-Nr" int, "Name" text, "Seit" timestamptz)'
        )
        connection.execute("INSERT INTO crm.kunden VALUES (1, 'Åse', '2024-01-31 23:30+01'), (2, '', NULL)")
    more = 'time_zone = "Europe/Oslo"\n'
    mapping = MAPPING.format(name="crm.kunden").replace('kunden"\n', f'kunden"\n{more}')
    engine = make_engine()
    load(engine, empty_url, mapping=parse_mapping(mapping))
    found = stored(engine, "customer_info")
    assert [(row["first_name"], str(row["registration_date"])) for row in found] == [
        ("Åse", "2024-01-31"),
        (None, "None"),
    ]
    with pytest.raises(PatronError, match=r"the database has no table 'kunde'\. Did you mean 'crm.kunden'"):
        load(
            engine,
            empty_url,
            mapping=parse_mapping(MAPPING.format(name="crm.kunde").replace("crm.kunde", "kunde", 1)),
        )


def test_a_password_is_not_kept() -> None:
    assert public("postgresql://me:secret@host/shop") == "postgresql://me@host/shop"
    assert public("postgresql:///shop?user=me&password=secret&connect_timeout=1") == "postgresql://me@/shop"
    assert public("postgresql://me:sec@ret@host/shop") == "postgresql://…"
    assert public("sftp://me:se/c@ret@host/shop") == "sftp://me@host/shop"
    assert public("s3://bucket/a:b@c") == "s3://bucket/a:b@c"


@pytest.fixture(scope="module", params=[kind for kind in requested_engines() if kind.startswith("postgres")])
def empty_postgres(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The URL of an empty database on PostgreSQL."""
    url = databases.empty(request.param)
    yield url
    databases.drop(url)


TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
CELLS = st.one_of(
    st.none(), st.sampled_from(["1", "2", "3", "2024-01-31", "", " ", "\0", '"', "\\", "\ufeff"]), TEXT
)
GARBAGE = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8)


def check_garbage(
    engine: Engine, make: Callable[[Path, Rows], str], rows: Rows, cut: int, junk: bytes
) -> None:
    with TemporaryDirectory() as folder:
        try:
            name = make(Path(folder), rows)
        except (ValueError, xlsxwriter.exceptions.XlsxWriterException):  # the format cannot hold it
            return
        path = next(Path(folder).iterdir())
        if path.suffix in (".csv", ".ndjson"):
            data = path.read_bytes()
            path.write_bytes(data[:cut] + junk + data[cut:])
        try:
            report = load_from(engine, Path(folder), name)
        except PatronError:  # the file as a whole is none, and nothing of it is stored
            assert stored(engine, "customer_info") == []
            return
        check_counts(engine, report)


def check_counts(engine: Engine, report: LoadReport) -> None:
    held = engine.query("SELECT COUNT(*) AS rows FROM quarantine")[0]["rows"]
    assert report.rows_read == len(stored(engine, "customer_info")) + report.quarantined
    assert report.quarantined == held
    assert all(not stored(engine, table.name) for table in CONTRACT if table.name != "customer_info")


@pytest.mark.parametrize("make", FORMATS)
@given(rows=GARBAGE, cut=st.integers(0, 200), junk=st.binary(max_size=4))
@settings(max_examples=8)
def test_garbage_in_any_cell_of_any_format(
    make: Callable[[Path, Rows], str], rows: Rows, cut: int, junk: bytes
) -> None:
    with connect(":memory:", Settings()) as engine:
        engine.init()
        check_garbage(engine, make, rows, cut, junk)


@given(rows=GARBAGE, cut=st.integers(0, 200), junk=st.binary(max_size=4))
@settings(max_examples=10)
def test_garbage_in_any_cell_on_every_engine(
    kind: str, databases: Databases, rows: Rows, cut: int, junk: bytes
) -> None:
    with databases.shared(kind) as engine:
        check_garbage(engine, _csv, rows, cut, junk)


@given(rows=GARBAGE)
@settings(max_examples=8)
def test_garbage_in_a_table_of_postgresql(empty_postgres: str, rows: Rows) -> None:
    sound = [row for row in rows if not any("\0" in (cell or "") for cell in row)]
    with psycopg.connect(empty_postgres, autocommit=True) as connection:
        connection.execute(
            'DROP TABLE IF EXISTS kunden; CREATE TABLE kunden ("Kunden-Nr" text, "Name" text, "Seit" text)'
        )
        connection.cursor().executemany("INSERT INTO kunden VALUES (%s, %s, %s)", sound)
    with connect(":memory:", Settings()) as engine:
        engine.init()
        report = load(engine, empty_postgres, mapping=parse_mapping(MAPPING.format(name="kunden")))
        assert report.rows_read == len(sound)
        check_counts(engine, report)
