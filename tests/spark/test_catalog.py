"""Contract tables that stand in a catalog and not at the location of the lake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from patron.contract import CONTRACT
from patron.contract.ddl import create_table
from patron.engines import connect
from patron.engines.spark import SparkEngine
from patron.engines.spark.lake import Lake
from patron.errors import DatabaseError, NoDatabase
from patron.settings import Model, Settings
from patron.sources.load import load
from tests.reference import Shop
from tests.shops import TODAY, shop
from tests.sources.files import keys, shop_files
from tests.support.databases import Databases, fill, lakes_of_the_model, rows

SCHEMA = "shop"
PLAIN = Settings(model=Model(figures=False))  # which takes half as many statements


def fill_catalog(engine: SparkEngine, some: Shop) -> None:
    """Make the tables as `patron ddl` prints them, in a schema of their own, over files with these rows."""
    fill(engine, some)
    session = engine.lake.session
    session.sql(f"CREATE DATABASE {SCHEMA}").collect()
    for table in CONTRACT:
        statement = create_table(table, "spark", if_not_exists=False)
        columns, _, about = statement.replace("TABLE ", f"TABLE {SCHEMA}.", 1).partition("\n) COMMENT ")
        place = f"USING parquet LOCATION '{engine.lake.path(table.name)}'"
        session.sql(f"{columns}) {place} COMMENT {about.partition('CLUSTER BY')[0]}").collect()


def test_tables_of_a_catalog_are_found(sail: SparkEngine) -> None:
    """Sail's own catalog lasts as long as a session, so that no build or load finds what is in it."""
    fill_catalog(sail, shop(purchases=[{"customer_id": 4}]))
    lake = Lake(sail.lake.session, replace(sail.where, schema=SCHEMA), "bigint")
    lake.show_declared()
    assert lake.rows("SELECT customer_id FROM purchase_transactions") == [{"customer_id": 4}]
    assert lake.rows("SELECT * FROM website_behavior") == []
    named = Lake(sail.lake.session, replace(sail.where, schema="main.shop-1"), "bigint")
    assert named.source(CONTRACT[0]) == "`main`.`shop-1`.`customer_info`"


def test_a_schema_that_there_is_not(sail: SparkEngine, sail_url: str) -> None:
    with pytest.raises(NoDatabase, match="see that nosuch is right and has all tables of `patron ddl"):
        connect(f"{sail_url};schema=nosuch", Settings())


@pytest.fixture(params=[one for one in lakes_of_the_model() if one == "spark"])
def kept(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The URL of an empty lake on an engine whose catalog all sessions see."""
    url = databases.empty(request.param)
    yield url
    databases.drop(url)


@pytest.mark.slow
def test_tables_of_a_catalog_are_built_from_and_loaded_beside(kept: str, tmp_path: Path) -> None:
    with connect(kept, PLAIN) as plain:
        assert isinstance(plain, SparkEngine)
        plain.init()
        fill_catalog(plain, shop(purchases=[{"customer_id": number} for number in (1, 7)]))
    apart = f"{kept}/apart;schema={SCHEMA}"  # only the catalog says where the tables are
    with connect(apart, PLAIN) as engine:
        engine.init()
        assert engine.build(TODAY).customers == 2
        assert load(engine, shop_files(tmp_path)).updated == 1
        assert keys(engine, "customer_info") == [1, 2, 3, 7]
        record = engine.build(TODAY)
        assert (record.kind, record.customers) == ("incremental", 4)
        found = rows(engine, "SELECT customer_id, total_purchases FROM customer_360 ORDER BY customer_id")
        assert [row["total_purchases"] for row in found] == [2, 0, 0, 1], "2 only returned something"
        with pytest.raises(DatabaseError, match="only reads the tables of the schema"):
            engine.append(CONTRACT[0], [])
