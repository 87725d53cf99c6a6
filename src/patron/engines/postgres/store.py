"""Stores a load in PostgreSQL: files are read in a DuckDB of the load's own, and sound rows come through COPY.

Triggers note whose row changes. While a load is stored, others may read but not write the tables it writes to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg

from patron.contract import Column, Table, table_named
from patron.engines.postgres.copying import copy_rows
from patron.engines.postgres.keys import MANY, foreign_keys, without_keys
from patron.engines.postgres.render import quoted
from patron.engines.quarantine import ADD, EARLIER, RELEASE
from patron.engines.store import REFUSED, REFUSED_COLUMNS, Merged, Stage, Store, number
from patron.errors import DatabaseError

if TYPE_CHECKING:
    from patron.engines.postgres.engine import PostgresEngine

# Fewer new rows than this are left to the server's own ANALYZE.
TELLING = 1_000


class PostgresStore(Store):
    """Stores one load in a PostgreSQL database."""

    def __init__(self, engine: PostgresEngine) -> None:
        super().__init__()
        self.engine = engine
        self.connection = engine.connection
        config: dict[str, Any] = {"temp_directory": str(self.folder / "spilled")}
        for name in ("memory_limit", "threads"):
            if (value := getattr(engine.settings, name)) is not None:
                config[name] = value
        self.reader = duckdb.connect(config=config)
        self._has_refused = False

    @contextmanager
    def transaction(self, tables: Iterable[Table]) -> Iterator[None]:
        names = [self._home("loads"), *(self._home(table.name) for table in tables)]
        try:
            with self.connection.transaction():
                self._execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE")
                self._execute("SET LOCAL maintenance_work_mem = '256MB'")
                yield
        except psycopg.Error as error:
            raise DatabaseError(
                f"Nothing was loaded, because PostgreSQL could not store it: {self.engine.refusal(error)}."
            ) from error

    def next_load_id(self) -> int:
        return self._number(f"SELECT COALESCE(MAX(load_id), 0) + 1 FROM {self._home('loads')}")

    def find_unknown(self, stage: Stage, column: Column) -> str:
        parent = table_named(str(column.references))
        self._temporary("wanted_ids", f"SELECT {parent.key.name} AS id FROM {self._home(parent.name)}")
        self._copy(
            f"SELECT DISTINCT {column.name} AS id FROM {stage.name} WHERE state = 0 AND {column.name} IS NOT NULL",
            "wanted_ids",
        )
        self._execute("ANALYZE wanted_ids")
        self._fetch(
            f"SELECT id FROM wanted_ids WHERE NOT EXISTS (SELECT FROM {self._home(parent.name)} AS parent "
            f"WHERE parent.{parent.key.name} = wanted_ids.id)",
            "unknown_ids",
        )
        return "unknown_ids"

    def admit_orphans(self, table: Table, column: Column) -> str | None:
        keys = foreign_keys(self.connection, self._home(table.name), column.name)
        for name in keys:
            self._execute(f"ALTER TABLE {self._home(table.name)} DROP CONSTRAINT {quoted(name)}")
        if not keys:
            return None
        return (
            f"The foreign key {', '.join(keys)} was dropped: {table.name} now refers to rows of "
            f"{column.references} that do not exist."
        )

    # -- merging --------------------------------------------------------------------------------------

    def merge(self, stage: Stage) -> Merged:
        table = self._home(stage.table.name)
        if self._number(f"SELECT COUNT(*) FROM (SELECT FROM {table} LIMIT 1) AS any_row"):
            merged = self._merge(stage)
        else:
            merged = Merged(inserted=self._fill(stage))
        if merged.inserted + merged.updated >= TELLING:
            self._execute(f"ANALYZE {table}")
        return merged

    def _fill(self, stage: Stage) -> int:
        """Copy all rows straight into a table that has none."""
        self._temporary(stage.met, "SELECT CAST(0 AS BIGINT) AS staged_row, TRUE AS differs")
        rows = number(self.reader, f"SELECT COUNT(*) FROM {stage.name} WHERE state = 0")
        query = f"SELECT {_columns(stage.table)} FROM {stage.name} WHERE state = 0 {_order(stage.table)}"
        if rows < MANY:
            return self._copy(query, self._home(stage.table.name))
        with without_keys(self.connection, self._home(stage.table.name)):
            return self._copy(query, self._home(stage.table.name))

    def _merge(self, stage: Stage) -> Merged:
        table, key, columns = self._home(stage.table.name), stage.table.key.name, _columns(stage.table)
        self._temporary(stage.name, f"SELECT CAST(0 AS BIGINT) AS staged_row, {columns} FROM {table}")
        self._copy(f"SELECT rowid AS staged_row, {columns} FROM {stage.name} WHERE state = 0", stage.name)
        self._execute(f"ANALYZE {stage.name}")
        old, new = (
            ", ".join(f"{alias}.{name}" for name in stage.table.names[1:]) for alias in ("stored", "staged")
        )
        self._temporary(
            stage.met,
            f"SELECT staged.staged_row, ROW({old}) IS DISTINCT FROM ROW({new}) AS differs "
            f"FROM {stage.name} AS staged JOIN {table} AS stored ON stored.{key} = staged.{key}",
            filled=True,
        )
        self._execute(f"ANALYZE {stage.met}")
        met = self._number(f"SELECT COUNT(*) FROM {stage.met}")
        return self._merge_met(stage, met)

    def _merge_met(self, stage: Stage, met: int) -> Merged:
        table, key, columns = self._home(stage.table.name), stage.table.key.name, _columns(stage.table)
        assignments = ", ".join(f"{name} = staged.{name}" for name in stage.table.names[1:])
        updated = self._execute(
            f"UPDATE {table} AS stored SET {assignments} "
            f"FROM {stage.name} AS staged JOIN {stage.met} AS met ON met.staged_row = staged.staged_row "
            f"WHERE met.differs AND stored.{key} = staged.{key}"
        )
        inserted = self._execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {stage.name} AS staged WHERE NOT EXISTS "
            f"(SELECT FROM {stage.met} AS met WHERE met.staged_row = staged.staged_row) {_order(stage.table)}"
        )
        return Merged(inserted, updated, met - updated)

    def fetch_met(self, stage: Stage) -> None:
        self._fetch(f"SELECT staged_row, differs FROM {stage.met}", stage.met)

    # -- the quarantine and the record ----------------------------------------------------------------

    def quarantine(self, load_id: int) -> int:
        self._have_refused()
        return self._execute(ADD.format(load="%s"), [load_id])

    def fetch_earlier(self, table: Table, load_id: int, but_not: Sequence[str], into: str) -> int:
        self._have_refused()
        codes = ", ".join("?" for _ in but_not)
        query = EARLIER.format(table="?", load="?", codes=codes)
        return self._fetch(query, into, [table.name, load_id, *but_not])

    def release(self, table: Table, settled: str) -> int:
        self._temporary(settled, "SELECT reason_code, content FROM quarantine")
        self._copy(f"SELECT reason_code, content FROM {settled}", settled)
        return self._execute(RELEASE.format(table="%s", settled=settled), [table.name])

    def record(self, load: dict[str, Any]) -> None:
        columns, marks = ", ".join(load), ", ".join("%s" for _ in load)
        self._execute(f"INSERT INTO {self._home('loads')} ({columns}) VALUES ({marks})", list(load.values()))

    def _have_refused(self) -> None:
        """Copy the refused rows over, once."""
        if not self._has_refused:
            columns = ", ".join(column.name for column in REFUSED_COLUMNS)
            self._temporary(REFUSED, f"SELECT {columns} FROM {self._home('quarantine')}")
            self._copy(f"SELECT {columns} FROM {REFUSED}", REFUSED)
            self._has_refused = True

    # -- statements -----------------------------------------------------------------------------------

    def _home(self, table: str) -> str:
        return f"{quoted(self.engine.schema)}.{table}"

    def _temporary(self, name: str, query: str, *, filled: bool = False) -> None:
        """Make a temporary table with the columns of `query`, until the load is over, and its rows if `filled`."""
        self._execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
        data = "" if filled else "WITH NO DATA"
        self._execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {query} {data}")

    def _copy(self, query: str, table: str) -> int:
        """Copy rows of the reader's `query` to a table here."""
        with self.connection.cursor() as cursor:
            return copy_rows(self.reader, query, cursor, table)

    def _fetch(self, query: str, into: str, parameters: Sequence[Any] = ()) -> int:
        """Copy rows of a query here into the reader's temporary table `into`."""
        with self.engine.stream(query, parameters) as batches:
            self.reader.register("arriving", batches)
            rows = number(self.reader, f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT * FROM arriving")
            self.reader.unregister("arriving")
        return rows

    def _execute(self, statement: str, parameters: Sequence[Any] | None = None) -> int:
        return self.connection.execute(statement.encode(), parameters).rowcount

    def _rows(self, query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode(), parameters).fetchall()

    def _number(self, query: str) -> int:
        row = self.connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0


def _columns(table: Table) -> str:
    return ", ".join(table.names)


def _order(table: Table) -> str:
    """Rows come in the order of customer_id, so that one customer's lie close together."""
    return "ORDER BY customer_id" if table.is_fact else ""
