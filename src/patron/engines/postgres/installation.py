"""Installs Patron in a PostgreSQL schema: tables, indexes, views, triggers and the procedure.

`Installation` works on a connection and knows what is there; `script` writes the same for a schema without
Patron, to be run by any client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import psycopg

from patron.contract import CONTRACT, Table
from patron.contract.bookkeeping import BOOKKEEPING
from patron.contract.ddl import column_type, comments, create_indexes, create_table
from patron.engines.postgres.procedure import NAME, fingerprint, procedure_sql
from patron.engines.postgres.render import quoted, rendered
from patron.engines.postgres.triggers import REFERRED, notes_of, trigger_statements
from patron.engines.upgrading import stamping
from patron.errors import DatabaseError, PatronError
from patron.model.render import inlined, parameters
from patron.model.steps import STORED, Kept, Step, kept
from patron.settings import Settings

INSTALLING = 0x0A7407  # the advisory lock under which tables, triggers and the procedure are made
SIGNATURE = "(date, boolean, bigint)"
DECLARED: tuple[Table, ...] = (*CONTRACT, *BOOKKEEPING, *map(notes_of, REFERRED))


def script(settings: Settings, schema: str) -> str:
    """Return the whole installation as a script for a schema in which Patron's own tables are not yet."""
    home = quoted(schema)
    parts = [
        "-- Patron in PostgreSQL, for a schema that has none of it yet; contract tables may be there. Afterwards any",
        f"-- client can CALL {home}.{NAME}().",
        "BEGIN;",
        "SET LOCAL client_min_messages = warning;",
        f"CREATE SCHEMA IF NOT EXISTS {home};",
        f"SET LOCAL search_path = {home};",
    ]
    for table in DECLARED:
        parts += [f"{one};" for one in _declaration(table, settings)]
    for step in kept(*STORED, Kept.VIEW):
        parts += [f"{one};" for one in _creation(step, settings, schema)]
    parts += [f"{one};" for one in trigger_statements(schema)]
    procedure = procedure_sql(settings, schema)
    parts += [procedure.rstrip(), f"{_marking(schema, procedure)};"]
    parts += [f"{stamping()};", "COMMIT;"]
    return "\n".join(parts) + "\n"


