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
from patron.engines.postgres.keys import MANY, foreign_keys, without_keys, without_references
from patron.engines.postgres.render import quoted
from patron.engines.postgres.triggers import REFERRED, counter_of, noting_at_once
from patron.engines.store import Merged, Stage, Store, number
from patron.errors import DatabaseError

if TYPE_CHECKING:
    from patron.engines.postgres.engine import PostgresEngine

# Memory for making keys and indexes, in kB, where the server is set to less.
SORTING = 262_144
# Fewer new rows than this are left to the server's own ANALYZE.
TELLING = 1_000


class PostgresStore(Store):
    """Stores one load in a PostgreSQL database."""

    row_number = "staged_row"

    def __init__(self, engine: PostgresEngine) -> None:
        super().__init__()
        self.engine = engine
        self.connection = engine.connection
        config: dict[str, Any] = {"temp_directory": str(self.folder / "spilled")}
        for name in ("memory_limit", "threads"):
            if (value := getattr(engine.settings, name)) is not None:
                config[name] = value
        self.reader = duckdb.connect(config=config)
        self.home = f"{quoted(engine.schema)}."

    @contextmanager
    def transaction(self, *, dry_run: bool = False) -> Iterator[None]:
        try:
            with self.connection.transaction(force_rollback=dry_run):
                self._execute(f"LOCK TABLE {self._home('loads')} IN SHARE ROW EXCLUSIVE MODE")
                self._execute(
                    "SELECT set_config(name, %s, true) FROM pg_settings "
                    "WHERE name = 'maintenance_work_mem' AND CAST(setting AS bigint) < %s",
                    [f"{SORTING}kB", SORTING],
                )
                yield
        except psycopg.Error as error:
            raise DatabaseError(
                f"Nothing was loaded, because PostgreSQL could not store it: {self.engine.refusal(error)}."
            ) from error

    def lock(self, tables: Iterable[Table]) -> None:
        names = [self._home(table.name) for table in tables]
        if names:
            self._execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE")

    # -- plain SQL ------------------------------------------------------------------------------------

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return max(self._execute(_marked(sql), list(parameters)), 0)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(_marked(sql).encode(), list(parameters)).fetchall()

    def keep(self, query: str, name: str, parameters: Sequence[Any] = ()) -> int:
        self._temporary(name, _marked(query), parameters, filled=True)
        self._execute(f"ANALYZE {name}")
        return self._number(f"SELECT COUNT(*) FROM {name}")

    def fetch(self, query: str, into: str, parameters: Sequence[Any] = ()) -> int:
        with self.engine.stream(query, parameters) as batches:
            self.reader.register("arriving", batches)
            rows = number(self.reader, f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT * FROM arriving")
            self.reader.unregister("arriving")
        return rows

    def send(self, query: str, into: str) -> int:
        described = self.reader.execute(f"DESCRIBE {query}").fetchall()
        columns = ", ".join(f"{name} {kind}" for name, kind, *_ in described)
        self._execute(f"DROP TABLE IF EXISTS pg_temp.{into}")
        self._execute(f"CREATE TEMP TABLE {into} ({columns}) ON COMMIT DROP")
        rows = self._copy(query, into)
        self._execute(f"ANALYZE {into}")
        return rows

    # -- a load ---------------------------------------------------------------------------------------

    def find_unknown(self, stage: Stage, column: Column) -> str:
        parent = table_named(str(column.references))
        self._temporary("wanted_ids", f"SELECT {parent.key.name} AS id FROM {self._home(parent.name)}")
        self._copy(
            f"SELECT DISTINCT {column.name} AS id FROM {stage.name} WHERE state = 0 AND {column.name} IS NOT NULL",
            "wanted_ids",
        )
        self._execute("ANALYZE wanted_ids")
        self.fetch(
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

    def merge(self, stage: Stage, load_id: int, *, undoable: bool) -> Merged:
        table = self._home(stage.table.name)
        if self._number(f"SELECT COUNT(*) FROM (SELECT FROM {table} LIMIT 1) AS any_row"):
            merged = self._merge(stage, load_id if undoable else None)
        else:
            merged = Merged(inserted=self._fill(stage), filled=True)
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
        with (
            without_keys(self.connection, self._home(stage.table.name)),
            noting_at_once(self.connection, stage.table, self.engine.schema),
        ):
            stored = self._copy(query, self._home(stage.table.name))
            if stage.table not in REFERRED:
                customers = f"SELECT DISTINCT customer_id FROM {stage.name} WHERE state = 0"
                self._copy(customers, self._home("changed_customers"))
        return stored

    def _merge(self, stage: Stage, load_id: int | None) -> Merged:
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
        if load_id is not None:
            self._keep_former(stage, load_id)
        return self._merge_met(stage, met)

    def _keep_former(self, stage: Stage, load_id: int) -> None:
        table, former, key = stage.table, self._home(f"former_{stage.table.name}"), stage.table.key.name
        columns, old = _columns(table), ", ".join(f"stored.{name}" for name in table.names)
        self._execute(
            f"INSERT INTO {former} (load_id, change, {columns}) SELECT %s, 'updated', {old} "
            f"FROM {stage.name} AS staged JOIN {stage.met} AS met ON met.staged_row = staged.staged_row "
            f"JOIN {self._home(table.name)} AS stored ON stored.{key} = staged.{key} WHERE met.differs",
            [load_id],
        )
        self._execute(
            f"INSERT INTO {former} (load_id, change, {key}) SELECT %s, 'inserted', {key} "
            f"FROM {stage.name} AS staged WHERE NOT EXISTS "
            f"(SELECT FROM {stage.met} AS met WHERE met.staged_row = staged.staged_row)",
            [load_id],
        )

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
        self.fetch(f"SELECT staged_row, differs FROM {stage.met}", stage.met)

    # -- rows by their keys ---------------------------------------------------------------------------

    def note_changed(self, table: Table, ids: str) -> None:
        """Triggers do."""

    def remove(self, table: Table, ids: str) -> int:
        home = self._home(table.name)
        statement = f"DELETE FROM {home} WHERE {table.key.name} IN (SELECT id FROM {ids})"
        if self._number(f"SELECT COUNT(*) FROM {ids}") < TELLING:
            return self._execute(statement)
        with without_references(self.connection, home):
            return self._execute(statement)

    def restore(self, table: Table, former: str, load_id: int) -> int:
        key = table.key.name
        assignments = ", ".join(f"{name} = kept.{name}" for name in table.names[1:])
        return self._execute(
            f"UPDATE {self._home(table.name)} AS stored SET {assignments} FROM {self._home(former)} AS kept "
            f"WHERE kept.load_id = %s AND kept.change = 'updated' AND stored.{key} = kept.{key}",
            [load_id],
        )

    def note_appended(self, table: Table, rows: int) -> None:
        """The server sees for itself."""

    def fingerprint(self, table: Table) -> str:
        return str(self._number(f"SELECT last_value FROM {self._home(counter_of(table))}"))

    def mark(self) -> str | None:
        return str(self.rows("SELECT CAST(CAST(pg_current_xact_id() AS xid) AS text)")[0][0])

    def untouched(self, table: Table, ids: str, marks: Sequence[str]) -> int:
        return self.count(
            f"SELECT COUNT(*) FROM {self._home(table.name)} AS stored JOIN {ids} AS ids "
            f"ON ids.id = stored.{table.key.name} WHERE CAST(stored.xmin AS text) = ANY(?)",
            [list(marks)],
        )

    # -- statements -----------------------------------------------------------------------------------

    def _home(self, table: str) -> str:
        return f"{quoted(self.engine.schema)}.{table}"

    def _temporary(
        self, name: str, query: str, parameters: Sequence[Any] | None = None, *, filled: bool = False
    ) -> None:
        """Make a temporary table with the columns of `query`, until the load is over, and its rows if `filled`."""
        self._execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
        data = "" if filled else "WITH NO DATA"
        self._execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {query} {data}", parameters)

    def _copy(self, query: str, table: str) -> int:
        """Copy rows of the reader's `query` to a table here."""
        with self.connection.cursor() as cursor:
            return copy_rows(self.reader, query, cursor, table)

    def _execute(self, statement: str, parameters: Sequence[Any] | None = None) -> int:
        return self.connection.execute(statement.encode(), parameters).rowcount

    def _number(self, query: str) -> int:
        row = self.connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0


def _marked(sql: str) -> str:
    """Return a statement with the driver's placeholders."""
    return sql.replace("%", "%%").replace("?", "%s")


def _columns(table: Table) -> str:
    return ", ".join(table.names)


def _order(table: Table) -> str:
    """Rows come in the order of customer_id, so that one customer's lie close together."""
    return "ORDER BY customer_id" if table.is_fact else ""
