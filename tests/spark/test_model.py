"""The one model on engines behind Spark Connect: the same values as the reference and as DuckDB.

A build on them costs seconds where DuckDB takes milliseconds, so many shops stand side by side in one: Sail meets
two hundred, Apache Spark fifty, and each of them a sample shop of a thousand customers, Apache Spark when asked for.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

import pytest

from patron.engines import Engine
from patron.engines.spark import SparkEngine
from patron.engines.spark.render import rendered
from patron.errors import NotReconciled
from patron.model.steps import STORED, kept, step_named
from patron.settings import Settings
from patron.sources.sample import Sample, store
from tests.reference import customer_360, rfm_cut_points
from tests.shops import TODAY, random_case, random_shop, shop, together
from tests.support.compare import assert_same
from tests.support.databases import Databases, fill, lakes_of_the_model, rows

TOGETHER = 50
SEEDS = {"sail": range(4), "spark": range(1)}


@pytest.mark.slow
@pytest.mark.parametrize("kind", lakes_of_the_model())
def test_seeded_shops_side_by_side(kind: str, databases: Databases) -> None:
    for seed in SEEDS[kind]:
        rng = random.Random(f"lake {seed}")
        case = random_case(rng)
        many = together(random_shop(rng, case.as_of, "text") for _ in range(TOGETHER))
        with databases.shared(kind, Settings(model=case.model, id_type="text")) as engine:
            fill(engine, many)
            record = engine.build(case.as_of)
            assert record.kind == "full"
            assert_same(
                rows(engine, "SELECT * FROM customer_360"), customer_360(many, case.as_of, case.model)
            )
            cuts = rfm_cut_points(many, case.as_of, case.model)
            assert_same(rows(engine, "SELECT * FROM rfm_cut_points"), cuts, key="cut_point")


@pytest.mark.slow
def test_a_sample_shop_is_as_duckdb_has_it_row_for_row(lake: str, databases: Databases) -> None:
    """customer_360, and all that figures are read from."""
    sample = Sample(1000, 1, date(2025, 12, 31), "bigint")
    with databases.shared(lake) as engine, databases.shared("duckdb") as other:
        for one in (engine, other):
            store(sample, one)
            one.build(sample.end)
        assert_same(rows(engine, "SELECT * FROM customer_360"), rows(other, "SELECT * FROM customer_360"))
        for step in kept(*STORED):
            if step.name != "current_build":
                assert contents(engine, step.name) == contents(other, step.name), step.name


def contents(engine: Engine, table: str) -> Counter[str]:
    columns = sorted(step_named(table).columns)
    found = rows(engine, f"SELECT {', '.join(columns)} FROM {table}")
    return Counter(repr([row[name] for name in columns]) for row in found)


def test_another_session_sees_the_build_before_until_the_new_one_is_done(
    sail: SparkEngine, sail_url: str
) -> None:
    fill(sail, shop(customers=[{"customer_id": 1}]))
    sail.build(TODAY)
    first = rows(sail, "SELECT * FROM customer_360")
    fill(sail, shop(customers=[{"customer_id": 2}]))
    with SparkEngine(sail_url, Settings()) as reader:
        record = sail.build(TODAY + timedelta(days=1))
        assert (record.build_id, record.customers, record.new_customers) == (2, 2, 1)
        assert rows(reader, "SELECT * FROM customer_360") == first
        with reader.snapshot():
            assert len(rows(reader, "SELECT * FROM customer_360")) == 2
            assert rows(reader, "SELECT build_id FROM new_customers WHERE customer_id = 2") == [
                {"build_id": 2}
            ]


def test_a_build_that_does_not_reconcile_replaces_nothing(sail: SparkEngine) -> None:
    fill(sail, shop(purchases=[{}]))
    sail.build(TODAY)
    before = rows(sail, "SELECT * FROM customer_360")
    orphan = shop(purchases=[{"customer_id": 9, "transaction_id": 7}]) | {"customer_info": []}
    fill(sail, orphan)
    with pytest.raises(NotReconciled, match="does not reconcile"):
        sail.build(TODAY)
    with sail.snapshot():
        assert rows(sail, "SELECT * FROM customer_360") == before
        assert rows(sail, "SELECT build_id FROM builds") == [{"build_id": 1}]


def test_an_empty_shop_builds(sail: SparkEngine) -> None:
    assert sail.build(TODAY).customers == 0
    assert rows(sail, "SELECT * FROM customer_360") == []


def test_percentiles_are_counted_out(sail: SparkEngine) -> None:
    """Each value that is a discrete percentile of a small list, by the definition."""
    query = rendered(
        step_named("rfm_cut_points").tree,
        {
            f"{measure}_cut_{number}": None
            for measure in ("recency", "frequency", "monetary")
            for number in (1, 2, 3, 4)
        }
        | {"as_of": TODAY},
    )
    for count in (1, 2, 4, 5, 6, 11):
        sail.lake.view(
            "customer_features",
            "SELECT CAST(id AS BIGINT) AS total_purchases, DATE'2024-01-01' AS last_purchase_date, "
            f"CAST(id AS DECIMAL(18, 2)) AS total_lifetime_value FROM RANGE(1, {count + 1})",
        )
        found = [row["frequency"] for row in sail.lake.rows(f"{query} ORDER BY cut_point")]
        assert found == [-(-count * fifths // 5) for fifths in (1, 2, 3, 4)]
