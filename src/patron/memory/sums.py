"""The rows of a query of sums, and how those that count are added up: exactly, in whole cents.

Rows lie in the order of their first day, so those of some days are a stretch or two. Numbers are kept in as few bytes
as hold them, for there are millions of rows by day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.memory.numbers import EXACT, Chosen, Numbers, Whole, slice_numbers, small, unit_of, whole
from patron.memory.picked import Row, rows_of
from patron.metrics.conditions import number_of
from patron.metrics.parts import SLICE, Column, Columns, Formula, Part, Sums

MANY = 1_000_000  # codes, up to which it is quicker to count them than to sort them


class TooMany(Exception):
    """There are more rows than memory should hold."""


@dataclass
class Gathered:
    """The rows of one part as they come, batch by batch."""

    part: Part
    sums: Sums
    slices: list[Numbers] = field(default_factory=list)
    keys: list[list[pa.Array]] = field(default_factory=list)
    values: list[list[Numbers]] = field(default_factory=list)
    given: list[list[Numbers]] = field(default_factory=list)
    days: list[list[Numbers]] = field(default_factory=list)
    scales: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, part: Part, sums: Sums, batches: Iterable[pa.RecordBatch], most: int) -> Gathered:
        """Read all batches; raises TypeError for sums that are not exact, TooMany for more than `most` rows."""
        found = cls(part, sums)
        for batch in batches:
            found._add(batch)
            if len(found) > most:
                raise TooMany
        return found

    def __len__(self) -> int:
        return sum(map(len, self.slices))

    def _add(self, batch: pa.RecordBatch) -> None:
        sums = [batch.column(f"sum_{place}") for place in range(self.sums.sums)]
        self.slices.append(small(slice_numbers(batch.column(SLICE))))
        self.keys.append([_words(batch.column(f"key_{place}")) for place in range(self.sums.keys)])
        self.values.append([small(whole(one)) for one in sums])
        self.given.append([np.asarray(one.is_valid()) for one in sums])
        self.days.append(
            [small(_day_numbers(batch.column(f"day_{place}"))) for place in range(self.part.days)]
        )
        self.scales = [one.type.scale if pa.types.is_decimal(one.type) else 0 for one in sums]


class _KeptPart:
    """The rows of one part."""

    def __init__(self, gathered: Gathered, codes: Numbers) -> None:
        part = gathered.part
        days = [_joined(gathered.days, place) for place in range(part.days)]
        first = days[0] if days else np.zeros(len(codes), np.int8)
        order = np.argsort(first, kind="stable")  # quick, as there are few different ones
        self.part = part
        self.first, starts = np.unique(first[order], return_index=True)
        self.starts = np.append(starts, len(codes))
        self.slices = np.concatenate(gathered.slices)[order] if gathered.slices else np.zeros(0, np.int8)
        self.codes = codes[order]
        self.days = [one[order] for one in days[1:]]
        self.values = [
            _or_nothing(_joined(gathered.values, place)[order]) for place in range(gathered.sums.sums)
        ]
        self.given = [_or_all(_joined(gathered.given, place)[order]) for place in range(gathered.sums.sums)]
        self.scales = gathered.scales

    def stretches(self, asked: Mapping[str, int]) -> Iterator[tuple[int, int]]:
        """Return from where to where the rows lie whose first day counts."""
        if not self.part.of_first:
            yield 0, len(self.codes)
            return
        counts = reduce(np.logical_and, (one([self.first], asked) for one in self.part.of_first))
        edges = np.flatnonzero(np.diff(np.concatenate([[False], counts, [False]]).astype(np.int8)))
        yield from zip(self.starts[edges[::2]].tolist(), self.starts[edges[1::2]].tolist(), strict=True)

    def rows(self, start: int, stop: int, chosen: Chosen, asked: Mapping[str, int]) -> Whole:
        """Return which rows of a stretch count."""
        rows = np.flatnonzero(chosen.take(self.slices[start:stop])) + start  # half the time of an index
        if not self.part.of_all:
            return rows
        first = self.first[np.searchsorted(self.starts, rows, side="right") - 1]
        days = [first, *(one[rows] for one in self.days)]
        return rows[reduce(np.logical_and, (one(days, asked) for one in self.part.of_all))]

    @property
    def nbytes(self) -> int:
        arrays = [self.slices, self.codes, *self.days, *self.values, *self.given]
        return sum(one.nbytes for one in arrays if one is not None)


class KeptSums:
    """A query's sums, ready to be added up."""

    def __init__(self, sums: Sums, gathered: Sequence[Gathered]) -> None:
        """Take what was read of each of its parts."""
        self.sums = sums
        codes, self._keys, self._length = _numbered(gathered, sums)
        self._parts = [_KeptPart(one, part) for one, part in zip(gathered, codes, strict=True)]
        self._scales = [
            max((one.scales[place] for one in self._parts if one.scales), default=0)
            for place in range(sums.sums)
        ]
        self._fits = all(
            sum(
                np.abs(one.astype(np.float64)).sum()
                for part in self._parts
                if (one := part.values[place]) is not None
            )
            < EXACT
            for place in range(sums.sums)
        )

    def rows(self, chosen: Chosen, asked: Mapping[str, date]) -> list[Row]:
        """Return the figure's rows of the chosen slices and of the days asked for."""
        columns, there = self._added(chosen, asked)
        if not self.sums.keeps_keys and not self.sums.is_one:
            columns = _only(columns, there)
        if self.sums.wanted is not None:
            columns = _only(columns, np.array(self.sums.wanted(columns), np.bool_))
        found = {name: formula(columns) for name, formula in self.sums.columns.items()}
        return _ordered(rows_of(found), self.sums.order, columns)

    @property
    def nbytes(self) -> int:
        """How many bytes its rows take."""
        return sum(one.nbytes for one in self._parts)

    def _added(self, chosen: Chosen, asked: Mapping[str, date]) -> tuple[Columns, Chosen]:
        """Return the sums of each key, and for each key whether there is a row of it."""
        days = {name: number_of(day) for name, day in asked.items()}
        rows = np.zeros(self._length, np.int64)
        added = [np.zeros(self._length, np.int64) for _ in range(self.sums.sums)]
        missing = [np.zeros(self._length, np.int64) for _ in range(self.sums.sums)]
        for part in self._parts:
            for start, stop in part.stretches(days):
                counted = part.rows(start, stop, chosen, days)
                codes = part.codes[counted]
                rows += len(codes) if self._length == 1 else np.bincount(codes, minlength=self._length)
                for place, (values, given) in enumerate(zip(part.values, part.given, strict=True)):
                    if values is not None:
                        larger = 10 ** (self._scales[place] - part.scales[place])
                        added[place] += larger * self._by_key(codes, values[counted])
                    if given is not None:
                        missing[place] += np.bincount(codes[~given[counted]], minlength=self._length)
        sums = [
            _told(values, rows - nothing, scale)
            for values, nothing, scale in zip(added, missing, self._scales, strict=True)
        ]
        return Columns(self._keys, sums, self._length, asked), rows > 0

    def _by_key(self, codes: Numbers, values: Numbers) -> Whole:
        if self._length == 1:
            return np.asarray(values.sum(keepdims=True, dtype=np.int64))
        if self._fits:
            return np.bincount(codes, values, self._length).astype(np.int64)
        added = np.zeros(self._length, np.int64)
        np.add.at(added, codes, values)
        return added


