"""How a load is stored: the small interface that each engine implements for `patron.sources`.

Rows are read, typed and checked in DuckDB, whatever the engine: a store brings the connection for it, its
`reader`. There each table's rows wait in a temporary table, a `Stage`, until the store merges them into the
shop's tables, all in one transaction. What happens beside merging is plain SQL that both engines understand:
`run`, `rows`, `fetch` and `send` do it in the shop's database, within that transaction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import duckdb

from patron.contract import Column, Table
from patron.contract.bookkeeping import QUARANTINE
from patron.engines.scratch import Scratch

# What arrives in the quarantine waits in this table of the reader: all but the numbers of entry and load.
REFUSED = "refused_rows"
REFUSED_COLUMNS = tuple(column for column in QUARANTINE.columns if column.name not in ("entry_id", "load_id"))


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
    """What became of a stage's sound rows; `filled` says that the table had no rows before."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    filled: bool = False


def number(connection: duckdb.DuckDBPyConnection, sql: str, parameters: object = ()) -> int:
    """Return the one number that a DuckDB statement gives, and leave no result open."""
    return int(connection.execute(sql, parameters).fetchall()[0][0] or 0)


class Store(ABC):
    """Stores one load; close it or use it in `with`.

    `folder` is a place for temporary files, gone when the store is closed. `home` stands before the names of the
    shop's own tables in SQL, `row_number` is what numbers a staged row in the shop's database after `merge`.
    Where it `keeps_former` rows, loads can be undone.
    """

    reader: duckdb.DuckDBPyConnection
    home: str
    row_number: str
    keeps_former = True

    def __init__(self) -> None:
        self._scratch = Scratch()
        self.folder = self._scratch.folder

    def __enter__(self) -> Self:
        """Use the store in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it at the end of the block."""
        self.close()

    def close(self) -> None:
        """Let go of the reader and of all temporary tables and files."""
        self.reader.close()
        self._scratch.close()

    def bring_files(self, url: str, wanted: Callable[[str], bool]) -> Path | None:
        """Copy the files at a URL whose names are `wanted` to a folder, where the database reads them for its clients.

        Returns None where this machine is to read them itself; raises SourceError when there are none.
        """
        return None

    @abstractmethod
    def transaction(self, *, dry_run: bool = False) -> AbstractContextManager[None]:
        """Store what happens in the block whole or not at all; no other load is stored meanwhile.

        A `dry_run` is rolled back at the end of the block.

        Raises DatabaseError when the database cannot store it.
        """

    @abstractmethod
    def lock(self, tables: Iterable[Table]) -> None:
        """Keep everybody else from writing to `tables` until the transaction is over."""

    # -- plain SQL in the shop's database, within the transaction -----------------------------------------

    @abstractmethod
    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it concerned. Placeholders are `?`."""

    @abstractmethod
    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""

    @abstractmethod
    def keep(self, query: str, name: str, parameters: Sequence[Any] = ()) -> int:
        """Make a temporary table in the shop's database from a query there; return how many rows it has."""

    @abstractmethod
    def fetch(self, query: str, into: str, parameters: Sequence[Any] = ()) -> int:
        """Copy the rows of a query of the shop's database into the reader's temporary table `into`; count them."""

    @abstractmethod
    def send(self, query: str, into: str) -> int:
        """Copy the rows of a query of the reader into a temporary table `into` of the shop's database; count them."""

    def count(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Return the one number that a query of the shop's database gives."""
        return int(self.rows(sql, parameters)[0][0] or 0)

    # -- a load -------------------------------------------------------------------------------------------

    @abstractmethod
    def find_unknown(self, stage: Stage, column: Column) -> str:
        """Find the values of a reference that lead nowhere; return the reader's table that has them as `id`."""

    @abstractmethod
    def admit_orphans(self, table: Table, column: Column) -> str | None:
        """Make room for rows whose reference leads nowhere; return what had to be done for it, in a sentence."""

    @abstractmethod
    def merge(self, stage: Stage, load_id: int, *, undoable: bool) -> Merged:
        """Insert the sound rows with new keys and replace those of the same key; note whose row changes.

        With `undoable`, what was there before goes to the former table, unless the table was empty.
        """

    @abstractmethod
    def fetch_met(self, stage: Stage) -> None:
        """Have `stage.met` in the reader, if the engine keeps it elsewhere. Comes after `merge`."""

    # -- rows by their keys -------------------------------------------------------------------------------

    @abstractmethod
    def note_changed(self, table: Table, ids: str) -> None:
        """Note whose row changes with the rows of `table` whose key the temporary table `ids` has as `id`.

        Called before a change for rows that go and after it for rows that come; nothing is to be done where
        triggers see every change.
        """

    @abstractmethod
    def remove(self, table: Table, ids: str) -> int:
        """Delete the rows of `table` whose key the temporary table `ids` has as `id`; return how many."""

    @abstractmethod
    def restore(self, table: Table, former: str, load_id: int) -> int:
        """Give the rows of `table` that a load updated the content that `former` kept of them; return how many."""

    @abstractmethod
    def note_appended(self, table: Table, rows: int) -> None:
        """Let the engine know that `rows` were added to `table` by `run`."""

    @abstractmethod
    def fingerprint(self, table: Table) -> str:
        """Return what differs when anyone but a recorded load has changed rows of `table`, as far as can be told."""

    @abstractmethod
    def mark(self) -> str | None:
        """Return what the rows that this transaction writes can be known by later, if the engine has such a thing."""

    @abstractmethod
    def untouched(self, table: Table, ids: str, marks: Sequence[str]) -> int:
        """Count the rows of `table` with a key in `ids` that nobody wrote but transactions with these marks."""
