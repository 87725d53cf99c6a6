"""On PostgreSQL: the stored procedure beside hand-tuned SQL, and the founding documents' way as far as it runs."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.compare import assert_same
from benchmarks.measure import Cpu, Figures, Stopwatch
from benchmarks.peers.patron_changes import build
from patron.engines import Engine, connect
from patron.export import export
from patron.settings import Model, Settings

HERE = Path(__file__).parent
WORK_MEM = Settings.model_fields["work_mem"].default
Connection = psycopg.Connection[tuple[Any, ...]]


def first_full(url: str, day: date, cpu: Cpu) -> Figures:
    """Let the procedure build into empty tables, as for a shop that was never built."""
    with connect(url, Settings(model=Model(figures=False))) as engine:
        for table in ("customer_features", "customers_to_come", "new_customers", "rfm_cut_points", "builds"):
            engine.query(f"TRUNCATE {table}")
        return build(engine, day, full=True, cpu=cpu)


def full_again(url: str, day: date, cpu: Cpu) -> Figures:
    """Let the procedure build everything although nothing changed."""
    with connect(url, Settings(model=Model(figures=False))) as engine:
        return build(engine, day, full=True, cpu=cpu)


def by_hand(url: str, day: date, cpu: Cpu) -> Figures:
    """Run postgres.sql in one transaction, with the memory for sorts that the procedure has and, as there, no JIT."""
    text = re.sub(r"^--.*\n", "", (HERE / "postgres.sql").read_text("utf-8"), flags=re.MULTILINE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS by_hand")
        connection.execute("DROP TABLE IF EXISTS by_hand.customer_360")
        connection.execute(f"SET work_mem = '{WORK_MEM}'".encode())
        connection.execute("SET jit = off")
        with Stopwatch(cpu) as watch, connection.transaction():
            for statement in text.replace("{as_of}", f"DATE '{day}'").split(";\n"):
                if statement.strip():
                    connection.execute(statement.encode())
    return watch.figures


def compare_by_hand(url: str, folder: Path) -> int:
    """Return how many values of by_hand.customer_360 are Patron's; raises BenchmarkError where one is not."""
    ours, theirs = folder / "procedure.parquet", folder / "by_hand.parquet"
    with connect(url, Settings(model=Model(figures=False))) as engine:
        export(engine, "customer_360", ours, overwrite=True)
        _export_by_hand(engine, theirs)
    return assert_same(ours, theirs, "PostgreSQL by hand")


def _export_by_hand(engine: Engine, to: Path) -> None:
    from pyarrow import parquet

    with engine.stream("SELECT * FROM by_hand.customer_360") as reader:
        parquet.write_table(reader.read_all(), to)


def founding(url: str, cpu: Cpu, timeout_seconds: int) -> list[Figures]:
    """Try each statement of founding.sql by itself; say of each whether it ran, failed or was stopped."""
    tried = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS founding CASCADE; CREATE SCHEMA founding")
        connection.execute(f"SET work_mem = '{WORK_MEM}'".encode())
        connection.execute("SET jit = off")
        connection.execute(f"SET statement_timeout = '{timeout_seconds}s'".encode())
        for part in (HERE / "founding.sql").read_text("utf-8").split("-- name: ")[1:]:
            name, statement = part.split("\n", 1)
            tried.append({"name": name} | _tried(connection, statement, cpu))
    return tried


def _tried(connection: Connection, statement: str, cpu: Cpu) -> Figures:
    outcome, said = "ran", ""
    with Stopwatch(cpu) as watch:
        try:
            connection.execute(statement.encode())
        except psycopg.errors.QueryCanceled:
            outcome = "stopped"
        except psycopg.Error as error:
            outcome, said = "failed", str(error).splitlines()[0]
    return watch.figures | {"outcome": outcome, "said": said}
