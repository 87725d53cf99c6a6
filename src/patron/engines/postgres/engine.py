"""One shop's data in a PostgreSQL database, where other applications may read and write beside Patron."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date
from decimal import Decimal
from io import BytesIO
from itertools import chain
from typing import Any

import psycopg
import pyarrow as pa
from psycopg.rows import dict_row, tuple_row
from pyarrow import csv
from sqlglot import exp

from patron.contract import CONTRACT, Table
from patron.contract.bookkeeping import BOOKKEEPING
from patron.contract.ddl import comments, create_indexes, create_table
from patron.engines.address import address
from patron.engines.base import (
    BuildRecord,
    Engine,
    OnProgress,
    Progress,
    Reconciliation,
    Row,
    Step,
    no_progress,
)
from patron.engines.postgres.keys import MANY, without_keys
from patron.engines.postgres.procedure import NAME, fingerprint, procedure_sql
from patron.engines.postgres.reasons import reason, refusal
from patron.engines.postgres.render import quoted, rendered
from patron.engines.postgres.store import PostgresStore
from patron.engines.postgres.triggers import REFERRED, customers_of, notes_of, trigger_statements
from patron.errors import BuildError, DatabaseError, NoDatabase, NotReconciled, PatronError
from patron.model.render import inlined, parameters
from patron.model.steps import Kept, kept
from patron.settings import Settings

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
INSTALLING = 0x0A7407  # the advisory lock under which tables, triggers and the procedure are made


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
        with self.connection.cursor(row_factory=dict_row) as cursor, self._telling(reading=True):
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
        except TOLD as error:
            raise DatabaseError(
                f"PostgreSQL at {self.shown}: {self.refusal(error, reading=reading)}."
            ) from error

    def refusal(self, error: psycopg.Error, *, reading: bool = False) -> str:
        """Return why the server refused, in a line, with the GRANT that is missing."""
        return refusal(error, self.connection, self.schema, reading=reading)

    def sql(self, query: exp.Query, values: Mapping[str, Any] | None = None) -> str:
        return rendered(query, self.schema, values=values or {})

    def contents(self) -> dict[str, str]:
        # Not information_schema, which leaves out what this user has no right on.
        rows = self.query(
            "SELECT relname AS name, CASE relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind FROM pg_class "
            "WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'f', 'v', 'm') "
            "UNION SELECT proname, 'procedure' FROM pg_proc "
            "WHERE pronamespace = current_schema()::regnamespace AND prokind = 'p' ORDER BY name"
        )
        return {str(row["name"]): str(row["kind"]) for row in rows}

    # -- the contract tables --------------------------------------------------------------------------

    def init(self) -> None:
        with self._telling(), self.connection.transaction():
            self.connection.execute("SELECT pg_advisory_xact_lock(%s)", [INSTALLING])
            for statement in self._installation():
                self.connection.execute(statement.encode())
            self._install_procedure()

    def _installation(self) -> Iterator[str]:
        yield "SET LOCAL client_min_messages = warning"
        for table in (*CONTRACT, *BOOKKEEPING, *map(notes_of, REFERRED)):
            yield create_table(table, self.dialect, self.settings.id_type)
            yield from comments(table, self.dialect)
            yield from create_indexes(table, self.dialect)
        home = quoted(self.schema)
        values = parameters(self.settings.model, date(2000, 1, 1), 0)
        for step in kept(Kept.CUSTOMER_TABLE, Kept.SHOP_TABLE):
            if self._exists(step.name):
                continue
            query = rendered(inlined(step.name), self.schema, values=values)
            yield f"CREATE TABLE {home}.{step.name} AS {query} WITH NO DATA"
            if step.name == "customer_features":
                yield f"ALTER TABLE {home}.{step.name} ADD PRIMARY KEY (customer_id)"
        for step in kept(Kept.VIEW):
            yield f"CREATE OR REPLACE VIEW {home}.{step.name} AS {rendered(step.tree, self.schema)}"
        yield from trigger_statements(self.schema)

    def _exists(self, table: str) -> bool:
        row = self.connection.execute(
            "SELECT to_regclass(%s) IS NOT NULL", [f"{quoted(self.schema)}.{table}"]
        ).fetchone()
        return bool(row and row[0])

    def _install_procedure(self) -> bool:
        """Install the procedure for the current settings, unless just that one is there.

        Returns whether it took another's place. Raises DatabaseError when this user may not replace that one.
        """
        sql = procedure_sql(self.settings, self.schema)
        mark = fingerprint(sql)
        name = f"{quoted(self.schema)}.{NAME}"
        row = self.connection.execute(
            "SELECT obj_description(to_regprocedure(%s), 'pg_proc')", [f"{name}(date, boolean, bigint)"]
        ).fetchone()
        installed = row and row[0]
        if installed == mark:
            return False
        try:
            with self.connection.transaction():
                self.connection.execute("SELECT pg_advisory_xact_lock(%s)", [INSTALLING])
                self.connection.execute(sql.encode())
                self.connection.execute(f"COMMENT ON PROCEDURE {name} IS '{mark}'".encode())
        except psycopg.errors.InsufficientPrivilege as error:
            if not installed:
                raise
            raise DatabaseError(
                f"{NAME} in {self.shown} was made with other settings, or by another version of Patron, than those "
                f"here, and {self.connection.info.user} may not replace it; use the patron.toml it was made with, CALL "
                "it as it is, or let its owner run `patron build`."
            ) from error
        return bool(installed)

    def append(self, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        home = f"{quoted(self.schema)}.{table.name}"
        with self._telling(), self.connection.transaction(), ExitStack() as stack:
            if self.connection.execute(f"SELECT NOT EXISTS (SELECT FROM {home})".encode()).fetchone() == (
                True,
            ):
                batches, many = _more_than(MANY, batches)
                if many:
                    stack.enter_context(without_keys(self.connection, home))
            count = self._copy(home, table, batches)
            self.connection.execute(f"ANALYZE {home}".encode())
        return count

    def _copy(self, home: str, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
        count = 0
        statement = f"COPY {home} ({', '.join(table.names)}) FROM STDIN WITH (FORMAT csv)"
        with self.connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for batch in batches:
                buffer = BytesIO()
                csv.write_csv(batch, buffer, csv.WriteOptions(include_header=False))
                copy.write(buffer.getbuffer())
                count += batch.num_rows
        return count

    def store(self) -> PostgresStore:
        return PostgresStore(self)

    # -- the model ------------------------------------------------------------------------------------

    def build(self, as_of: date, *, full: bool = False, progress: OnProgress = no_progress) -> BuildRecord:
        done: list[str] = []

        def heard(notice: psycopg.errors.Diagnostic) -> None:
            if notice.message_primary and notice.message_primary.startswith("patron: "):
                done.append(notice.message_primary.removeprefix("patron: "))
                progress(Progress(done[-1], len(done), None))

        self.connection.add_notice_handler(heard)
        try:
            with self._telling():
                self.notes = (REPLACED,) if self._install_procedure() else ()
                call = f"CALL {quoted(self.schema)}.{NAME}(%s, %s)".encode()
                build_id = self.connection.execute(call, [as_of, full]).fetchone()
        except PatronError:
            raise
        except psycopg.errors.DatabaseError as error:
            if error.sqlstate == "PT001":
                raise NotReconciled(reason(error)) from error
            raise BuildError(
                f"The build as of {as_of} failed and customer_360 is as it was: {self.refusal(error)}."
            ) from error
        finally:
            self.connection.remove_notice_handler(heard)
        return _record(self.query("SELECT * FROM builds WHERE build_id = ?", build_id or ())[0])

    def _changed(self) -> str:
        home = quoted(self.schema)
        concerned = (customers_of(table, f"{home}.{notes_of(table).name}", home) for table in REFERRED)
        return "\nUNION\n".join([super()._changed(), *concerned])


def _more_than(rows: int, batches: Iterable[pa.RecordBatch]) -> tuple[Iterable[pa.RecordBatch], bool]:
    """Tell whether there are more than `rows` rows, and return all batches again."""
    rest, first, count = iter(batches), [], 0
    for batch in rest:
        first.append(batch)
        count += batch.num_rows
        if count > rows:
            break
    return chain(first, rest), count > rows


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
