"""Profiles, first pages of timelines and search, from copies of what the database has.

The answers are those of `profiles.py`, `timeline.py` and `search.py`. What is rare, such as a customer with thousands
of facts, is left to those. Copies are made of an engine that keeps rows in the order in which they were written, and
orders text by code point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from patron.contract import FACTS, Table, table_named
from patron.customers import search
from patron.customers.conditions import TABLE, kinds
from patron.customers.copies import Copy, Room, Scattered, copied
from patron.customers.facts import TOLD, latest, with_names
from patron.customers.timeline import Item, Page, items_of, pages_of
from patron.engines.base import Engine, Row

MOST_FACTS = 500  # of a customer and table; a database picks the latest ones of more
AT_ONCE = 8_192  # terms that are looked through before the next ones are
NAMES_KEPT = 20_000  # of products and campaigns, as rows that need not be made again


class CopiedFacts:
    """The facts of all customers, and the names of what they are about, as of one number of `Serving.changes`."""

    def __init__(self, changes: int, facts: dict[str, Copy], names: dict[str, Copy]) -> None:
        self.changes = changes
        self.bytes = sum(copy.bytes for copy in (*facts.values(), *names.values()))
        self._facts = facts

        @lru_cache(
            NAMES_KEPT
        )  # of no method: it would keep the files of former copies until a collection of garbage
        def name(parent: str, key: Any) -> Row | None:
            found = names[parent].rows(key, TOLD[parent])
            return found[0] if found else None

        self._name = name

    def first_pages(self, asked: Sequence[tuple[Any, int]]) -> dict[tuple[Any, int], Page]:
        """Return first pages by customer and length, as `timeline` gives them; not of who has no facts, or too many."""
        return {(customer, limit): page for customer, limit in asked if (page := self._page(customer, limit))}

    def _page(self, customer: Any, limit: int) -> Page | None:
        items: list[Item] = []
        for table in FACTS:
            rows = self._facts[table.name].rows(customer, most=MOST_FACTS + 1)
            if len(rows) > MOST_FACTS:
                return None
            items += items_of(table, latest(table, rows, limit + 1))
        return pages_of({customer: items}, limit, self._told)[customer] if items else None

    def _told(self, facts: list[tuple[Table, Row]]) -> list[Row]:
        return with_names(facts, self._names_of)

    def _names_of(self, parent: str, keys: set[Any]) -> dict[Any, Row]:
        return {key: row for key in keys if (row := self._name(parent, key)) is not None}


@dataclass(frozen=True)
class CopiedCustomers:
    """The rows of customer_360 and the terms of search, of one build."""

    build_id: int
    rows: Copy
    terms: Copy

    @property
    def bytes(self) -> int:
        """How much disk they take."""
        return self.rows.bytes + self.terms.bytes

    def profiles(self, customers: Sequence[Any]) -> dict[Any, Row]:
        """Return the rows of customers by key, as `profiles.profiles` does."""
        return {customer: rows[0] for customer in customers if (rows := self.rows.rows(customer))}

    def search(self, words: Sequence[str], limit: int, *, personal: bool) -> list[Row]:
        """Return up to `limit` customers of whom every word begins a term, as `search.search` does."""
        if not words:
            return []
        first, *others = sorted(words, key=len, reverse=True)
        wanted = limit * search.ENOUGH
        if others:
            found = self._having(first, personal=personal)
            for word in others:
                found = _only(found, self._having(word, personal=personal))
        else:
            found = self._having(first, personal=personal, most=wanted)
        keys = dict.fromkeys(found[:wanted].to_pylist())
        return [row for key in list(keys)[:limit] for row in self.rows.rows(key, search.FOUND)]

    def _having(self, word: str, *, personal: bool, most: int | None = None) -> pa.Array:
        """Return the customers of the terms that a word begins, in the order of the terms; the first `most` alone."""
        found: list[pa.Array] = [pa.array([], self.terms.types[2])]
        number = 0
        for low, below in search.ranges(word):
            for _, is_personal, customers in self.terms.between(low, below):
                size = max(most, AT_ONCE) if most else len(customers)
                for start in range(0, len(customers), size):
                    part = slice(start, start + size)
                    found.append(
                        customers[part] if personal else customers[part].filter(pc.invert(is_personal[part]))
                    )
                    number += len(found[-1])
                    if most is not None and number >= most:
                        return pa.concat_arrays(found)
        return pa.concat_arrays(found)


def _only(found: pa.Array, others: pa.Array) -> pa.Array:
    """Return what is found that is among others too; the fewer ones are looked up in."""
    if len(others) > len(found):
        others = others.filter(pc.is_in(others, found))
    return found.filter(pc.is_in(found, others))


def copy_facts(engine: Engine, changes: int, room: Room) -> CopiedFacts:
    """Return copies of all facts; raises NoRoom where there is none for them."""
    return CopiedFacts(
        changes,
        {table.name: _copy(engine, table.name, ("customer_id", *_others(table)), room) for table in FACTS},
        {
            name: _copy(engine, name, (table_named(name).key.name, *columns), room)
            for name, columns in TOLD.items()
        },
    )


def copy_customers(engine: Engine, build_id: int, room: Room) -> CopiedCustomers:
    """Return copies of the rows and terms of the latest build; raises NoRoom where there is none for them."""
    return CopiedCustomers(
        build_id,
        _copy(engine, TABLE, tuple(kinds(engine.settings.id_type)), room),
        _copy(engine, search.TABLE, ("term", "is_personal", "customer_id"), room),
    )


def _others(table: Table) -> list[str]:
    return [name for name in table.names if name != "customer_id"]


def _copy(engine: Engine, table: str, columns: Sequence[str], room: Room) -> Copy:
    """Return a copy of a table by the first of its columns, in its own order where that is of use."""
    query = exp.select(*columns).from_(table)
    try:
        with engine.stream(engine.sql(query)) as reader:
            return copied(reader, room)
    except Scattered:
        with engine.stream(engine.sql(query.order_by(columns[0]))) as reader:
            return copied(reader, room)
