"""Opening a database: what is stored is there for the next process, or nothing is opened at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from patron.engines import connect
from patron.errors import DatabaseError, NoDatabase, SettingsError
from patron.settings import Settings
from tests.conftest import MakeEngine
from tests.support.databases import rows

COUNT = "import sys, duckdb; print(duckdb.connect(sys.argv[1]).sql('SELECT COUNT(*) FROM loads').fetchall())"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, with files in it that are no databases."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    Path("there.csv").write_text("a,b\n1,2\n")
    Path("empty.csv").touch()
    Path("empty.duckdb").touch()
    Path("there.json").write_text('{"a": 1}\n')
    duckdb.sql("COPY (SELECT 1 AS a) TO 'there.parquet'")
    Path("folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("shop.duckdb", "shop.duckdb"),
        ("duckdb://shop.duckdb", "shop.duckdb"),
        ("new.csv", "new.csv"),
        ("new.parquet", "new.parquet"),
        ("~/shop", "shop"),
        ("./postgres:shop", "./postgres:shop"),
        ("./user=ann", "user=ann"),
    ],
)
def test_what_is_stored_is_there_for_another_process(url: str, file: str) -> None:
    with connect(url, Settings()) as engine:
        engine.init()
    done = subprocess.run([sys.executable, "-c", COUNT, file], capture_output=True, text=True, check=True)
    assert done.stdout == "[(0,)]\n"


@pytest.mark.parametrize(
    "url",
    ["there.csv", "there.json", "there.parquet", "empty.csv", "empty.duckdb", "folder", "no/where.duckdb"],
)
def test_what_is_no_database_is_not_opened(url: str) -> None:
    before = {path: path.is_dir() or path.read_bytes() for path in Path().iterdir()}
    with pytest.raises(DatabaseError) as told:
        connect(url, Settings())
    assert "Error" not in str(told.value)
    assert {path: path.is_dir() or path.read_bytes() for path in Path().iterdir()} == before


def test_a_database_in_memory_by_another_name_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    really = duckdb.connect

    def in_memory(*_: object, **__: object) -> duckdb.DuckDBPyConnection:
        return really(":memory:")

    monkeypatch.setattr(duckdb, "connect", in_memory)
    with pytest.raises(DatabaseError, match="something else than the file"):
        connect("shop.duckdb", Settings())


def test_a_missing_file_is_made_only_where_that_is_wanted() -> None:
    with pytest.raises(NoDatabase, match="patron init"):
        connect("shop.duckdb", Settings(), create=False)
    assert not Path("shop.duckdb").exists()


def test_no_extension_is_fetched() -> None:
    with connect("shop.duckdb", Settings()) as engine:
        with pytest.raises(DatabaseError):
            rows(engine, "SELECT * FROM sqlite_scan('x.db', 't')")
        settings = rows(engine, "SELECT value FROM duckdb_settings() WHERE name LIKE 'auto%known_extensions'")
    assert [row["value"] for row in settings] == ["false", "false"]


def test_ids_of_another_type_are_told_when_connecting(make_engine: MakeEngine, kind: str) -> None:
    engine = make_engine(Settings(id_type="text"))
    assert engine.id_type() == "text"
    url = engine.path if kind == "duckdb" else engine.url  # type: ignore[attr-defined]
    with pytest.raises(SettingsError, match='id_type = "text"'):
        connect(url, Settings(id_type="bigint"))
    connect(url, Settings(id_type="text")).close()


def test_ids_of_a_database_without_tables_are_of_no_type(empty_url: str) -> None:
    with connect(empty_url, Settings(id_type="text")) as engine:
        assert engine.id_type() is None


def test_a_snapshot_is_of_one_moment(make_engine: MakeEngine, kind: str) -> None:
    engine = make_engine()
    url = engine.path if kind == "duckdb" else engine.url  # type: ignore[attr-defined]
    count = "SELECT COUNT(*) AS number FROM product_catalog"
    insert = "INSERT INTO product_catalog (product_id) VALUES (1)"
    with connect(url, Settings()) as other:
        with engine.snapshot():
            assert rows(engine, count) == [{"number": 0}]
            other.query(insert)
            assert rows(other, count) == [{"number": 1}]
            assert rows(engine, count) == [{"number": 0}]
        assert rows(engine, count) == [{"number": 1}]
