"""What every engine can do. The rest of Patron talks to an `Engine` and never to a driver."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
from sqlglot import ErrorLevel, exp

from patron.contract import CUSTOMER_INFO, IdType, Table
from patron.contract.ddl import column_type
from patron.contract.tables import EARLIEST_YEAR, LATEST_YEAR
from patron.engines import upgrading
from patron.engines.upgrading import Columns, Run, Upgrade
from patron.errors import BackupError, BuildError, DatabaseError, NoDatabase, OtherVersion, SettingsError
from patron.settings import Settings
from patron.tracing import span

if TYPE_CHECKING:
    from patron.engines.receiving import Receiver
    from patron.engines.store import Store

Row = dict[str, Any]
# What engines call the types of ids; a table with another one is none of Patron's.
_ID_TYPES: dict[str, IdType] = {"bigint": "bigint", "text": "text", "varchar": "text"}


@dataclass(frozen=True)
class Progress:
    """How far long work has come: `done` of `total` (None where nobody knows) in `stage`."""

    stage: str
    done: float
    total: float | None


NOT_A_FILE = (
    "A PostgreSQL database is backed up by its own tools, such as pg_dump and pg_restore; "
    "the page of the documentation on backups has the commands."
)
LAST_BUILD = "SELECT * FROM builds ORDER BY build_id DESC LIMIT 1"
OnProgress = Callable[[Progress], None]


def check_day(as_of: date) -> None:
    """Raise BuildError for a day on which no fact can be dated."""
    if not EARLIEST_YEAR <= as_of.year <= LATEST_YEAR:
        raise BuildError(
            f"A build's date lies in the years {EARLIEST_YEAR} to {LATEST_YEAR}, and {as_of} does not."
        )


def no_progress(_: Progress) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Step:
    """One step of a finished build: its wall time in seconds and the rows it made."""

    name: str
    seconds: float
    rows: int | None = None


@dataclass(frozen=True)
class Reconciliation:
    """One figure, counted in the sources and in the result by different ways."""

    figure: str
    in_sources: Any
    in_result: Any

    @property
    def agrees(self) -> bool:
        """Whether both ways gave the same value."""
        return bool(self.in_sources == self.in_result)


@dataclass(frozen=True)
class BuildRecord:
    """What one build did, as the table `builds` keeps it."""

    build_id: int
    as_of: date
    kind: str
    started_at: datetime
    finished_at: datetime
    customers: int
    new_customers: int
    recomputed: int
    settings: dict[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    reconciliation: tuple[Reconciliation, ...] = ()
    model: str | None = None


class Engine(ABC):
    """A database that holds one shop's data; open it with `engines.connect`, close it or use it in `with`."""

    dialect: str
    settings: Settings
    keeps_order = False
    """Whether the rows of a table come in the order in which they were written, where nothing else is said."""
    installs_derived = True
    """Whether `init` makes the tables that builds fill; elsewhere the first build does."""
    shares_snapshots = False
    """Whether a `snapshot` holds for the queries of all threads, so that rows may be streamed side by side."""
    notes: tuple[str, ...] = ()
    """What the latest build changed besides customer_360, each in a sentence."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""

    def __enter__(self) -> Self:
        """Use the engine in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it at the end of the block."""
        self.close()

    # -- plain SQL, in the engine's own dialect -------------------------------------------------------

    @abstractmethod
    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Return the rows of a query as dictionaries. Placeholders are `?`, whatever the driver's are."""

    @abstractmethod
    def stream(
        self, sql: str, parameters: Sequence[Any] = ()
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """Read a query's rows as Arrow batches, in bounded memory."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[None]:
        """Let all queries of this thread in the block see the database as it is at their first one."""

    def sql(self, query: exp.Query, values: Mapping[str, Any] | None = None) -> str:
        """Return a step's or figure's query in this engine's dialect, each `$name` as the literal of its value."""

        def literal(node: exp.Expr) -> exp.Expr:
            return exp.convert((values or {})[str(node.this)]) if isinstance(node, exp.Placeholder) else node

        return query.transform(literal).sql(self.dialect, unsupported_level=ErrorLevel.RAISE)

    def parameterised(self, query: exp.Query) -> tuple[str, tuple[str, ...]]:
        """Return a query with `?` for each `$name`, for `query`, and these names in the order of their values."""
        return positional(query.sql(self.dialect, unsupported_level=ErrorLevel.RAISE))

    @cached_property
    def statements(self) -> dict[Hashable, tuple[str, tuple[str, ...]]]:
        """What `kept_statement` has made; engines that a server lends share theirs."""
        return {}

    def kept_statement(self, key: Hashable, make: Callable[[], exp.Query]) -> tuple[str, tuple[str, ...]]:
        """Return `parameterised(make())`, made once for each `key`: making SQL may take longer than running it."""
        if key not in self.statements:
            self.statements[key] = self.parameterised(make())
        return self.statements[key]

    def contents(self) -> dict[str, str]:
        """Return what the database holds, by name: 'table', 'view' or 'procedure'."""
        rows = self.query(
            "SELECT table_name AS name, CASE table_type WHEN 'VIEW' THEN 'view' ELSE 'table' END AS kind "
            "FROM information_schema.tables "
            "WHERE table_catalog = current_database() AND table_schema = current_schema() ORDER BY table_name"
        )
        return {str(row["name"]): str(row["kind"]) for row in rows}

    def check_id_type(self, shown: str) -> None:
        """Raise SettingsError when the ids in the database, which is `shown` so, are not what the settings say."""
        found = self.id_type()
        if found is not None and found != self.settings.id_type:
            raise SettingsError(
                f"The ids in {shown} are {found} but the setting id_type says {self.settings.id_type}; "
                f'write id_type = "{found}" in patron.toml, or name another database with --database.'
            )

    def id_type(self) -> IdType | None:
        """Return of which type the ids in the database are; None where there are no contract tables."""
        rows = self.query(
            "SELECT data_type FROM information_schema.columns "
            "WHERE table_catalog = current_database() AND table_schema = current_schema() "
            "AND table_name = ? AND column_name = ?",
            [CUSTOMER_INFO.name, CUSTOMER_INFO.key.name],
        )
        return _ID_TYPES.get(str(rows[0]["data_type"]).lower()) if rows else None

    # -- the schema and its version -------------------------------------------------------------------

    def init(self) -> None:
        """Create what is missing: contract tables, Patron's own, views and, on a server, the procedure.

        Tables that builds fill and views are made anew where another version of Patron gave them other columns.
        Raises DatabaseError when a contract table lacks a column.
        """
        with self.changing() as run:
            self.install(run)
            run(upgrading.stamping())

    def upgrade(self, *, dry_run: bool = False) -> Upgrade:
        """Bring the schema to this Patron's version in one transaction, which `dry_run` undoes at its end.

        Raises NoDatabase where there is nothing of Patron's, OtherVersion where the schema is a later one,
        DatabaseError when something stands in the way; all is then as it was.
        """
        with suppress(upgrading.Rehearsed), self.changing() as run:
            done = upgrading.upgrade(self, run)
            if dry_run:
                raise upgrading.Rehearsed
        return done

    @abstractmethod
    def changing(self) -> AbstractContextManager[Run]:
        """Give what runs statements in a transaction, in which nobody else changes the schema; raises DatabaseError."""

    @abstractmethod
    def install(self, run: Run) -> None:
        """Create what is missing and make anew what has other columns, by `run`."""

    @abstractmethod
    def columns(self, run: Run | None = None) -> Columns:
        """Return the columns of all tables and views, as (name, type) in order, by the table's name."""

    def schema_version(self) -> int | None:
        """Return the version of the schema; 0 from before they were counted, None where nothing of Patron's is."""
        there = self.contents()
        if upgrading.HISTORY not in there:
            return 0 if upgrading.is_unversioned(there) else None
        found = self.query(upgrading.VERSION)[0]["version"]
        return None if found is None else int(found)

    def check_version(self, shown: str) -> None:
        """Raise OtherVersion when the schema of the database, which is `shown` so, is not of this Patron's version."""
        found = self.schema_version()
        if found is not None and (error := upgrading.other_version(found, shown)):
            raise error

    def check_derived(self, shown: str) -> None:
        """Raise OtherVersion when what builds fill lacks a column that Patron reads, NoDatabase where there is none."""
        found = self.columns()
        if upgrading.HISTORY not in found:
            raise NoDatabase(f"{shown} has none of Patron's tables; run `patron init` first.")
        if (lacking := upgrading.lacks(found)) is not None:
            raise OtherVersion(
                f"{shown} was made by another version of Patron ({lacking}): run `patron upgrade`, then `patron build`."
            )

    def copy(self, to: Path) -> None:
        """Write the database to a new file as it is at one moment; raises BackupError where it is no file."""
        raise BackupError(NOT_A_FILE)

    # -- the contract tables --------------------------------------------------------------------------

    @abstractmethod
    def append(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        """Append typed rows that are known to fit, note whose row changes, and return how many.

        For rows that Patron made itself; what comes from outside goes through `sources.load`.
        One call is one transaction.
        """

    @abstractmethod
    def store(self) -> Store:
        """Return what stores one load from outside; `sources.load` is its only user."""

    @abstractmethod
    def receiver(self) -> Receiver:
        """Return what takes in what was built elsewhere; `patron.publish` is its only user."""

    # -- the model ------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def model_mark(self) -> str:
        """The mark of the model's steps as this engine runs them; `builds` keeps that of each build."""

    def build(self, as_of: date, *, full: bool = False, progress: OnProgress = no_progress) -> BuildRecord:
        """Bring customer_360 up to date as known on `as_of`, whole or not at all.

        Raises BuildError when it cannot, NotReconciled when its figures disagree with the sources; the
        former customer_360 is then untouched.
        """
        check_day(as_of)
        with span("build customer_360", {"patron.engine": self.dialect, "patron.as_of": str(as_of)}) as told:
            record = self._build(as_of, full=full, progress=progress)
            told |= {
                "patron.build_id": record.build_id,
                "patron.kind": record.kind,
                "patron.customers": record.customers,
                "patron.recomputed": record.recomputed,
            }
        return record

    @abstractmethod
    def _build(self, as_of: date, *, full: bool, progress: OnProgress) -> BuildRecord:
        """Build as `build` says, each step in a span."""

    def changed_customers(self) -> int:
        """Return how many customers the next build computes again because of what changed since the latest one."""
        return int(self.query(f"SELECT COUNT(*) AS number FROM ({self._changed()}) AS changed")[0]["number"])

    def _changed(self) -> str:
        return "SELECT DISTINCT customer_id FROM changed_customers"

    def lacking(self, table: Table, found: Iterable[str]) -> DatabaseError | None:
        """Return the error of a contract table that is there without some of its columns."""
        missing = [column for column in table.columns if column.name not in set(found)]
        if not missing:
            return None
        kind = column_type(missing[0].type, self.settings.id_type).sql(self.dialect)
        return DatabaseError(
            f"The table {table.name} is there but lacks {' and '.join(column.name for column in missing)}: add what is "
            f"missing (ALTER TABLE {table.name} ADD COLUMN {missing[0].name} {kind}), then try again."
        )

    def last_build(self) -> Row | None:
        """Return the latest row of `builds`, or None before the first build."""
        rows = self.query(LAST_BUILD)
        return rows[0] if rows else None


def positional(sql: str) -> tuple[str, tuple[str, ...]]:
    """Return rendered SQL with `?` for each parameter, which dialects write as $name or %(name)s, and their names."""
    names: list[str] = []

    def mark(found: re.Match[str]) -> str:
        names.append(found[1] or found[2])
        return "?"

    return re.sub(r"\$(\w+)|%\((\w+)\)s", mark, sql), tuple(names)
