"""Takes a table's keys and indexes away while it is filled: for all rows at once they are made faster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from patron.engines.postgres.render import quoted

# From so many rows on, an empty table is filled faster without its keys and indexes, which are then made for
# all rows at once. That locks out readers of the table until the transaction is over.
MANY = 100_000

# Foreign keys first, since they stand on the others: the table's own, and those of tables that refer to it.
_CONSTRAINTS = """
    SELECT CAST(CAST(conrelid AS regclass) AS text), CAST(conname AS text), pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE (conrelid = CAST(%s AS regclass) AND contype IN ('f', 'p', 'u'))
      OR (confrelid = CAST(%s AS regclass) AND contype = 'f')
    ORDER BY contype
"""
_REFERENCES = """
    SELECT CAST(CAST(conrelid AS regclass) AS text), CAST(conname AS text), pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE confrelid = CAST(%s AS regclass) AND contype = 'f'
"""
_INDEXES = """
    SELECT CAST(CAST(indexrelid AS regclass) AS text), pg_get_indexdef(indexrelid)
    FROM pg_index
    WHERE indrelid = CAST(%s AS regclass)
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
_FOREIGN_KEYS = """
    SELECT CAST(conname AS text)
    FROM pg_constraint
    WHERE conrelid = CAST(%s AS regclass)
      AND contype = 'f'
      AND (CAST(%s AS name) IS NULL OR conkey = ARRAY(
        SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = CAST(%s AS name)
      ))
"""


@contextmanager
def without_keys(connection: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Take the keys and indexes of `table` away, and references to it, and make them again.

    `table` is SQL, with its schema and quoted where it must be; it is empty, so that nothing can refer to it.
    The caller holds a transaction.
    """
    constraints = connection.execute(_CONSTRAINTS, [table, table]).fetchall()
    indexes = connection.execute(_INDEXES, [table]).fetchall()
    for owner, name, _ in constraints:
        connection.execute(f"ALTER TABLE {owner} DROP CONSTRAINT {quoted(name)}".encode())
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}".encode())
    yield
    for _, definition in indexes:
        connection.execute(definition.encode())
    for owner, name, definition in reversed(constraints):
        connection.execute(f"ALTER TABLE {owner} ADD CONSTRAINT {quoted(name)} {definition}".encode())


@contextmanager
def without_references(connection: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Take references to `table` away and make them again, which checks all rows at once and not each by itself.

    A deleted row is looked for in every table that refers to it, and not each of these has an index for that.
    """
    references = connection.execute(_REFERENCES, [table]).fetchall()
    for owner, name, _ in references:
        connection.execute(f"ALTER TABLE {owner} DROP CONSTRAINT {quoted(name)}".encode())
    yield
    for owner, name, definition in references:
        connection.execute(f"ALTER TABLE {owner} ADD CONSTRAINT {quoted(name)} {definition}".encode())


def drop_references_of(connection: psycopg.Connection[Any], table: str) -> None:
    """Take away for good what `table` refers to others by."""
    for name in foreign_keys(connection, table):
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {quoted(name)}".encode())


def foreign_keys(connection: psycopg.Connection[Any], table: str, column: str | None = None) -> list[str]:
    """Return the names of the foreign keys of `table`: all, or those that stand on `column` alone."""
    return [name for (name,) in connection.execute(_FOREIGN_KEYS, [table, column, column]).fetchall()]
