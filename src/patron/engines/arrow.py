"""The contract's types as Arrow's, in which rows travel between sources, engines and exports.

Example:
    >>> from patron.contract import table_named
    >>> arrow_schema(table_named("customer_info"), "bigint").field("customer_id").type
    DataType(int64)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from patron.contract import Table
from patron.contract.tables import IdType, Type
from patron.errors import PatronError

_TYPES: dict[Type, pa.DataType] = {
    Type.TEXT: pa.string(),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us"),
    Type.INTEGER: pa.int32(),
    Type.MONEY: pa.decimal128(18, 2),
    Type.BIGINT: pa.int64(),
    Type.DOUBLE: pa.float64(),
    Type.INSTANT: pa.timestamp("us", tz="UTC"),
    Type.JSON: pa.string(),
}


def arrow_type(kind: Type, id_type: IdType) -> pa.DataType:
    """Return the Arrow type of a contract type, ids as the setting `id_type` says."""
    if kind is Type.ID:
        return pa.int64() if id_type == "bigint" else pa.string()
    return _TYPES[kind]


def arrow_schema(table: Table, id_type: IdType) -> pa.Schema:
    """Return the Arrow schema of `table`: its columns in order, required ones not nullable."""
    return pa.schema(
        pa.field(column.name, arrow_type(column.type, id_type), nullable=not column.required)
        for column in table.columns
    )


@contextmanager
def readable(
    batches: pa.RecordBatchReader, reader: duckdb.DuckDBPyConnection, name: str = "arriving"
) -> Iterator[None]:
    """Let `reader` read Arrow batches once, under `name`, while they come.

    Raises what making the batches raises, in its own words: DuckDB would put it into others.
    """
    failures: list[PatronError] = []

    def told() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except PatronError as error:
            failures.append(error)
            raise

    reader.register(name, pa.RecordBatchReader.from_batches(batches.schema, told()))
    try:
        yield
    except (OSError, pa.ArrowException, duckdb.Error):
        if failures:
            raise failures[0] from None
        raise
    finally:
        reader.unregister(name)
