"""Keys and audit log of a DuckDB shop: a SQLite file beside it, which several processes may have open."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from patron.access.store import AccessStore
from patron.engines.duckdb.restoring import ACCESS, finish
from patron.errors import DatabaseError, OtherVersion

VERSION = 1  # of the tables in the file, which its own header carries
SCHEMA = """
    CREATE TABLE IF NOT EXISTS api_keys (
        key_id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, digest TEXT NOT NULL,
        created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS server_secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS audit_log (
        number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, caller TEXT NOT NULL, role TEXT NOT NULL,
        action TEXT NOT NULL, subject TEXT NOT NULL, request_id TEXT NOT NULL, details TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER IF NOT EXISTS audit_log_is_not_changed BEFORE UPDATE ON audit_log
        BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;
    CREATE TRIGGER IF NOT EXISTS audit_log_is_not_shortened BEFORE DELETE ON audit_log
        BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END;
"""


class SqliteAccess(AccessStore):
    """A SQLite file, readable by its owner alone."""

    is_remote = False

    def __init__(self, database: str) -> None:
        """Open the file beside the DuckDB file `database`, and make it if there is none; raises DatabaseError."""
        self.path = database if database == ":memory:" else database + ACCESS
        self._lock = threading.Lock()
        try:
            if database != ":memory:":
                finish(database)
                Path(self.path).touch(mode=0o600)
            self._connection = sqlite3.connect(
                self.path, timeout=5, isolation_level=None, check_same_thread=False
            )
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL"):
                self._connection.execute(f"PRAGMA {pragma}").fetchall()
            (found,) = self._connection.execute("PRAGMA user_version").fetchone()
            if found > VERSION:
                self._connection.close()
                raise OtherVersion(
                    f"{self.path}, which keeps API keys and the audit log, was made by a later version of Patron: "
                    "install that one or a later one."
                )
            self._connection.executescript(SCHEMA)
            self._connection.execute(f"PRAGMA user_version = {VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise DatabaseError(
                f"{self.path}, which keeps API keys and the audit log, cannot be opened: {_reason(error)}."
            ) from error

    def close(self) -> None:
        self._connection.close()

    def copy(self, to: Path) -> None:
        """Write all of it to a new file as it is at one moment, whoever writes meanwhile."""
        try:
            with self._lock, closing(sqlite3.connect(to)) as copy:
                self._connection.backup(copy)
        except sqlite3.Error as error:
            raise DatabaseError(f"{self.path} cannot be copied: {_reason(error)}.") from error

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise DatabaseError(f"{self.path} cannot be used: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error).rstrip(".")
