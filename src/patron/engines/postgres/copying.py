"""Sends rows to PostgreSQL through COPY: typed rows in its binary format, which spares both sides writing text.

The server takes binary values only of the very types of its columns, so these are asked first: a shop may have
made its tables with other ones, such as INTEGER where the contract has BIGINT.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from typing import Any, TypeVar

import duckdb
import psycopg
import pyarrow as pa
from pgpq import ArrowToPostgresBinaryEncoder
from psycopg.postgres import types

from patron.engines.arrow import readable

T = TypeVar("T")

ROWS_A_BATCH = 25_000
MOMENT = 0.05  # seconds
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

    `table` is SQL, quoted where it must be; the query's columns must be words that need no quotes. The next rows
    are made while the server takes the last.
    """
    names = [name for name, *_ in reader.execute(f"DESCRIBE {query}").fetchall()]
    cursor.execute(f"SELECT {', '.join(names)} FROM {table} LIMIT 0".encode())
    codes = [column.type_code for column in cursor.description or ()]
    values = [
        f"CAST({name} AS {_KINDS[code]}) AS {name}" if code in _KINDS else name
        for name, code in zip(names, codes, strict=True)
    ]
    rows = reader.sql(f"SELECT {', '.join(values)} FROM ({query})").to_arrow_reader(ROWS_A_BATCH)
    count = 0
    statement = f"COPY {table} ({', '.join(names)}) FROM STDIN WITH (FORMAT binary)"
    with closing(_ahead(_encoded(rows), reader.interrupt)) as made, cursor.copy(statement.encode()) as copy:
        for number, encoded in made:
            copy.write(encoded)
            count += number
    return count


def copy_batches(batches: pa.RecordBatchReader, cursor: psycopg.Cursor[Any], table: str) -> int:
    """Copy Arrow batches into the PostgreSQL `table` as `copy_rows` does; return how many rows.

    Raises what making the batches raises.
    """
    with duckdb.connect() as reader, readable(batches, reader):
        return copy_rows(reader, "SELECT * FROM arriving", cursor, table)


def _encoded(rows: pa.RecordBatchReader) -> Iterator[tuple[int, bytes]]:
    """Yield the number of each batch's rows and what the server is sent for them."""
    encoder = ArrowToPostgresBinaryEncoder(rows.schema)
    yield 0, encoder.write_header()
    for batch in rows:
        yield batch.num_rows, encoder.write_batch(batch)
    yield 0, encoder.finish()


def _ahead(made: Iterator[T], stop: Callable[[], None]) -> Generator[T]:
    """Yield what another thread makes, of which one more is made while the last is in use.

    Whoever leaves it early with `close` does not wait for the next one: `stop` ends what is under way.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="patron-copying") as pool:
        coming = pool.submit(next, made, None)
        try:
            while (one := coming.result()) is not None:
                coming = pool.submit(next, made, None)
                yield one
        finally:
            while not coming.done():
                stop()  # again, where it came before there was anything to stop
                wait([coming], MOMENT)
