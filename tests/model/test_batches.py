"""Builds on several threads, full ones in many batches of customers, give what one thread gives in one batch."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlglot import exp, parse_one

import patron.engines.duckdb.build
from patron.contract import CONTRACT, IdType
from patron.engines import connect
from patron.engines.duckdb.batch import BATCH, DATABASE, parts_of_check
from patron.settings import Settings
from tests.reference import customer_360
from tests.shops import TODAY, random_shop, staged, together
from tests.support.compare import assert_same
from tests.support.databases import Databases, fill, rows


@pytest.mark.parametrize("id_type", ["bigint", "text"])
@pytest.mark.parametrize("threads", [1, 3])
def test_batches_do_not_show(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, id_type: IdType, threads: int
) -> None:
    rng = random.Random(f"{id_type} {threads}")
    many = id_type == "text"  # only text ids let many shops stand side by side
    shop = together(random_shop(rng, TODAY, id_type) for _ in range(20)) if many else random_shop(rng, TODAY)
    monkeypatch.setattr(patron.engines.duckdb.build, "FACTS_A_BATCH", 40 if many else 3)
    told = Settings(id_type=id_type, threads=threads)
    with databases.shared("duckdb", told) as engine:
        before = engine.query("SELECT current_setting('threads') AS threads")
        fill(engine, shop)
        engine.build(TODAY, full=True)
        assert_same(rows(engine, "SELECT * FROM customer_360"), customer_360(shop, TODAY, told.model))
        assert engine.query("SELECT current_setting('threads') AS threads") == before


@pytest.mark.parametrize(("name", "threads"), [("shop", 1), ("""o'dd", "name""", 3)])
def test_changed_customers_are_computed_side_by_side(tmp_path: Path, name: str, threads: int) -> None:
    rng = random.Random(f"{name} {threads}")
    whole = together(random_shop(rng, TODAY, "text") for _ in range(5))
    told = Settings(id_type="text", threads=threads)
    path = tmp_path / f"{name}.duckdb"
    with connect(str(path), told) as engine:
        engine.init()
        for part in staged(whole, lambda: rng.randrange(3)):
            fill(engine, part)
            engine.build(TODAY)
        assert engine.query("SELECT kind FROM builds ORDER BY build_id DESC LIMIT 1") == [
            {"kind": "incremental"}
        ]
        assert_same(rows(engine, "SELECT * FROM customer_360"), customer_360(whole, TODAY, told.model))
        assert engine.query("SELECT COUNT(*) AS left_behind FROM duckdb_databases() WHERE path IS NULL") == [
            {"left_behind": 2}  # DuckDB's own
        ]


def test_what_a_build_that_was_stopped_left_in_memory_is_not_in_the_way(tmp_path: Path) -> None:
    whole = random_shop(random.Random("left"), TODAY)
    with connect(str(tmp_path / "shop.duckdb"), Settings()) as engine:
        engine.init()
        for part in staged(whole, iter([0, 1] * 1_000).__next__):
            fill(engine, part)
            engine.query(f"ATTACH IF NOT EXISTS ':memory:' AS {DATABASE}")
            engine.query(f"CREATE OR REPLACE TABLE {BATCH}.batch (customer_id BIGINT)")
            engine.build(TODAY)
        assert_same(rows(engine, "SELECT * FROM customer_360"), customer_360(whole, TODAY, Settings().model))


def test_the_check_is_parted_where_results_begin() -> None:
    check = parts_of_check('"a shop".main')
    contract = {table.name for table in CONTRACT}
    assert not contract & {
        table.name for table in parse_one(check.rest, dialect="duckdb").find_all(exp.Table)
    }
    for name, sql in check.parts.items():
        assert any(f'"a shop".main.{table}' in sql for table in contract)
        assert all(f"${value}" in check.rest for value in check.values[name])
