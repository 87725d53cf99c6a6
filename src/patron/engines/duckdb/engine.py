"""One shop's data in a DuckDB file that this process owns."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from patron.contract import CONTRACT, Table
from patron.contract.bookkeeping import BOOKKEEPING
from patron.contract.ddl import column_type, create_table
from patron.engines.address import MEMORY
from patron.engines.base import BuildRecord, Engine, OnProgress, Row
from patron.engines.duckdb.build import DuckDBBuild
from patron.engines.duckdb.clustering import note_appended, recluster_if_needed
from patron.engines.duckdb.opening import Config, open_file, reason
from patron.engines.duckdb.picks import declaration_of, sql_of
from patron.engines.duckdb.receiving import DuckDBReceiver
from patron.engines.duckdb.store import DuckDBStore
from patron.engines.upgrading import Columns, Run, by_table
from patron.errors import DatabaseError, NoDatabase
from patron.model.render import mark, parameters
from patron.model.steps import STORED, Kept, Step, kept, steps
from patron.settings import Settings

COPYING = """
import shutil, sys
try:
    shutil.copyfile(*sys.argv[1:])
except OSError as error:
    sys.exit(error.errno)
"""


class Writing:
    """Held by whoever writes to a file, and by threads of one at a time; all engines on one file share it.

    `changes` is how often contract tables began or ceased to change: who finds the same number after reading as
    before, has read what there is.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.changes = 0

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    @contextmanager
    def to_contract(self) -> Iterator[None]:
        """Hold it while contract tables may change."""
        with self:
            self.changes += 1
            try:
                yield
            finally:
                self.changes += 1


WRITING: dict[Path, Writing] = {}


