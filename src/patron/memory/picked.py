"""Rows that are kept by column: made only when somebody looks at them, and told to JSON without being made at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.memory.numbers import EXACT, Whole, unit_of, whole
from patron.metrics.parts import Column

Row = dict[str, Any]
FEW = 1_000  # different words of a column


@dataclass(frozen=True)
class Values:
    """What gives the values of some rows of a column: as they are, and with decimals as the numbers that JSON has."""

    exact: Callable[[Whole], Column]
    plain: Callable[[Whole], Column]


class PickedRows(Sequence[Row]):
    """Some rows of kept columns."""

    def __init__(self, columns: dict[str, Values], places: Whole) -> None:
        """Take the columns by name, and the places of the rows in them."""
        self._columns, self._places = columns, places

    def plain(self) -> dict[str, Column]:
        """Return the columns, with decimals as the numbers that JSON has: whole ones as int, others as float."""
        return {name: values.plain(self._places) for name, values in self._columns.items()}

    @cached_property
    def _rows(self) -> list[Row]:
        return rows_of({name: values.exact(self._places) for name, values in self._columns.items()})

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


def values_of(column: pa.Array) -> Values:
    """Return what gives the values of some rows, without Arrow's own objects for each where that is quicker."""
    if column.null_count == 0 and pa.types.is_integer(column.type):
        numbers = whole(column)
        return _alike(lambda places: numbers[places].tolist())
    if column.null_count == 0 and pa.types.is_decimal128(column.type):
        return _of_money(whole(column), column.type.scale)
    if pa.types.is_string(column.type):
        encoded = pc.dictionary_encode(column, null_encoding="encode")
        if len(encoded.dictionary) <= FEW:
            words, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
            return _alike(lambda places: [words[code] for code in codes[places].tolist()])
    return _alike(lambda places: column.take(pa.array(places)).to_pylist())


def _alike(values: Callable[[Whole], Column]) -> Values:
    return Values(values, values)


def _of_money(units: Whole, scale: int) -> Values:
    unit, parts = unit_of(scale), 10**scale

    def exact(places: Whole) -> list[Decimal]:
        return [unit * value for value in units[places].tolist()]

    def plain(places: Whole) -> Column:
        taken = units[places]
        if len(taken) and np.abs(taken).max() >= EXACT:
            return exact(places)
        # Both are exact, so the quotient is the float that is nearest to the decimal.
        return [int(value) if value.is_integer() else value for value in (taken / parts).tolist()]

    return Values(exact, plain)
