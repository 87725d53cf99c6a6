"""An existing database's tables as its catalogue tells them, and their DDL in any dialect.

Engines fill these classes; nothing here talks to a database. SQL in a field is the source's own, as its
catalogue wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

from patron.contract.dialects import (
    Dialect,
    column_definition,
    comment_on,
    create_index,
    dialect_named,
    foreign_key,
    primary_key,
    statement,
)
from patron.contract.types import parse_type, portable

Name = tuple[str, str]
"""A table's schema and name."""


class Constraint(StrEnum):
    """What a constraint asks."""

    PRIMARY_KEY = "primary key"
    UNIQUE = "unique"
    FOREIGN_KEY = "foreign key"
    OTHER = "other"  # CHECK, EXCLUDE


@dataclass(frozen=True)
class FoundColumn:
    """A column.

    `type` is as declared; `plain_type` is the built-in type beneath it: a domain's, TEXT of an enum.
    `collation` names the one by which its text sorts, where the catalogue tells. `extras` is the SQL of
    what else is declared: a collation, default, identity or generation.
    """

    name: str
    type: str
    plain_type: str
    nullable: bool = True
    collation: str | None = None
    extras: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class FoundConstraint:
    """A constraint over `columns`, and the parent's columns where it is a foreign key."""

    kind: Constraint
    columns: tuple[str, ...]
    definition: str
    parent: Name | None = None
    parent_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoundIndex:
    """An index that no constraint made. `columns` is empty when it covers expressions or only some rows."""

    name: str
    columns: tuple[str, ...]
    unique: bool
    definition: str


