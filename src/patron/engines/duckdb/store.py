"""Stores a load in DuckDB: files are read in a connection to the shop's own database, so nothing is copied.

Tables have no keys here. The store joins instead, and replaces a row by deleting it and appending the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import duckdb

from patron.contract import FACTS, Column, Table, table_named
from patron.engines.duckdb.clustering import ORDER, note_appended, recluster_if_needed
from patron.engines.store import Merged, Stage, Store, number
from patron.model.changes import TELLING

if TYPE_CHECKING:
    from patron.engines.duckdb.engine import DuckDBEngine


class DuckDBStore(Store):
    """Stores one load in a DuckDB file."""

    home = ""
    row_number = "rowid"

    def __init__(self, engine: DuckDBEngine) -> None:
        super().__init__()
        self.engine = engine
        self.reader = engine.cursor()

    @contextmanager
    def transaction(self, *, dry_run: bool = False) -> Iterator[None]:
        with self.engine.writing.to_contract():
            self.reader.begin()
            try:
                self.reader.execute(
                    "CREATE OR REPLACE TEMP TABLE touched AS SELECT customer_id FROM customer_info LIMIT 0"
                )
                yield
                self.reader.execute(
                    "INSERT INTO changed_customers "
                    "SELECT DISTINCT customer_id FROM touched ANTI JOIN changed_customers USING (customer_id)"
                )
                if dry_run:
                    self.reader.rollback()
                else:
                    self.reader.commit()
            except BaseException:
                with suppress(duckdb.Error):
                    self.reader.rollback()
                raise

    def lock(self, tables: Iterable[Table]) -> None:
        """Nobody else writes: `transaction` has seen to that."""

    # -- plain SQL ------------------------------------------------------------------------------------

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return number(self.reader, sql, list(parameters))

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.reader.execute(sql, list(parameters)).fetchall()

    def keep(self, query: str, name: str, parameters: Sequence[Any] = ()) -> int:
        return self.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}", parameters)

    def fetch(self, query: str, into: str, parameters: Sequence[Any] = ()) -> int:
        return self.keep(query, into, parameters)

    def send(self, query: str, into: str) -> int:
        return self.keep(query, into)

    # -- a load ---------------------------------------------------------------------------------------

    def find_unknown(self, stage: Stage, column: Column) -> str:
        parent = table_named(str(column.references))
        self.reader.execute(
            f"CREATE OR REPLACE TEMP TABLE unknown_ids AS SELECT DISTINCT staged.{column.name} AS id "
            f"FROM {stage.name} AS staged "
            f"ANTI JOIN {parent.name} AS parent ON parent.{parent.key.name} = staged.{column.name} "
            f"WHERE staged.state = 0 AND staged.{column.name} IS NOT NULL"
        )
        return "unknown_ids"

    def admit_orphans(self, table: Table, column: Column) -> str | None:
        return None

    # -- merging --------------------------------------------------------------------------------------

    def merge(self, stage: Stage, load_id: int, *, undoable: bool) -> Merged:
        filled = not self.count(f"SELECT COUNT(*) FROM (SELECT 1 FROM {stage.table.name} LIMIT 1)")
        self._meet(stage, filled=filled)
        updated = self.count(f"SELECT COUNT(*) FROM {stage.met} WHERE differs")
        unchanged = self.count(f"SELECT COUNT(*) FROM {stage.met}") - updated
        self._note_changed(stage)
        if undoable and not filled:
            self._keep_former(stage, load_id)
        self._delete_differing(stage)
        stored = self._insert(stage)
        note_appended(self.reader, stage.table, stored, continues=filled)
        recluster_if_needed(self.reader, stage.table, self.engine.settings.id_type)
        return Merged(stored - updated, updated, unchanged, filled)

    def _keep_former(self, stage: Stage, load_id: int) -> None:
        table, key = stage.table, stage.table.key.name
        columns = ", ".join(table.names)
        self.run(
            f"INSERT INTO former_{table.name} (load_id, change, {columns}) SELECT ?, 'updated', {columns} "
            f"FROM {table.name} WHERE {key} IN (SELECT id FROM replaced)",
            [load_id],
        )
        self.run(
            f"INSERT INTO former_{table.name} (load_id, change, {key}) SELECT ?, 'inserted', {key} "
            f"FROM {stage.name} AS staged WHERE staged.state = 0 "
            f"AND staged.rowid NOT IN (SELECT staged_row FROM {stage.met})",
            [load_id],
        )

    def _meet(self, stage: Stage, *, filled: bool) -> None:
        key, others = stage.table.key.name, stage.table.names[1:]
        differs = " OR ".join(f"staged.{name} IS DISTINCT FROM stored.{name}" for name in others)
        self.reader.execute(
            f"CREATE TEMP TABLE {stage.met} AS SELECT staged.rowid AS staged_row, {differs} AS differs "
            f"FROM {stage.name} AS staged JOIN {stage.table.name} AS stored ON stored.{key} = staged.{key} "
            "WHERE staged.state = 0"
        )
        is_new = f"staged.rowid NOT IN (SELECT staged_row FROM {stage.met} WHERE NOT differs)"
        self.reader.execute(
            f"CREATE OR REPLACE TEMP VIEW arriving_rows AS SELECT staged.* FROM {stage.name} AS staged "
            f"WHERE staged.state = 0 AND {'TRUE' if filled else is_new}"
        )
        self.reader.execute(
            f"CREATE OR REPLACE TEMP TABLE replaced AS SELECT staged.{key} AS id FROM {stage.name} AS staged "
            f"JOIN {stage.met} AS met ON met.staged_row = staged.rowid WHERE met.differs"
        )

    def _delete_differing(self, stage: Stage) -> None:
        if self.count("SELECT COUNT(*) FROM replaced"):
            self.reader.execute(
                f"DELETE FROM {stage.table.name} WHERE {stage.table.key.name} IN (SELECT id FROM replaced)"
            )

    def _insert(self, stage: Stage) -> int:
        columns = ", ".join(stage.table.names)
        order = f"ORDER BY {ORDER}" if stage.table.is_fact else ""
        return self.run(
            f"INSERT INTO {stage.table.name} ({columns}) SELECT {columns} FROM arriving_rows {order}"
        )

    def fetch_met(self, stage: Stage) -> None:
        """Nothing to fetch: it is here."""

    # -- whose row changes ----------------------------------------------------------------------------

    def _note_changed(self, stage: Stage) -> None:
        """Note the customers of rows that come and of those that go; comes before they do."""
        table = stage.table
        if ORDER in table.names:
            self._touch(f"SELECT {ORDER} FROM arriving_rows")
            self._touch(
                f"SELECT {ORDER} FROM {table.name} WHERE {table.key.name} IN (SELECT id FROM replaced)"
            )
            return
        key = table.key.name
        alike = " AND ".join(f"old.{name} IS NOT DISTINCT FROM new.{name}" for name in TELLING[table.name])
        told = (
            f"SELECT new.{key} FROM arriving_rows AS new "
            f"ANTI JOIN {table.name} AS old ON old.{key} = new.{key} AND {alike}"
        )
        for fact in FACTS:
            if any(column.references == table.name for column in fact.references):
                self._touch(f"SELECT {ORDER} FROM {fact.name} WHERE {key} IN ({told})")

    def _touch(self, customers: str) -> None:
        self.reader.execute(f"INSERT INTO touched SELECT DISTINCT {ORDER} FROM ({customers})")

    # -- rows by their keys ---------------------------------------------------------------------------

    def note_changed(self, table: Table, ids: str) -> None:
        key = table.key.name
        if ORDER in table.names:
            self._touch(f"SELECT {ORDER} FROM {table.name} WHERE {key} IN (SELECT id FROM {ids})")
            return
        for fact in FACTS:
            if any(column.references == table.name for column in fact.references):
                self._touch(f"SELECT {ORDER} FROM {fact.name} WHERE {key} IN (SELECT id FROM {ids})")

    def remove(self, table: Table, ids: str) -> int:
        return self.run(f"DELETE FROM {table.name} WHERE {table.key.name} IN (SELECT id FROM {ids})")

    def restore(self, table: Table, former: str, load_id: int) -> int:
        key, columns = table.key.name, ", ".join(table.names)
        kept = f"FROM {former} WHERE load_id = ? AND change = 'updated'"
        self.run(f"DELETE FROM {table.name} WHERE {key} IN (SELECT {key} {kept})", [load_id])
        return self.run(f"INSERT INTO {table.name} ({columns}) SELECT {columns} {kept}", [load_id])

    def note_appended(self, table: Table, rows: int) -> None:
        note_appended(self.reader, table, rows)
        recluster_if_needed(self.reader, table, self.engine.settings.id_type)

    def fingerprint(self, table: Table) -> str:
        return str(self.count(f"SELECT COUNT(*) FROM {table.name}"))

    def mark(self) -> str | None:
        return None

    def untouched(self, table: Table, ids: str, marks: Sequence[str]) -> int:
        """Count the rows that are there: nobody but Patron writes to the file."""
        return self.count(
            f"SELECT COUNT(*) FROM {table.name} WHERE {table.key.name} IN (SELECT id FROM {ids})"
        )
