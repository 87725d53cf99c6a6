"""Where the tables lie, and under which names a session sees them.

Every table is a folder of Parquet files under the location that the URL names. What a build makes stands in a folder
of its own, `made/12-3f9c…`, which nobody changes once it is written. The one row that a build adds to `builds` at its
end names this folder: it is one file, it is there or it is not, and so it is the swap.

An incremental build writes, of the tables by customer, only the rows of customers that were computed again since the
latest build that wrote them whole, its base. To read such a table is to read those, and of the base all others.

Rows of the contract's tables that `patron load` stored lie in folders of their own too: see `loaded`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp

from patron.contract import CONTRACT, IdType, Table
from patron.contract.bookkeeping import BOOKKEEPING, BUILDS, NEW_CUSTOMERS
from patron.contract.ddl import column_type
from patron.engines.base import Row
from patron.engines.spark import loaded
from patron.engines.spark.render import DIALECT, rendered
from patron.engines.spark.session import FOLDER, Place, telling
from patron.errors import NoDatabase
from patron.model.steps import STORED, Kept, Step, kept

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.session import SparkSession

# Beside what `builds` has everywhere: the folder of the tables that the build made, their columns, and its base.
COMMIT = {"folder": "STRING", "columns": "STRING", "base": "STRING"}
SUPERSEDED = "superseded"  # the customers whose rows stand in a build's own folder and not in its base
BY_CUSTOMER = frozenset(step.name for step in kept(Kept.CUSTOMER_TABLE))
# Who was new in a build counts once that build's row is there.
BY_FOLDER = {"folder": "STRING"}
KEPT = (BUILDS, NEW_CUSTOMERS)
# One row says that `init` has run here, and of which type ids are: not every engine writes files without rows.
MARK = "patron_lake"
# What one message to a Spark Connect server may hold, with room to spare.
BYTES_AT_ONCE = 32_000_000


@dataclass(frozen=True)
class Made:
    """Where the tables of a build are: its folder, its base (itself, if it is whole), and their columns and types."""

    folder: str
    base: str
    columns: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether the tables by customer stand whole in its own folder."""
        return self.base == self.folder


