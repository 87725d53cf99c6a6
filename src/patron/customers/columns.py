"""Single values of Arrow columns, read from where they lie.

Arrow makes an object of its own for each value on the way to Python's, which takes several times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from patron.memory.numbers import EXACT

Reader = Callable[[int], Any]
"""Gives the value of a row by its number, or None."""

EPOCH = datetime(1970, 1, 1)
EPOCH_DAY = date(1970, 1, 1).toordinal()
A_DAY = 86_400_000_000  # microseconds
HALF = 18  # digits of a decimal that the lower one of its two halves holds
# How the values of a type lie, in the letters of `memoryview.cast`.
FORMATS: dict[pa.DataType, str] = {
    pa.int32(): "i",
    pa.int64(): "q",
    pa.float64(): "d",
    pa.date32(): "i",
    pa.timestamp("us"): "q",
}


def numbers_of(column: pa.Array) -> memoryview[Any]:
    """Return a column of a type of `FORMATS` as the numbers that lie there, from its buffer's beginning on."""
    values: Any = memoryview(column.buffers()[1])
    numbers: memoryview[Any] = values.cast(FORMATS[column.type])
    return numbers


def reader(column: pa.Array) -> Reader:
    """Return what gives the values of a column, money as the number that JSON has: see `amount`."""
    read = None if column.offset or column.null_count == len(column) else _present(column)
    if read is None:
        return lambda row: column[row].as_py()
    if not column.null_count:
        return read
    there = memoryview(column.buffers()[0])  # a bit for each row, the lowest first
    return lambda row: read(row) if there[row >> 3] >> (row & 7) & 1 else None


def instants(column: pa.Array) -> Reader:
    """Return what gives the values of a column of days or times in microseconds since 1970; none may be missing."""
    numbers = numbers_of(column)
    return (lambda row: numbers[row] * A_DAY) if column.type == pa.date32() else numbers.__getitem__


def time_of(instant: int) -> datetime:
    """Return the time that is so many microseconds after the beginning of 1970."""
    return EPOCH + timedelta(microseconds=instant)


def amount(number: int, places: int) -> int | float:
    """Return a decimal of `number` times its last place as the number that JSON has: a whole one as int."""
    one: int = 10**places
    told = number / one  # the float that is nearest to the decimal
    if abs(told) < EXACT:
        return int(told) if told.is_integer() else told
    return told if number % one else number // one


def _present(column: pa.Array) -> Reader | None:
    """Return what gives the values of a column as if none were missing; None for types that have no such way."""
    kind = column.type
    if pa.types.is_string(kind):
        return _texts(column)
    if pa.types.is_decimal128(kind) and kind.precision <= HALF:
        halves, places = memoryview(column.buffers()[1]).cast("q"), kind.scale
        return lambda row: amount(halves[2 * row], places)
    if kind not in FORMATS:
        return None
    numbers = numbers_of(column)
    if kind == pa.date32():
        return lambda row: date.fromordinal(EPOCH_DAY + numbers[row])
    if kind == pa.timestamp("us"):
        return lambda row: time_of(numbers[row])
    return numbers.__getitem__


def _texts(column: pa.Array) -> Reader:
    _, ends, letters = column.buffers()
    places, text = memoryview(ends).cast("i"), memoryview(letters or b"")
    return lambda row: str(text[places[row] : places[row + 1]], "utf-8")
