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
from patron.engines.quarantine import ADD, EARLIER, RELEASE
from patron.engines.store import Merged, Stage, Store, number

if TYPE_CHECKING:
    from patron.engines.duckdb.engine import DuckDBEngine

# Of a product or a campaign, what the model reads: a new price changes nobody's row.
TELLING = {"product_catalog": ("category", "brand"), "marketing_campaigns": ("channel",)}


class DuckDBStore(Store):
    """Stores one load in a DuckDB file."""

    def __init__(self, engine: DuckDBEngine) -> None:
        super().__init__()
        self.engine = engine
        self.reader = engine.cursor()

    @contextmanager
    def transaction(self, tables: Iterable[Table]) -> Iterator[None]:
        with self.engine.writing:
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
                self.reader.commit()
            except BaseException:
                with suppress(duckdb.Error):
                    self.reader.rollback()
                raise

    def next_load_id(self) -> int:
        return self._number("SELECT COALESCE(MAX(load_id), 0) + 1 FROM loads")

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

    def merge(self, stage: Stage) -> Merged:
        was_empty = not self._number(f"SELECT COUNT(*) FROM (SELECT 1 FROM {stage.table.name} LIMIT 1)")
        self._meet(stage)
        updated = self._number(f"SELECT COUNT(*) FROM {stage.met} WHERE differs")
        unchanged = self._number(f"SELECT COUNT(*) FROM {stage.met}") - updated
        self._note_changed(stage)
        self._delete_differing(stage)
        stored = self._insert(stage)
        note_appended(self.reader, stage.table, stored, continues=was_empty)
        recluster_if_needed(self.reader, stage.table, self.engine.settings.id_type)
        return Merged(stored - updated, updated, unchanged)

    def _meet(self, stage: Stage) -> None:
        key, others = stage.table.key.name, stage.table.names[1:]
        differs = " OR ".join(f"staged.{name} IS DISTINCT FROM stored.{name}" for name in others)
        self.reader.execute(
            f"CREATE TEMP TABLE {stage.met} AS SELECT staged.rowid AS staged_row, {differs} AS differs "
            f"FROM {stage.name} AS staged JOIN {stage.table.name} AS stored ON stored.{key} = staged.{key} "
            "WHERE staged.state = 0"
        )
        self.reader.execute(
            f"CREATE OR REPLACE TEMP VIEW arriving_rows AS SELECT staged.* FROM {stage.name} AS staged "
            f"WHERE staged.state = 0 AND staged.rowid NOT IN (SELECT staged_row FROM {stage.met} WHERE NOT differs)"
        )
        self.reader.execute(
            f"CREATE OR REPLACE TEMP TABLE replaced AS SELECT staged.{key} AS id FROM {stage.name} AS staged "
            f"JOIN {stage.met} AS met ON met.staged_row = staged.rowid WHERE met.differs"
        )

    def _delete_differing(self, stage: Stage) -> None:
        if self._number("SELECT COUNT(*) FROM replaced"):
            self.reader.execute(
                f"DELETE FROM {stage.table.name} WHERE {stage.table.key.name} IN (SELECT id FROM replaced)"
            )

    def _insert(self, stage: Stage) -> int:
        columns = ", ".join(stage.table.names)
        order = f"ORDER BY {ORDER}" if stage.table.is_fact else ""
        return self._number(
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

    # -- the quarantine and the record ----------------------------------------------------------------

    def quarantine(self, load_id: int) -> int:
        return self._number(ADD.format(load="$load_id"), {"load_id": load_id})

    def fetch_earlier(self, table: Table, load_id: int, but_not: Sequence[str], into: str) -> int:
        codes = ", ".join(f"$code_{number}" for number in range(len(but_not)))
        values = {f"code_{number}": code for number, code in enumerate(but_not)}
        return self._number(
            f"CREATE OR REPLACE TEMP TABLE {into} AS {EARLIER.format(table='$table', load='$load_id', codes=codes)}",
            {"table": table.name, "load_id": load_id, **values},
        )

    def release(self, table: Table, settled: str) -> int:
        return self._number(RELEASE.format(table="$table", settled=settled), {"table": table.name})

    def record(self, load: dict[str, Any]) -> None:
        columns, marks = ", ".join(load), ", ".join("?" for _ in load)
        self.reader.execute(f"INSERT INTO loads ({columns}) VALUES ({marks})", list(load.values()))

    def _number(self, sql: str, parameters: dict[str, Any] | None = None) -> int:
        return number(self.reader, sql, parameters or {})