class Lake:
    """The tables of one shop as one session sees them."""

    def __init__(self, session: SparkSession, where: Place, id_type: IdType) -> None:
        self.session = session
        self.where = where
        self.id_type = id_type
        self.loaded = loaded.Loaded()

    # -- reading and writing -------------------------------------------------------------------------

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[Row]:
        """Return the rows of a query."""
        return list(self.table(sql, parameters).to_pylist())

    def table(self, sql: str, parameters: Iterable[Any] = ()) -> pa.Table:
        """Return the rows of a query, which must fit into memory, as Arrow."""
        with telling(self.where):
            table = self.frame(sql, parameters).toArrow()
            return table.cast(_plain_schema(table.schema))

    def frame(self, sql: str, parameters: Iterable[Any] = ()) -> DataFrame:
        """Return a query's rows, which the server computes when they are asked for."""
        with telling(self.where):
            return self.session.sql(sql, args=list(parameters) or None)

    def write(
        self, frame: DataFrame, table: str, *, folder: str | None = None, one_file: bool = False
    ) -> None:
        """Add rows to a table, or make those of a build's `folder`, whatever a failed try left there."""
        with telling(self.where):
            writer = (frame.coalesce(1) if one_file else frame).write
            writer.mode("overwrite" if folder else "append").format(self.format_of(table)).save(
                self.path(table, folder)
            )

    def sent(self, rows: pa.Table, columns: Mapping[str, str]) -> DataFrame:
        """Return rows of this machine for the server, each column of its type; they must fit into a message."""
        typed = [f"CAST({name} AS {kind}) AS {name}" for name, kind in columns.items()]
        with telling(self.where):
            return self.session.createDataFrame(rows).selectExpr(*typed)

    def add(self, rows: pa.Table, table: str, columns: Mapping[str, str]) -> None:
        """Add rows of this machine, which must fit into a message, to a table as one file."""
        self.write(self.sent(rows, columns), table, one_file=True)

    def empty(self, folder: str) -> None:
        """Remove all files of a build's folder: Spark Connect deletes none but those that it writes over."""
        with telling(self.where):
            nothing = self.frame("SELECT 1 AS nothing WHERE FALSE")
            nothing.write.mode("overwrite").parquet(f"{self.where.tables}/{FOLDER}/{folder}")

    def path(self, table: str, folder: str | None = None) -> str:
        """Return where a table lies, or what one build made of it."""
        return f"{self.where.tables}/{f'{FOLDER}/{folder}/' if folder else ''}{table}"

    # -- what Patron declares --------------------------------------------------------------------------

    def create(self) -> None:
        """Make the folders of all declared tables, so that every engine can read them."""
        for table in (*(() if self.where.schema else CONTRACT), *KEPT):
            if not self.found(table):
                self.write(self.frame(_empty(self.columns_of(table))), table.name)
        if self.ids() is None:
            self.write(self.frame("SELECT ? AS id_type", [self.id_type]), MARK, one_file=True)

    def ids(self) -> IdType | None:
        """Return of which type ids are here; None where `init` has not run."""
        try:
            found = self.rows(f"SELECT * FROM {at(self.path(MARK))}")
        except NoDatabase:
            return None
        return found[0]["id_type"] if found else None

    def show_declared(self) -> None:
        """Let the names of the contract's tables and of Patron's own stand for their rows, as loads have left them.

        Raises NoDatabase where a table is missing.
        """
        self.loaded = loaded.latest(self)
        self.show_contract(CONTRACT)
        for table in BOOKKEEPING:
            if table in KEPT:
                continue
            if table.name in self.loaded.places:
                self.show_own(table.name, self._layers(table), self.columns_of(table))
            else:
                self.view(table.name, _empty(self.columns_of(table)))

    def show_contract(self, tables: Iterable[Table]) -> None:
        """Let the names of the contract's tables stand for the shop's rows: what loads stored, and all others."""
        tables = list(tables)
        beside = self._filled_beside(table for table in tables if table.name in self.loaded.places)
        for table in tables:
            columns = self.columns_of(table)
            if table.name not in self.loaded.places:
                self.show(table.name, self.source(table), columns)
                continue
            self.show_own(f"loaded_{table.name}", self._layers(table), columns)
            rows = f"SELECT * FROM loaded_{table.name}"
            if table.name in beside:
                key = table.key.name
                self.show(f"beside_{table.name}", self.source(table), columns)
                rows += (
                    f" UNION ALL SELECT beside.* FROM beside_{table.name} AS beside "
                    f"LEFT ANTI JOIN loaded_{table.name} AS known ON known.{key} = beside.{key}"
                )
            self.view(table.name, rows)

    def _layers(self, table: Table) -> list[str]:
        return [f"{self.where.tables}/{FOLDER}/{place}" for place in self.loaded.places[table.name]]

    def _filled_beside(self, tables: Iterable[Table]) -> set[str]:
        """Return which of these tables have rows that others wrote."""
        asked = [
            f"SELECT '{table.name}' AS name FROM (SELECT 1 FROM {self.source(table)} LIMIT 1) AS one"
            for table in tables
        ]
        return {row["name"] for row in self.rows(" UNION ALL ".join(asked))} if asked else set()

    def source(self, table: Table) -> str:
        """Return what to select a declared table's rows from."""
        if table in CONTRACT and self.where.schema:
            return ".".join(map(_quoted, (*self.where.schema.split("."), table.name)))
        return at(self.path(table.name), self.format_of(table.name))

    def format_of(self, name: str) -> str:
        """Return the format of a table: that of the URL for the contract's, Parquet for Patron's own."""
        return self.where.format if any(table.name == name for table in CONTRACT) else "parquet"

    def found(self, table: Table) -> list[str]:
        """Return the columns that a declared table has; nothing where there is none yet."""
        try:
            with telling(self.where):
                return list(self.frame(f"SELECT * FROM {self.source(table)}").columns)
        except NoDatabase:
            return []

    def show(self, name: str, source: str, columns: Mapping[str, str]) -> None:
        """Let `name` stand for the rows of `source`, each column of its type; those it lacks are None."""
        with telling(self.where):
            there = {column.lower() for column in self.frame(f"SELECT * FROM {source}").columns}
            typed = ", ".join(
                f"CAST({column if column in there else 'NULL'} AS {kind}) AS {column}"
                for column, kind in columns.items()
            )
            rows = f"SELECT {typed} FROM {source}" if there else _empty(columns)
            self.view(name, rows)

    def view(self, name: str, sql: str) -> None:
        """Let `name` stand for a query's rows in this session, with what its names stand for now."""
        with telling(self.where):
            self.frame(sql).createOrReplaceTempView(name)

    def show_own(self, name: str, path: str | Sequence[str], columns: Mapping[str, str]) -> None:
        """Let `name` stand for the rows of folders that Patron wrote, whose columns and types are known."""
        schema = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        paths = [path] if isinstance(path, str) else path
        with telling(self.where):
            self.session.read.schema(schema).parquet(*paths).createOrReplaceTempView(name)

    def columns_of(self, table: Table) -> dict[str, str]:
        """Return the columns of a declared table with Spark's types."""
        columns = {
            one.name: column_type(one.type, self.id_type).sql(DIALECT).replace("TIMESTAMP_LTZ", "TIMESTAMP")
            for one in table.columns
        }
        return columns | {BUILDS.name: COMMIT, NEW_CUSTOMERS.name: BY_FOLDER}.get(table.name, {})

    # -- what builds have made --------------------------------------------------------------------------

    def last_commit(self) -> Row | None:
        """Return the row of the latest build, with its folder; None before the first one.

        Where two builds ended at the same time, it is the one that ended first.
        """
        self.show("all_builds", self.source(BUILDS), self.columns_of(BUILDS))
        found = self.rows("SELECT * FROM all_builds ORDER BY build_id DESC, finished_at, folder LIMIT 1")
        return found[0] if found else None

    def show_build(self, commit: Row | None, shown: Collection[str] = ()) -> None:
        """Let the names of what builds make stand for what this build made, and for nothing before the first.

        Those of `shown` do so already.
        """
        number = commit["build_id"] if commit else 0
        first = "ROW_NUMBER() OVER (PARTITION BY build_id ORDER BY finished_at, folder)"
        self.view(
            "seen_builds",
            f"SELECT * FROM (SELECT *, {first} AS place FROM all_builds WHERE build_id <= {number}) AS numbered "
            "WHERE place = 1",
        )
        self.view(BUILDS.name, f"SELECT {', '.join(BUILDS.names)} FROM seen_builds")
        self.show("all_new_customers", self.source(NEW_CUSTOMERS), self.columns_of(NEW_CUSTOMERS))
        self.view(
            NEW_CUSTOMERS.name,
            f"SELECT {', '.join(NEW_CUSTOMERS.names)} FROM all_new_customers "
            "WHERE folder IN (SELECT folder FROM seen_builds)",
        )
        if commit is None:
            return
        made = made_by(commit)
        if not made.is_whole and SUPERSEDED not in shown:
            self.show_made(SUPERSEDED, made)
        for step in kept(*STORED, Kept.VIEW):
            if step.name in shown:
                continue
            if step.name in made.columns:
                self.show_made(step.name, made)
            elif step.kept is Kept.VIEW:
                self.view(step.name, rendered(step.tree))

    def show_made(self, name: str, made: Made) -> None:
        """Let `name` stand for what a build made of it; `SUPERSEDED` is shown before the tables by customer."""
        columns = made.columns[name]
        if made.is_whole or name not in BY_CUSTOMER:
            self.show_own(name, self.path(name, made.folder), columns)
            return
        self.show_own(f"own_{name}", self.path(name, made.folder), columns)
        self.show_own(f"base_{name}", self.path(name, made.base), columns)
        self.view(
            name,
            f"SELECT * FROM own_{name} UNION ALL SELECT base.* FROM base_{name} AS base "
            f"LEFT ANTI JOIN {SUPERSEDED} AS gone ON gone.customer_id = base.customer_id",
        )

    # -- rows as Arrow -----------------------------------------------------------------------------------

    def batches(self, frame: DataFrame) -> pa.RecordBatchReader:
        """Return a query's rows in batches, as the server sends them."""
        from pyspark.sql.pandas.types import to_arrow_schema

        with telling(self.where):
            schema = _plain_schema(to_arrow_schema(frame.schema))
        client = self.session.client
        # What DataFrame.toArrow asks for, but in pieces: it would gather all rows in memory.
        plan: Any = vars(frame)["_plan"]
        pieces = client.to_table_as_iterator(plan.to_proto(client), plan.observations)

        def read() -> Iterator[pa.RecordBatch]:
            with telling(self.where):
                for piece in pieces:
                    if isinstance(piece, pa.Table):
                        yield from piece.cast(schema).to_batches()

        return pa.RecordBatchReader.from_batches(schema, read())


