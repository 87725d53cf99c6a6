"""A DuckDB file that a server owns: cursors that read in snapshots, and builds beside them.

Nothing but the file itself can be reached, and the configuration is locked but for what a build sets.

Connections are kept for the next reader. A query takes one thread: many are asked at once, and each by itself is too
small to be worth dividing. A build takes as many as there are.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from patron.engines.base import BuildRecord, Engine, OnProgress, Row
from patron.engines.duckdb.build import WORKING
from patron.engines.duckdb.engine import DuckDBEngine, not_initialised
from patron.engines.duckdb.opening import Config, reason
from patron.engines.serving import Serving
from patron.errors import DatabaseError, QueryTimeout
from patron.settings import Settings

LOCKED: Config = {
    "allowed_configs": list(WORKING),
    "enable_external_access": "false",
    "allow_community_extensions": "false",
    "lock_configuration": "true",
}
A_QUERY = 1  # thread
TICK = 0.1  # seconds between two looks at who has overrun


class DuckDBServing(Serving):
    """A DuckDB file, held open."""

    def __init__(self, path: str, settings: Settings) -> None:
        self.settings = settings
        self._engine = DuckDBEngine(path, settings, create=False, config={**LOCKED, "threads": A_QUERY})
        self._watch = _Watch()
        self._idle: deque[duckdb.DuckDBPyConnection] = deque()

    @contextmanager
    def reading(self, seconds: float) -> Iterator[Engine]:
        connection = self._idle.pop() if self._idle else self._engine.cursor()
        try:
            connection.execute("BEGIN TRANSACTION READ ONLY")
            with self._watch.over(connection, seconds):
                yield DuckDBReader(self._engine, connection)
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def build(self, as_of: date, *, full: bool, progress: OnProgress) -> BuildRecord:
        with self._engine.writing:
            self._engine.query(f"SET GLOBAL threads = {self.settings.threads or os.cpu_count() or A_QUERY}")
            try:
                return self._engine.build(as_of, full=full, progress=progress)
            finally:
                self._engine.query(f"SET GLOBAL threads = {A_QUERY}")

    def kept(self, table: str) -> str | None:
        rows = self._engine.query(
            "SELECT comment FROM duckdb_tables() WHERE table_name = ? AND NOT temporary", [table]
        )
        return rows[0]["comment"] if rows else None

    def keep(self, table: str, query: exp.Query, order: Sequence[str], mark: str) -> None:
        with self._engine.writing, self._engine.transaction() as cursor:
            cursor.execute(f"CREATE OR REPLACE TABLE {table} AS {query.order_by(*order).sql('duckdb')}")
            cursor.execute(f"COMMENT ON TABLE {table} IS {exp.Literal.string(mark).sql('duckdb')}")

    @property
    def changes(self) -> int:
        return self._engine.writing.changes

    @property
    def folder(self) -> Path:
        return Path(self._engine.path).parent

    def copy(self, to: Path) -> None:
        self._engine.copy(to)

    def close(self) -> None:
        self._watch.close()
        while self._idle:
            self._idle.pop().close()
        self._engine.close()


class DuckDBReader(DuckDBEngine):
    """One connection in one read-only transaction."""

    def __init__(self, owner: DuckDBEngine, connection: duckdb.DuckDBPyConnection) -> None:
        self.settings, self.path, self.catalog = owner.settings, owner.path, owner.catalog
        self.writing, self.statements, self.connection = owner.writing, owner.statements, connection

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with self._telling():
            self.connection.execute(sql, list(parameters))
            names = [column[0] for column in self.connection.description or ()]
            return [dict(zip(names, row, strict=True)) for row in self.connection.fetchall()]

    @contextmanager
    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatchReader]:
        with self._telling():
            relation = self.connection.sql(sql, params=list(parameters) or None)
            with relation.to_arrow_reader(10_000) as reader:  # left open, it would let no other query begin
                yield reader

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        yield  # its one transaction is a snapshot

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except duckdb.InterruptException as error:
            raise QueryTimeout(
                "The query took longer than the server lets it; ask for less at a time."
            ) from error
        except duckdb.CatalogException as error:
            raise not_initialised(self.path, error) from error
        except duckdb.IOException as error:
            raise DatabaseError(f"{self.path} cannot be read: {reason(error)}.") from error


class _Watch:
    """Interrupts connections that take too long. DuckDB has no time-out of its own."""

    def __init__(self) -> None:
        self._deadlines: dict[int, tuple[float, duckdb.DuckDBPyConnection]] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="patron-watch", daemon=True)
        self._thread.start()

    @contextmanager
    def over(self, connection: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
        key = id(connection)
        with self._lock:
            self._deadlines[key] = (time.monotonic() + seconds, connection)
        try:
            yield
        finally:
            with self._lock:
                del self._deadlines[key]

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(TICK):
            now = time.monotonic()
            with self._lock:
                for deadline, connection in self._deadlines.values():
                    if now > deadline:
                        with suppress(duckdb.Error):
                            connection.interrupt()
