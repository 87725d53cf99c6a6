"""ClickHouse in this process (chDB) by hand: clickhouse.sql over MergeTree tables by date."""

from __future__ import annotations

import re
from pathlib import Path

from chdb.session import Session

from benchmarks.measure import Figures, Stopwatch

HERE = Path(__file__).parent


def prepare(folder: str, to: str, customers: int, threads: int) -> None:
    """Load the contract tables as they arrived."""
    session = Session(to)
    _begin(session, threads)
    for statement in _statements("clickhouse_tables.sql"):
        session.query(statement)
        name = _made_by(statement)
        session.query(f"INSERT INTO {name} SELECT * FROM file('{folder}/arrivals/{name}.parquet')")
        session.query(f"OPTIMIZE TABLE {name} FINAL")  # as it would be after a night's merges
    session.close()


def full(folder: str, as_of: str, threads: int, result: str | None = None) -> Figures:
    """Make customer_360 with the statements of clickhouse.sql, and write it to `result` after the clock stopped."""
    session = Session(f"{folder}/chdb")
    _begin(session, threads)
    statements = _statements("clickhouse.sql")
    made = [_made_by(statement) for statement in statements]
    for name in made:
        session.query(f"DROP TABLE IF EXISTS {name}")
    with Stopwatch() as watch:
        for statement in statements:
            session.query(statement.replace("{as_of}", f"toDate32('{as_of}')"))
    if result:
        session.query(f"SELECT * FROM customer_360 INTO OUTFILE '{result}' FORMAT Parquet")
    for name in made:
        session.query(f"DROP TABLE {name}")
    session.close()
    return watch.figures


def _begin(session: Session, threads: int) -> None:
    session.query("CREATE DATABASE IF NOT EXISTS shop")
    session.query("USE shop")
    session.query(f"SET max_threads = {threads}, join_use_nulls = 1")


def _statements(file: str) -> list[str]:
    text = (HERE / file).read_text("utf-8")
    return [statement for statement in text.split(";\n") if statement.strip()]


def _made_by(statement: str) -> str:
    found = re.search(r"^CREATE TABLE (\w+)", statement, re.MULTILINE)
    assert found, f"not a CREATE TABLE: {statement[:80]}"
    return found.group(1)
