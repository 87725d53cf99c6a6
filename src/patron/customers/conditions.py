"""What a list of customers is narrowed by: conditions on any column of customer_360, typed before they reach any SQL.

A condition is written `column:operator:value`, such as `total_purchases:ge:5` or `favorite_brand:eq:Acme`.

Example:
    >>> parsed("total_purchases:ge:5", "bigint")
    Condition(column='total_purchases', operator='ge', value=5)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from math import isfinite
from typing import Any

from sqlglot import exp

from patron.contract.tables import IdType
from patron.errors import RequestError, did_you_mean
from patron.model.dictionary import columns

TABLE = "customer_360"
COMPARISONS: dict[str, type[exp.Binary]] = {
    "eq": exp.EQ,
    "ne": exp.NEQ,
    "lt": exp.LT,
    "le": exp.LTE,
    "gt": exp.GT,
    "ge": exp.GTE,
}
IN_TEXT = ("contains", "starts")
MISSING = ("missing", "present")  # take no value
OPERATORS = (*COMPARISONS, *IN_TEXT, *MISSING)
PERSONAL = ("email", "phone_number", "date_of_birth")
"""Columns that a viewer sees masked, and may not ask about in any other way either."""
_MOST = 10**16  # what DECIMAL(18, 2) holds


@dataclass(frozen=True)
class Condition:
    """One condition on one column; `value` has the column's type, and is None for missing and present."""

    column: str
    operator: str
    value: Any = None


@cache
def kinds(id_type: IdType) -> dict[str, str]:
    """Return the type of each column of customer_360 in DuckDB's words, without its precision."""
    return {one.column: one.type.partition("(")[0] for one in columns(TABLE, id_type)}


def known_column(name: str, id_type: IdType) -> str:
    """Return `name` if it is a column of customer_360; raises RequestError with the nearest one."""
    known = kinds(id_type)
    if name not in known:
        raise RequestError(f"customer_360 has no column '{name}'.{did_you_mean(name, known)}")
    return name


def parsed(text: str, id_type: IdType) -> Condition:
    """Return the condition that `text` writes; raises RequestError where it makes none."""
    name, _, rest = text.partition(":")
    operator, colon, value = rest.partition(":")
    column = known_column(name, id_type)
    if operator not in OPERATORS:
        raise RequestError(
            f"The condition '{text}' has no operator that there is.{did_you_mean(operator, OPERATORS)} "
            f"Write column:operator:value, with one of: {', '.join(OPERATORS)}."
        )
    if operator in MISSING:
        if colon:
            raise RequestError(f"The condition '{text}' takes no value: write {column}:{operator}.")
        return Condition(column, operator)
    kind = kinds(id_type)[column]
    if operator in IN_TEXT and kind not in TEXTS:
        raise RequestError(f"The operator {operator} is for text, and {column} is of the type {kind}.")
    return Condition(column, operator, typed(column, value, id_type))


def typed(column: str, value: str, id_type: IdType) -> Any:
    """Return a value as its column's type; raises RequestError where it cannot be."""
    kind = kinds(id_type)[column]
    try:
        return _PARSERS[kind](value)
    except (ValueError, InvalidOperation) as error:
        raise RequestError(f"'{value}' is no value of {column}, whose type is {kind}.") from error


def sql(condition: Condition, id_type: IdType, value: exp.Expr) -> exp.Expr:
    """Return a condition as SQL, with `value` standing for its value."""
    column: exp.Expr = exp.column(condition.column)
    if condition.operator in MISSING:
        missing: exp.Expr = exp.Is(this=column, expression=exp.Null())
        return missing if condition.operator == "missing" else exp.Not(this=exp.paren(missing))
    if condition.operator in IN_TEXT:
        place = exp.StrPosition(this=exp.Lower(this=column), substr=exp.Lower(this=value))
        found = exp.EQ if condition.operator == "starts" else exp.GTE
        return found(this=place, expression=exp.Literal.number(1))
    if condition.operator not in ("eq", "ne"):
        column = ordered(condition.column, id_type)
    return COMPARISONS[condition.operator](this=column, expression=value)


def ordered(column: str, id_type: IdType) -> exp.Expr:
    """Return a column as one orders by it: text by code point, whatever the database's collation."""
    this: exp.Expr = exp.column(column)
    if kinds(id_type)[column] in TEXTS:
        return exp.Collate(this=this, expression=exp.to_identifier("C", quoted=True))
    return this


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("no text holds NUL")
    return value


def _whole(value: str) -> int:
    number = int(value) if len(value) < 21 else 2**63
    if not -(2**63) <= number < 2**63:
        raise ValueError("too large")
    return number


def _money(value: str) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or abs(number) >= _MOST:
        raise ValueError("too large")
    return number


def _float(value: str) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError("not finite")
    return number


TEXTS = ("TEXT", "VARCHAR")
_PARSERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(TEXTS, _text),
    "BIGINT": _whole,
    "INT": _whole,
    "INTEGER": _whole,
    "DECIMAL": _money,
    "DOUBLE": _float,
    "DATE": date.fromisoformat,
}