class Installation:
    """Patron's things in one schema, on one connection, which is inside a transaction while it installs."""

    def __init__(
        self,
        connection: psycopg.Connection[tuple[Any, ...]],
        schema: str,
        settings: Settings,
        lacking: Callable[[Table, list[str]], PatronError | None],
        shown: str,
    ) -> None:
        self.connection = connection
        self.schema = schema
        self.home = quoted(schema)
        self._procedure = f"{self.home}.{NAME}{SIGNATURE}"
        self.settings = settings
        self.lacking = lacking
        self.shown = shown

    def install(self) -> None:
        """Create what is missing, and make anew what another version of Patron gave other columns."""
        self._execute("SET LOCAL client_min_messages = warning")
        for table in DECLARED:
            self._declare(table)
        try:
            with self.connection.transaction():
                for step in kept(*STORED, Kept.VIEW):
                    self._derive(step)
        except (_OutdatedError, psycopg.errors.InvalidTableDefinition, psycopg.errors.UndefinedColumn):
            self._derive_anew()
        for statement in trigger_statements(self.schema):
            self._execute(statement)
        self.install_procedure()

    def install_procedure(self) -> bool:
        """Install the procedure for the current settings, unless just that one is there.

        Returns whether it took another's place. Raises DatabaseError when this user may not replace that one.
        """
        if self.has_procedure():
            return False
        replaces = self.replaces()
        sql = procedure_sql(self.settings, self.schema)
        with self.connection.transaction():
            self._execute(f"SELECT pg_advisory_xact_lock({INSTALLING})")
            self._execute(sql)
            self._execute(_marking(self.schema, sql))
        return replaces

    def replaces(self) -> bool:
        """Whether another procedure is there; raises DatabaseError when this user may not replace it."""
        row = self.connection.execute(
            "SELECT pg_has_role(proowner, 'USAGE') FROM pg_proc WHERE oid = to_regprocedure(%s)",
            [self._procedure],
        ).fetchone()
        if row is None or self.has_procedure():
            return False
        if not row[0]:
            raise DatabaseError(
                f"{NAME} in {self.shown} was made with other settings, or by another version of Patron, than those "
                f"here, and {self.connection.info.user} may not replace it; use the patron.toml it was made with, CALL "
                "it as it is, or let its owner run `patron build`."
            )
        return True

    def has_procedure(self) -> bool:
        """Whether the procedure that is there was made by this version, for the current settings."""
        row = self.connection.execute(
            "SELECT obj_description(to_regprocedure(%s), 'pg_proc')", [self._procedure]
        ).fetchone()
        return bool(row and row[0] == fingerprint(procedure_sql(self.settings, self.schema)))

    def _declare(self, table: Table) -> None:
        create, *others = _declaration(table, self.settings)
        self._execute(create)
        found = [name for name, _ in self._columns(f"{self.home}.{table.name}")]
        if table in CONTRACT and (error := self.lacking(table, found)):
            raise error
        for column in table.columns:
            if column.name not in found:
                kind = column_type(column.type, self.settings.id_type).sql("postgres")
                self._execute(f"ALTER TABLE {self.home}.{table.name} ADD COLUMN {column.name} {kind}")
        for statement in others:
            self._execute(statement)

    def _derive(self, step: Step) -> None:
        """Create a table that builds fill, or a view; raises _OutdatedError for a table of other columns."""
        if step.kept is not Kept.VIEW and self._exists(step):
            if self._outdated(step):
                raise _OutdatedError
            return
        for statement in _creation(step, self.settings, self.schema):
            self._execute(statement)

    def _derive_anew(self) -> None:
        """Drop all views and the tables of other columns: the next build fills what is created in their place."""
        try:
            for step in reversed(kept(Kept.VIEW)):
                self._execute(f"DROP VIEW IF EXISTS {self.home}.{step.name}")
            for step in kept(*STORED, Kept.VIEW):
                if step.kept is not Kept.VIEW and self._exists(step) and self._outdated(step):
                    self._execute(f"DROP TABLE {self.home}.{step.name}")
                self._derive(step)
        except psycopg.errors.DependentObjectsStillExist as error:
            user = str(error.diag.message_detail).splitlines()[0]
            raise DatabaseError(
                f"This version of Patron must make that anew on which something of yours stands ({user}): drop yours, "
                "run `patron upgrade`, then create it again."
            ) from error

    def _exists(self, step: Step) -> bool:
        row = self.connection.execute(
            "SELECT to_regclass(%s) IS NOT NULL", [f"{self.home}.{step.name}"]
        ).fetchone()
        return bool(row and row[0])

    def _outdated(self, step: Step) -> bool:
        wanted = self._columns(f"({_query(step, self.settings, self.schema)}) AS wanted")
        return sorted(wanted) != sorted(self._columns(f"{self.home}.{step.name}"))

    def _columns(self, source: str) -> list[tuple[str, str]]:
        """Return the names and types of what is selected from `source`, which may be a subquery."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {source} LIMIT 0".encode())
            return [(column.name, column.type_display) for column in cursor.description or ()]

    def _execute(self, statement: str) -> None:
        self.connection.execute(statement.encode())


class _OutdatedError(Exception):
    """A table that builds fill has other columns than this version of Patron gives it."""


def _declaration(table: Table, settings: Settings) -> Iterator[str]:
    yield create_table(table, "postgres", settings.id_type)
    yield from comments(table, "postgres")
    yield from create_indexes(table, "postgres")


def _creation(step: Step, settings: Settings, schema: str) -> Iterator[str]:
    name = f"{quoted(schema)}.{step.name}"
    if step.kept is Kept.VIEW:
        yield f"CREATE OR REPLACE VIEW {name} AS {rendered(step.tree, schema)}"
        return
    yield f"CREATE TABLE {name} AS {_query(step, settings, schema)} WITH NO DATA"
    if step.name == "customer_features":
        yield f"ALTER TABLE {name} ADD PRIMARY KEY (customer_id)"
    elif step.kept is Kept.CUSTOMER_TABLE:  # an incremental build replaces the rows of some customers
        yield f"CREATE INDEX ON {name} (customer_id)"


def _query(step: Step, settings: Settings, schema: str) -> str:
    values = parameters(settings.model, date(2000, 1, 1), 0)
    return rendered(inlined(step.name), schema, values=values)


def _marking(schema: str, procedure: str) -> str:
    return f"COMMENT ON PROCEDURE {quoted(schema)}.{NAME}{SIGNATURE} IS '{fingerprint(procedure)}'"
