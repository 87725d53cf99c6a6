"""The two views for those who wrote against the founding documents: their names, order, types and values.

The documents' lists are in tests/data as they stand there. A type must be the document's own, with two readings:
the key follows the setting `id_type`, and VARCHAR(20) may be text without a limit, as DuckDB's VARCHAR is.
"""

from __future__ import annotations

import json
import random
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from patron.contract import IdType
from patron.engines import Engine
from patron.settings import Settings
from tests.conftest import MakeEngine
from tests.shops import TODAY, random_shop, shop
from tests.support.compare import assert_same
from tests.support.databases import Databases, fill, rows

DATA = Path(__file__).parents[1] / "data"
CORE = re.findall(r"^- (\w+)", (DATA / "customer_360_core.txt").read_text("utf-8"), re.MULTILINE)
ANALYTICS: dict[str, str] = json.loads((DATA / "customer_360_analytics.json").read_text("utf-8"))[
    "customer_360"
]

# How the catalogues call the documents' types.
TYPES = {
    "duckdb": {
        "BIGINT": {"BIGINT"},
        "INTEGER": {"INTEGER"},
        "TEXT": {"VARCHAR"},
        "DATE": {"DATE"},
        "REAL": {"FLOAT"},
        "DECIMAL(12,2)": {"DECIMAL(12,2)"},
        "VARCHAR(20)": {"VARCHAR"},
    },
    "postgres": {
        "BIGINT": {"bigint"},
        "INTEGER": {"integer"},
        "TEXT": {"text"},
        "DATE": {"date"},
        "REAL": {"real"},
        "DECIMAL(12,2)": {"numeric(12,2)"},
        "VARCHAR(20)": {"text", "character varying(20)"},
    },
}
CATALOGUE = {
    "duckdb": "SELECT column_name AS name, column_type AS type FROM (DESCRIBE customer_360_analytics)",
    "postgres": """
        SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
        WHERE attrelid = 'customer_360_analytics'::regclass AND attnum > 0 ORDER BY attnum
    """,
}

# The columns of customer_360 that the second document has other names for.
RENAMED = {
    "total_spend": "total_lifetime_value",
    "avg_order_value": "average_order_value",
    "favorite_category": "favorite_product_category",
    "avg_satisfaction_score": "average_satisfaction_score",
    "total_sessions": "total_website_visits",
    "avg_pages_per_session": "average_pages_per_visit",
    "avg_time_per_session": "average_time_spent_on_site",
}


@pytest.fixture
def built(kind: str, databases: Databases) -> Engine:
    """An engine with a shop of customers of every sort, none so rich that DECIMAL(12,2) cannot hold her."""
    plain = random_shop(random.Random("views"))
    purchases = plain["purchase_transactions"]
    plain["purchase_transactions"] = [row for row in purchases if row["total_amount"] < 10**6]
    with databases.shared(kind) as engine:
        fill(engine, plain)
        engine.build(TODAY)
        return engine


def test_the_documents_lists_are_whole() -> None:
    assert (len(CORE), CORE[0], CORE[-1]) == (26, "customer_id", "churn_risk_score")
    assert (len(ANALYTICS), *ANALYTICS)[:2] == (31, "customer_id")


def test_core_has_the_first_documents_columns(built: Engine) -> None:
    actual = rows(built, "SELECT * FROM customer_360_core")
    whole = rows(built, "SELECT * FROM customer_360")
    assert actual
    assert_same(actual, [{name: row[name] for name in CORE} for row in whole])


@pytest.mark.parametrize("id_type", ["bigint", "text"])
def test_analytics_has_the_second_documents_columns_and_types(
    make_engine: MakeEngine, id_type: IdType
) -> None:
    engine = make_engine(Settings(id_type=id_type))
    actual = {row["name"]: row["type"] for row in rows(engine, CATALOGUE[engine.dialect])}
    assert list(actual) == list(ANALYTICS)
    wanted = ANALYTICS | {"customer_id": id_type.upper()}
    types = TYPES[engine.dialect]
    assert {name: kind for name, kind in actual.items() if kind not in types[wanted[name]]} == {}


def test_analytics_has_the_values_of_customer_360(built: Engine) -> None:
    actual = rows(built, "SELECT * FROM customer_360_analytics ORDER BY customer_id")
    whole = rows(built, "SELECT * FROM customer_360 ORDER BY customer_id")
    assert actual
    for ours, row in zip(actual, whole, strict=True):
        for name, kind in ANALYTICS.items():
            value = row[RENAMED.get(name, name)]
            if kind == "REAL" and value is not None:
                assert ours[name] == pytest.approx(float(value), rel=1e-6), name
            elif name != "avg_time_per_session":
                assert ours[name] == value, name


@pytest.mark.parametrize("times", [(1,), (1, 2), (2, 3), (1, 1, 2), ()])
def test_analytics_rounds_the_mean_time_half_up(
    kind: str, databases: Databases, times: tuple[int, ...]
) -> None:
    with databases.shared(kind) as engine:
        fill(engine, shop(customers=[{}], visits=[{"time_spent": time} for time in times]))
        engine.build(TODAY)
        [row] = rows(engine, "SELECT avg_time_per_session AS mean FROM customer_360_analytics")
    mean = Decimal(sum(times)) / len(times) if times else None
    assert row["mean"] == (None if mean is None else int(mean.quantize(Decimal(1), ROUND_HALF_UP)))
