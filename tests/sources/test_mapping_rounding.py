"""Rounding in 18 digits where they do gives what DuckDB's own rounding gives."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from patron.sources.mapping.rounding import quickly_rounded

SCALES = (3, 11, 18)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def quick(connection: duckdb.DuckDBPyConnection, text: str, column: str) -> str:
    """Return an expression over a column `x` as a mapping runs it."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE one (x {column})")
    tree = quickly_rounded(
        sqlglot.parse_one(text, dialect="duckdb"),
        lambda part: str(
            connection.execute(f"DESCRIBE SELECT {part.sql('duckdb')} FROM one").fetchall()[0][1]
        ),
    )
    return tree.sql("duckdb")


@given(
    scale=st.sampled_from(SCALES),
    places=st.integers(0, 4),
    digits=st.integers(-(10**30), 10**30) | st.integers(-(10**14), 10**14) | st.none(),
)
def test_any_decimal_is_rounded_alike(
    connection: duckdb.DuckDBPyConnection, scale: int, places: int, digits: int | None
) -> None:
    plain = f"ROUND(x, {places})"
    sql = quick(connection, plain, f"DECIMAL(31, {scale})")
    value = None if digits is None else Decimal(digits).scaleb(-scale)
    connection.execute("INSERT INTO one VALUES (?)", [value])
    ours, theirs = connection.execute(
        f"SELECT ({sql}, TYPEOF({sql})), ({plain}, TYPEOF({plain})) FROM one"
    ).fetchall()[0]
    assert ours == theirs


@pytest.mark.parametrize(
    ("text", "column", "is_quick"),
    [
        ("ROUND(x * 1.19, 2)", "DECIMAL(28, 9)", True),
        ("CASE WHEN x > 0 THEN -ROUND(x, 2) END", "DECIMAL(28, 9)", True),
        ("ROUND(x, 2)", "DECIMAL(18, 9)", False),
        ("ROUND(x, 2)", "DECIMAL(38, 18)", False),
        ("ROUND(x, 9)", "DECIMAL(28, 9)", False),
        ("ROUND(x)", "DECIMAL(28, 9)", False),
        ("ROUND(x, -1)", "DECIMAL(28, 9)", False),
        ("ROUND(x, 2)", "DOUBLE", False),
    ],
)
def test_only_what_gains_by_it_is_written_otherwise(
    connection: duckdb.DuckDBPyConnection, text: str, column: str, is_quick: bool
) -> None:
    assert ("TRY_CAST" in quick(connection, text, column)) == is_quick
