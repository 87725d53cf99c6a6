"""On PostgreSQL any application may write to the shop's tables, and the next incremental build must see it."""

from __future__ import annotations

import random

import psycopg
import pytest
from psycopg import sql

from patron.contract import CONTRACT, FACTS, Table, table_named
from patron.engines.postgres import PostgresEngine
from tests.reference import Row, Shop, customer_360
from tests.shops import MODELS, TODAY, random_shop
from tests.support.compare import assert_same
from tests.support.databases import Databases, allow_orphans, fill, requested_engines, rows

ON_SERVERS = [name for name in requested_engines() if name != "duckdb"]


@pytest.mark.parametrize("kind", ON_SERVERS)
@pytest.mark.parametrize("seed", range(4))
def test_writes_of_other_applications_are_built_in(kind: str, databases: Databases, seed: int) -> None:
    rng = random.Random(f"writers {seed}")
    shop = random_shop(rng)
    with databases.shared(kind) as engine:
        assert isinstance(engine, PostgresEngine)
        allow_orphans(engine)
        fill(engine, shop)
        engine.build(TODAY)
        for _ in range(4):
            donor = random_shop(rng)
            with psycopg.connect(engine.url) as other:
                for write in rng.choices([_update, _delete, _truncate], weights=[6, 4, 1], k=4):
                    write(rng, other, shop, donor)
            record = engine.build(TODAY)
            assert record.kind == "incremental"
            assert_same(rows(engine, "SELECT * FROM customer_360"), customer_360(shop, TODAY, MODELS[0]))


def _update(rng: random.Random, other: psycopg.Connection, shop: Shop, donor: Shop) -> None:
    """Give some rows of a table another's values and, if they are facts, another customer."""
    table = rng.choice(
        [table for table in CONTRACT if shop[table.name] and donor[table.name]] or [CONTRACT[0]]
    )
    for row in rng.sample(shop[table.name], min(3, len(shop[table.name]))):
        source = rng.choice(donor[table.name])
        new = {
            column.name: source[column.name]
            for column in table.columns
            if column is not table.key and not column.references
        }
        if table.is_fact:
            new["customer_id"] = rng.choice(shop["customer_info"])["customer_id"]
        settings = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in new]
        statement = sql.SQL("UPDATE {} SET {}").format(
            sql.Identifier(table.name), sql.SQL(", ").join(settings)
        )
        _where_key(other, statement, table, row, list(new.values()))
        row |= new


def _delete(rng: random.Random, other: psycopg.Connection, shop: Shop, _: Shop) -> None:
    """Delete a few facts of one table, or a product, which leaves facts about an unknown one."""
    table = rng.choice([*FACTS, table_named("product_catalog")])
    referred = {row["session_id"] for row in shop["product_views"]}
    for row in rng.sample(shop[table.name], min(3, len(shop[table.name]))):
        if table.name == "website_behavior" and row["session_id"] in referred:
            continue
        _where_key(other, sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)), table, row, [])
        shop[table.name].remove(row)


def _truncate(rng: random.Random, other: psycopg.Connection, shop: Shop, _: Shop) -> None:
    table = rng.choice([fact for fact in FACTS if fact.name != "website_behavior"])
    other.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table.name)))
    shop[table.name].clear()


def _where_key(
    other: psycopg.Connection, statement: sql.Composed, table: Table, row: Row, values: list[object]
) -> None:
    condition = sql.SQL(" WHERE {} = {}").format(sql.Identifier(table.key.name), sql.Placeholder())
    other.execute(statement + condition, [*values, row[table.key.name]])
