"""What a customer did and what was done for one: the facts of all tables in one line, the latest first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple

from sqlglot import exp

from patron.contract import CUSTOMER_INFO, FACTS, Table, Type, table_named
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

Told = dict[str, Any]
"""An item as clients are told of it: `told` makes it."""

ToldPage = tuple[list[Told], list[Any] | None]
"""Some items as they are told, and the place where the next page begins."""

TABLES = {
    table.name: number for number, table in enumerate(FACTS)
}  # of one moment, their facts in this order
# What is told of each table's facts by itself, beside what is told of what they are about.
COLUMNS = {
    table.name: tuple(name for name in table.names if name not in ("customer_id", table.key.name))
    for table in FACTS
}
IDS = {
    table.name: tuple(name for name in COLUMNS[table.name] if table.column(name).type is Type.ID)
    for table in FACTS
}


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
    return _with_names(engine, shown), _end(shown, more=len(found) > limit)


def first_pages(engine: Engine, customers: Sequence[Any], limit: int) -> dict[Any, Page]:
    """Return the first page of several customers by key, as `timeline` gives it; of who is not known, none."""
    found: dict[Any, list[Item]] = {customer: [] for customer in customers}
    for table in FACTS:
        for customer, rows in latest_facts(engine, table, customers, limit + 1).items():
            found[customer] += items_of(table, rows)
    there = _known(engine, [customer for customer, items in found.items() if not items])
    found = {one: items for one, items in found.items() if items or one in there}
    shown = {one: _latest(items)[:limit] for one, items in found.items()}
    named = iter(_with_names(engine, [item for items in shown.values() for item in items]))
    return {
        customer: (list(islice(named, len(items))), _end(items, more=len(found[customer]) > limit))
        for customer, items in shown.items()
    }


def items_of(table: Table, rows: list[Row]) -> list[Item]:
    """Return a table's facts as items without the names of what they are about."""
    return [Item(kind_of(table, row), moment_of(table, row), table, row) for row in rows]


def told(item: Item) -> Told:
    """Return an item as clients are told of it: without what it shares with its page, and ids as text."""
    key = item.table.key.name
    fact = {name: value for name, value in item.fact.items() if name not in ("customer_id", key)}
    return told_of(item.table, item.key, fact, item.kind)


def told_page(page: Page) -> ToldPage:
    """Return a page as clients are told of it."""
    return [told(item) for item in page[0]], page[1]


def told_of(table: Table, key: Any, fact: Row, kind: str | None = None) -> Told:
    """Return a fact as clients are told of it; its row is of `COLUMNS` and of what it is about, and is taken over."""
    for name in IDS[table.name]:
        if fact[name] is not None:
            fact[name] = str(fact[name])  # a BIGINT may be more than JavaScript's numbers hold
    return {
        "kind": kind or kind_of(table, fact),
        "date": fact[str(table.date)],
        "id": str(key),
        "table": table.name,
        "fact": fact,
    }


def kind_of(table: Table, fact: Row) -> str:
    """Return the kind of a fact."""
    return KIND_OF.get(table.name) or ("return" if fact["total_amount"] < 0 else "purchase")


def _latest(items: list[Item]) -> list[Item]:
    """Return facts of all tables, one table after the other and each in its order, as one line."""
    return sorted(items, key=attrgetter("moment"), reverse=True)  # stable, as sorting is in Python


def _with_names(engine: Engine, items: list[Item]) -> list[Item]:
    """Return items with the names of what their facts are about."""
    facts = tell_names(engine, [(item.table, item.fact) for item in items])
    return [item._replace(fact=fact) for item, fact in zip(items, facts, strict=True)]


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
    if name == table.name:
        return place
    return replace(place, key=None, passed=TABLES[table.name] < TABLES[table_named(name).name])
