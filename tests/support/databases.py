"""Databases for tests: a fresh one in milliseconds, on every engine, and plain rows in and out of it."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg
import pyarrow as pa
from psycopg import sql

from patron.contract import CONTRACT, FACTS, IdType
from patron.engines import Engine, connect
from patron.engines.arrow import arrow_schema
from patron.engines.duckdb import DuckDBEngine
from patron.engines.postgres import PostgresEngine
from patron.engines.spark import SparkEngine
from patron.settings import Settings
from tests.reference import Row, Shop
from tests.support.postgres import PostgresServer, binaries
from tests.support.sparks import LAKES, SparkServer, start

ENGINES = ("duckdb", "postgres18", "postgres15")
MEMORY = ":memory:"
_ABOUT_PRODUCTS = [fact for fact in FACTS if "product_id" in fact.names]
_TABLES = """
    SELECT table_name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'
        AND table_name <> 'schema_history'
"""


def requested_engines() -> list[str]:
    """Return the engines to test: those PATRON_TEST_ENGINES names, or all that this machine has.

    DuckDB and PostgreSQL 18 come with the test dependencies and are never left out by themselves.
    """
    wanted = _wanted()
    if wanted is None:
        return [name for name in ENGINES if name != "postgres15" or binaries("15")]
    return [name for name in wanted if name in ENGINES]


def requested_lakes() -> list[str]:
    """Return the engines behind Spark Connect to test: those PATRON_TEST_ENGINES names, or Sail.

    A build on them costs many times that on the others, so they run the model and what is theirs alone; one on
    Apache Spark takes a minute, so it runs the model and what no other does.
    """
    wanted = _wanted()
    return [name for name in LAKES if name in (["sail"] if wanted is None else wanted)]


def lakes_of_the_model() -> list[str]:
    """Return the engines behind Spark Connect that meet random shops: those PATRON_TEST_ENGINES names, or both."""
    return list(LAKES) if _wanted() is None else requested_lakes()


def _wanted() -> list[str] | None:
    names = os.environ.get("PATRON_TEST_ENGINES")
    if names is None:
        return None
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = (*ENGINES, *LAKES)
    if set(wanted) - set(known) or not wanted:
        raise ValueError(f"PATRON_TEST_ENGINES is '{names}'; it takes any of {', '.join(known)}.")
    return wanted


class Databases:
    """Makes databases on any engine; servers start when first needed, all goes away in `close`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._servers: dict[str, PostgresServer] = {}
        self._sparks: dict[str, SparkServer] = {}
        self._templates: dict[tuple[str, IdType], str] = {}
        self._open: dict[int, tuple[Engine, str]] = {}
        self._shared: dict[tuple[str, str], Engine] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all engines and stop all servers."""
        try:
            for engine, _ in list(self._open.values()):
                engine.close()
        finally:
            while self._servers:
                self._servers.popitem()[1].stop()
            while self._sparks:
                self._sparks.popitem()[1].stop()

    # -- engines --------------------------------------------------------------------------------------

    def open(self, kind: str, settings: Settings | None = None, *, in_memory: bool = False) -> Engine:
        """Return an engine on a database of its own in which `init` has run; give it back to `discard`."""
        settings = settings or Settings()
        template = None if in_memory and kind == "duckdb" else self._template(kind, settings.id_type)
        url = self._copy(kind, template) if template else MEMORY
        engine = connect(url, settings)
        self._open[id(engine)] = engine, url
        if url == MEMORY:
            engine.init()
        return engine

    def discard(self, engine: Engine) -> None:
        """Close an engine and remove its database."""
        url = self._open.pop(id(engine))[1]
        engine.close()
        self.drop(url)

    @contextmanager
    def shared(self, kind: str, settings: Settings | None = None) -> Iterator[Engine]:
        """Lend an empty engine that lasts for the session; one that was in use at a failure is discarded."""
        settings = settings or Settings()
        key = (kind, settings.model_dump_json())
        if key in self._shared:
            self._reset(self._shared[key], kind)
        else:
            self._shared[key] = self.open(kind, settings, in_memory=True)
        try:
            yield self._shared[key]
        except BaseException:
            self.discard(self._shared.pop(key))
            raise

    def _reset(self, engine: Engine, kind: str) -> None:
        if not isinstance(engine, SparkEngine):
            reset(engine)
            return
        shutil.rmtree(engine.where.tables)
        shutil.copytree(tables_of(self._template(kind, engine.settings.id_type)), engine.where.tables)
        with engine.snapshot():  # it looks anew
            return

    # -- databases ------------------------------------------------------------------------------------

    def server(self, kind: str) -> PostgresServer:
        """Return the server of a kind of PostgreSQL, which is started when it is first needed."""
        return self._server(kind)

    def empty(self, kind: str) -> str:
        """Make a database with nothing in it and return its URL."""
        return self._copy(kind, None)

    def drop(self, url: str) -> None:
        """Remove a database that `empty` made; whoever is connected is thrown out."""
        if url == MEMORY:
            return
        if url.startswith("sc:"):
            shutil.rmtree(tables_of(url), ignore_errors=True)
            return
        if not url.startswith("postgresql:"):
            for file in (Path(url), Path(f"{url}.wal")):
                file.unlink(missing_ok=True)
            return
        name = _name(url)
        server = next(server for server in self._servers.values() if server.url(name) == url)
        _administer(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _template(self, kind: str, id_type: IdType) -> str:
        if (kind, id_type) not in self._templates:
            url = self.empty(kind)
            with connect(url, Settings(id_type=id_type)) as engine:
                engine.init()
            self._templates[kind, id_type] = url
        return self._templates[kind, id_type]

    def _copy(self, kind: str, template: str | None) -> str:
        name = f"test_{next(self._numbers)}"
        if kind == "duckdb":
            path = self._folder / f"{name}.duckdb"
            if template is not None:
                shutil.copyfile(template, path)
            return str(path)
        if kind in LAKES:
            if template is not None:
                shutil.copytree(tables_of(template), self._folder / name)
            return f"sc://127.0.0.1:{self.spark(kind).port}/;tables={self._folder / name}"
        server = self._server(kind)
        origin = sql.Identifier(_name(template) if template else "template0")
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        _administer(server, create.format(sql.Identifier(name), origin))
        return server.url(name)

    def spark(self, kind: str) -> SparkServer:
        """Return the one server of `kind`, which starts when it is first needed."""
        if kind not in self._sparks:
            self._sparks[kind] = start(kind)
        return self._sparks[kind]

    def _server(self, kind: str) -> PostgresServer:
        if kind not in self._servers:
            version = kind.removeprefix("postgres")
            folder = binaries(version)
            if folder is None:
                raise RuntimeError(
                    f"The tests are to run on {kind}, but PostgreSQL {version} is not on this machine; "
                    "install it or leave it out of PATRON_TEST_ENGINES."
                )
            self._servers[kind] = PostgresServer(folder, version)
        return self._servers[kind]


def fill(engine: Engine, shop: Shop) -> None:
    """Put plain rows into the contract tables, parents first. Facts may be about products nobody knows."""
    known = {row["product_id"] for row in rows(engine, "SELECT product_id FROM product_catalog")}
    known |= {None, *(row["product_id"] for row in shop["product_catalog"])}
    if isinstance(engine, PostgresEngine) and any(
        row["product_id"] not in known for fact in _ABOUT_PRODUCTS for row in shop[fact.name]
    ):
        allow_orphans(engine)
    for table in CONTRACT:
        if shop[table.name]:
            schema = arrow_schema(table, engine.settings.id_type)
            engine.append(table, [pa.RecordBatch.from_pylist(shop[table.name], schema=schema)])


def reset(engine: Engine) -> None:
    """Empty every table of an engine's database, so that it is as after `init`."""
    if isinstance(engine, DuckDBEngine):
        with engine.transaction() as cursor:
            for row in rows(engine, _TABLES, "main"):
                cursor.execute(f'DELETE FROM "{row["table_name"]}"')
        return
    assert isinstance(engine, PostgresEngine)
    tables = [sql.Identifier(row["table_name"]) for row in rows(engine, _TABLES, engine.schema)]
    with psycopg.connect(engine.url) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger is to note this
        connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(tables)))


def rows(engine: Engine, query: str, *parameters: Any) -> list[Row]:
    """Return a query's rows as plain dictionaries."""
    return engine.query(query, parameters)


def allow_orphans(engine: PostgresEngine) -> None:
    """Let facts be about unknown products, which a database that enforces that reference cannot hold."""
    with psycopg.connect(engine.url) as connection:
        for fact in _ABOUT_PRODUCTS:
            drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}")
            constraint = sql.Identifier(f"{fact.name}_product_id_fkey")
            connection.execute(drop.format(sql.Identifier(fact.name), constraint))


def tables_of(url: str) -> Path:
    """Return the folder in which a lake's tables lie."""
    return Path(url.partition(";tables=")[2])


def _name(url: str) -> str:
    return url.split("?")[0].rsplit("/", 1)[1]


def _administer(server: PostgresServer, statement: sql.Composed) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(statement)
