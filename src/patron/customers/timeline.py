"""What a customer did and what was done for one: the facts of all tables in one line, the latest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from patron.contract import FACTS, Table, table_named
from patron.customers.facts import Place, facts_of, moment_of, parsed_place, tell_names
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


@dataclass(frozen=True)
class Item:
    """One fact, with the names of what it is about."""

    kind: str
    moment: datetime
    table: Table
    fact: Row

    @property
    def key(self) -> Any:
        """The fact's key."""
        return self.fact[self.table.key.name]


def timeline(
    engine: Engine, customer: Any, limit: int, after: list[Any] | None = None, kinds: Collection[str] = ()
) -> tuple[list[Item], list[Any] | None]:
    """Return up to `limit` facts after a place, and the place where the next page begins.

    `kinds` are those wanted, none standing for all.
    """
    wanted = [kind for kind in KINDS if not kinds or kind in kinds]
    found: list[Item] = []
    for table in FACTS:
        of_table = [kind for kind in wanted if KINDS[kind] == table.name]
        if of_table:
            place = _place(after, table, engine)
            rows = facts_of(engine, table, customer, limit + 1, place, only=_only(of_table))
            found += [Item(_kind(table, row), moment_of(table, row), table, row) for row in rows]
    order = [table.name for table in FACTS]
    # Two stable sorts: within a table rows come in their order already.
    found.sort(key=lambda item: order.index(item.table.name))
    found.sort(key=lambda item: item.moment, reverse=True)
    shown = found[:limit]
    told = tell_names(engine, [(item.table, item.fact) for item in shown])
    items = [replace(item, fact=fact) for item, fact in zip(shown, told, strict=True)]
    last = items[-1] if len(found) > limit else None
    return items, [last.moment.isoformat(), last.table.name, last.key] if last else None


def _kind(table: Table, row: Row) -> str:
    if table.name == KINDS["return"]:
        return "return" if row["total_amount"] < 0 else "purchase"
    return next(kind for kind, name in KINDS.items() if name == table.name)


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
