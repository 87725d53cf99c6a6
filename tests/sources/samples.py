"""Sample data as Arrow tables, and rows of it by SQL."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from patron.sources.sample import Sample, generate


def tables(sample: Sample) -> dict[str, pa.Table]:
    batches: dict[str, list[pa.RecordBatch]] = {}
    for table, batch in generate(sample):
        batches.setdefault(table.name, []).append(batch)
    return {name: pa.Table.from_batches(parts) for name, parts in batches.items()}


def row(shop: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    found = shop.execute(sql).fetchone()
    assert found is not None
    return found
