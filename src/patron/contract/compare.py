"""How far an existing database is from the contract, table by table.

Example:
    >>> nothing = Catalogue("duckdb", "main", ())
    >>> compare(nothing).tables[0].status
    <Status.MISSING: 'missing'>
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from sqlglot import exp

from patron.contract.catalogue import Catalogue, Constraint, FoundColumn, FoundTable
from patron.contract.ddl import column_check, column_type, indexes, row_checks
from patron.contract.dialects import Dialect, dialect_named
from patron.contract.tables import CONTRACT, Column, IdType, Table, table_named
from patron.contract.types import Family, family, parse_type

# A table is suggested for a missing one when its name, or the share of the columns it has, is this near.
_NEAR = 0.6

# Collations by which text compares by code point.
_BY_CODE_POINT = frozenset({"C", "POSIX", "C.UTF-8", "C.utf8", "ucs_basic", "pg_c_utf8", "pg_unicode_fast"})

# Which types can be loaded as a contract type, value by value; a value that does not fit is quarantined. Text can
# be read as a number or a date. Where ids are numbers it cannot be one: the setting `id_type` is for that.
_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT})
_DAYS = frozenset({Family.DATE, Family.TIMESTAMP, Family.INSTANT})
_COMPATIBLE: dict[Family, frozenset[Family]] = {
    Family.INTEGER: _NUMBERS | {Family.TEXT},
    Family.DECIMAL: _NUMBERS | {Family.TEXT},
    Family.TEXT: _NUMBERS | _DAYS | {Family.TEXT, Family.UUID, Family.BOOLEAN},
    Family.DATE: _DAYS | {Family.TEXT},
    Family.TIMESTAMP: _DAYS | {Family.TEXT},
}


class Status(StrEnum):
    """Whether the source has a contract table."""

    PRESENT = "present"
    SIMILAR = "similar"  # not by its name, but one that looks like it
    MISSING = "missing"


class Kind(StrEnum):
    """In what a table differs from the contract."""

    MISSING_COLUMN = "missing column"
    EXTRA_COLUMN = "extra column"
    COMPATIBLE_TYPE = "compatible type"
    INCOMPATIBLE_TYPE = "incompatible type"
    NULLABLE = "nullable"
    COLLATION = "collation"
    KEY = "primary key"
    REFERENCE = "foreign key"
    INDEX = "index"
    CHECK = "check"


@dataclass(frozen=True)
class Difference:
    """One difference: what the contract wants of `column` and what was found, in the source's dialect.

    A `blocking` one keeps the table from being loaded as it is.
    """

    kind: Kind
    column: str
    wanted: str | None
    found: str | None
    blocking: bool = False


@dataclass(frozen=True)
class TableComparison:
    """One contract table beside what the source has: `found` is the table's name there, schema first.

    For a SIMILAR table the differences are those of the suggested one.
    """

    table: str
    status: Status
    found: str | None = None
    shared_columns: int = 0
    differences: tuple[Difference, ...] = ()

    @property
    def loads(self) -> bool:
        """Whether the table can be loaded as it is."""
        return self.status is Status.PRESENT and not any(one.blocking for one in self.differences)


@dataclass(frozen=True)
class Comparison:
    """All contract tables beside a source, and the source's tables that are no contract table."""

    tables: tuple[TableComparison, ...]
    others: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain dictionaries and lists, ready for JSON."""
        tables = [{**asdict(table), "loads": table.loads} for table in self.tables]
        return {"tables": tables, "others": list(self.others)}


def compare(catalogue: Catalogue, id_type: IdType = "bigint") -> Comparison:
    """Return how far the tables of `catalogue` are from the contract with ids of `id_type`."""
    found = {table.name: match for table in CONTRACT if (match := _named(catalogue, table.name))}
    free = [table for table in catalogue.tables if table not in found.values()]
    judge = _Judge(catalogue, id_type, found)
    similar = _similar([table for table in CONTRACT if table.name not in found], free, judge)
    tables = []
    for table in CONTRACT:
        status = Status.PRESENT if table.name in found else Status.SIMILAR
        other = found.get(table.name) or similar.get(table.name)
        missing = TableComparison(table.name, Status.MISSING)
        tables.append(judge.compare(table, status, other) if other else missing)
    return Comparison(tuple(tables), tuple(_label(table) for table in free))


class _Judge:
    """Finds the differences of one source's tables."""

    def __init__(self, catalogue: Catalogue, id_type: IdType, found: dict[str, FoundTable]) -> None:
        self.catalogue = catalogue
        self.dialect: Dialect = dialect_named(catalogue.dialect)
        self.id_type = id_type
        self.found = found

    def compare(self, table: Table, status: Status, other: FoundTable) -> TableComparison:
        """Return `other` beside the contract's table."""
        shared = len(self.columns(table, other))
        return TableComparison(table.name, status, _label(other), shared, self.differences(table, other))

    def columns(self, table: Table, other: FoundTable) -> dict[str, FoundColumn]:
        """Return the source's columns by the names that the contract gives them."""
        theirs = {_folded(column.name, self.catalogue): column for column in other.columns}
        return {name: theirs[name] for name in table.names if name in theirs}

    def differences(self, table: Table, other: FoundTable) -> tuple[Difference, ...]:
        """Return all differences, the columns' first."""
        columns = self.columns(table, other)
        found: list[Difference] = []
        for column in table.columns:
            if column.name in columns:
                found += self._column(column, columns[column.name])
            else:
                wanted = self._type(column)
                found.append(Difference(Kind.MISSING_COLUMN, column.name, wanted, None, column.required))
        known = columns.values()
        extra = [column for column in other.columns if column not in known]
        found += [Difference(Kind.EXTRA_COLUMN, column.name, None, column.type) for column in extra]
        if self.dialect.keys == "enforced":
            found += self._key(table, other, columns)
            found += self._references(table, other, columns)
        if self.dialect.indexes:
            found += self._indexes(table, other, columns)
        if self.dialect.checks:
            found += self._checks(table, other, columns)
        return tuple(found)

    def _type(self, column: Column) -> str:
        return column_type(column.type, self.id_type).sql(self.dialect.name)

    def _column(self, wanted: Column, found: FoundColumn) -> Iterator[Difference]:
        kind = column_type(wanted.type, self.id_type)
        theirs = parse_type(found.plain_type, self.dialect.name)
        if theirs is None or theirs.sql("duckdb") != kind.sql("duckdb"):
            fits = family(theirs) in (_NUMBERS if kind.is_type("bigint") else _COMPATIBLE[family(kind)])
            difference = Kind.COMPATIBLE_TYPE if fits else Kind.INCOMPATIBLE_TYPE
            yield Difference(difference, wanted.name, self._type(wanted), found.type, blocking=not fits)
        if found.collation and family(kind) is Family.TEXT and found.collation not in _BY_CODE_POINT:
            yield Difference(Kind.COLLATION, wanted.name, self.dialect.text_collation, found.collation)
        if wanted.required and found.nullable:
            yield Difference(Kind.NULLABLE, wanted.name, "NOT NULL", "NULL")

    def _key(self, table: Table, other: FoundTable, columns: dict[str, FoundColumn]) -> Iterator[Difference]:
        key = columns.get(table.key.name)
        if key is None or (key.name,) in _unique(other):
            return
        found = ", ".join(other.primary_key) or None
        yield Difference(Kind.KEY, table.key.name, table.key.name, found)

    def _references(
        self, table: Table, other: FoundTable, columns: dict[str, FoundColumn]
    ) -> Iterator[Difference]:
        for column in table.references:
            parent = table_named(str(column.references))
            theirs = self.found.get(parent.name)
            if column.name not in columns or theirs is None:
                continue
            mine = (columns[column.name].name,)
            targets = [(key.parent, key.parent_columns) for key in other.foreign_keys if key.columns == mine]
            key = self.columns(parent, theirs).get(parent.key.name)
            if key is not None and (theirs.id, (key.name,)) in targets:
                continue
            found = ", ".join(f"{target[0][1]} ({', '.join(target[1])})" for target in targets if target[0])
            yield Difference(Kind.REFERENCE, column.name, f"{parent.name} ({parent.key.name})", found or None)

    def _indexes(
        self, table: Table, other: FoundTable, columns: dict[str, FoundColumn]
    ) -> Iterator[Difference]:
        leading = {index.columns[0] for index in other.indexes if index.columns}
        leading |= {one[0] for one in _unique(other)}
        for column in indexes(table):
            if column.name in columns and columns[column.name].name not in leading:
                yield Difference(Kind.INDEX, column.name, column.name, None)

    def _checks(
        self, table: Table, other: FoundTable, columns: dict[str, FoundColumn]
    ) -> Iterator[Difference]:
        """Say which checks are missing; one over the same columns may say it otherwise, as databases rewrite them."""
        theirs = {frozenset(one.columns) for one in other.constraints if one.kind is Constraint.OTHER}
        wanted = [(column.name, check) for column in table.columns if (check := column_check(column))]
        wanted += [(next(iter(_columns(check))), check) for check in row_checks(table)]
        for name, check in wanted:
            concerned = _columns(check)
            if (
                concerned.keys() <= columns.keys()
                and frozenset(columns[one].name for one in concerned) not in theirs
            ):
                yield Difference(Kind.CHECK, name, f"CHECK ({check.sql(self.dialect.name)})", None)


