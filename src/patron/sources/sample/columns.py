"""From numpy columns to the Arrow batches of the contract, and from local ids to the shop's ids.

A chunk of customers is made without knowing the others, so its own keys count from 0. `Numbering`
moves them to where the chunk before ended, so that the shop's ids are dense in the order of the chunks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.contract import IdType, Table, Type, table_named
from patron.engines.arrow import arrow_schema
from patron.sources.sample.draw import Bools, Ints

Columns = Mapping[str, "Ints | pa.Array"]
EPOCH = date(1970, 1, 1)
CENTS = pa.decimal128(18, 2)

# The letter before an id that is text, by the table or thing that it names.
LETTERS = {
    "customer_id": "C", "product_id": "P", "campaign_id": "M", "transaction_id": "T", "order_id": "O",
    "store_id": "ST", "interaction_id": "I", "response_id": "R", "session_id": "S", "view_id": "V",
}  # fmt: skip
DIGITS = 9


def days_since_epoch(day: date) -> int:
    """Return `day` as Arrow and numpy count dates."""
    return (day - EPOCH).days


def dates(days: Ints, missing: Bools | None = None) -> pa.Array:
    """Return days since 1970 as dates."""
    return pa.array(days.astype(np.int32), mask=missing).cast(pa.date32())


def money(cents: Ints) -> pa.Array:
    """Return whole cents as DECIMAL(18, 2), bit for bit: Arrow keeps it as a 128-bit number of cents."""
    words = np.empty((len(cents), 2), np.int64)
    words[:, 0] = cents
    words[:, 1] = words[:, 0] >> 63
    return pa.Array.from_buffers(CENTS, len(cents), [None, pa.py_buffer(words)])


def texts(pool: pa.Array, index: Ints, missing: Bools | None = None) -> pa.Array:
    """Return the texts of `pool` at `index`."""
    return pool.take(pa.array(index, mask=missing))


def to_batch(table: Table, columns: Columns) -> pa.RecordBatch:
    """Return `columns` as rows of `table`, in the contract's order and types, ids as numbers."""
    schema = arrow_schema(table, "bigint")
    arrays = [_array(columns[field.name], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Ints | pa.Array, kind: pa.DataType) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array if array.type == kind else array.cast(kind)


@dataclass
class Numbering:
    """Gives every chunk's rows their ids in the shop; ids count from 1."""

    id_type: IdType
    used: dict[str, int] = field(default_factory=dict)

    def settle(self, batches: Mapping[str, pa.RecordBatch]) -> dict[str, pa.RecordBatch]:
        """Return the batches of one chunk with final ids. Call it once a chunk, in order."""
        settled = {name: self._settle(table_named(name), batch) for name, batch in batches.items()}
        for name, batch in batches.items():
            key = table_named(name).key.name
            if key in LOCAL:
                self.used[key] = self.used.get(key, 0) + batch.num_rows
        orders = batches.get("purchase_transactions")
        if orders is not None:
            top = pc.max(orders["order_id"]).as_py()
            self.used["order_id"] = self.used.get("order_id", 0) + (0 if top is None else top + 1)
        return settled

    def _settle(self, table: Table, batch: pa.RecordBatch) -> pa.RecordBatch:
        arrays = []
        for column, array in zip(table.columns, batch.columns, strict=True):
            settled = array
            if column.name in LOCAL:
                settled = pc.add(array, self.used.get(column.name, 0) + 1)
            if column.type is Type.ID and self.id_type == "text":
                settled = _as_text(settled, LETTERS[column.name])
            arrays.append(settled)
        return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(table, self.id_type))


# Ids that a chunk counts from 0; the others are known to it as they are.
LOCAL = frozenset({"transaction_id", "order_id", "interaction_id", "response_id", "session_id", "view_id"})


def _as_text(ids: pa.Array, letter: str) -> pa.Array:
    return pc.binary_join_element_wise(letter, pc.utf8_lpad(ids.cast(pa.string()), DIGITS, "0"), "")
