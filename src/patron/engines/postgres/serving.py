"""A PostgreSQL database behind a server: a pool of sessions that can only read, and one session a build."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg_pool import ConnectionPool
from sqlglot import exp

from patron.engines.base import BuildRecord, Engine, OnProgress
from patron.engines.postgres.engine import PostgresEngine
from patron.engines.postgres.render import quoted
from patron.engines.serving import Serving
from patron.errors import DatabaseError
from patron.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]
KEEPING = 0x0A7409  # the advisory lock under which a kept table is made
PATIENCE = 3.0  # seconds until a request is told that the database cannot be reached


class PostgresServing(Serving):
    """A pool of read-only sessions."""

    def __init__(self, url: str, settings: Settings) -> None:
        """Connect once, so that a wrong URL is told at the start; raises DatabaseError."""
        self.settings = settings
        self.statements: dict[Hashable, tuple[str, tuple[str, ...]]] = {}
        self.url = url
        with PostgresEngine(url, settings) as engine:
            self.schema, self.shown = engine.schema, engine.shown
        # Without a least size, sessions are made when they are asked for, and no longer than a request waits: after
        # the database was away, the first request that finds it back gets one.
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=0,
            max_size=settings.server.readers,
            configure=_configure,
            check=ConnectionPool.check_connection,
            timeout=PATIENCE,
            reconnect_timeout=1,
            open=True,
        )

    @contextmanager
    def reading(self, seconds: float) -> Iterator[Engine]:
        try:
            with self._pool.connection() as connection:
                connection.execute(
                    "SELECT set_config('statement_timeout', %s, true)", [str(int(seconds * 1000))]
                )
                yield PostgresReader(self, connection)
        except psycopg.OperationalError as error:
            raise DatabaseError(
                f"PostgreSQL at {self.shown} cannot be reached: {type(error).__name__}."
            ) from error

    def build(self, as_of: date, *, full: bool, progress: OnProgress) -> BuildRecord:
        with PostgresEngine(self.url, self.settings) as engine:
            engine.check_version(self.shown)  # it may have been upgraded under the running server
            return engine.build(as_of, full=full, progress=progress)

    def kept(self, table: str) -> str | None:
        with PostgresEngine(self.url, self.settings) as engine:
            home = f"{quoted(self.schema)}.{table}"
            rows = engine.query("SELECT obj_description(to_regclass(?), 'pg_class') AS mark", [home])
            return rows[0]["mark"] if rows else None

    def keep(self, table: str, query: exp.Query, order: Sequence[str], mark: str) -> None:
        new, old = f"{table}_next", f"{quoted(self.schema)}.{table}"
        first, *others = order
        with PostgresEngine(self.url, self.settings) as engine, engine.connection.transaction():
            for statement in (
                f"SELECT pg_advisory_xact_lock({KEEPING})",
                "SET LOCAL client_min_messages = warning",
                f"DROP TABLE IF EXISTS {quoted(self.schema)}.{new}",
                f"CREATE TABLE {quoted(self.schema)}.{new} AS {engine.sql(query)}",
                f'CREATE INDEX ON {quoted(self.schema)}.{new} ({first} COLLATE "C", {", ".join(others)})',
                f'CREATE INDEX ON {quoted(self.schema)}.{new} ({", ".join(others)}, {first} COLLATE "C")',
                f"COMMENT ON TABLE {quoted(self.schema)}.{new} IS {exp.Literal.string(mark).sql('postgres')}",
                f"DROP TABLE IF EXISTS {old}",
                f"ALTER TABLE {quoted(self.schema)}.{new} RENAME TO {table}",
                f"ANALYZE {old}",
            ):
                engine.connection.execute(statement.encode())
        with PostgresEngine(self.url, self.settings) as engine:  # after that its indexes alone answer
            engine.connection.execute(f"VACUUM {old}".encode())

    def close(self) -> None:
        self._pool.close()


class PostgresReader(PostgresEngine):
    """One session of the pool, in one read-only transaction."""

    def __init__(self, owner: PostgresServing, connection: Connection) -> None:
        self.url, self.shown, self.schema = owner.url, owner.shown, owner.schema
        self.settings, self.connection, self.statements = owner.settings, connection, owner.statements

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        yield  # its one transaction is a snapshot


def _configure(connection: Connection) -> None:
    connection.read_only = True
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