def _told(values: Whole, counted: Whole, scale: int) -> Column:
    """Return sums as they are told: decimals where they are, None of nothing."""
    told: list[Any] = values.tolist()
    if scale:
        unit = unit_of(scale)
        told = [unit * value for value in told]
    return [value if count > 0 else None for value, count in zip(told, counted.tolist(), strict=True)]


def _only(columns: Columns, wanted: Chosen) -> Columns:
    """Return the rows that are wanted."""
    places = np.flatnonzero(wanted).tolist()
    keys, sums = ([[one[place] for place in places] for one in many] for many in (columns.keys, columns.sums))
    return Columns(keys, sums, len(places), columns.asked)


def _ordered(rows: list[Row], terms: Sequence[tuple[Formula, bool]], columns: Columns) -> list[Row]:
    """Return rows in the order of terms, of which each may have the highest first; None is last."""
    places = list(range(len(rows)))
    for formula, descending in reversed(terms):
        values = formula(columns)
        empty = [place for place in places if values[place] is None]
        places = [place for place in places if values[place] is not None]
        places = sorted(places, key=values.__getitem__, reverse=descending) + empty
    return [rows[place] for place in places]


def _numbered(gathered: Sequence[Gathered], sums: Sums) -> tuple[list[Numbers], list[Column], int]:
    """Return the number of each row's keys, part by part, the keys by their number, and how many there are."""
    lengths = [len(one) for one in gathered]
    if sums.keys == 0:
        return [np.zeros(length, np.int8) for length in lengths], [], 1
    if sum(lengths) == 0:
        return [np.zeros(0, np.int8) for _ in lengths], [[] for _ in range(sums.keys)], 0
    codes: Numbers = np.zeros(sum(lengths), np.int64)
    words: list[Column] = []
    for place in range(sums.keys):
        column = pa.chunked_array([keys[place] for one in gathered for keys in one.keys])
        joined = column.unify_dictionaries().combine_chunks()
        codes, found = _dense(codes * len(joined.dictionary) + joined.indices.to_numpy())
        words = [[one[place] for place in (found // len(joined.dictionary)).tolist()] for one in words]
        words.append(joined.dictionary.take(pa.array(found % len(joined.dictionary))).to_pylist())
    return np.split(small(codes), np.cumsum(lengths)[:-1]), words, len(words[0])


def _dense(codes: Numbers) -> tuple[Numbers, Numbers]:
    """Return codes numbered without gaps, and the code of each number."""
    if int(codes.max()) >= max(len(codes), MANY):
        found, numbers = np.unique(codes, return_inverse=True)
        return numbers, found
    there = np.bincount(codes) > 0
    return (np.cumsum(there) - 1)[codes], np.flatnonzero(there)


def _words(column: pa.Array) -> pa.Array:
    return pc.dictionary_encode(column, null_encoding="encode")


def _day_numbers(column: pa.Array) -> Numbers:
    return np.asarray(pc.fill_null(column.cast(pa.int32()), 0))


def _joined(pieces: list[list[Numbers]], place: int) -> Numbers:
    return np.concatenate([one[place] for one in pieces]) if pieces else np.zeros(0, np.int8)


def _or_nothing(values: Numbers) -> Numbers | None:
    return values if values.any() else None


def _or_all(given: Numbers) -> Numbers | None:
    return None if given.all() else given
