"""Takes a publication into a PostgreSQL database, beside whoever reads there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa

from patron.contract import Table
from patron.contract.ddl import create_table
from patron.engines.postgres.copying import copy_batches
from patron.engines.postgres.keys import drop_foreign_keys, without_keys
from patron.engines.postgres.render import quoted
from patron.engines.postgres.triggers import unnoted
from patron.engines.receiving import ARRIVALS, Receiver, arriving
from patron.errors import DatabaseBusy, DatabaseError

if TYPE_CHECKING:
    from patron.engines.postgres.engine import PostgresEngine


# The advisory lock of a session under which a publication into a schema is brought.
LOCK = f"{0x0A740A}, hashtext(current_schema())"
SECONDS = 10  # for a server to notice that who held it was killed


class PostgresReceiver(Receiver):
    """Takes a publication into a PostgreSQL database.

    Where they wait is not logged, which saves writing: after a crash of the server nothing waits, and nothing is noted
    to have arrived. Rows are replaced by DELETE and INSERT: a reader in a snapshot of before goes on seeing all that
    was there, which neither TRUNCATE nor a table of another name would let it.
    """

    def __init__(self, engine: PostgresEngine) -> None:
        self.engine = engine
        self.home = quoted(engine.schema)

    @contextmanager
    def beside(self) -> Iterator[Receiver]:
        with type(self.engine)(self.engine.url, self.engine.settings) as another:
            yield PostgresReceiver(another)

    def begin(
        self, publication: str, tables: Iterable[str], sources: Sequence[Table] = ()
    ) -> dict[tuple[str, int], int]:
        self._lock()
        with self.engine.writing() as connection:
            there = _unlogged(create_table(ARRIVALS, "postgres"))
            connection.execute(there)
            connection.execute(f"LOCK TABLE {self.home}.arrivals".encode())
            marks = {row[0] for row in connection.execute("SELECT publication FROM arrivals").fetchall()}
            if marks != {publication}:
                connection.execute(f"DROP TABLE {self.home}.arrivals".encode())  # it may have been logged
                connection.execute(there)
                for table in (*tables, *(one.name for one in sources)):
                    name = f"{self.home}.{arriving(table)}"
                    connection.execute(f"DROP TABLE IF EXISTS {name}".encode())
                    connection.execute(_unlogged(f"CREATE TABLE {name} (LIKE {self.home}.{table})"))
            found = connection.execute('SELECT table_name, part, "rows" FROM arrivals').fetchall()
        return {(table, part): rows for table, part, rows in found}

    def _lock(self) -> None:
        try:
            with self.engine.connection.transaction():
                self.engine.connection.execute(f"SET LOCAL lock_timeout = '{SECONDS}s'".encode())
                self.engine.connection.execute(f"SELECT pg_advisory_lock({LOCK})".encode())
        except psycopg.errors.LockNotAvailable as error:
            raise DatabaseBusy(
                f"Another publication into {self.engine.shown} is under way; wait until it has ended, then try again."
            ) from error

    def receive(self, publication: str, table: str, part: int, rows: pa.RecordBatchReader) -> int:
        with self.engine.writing() as connection, connection.cursor() as cursor:
            stored = copy_batches(rows, cursor, f"{self.home}.{arriving(table)}")
            cursor.execute("INSERT INTO arrivals VALUES (%s, %s, %s, %s)", [publication, table, part, stored])
        return stored

    def swap(self, tables: Iterable[str], sources: Sequence[Table] = ()) -> None:
        self._give_up_references(sources)
        for source in sources:
            self._fill_empty(source)
        with self.engine.writing() as connection:
            connection.execute(f"LOCK TABLE {self.home}.builds IN SHARE ROW EXCLUSIVE MODE".encode())
            for table in tables:
                come, there = f"{self.home}.{arriving(table)}", f"{self.home}.{table}"
                connection.execute(f"DELETE FROM {there}".encode())
                connection.execute(f"INSERT INTO {there} SELECT * FROM {come}".encode())
                connection.execute(f"DROP TABLE {come}".encode())
            for source in sources:
                self._merge(connection, source)
            connection.execute(f"DROP TABLE {self.home}.arrivals".encode())
        # Of a publication that failed the lock goes with the session.
        self.engine.query(f"SELECT pg_advisory_unlock({LOCK})")
        for table in (*tables, *(one.name for one in sources)):
            with self.engine.writing() as connection:
                connection.execute(f"ANALYZE {self.home}.{table}".encode())

    def _give_up_references(self, sources: Sequence[Table]) -> None:
        """Drop the foreign keys of `sources`, for a lake holds to none."""
        with self.engine.writing() as connection:
            for source in sources:
                drop_foreign_keys(connection, f"{self.home}.{source.name}")

    def _fill_empty(self, source: Table) -> None:
        """Fill a table that has no rows, which is faster without its keys, and keeps readers of it waiting."""
        there, come = f"{self.home}.{source.name}", f"{self.home}.{arriving(source.name)}"
        with self.engine.writing() as connection:
            connection.execute(f"ANALYZE {come}".encode())
            if connection.execute(f"SELECT FROM {there} LIMIT 1".encode()).fetchone() is not None:
                return
            try:
                with without_keys(connection, there), unnoted(connection, source, self.engine.schema):
                    connection.execute(self._inserting(source, "TRUE"))
            except psycopg.errors.UniqueViolation as error:
                raise _doubled(source) from error

    def _merge(self, connection: psycopg.Connection[Any], source: Table) -> None:
        """Bring a table to what has arrived by the rows that differ: most facts are those of the publication before."""
        there, come, key = (
            f"{self.home}.{source.name}",
            f"{self.home}.{arriving(source.name)}",
            source.key.name,
        )
        old, new = (", ".join(f"{alias}.{name}" for name in source.names) for alias in ("there", "come"))
        with unnoted(connection, source, self.engine.schema):
            connection.execute(
                f"DELETE FROM {there} AS there WHERE NOT EXISTS (SELECT FROM {come} AS come "
                f"WHERE come.{key} = there.{key} AND ROW({new}) IS NOT DISTINCT FROM ROW({old}))".encode()
            )
            connection.execute(
                self._inserting(
                    source, f"NOT EXISTS (SELECT FROM {there} AS there WHERE there.{key} = come.{key})"
                )
            )
        numbers = f"SELECT (SELECT COUNT(*) FROM {come}), (SELECT COUNT(*) FROM {there})"
        if len(set(connection.execute(numbers.encode()).fetchone() or ())) > 1:
            raise _doubled(source)
        connection.execute(f"DROP TABLE {come}".encode())

    def _inserting(self, source: Table, condition: str) -> bytes:
        columns, order = ", ".join(source.names), "ORDER BY customer_id" if source.is_fact else ""
        return (
            f"INSERT INTO {self.home}.{source.name} ({columns}) "
            f"SELECT {columns} FROM {self.home}.{arriving(source.name)} AS come WHERE {condition} {order}"
        ).encode()


def _doubled(source: Table) -> DatabaseError:
    return DatabaseError(
        f"Several rows have the same {source.key.name} of {source.name} where customer_360 was built, which "
        "PostgreSQL does not take, so customer_360 was not published; mend them there, or publish without --facts."
    )


def _unlogged(statement: str) -> bytes:
    return statement.replace("CREATE TABLE", "CREATE UNLOGGED TABLE", 1).encode()
