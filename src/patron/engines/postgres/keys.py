"""Takes a table's foreign keys and indexes away while it is filled: for all rows at once they are made faster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from patron.engines.postgres.render import quoted

# From so many rows on, an empty table is filled faster without its indexes and foreign keys, which are then
# made for all rows at once. That locks out readers of the table until the transaction is over.
MANY = 100_000


@contextmanager
def without_keys(connection: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Take the foreign keys and indexes of `table` away, its primary key excepted, and make them again.

    `table` is SQL, with its schema and quoted where it must be. The caller holds a transaction.
    """
    keys = foreign_keys(connection, table)
    indexes = connection.execute(
        "SELECT CAST(CAST(indexrelid AS regclass) AS text), pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = CAST(%s AS regclass) AND NOT EXISTS "
        "(SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [table],
    ).fetchall()
    for name, _ in keys:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {quoted(name)}".encode())
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}".encode())
    yield
    for _, definition in indexes:
        connection.execute(definition.encode())
    for name, definition in keys:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {quoted(name)} {definition}".encode())


def foreign_keys(connection: psycopg.Connection[Any], table: str) -> list[tuple[str, str]]:
    """Return the names and definitions of the foreign keys of `table`."""
    return connection.execute(
        "SELECT CAST(conname AS text), pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = CAST(%s AS regclass) AND contype = 'f'",
        [table],
    ).fetchall()
