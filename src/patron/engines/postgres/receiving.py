"""Takes a publication into a PostgreSQL database, beside whoever reads there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa

from patron.contract import CONTRACT, FACTS, Table
from patron.contract.ddl import create_table
from patron.engines.postgres.copying import copy_batches
from patron.engines.postgres.keys import drop_references_of, foreign_keys, without_keys
from patron.engines.postgres.render import quoted
from patron.engines.postgres.triggers import unnoted
from patron.engines.receiving import ARRIVALS, Receiver, arriving, in_words
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
                for table in tables:
                    self._make_room(connection, table)
            facts = [table.name for table in CONTRACT]
            connection.execute("DELETE FROM arrivals WHERE table_name = ANY(%s)", [facts])
            for table in facts:
                connection.execute(f"DROP TABLE IF EXISTS {self.home}.{arriving(table)}".encode())
            for source in sources:
                self._make_room(connection, source.name)
            found = connection.execute('SELECT table_name, part, "rows" FROM arrivals').fetchall()
        return {(table, part): rows for table, part, rows in found}

    def _make_room(self, connection: psycopg.Connection[Any], table: str) -> None:
        name = f"{self.home}.{arriving(table)}"
        connection.execute(f"DROP TABLE IF EXISTS {name}".encode())
        connection.execute(_unlogged(f"CREATE TABLE {name} (LIKE {self.home}.{table})"))

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

    def own_facts(self) -> str | None:
        """Where a publication brought facts the tables refer to none any more."""
        if loads := self.engine.query("SELECT COUNT(*) AS number FROM loads")[0]["number"]:
            return in_words(loads)
        for table in FACTS:
            home = f"{self.home}.{table.name}"
            with self.engine.writing() as connection:
                refers = foreign_keys(connection, home)
            if refers and self.engine.query(f"SELECT 1 AS one FROM {home} LIMIT 1"):
                return f"rows of {table.name}"
        return None

    def swap(self, tables: Iterable[str], sources: Sequence[Table] = ()) -> None:
        for source in sources:
            self._see_keys(source)
        with self.engine.writing() as connection:
            connection.execute(f"LOCK TABLE {self.home}.builds IN SHARE ROW EXCLUSIVE MODE".encode())
            for table in tables:
                come, there = f"{self.home}.{arriving(table)}", f"{self.home}.{table}"
                connection.execute(f"DELETE FROM {there}".encode())
                connection.execute(f"INSERT INTO {there} SELECT * FROM {come}".encode())
                connection.execute(f"DROP TABLE {come}".encode())
            for source in sources:  # a lake holds to no references, and rows come by the table
                drop_references_of(connection, f"{self.home}.{source.name}")
            for source in sources:
                self._bring(connection, source)
            connection.execute(f"DROP TABLE {self.home}.arrivals".encode())
        # Of a publication that failed the lock goes with the session.
        self.engine.query(f"SELECT pg_advisory_unlock({LOCK})")
        for table in (*tables, *(one.name for one in sources)):
            with self.engine.writing() as connection:
                connection.execute(f"ANALYZE {self.home}.{table}".encode())

    def _see_keys(self, source: Table) -> None:
        """Raise DatabaseError where a key has come twice, and let the server know what it is to join."""
        come, key = f"{self.home}.{arriving(source.name)}", source.key.name
        with self.engine.writing() as connection:
            connection.execute(f"ANALYZE {come}".encode())
            twice = f"SELECT {key} FROM {come} GROUP BY {key} HAVING COUNT(*) > 1 LIMIT 1"
            if (found := connection.execute(twice.encode()).fetchone()) is not None:
                raise DatabaseError(
                    f"Several rows of {source.name} have the {key} {found[0]} where customer_360 was built, which "
                    "PostgreSQL does not take, so nothing was published; mend them there, or publish without --facts."
                )

    def _bring(self, connection: psycopg.Connection[Any], source: Table) -> None:
        """Bring a table to what has arrived by the rows that differ: most facts are those of the publication before.

        One that has no rows is filled without its keys, which is faster and keeps its readers waiting.
        """
        there, come = f"{self.home}.{source.name}", f"{self.home}.{arriving(source.name)}"
        empty = connection.execute(f"SELECT FROM {there} LIMIT 1".encode()).fetchone() is None
        with (
            without_keys(connection, there) if empty else nullcontext(),
            unnoted(connection, source, self.engine.schema),
        ):
            if not empty:
                connection.execute(self._deleting(source))
            connection.execute(self._merging(source))
        connection.execute(f"DROP TABLE {come}".encode())

    def _deleting(self, source: Table) -> bytes:
        key = source.key.name
        return (
            f"DELETE FROM {self.home}.{source.name} AS there WHERE NOT EXISTS "
            f"(SELECT FROM {self.home}.{arriving(source.name)} AS come WHERE come.{key} = there.{key})"
        ).encode()

    def _merging(self, source: Table) -> bytes:
        columns, key = source.names, source.key.name
        old, new = (", ".join(f"{alias}.{name}" for name in columns) for alias in ("there", "come"))
        changed = ", ".join(f"{name} = come.{name}" for name in columns[1:])
        order = "ORDER BY customer_id" if source.is_fact else ""
        return (
            f"MERGE INTO {self.home}.{source.name} AS there "
            f"USING (SELECT * FROM {self.home}.{arriving(source.name)} {order}) AS come ON there.{key} = come.{key} "
            f"WHEN MATCHED AND ROW({old}) IS DISTINCT FROM ROW({new}) THEN UPDATE SET {changed} "
            f"WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) VALUES ({new})"
        ).encode()


def _unlogged(statement: str) -> bytes:
    return statement.replace("CREATE TABLE", "CREATE UNLOGGED TABLE", 1).encode()