class DuckDBEngine(Engine):
    """A DuckDB file. One process owns it; threads of that process read while one of them writes.

    `writing` is held by whoever writes: a load, a build, an append. All engines on one file share it.
    """

    dialect = "duckdb"
    keeps_order = True

    def __init__(
        self, path: str, settings: Settings, *, create: bool = True, config: Config | None = None
    ) -> None:
        """Open the file, with DuckDB's own settings in `config` over those of `settings`.

        Raises DatabaseBusy when another process has it, DatabaseError when it cannot be opened.
        """
        self.settings = settings
        self.path = path
        self.writing = _writing(path)
        self._installed: str | None = (
            None  # the mark of the model whose tables this opening of the file has made
        )
        self._snapshot = threading.local()
        self.connection = open_file(path, settings, config or {}, create=create)
        name = self.query("SELECT current_database() AS name")[0]["name"]
        self.catalog = '"' + str(name).replace('"', '""') + '"'

    def close(self) -> None:
        self.connection.close()

    @property
    def threads(self) -> int:
        """How many threads DuckDB has, which a build shares out among its workers."""
        return int(self.query("SELECT current_setting('threads') AS threads")[0]["threads"])

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the same database: own transaction, own temporary tables."""
        return self.connection.cursor()

    # -- plain SQL ------------------------------------------------------------------------------------

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with self._reading() as cursor, self.telling():
            cursor.execute(sql, list(parameters))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @contextmanager
    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatchReader]:
        with (
            self.cursor() as cursor,
            self.telling(),
            cursor.sql(sql, params=list(parameters) or None).to_arrow_reader(100_000) as reader,
        ):
            yield reader

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self.cursor() as cursor:
            cursor.begin()
            self._snapshot.cursor = cursor
            try:
                yield
            finally:
                del self._snapshot.cursor
                _rollback(cursor)

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give the cursor of this thread's snapshot, or a new one."""
        held = getattr(self._snapshot, "cursor", None)
        if held is not None:
            yield held
            return
        with self.cursor() as cursor:
            yield cursor

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn the driver's errors into sentences."""
        try:
            yield
        except duckdb.CatalogException as error:
            raise not_initialised(self.path, error) from error
        except duckdb.Error as error:
            raise DatabaseError(f"The database {self.path} could not do this: {reason(error)}.") from error

    def copy(self, to: Path) -> None:
        # Nobody writes meanwhile, so that the file and the log that a reader may have kept in use stand still.
        with self.writing, self.telling(), self.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            for ending in ("", ".wal"):
                if Path(part := f"{self.path}{ending}").exists():
                    _copy_file(part, f"{to}{ending}")

    # -- the contract tables --------------------------------------------------------------------------

    @contextmanager
    def changing(self) -> Iterator[Run]:
        with self.writing.to_contract(), self.telling(), self.transaction() as cursor:
            yield lambda sql, *values: cursor.execute(sql, *values).fetchall()

    def columns(self, run: Run | None = None) -> Columns:
        sql = (
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal "
            "ORDER BY table_name, column_index"
        )
        return by_table(run(sql) if run else [tuple(row.values()) for row in self.query(sql)])

    def install(self, run: Run) -> None:
        self._create_declared(run)
        there = self.columns(run)
        for step in kept(*STORED, Kept.VIEW):
            if step.kept is Kept.VIEW:
                run(f"CREATE OR REPLACE VIEW {step.name} AS {step.sql}")
            else:
                self._create_derived(run, step, there.get(step.name))

    def init(self) -> None:
        super().init()
        self._installed = self.model_mark

    def _create_declared(self, run: Run) -> None:
        for table in (*CONTRACT, *BOOKKEEPING):
            run(create_table(table, self.dialect, self.settings.id_type, keys=False))
            found = [name for name, *_ in run(f"DESCRIBE {table.name}")]
            if table in CONTRACT and (error := self.lacking(table, found)):
                raise error
            for column in table.columns:
                if column.name not in found:
                    kind = column_type(column.type, self.settings.id_type).sql(self.dialect)
                    run(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}")

    def _create_derived(self, run: Run, step: Step, found: list[tuple[str, str]] | None) -> None:
        """Create a table that builds fill; one of other columns goes, for the next build fills the new one."""
        query = declaration_of(step.name)
        values = parameters(self.settings.model, date(2000, 1, 1), 0)
        used = {name: value for name, value in values.items() if re.search(rf"\${name}\b", query)}
        if found:
            if sorted(found) == sorted(row[:2] for row in run(f"DESCRIBE {query}", used)):
                return
            run(f"DROP TABLE {step.name}")
        run(f"CREATE TABLE {step.name} AS {query} WITH NO DATA", used)

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor in a transaction that commits at the end of the block or leaves nothing behind."""
        with self.cursor() as cursor:
            cursor.begin()
            try:
                yield cursor
                cursor.commit()
            except BaseException:
                _rollback(cursor)
                raise

    def append(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        count, in_order, last = 0, True, None
        with self.writing.to_contract(), self.transaction() as cursor:
            if table.is_fact:
                last = cursor.execute(f"SELECT MAX(customer_id) FROM {table.name}").fetchall()[0][0]
            for batch in batches:
                cursor.register("arriving", batch)
                cursor.execute(f"INSERT INTO {table.name} BY NAME SELECT * FROM arriving")
                self._note_changed(cursor, table, batch)
                cursor.unregister("arriving")
                count += batch.num_rows
                if table.is_fact and batch.num_rows:
                    in_order, last = (
                        in_order and _continues(batch, last),
                        batch.column("customer_id")[-1].as_py(),
                    )
            note_appended(cursor, table, count, continues=in_order)
            recluster_if_needed(cursor, table, self.settings.id_type)
        return count

    def store(self) -> DuckDBStore:
        return DuckDBStore(self)

    def receiver(self) -> DuckDBReceiver:
        return DuckDBReceiver(self)

    def _note_changed(self, cursor: duckdb.DuckDBPyConnection, table: Table, batch: pa.RecordBatch) -> None:
        if "customer_id" in table.names:
            changed = pa.table({"customer_id": pc.unique(batch.column("customer_id"))})
            cursor.register("changed", changed)
            cursor.execute("INSERT INTO changed_customers SELECT customer_id FROM changed")
            cursor.unregister("changed")
            return
        for fact in CONTRACT:
            for column in fact.references:
                if column.references == table.name and fact.is_fact:
                    cursor.execute(
                        f"INSERT INTO changed_customers SELECT DISTINCT customer_id FROM {fact.name} "
                        f"WHERE {column.name} IN (SELECT {table.key.name} FROM arriving)"
                    )

    # -- the model ------------------------------------------------------------------------------------

    @cached_property
    def model_mark(self) -> str:
        return mark([sql_of(step.name) for step in steps()], self.dialect)

    def _build(self, as_of: date, *, full: bool, progress: OnProgress) -> BuildRecord:
        try:
            with self.writing:
                last = self.last_build()
                if self.model_mark not in (last and last.get("model"), self._installed):
                    self.init()  # what another version of Patron has made may have other columns
                return DuckDBBuild(self, as_of, full=full, progress=progress).run()
        except duckdb.CatalogException as error:
            raise not_initialised(self.path, error) from error


def _continues(batch: pa.RecordBatch, last: Any) -> bool:
    """Tell whether a batch is in the order of its customers and comes after the customer `last`."""
    ids = batch.column("customer_id")
    after = last is None or ids[0].as_py() >= last
    return after and bool(pc.all(pc.greater_equal(ids[1:], ids[:-1]), min_count=0).as_py())


def _copy_file(source: str, to: str) -> None:
    """Copy a file in a process of its own; raises OSError.

    A process that closes a file loses its locks on it, also those that DuckDB holds through another opening.
    """
    code = subprocess.run([sys.executable, "-I", "-S", "-c", COPYING, source, to], check=False).returncode
    if code:
        raise OSError(code, os.strerror(code), to)


def _rollback(cursor: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):  # the failed statement may have ended the transaction already
        cursor.rollback()


def _writing(path: str) -> Writing:
    return Writing() if path == MEMORY else WRITING.setdefault(Path(path).resolve(), Writing())


def not_initialised(path: str, error: duckdb.Error) -> NoDatabase:
    """Return the error of a database that lacks what a query names."""
    return NoDatabase(f"{path} lacks something that Patron needs; run `patron init` first ({reason(error)}).")
