"""A customer's facts of one table, the latest first, from any place on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from operator import itemgetter
from typing import Any

from sqlglot import exp

from patron.contract import FACTS, Table, Type, table_named
from patron.contract.tables import IdType
from patron.customers.profiles import one_of
from patron.engines.base import Engine, Row
from patron.errors import NotFound, RequestError

# What is told of the thing that a fact is about, beside the fact's own columns.
TOLD = {
    "product_catalog": ("product_name", "category", "brand"),
    "marketing_campaigns": ("campaign_name", "channel"),
}
# The columns of each table's facts that say which product or campaign, and the table of those.
ABOUT = {
    table.name: tuple((one.name, one.references) for one in table.references if one.references in TOLD)
    for table in FACTS
}
FEW = 4  # times as many facts as are asked for
UNKNOWN: dict[str, Row] = {parent: dict.fromkeys(columns) for parent, columns in TOLD.items()}


@dataclass(frozen=True)
class Place:
    """Where a page ended: the moment of its last fact, and that fact's key.

    `passed` says what comes at the same moment in a table: nothing more, what has a lower key, or all of it.
    """

    moment: datetime
    key: Any = None
    passed: bool = True


def customer_key(text: str, id_type: IdType) -> Any:
    """Return a customer's id as the database has it; raises NotFound for what can be no id."""
    if id_type == "text" and "\0" not in text:
        return text
    if id_type == "bigint" and len(text) < 21 and text.removeprefix("-").isdecimal() and text.isascii():
        number = int(text)
        if -(2**63) <= number < 2**63:
            return number
    raise NotFound("There is no such customer.")


def moment_of(table: Table, fact: Row) -> datetime:
    """Return when a fact happened; a day is its midnight."""
    value = fact[str(table.date)]
    return value if isinstance(value, datetime) else datetime.combine(value, time.min)


def facts_of(
    engine: Engine,
    table: Table,
    customer: Any,
    limit: int,
    after: Place | None = None,
    until: date | None = None,
    only: str | None = None,
) -> list[Row]:
    """Return up to `limit` facts, the latest first and of one moment the highest key first.

    `after` leaves out what came before a place, `until` what is dated after a day; `only` is a further condition.
    """
    values: dict[str, Any] = {"customer": customer}
    past = _past(table, after, values) if after is not None else None
    if until is not None:
        values["until"] = until

    def make() -> exp.Query:
        query = exp.select(*table.names).from_(table.name).where("customer_id = $customer", dialect="duckdb")
        if past is not None:
            query = query.where(past, dialect="duckdb")
        if until is not None:
            day = exp.column(str(table.date))
            seen = exp.cast(day, "DATE") if _has_time(table) else day
            query = query.where(exp.LTE(this=seen, expression=exp.Placeholder(this="until")))
        if only is not None:
            query = query.where(only, dialect="duckdb")
        return query.order_by(*_latest_first(table, engine.settings.id_type)).limit(limit)

    text, names = engine.kept_statement(("facts", table.name, past, until is None, only, limit), make)
    return engine.query(text, [values[name] for name in names])


def latest_facts(engine: Engine, table: Table, customers: Sequence[Any], limit: int) -> dict[Any, list[Row]]:
    """Return up to `limit` facts of each customer, in the order of `facts_of`; of who has none, none.

    A database takes longer to rank facts than to read them, so it ranks only where they are many.
    """
    most = FEW * limit * len(customers)
    text, names = engine.kept_statement(("some facts", table.name), lambda: _some(engine, table))
    rows = engine.query(text, [{"ids": list(customers), "most": most + 1}[name] for name in names])
    if len(rows) > most and len(customers) == 1:
        return {customers[0]: facts_of(engine, table, customers[0], limit)}
    if len(rows) > most:
        text, names = engine.kept_statement(("latest facts", table.name), lambda: _ranked(engine, table))
        rows = engine.query(text, [{"ids": list(customers), "limit": limit}[name] for name in names])
    found: dict[Any, list[Row]] = {customer: [] for customer in customers}
    for row in rows:
        found[row["customer_id"]].append(row)
    return {one: latest(table, facts, limit) for one, facts in found.items()}


