"""Shops for tests: a plain one in a line, and random ones that look for edges.

A shop is a dictionary: a contract table's name to its rows, each a dictionary of all the table's columns.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any

from hypothesis import strategies as st

from patron.contract import CONTRACT, FACTS, Column, IdType, Table, Type, table_named
from patron.settings import Model
from tests.reference import Row, Shop

TODAY = date(2024, 6, 30)
STAGES = 3

# -- plain shops ------------------------------------------------------------------------------------------

_DEFAULTS: dict[str, Row] = {
    "purchase_transactions": {"quantity": 1, "total_amount": 10},
    "customer_service": {"interaction_type": "inquiry"},
    "campaign_responses": {"campaign_id": 1, "response_type": "click"},
}


def shop(
    *,
    customers: Iterable[Row] = (),
    products: Iterable[Row] = (),
    campaigns: Iterable[Row] = (),
    purchases: Iterable[Row] = (),
    contacts: Iterable[Row] = (),
    responses: Iterable[Row] = (),
    visits: Iterable[Row] = (),
    views: Iterable[Row] = (),
) -> Shop:
    """Return a shop of these rows, of which each needs to say only what its test is about.

    Keys count from 1, facts are customer 1's on `TODAY`, money may be written as a number or text and days as
    text. Customers, campaigns and sessions that are only referred to are added; products are not.
    """
    given = (customers, products, campaigns, purchases, contacts, responses, visits, views)
    result = {
        table.name: [_row(table, number, row) for number, row in enumerate(rows, 1)]
        for table, rows in zip(CONTRACT, given, strict=True)
    }
    for fact in FACTS:
        for column in fact.references:
            if column.references != "product_catalog":
                _add_missing(result, column, result[fact.name])
    return result


def days_ago(days: int) -> date:
    """Return the day so many days before `TODAY`."""
    return TODAY - timedelta(days=days)


def with_text_ids(plain: Shop) -> Shop:
    """Return the same shop with every id as text."""
    return {
        name: [
            {
                column.name: str(row[column.name])
                if column.type is Type.ID and row[column.name] is not None
                else row[column.name]
                for column in table_named(name).columns
            }
            for row in rows
        ]
        for name, rows in plain.items()
    }


def together(many: Iterable[Shop]) -> Shop:
    """Return shops with text ids side by side as one, every id prefixed with the number of its shop."""
    result: Shop = {table.name: [] for table in CONTRACT}
    for number, one in enumerate(many):
        for table in CONTRACT:
            ids = [column.name for column in table.columns if column.type is Type.ID]
            for row in one[table.name]:
                prefixed = {name: f"{number:04}/{row[name]}" for name in ids if row[name] is not None}
                result[table.name].append(row | prefixed)
    return result


def staged(whole: Shop, stage: Callable[[], int]) -> list[Shop]:
    """Return a shop cut into the parts in which it arrives: each row at `stage()`, none before its parents.

    A product may arrive after the facts about it, which until then are about an unknown product.
    """
    parts: list[Shop] = [{table.name: [] for table in CONTRACT} for _ in range(STAGES)]
    arrived: dict[tuple[str, Any], int] = {}
    for table in CONTRACT:
        for row in whole[table.name]:
            parents = [(column.references, row[column.name]) for column in table.references]
            known = [arrived[parent] for parent in parents if parent in arrived]
            when = max([stage(), *known])
            if table.name != "product_catalog":
                arrived[table.name, row[table.key.name]] = when
            parts[when][table.name].append(row)
    return parts


def _row(table: Table, number: int, given: Row) -> Row:
    unknown = set(given) - set(table.names)
    assert not unknown, f"{table.name} has no {unknown}"
    values: Row = {table.key.name: number}
    if table.date is not None:
        values |= {"customer_id": 1, table.date: TODAY}
    values |= _DEFAULTS.get(table.name, {}) | given
    return {column.name: _typed(column, values.get(column.name)) for column in table.columns}


def _typed(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.type is Type.MONEY:
        return Decimal(str(value)).quantize(Decimal("0.01"))
    if column.type is Type.DATE and isinstance(value, str):
        return date.fromisoformat(value)
    if column.type is Type.TIMESTAMP and not isinstance(value, datetime):
        return datetime.fromisoformat(str(value))
    return value


def _add_missing(result: Shop, column: Column, children: list[Row]) -> None:
    assert column.references is not None
    parent = table_named(column.references)
    known = {row[parent.key.name] for row in result[parent.name]}
    for child in children:
        key = child[column.name]
        if key is not None and key not in known:
            known.add(key)
            result[parent.name].append(_row(parent, key, {}))


# -- random shops -----------------------------------------------------------------------------------------
# Domains are tiny, so that ties, shared orders and days on a threshold are the rule. The hypothesis strategy
# and the fast seeded generator draw from the same ones.

AS_OFS = tuple(
    map(date.fromisoformat, ("2024-02-29", "2024-03-01", "2023-02-28", "2024-12-31", "2000-02-29"))
)

_DAYS_AGO = (0, 1, -1, 29, 30, 31, 90, 91, 180, 181, 365, 366, 730, 731, 3653, -40)
_CLOCK = (time(0), time(12, 30), time(23, 59, 59, 999999))

_AMOUNTS = (
    *("10", "0", "-10", "0.01", "-0.01", "0.05", "19.99", "-19.99", "33.33"),
    *("4999.99", "5000", "5000.01", "10000", "10000.01", "-10000", "1234567.89", "9999999999999.99"),
)

_TEXTS = (
    *("a", None, "B", "b", "", " ", "a ", "\u00e9", "e\u0301", "\u0130", "\u212a", "\uff5e", "\U0001f642"),
    *("O'Brien", '"q"', "back\\slash", "two\nlines", "100%", "$1", "?", "{}", "_", "--", "/*", "\x01"),
)

_RESPONSES = (
    *("click", None, "CLICK", "Purchase", "poSitive", "unsubscribe", "", "view", "it's 100%"),
    *("clic\u212a", "pos\u0131tive", "pos\u0130tive", "click ", "\uff43lick"),
)

_STATUSES = ("resolved", None, "RESOLVED", "Resolved", "open", "", "unresolved", "resolved ", "re\u017folved")

_IDS: dict[IdType, tuple[Any, ...]] = {
    "bigint": (1, 2, 3, 9, 10, 0, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**63) + 1, *range(100, 180)),
    "text": (
        *("1", "2", "9", "10", "a", "A", "", " ", "\u00e9", "e\u0301", "\u0130", "\U0001f642", "\uff5e"),
        *("o'1", '"', "\\", "%", "$1"),
        *(f"{number:02}" for number in range(100, 180)),
    ),
}

_BY_NAME: dict[str, tuple[Any, ...]] = {
    "total_amount": tuple(map(Decimal, _AMOUNTS)),
    "price": (None, Decimal("0.00"), Decimal("9.99")),
    "quantity": (1, None, 0, -1, 2),
    "satisfaction_score": (None, 1, 2, 3, 4, 5),
    "resolution_status": _STATUSES,
    "response_type": _RESPONSES,
}

MODELS = (
    Model(),
    Model(frequency_cuts=(1, 2, 4, 9)),
    Model(
        recency_cuts=(365, 180, 90, 30),
        monetary_cuts=(Decimal(0), Decimal(10), Decimal(10), Decimal("33.33")),
    ),
    Model(
        high_value_above=Decimal("9.99"),
        medium_value_above=Decimal("-0.01"),
        churn_days=(0, 0, 30, 31),
        positive_response_types=("it's 100%", "view", "unsubscribe"),
    ),
)


@dataclass(frozen=True)
class Case:
    """A shop, the day and thresholds it is to be built with, and the kind of its ids."""

    shop: Shop
    as_of: date
    model: Model
    id_type: IdType


def random_case(rng: random.Random) -> Case:
    """Return a random small shop to build; the same for the same state of `rng`."""
    as_of = rng.choice(AS_OFS)
    id_type: IdType = rng.choice(("bigint", "text"))
    return Case(random_shop(rng, as_of, id_type), as_of, rng.choice(MODELS), id_type)


def random_shop(rng: random.Random, as_of: date = TODAY, id_type: IdType = "bigint") -> Shop:
    """Return a random small shop whose facts lie around `as_of`; the same for the same state of `rng`."""
    customers = rng.choice((0, 1, 1, 2, 3, 4, 5, 6, 8, 11, 15))
    result: Shop = {}
    for table in CONTRACT:
        result[table.name] = []
        domains = _domains(table, result, as_of, id_type)
        keys = domains.pop(table.key.name)
        if not all(domains.values()):
            continue
        count = customers if table.name == "customer_info" else 4
        if table.is_fact:
            count = min(rng.choice((0, 2, 4, 6)) * customers, len(keys))
        picks = {name: _few(rng, values) for name, values in domains.items()}
        for key in rng.sample(keys, count):
            row = {table.key.name: key} | {name: rng.choice(values) for name, values in picks.items()}
            result[table.name].append(_with_one_sign(row))
    return result


@st.composite
def cases(draw: st.DrawFn, id_types: tuple[IdType, ...] = ("bigint", "text")) -> Case:
    """Draw a small shop to build, with its day, its thresholds and the kind of its ids."""
    as_of = draw(st.sampled_from(AS_OFS))
    id_type = draw(st.sampled_from(id_types))
    return Case(draw(shops(as_of, id_type)), as_of, draw(st.sampled_from(MODELS)), id_type)


@st.composite
def histories(draw: st.DrawFn, id_types: tuple[IdType, ...] = ("bigint", "text")) -> tuple[Case, list[Shop]]:
    """Draw a case and its shop cut into the parts in which it arrives."""
    case = draw(cases(id_types))
    return case, staged(case.shop, lambda: draw(st.integers(0, STAGES - 1)))


@st.composite
def shops(draw: st.DrawFn, as_of: date = TODAY, id_type: IdType = "bigint") -> Shop:
    """Draw a small shop whose facts lie around `as_of`."""
    result: Shop = {}
    for table in CONTRACT:
        result[table.name] = []
        domains = _domains(table, result, as_of, id_type)
        if all(domains.values()):
            row = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in domains.items()})
            row = row.map(_with_one_sign)
            result[table.name] = draw(st.lists(row, max_size=8, unique_by=itemgetter(table.key.name)))
    return result


def _with_one_sign(row: Row) -> Row:
    """The row, without a quantity below 0 beside an amount above, which no table takes."""
    if (row.get("quantity") or 0) < 0 < (row.get("total_amount") or 0):
        return row | {"quantity": -row["quantity"]}
    return row


def _few(rng: random.Random, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """A few of the values, so that one shop meets the same ones again and again."""
    return tuple(rng.sample(values, min(len(values), rng.choice((1, 2, 3, 5, len(values))))))


def _domains(table: Table, parents: Shop, as_of: date, id_type: IdType) -> dict[str, tuple[Any, ...]]:
    """The values that each column of `table` may have; an empty one means that the table must stay empty."""
    return {column.name: _domain(table, column, parents, as_of, id_type) for column in table.columns}


def _domain(table: Table, column: Column, parents: Shop, as_of: date, id_type: IdType) -> tuple[Any, ...]:
    if column is table.key:
        return _IDS[id_type]
    if column.references:
        known = tuple(row[column.name] for row in parents[column.references])
        orphan = (_IDS[id_type][-1],) if column.references == "product_catalog" else ()
        return known + orphan + (() if column.required else (None,))
    optional = () if column.required else (None,)
    if column.name in _BY_NAME:
        return _BY_NAME[column.name]
    days = tuple(as_of - timedelta(days=days) for days in _DAYS_AGO)
    by_type: dict[Type, tuple[Any, ...]] = {
        Type.ID: _IDS[id_type][:4] + optional,
        Type.TEXT: _TEXTS,
        Type.DATE: days + optional,
        Type.TIMESTAMP: tuple(datetime.combine(day, clock) for day in days for clock in _CLOCK),
        Type.INTEGER: (1, None, 0, 2, 7, 1000000),
    }
    return by_type[column.type]
