"""Compares two results of customer_360 value for value: everything exact, floating point to 1e-9."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.measure import BenchmarkError

TOLERANCE = 1e-9


def assert_same(ours: Path, theirs: Path, who: str) -> int:
    """Return how many values were compared; raises BenchmarkError when `theirs` differs from `ours` anywhere.

    Both are Parquet files with one row per customer. A column of another integer or text type is read as ours.
    """
    with duckdb.connect() as connection:
        columns = _columns(connection, ours)
        if list(columns) != list(_columns(connection, theirs)):
            raise BenchmarkError(f"{who} has the columns {', '.join(_columns(connection, theirs))}.")
        counts = ", ".join(
            f"COUNT(*) FILTER (WHERE {_differs(name, kind)}) AS {name}" for name, kind in columns.items()
        )
        sql = f"SELECT COUNT(*), {counts} FROM '{ours}' AS a FULL JOIN '{theirs}' AS b USING (customer_id)"
        rows, *differing = connection.execute(sql).fetchall()[0]
    wrong = {name: count for name, count in zip(columns, differing, strict=True) if count}
    if wrong or not rows:
        said = ", ".join(f"{name} of {count} customers" for name, count in wrong.items())
        raise BenchmarkError(f"{who} differs from Patron among {rows} customers: {said or 'there are none'}.")
    return int(rows) * len(columns)


def _columns(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE FROM '{file}'").fetchall()}


def _differs(name: str, kind: str) -> str:
    """Say when a column differs; a customer whom only one side has differs in every column that is not None."""
    if kind != "DOUBLE":
        return f"a.{name} IS DISTINCT FROM CAST(b.{name} AS {kind})"
    near = f"ABS(a.{name} - b.{name}) <= {TOLERANCE} * GREATEST(1, ABS(a.{name}))"
    return f"NOT COALESCE({near}, a.{name} IS NULL AND b.{name} IS NULL)"
