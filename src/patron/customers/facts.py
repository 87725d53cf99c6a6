"""A customer's facts of one table, the latest first, from any place on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlglot import exp

from patron.contract import Column, Table, Type, table_named
from patron.contract.tables import IdType
from patron.engines.base import Engine, Row
from patron.errors import NotFound, RequestError

# What is told of the thing that a fact is about, beside the fact's own columns.
TOLD = {
    "product_catalog": ("product_name", "category", "brand"),
    "marketing_campaigns": ("campaign_name", "channel"),
}


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
    only: exp.Expr | None = None,
) -> list[Row]:
    """Return up to `limit` facts, the latest first and of one moment the highest key first.

    `after` leaves out what came before a place, `until` what is dated after a day; `only` is a further condition.
    """
    values: dict[str, Any] = {"customer": customer}
    query = exp.select(*table.names).from_(table.name).where("customer_id = $customer", dialect="duckdb")
    day = exp.column(str(table.date))
    key = _by_code_point(table.key, engine.settings.id_type)
    if after is not None:
        query = query.where(_past(table, day, key, after, values))
    if until is not None:
        values["until"] = until
        seen = exp.cast(day.copy(), "DATE") if _has_time(table) else day.copy()
        query = query.where(exp.LTE(this=seen, expression=exp.Placeholder(this="until")))
    if only is not None:
        query = query.where(only)
    query = query.order_by(*(exp.Ordered(this=one.copy(), desc=True) for one in (day, key))).limit(limit)
    text, names = engine.parameterised(query)
    return engine.query(text, [values[name] for name in names])


def tell_names(engine: Engine, facts: list[tuple[Table, Row]]) -> list[Row]:
    """Return the facts with the names of the products and campaigns that they are about."""
    names = {parent: _names(engine, parent, facts) for parent in TOLD}
    told = []
    for table, fact in facts:
        row = dict(fact)
        for column in table.references:
            if column.references in TOLD:
                row |= names[column.references].get(fact[column.name], dict.fromkeys(TOLD[column.references]))
        told.append(row)
    return told


def _names(engine: Engine, parent: str, facts: list[tuple[Table, Row]]) -> dict[Any, Row]:
    """Return what is told of each product or campaign, by key."""
    keys = {
        fact[column.name]
        for table, fact in facts
        for column in table.references
        if column.references == parent and fact[column.name] is not None
    }
    if not keys:
        return {}
    key = table_named(parent).key.name
    kind = "BIGINT[]" if engine.settings.id_type == "bigint" else "TEXT[]"
    given = exp.cast(exp.Placeholder(this="ids"), exp.DataType.build(kind, dialect="postgres"))
    query = (
        exp.select(key, *TOLD[parent])
        .from_(parent)
        .where(exp.EQ(this=exp.column(key), expression=exp.Any(this=exp.paren(given))))
    )
    rows = engine.query(engine.parameterised(query)[0], [sorted(keys)])
    return {row.pop(key): row for row in rows}


def _past(table: Table, day: exp.Expr, key: exp.Expr, after: Place, values: dict[str, Any]) -> exp.Expr:
    at_midnight = after.moment.time() == time.min
    values["moment"] = after.moment if _has_time(table) else after.moment.date()
    bound = exp.Placeholder(this="moment")
    if not at_midnight and not _has_time(table):
        return exp.LTE(this=day.copy(), expression=bound)  # a day counts as its midnight, which comes after
    earlier = exp.LT(this=day.copy(), expression=bound)
    if after.passed:
        return earlier
    same: exp.Expr = exp.EQ(this=day.copy(), expression=bound.copy())
    if after.key is not None:
        values["key"] = after.key
        same = exp.and_(same, exp.LT(this=key.copy(), expression=exp.Placeholder(this="key")))
    return exp.or_(earlier, same)


def _has_time(table: Table) -> bool:
    return table.column(str(table.date)).type is Type.TIMESTAMP


def _by_code_point(key: Column, id_type: IdType) -> exp.Expr:
    column: exp.Expr = exp.column(key.name)
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