def at(path: str, kind: str = "parquet") -> str:
    """Return what to select the rows of a folder of files of a format from."""
    return f"{kind}.{_quoted(path)}"


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(DIALECT)


def parts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield the rows in tables that fit into a message; a row that does not is alone in its table."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in chain.from_iterable(map(_cut, batches)):
        if size + batch.nbytes > BYTES_AT_ONCE and waiting:
            yield pa.Table.from_batches(waiting)
            waiting, size = [], 0
        waiting.append(batch)
        size += batch.nbytes
    if waiting:
        yield pa.Table.from_batches(waiting)


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield a batch's rows in batches that fit into a message."""
    if batch.nbytes <= BYTES_AT_ONCE or batch.num_rows == 1:
        if batch.num_rows:
            yield batch
        return
    half = batch.num_rows // 2
    yield from _cut(batch.slice(0, half))
    yield from _cut(batch.slice(half))


def made_by(commit: Row) -> Made:
    """Return where the tables of the build are that added `commit` to `builds`."""
    return Made(commit["folder"], commit["base"] or commit["folder"], json.loads(commit["columns"]))


def _empty(columns: Mapping[str, str]) -> str:
    return (
        f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in columns.items())} WHERE FALSE"
    )


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema with timestamps as the session's clock, which is UTC, shows them."""
    return pa.schema(
        pa.field(field.name, pa.timestamp("us") if pa.types.is_timestamp(field.type) else field.type)
        for field in schema
    )


def materialised(step: Step, readers: Iterable[Step]) -> bool:
    """Tell whether a step's rows are written: those that several steps read, and what a build leaves behind."""
    if step.kept in STORED:
        return True
    return step.kept is not Kept.CHECK and sum(step.name in one.reads for one in readers) > 1
