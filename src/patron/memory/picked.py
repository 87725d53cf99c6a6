"""Rows that are kept by column: made only when somebody looks at them, and told in JSON without being made at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import pyarrow as pa

from patron.memory.numbers import Whole
from patron.memory.written import WrittenRows
from patron.metrics.parts import Column

Row = dict[str, Any]


class PickedRows(Sequence[Row]):
    """Some rows of a table."""

    def __init__(self, table: pa.Table, written: WrittenRows, places: Whole) -> None:
        """Take the table, the same written in JSON, and the places of the rows."""
        self._table, self._written, self._places = table, written, places

    def told(self) -> bytes:
        """Return the rows in JSON: ids as text, decimals as numbers."""
        return self._written.told(self._places)

    @cached_property
    def _rows(self) -> list[Row]:
        rows: list[Row] = self._table.take(pa.array(self._places)).to_pylist()
        return rows

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        return self._rows[place]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        return self._rows == (other._rows if isinstance(other, PickedRows) else other)

    __hash__ = None  # type: ignore[assignment]  # as lists have none

    def __repr__(self) -> str:
        return repr(self._rows)


def rows_of(columns: dict[str, Column]) -> list[Row]:
    """Return columns as rows; to fill them a column at a time takes a third of the time of one row after the other."""
    (first, values), *others = columns.items()
    rows: list[Row] = [{first: value} for value in values]
    for name, column in others:
        for row, value in zip(rows, column, strict=True):
            row[name] = value
    return rows
