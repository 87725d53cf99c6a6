"""Answers from copies, which there are of a DuckDB file alone, against those of the database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from patron.api.rendering import dumped
from patron.contract import CONTRACT, table_named
from patron.customers import quick
from patron.customers.copies import Room
from patron.customers.profiles import profiles
from patron.customers.search import prepare, search, words_of
from patron.customers.timeline import first_pages, told_page
from patron.engines import connect
from patron.engines.arrow import arrow_schema
from patron.engines.base import Engine
from patron.engines.serving import serve
from patron.settings import Settings
from tests.reference import Shop
from tests.shops import TODAY, days_ago, random_shop, shop, with_text_ids
from tests.support.databases import Databases, fill

PLENTY = 10**9
SEARCHES = (
    "a",
    "an",
    "m",
    "mill",
    "an mi",
    "1",
    "2 an",
    "e",
    "user",
    "+1 555",
    "é",
    "É",
    "ss",
    "ß",
    "nobody",
    "名",
)


@dataclass
class Copied:
    """A database and the copies of it."""

    engine: Engine
    customers: quick.CopiedCustomers
    facts: quick.CopiedFacts
    ids: list[Any]


@contextmanager
def copies_of(parts: list[Shop], id_type: Any, url: str, folder: Path) -> Iterator[Copied]:
    """Lend copies of a shop that came in parts, all of it built."""
    settings = Settings(id_type=id_type)
    with connect(url, settings) as engine:
        engine.init()
        for part in parts:
            fill(engine, part)
        build = engine.build(TODAY).build_id
    with serve(url, settings) as serving:
        assert prepare(serving)
        room = Room(folder, PLENTY)
        with serving.reading(60) as engine:
            ids = [row["customer_id"] for row in engine.query("SELECT customer_id FROM customer_info")]
            customers = quick.copy_customers(engine, build, room)
            yield Copied(engine, customers, quick.copy_facts(engine, 1, room), ids)


def check(copied: Copied, nobody: Any) -> None:
    """Check that all answers from copies are those of the database."""
    asked = [*copied.ids, nobody]
    rows = profiles(copied.engine, asked)
    assert [dumped(copied.customers.profile(one)) for one in asked] == [
        dumped(rows.get(one)) for one in asked
    ]
    for limit in (1, 3, 200):
        pages = first_pages(copied.engine, asked, limit)
        for one in asked:
            of_database = told_page(pages[one]) if one in pages else None
            assert dumped(copied.facts.first_page(one, limit)) == dumped(of_database)
    for text in SEARCHES:
        for personal in (True, False):
            for limit in (1, 2, 50):
                found = copied.customers.search(words_of(text), limit, personal=personal)
                assert found == search(
                    copied.engine, words_of(text), limit, personal=personal, indexed=True
                ), text


@pytest.mark.parametrize(("seed", "id_type"), [(0, "bigint"), (1, "text")])
def test_copies_answer_as_the_database_does(
    seed: int, id_type: Any, databases: Databases, tmp_path: Path
) -> None:
    url = databases.empty("duckdb")
    whole = random_shop(random.Random(seed), TODAY, id_type)
    with copies_of([whole], id_type, url, tmp_path) as copied:
        check(copied, "nobody" if id_type == "text" else 987_654)
    databases.drop(url)


@pytest.mark.parametrize("id_type", ["bigint", "text"])
def test_facts_that_came_later_and_odd_names_are_answered_alike(
    id_type: Any, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.empty("duckdb")
    whole = _odd_shop()
    halves = [
        {
            table.name: [
                row for place, row in enumerate(whole[table.name]) if not table.is_fact or place % 2 == half
            ]
            if table.is_fact or half == 0
            else []
            for table in CONTRACT
        }
        for half in (0, 1)
    ]
    parts = [with_text_ids(half) if id_type == "text" else half for half in halves]
    with copies_of(parts, id_type, url, tmp_path) as copied:
        check(copied, "nobody" if id_type == "text" else 987_654)
        # Who has more facts of a table than are read is left to the database.
        counts = {one: copied.engine.query(_COUNT, [one])[0]["number"] for one in copied.ids}
        monkeypatch.setattr(quick, "MOST_FACTS", most := sorted(counts.values())[len(counts) // 2])
        pages = {one: copied.facts.first_page(one, 5) for one in copied.ids}
        assert {one for one, page in pages.items() if page} == {
            one for one, number in counts.items() if number <= most
        }
    databases.drop(url)


_COUNT = "SELECT COUNT(*) AS number FROM purchase_transactions WHERE customer_id = ?"


def _odd_shop() -> Shop:
    names = [
        ("Anna", "Miller"), ("anne-marie", "Smith"), ("Élodie", "Müller"), ("ÉLAN", "ßen"), ("名前", "姓"),
        (None, None), ("Ann", "Millet"), ("", " "), ("%_\\", "?$1"), ("Bob", "von SSen"), ("Minna", "Ande"),
    ]  # fmt: skip
    return shop(
        customers=[
            {
                "customer_id": number,
                "first_name": first,
                "last_name": last,
                "email": f"user{number}@example.com" if number % 4 else None,
                "phone_number": f"+1-555-010-{number:04d}" if number % 3 else None,
            }
            for number, (first, last) in enumerate(names * 3, 1)
        ],
        products=[{"category": "Toys", "brand": "Acme"}, {"category": None}],
        purchases=[
            {
                "customer_id": 1 + number * number % 29,
                "product_id": 1 + number % 2,
                "purchase_date": days_ago(number * 7 % 50),
                "total_amount": (number * 37 % 900) - 40,
            }
            for number in range(300)
        ],
    )


def test_products_in_no_order_are_sorted_first(databases: Databases, tmp_path: Path) -> None:
    url, number = databases.empty("duckdb"), 20_000
    shuffled = random.Random(3).sample(range(number), number)
    products = pa.table({"product_id": shuffled, "product_name": [f"product {one}" for one in shuffled]})
    with connect(url, Settings()) as engine:
        engine.init()
        table = table_named("product_catalog")
        schema = arrow_schema(table, "bigint")
        columns = {
            name: products[name] if name in products.column_names else pa.nulls(number)
            for name in schema.names
        }
        engine.append(table, pa.table(columns).cast(schema).to_batches(5_000))
    room = Room(tmp_path, PLENTY)
    before = room.left
    with serve(url, Settings()) as serving, serving.reading(60) as engine:
        facts = quick.copy_facts(engine, 1, room)
    assert before - room.left == facts.bytes  # what was written in vain is given back
    assert facts._name("product_catalog", 4711) == {
        "product_name": "product 4711",
        "category": None,
        "brand": None,
    }
    databases.drop(url)
