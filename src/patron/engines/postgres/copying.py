"""Sends rows to PostgreSQL through COPY: typed rows in its binary format, which spares both sides writing text.

The server takes binary values only of the very types of its columns, so these are asked first: a shop may have
made its tables with other ones, such as INTEGER where the contract has BIGINT.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from pgpq import ArrowToPostgresBinaryEncoder
from psycopg.postgres import types
from pyarrow import csv

ROWS_A_BATCH = 50_000
# DuckDB's types for PostgreSQL's, by its names. Columns of any other are sent as they are.
_SAME = {
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "numeric": "DECIMAL(38, 2)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    **dict.fromkeys(("text", "varchar", "bpchar"), "VARCHAR"),
}
_KINDS = {types[name].oid: kind for name, kind in _SAME.items()}


def copy_rows(reader: duckdb.DuckDBPyConnection, query: str, cursor: psycopg.Cursor[Any], table: str) -> int:
    """Copy the rows of a DuckDB `query` into the PostgreSQL `table`, column by name; return how many.

    `table` is SQL, quoted where it must be; the query's columns must be words that need no quotes.
    """
    names = [name for name, *_ in reader.execute(f"DESCRIBE {query}").fetchall()]
    cursor.execute(f"SELECT {', '.join(names)} FROM {table} LIMIT 0".encode())
    codes = [column.type_code for column in cursor.description or ()]
    values = [
        f"CAST({name} AS {_KINDS[code]}) AS {name}" if code in _KINDS else name
        for name, code in zip(names, codes, strict=True)
    ]
    rows = reader.sql(f"SELECT {', '.join(values)} FROM ({query})").to_arrow_reader(ROWS_A_BATCH)
    encoder = ArrowToPostgresBinaryEncoder(rows.schema)
    count = 0
    statement = f"COPY {table} ({', '.join(names)}) FROM STDIN WITH (FORMAT binary)"
    with cursor.copy(statement.encode()) as copy:
        copy.write(encoder.write_header())
        for batch in rows:
            copy.write(encoder.write_batch(batch))
            count += batch.num_rows
        copy.write(encoder.finish())
    return count


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
