"""How a load is stored: the small interface that each engine implements for `sources.load`.

Rows are read, typed and checked in DuckDB, whatever the engine: a store brings the connection for it, its
`reader`. There each table's rows wait in a temporary table, a `Stage`, until the store merges them into the
shop's tables, all in one transaction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import duckdb

from patron.contract import Column, Table
from patron.contract.bookkeeping import QUARANTINE

# What arrives in the quarantine waits in this table of the reader: all but the load's number, and the order.
REFUSED = "refused_rows"
REFUSED_COLUMNS = tuple(column for column in QUARANTINE.columns if column.name != "load_id")


@dataclass(frozen=True)
class Stage:
    """Rows of one table in the reader's temporary table `name`.

    It has the contract's columns and `state`, which is 0 for a row that is sound. A row is known by its rowid,
    which rises in the order of reading.
    """

    table: Table

    @property
    def name(self) -> str:
        """The temporary table."""
        return f"staged_{self.table.name}"

    @property
    def met(self) -> str:
        """Another one, of staged rows whose key was known: `staged_row` and whether its content `differs`."""
        return f"met_{self.table.name}"


@dataclass(frozen=True)
class Merged:
    """What became of a stage's sound rows."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0


def number(connection: duckdb.DuckDBPyConnection, sql: str, parameters: object = ()) -> int:
    """Return the one number that a DuckDB statement gives, and leave no result open."""
    return int(connection.execute(sql, parameters).fetchall()[0][0] or 0)


class Store(ABC):
    """Stores one load; close it or use it in `with`.

    `folder` is a place for temporary files, gone when the store is closed.
    """

    reader: duckdb.DuckDBPyConnection

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="patron-load-")
        self.folder = Path(self._folder.name)

    def __enter__(self) -> Self:
        """Use the store in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it at the end of the block."""
        self.close()

    def close(self) -> None:
        """Let go of the reader and of all temporary tables and files."""
        self.reader.close()
        self._folder.cleanup()

    @abstractmethod
    def transaction(self, tables: Iterable[Table]) -> AbstractContextManager[None]:
        """Store what happens in the block whole or not at all; nobody else writes to `tables` meanwhile.

        Raises DatabaseError when the database cannot store it.
        """

    @abstractmethod
    def next_load_id(self) -> int:
        """Return the number of this load."""

    @abstractmethod
    def find_unknown(self, stage: Stage, column: Column) -> str:
        """Find the values of a reference that lead nowhere; return the reader's table that has them as `id`."""

    @abstractmethod
    def admit_orphans(self, table: Table, column: Column) -> str | None:
        """Make room for rows whose reference leads nowhere; return what had to be done for it, in a sentence."""

    @abstractmethod
    def merge(self, stage: Stage) -> Merged:
        """Insert the sound rows with new keys and replace those of the same key; note whose row changes."""

    @abstractmethod
    def fetch_met(self, stage: Stage) -> None:
        """Have `stage.met` in the reader, if the engine keeps it elsewhere. Comes after `merge`."""

    @abstractmethod
    def quarantine(self, load_id: int) -> int:
        """Take the rows of `REFUSED` into the quarantine and return how many are new there.

        A row that stands there already, with the same table, code and content, is not taken again.
        """

    @abstractmethod
    def fetch_earlier(self, table: Table, load_id: int, but_not: Sequence[str], into: str) -> int:
        """Copy what earlier loads quarantined for `table` into the reader's table `into`; return how many rows.

        The table gets `reason_code` and `content`. Reason codes in `but_not` are left out, and so is what is in
        `REFUSED` again.
        """

    @abstractmethod
    def release(self, table: Table, settled: str) -> int:
        """Delete from the quarantine what the reader's table `settled` has: `reason_code` and `content`.

        Returns how many rows that were.
        """

    @abstractmethod
    def record(self, load: dict[str, Any]) -> None:
        """Keep the load's record in the table `loads`."""
