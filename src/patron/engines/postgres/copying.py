"""Sends rows to PostgreSQL through COPY, formatted by DuckDB or Arrow: Python only passes bytes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from pyarrow import csv

ROWS_A_BATCH = 50_000
# What COPY's text format takes for itself, the backslash first.
ESCAPES = (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"))


def copy_rows(reader: duckdb.DuckDBPyConnection, query: str, cursor: psycopg.Cursor[Any], table: str) -> int:
    """Copy the rows of a DuckDB `query` into the PostgreSQL `table`, column by name; return how many.

    `table` is SQL, quoted where it must be; the query's columns must be words that need no quotes.
    """
    described = reader.execute(f"DESCRIBE {query}").fetchall()
    line = " || CHR(9) || ".join(_text(name, kind) for name, kind, *_ in described)
    columns = ", ".join(name for name, *_ in described)
    lines = reader.sql(f"SELECT {line} || CHR(10) AS line FROM ({query})")
    statement = f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')"
    rows = 0
    with cursor.copy(statement.encode()) as copy:
        for batch in lines.to_arrow_reader(ROWS_A_BATCH):
            rows += batch.num_rows
            for data in _bytes(batch.column(0)):
                copy.write(data)
    return rows


def copy_batches(
    cursor: psycopg.Cursor[Any], table: str, columns: Iterable[str], batches: Iterable[pa.RecordBatch]
) -> int:
    """Copy Arrow batches into the PostgreSQL `table`, which is SQL like `columns`; return how many rows."""
    count = 0
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT csv)"
    with cursor.copy(statement.encode()) as copy:
        for batch in batches:
            buffer = BytesIO()
            csv.write_csv(batch, buffer, csv.WriteOptions(include_header=False))
            copy.write(buffer.getbuffer())
            count += batch.num_rows
    return count


def _text(column: str, kind: str) -> str:
    """Return SQL for a column's value as COPY reads it."""
    text = f"CAST({column} AS VARCHAR)"
    if kind == "VARCHAR":
        for letter, escaped in ESCAPES:
            text = f"REPLACE({text}, CHR({ord(letter)}), '{escaped}')"
    return f"COALESCE({text}, '\\N')"


def _bytes(lines: pa.Array) -> Iterator[memoryview]:
    """Return the letters of all lines, which Arrow keeps one after the other."""
    if len(lines):
        _, offsets, letters = lines.buffers()
        first, last = lines.offset, lines.offset + len(lines)
        ends = memoryview(offsets).cast("q" if pa.types.is_large_string(lines.type) else "i")
        yield memoryview(letters)[ends[first] : ends[last]]