def latest(table: Table, facts: list[Row], limit: int) -> list[Row]:
    """Return the first `limit` of a customer's facts in the order of `facts_of`."""
    latest_first = itemgetter(str(table.date), table.key.name)  # Python orders text by code point
    return sorted(facts, key=latest_first, reverse=True)[:limit]


def _some(engine: Engine, table: Table) -> exp.Query:
    query = exp.select(*table.names).from_(table.name).where(one_of("customer_id", engine.settings.id_type))
    return query.limit(exp.Placeholder(this="most"))


def _ranked(engine: Engine, table: Table) -> exp.Query:
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[exp.column("customer_id")],
        order=exp.Order(expressions=_latest_first(table, engine.settings.id_type)),
    )
    query = exp.select(*table.names).from_(table.name).where(one_of("customer_id", engine.settings.id_type))
    return query.qualify(exp.LTE(this=place, expression=exp.Placeholder(this="limit")))


def tell_names(engine: Engine, facts: list[tuple[Table, Row]]) -> list[Row]:
    """Return the facts with the names of the products and campaigns that they are about."""
    names = {parent: _names(engine, parent, _keys(parent, facts)) for parent in TOLD}
    told = []
    for table, fact in facts:
        row = fact.copy()
        for column, parent in ABOUT[table.name]:
            row |= names[parent].get(fact[column], UNKNOWN[parent])
        told.append(row)
    return told


def _keys(parent: str, facts: list[tuple[Table, Row]]) -> set[Any]:
    """Return the keys of the products or campaigns that facts are about."""
    return {
        fact[column]
        for table, fact in facts
        for column, about in ABOUT[table.name]
        if about == parent and fact[column] is not None
    }


def _names(engine: Engine, parent: str, keys: set[Any]) -> dict[Any, Row]:
    """Return what is told of each product or campaign, by key."""
    if not keys:
        return {}
    key = table_named(parent).key.name

    def make() -> exp.Query:
        return exp.select(key, *TOLD[parent]).from_(parent).where(one_of(key, engine.settings.id_type))

    text, _ = engine.kept_statement(("names", parent), make)
    rows = engine.query(text, [sorted(keys)])
    return {row.pop(key): row for row in rows}


def _past(table: Table, after: Place, values: dict[str, Any]) -> str:
    """Return the condition of what comes after a place, and put the values that it takes into `values`."""
    day, key = table.date, _spelled_key(table, after.key)
    values["moment"] = after.moment if _has_time(table) else after.moment.date()
    if not _has_time(table) and after.moment.time() != time.min:
        return f"{day} <= $moment"  # a day counts as its midnight, which comes after
    if after.passed:
        return f"{day} < $moment"
    if after.key is None:
        return f"{day} <= $moment"
    values["key"] = after.key
    return f"({day} < $moment OR ({day} = $moment AND {key} < $key))"


def _spelled_key(table: Table, key: Any) -> str:
    return f'{table.key.name} COLLATE "C"' if isinstance(key, str) else table.key.name


def _has_time(table: Table) -> bool:
    return table.column(str(table.date)).type is Type.TIMESTAMP


def _latest_first(table: Table, id_type: IdType) -> list[exp.Ordered]:
    columns = (exp.column(str(table.date)), _by_code_point(table, id_type))
    return [exp.Ordered(this=column, desc=True) for column in columns]


def _by_code_point(table: Table, id_type: IdType) -> exp.Expr:
    column: exp.Expr = exp.column(table.key.name)
    if id_type == "text":
        return exp.Collate(this=column, expression=exp.to_identifier("C", quoted=True))
    return column


def parsed_place(moment: Any, key: Any, id_type: IdType) -> Place:
    """Return a place from what a cursor holds; raises RequestError where it holds none."""
    try:
        return Place(
            datetime.fromisoformat(str(moment)), int(key) if id_type == "bigint" else str(key), passed=False
        )
    except ValueError as error:
        raise RequestError(
            "The cursor does not belong to this question; ask for its first page again."
        ) from error
