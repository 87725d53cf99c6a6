"""Why a value of a customer is what it is: its meaning, its formula, what went into it, and the facts behind it.

Nothing is said here that is not said elsewhere: meanings and formulas stand in the model's files, what a value is
made of is read off their SQL, and the settings are those that the build has kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlglot import exp

from patron.contract import FACTS, Table
from patron.contract.tables import IdType
from patron.customers.facts import Place, facts_of
from patron.customers.profiles import profile
from patron.engines.base import Engine, Row
from patron.errors import NoDatabase, RequestError, did_you_mean
from patron.model.dictionary import Entry, columns
from patron.model.lineage import Node, lineage
from patron.model.steps import Kept, step_named, steps

TABLE = "customer_360"
CUTS = "rfm_cut_points"


@dataclass(frozen=True)
class Why:
    """A value and all that explains it; `facts` are the fact tables behind it with the columns that it uses."""

    build_id: int
    row: Row
    entry: Entry
    formula: str
    step: str
    made_of: dict[str, Any]
    settings: dict[str, Any]
    cut_points: list[Row] | None
    facts: dict[str, tuple[str, ...]] = field(default_factory=dict)


def why(engine: Engine, customer: Any, column: str) -> Why:
    """Return why `column` of a customer is what it is.

    Raises RequestError for a column that there is not, NotFound for a customer, NoDatabase when nothing is built.
    """
    entry = entry_of(column, engine.settings.id_type)
    row = profile(engine, customer)
    build = engine.query(
        "SELECT builds.* FROM builds JOIN current_build ON current_build.build_id = builds.build_id"
    )
    if not build:
        raise NoDatabase("Nothing is built yet.")
    used = json.loads(build[0]["settings"])
    origin = lineage(column)
    made_by = _maker(origin)
    cuts = any(node.table == CUTS for node in origin.walk())
    return Why(
        build[0]["build_id"],
        row,
        entry,
        *_formula(made_by),
        {one.name: _value(one, row, used) for one in made_by.inputs},
        {name: used[name] for name in entry.parameters if name in used},
        engine.query(f"SELECT * FROM {CUTS} ORDER BY cut_point") if cuts else None,  # noqa: S608  # a constant
        _facts(entry),
    )


def entry_of(column: str, id_type: IdType) -> Entry:
    """Return what the dictionary says of a column of customer_360; raises RequestError for an unknown one."""
    known = {one.column: one for one in columns(TABLE, id_type)}
    if column not in known:
        raise RequestError(f"customer_360 has no column '{column}'.{did_you_mean(column, known)}")
    return known[column]


def facts_behind(
    engine: Engine, found: Why, customer: Any, table: Table, limit: int, after: Place | None = None
) -> list[Row]:
    """Return facts of one of the tables behind a value, none dated after the build's date."""
    return facts_of(engine, table, customer, limit, after, until=found.row["as_of"])


def _facts(entry: Entry) -> dict[str, tuple[str, ...]]:
    """Return the fact tables that a value's steps read, each with the columns that go into the value."""
    facts = {table.name for table in FACTS}
    used: dict[str, list[str]] = {name: [] for name in _read_by(entry.steps) if name in facts}
    for source in entry.sources:
        table, _, column = source.partition(".")
        if table in facts:
            used.setdefault(table, []).append(column)
    return {name: tuple(columns) for name, columns in used.items()}


def _read_by(names: tuple[str, ...]) -> list[str]:
    """Return the tables that these steps of a batch read, by themselves or through other steps of a batch."""
    known = {step.name: step for step in steps() if step.kept is Kept.BATCH_STEP}
    waiting, read = [name for name in names if name in known], dict[str, None]()
    while waiting:
        for name in known[waiting.pop()].reads:
            if name not in read:
                read[name] = None
                waiting += [name] if name in known else []
    return sorted(read)


def _maker(node: Node) -> Node:
    """Return the column where a value is made, past the views and steps that only hand it on."""
    while len(node.inputs) == 1 and node.inputs[0].column == node.column and node.inputs[0].inputs:
        node = node.inputs[0]
    return node


@cache
def _formula(node: Node) -> tuple[str, str]:
    """Return the SQL that makes a column, and the step that it stands in."""
    if node.table is None or node.table not in {step.name for step in steps()}:
        return node.column, str(node.table)
    tree = step_named(node.table).tree
    made = [
        alias.this
        for alias in tree.find_all(exp.Alias)
        if alias.alias == node.column and not isinstance(alias.this, exp.Column)
    ]
    if not made:
        return node.column, node.table
    bare = made[0].transform(_without_comments)
    return bare.sql("duckdb", pretty=True), node.table


def _without_comments(node: exp.Expr) -> exp.Expr:
    node.comments = None
    return node


def _value(node: Node, row: Row, used: dict[str, Any]) -> Any:
    """Return the customer's value of an ingredient, or the setting's; None where it is in neither."""
    if node.table is not None:
        return row.get(node.column)
    stem = node.column.rstrip("_1234")
    value = used.get(node.column, next((used[name] for name in used if name.startswith(stem)), None))
    return row.get("as_of") if node.column == "as_of" else value
