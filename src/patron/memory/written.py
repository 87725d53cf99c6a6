"""Rows that are written in JSON once, when they are read, and put together for whoever asks for some of them.

A value stands there as JSON has it, and behind it a mark in place of the next column's name: JSON's text has none of
these characters, and so a row takes a quarter of the room.
"""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from patron.memory.numbers import Whole, number, whole

MARKS = [chr(code) for code in range(32)]
DIGITS = 15  # of a decimal: up to there it is itself the shortest that its nearest float is told by
TEXT = pa.large_string()
QUOTE = pa.scalar('"', TEXT)


class WrittenRows:
    """Rows by column, of which any can be told."""

    def __init__(self, columns: dict[str, pa.Array]) -> None:
        """Take the columns by name; raises ValueError for more than there are marks."""
        opened = (f'{"," if place else "{"}"{name}":' for place, name in enumerate(columns))
        marked = zip(MARKS, [*opened, "},"], strict=False)
        self._names = [(mark.encode(), name.encode()) for mark, name in marked]
        if len(self._names) <= len(columns):
            raise ValueError(
                f"Rows of {len(columns)} columns cannot be written; there are {len(MARKS)} marks."
            )
        pieces: list[pa.Array | pa.Scalar] = []
        for mark, (name, column) in zip(MARKS, columns.items(), strict=False):
            pieces += [pa.scalar(mark, TEXT), written(column, is_id=name.endswith("_id"))]
        self._rows = pc.binary_join_element_wise(
            *pieces, pa.scalar(MARKS[len(columns)], TEXT), pa.scalar("", TEXT)
        )

    def told(self, places: Whole) -> bytes:
        """Return the rows at these places as a JSON array of objects."""
        if not len(places):
            return b"[]"
        taken = self._rows.take(pa.array(places))
        _, offsets, text = taken.buffers()
        told: bytes = text.slice(0, int(np.frombuffer(offsets, np.int64)[len(taken)])).to_pybytes()
        for mark, name in self._names:
            told = told.replace(mark, name)
        return b"[" + told[:-1] + b"]"

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        return int(self._rows.nbytes)


def written(column: pa.Array, *, is_id: bool) -> pa.Array:
    """Return each value as JSON's text, and whole numbers that are ids as text of theirs."""
    if pa.types.is_integer(column.type):
        text = column.cast(TEXT)
        text = pc.binary_join_element_wise(QUOTE, text, QUOTE, pa.scalar("", TEXT)) if is_id else text
    elif pa.types.is_decimal128(column.type) and _is_short(column):
        text = _decimals(column)
    elif pa.types.is_string(column.type):
        encoded = pc.dictionary_encode(column)
        text = _each(encoded.dictionary).take(encoded.indices)
    else:
        text = _each(column)
    return pc.fill_null(text, pa.scalar("null", TEXT))


def _each(column: pa.Array) -> pa.Array:
    values = column.to_pylist()
    return pa.array([None if one is None else orjson.dumps(one, number).decode() for one in values], TEXT)


def _is_short(column: pa.Array) -> bool:
    kind: pa.Decimal128Type = column.type
    return bool(0 < kind.scale < DIGITS and kind.precision <= 18 and _largest(column) < 10**DIGITS)


def _largest(column: pa.Array) -> int:
    return int(np.abs(whole(column)).max(initial=0))


def _decimals(column: pa.Array) -> pa.Array:
    """Return decimals as floats are told, and whole ones as whole numbers are."""
    units, scale = whole(column), column.type.scale
    before, after = np.divmod(np.abs(units), 10**scale)
    rest = pc.utf8_rtrim(pc.utf8_lpad(pa.array(after).cast(TEXT), scale, "0"), "0")
    point = pa.array(np.where(after > 0, ".", ""), TEXT)
    sign = pa.array(np.where(units < 0, "-", ""), TEXT)
    text = pc.binary_join_element_wise(sign, pa.array(before).cast(TEXT), point, rest, pa.scalar("", TEXT))
    return pc.if_else(column.is_valid(), text, None)
