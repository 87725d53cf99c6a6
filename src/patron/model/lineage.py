"""Where each column of the model comes from: column-level lineage, read off the steps' SQL.

It is lineage of values: the columns, parameters and counted rows that a value is made of. What only chooses
among rows (joins, WHERE, GROUP BY) is no part of it; the meanings of the steps on the way tell that in words.

Example:
    >>> lineage("favorite_brand").sources
    ('product_catalog.brand',)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import cast

import sqlglot.lineage
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import MappingSchema

from patron.contract import CONTRACT, IdType, Table, Type
from patron.contract.bookkeeping import BOOKKEEPING
from patron.contract.ddl import column_type
from patron.errors import ContractError, did_you_mean
from patron.model.steps import DIALECT, Step, step_named, steps

Input = tuple[str | None, str]  # a table or step and its column, or None and a parameter
ROWS = "*"  # stands for a table's rows where they are counted
DECLARED = {table.name: table for table in (*CONTRACT, *BOOKKEEPING)}

# Functions and operators whose result is in the unit of what they are given first, or else of the second.
_KEEPS_UNIT = (
    *(exp.Alias, exp.Paren, exp.Cast, exp.Coalesce, exp.Nullif, exp.Filter, exp.Abs, exp.Floor, exp.Least),
    *(exp.Sum, exp.Min, exp.Max, exp.Add, exp.Sub, exp.Mul, exp.Div),
)
_UNIT_BY_ENDING = {"_rate": "percent", "_score": "points"}
_MONEY = column_type(Type.MONEY, "bigint")
_NO_TYPE = exp.DataType.build("UNKNOWN")
_NOT_MEASURED = ("text", "date", "timestamp", "boolean")
# The contract's order, for lists of sources.
_ORDER = {
    f"{table.name}.{column}": number
    for number, (table, column) in enumerate(
        (table, column) for table in DECLARED.values() for column in (*table.names, ROWS)
    )
}


@dataclass(frozen=True)
class Traced:
    """A column as its step's SQL makes it: its type in DuckDB, its unit, its meaning, and what it is made of."""

    kind: exp.DataType
    unit: str | None
    meaning: str
    inputs: tuple[Input, ...] = ()


@dataclass(frozen=True)
class Node:
    """A column, with those it is made of; a tree to draw, whose leaves are the contract's columns.

    `name` is `step.column` or `table.column`, `table.*` where the table's rows are counted, and `$name` for a
    parameter of the build: its date or a threshold of the settings.
    """

    table: str | None
    column: str
    inputs: tuple[Node, ...] = ()

    @property
    def name(self) -> str:
        """Table and column, or the parameter."""
        return f"{self.table}.{self.column}" if self.table else f"${self.column}"

    @property
    def sources(self) -> tuple[str, ...]:
        """The contract columns that the value is made of, in the contract's order; counted rows as `table.*`."""
        return tuple(
            sorted(
                (node.name for node in self.walk() if node is not self and node.table in DECLARED),
                key=_ORDER.__getitem__,
            )
        )

    @property
    def parameters(self) -> tuple[str, ...]:
        """The build's parameters that the value is made of, without their `$`."""
        return tuple(sorted(node.column for node in self.walk() if node.table is None))

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that the value passes on its way here, in running order."""
        passed = {node.table for node in self.walk() if node.table != self.table}
        return tuple(step.name for step in steps() if step.name in passed)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all it is made of, each once."""
        seen: dict[str, Node] = {}
        waiting = [self]
        while waiting:
            node = waiting.pop(0)
            if node.name not in seen:
                seen[node.name] = node
                waiting += node.inputs
        yield from seen.values()


def lineage(column: str, table: str = "customer_360") -> Node:
    """Return the tree of what a column of a step, view or contract table is made of.

    Raises ContractError, with the nearest known name, for a table or column that there is not.
    """
    known = traced(table)
    if column not in known or column == ROWS:
        names = [name for name in known if name != ROWS]
        raise ContractError(
            f"{table} has no column '{column}'.{did_you_mean(column, names)} It has: {', '.join(names)}."
        )
    return _node(table, column)


def traced(name: str, id_type: IdType = "bigint") -> dict[str, Traced]:
    """Return the columns of a step, view or contract table by name, in order; its rows stand under `*`.

    Raises ContractError, with the nearest known name, for a table that there is not.
    """
    return _traced(name, id_type)


@cache
def _traced(name: str, id_type: IdType) -> dict[str, Traced]:
    if name in DECLARED:
        return _declared(DECLARED[name], id_type)
    known = [*(step.name for step in steps()), *DECLARED]
    if name not in known:
        raise ContractError(
            f"The model has no table '{name}'.{did_you_mean(name, known)} It has: {', '.join(known)}."
        )
    return _trace(step_named(name), id_type)


@cache
def _node(table: str | None, column: str) -> Node:
    inputs = traced(table)[column].inputs if table else ()
    return Node(table, column, tuple(_node(*one) for one in inputs))


