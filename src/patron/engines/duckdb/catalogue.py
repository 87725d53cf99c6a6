"""Reads what tables a DuckDB file has, without changing it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from patron.contract.catalogue import (
    Catalogue,
    Constraint,
    FoundColumn,
    FoundConstraint,
    FoundIndex,
    FoundTable,
    Name,
)
from patron.engines.duckdb.opening import open_read_only

_TABLES = """
    SELECT schema_name, table_name, comment, sql
    FROM duckdb_tables()
    WHERE database_name = current_database() AND NOT internal AND NOT temporary
    ORDER BY schema_name, table_name
"""
_COLUMNS = """
    SELECT schema_name, table_name, column_name, data_type, is_nullable, is_generated, column_default, comment
    FROM duckdb_columns()
    WHERE database_name = current_database() AND NOT internal
    ORDER BY schema_name, table_name, column_index
"""
_CONSTRAINTS = """
    SELECT schema_name, table_name, constraint_type, constraint_column_names, constraint_text,
      referenced_table, referenced_column_names
    FROM duckdb_constraints()
    WHERE database_name = current_database() AND constraint_type <> 'NOT NULL'
    ORDER BY schema_name, table_name, constraint_index
"""
_INDEXES = """
    SELECT schema_name, table_name, index_name, is_unique, sql
    FROM duckdb_indexes()
    WHERE database_name = current_database()
    ORDER BY schema_name, table_name, index_name
"""
_SEQUENCES = """
    SELECT schema_name, sequence_name, increment_by, min_value, max_value, start_value, cycle
    FROM duckdb_sequences()
    WHERE database_name = current_database() AND NOT temporary
    ORDER BY schema_name, sequence_name
"""
_KINDS = {
    "PRIMARY KEY": Constraint.PRIMARY_KEY,
    "UNIQUE": Constraint.UNIQUE,
    "FOREIGN KEY": Constraint.FOREIGN_KEY,
}

Rows = dict[Name, list[tuple[Any, ...]]]


def read_catalogue(path: str) -> Catalogue:
    """Return the tables of the DuckDB file at `path`, views and temporary ones left out.

    Raises DatabaseError when there is no such file or it is no DuckDB database, DatabaseBusy when another
    process is writing to it.
    """
    with open_read_only(path) as connection:
        columns = _grouped(connection, _COLUMNS)
        constraints = _grouped(connection, _CONSTRAINTS)
        indexes = _grouped(connection, _INDEXES)
        tables = []
        for schema, name, comment, create in connection.execute(_TABLES).fetchall():
            collations = _collations(create)
            table = FoundTable(
                schema,
                name,
                tuple(_column(row, collations.get(row[0])) for row in columns[schema, name]),
                tuple(_constraint(row, schema) for row in constraints[schema, name]),
                tuple(_index(row) for row in indexes[schema, name]),
                comment,
            )
            tables.append(table)
        sequences = tuple(_sequence(row) for row in connection.execute(_SEQUENCES).fetchall())
    return Catalogue("duckdb", "main", tuple(tables), sequences, folds_case=True)


def _grouped(connection: duckdb.DuckDBPyConnection, query: str) -> Rows:
    """Return a query's rows by their first two columns, schema and table."""
    groups: Rows = defaultdict(list)
    for schema, table, *rest in connection.execute(query).fetchall():
        groups[schema, table].append(tuple(rest))
    return groups


def _column(row: tuple[Any, ...], collation: str | None) -> FoundColumn:
    name, kind, nullable, generated, default, comment = row
    extras = [f"COLLATE {collation}"] if collation else []
    if generated:
        extras.append(f"GENERATED ALWAYS AS ({_without_cast(default, kind)})")
    elif default is not None:
        extras.append(f"DEFAULT ({default})")
    return FoundColumn(name, kind, kind, nullable, collation, " ".join(extras) or None, comment)


def _without_cast(expression: str, kind: str) -> str:
    """Return a generated column's expression without the cast to its own type that DuckDB adds each time."""
    if not isinstance(_parsed(expression), exp.Cast):
        return expression
    return expression.removeprefix("CAST(").removesuffix(f" AS {kind})")


def _constraint(row: tuple[Any, ...], schema: str) -> FoundConstraint:
    kind, columns, text, parent, parent_columns = row
    return FoundConstraint(
        _KINDS.get(kind, Constraint.OTHER),
        tuple(columns),
        text,
        (schema, parent) if parent else None,  # DuckDB has no foreign keys across schemas
        tuple(parent_columns or ()),
    )


def _index(row: tuple[Any, ...]) -> FoundIndex:
    name, unique, definition = row
    return FoundIndex(name, _indexed(definition), unique, definition.rstrip(";"))


def _indexed(definition: str) -> tuple[str, ...]:
    """Return the columns of CREATE INDEX; none when it covers an expression."""
    tree = _parsed(definition)
    parameters = tree.find(exp.IndexParameters) if tree else None
    terms = parameters.args.get("columns", []) if parameters else []
    columns = [term.this if isinstance(term, exp.Ordered) else term for term in terms]
    plain = [column.name for column in columns if isinstance(column, exp.Column)]
    return tuple(plain) if len(plain) == len(columns) else ()


def _collations(create: str) -> dict[str, str]:
    """Return the collation of each column that declares one, which only the table's own SQL tells."""
    tree = _parsed(create)
    found = {}
    for column in tree.find_all(exp.ColumnDef) if tree else ():
        for constraint in column.find_all(exp.CollateColumnConstraint):
            found[column.name] = constraint.this.sql("duckdb")
    return found


def _parsed(statement: str) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(statement, dialect="duckdb")
    except SqlglotError:
        return None


def _sequence(row: tuple[Any, ...]) -> str:
    schema, name, step, low, high, start, cycle = row
    sequence = exp.Table(
        this=exp.to_identifier(name, quoted=True), db=exp.to_identifier(schema, quoted=True)
    ).sql("duckdb")
    return (
        f"CREATE SEQUENCE IF NOT EXISTS {sequence} INCREMENT BY {step} MINVALUE {low} MAXVALUE {high} "
        f"START {start} {'CYCLE' if cycle else 'NO CYCLE'}"
    )
