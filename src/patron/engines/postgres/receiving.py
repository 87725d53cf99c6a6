"""Takes a publication into a PostgreSQL database, beside whoever reads there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa

from patron.contract.ddl import create_table
from patron.engines.postgres.copying import copy_batches
from patron.engines.postgres.render import quoted
from patron.engines.receiving import ARRIVALS, Receiver, arriving
from patron.errors import DatabaseBusy

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

    def begin(self, publication: str, tables: Iterable[str]) -> dict[tuple[str, int], int]:
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

    def swap(self, tables: Iterable[str]) -> None:
        with self.engine.writing() as connection:
            connection.execute(f"LOCK TABLE {self.home}.builds IN SHARE ROW EXCLUSIVE MODE".encode())
            for table in tables:
                come, there = f"{self.home}.{arriving(table)}", f"{self.home}.{table}"
                connection.execute(f"DELETE FROM {there}".encode())
                connection.execute(f"INSERT INTO {there} SELECT * FROM {come}".encode())
                connection.execute(f"DROP TABLE {come}".encode())
            connection.execute(f"DROP TABLE {self.home}.arrivals".encode())
        # Of a publication that failed the lock goes with the session.
        self.engine.query(f"SELECT pg_advisory_unlock({LOCK})")
        for table in tables:
            with self.engine.writing() as connection:
                connection.execute(f"ANALYZE {self.home}.{table}".encode())


def _unlogged(statement: str) -> bytes:
    return statement.replace("CREATE TABLE", "CREATE UNLOGGED TABLE", 1).encode()
