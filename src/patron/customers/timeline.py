"""What a customer did and what was done for one: the facts of all tables in one line, the latest first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from sqlglot import exp

from patron.contract import CUSTOMER_INFO, FACTS, Table, table_named
from patron.customers.facts import Place, facts_of, latest_facts, moment_of, parsed_place, tell_names
from patron.customers.profiles import one_of
from patron.engines.base import Engine, Row

# Of one moment, the kinds in this order; a purchase is a return where its amount is below 0.
KINDS: dict[str, str] = {
    "purchase": "purchase_transactions",
    "return": "purchase_transactions",
    "contact": "customer_service",
    "response": "campaign_responses",
    "visit": "website_behavior",
    "view": "product_views",
}


# The kind of a table's facts where they are all of one.
KIND_OF = {table: kind for kind, table in KINDS.items() if table != KINDS["return"]}


class Item(NamedTuple):
    """One fact, with the names of what it is about."""

    kind: str
    moment: datetime
    table: Table
    fact: Row

    @property
    def key(self) -> Any:
        """The fact's key."""
        return self.fact[self.table.key.name]


Page = tuple[list[Item], list[Any] | None]
"""Some items, and the place where the next page begins."""


def timeline(
    engine: Engine, customer: Any, limit: int, after: list[Any] | None = None, kinds: Collection[str] = ()
) -> Page:
    """Return up to `limit` facts after a place, and the place where the next page begins.

    `kinds` are those wanted, none standing for all.
    """
    wanted = [kind for kind in KINDS if not kinds or kind in kinds]
    found: list[Item] = []
    for table in FACTS:
        of_table = [kind for kind in wanted if KINDS[kind] == table.name]
        if of_table:
            place = _place(after, table, engine)
            found += items_of(
                table, facts_of(engine, table, customer, limit + 1, place, only=_only(of_table))
            )
    shown = _latest(found)[:limit]
    return _told(engine, shown), _end(shown, more=len(found) > limit)


def first_pages(engine: Engine, customers: Sequence[Any], limit: int) -> dict[Any, Page]:
    """Return the first page of several customers by key, as `timeline` gives it; of who is not known, none."""
    found: dict[Any, list[Item]] = {customer: [] for customer in customers}
    for table in FACTS:
        for customer, rows in latest_facts(engine, table, customers, limit + 1).items():
            found[customer] += items_of(table, rows)
    there = _known(engine, [customer for customer, items in found.items() if not items])
    found = {one: items for one, items in found.items() if items or one in there}
    return pages_of(found, limit, partial(tell_names, engine))


def pages_of(
    found: dict[Any, list[Item]], limit: int, told_by: Callable[[list[tuple[Table, Row]]], list[Row]]
) -> dict[Any, Page]:
    """Return the first page of each customer, of what was found: one table after the other, each in its order."""
    shown = {one: _latest(items)[:limit] for one, items in found.items()}
    told = iter(told_by([(item.table, item.fact) for items in shown.values() for item in items]))
    return {
        customer: (
            [item._replace(fact=next(told)) for item in items],
            _end(items, more=len(found[customer]) > limit),
        )
        for customer, items in shown.items()
    }


def items_of(table: Table, rows: list[Row]) -> list[Item]:
    """Return a table's facts as items without the names of what they are about."""
    kind = KIND_OF.get(table.name)
    return [Item(kind or _paid(row), moment_of(table, row), table, row) for row in rows]


def _latest(items: list[Item]) -> list[Item]:
    """Return facts of all tables, one table after the other and each in its order, as one line."""
    return sorted(items, key=attrgetter("moment"), reverse=True)  # stable, as sorting is in Python


def _told(engine: Engine, items: list[Item]) -> list[Item]:
    """Return items with the names of what their facts are about."""
    told = tell_names(engine, [(item.table, item.fact) for item in items])
    return [item._replace(fact=fact) for item, fact in zip(items, told, strict=True)]


def _end(items: list[Item], *, more: bool) -> list[Any] | None:
    """Return the place where the next page begins, None where nothing more comes."""
    return [items[-1].moment.isoformat(), items[-1].table.name, items[-1].key] if more else None


def _known(engine: Engine, customers: list[Any]) -> set[Any]:
    if not customers:
        return set()
    text, _ = engine.kept_statement(
        "known customers",
        lambda: (
            exp.select("customer_id")
            .from_(CUSTOMER_INFO.name)
            .where(one_of("customer_id", engine.settings.id_type))
        ),
    )
    return {row["customer_id"] for row in engine.query(text, [customers])}


def _paid(purchase: Row) -> str:
    return "return" if purchase["total_amount"] < 0 else "purchase"


def _only(kinds: list[str]) -> str | None:
    """Return the condition that tells purchases from returns, where only one of them is wanted."""
    if kinds == ["purchase"]:
        return "total_amount >= 0"
    return "total_amount < 0" if kinds == ["return"] else None


def _place(after: list[Any] | None, table: Table, engine: Engine) -> Place | None:
    """Return where this table's facts go on after the last fact of the former page, which may be another table's."""
    if after is None:
        return None
    moment, name, key = after
    place = parsed_place(moment, key, engine.settings.id_type)
    order = [one.name for one in FACTS]
    if name == table.name:
        return place
    return replace(place, key=None, passed=order.index(table.name) < order.index(table_named(name).name))
