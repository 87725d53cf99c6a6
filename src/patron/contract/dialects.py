"""The SQL dialects in which Patron writes DDL: what each can say of a table, and the parts of statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from patron.errors import ContractError, did_you_mean


@dataclass(frozen=True)
class Dialect:
    """What a dialect can say of a table beside its columns.

    `keys` are enforced, only declared (for the optimizer and the reader), or have no syntax and are told in
    the column's description. `descriptions` stand in COMMENT ON statements, COMMENT clauses or OPTIONS.
    `clusters` says that rows of one customer can be told to stand together. `text_collation` makes text compare
    by code point where a database's own collation may not. `schema` is the one that every database of that
    engine has.
    """

    name: str
    title: str
    keys: Literal["enforced", "declared", "described"]
    descriptions: Literal["statement", "clause", "options"]
    checks: bool = False
    indexes: bool = False
    adds_keys: bool = True  # ALTER TABLE … ADD FOREIGN KEY, for tables that refer to each other
    clusters: bool = False
    text_collation: str | None = None
    schema: str | None = None


_DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("duckdb", "DuckDB", "enforced", "statement", checks=True, adds_keys=False, schema="main"),
        Dialect(
            "postgres",
            "PostgreSQL",
            "enforced",
            "statement",
            checks=True,
            indexes=True,
            text_collation="C",
            schema="public",
        ),
        Dialect("spark", "Spark", "described", "clause", adds_keys=False, clusters=True),
        Dialect("bigquery", "BigQuery", "declared", "options"),
        Dialect("snowflake", "Snowflake", "declared", "clause"),
    )
}
DIALECTS: tuple[str, ...] = tuple(_DIALECTS)


def dialect_named(name: str) -> Dialect:
    """Return what the dialect called `name` can say; raises ContractError when Patron does not write it."""
    if name not in _DIALECTS:
        raise ContractError(
            f"Patron writes no DDL in the dialect '{name}'.{did_you_mean(name, DIALECTS)} "
            f"It writes: {', '.join(DIALECTS)}."
        )
    return _DIALECTS[name]


def statement(
    table: exp.Table,
    parts: Sequence[exp.Expression | str],
    dialect: Dialect,
    *,
    if_not_exists: bool = True,
    description: str | None = None,
) -> str:
    """Lay out CREATE TABLE with one part (a column, a key, or SQL as it is) on a line.

    A description becomes a table property where the dialect has them, and is left to COMMENT ON elsewhere.
    """
    create = exp.Create(this=table, kind="TABLE", exists=if_not_exists)
    lines = ",\n".join(f"  {part if isinstance(part, str) else part.sql(dialect.name)}" for part in parts)
    text = f"{create.sql(dialect.name)} (\n{lines}\n)"
    if not description or dialect.descriptions == "statement":
        return text
    if dialect.descriptions == "options":
        return f"{text} {_options_clause(description).sql(dialect.name)}"
    comment = exp.SchemaCommentProperty(this=exp.Literal.string(description))
    return f"{text} {comment.sql(dialect.name)}"


def column_definition(
    name: exp.Identifier,
    kind: exp.DataType,
    dialect: Dialect,
    *,
    required: bool,
    description: str | None = None,
    check: exp.Expr | None = None,
) -> exp.ColumnDef:
    """Return a column with its collation, NOT NULL, check and description as far as the dialect has them."""
    kinds: list[exp.Expression] = []
    if dialect.text_collation and kind.is_type("text"):
        kinds.append(exp.CollateColumnConstraint(this=exp.to_identifier(dialect.text_collation, quoted=True)))
    if required:
        kinds.append(exp.NotNullColumnConstraint())
    if check is not None and dialect.checks:
        kinds.append(exp.CheckColumnConstraint(this=check))
    if description and dialect.descriptions == "clause":
        kinds.append(exp.CommentColumnConstraint(this=exp.Literal.string(description)))
    if description and dialect.descriptions == "options":
        kinds.append(_options_clause(description))
    return exp.ColumnDef(this=name, kind=kind, constraints=[exp.ColumnConstraint(kind=one) for one in kinds])


def primary_key(columns: Sequence[exp.Identifier], dialect: Dialect) -> exp.PrimaryKey:
    """Return PRIMARY KEY, marked where the dialect does not enforce it."""
    return exp.PrimaryKey(expressions=list(columns), options=_not_enforced(dialect))


def foreign_key(
    columns: Sequence[exp.Identifier],
    parent: exp.Table,
    parent_columns: Sequence[exp.Identifier],
    dialect: Dialect,
) -> exp.ForeignKey:
    """Return FOREIGN KEY, marked where the dialect does not enforce it."""
    target = exp.Schema(this=parent, expressions=list(parent_columns))
    reference = exp.Reference(this=target, options=_not_enforced(dialect))
    return exp.ForeignKey(expressions=list(columns), reference=reference)


def comment_on(
    table: exp.Table, description: str | None, columns: Mapping[str, str], dialect: Dialect
) -> Iterator[str]:
    """Yield COMMENT ON for `table` and its described columns; nothing where those stand in the table."""
    if dialect.descriptions != "statement":
        return
    if description:
        text = exp.Literal.string(description)
        yield exp.Comment(this=table, kind="TABLE", expression=text).sql(dialect.name)
    for name, meaning in columns.items():
        column = exp.Column(
            this=exp.to_identifier(name, quoted=table.this.quoted),
            table=table.this.copy(),
            db=table.args.get("db"),
        )
        text = exp.Literal.string(meaning)
        yield exp.Comment(this=column, kind="COLUMN", expression=text).sql(dialect.name)


def create_index(
    name: str, table: exp.Table, columns: Sequence[str], dialect: Dialect, *, unique: bool = False
) -> str:
    """Return CREATE INDEX over `columns`; names are quoted when the table's is."""
    quoted = table.this.quoted
    parameters = exp.IndexParameters(columns=[exp.to_identifier(column, quoted=quoted) for column in columns])
    index = exp.Index(this=exp.to_identifier(name, quoted=quoted), table=table, params=parameters)
    return exp.Create(this=index, kind="INDEX", unique=unique, exists=True).sql(dialect.name)


def _not_enforced(dialect: Dialect) -> list[str]:
    return ["NOT ENFORCED"] if dialect.keys == "declared" else []


def _options_clause(description: str) -> exp.Properties:
    text = exp.Literal.string(description)
    return exp.Properties(expressions=[exp.Property(this=exp.var("description"), value=text)])
