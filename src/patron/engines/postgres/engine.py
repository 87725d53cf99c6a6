"""One shop's data in a PostgreSQL database, where other applications may read and write beside Patron."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date
from decimal import Decimal
from itertools import chain
from typing import Any

import psycopg
import pyarrow as pa
from psycopg.rows import dict_row, tuple_row
from sqlglot import exp

from patron.contract import Table
from patron.engines.address import address
from patron.engines.base import (
    LAST_BUILD,
    BuildRecord,
    Engine,
    OnProgress,
    Progress,
    Reconciliation,
    Row,
    Step,
    positional,
)
from patron.engines.postgres.copying import copy_batches
from patron.engines.postgres.installation import INSTALLING, Installation
from patron.engines.postgres.keys import MANY, without_keys
from patron.engines.postgres.procedure import NAME, model_mark
from patron.engines.postgres.reasons import reason, refusal
from patron.engines.postgres.receiving import PostgresReceiver
from patron.engines.postgres.render import quoted, rendered
from patron.engines.postgres.store import PostgresStore
from patron.engines.postgres.triggers import REFERRED, customers_of, notes_of
from patron.engines.upgrading import HISTORY, Columns, Run, by_table
from patron.errors import BuildError, DatabaseError, NoDatabase, NotReconciled, PatronError, QueryTimeout
from patron.settings import Settings
from patron.tracing import Steps

# PostgreSQL's type numbers (pg_type.oid), as Arrow types; all else is read as text.
ARROW_TYPES = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
}
NUMERIC = 1700
REPLACED = (
    f"The procedure {NAME} was made with other settings, or by another version of Patron, and was replaced: "
    "whoever calls it gets those of this machine from now on."
)
# What users can do something about; anything else is a fault of Patron.
TOLD = (psycopg.OperationalError, psycopg.IntegrityError, psycopg.errors.InsufficientPrivilege)


class PostgresEngine(Engine):
    """A PostgreSQL database, 15 or later. Tables live in the first schema of the connection's search path."""

    dialect = "postgres"

    def __init__(self, url: str, settings: Settings) -> None:
        """Connect; raises DatabaseError when the server cannot be reached or does not let us in."""
        self.settings = settings
        self.url = url
        self.shown = address(url).shown
        self.schema = ""
        try:
            self.connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(url, autocommit=True)
        except psycopg.Error as error:
            raise DatabaseError(f"PostgreSQL at {self.shown} cannot be reached: {reason(error)}.") from error
        schema = self.query("SELECT current_schema() AS name")[0]["name"]
        if schema is None:
            user = self.connection.info.user
            self.connection.close()
            raise DatabaseError(
                f"The search path of {self.shown} names no schema that exists and that {user} may use; "
                "create it, GRANT USAGE ON it, or change the path."
            )
        self.schema = str(schema)

    def close(self) -> None:
        self.connection.close()

    # -- plain SQL ------------------------------------------------------------------------------------

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with self._telling(reading=True):
            return self._rows(sql, parameters)

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            if parameters:
                cursor.execute(sql.replace("%", "%%").replace("?", "%s").encode(), list(parameters))
            else:
                cursor.execute(sql.encode())
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatchReader]:
        with (
            self._telling(reading=True),
            self.connection.transaction(),
            self.connection.cursor("patron_stream", row_factory=tuple_row) as cursor,
        ):
            cursor.execute(
                sql.replace("%", "%%").replace("?", "%s").encode() if parameters else sql.encode(),
                parameters or None,
            )
            schema = pa.schema([(column.name, _arrow_type(column)) for column in cursor.description or ()])
            yield pa.RecordBatchReader.from_batches(schema, _batches(cursor, schema))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self._telling(reading=True), self.connection.transaction():
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    @contextmanager
    def _telling(self, *, reading: bool = False) -> Iterator[None]:
        """Turn the driver's errors into sentences."""
        try:
            yield
        except psycopg.errors.UndefinedTable as error:
            raise NoDatabase(
                f"{self.shown} lacks something that Patron needs; run `patron init` first ({reason(error)})."
            ) from error
        except psycopg.errors.QueryCanceled as error:
            raise QueryTimeout(
                "The query took longer than the server lets it; ask for less at a time."
            ) from error
        except TOLD as error:
            raise DatabaseError(
                f"PostgreSQL at {self.shown}: {self.refusal(error, reading=reading)}."
            ) from error

    def refusal(self, error: psycopg.Error, *, reading: bool = False) -> str:
        """Return why the server refused, in a line, with the GRANT that is missing."""
        return refusal(error, self.connection, self.schema, reading=reading)

    def sql(self, query: exp.Query, values: Mapping[str, Any] | None = None) -> str:
        return rendered(query, self.schema, values=values or {})

    def parameterised(self, query: exp.Query) -> tuple[str, tuple[str, ...]]:
        return positional(rendered(query, self.schema, bound=True))

    def contents(self) -> dict[str, str]:
        # Not information_schema, which leaves out what this user has no right on.
        rows = self.query(
            "SELECT relname AS name, CASE relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind FROM pg_class "
            "WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'p', 'f', 'v', 'm') "
            "UNION SELECT proname, 'procedure' FROM pg_proc "
            "WHERE pronamespace = quote_ident(current_schema())::regnamespace AND prokind = 'p' ORDER BY name"
        )
        return {str(row["name"]): str(row["kind"]) for row in rows}

    # -- the contract tables --------------------------------------------------------------------------

    @contextmanager
    def changing(self) -> Iterator[Run]:
        def run(statement: str) -> list[tuple[Any, ...]]:
            cursor = self.connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

        with self._telling(), self.connection.transaction():
            run(f"SELECT pg_advisory_xact_lock({INSTALLING})")
            yield run

    def columns(self, run: Run | None = None) -> Columns:
        # Not information_schema, which leaves out what this user has no right on.
        sql = (
            "SELECT relname, attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute "
            "JOIN pg_class ON pg_class.oid = attrelid "
            "WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'p', 'f', 'v', 'm') "
            "AND attnum > 0 AND NOT attisdropped ORDER BY relname, attnum"
        )
        return by_table(run(sql) if run else [tuple(row.values()) for row in self.query(sql)])

    def schema_version(self) -> int | None:
        # Whoever may read a view and nothing else need not know of which version the tables behind it are.
        history = f"{quoted(self.schema)}.{HISTORY}"
        hidden = "SELECT NOT has_table_privilege(to_regclass(?), 'SELECT') AS hidden"
        return None if self.query(hidden, [history])[0]["hidden"] else super().schema_version()

    def install(self, run: Run) -> None:
        self.installation.install()

    @property
    def installation(self) -> Installation:
        """What installs Patron here."""
        return Installation(self.connection, self.schema, self.settings, self.lacking, self.shown)

    def append(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        home = f"{quoted(self.schema)}.{table.name}"
        empty = f"SELECT NOT EXISTS (SELECT FROM {home})".encode()
        with self._telling(), self.connection.transaction(), ExitStack() as stack:
            rows, many = _more_than(MANY, batches)
            if many and self.connection.execute(empty).fetchone() == (True,):
                stack.enter_context(without_keys(self.connection, home))
            with self.connection.cursor() as cursor:
                count = copy_batches(rows, cursor, home) if rows else 0
            self.connection.execute(f"ANALYZE {home}".encode())
        return count

    def store(self) -> PostgresStore:
        return PostgresStore(self)

    def receiver(self) -> PostgresReceiver:
        return PostgresReceiver(self)

    @contextmanager
    def writing(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """Give the connection in a transaction; what goes wrong is told in a sentence."""
        with self._telling(), self.connection.transaction():
            yield self.connection

    # -- the model ------------------------------------------------------------------------------------

    @property
    def model_mark(self) -> str:
        return model_mark(self.schema)

    def _build(self, as_of: date, *, full: bool, progress: OnProgress) -> BuildRecord:
        begun: list[str] = []
        spans = Steps()

        def heard(notice: psycopg.errors.Diagnostic) -> None:
            if notice.message_primary and notice.message_primary.startswith("patron: "):
                begun.append(notice.message_primary.removeprefix("patron: "))
                spans.begin(begun[-1])
                progress(Progress(begun[-1], len(begun), None))

        self.connection.add_notice_handler(heard)
        try:
            with self._telling():
                self.notes = (REPLACED,) if self._bring_up_to_date() else ()
                call = f"CALL {quoted(self.schema)}.{NAME}(%s, %s)".encode()
                self.connection.execute("SET client_min_messages = debug1")  # the steps, as they begin
                build_id = self.connection.execute(call, [as_of, full]).fetchone()
        except PatronError:
            raise
        except psycopg.errors.DatabaseError as error:
            if error.sqlstate == "PT001":
                raise NotReconciled(reason(error)) from error
            step = f" in the step {begun[-1]}" if begun else ""
            raise BuildError(
                f"The build as of {as_of} failed{step} and customer_360 is as it was: {self.refusal(error)}."
            ) from error
        finally:
            spans.end()
            self.connection.remove_notice_handler(heard)
            with suppress(psycopg.Error):  # the connection may be gone
                self.connection.execute("RESET client_min_messages")
        return _record(self.query("SELECT * FROM builds WHERE build_id = ?", build_id or ())[0])

    def _changed(self) -> str:
        home = quoted(self.schema)
        concerned = (customers_of(table, f"{home}.{notes_of(table).name}", home) for table in REFERRED)
        return "\nUNION\n".join([super()._changed(), *concerned])

    def _bring_up_to_date(self) -> bool:
        """Install the procedure for the current settings, and all else where another version has made it.

        Returns whether it took another one's place.
        """
        last, installation = self._rows(LAST_BUILD), self.installation
        if last and last[0].get("model") == self.model_mark:
            return installation.install_procedure()
        replaces = installation.replaces()
        if not installation.has_procedure():
            self.init()
        return replaces


def _more_than(rows: int, batches: Iterable[pa.RecordBatch]) -> tuple[pa.RecordBatchReader | None, bool]:
    """Return the batches, or None where there are none, and whether they have more than `rows` rows."""
    rest, first, count = iter(batches), [], 0
    for batch in rest:
        first.append(batch)
        count += batch.num_rows
        if count > rows:
            break
    if not first:
        return None, False
    return pa.RecordBatchReader.from_batches(first[0].schema, chain(first, rest)), count > rows


def _record(row: Row) -> BuildRecord:
    steps = tuple(
        Step(step["name"], float(step["seconds"]), step["rows"]) for step in json.loads(row["steps"])
    )
    figures = tuple(
        Reconciliation(one["figure"], Decimal(one["in_sources"]), Decimal(one["in_result"]))
        for one in json.loads(row["reconciliation"])
    )
    values = {**row, "steps": steps, "reconciliation": figures, "settings": json.loads(row["settings"])}
    for name in ("started_at", "finished_at"):
        values[name] = row[name].replace(tzinfo=UTC)
    return BuildRecord(**values)


def _arrow_type(column: psycopg.Column) -> pa.DataType:
    if column.type_code == NUMERIC:
        return pa.decimal128(column.precision or 38, column.scale or (0 if column.precision else 2))
    return ARROW_TYPES.get(column.type_code, pa.string())


def _batches(cursor: psycopg.ServerCursor[tuple[Any, ...]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while rows := cursor.fetchmany(50_000):
        columns = list(zip(*rows, strict=True))
        arrays = [pa.array(values, type=field.type) for values, field in zip(columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
