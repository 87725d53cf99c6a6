"""DDL of the contract in any dialect, through SQLGlot.

Example:
    >>> print(create_table(CUSTOMER_INFO, "duckdb", keys=False)[:31])
    CREATE TABLE IF NOT EXISTS cust
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import sqlglot
from sqlglot import exp

from patron.contract.dialects import (
    DIALECTS,
    Dialect,
    column_definition,
    comment_on,
    create_index,
    dialect_named,
    foreign_key,
    primary_key,
    statement,
)
from patron.contract.tables import (
    CONTRACT,
    CUSTOMER_INFO,
    EARLIEST_YEAR,
    LATEST_YEAR,
    Column,
    IdType,
    Table,
    Type,
    table_named,
)

__all__ = [
    "CUSTOMER_INFO",
    "DIALECTS",
    "column_check",
    "column_type",
    "comments",
    "create_indexes",
    "create_table",
    "ddl",
    "indexes",
    "row_checks",
]

# DuckDB's names; SQLGlot writes each dialect's own.
_TYPES: dict[Type, str] = {
    Type.TEXT: "TEXT",
    Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMP",
    Type.INTEGER: "INTEGER",
    Type.MONEY: "DECIMAL(18, 2)",
    Type.BIGINT: "BIGINT",
    Type.DOUBLE: "DOUBLE",
    Type.INSTANT: "TIMESTAMP",
    Type.JSON: "TEXT",
}


def ddl(dialect: str, id_type: IdType = "bigint") -> str:
    """Return the script that creates the whole contract in `dialect`, parents before children.

    Raises ContractError for a dialect that Patron does not write.
    """
    parts = [
        f"-- The tables that Patron reads, for {dialect_named(dialect).title}; ids are {id_type.upper()}."
    ]
    for table in CONTRACT:
        statements = [
            create_table(table, dialect, id_type),
            *comments(table, dialect),
            *create_indexes(table, dialect),
        ]
        parts.append("\n".join(f"{one};" for one in statements))
    return "\n\n".join(parts) + "\n"


def column_type(kind: Type, id_type: IdType) -> exp.DataType:
    """Return the SQL type of a contract type, ids as the setting `id_type` says."""
    name = id_type.upper() if kind is Type.ID else _TYPES[kind]
    return exp.DataType.build(name, dialect="duckdb")


def create_table(
    table: Table, dialect: str, id_type: IdType = "bigint", *, keys: bool = True, if_not_exists: bool = True
) -> str:
    """Return CREATE TABLE for `table` in `dialect`.

    What a row says of itself (types, NOT NULL, ranges) is always declared where the dialect can; `keys` adds
    what rows say of each other, the primary and foreign keys. Facts stand together by customer where the dialect
    can say so: every build reads all days of a customer, and an incremental one those of few customers.

    Raises ContractError for an unknown dialect.
    """
    rules = dialect_named(dialect)
    parts: list[exp.Expression] = [_column(column, table, rules, id_type) for column in table.columns]
    if rules.checks:
        parts += [exp.CheckColumnConstraint(this=condition) for condition in row_checks(table)]
    if keys and rules.keys != "described":
        parts += _keys(table, rules)
    name = exp.to_table(table.name)
    made = statement(name, parts, rules, if_not_exists=if_not_exists, description=table.meaning)
    return f"{made}\nCLUSTER BY ({CUSTOMER_INFO.key.name})" if rules.clusters and table.is_fact else made


def comments(table: Table, dialect: str) -> list[str]:
    """Return COMMENT ON statements with what `table` and its columns mean; none where DDL has clauses."""
    rules = dialect_named(dialect)
    meanings = {column.name: _meaning(column, table, rules) for column in table.columns}
    return list(comment_on(exp.to_table(table.name), table.meaning, meanings, rules))


def indexes(table: Table) -> tuple[Column, ...]:
    """Return the columns of `table` that want an index of their own."""
    return tuple(column for column in table.columns if column.indexed)


def create_indexes(table: Table, dialect: str) -> list[str]:
    """Return CREATE INDEX statements for `table`; none where the dialect has no use for them."""
    rules = dialect_named(dialect)
    if not rules.indexes:
        return []
    return [
        create_index(f"{table.name}_{column.name}_idx", exp.to_table(table.name), (column.name,), rules)
        for column in indexes(table)
    ]


def _column(column: Column, table: Table, dialect: Dialect, id_type: IdType) -> exp.ColumnDef:
    return column_definition(
        exp.to_identifier(column.name),
        column_type(column.type, id_type),
        dialect,
        required=column.required,
        description=_meaning(column, table, dialect),
        check=column_check(column),
    )


def row_checks(table: Table) -> list[exp.Expr]:
    """Return what must hold between the columns of every row of `table`, as conditions."""
    return [sqlglot.parse_one(condition, read="duckdb") for condition in table.checks]


def column_check(column: Column) -> exp.Expr | None:
    """Return what must hold for every value of `column`, as a condition; None where its type says all."""
    value, low, high = exp.column(column.name), column.minimum, column.maximum
    if column.type in (Type.DATE, Type.TIMESTAMP):
        first, after = (exp.convert(date(year, 1, 1)) for year in (EARLIEST_YEAR, LATEST_YEAR + 1))
        return exp.and_(value >= first, value < after)
    if low is not None and high is not None:
        return value.between(low, high)
    if low is not None:
        return value >= low
    return None if high is None else value <= high


def _named_first(check: exp.Expr, column: Column) -> bool:
    return next(check.find_all(exp.Column, bfs=False)).name == column.name


def _keys(table: Table, dialect: Dialect) -> Iterator[exp.Expression]:
    if table.keyed:
        yield primary_key([exp.to_identifier(table.key.name)], dialect)
    for column in table.references:
        parent = table_named(str(column.references))
        key = exp.to_identifier(parent.key.name)
        yield foreign_key([exp.to_identifier(column.name)], exp.to_table(parent.name), [key], dialect)


def _meaning(column: Column, table: Table, dialect: Dialect) -> str:
    """Return the column's meaning and unit, and in words what the dialect cannot declare."""
    parts = [column.meaning]
    if column.unit:
        parts.append(f"Unit: {column.unit}.")
    if not dialect.checks:
        checks = [column_check(column), *(one for one in row_checks(table) if _named_first(one, column))]
        parts += [f"Always {check.sql('duckdb')}." for check in checks if check is not None]
    if dialect.keys == "described" and table.keyed and column == table.key:
        parts.append("Primary key.")
    if dialect.keys == "described" and column.references:
        parts.append(f"Refers to {column.references}.{table_named(column.references).key.name}.")
    return " ".join(parts)
