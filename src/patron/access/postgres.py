"""Keys and audit log of a shop on PostgreSQL: two tables of its database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from patron.access.store import AccessStore
from patron.engines.postgres.reasons import reason
from patron.errors import DatabaseError

INSTALLING = 0x0A7408  # the advisory lock under which the tables are made
SCHEMA = """
    CREATE TABLE IF NOT EXISTS api_keys (
        key_id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, digest TEXT NOT NULL,
        created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT
    );
    CREATE TABLE IF NOT EXISTS server_secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS audit_log (
        number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at TEXT NOT NULL, caller TEXT NOT NULL,
        role TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, request_id TEXT NOT NULL,
        details TEXT NOT NULL
    );
    CREATE OR REPLACE FUNCTION audit_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the audit log is only appended to'; END $$;
    CREATE OR REPLACE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION audit_log_only_grows();
"""


class PostgresAccess(AccessStore):
    """Two tables in the first schema of the search path."""

    is_remote = True

    def __init__(self, url: str) -> None:
        """Connect, and make the tables if they are not there; raises DatabaseError."""
        self._pool: ConnectionPool[psycopg.Connection[tuple[Any, ...]]] = ConnectionPool(
            url,
            min_size=0,
            max_size=4,
            kwargs={"autocommit": True},
            check=ConnectionPool.check_connection,
            timeout=3,
            reconnect_timeout=1,
            open=True,
        )
        try:
            with self._pool.connection() as connection, connection.transaction():
                connection.execute("SET LOCAL client_min_messages = warning")
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [INSTALLING])
                there = connection.execute(
                    "SELECT to_regclass('audit_log'), to_regclass('api_keys')"
                ).fetchone()
                if there is None or None in there:
                    connection.execute(SCHEMA)
        except psycopg.Error as error:
            self.close()
            raise DatabaseError(
                f"The tables of API keys and the audit log cannot be reached or made: {reason(error)}."
            ) from error

    def close(self) -> None:
        self._pool.close()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            with self._pool.connection() as connection:
                cursor = connection.execute(sql.replace("?", "%s").encode(), list(values))
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise DatabaseError(
                f"The API keys or the audit log cannot be reached: {reason(error)}."
            ) from error