def _columns(check: exp.Expr) -> dict[str, None]:
    """Return the names of a check's columns, the first one first."""
    return dict.fromkeys(column.name for column in check.find_all(exp.Column, bfs=False))


def _unique(table: FoundTable) -> list[tuple[str, ...]]:
    """Return the columns of each primary key, unique constraint and unique index of `table`."""
    kinds = (Constraint.PRIMARY_KEY, Constraint.UNIQUE)
    constraints = [one.columns for one in table.constraints if one.kind in kinds]
    return constraints + [index.columns for index in table.indexes if index.unique and index.columns]


def _named(catalogue: Catalogue, name: str) -> FoundTable | None:
    """Return the table of that name, in the default schema rather than elsewhere."""
    matches = [table for table in catalogue.tables if _folded(table.name, catalogue) == name]
    return min(matches, key=lambda table: table.schema != catalogue.default_schema, default=None)


def _similar(missing: list[Table], others: list[FoundTable], judge: _Judge) -> dict[str, FoundTable]:
    """Return for missing tables the one most like each, by name and shared columns; each is given once."""
    likeness = []
    for table in missing:
        for other in others:
            name = SequenceMatcher(None, table.name, other.name.lower()).ratio()
            share = len(judge.columns(table, other)) / len(table.columns)
            if max(name, share) >= _NEAR:
                likeness.append((name + share, table.name, other))
    similar: dict[str, FoundTable] = {}
    for _, wanted, other in sorted(likeness, key=lambda pair: -pair[0]):
        if wanted not in similar and other not in similar.values():
            similar[wanted] = other
    return similar


def _folded(name: str, catalogue: Catalogue) -> str:
    return name.lower() if catalogue.folds_case else name


def _label(table: FoundTable) -> str:
    return f"{table.schema}.{table.name}"
