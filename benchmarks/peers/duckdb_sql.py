"""DuckDB by hand: duckdb.sql over tables in the order in which facts arrived."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from benchmarks.measure import Figures, Stopwatch
from patron.contract import CONTRACT
from patron.contract.ddl import create_table

SQL = Path(__file__).with_name("duckdb.sql")


def prepare(folder: str, to: str, customers: int, threads: int) -> None:
    """Load the contract tables as they arrived."""
    with duckdb.connect(to, config={"threads": threads}) as connection:
        for table in CONTRACT:
            connection.execute(create_table(table, "duckdb", keys=False))
            connection.execute(f"INSERT INTO {table.name} FROM '{folder}/arrivals/{table.name}.parquet'")


def full(folder: str, as_of: str, threads: int, result: str | None = None) -> Figures:
    """Make customer_360 with the statements of duckdb.sql, and write it to `result` after the clock stopped."""
    day = date.fromisoformat(as_of)
    with duckdb.connect(f"{folder}/peer.duckdb", config={"threads": threads}) as connection:
        connection.execute("DROP TABLE IF EXISTS customer_360")
        statements = connection.extract_statements(SQL.read_text("utf-8"))
        with Stopwatch() as watch:
            for statement in statements:
                dated = "$as_of" in statement.query
                connection.execute(statement, {"as_of": day} if dated else None)
        if result:
            connection.execute(f"COPY customer_360 TO '{result}'")
    return watch.figures
