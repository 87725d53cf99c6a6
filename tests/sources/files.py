"""Folders of files for tests: a small sound shop as CSV, and one change at a time."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from patron.contract import table_named
from patron.engines import Engine
from patron.sources.load import LoadReport, TableCounts
from tests.reference import Row

CUSTOMERS = """\
customer_id,first_name,last_name,email,phone_number,date_of_birth,registration_date
1,Ann,Ash,ann@example.com,,1980-01-01,2020-01-01
2,Bob,Birch,bob@example.com,555-0102,,2021-06-15
3,Cem,Çelik,,,,
"""
PRODUCTS = """\
product_id,product_name,category,brand,price,launch_date
10,Tea,Drinks,Leaf,2.50,2019-01-01
11,Cup,Kitchen,Clay,7.00,
"""
PURCHASES = """\
transaction_id,customer_id,product_id,purchase_date,quantity,total_amount,store_id,order_id
100,1,10,2024-01-05,2,5.00,1,900
101,1,11,2024-01-05,1,7.00,1,900
102,2,10,2024-02-01,-1,-2.50,,
"""
CAMPAIGNS = """\
campaign_id,campaign_name,start_date,end_date,channel,target_audience
20,Spring,2024-03-01,2024-03-31,email,all
"""
SERVICE = (
    "interaction_id,customer_id,interaction_date,interaction_type,"
    "product_id,resolution_status,satisfaction_score\n"
)
VISITS = "session_id,customer_id,visit_date,pages_viewed,time_spent,source\n"
VIEWS = "view_id,session_id,customer_id,product_id,viewed_at\n"
RESPONSES = "response_id,campaign_id,customer_id,response_date,response_type\n"

Content = str | bytes


def shop_files(folder: Path, **changed: Content) -> Path:
    """Write customers, products and purchases as CSV into `folder`, with other content where a table has some."""
    contents: dict[str, Content] = {
        "customer_info": CUSTOMERS,
        "product_catalog": PRODUCTS,
        "purchase_transactions": PURCHASES,
        **changed,
    }
    for name, content in contents.items():
        write(folder / f"{name}.csv", content)
    return folder


def write(path: Path, content: Content) -> Path:
    """Write a file, packed if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_parquet(path: Path, columns: dict[str, Any]) -> Path:
    """Write a Parquet file from columns of values or Arrow arrays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def stored(engine: Engine, table: str) -> list[Row]:
    """Return a table's rows by its key."""
    return engine.query(f"SELECT * FROM {table} ORDER BY {table_named(table).key.name}")


def keys(engine: Engine, table: str) -> list[Any]:
    """Return a table's keys."""
    return [row[table_named(table).key.name] for row in stored(engine, table)]


def refused(engine: Engine, *columns: str) -> list[tuple[Any, ...]]:
    """Return these columns of the quarantine, in the order of tables, files and lines."""
    rows = engine.query(
        f"SELECT {', '.join(columns)} FROM quarantine ORDER BY table_name, source_file, source_line, reason_code"
    )
    return [tuple(row.values()) for row in rows]


def counts(report: LoadReport, table: str) -> TableCounts:
    """Return what became of one table's rows."""
    return next(one for one in report.tables if one.table == table)


def changed(engine: Engine) -> set[Any]:
    """Return whose rows are noted as changed, and forget it."""
    found = {row["customer_id"] for row in engine.query("SELECT customer_id FROM changed_customers")}
    engine.query("DELETE FROM changed_customers")
    return found
