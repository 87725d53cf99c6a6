"""Other databases as sources: SQLite and DuckDB files, and PostgreSQL. They are only read.

A table is written to a file as it is at that moment, and then read like any other file.
"""

from __future__ import annotations

import csv
import sqlite3
from abc import ABC, abstractmethod
from pathlib import Path

import duckdb
import psycopg
import pyarrow.parquet as pq
from psycopg import sql

from patron.engines.address import ENGINES, Address, address
from patron.engines.duckdb.opening import OFFLINE, reason
from patron.errors import DatabaseError
from patron.sources.formats.files import DATABASES, FORMS, SourceFile
from patron.sources.staging import first_line

ROWS_AT_ONCE = 50_000
SQLITE_MAGIC, DUCKDB_MAGIC = b"SQLite format 3\0", b"DUCK"
ODD_TEXT = "surrogateescape"  # bytes that are no UTF-8 stay what they are, and the row is refused


class SourceDatabase(ABC):
    """A database that is read; `path` is its path or URL."""

    def __init__(self, path: str) -> None:
        self.path = path

    @abstractmethod
    def tables(self) -> list[str]:
        """Return the names of tables and views; with their schema where that is not the usual one."""

    @abstractmethod
    def dump(self, table: str, stem: Path, limit: int | None = None) -> SourceFile:
        """Write a table's rows, or the first of them, to a file beside `stem`; raises DatabaseError."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""


def open_database(path: str) -> SourceDatabase | None:
    """Open the database at `path`, a file or a URL; None where it is no database. Raises DatabaseError."""
    scheme, separator, rest = path.partition("://")
    if separator and scheme in ENGINES:
        where = address(path)
        return PostgresSource(where) if where.engine == "postgres" else DuckDBSource(where.target)
    if separator and scheme == "sqlite":
        return SQLiteSource(rest.removeprefix("/"))
    file = Path(path)
    if separator or not file.is_file():
        return None
    with file.open("rb") as stream:
        start = stream.read(16)
    if start == SQLITE_MAGIC:
        return SQLiteSource(path)
    if start[8:12] == DUCKDB_MAGIC:
        return DuckDBSource(path)
    if file.suffix.lower() in DATABASES:
        raise DatabaseError(f"{path} is no database that Patron reads: neither DuckDB nor SQLite.")
    return None


class SQLiteSource(SourceDatabase):
    """A SQLite file. All values come as text."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        try:
            address = f"{Path(path).resolve().as_uri()}?mode=ro"
            self.connection = sqlite3.connect(address, uri=True)
            self.connection.text_factory = lambda raw: raw.decode("utf-8", ODD_TEXT)
            self.connection.execute("PRAGMA query_only = 1")
            self.tables()
        except sqlite3.Error as error:
            raise DatabaseError(
                f"{path} cannot be opened as a SQLite database: {first_line(error)}."
            ) from error

    def tables(self) -> list[str]:
        """Return the names of tables and views."""
        rows = self.connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' "
            "ESCAPE '\\' ORDER BY name"
        )
        return [str(row[0]) for row in rows]

    def dump(self, table: str, stem: Path, limit: int | None = None) -> SourceFile:
        """Write a table as CSV."""
        path = stem.with_suffix(".csv")
        name = table.replace('"', '""')
        query = f'SELECT * FROM "{name}" LIMIT {-1 if limit is None else limit}'
        try:
            cursor = self.connection.execute(query)
            with path.open("w", encoding="utf-8", errors=ODD_TEXT, newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow([column[0] for column in cursor.description])
                while rows := cursor.fetchmany(ROWS_AT_ONCE):
                    writer.writerows([[_text(value) for value in row] for row in rows])
        except sqlite3.Error as error:
            raise DatabaseError(f"{table} of {self.path} cannot be read: {first_line(error)}.") from error
        return SourceFile.at(path, table, FORMS[".csv"])

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


class DuckDBSource(SourceDatabase):
    """A DuckDB file, opened where it can do nothing but be read."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        try:
            config = OFFLINE | {"enable_external_access": False}
            self.connection = duckdb.connect(path, read_only=True, config=config)
        except duckdb.Error as error:
            raise DatabaseError(f"{path} cannot be opened as a DuckDB database: {reason(error)}.") from error

    def tables(self) -> list[str]:
        """Return the names of tables and views."""
        rows = self.connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_catalog = current_database() ORDER BY ALL"
        ).fetchall()
        return [name if schema == "main" else f"{schema}.{name}" for schema, name in rows]

    def dump(self, table: str, stem: Path, limit: int | None = None) -> SourceFile:
        """Write a table as Parquet, with its types."""
        path = stem.with_suffix(".parquet")
        schema, _, name = table.rpartition(".") if table in self.tables() else ("", "", table)
        home = sql.Identifier(schema or "main", name).as_string()
        query = f"SELECT * FROM {home}{'' if limit is None else f' LIMIT {limit}'}"
        try:
            batches = self.connection.sql(query).to_arrow_reader(ROWS_AT_ONCE)
            with pq.ParquetWriter(path, batches.schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
        except duckdb.Error as error:
            raise DatabaseError(f"{table} of {self.path} cannot be read: {reason(error)}.") from error
        return SourceFile.at(path, table, FORMS[".parquet"])

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


class PostgresSource(SourceDatabase):
    """A PostgreSQL database, in one read-only transaction, so that all tables are of one moment."""

    def __init__(self, where: Address) -> None:
        super().__init__(where.shown)
        try:
            self.connection = psycopg.connect(where.target, connect_timeout=10, client_encoding="utf8")
            self.connection.read_only = True
            self.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            self.connection.execute("SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'")
        except psycopg.Error as error:
            raise DatabaseError(f"{where.shown} cannot be reached: {reason(error)}.") from error

    def tables(self) -> list[str]:
        """Return the names of tables and views that may be read."""
        rows = self.connection.execute(
            "SELECT table_schema, table_name, table_schema = current_schema() FROM information_schema.tables "
            "WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY 1, 2"
        ).fetchall()
        return [name if here else f"{schema}.{name}" for schema, name, here in rows]

    def dump(self, table: str, stem: Path, limit: int | None = None) -> SourceFile:
        """Write a table as CSV; all values come as text, times of known zone in UTC."""
        path = stem.with_suffix(".csv")
        rows = sql.SQL("SELECT * FROM {}").format(self._identifier(table))
        if limit is not None:
            rows = sql.SQL("{} LIMIT {}").format(rows, sql.Literal(limit))
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER true, ENCODING 'UTF8')").format(rows)
        try:
            with (
                self.connection.cursor() as cursor,
                cursor.copy(statement) as copy,
                path.open("wb") as stream,
            ):
                for block in copy:
                    stream.write(block)
        except psycopg.Error as error:
            raise DatabaseError(f"The table {table} cannot be read: {reason(error)}.") from error
        return SourceFile.at(path, table, FORMS[".csv"])

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _identifier(self, table: str) -> sql.Identifier:
        row = self.connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE "
            "(table_schema = current_schema() AND table_name = %s) OR table_schema || '.' || table_name = %s "
            "ORDER BY table_schema = current_schema() DESC",
            [table, table],
        ).fetchone()
        return sql.Identifier(*row) if row else sql.Identifier(table)


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", ODD_TEXT)
    return None if value is None else str(value)
