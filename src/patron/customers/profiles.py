"""Rows of customer_360 by the customers' keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from patron.customers.conditions import TABLE
from patron.engines.base import Engine, Row
from patron.errors import NotFound

KEY = "customer_id"


def profiles(engine: Engine, customers: Sequence[Any], columns: Sequence[str] = ()) -> dict[Any, Row]:
    """Return the rows of customers by key; who is not in customer_360 is not among them.

    `columns` of customer_360, the key among them, are read; all of them where none is named.
    """
    if not customers:
        return {}

    def make() -> exp.Query:
        shown = map(exp.column, columns) if columns else [exp.Star()]
        return exp.select(*shown).from_(TABLE).where(one_of(KEY, engine.settings.id_type))

    # Statements of chosen columns are not kept: there are more choices than memory.
    text, _ = engine.parameterised(make()) if columns else engine.kept_statement("profiles", make)
    return {row[KEY]: row for row in engine.query(text, [list(customers)])}


def profile(engine: Engine, customer: Any) -> Row:
    """Return a customer's row; raises NotFound where there is none."""
    return known(profiles(engine, [customer]).get(customer))


def known(row: Row | None) -> Row:
    """Return the row, or raise NotFound where there is none."""
    if row is None:
        raise NotFound("There is no such customer, or customer_360 was not built since this one came.")
    return row


def one_of(column: str, id_type: str, name: str = "ids") -> exp.Expr:
    """Return the condition that a column of ids has one of the values of the parameter `name`, a list."""
    kind = "BIGINT[]" if id_type == "bigint" else "TEXT[]"
    given = exp.cast(exp.Placeholder(this=name), exp.DataType.build(kind, dialect="postgres"))
    return exp.EQ(this=exp.column(column), expression=exp.Any(this=exp.paren(given)))
