"""One shop's data in a lake that a Spark Connect server reads and writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import pyarrow as pa
from sqlglot import exp

from patron.contract import CONTRACT, IdType, Table
from patron.contract.bookkeeping import BOOKKEEPING
from patron.engines.base import BuildRecord, Engine, OnProgress, Row
from patron.engines.receiving import Receiver
from patron.engines.serving import not_served
from patron.engines.spark.build import SparkBuild
from patron.engines.spark.lake import Lake, made_by, parts
from patron.engines.spark.marks import MARKS, changed, marks
from patron.engines.spark.render import DIALECT, rendered
from patron.engines.spark.session import open_session, place, telling
from patron.engines.spark.store import SparkStore
from patron.engines.spark.sweeping import sweep
from patron.engines.store import Store
from patron.engines.upgrading import Columns, Run, Upgrade
from patron.errors import DatabaseError, NoDatabase
from patron.model.render import mark
from patron.model.steps import STORED, Kept, kept, steps
from patron.settings import Settings


class SparkEngine(Engine):
    """A lake behind a Spark Connect server.

    It shows the build that was the latest when it was opened, or made by itself, or found by `snapshot`.
    """

    dialect = DIALECT
    installs_derived = False
    shares_snapshots = True

    def __init__(self, url: str, settings: Settings) -> None:
        """Connect; raises DatabaseError when the server cannot be reached or does not let us in."""
        self.settings = settings
        self.where = place(url)
        self.lake = Lake(open_session(self.where), self.where, settings.id_type)
        if self._is_there():
            self._show_latest()

    def close(self) -> None:
        self.end(self.lake)

    def _is_there(self) -> bool:
        return self.lake.ids() is not None

    def _show_latest(self) -> None:
        self.lake.show_declared()
        self.lake.show_build(self.lake.last_commit())

    # -- plain SQL ------------------------------------------------------------------------------------

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.lake.rows(sql, parameters)

    @contextmanager
    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatchReader]:
        with telling(self.where):
            frame = self.lake.frame(sql, parameters)
            yield self.lake.batches(frame)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Show the latest build; what it made is never changed, so it is the same throughout."""
        if self._is_there():
            self._show_latest()
        yield

    def sql(self, query: exp.Query, values: Mapping[str, Any] | None = None) -> str:
        return rendered(query.copy(), values or {})

    def parameterised(self, query: exp.Query) -> tuple[str, tuple[str, ...]]:
        raise not_served(self.where.shown)

    def contents(self) -> dict[str, str]:
        rows = self.query("SHOW VIEWS")
        seen = {str(row.get("viewName") or row.get("tableName")) for row in rows}
        known = {table.name: "table" for table in (*CONTRACT, *BOOKKEEPING)}
        for step in kept(*STORED, Kept.VIEW):
            known[step.name] = "view" if step.kept is Kept.VIEW else "table"
        return {name: known[name] for name in sorted(seen & known.keys())}

    def id_type(self) -> IdType | None:
        return self.lake.ids()

    # -- the schema: every build writes tables of its own, so that there is none to upgrade ------------

    def schema_version(self) -> int | None:
        return None

    def upgrade(self, *, dry_run: bool = False) -> Upgrade:
        raise DatabaseError(
            f"There is nothing to upgrade in {self.where.shown}: the next `patron build` writes all its tables anew."
        )

    def changing(self) -> AbstractContextManager[Run]:
        raise DatabaseError(f"{self.where.shown} is a lake, which has no transactions.")

    def install(self, run: Run) -> None:
        raise DatabaseError(
            f"{self.where.shown} is a lake, where `patron init` writes tables and not statements."
        )

    def columns(self, run: Run | None = None) -> Columns:
        described = {name: self.query(f"DESCRIBE {name}") for name in self.contents()}
        return {
            name: [(str(row["col_name"]), str(row["data_type"])) for row in rows]
            for name, rows in described.items()
        }

    # -- the contract tables --------------------------------------------------------------------------

    def init(self) -> None:
        self.lake.create()
        for table in CONTRACT:
            found = self.lake.found(table)
            if found and (error := self.lacking(table, found)):
                raise error
        self._show_latest()

    def append(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        if self.where.schema:
            raise DatabaseError(
                f"Patron only reads the tables of the schema {self.where.schema} of {self.where.shown}; write to "
                f"{table.name} with what made it."
            )
        count = 0
        for part in parts(batches):
            with telling(self.where):
                self.lake.write(self.lake.session.createDataFrame(part), table.name)
            count += part.num_rows
        self.lake.show_contract([table])
        return count

    def store(self) -> Store:
        return SparkStore(self, Lake(open_session(self.where), self.where, self.settings.id_type))

    def receiver(self) -> Receiver:
        raise DatabaseError(
            "A lake is where customer_360 is published from; name a file or a PostgreSQL database with --to."
        )

    # -- the model ------------------------------------------------------------------------------------

    @cached_property
    def model_mark(self) -> str:
        return mark([rendered(step.tree) for step in steps()], self.dialect)

    def _changed(self) -> str:
        """Return the query for the customers whose marks are not those of the latest build; none before the first."""
        last = self.lake.last_commit()
        if last is None or MARKS not in made_by(last).columns:
            return super()._changed()
        made = made_by(last)
        self.lake.show_own("former_marks", self.lake.path(MARKS, made.folder), made.columns[MARKS])
        self.lake.view("present_marks", marks())
        return changed("former_marks", "present_marks", last["as_of"])

    def _build(self, as_of: date, *, full: bool, progress: OnProgress) -> BuildRecord:
        if not self._is_there():  # not every engine misses a folder that is not there
            raise NoDatabase(
                f"{self.where.shown} has none of Patron's tables; run `patron init` first, or put the right place into "
                "the URL."
            )
        lake = Lake(open_session(self.where), self.where, self.settings.id_type)
        try:
            record = SparkBuild(self, lake, as_of, full=full, progress=progress).run()
        except BaseException:
            self.end(lake)
            raise
        before, self.lake = self.lake, lake  # its session shows what it has built
        self.end(before)
        self.notes = sweep(lake, datetime.now(UTC))
        return record

    def end(self, lake: Lake) -> None:
        """Let go of a session."""
        with suppress(DatabaseError), telling(self.where):  # gone with the server, it may be
            lake.session.stop()
