"""Profiles, first pages of timelines and search, from copies of what the database has.

The answers are those of `profiles.py`, `timeline.py` and `search.py`. What is rare, such as a customer with thousands
of facts, is left to those. Copies are made of an engine that keeps rows in the order in which they were written, and
orders text by code point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from patron.contract import CUSTOMER_INFO, FACTS, Table, table_named
from patron.customers import search
from patron.customers.columns import Reader, instants, time_of
from patron.customers.conditions import TABLE, kinds
from patron.customers.copies import Batch, Copy, Room, Scattered, copied
from patron.customers.facts import ABOUT, TOLD, UNKNOWN
from patron.customers.timeline import COLUMNS, Told, ToldPage, told_of
from patron.engines.base import Engine, Row

MOST_FACTS = 2_000  # of a customer, which are put in order here; a database picks the latest ones of more
AT_ONCE = 8_192  # terms that are looked through before the next ones are
FEW_TERMS = 100_000  # which takes 2 to 5 ms, and in a thread several times that, as it waits for Python again and again
NAMES_KEPT = 20_000  # of products and campaigns, as rows that need not be made again
Readers = list[tuple[str, Reader]]
Found = tuple[int, int, Any, Readers, int]
"""A fact: when it happened, its table's number below 0, its key, what gives what is told of it, and its row there."""
LATEST_FIRST = itemgetter(0, 1, 2)


class CopiedFacts:
    """The facts of all customers, and the names of what they are about, as of one number of `Serving.changes`."""

    def __init__(self, changes: int, customers: Copy, facts: dict[str, Copy], names: dict[str, Copy]) -> None:
        self.changes = changes
        self.bytes = sum(copy.bytes for copy in (customers, *facts.values(), *names.values()))
        self._customers = customers
        self._facts = facts
        # Made here and not when they are asked for, which is when somebody waits.
        self._readers = {
            batch: _readers_of(table, batch) for table in FACTS for batch in facts[table.name].batches
        }

        @lru_cache(
            NAMES_KEPT
        )  # of no method: it would keep the files of former copies until a collection of garbage
        def name(parent: str, key: Any) -> Row:
            found = names[parent].rows(key, TOLD[parent]) if key is not None else []
            return found[0] if found else UNKNOWN[parent]

        for parent, copy in names.items():
            for key in islice(copy.keys(), NAMES_KEPT // len(names)):
                name(parent, key)
        self._name = name

    def first_page(self, customer: Any, limit: int) -> ToldPage | None:
        """Return the first page of a timeline as it is told; None for who is not known, or has too many facts."""
        found: list[Found] = []
        for number, table in enumerate(FACTS):
            for batch, start, end in self._facts[table.name].places(customer):
                if len(found) + end - start > MOST_FACTS:
                    return None
                instant, key, facts = self._readers[batch]
                found += [(instant(row), -number, key(row), facts, row) for row in range(start, end)]
        if not found:
            return ([], None) if any(self._customers.places(customer)) else None
        found.sort(key=LATEST_FIRST, reverse=True)
        shown = found[:limit]
        return [self._told(*one) for one in shown], _end(shown[-1]) if len(found) > limit else None

    def _told(self, _: int, number: int, key: Any, facts: Readers, row: int) -> Told:
        table = FACTS[-number]
        fact = {name: read(row) for name, read in facts}
        for column, parent in ABOUT[table.name]:
            fact |= self._name(parent, fact[column])
        return told_of(table, key, fact)


def _readers_of(table: Table, batch: Batch) -> tuple[Reader, Reader, Readers]:
    """Return what gives facts' times, their keys, and what is told of them by name."""
    when, key, told = str(table.date), table.key.name, COLUMNS[table.name]
    return (
        instants(batch.columns[when]),
        batch.readers[key],
        [(name, batch.readers[name]) for name in told],
    )


def _end(last: Found) -> list[Any]:
    """Return the place where the next page begins, as `timeline` does."""
    instant, number, key, *_ = last
    return [time_of(instant).isoformat(), FACTS[-number].name, key]


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

    def profile(self, customer: Any) -> Row | None:
        """Return a customer's row, with money as JSON's numbers; None where there is none."""
        rows = self.rows.rows(customer)
        return rows[0] if rows else None

    def is_quick(self, words: Sequence[str], *, personal: bool) -> bool:
        """Whether a search looks through few terms, so that nothing need be done beside it."""
        if personal and len(words) == 1:
            return True  # the first terms do
        ranges = [one for word in words for one in search.ranges(word)]
        return sum(len(terms) for one in ranges for terms, *_ in self.terms.between(*one)) <= FEW_TERMS

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
        _copy(engine, CUSTOMER_INFO.name, (CUSTOMER_INFO.key.name,), room),
        {table.name: _copy(engine, table.name, _customer_first(table), room) for table in FACTS},
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


def _customer_first(table: Table) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("customer_id", *table.names)))


def _copy(engine: Engine, table: str, columns: Sequence[str], room: Room) -> Copy:
    """Return a copy of a table by the first of its columns, in its own order where that is of use."""
    query = exp.select(*columns).from_(table)
    try:
        with engine.stream(engine.sql(query)) as reader:
            return copied(reader, room)
    except Scattered:
        with engine.stream(engine.sql(query.order_by(columns[0]))) as reader:
            return copied(reader, room)
