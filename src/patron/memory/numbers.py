"""Exact numbers of Arrow columns as NumPy's whole ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.metrics.conditions import Numbers

Whole = np.ndarray[Any, np.dtype[np.int64]]
# For each slice_id whether it is left; there is none of the number 0.
Chosen = np.ndarray[Any, np.dtype[np.bool_]]
EXACT = 2**53  # up to there floats hold every whole number


def unit_of(places: int) -> Decimal:
    """Return the last place of a decimal; to multiply it is the quickest way to one, and exact up to 28 digits."""
    return Decimal(1).scaleb(-places)


def number(value: Any) -> int | float:
    """Return a decimal as the number that JSON has for it: a whole one as int, another one as float.

    Raises TypeError for what is no decimal.
    """
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    nearest = float(value)
    if abs(nearest) < EXACT:
        return int(nearest) if nearest.is_integer() else nearest
    return int(value) if value == value.to_integral_value() else nearest


def whole(column: pa.Array) -> Whole:
    """Return decimals as whole numbers of their last place, and whole numbers as they are; 0 for None.

    Raises TypeError for numbers that are not exact.
    """
    if len(column) == 0:
        return np.zeros(0, np.int64)
    if pa.types.is_decimal128(column.type):
        halves = np.frombuffer(column.buffers()[1], np.int64)[2 * column.offset :][: 2 * len(column)]
        return np.where(np.asarray(column.is_valid()), halves[::2], 0)
    if not pa.types.is_integer(column.type):
        raise TypeError(f"{column.type} cannot be added up exactly")
    return np.asarray(pc.fill_null(column, 0), np.int64)


def slice_numbers(column: pa.Array | pa.ChunkedArray) -> Whole:
    """Return the slices of rows, 0 for none."""
    return np.asarray(pc.fill_null(column, 0), np.int64)


def small(numbers: Numbers) -> Numbers:
    """Return whole numbers in as few bytes as hold them."""
    low, high = (numbers.min(), numbers.max()) if len(numbers) else (0, 0)
    fits = (
        one for one in (np.int8, np.int16, np.int32) if np.iinfo(one).min <= low and high <= np.iinfo(one).max
    )
    return numbers.astype(next(fits, np.int64))
