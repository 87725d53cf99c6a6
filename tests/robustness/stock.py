"""A believable shop cut in two, as it arrives: what is there at first, and what comes later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from patron.contract import CONTRACT, Table
from patron.engines import Engine
from patron.sources.sample import Sample, write_parquet

# Some facts of the sample lie after either day. Between them little happens, so that a build may be incremental.
FIRST_DAY = date(2025, 12, 1)
SECOND_DAY = date(2025, 12, 3)

# Every 20th customer is late, with all that is known of them, and so is half of what some others bought.
_LATE = {
    "customer_info": "customer_id % 20 = 0",
    "purchase_transactions": "customer_id % 20 = 0 OR customer_id % 25 = 3 AND transaction_id % 2 = 0",
    "customer_service": "customer_id % 20 = 0",
    "campaign_responses": "customer_id % 20 = 0",
    "website_behavior": "customer_id % 20 = 0",
    "product_views": "customer_id % 20 = 0",
}
# Beside the late rows, a delivery has corrected ones, and others that cannot be stored.
_CORRECTED = {
    "customer_info": "SELECT * REPLACE ('new@example.com' AS email) FROM first WHERE customer_id % 50 = 1",
    "product_catalog": "SELECT * REPLACE ('Moved' AS category) FROM first WHERE product_id % 20 = 1",
    "customer_service": """
        SELECT * REPLACE (-interaction_id AS interaction_id, 9 AS satisfaction_score) FROM first
        WHERE interaction_id % 100 = 1
        UNION ALL
        SELECT * REPLACE (-1000000 - interaction_id AS interaction_id, -7 AS customer_id) FROM first
        WHERE interaction_id % 100 = 2
    """,
}


@dataclass(frozen=True)
class Stock:
    """Folders that `patron load` reads: `first`, then `late`, or `delivery`, which is `late` and more."""

    first: Path
    late: Path
    delivery: Path


def make_stock(folder: Path, customers: int) -> Stock:
    """Write a sample of so many customers into folders under `folder`."""
    whole = folder / "whole"
    write_parquet(Sample(customers=customers, seed=7), whole)
    stock = Stock(folder / "first", folder / "late", folder / "delivery")
    for part in (stock.first, stock.late, stock.delivery):
        part.mkdir()
    with duckdb.connect() as connection:
        for table in CONTRACT:
            late = _LATE.get(table.name, "FALSE")
            connection.from_parquet(str(_file(whole, table))).create_view("whole")
            connection.execute(f"CREATE VIEW first AS FROM whole WHERE NOT ({late})")
            connection.execute(f"CREATE VIEW late AS FROM whole WHERE {late}")
            delivery = f"FROM late UNION ALL ({_CORRECTED.get(table.name, 'FROM late LIMIT 0')})"
            for query, part in (
                ("FROM first", stock.first),
                ("FROM late", stock.late),
                (delivery, stock.delivery),
            ):
                connection.sql(query).write_parquet(str(_file(part, table)))
            for view in ("late", "first", "whole"):
                connection.execute(f"DROP VIEW {view}")
    return stock


def append(engine: Engine, folder: Path) -> None:
    """Append all rows of a folder to the contract tables, parents first."""
    for table in CONTRACT:
        engine.append(table, pq.read_table(_file(folder, table)).to_batches())


def _file(folder: Path, table: Table) -> Path:
    return folder / f"{table.name}.parquet"