@dataclass(frozen=True)
class FoundTable:
    """A table. `options` is the SQL after its closing bracket, such as PARTITION BY."""

    schema: str
    name: str
    columns: tuple[FoundColumn, ...]
    constraints: tuple[FoundConstraint, ...] = ()
    indexes: tuple[FoundIndex, ...] = ()
    comment: str | None = None
    options: str | None = None

    @property
    def id(self) -> Name:
        """Its schema and name."""
        return self.schema, self.name

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of its primary key; empty where there is none."""
        return next((one.columns for one in self.constraints if one.kind is Constraint.PRIMARY_KEY), ())

    @property
    def foreign_keys(self) -> tuple[FoundConstraint, ...]:
        """Its foreign keys."""
        return tuple(one for one in self.constraints if one.kind is Constraint.FOREIGN_KEY)


@dataclass(frozen=True)
class Catalogue:
    """The tables of a database.

    `default_schema` is where an unqualified name is found, `preamble` the statements that its tables need
    first: types, sequences. `folds_case` says that names differing in letter case only are one name.
    """

    dialect: str
    default_schema: str
    tables: tuple[FoundTable, ...]
    preamble: tuple[str, ...] = ()
    folds_case: bool = False


def catalogue_ddl(catalogue: Catalogue, dialect: str | None = None) -> str:
    """Return the script that creates the catalogue's tables, parents first, in its own dialect or another.

    Every name is quoted. In another dialect, what has no counterpart is left out and named in a comment.
    Raises ContractError for a dialect that Patron does not write.
    """
    target = dialect_named(dialect or catalogue.dialect)
    writer = _Own(catalogue, target) if target.name == catalogue.dialect else _Other(catalogue, target)
    return "\n\n".join("\n".join(part) for part in writer.parts() if part) + "\n"


class _Writer:
    """Writes the tables of a catalogue."""

    def __init__(self, catalogue: Catalogue, dialect: Dialect) -> None:
        self.catalogue = catalogue
        self.dialect = dialect
        self.unnamed = str(dialect_named(catalogue.dialect).schema)  # tables there go without its name

    def parts(self) -> Iterator[list[str]]:
        yield [f"-- Tables, in the dialect of {self.dialect.title}: {len(self.catalogue.tables)}."]
        yield self.preamble()
        late: list[str] = []
        unwritten = {table.id for table in self.catalogue.tables}
        for table in _parents_first(self.catalogue.tables):
            unwritten.remove(table.id)
            circular = [key for key in table.foreign_keys if key.parent in unwritten]
            yield list(self.table(table, circular))
            late += [self.add_key(table, key) for key in circular]
        yield late

    def preamble(self) -> list[str]:
        schemas = {table.schema: None for table in self.catalogue.tables}
        schemas.pop(self.unnamed, None)
        creates = [
            exp.Create(this=exp.Table(db=_quoted(name)), kind="SCHEMA", exists=True) for name in schemas
        ]
        return [f"{create.sql(self.dialect.name)};" for create in creates]

    def table(self, table: FoundTable, circular: list[FoundConstraint]) -> Iterator[str]:
        raise NotImplementedError

    def constraint(self, constraint: FoundConstraint) -> exp.Expression | str:
        raise NotImplementedError

    def add_key(self, table: FoundTable, key: FoundConstraint) -> str:
        constraint = self.constraint(key)
        rule = constraint if isinstance(constraint, str) else constraint.sql(self.dialect.name)
        text = f"ALTER TABLE {self.name(table.id).sql(self.dialect.name)} ADD {rule}"
        return f"{text};" if self.dialect.adds_keys else _left_out(text)

    def name(self, name: Name) -> exp.Table:
        schema = None if name[0] == self.unnamed else _quoted(name[0])
        return exp.Table(this=_quoted(name[1]), db=schema)

    def comments(self, table: FoundTable) -> Iterator[str]:
        texts = {column.name: column.comment for column in table.columns if column.comment}
        for comment in comment_on(self.name(table.id), table.comment, texts, self.dialect):
            yield f"{comment};"


class _Own(_Writer):
    """Writes them in the source's own dialect, in the source's own words."""

    def preamble(self) -> list[str]:
        return super().preamble() + [f"{one};" for one in self.catalogue.preamble]

    def table(self, table: FoundTable, circular: list[FoundConstraint]) -> Iterator[str]:
        parts = [self._column(column) for column in table.columns]
        parts += [one.definition for one in table.constraints if one not in circular]
        text = statement(self.name(table.id), parts, self.dialect)
        yield f"{text} {table.options};" if table.options else f"{text};"
        yield from self.comments(table)
        for index in table.indexes:
            yield f"{index.definition};"

    def constraint(self, constraint: FoundConstraint) -> str:
        return constraint.definition

    def _column(self, column: FoundColumn) -> str:
        parts = [_quoted(column.name).sql(self.dialect.name), column.type]
        if column.extras:
            parts.append(column.extras)
        if not column.nullable:
            parts.append("NOT NULL")
        return " ".join(parts)


class _Other(_Writer):
    """Writes them in another dialect, as far as it has counterparts."""

    def preamble(self) -> list[str]:
        return super().preamble() + [_left_out(one) for one in self.catalogue.preamble]

    def table(self, table: FoundTable, circular: list[FoundConstraint]) -> Iterator[str]:
        parts: list[exp.Expression] = [self._column(column) for column in table.columns]
        carried = [one for one in table.constraints if self._has_counterpart(one)]
        parts += [self.constraint(one) for one in carried if one not in circular]
        yield from self._losses(table, [one for one in table.constraints if one not in carried])
        yield f"{statement(self.name(table.id), parts, self.dialect, description=table.comment)};"
        yield from self.comments(table)
        for index in table.indexes:
            if index.columns and self.dialect.indexes:
                text = create_index(
                    index.name, self.name(table.id), index.columns, self.dialect, unique=index.unique
                )
                yield f"{text};"
            else:
                yield _left_out(index.definition)

    def constraint(self, constraint: FoundConstraint) -> exp.Expression:
        columns = [_quoted(name) for name in constraint.columns]
        if constraint.kind is Constraint.PRIMARY_KEY:
            return primary_key(columns, self.dialect)
        if constraint.parent is None:
            return exp.UniqueColumnConstraint(this=exp.Schema(expressions=columns))
        parents = [_quoted(name) for name in constraint.parent_columns]
        return foreign_key(columns, self.name(constraint.parent), parents, self.dialect)

    def _column(self, column: FoundColumn) -> exp.ColumnDef:
        return column_definition(
            _quoted(column.name),
            self._type(column) or exp.DataType.build("TEXT"),
            self.dialect,
            required=not column.nullable,
            description=column.comment,
        )

    def _type(self, column: FoundColumn) -> exp.DataType | None:
        return portable(parse_type(column.plain_type, self.catalogue.dialect))

    def _has_counterpart(self, constraint: FoundConstraint) -> bool:
        if constraint.kind is Constraint.UNIQUE:
            return self.dialect.keys == "enforced"
        return constraint.kind is not Constraint.OTHER and self.dialect.keys != "described"

    def _losses(self, table: FoundTable, constraints: list[FoundConstraint]) -> Iterator[str]:
        for column in table.columns:
            name = _quoted(column.name).sql(self.dialect.name)
            if self._type(column) is None:
                yield _left_out(f"the type {column.type} of {name}, here text")
            if column.extras:
                yield _left_out(f"{name} {column.extras}")
        for constraint in constraints:
            yield _left_out(constraint.definition)
        if table.options:
            yield _left_out(table.options)


def _parents_first(tables: tuple[FoundTable, ...]) -> list[FoundTable]:
    """Order tables so that each follows its parents, but where they refer to each other in a circle."""
    waiting = {table.id: table for table in tables}
    order: list[FoundTable] = []
    while waiting:
        free = [name for name, table in waiting.items() if not _parents(table) & waiting.keys()]
        order += [waiting.pop(name) for name in free or list(waiting)[:1]]
    return order


def _parents(table: FoundTable) -> set[Name]:
    return {key.parent for key in table.foreign_keys if key.parent is not None} - {table.id}


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def _left_out(text: str) -> str:
    return f"-- Left out: {' '.join(text.split())}"