def _declared(table: Table, id_type: IdType) -> dict[str, Traced]:
    columns = {
        column.name: Traced(
            column_type(column.type, id_type),
            column.unit or ("money" if column.type is Type.MONEY else None),
            column.meaning,
        )
        for column in table.columns
    }
    return {**columns, ROWS: Traced(_NO_TYPE, None, table.meaning)}


def _trace(step: Step, id_type: IdType) -> dict[str, Traced]:
    schema = MappingSchema(dialect=DIALECT)
    for read in step.reads:
        schema.add_table(
            read, {name: one.kind for name, one in traced(read, id_type).items() if name != ROWS}
        )
    qualified = qualify(step.tree.transform(_dated), schema=schema, dialect=DIALECT, quote_identifiers=False)
    query = cast("exp.Query", annotate_types(qualified, schema=schema, dialect=DIALECT))
    nodes = sqlglot.lineage.lineage(
        None, query, schema, dialect=DIALECT, scope=build_scope(query), trim_selects=False, copy=False
    )
    columns = {
        name: Traced(
            node.expression.type or _NO_TYPE,
            _unit_of(node),
            step.columns.get(name) or _passed_meaning(node),
            _inputs(node, query),
        )
        for name, node in nodes.items()
    }
    return {**columns, ROWS: Traced(_NO_TYPE, None, step.grain, _sorted(_rows(query, query)))}


def _dated(node: exp.Expr) -> exp.Expr:
    """Give the build's date its type, which a bare parameter does not have."""
    if isinstance(node, exp.Placeholder) and node.name == "as_of":
        return exp.cast(node, "DATE")
    return node


def _inputs(column: sqlglot.lineage.Node, query: exp.Query) -> tuple[Input, ...]:
    """Return what a column is made of within its step: columns and rows that the step reads, and parameters."""
    found: set[Input] = set()
    for node in column.walk():
        if isinstance(node.expression, exp.Table):
            found.add((node.expression.name, _bare(node)))
            continue
        found |= {(None, placeholder.name) for placeholder in node.expression.find_all(exp.Placeholder)}
        if any(isinstance(count.this, exp.Star) for count in node.expression.find_all(exp.Count)):
            found |= _rows(node.source, query)
    return _sorted(found)


def _sorted(inputs: set[Input]) -> tuple[Input, ...]:
    return tuple(sorted(inputs, key=lambda one: (one[0] or "", one[1])))


def _rows(read: exp.Expr, query: exp.Query) -> set[Input]:
    """Return the tables whose rows are the rows of `read`, a part of `query` in which they may have names."""
    if isinstance(read, exp.Table):
        for named in query.ctes:
            if named.alias == read.name:
                return _rows(named.this, query)
        return {(read.name, ROWS)}
    if isinstance(read, exp.Subquery):
        return _rows(read.this, query)
    if isinstance(read, exp.SetOperation):
        return _rows(read.left, query) | _rows(read.right, query)
    joins = [join.this for join in read.args.get("joins") or () if join.side != "LEFT"]
    opening = read.args.get("from_")
    parts = [opening.this, *joins] if opening else joins
    return {row for part in parts for row in _rows(part, query)}


def _unit_of(node: sqlglot.lineage.Node) -> str | None:
    name = node.expression.alias_or_name
    kind = node.expression.type
    if kind is None or kind.is_type(*_NOT_MEASURED):
        return None
    for ending, unit in _UNIT_BY_ENDING.items():
        if name.endswith(ending):
            return unit
    if "days" in name.split("_"):
        return "days"
    return "money" if kind == _MONEY else _unit(node.expression, node)


def _unit(part: exp.Expr | None, node: sqlglot.lineage.Node) -> str | None:
    """Return the unit of a part of a column's expression, by the units of the columns in it."""
    if isinstance(part, exp.Column):
        behind = next((one for one in node.downstream if one.name == f"{part.table}.{part.name}"), None)
        if behind is None:
            return None
        if isinstance(behind.expression, exp.Table):
            return traced(behind.expression.name)[part.name].unit
        return _unit(behind.expression, behind)
    if isinstance(part, _KEEPS_UNIT):
        return _unit(part.this, node) or _unit(part.args.get("expression"), node)
    return None


def _passed_meaning(node: sqlglot.lineage.Node) -> str:
    """Return the meaning of a column that a star passes on: the one beside it where it is made."""
    if isinstance(node.expression, exp.Table):
        return traced(node.expression.name)[_bare(node)].meaning
    if node.expression.comments:
        return " ".join(comment.strip() for comment in node.expression.comments)
    is_passed = isinstance(node.expression.unalias(), exp.Column)
    return _passed_meaning(node.downstream[0]) if is_passed else ""


def _bare(node: sqlglot.lineage.Node) -> str:
    return node.name.rpartition(".")[2]
