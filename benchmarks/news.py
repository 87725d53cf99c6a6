"""A day's news: one fact of every kind for one customer in a hundred, loaded as a user would, from files."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from benchmarks.measure import BenchmarkError, Figures, Stopwatch
from patron.contract import FACTS, Table
from patron.engines import Engine
from patron.engines.arrow import arrow_schema
from patron.sources.load import load

ONE_IN = 100
SAYS: dict[str, dict[str, Any]] = {
    "purchase_transactions": {
        "product_id": 1,
        "quantity": 1,
        "total_amount": Decimal("19.99"),
        "store_id": 1,
    },
    "website_behavior": {"pages_viewed": 5, "time_spent": 240, "source": "direct"},
    "product_views": {"product_id": 1},
    "campaign_responses": {"campaign_id": 1, "response_type": "click"},
    "customer_service": {
        "interaction_type": "inquiry",
        "product_id": 1,
        "resolution_status": "resolved",
        "satisfaction_score": 5,
    },
}


def load_news(engine: Engine, day: date, number: int, folder: Path) -> Figures:
    """Load news of `day` for the customers whose id leaves `number` modulo 100; return how long loading took.

    They lie evenly among all, which is the worst case for data kept in the order of customers.
    """
    write_news(engine, day, number, folder)
    with Stopwatch() as watch:
        report = load(engine, folder)
    if report.quarantined:
        raise BenchmarkError(f"{report.quarantined} rows of news were quarantined.")
    return watch.figures


def write_news(engine: Engine, day: date, number: int, folder: Path) -> None:
    """Write the news as Parquet files in the contract's layout."""
    folder.mkdir()
    customers = engine.query(
        f"SELECT customer_id FROM customer_info WHERE customer_id % {ONE_IN} = {number} ORDER BY customer_id"
    )
    ids = [row["customer_id"] for row in customers]
    first = 1 + max(
        engine.query(f"SELECT MAX({fact.key.name}) AS last FROM {fact.name}")[0]["last"] or 0
        for fact in FACTS
    )
    keys = list(range(first, first + len(ids)))
    for fact in FACTS:
        columns = {name: [value] * len(ids) for name, value in _said(fact, day).items()}
        columns |= {fact.key.name: keys, "customer_id": ids}
        for own in ("order_id", "session_id"):
            if own in fact.names:
                columns[own] = keys
        schema = arrow_schema(fact, engine.settings.id_type)
        parquet.write_table(pa.table(columns, schema=schema), folder / f"{fact.name}.parquet")


def _said(fact: Table, day: date) -> dict[str, Any]:
    when = datetime.combine(day, time(12)) if fact.name == "product_views" else day
    return SAYS[fact.name] | {str(fact.date): when}
