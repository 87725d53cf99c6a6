"""A query's sums as they are read, kept and told: exact, in whole cents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.memory.added import kept_part
from patron.memory.numbers import Chosen, Whole, slice_numbers, small, unit_of, whole
from patron.memory.picked import Row, rows_of
from patron.metrics.conditions import Numbers, number_of
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


class KeptSums:
    """A query's sums, ready to be added up."""

    def __init__(self, sums: Sums, gathered: Sequence[Gathered]) -> None:
        """Take what was read of each of its parts."""
        self.sums = sums
        codes, self._keys, self._length = _numbered(gathered, sums)
        self._parts = [
            _KeptPart(*one, self._length) for one in zip(gathered, codes, strict=True) if len(one[0])
        ]
        self._scales = [
            max((one.scales[place] for one in gathered if one.scales), default=0)
            for place in range(sums.sums)
        ]

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
        return sum(one.kept.nbytes for one in self._parts)

    def _added(self, chosen: Chosen, asked: Mapping[str, date]) -> tuple[Columns, Chosen]:
        """Return the sums of each key, and for each key whether there is a row of it."""
        days = {name: number_of(day) for name, day in asked.items()}
        # For each sum and key, what it comes to and of how many values.
        added, counted = np.zeros((2, self.sums.sums, self._length), np.int64)
        rows = np.zeros(self._length, np.int64)
        for part in self._parts:
            lines = part.kept.added(chosen, days)
            rows += lines[0]
            counted += lines[0]
            for place, line in part.values.items():
                added[place] += 10 ** (self._scales[place] - part.scales[place]) * lines[line]
            for place, line in part.missing.items():
                counted[place] -= lines[line]
        sums = [_told(*one) for one in zip(added, counted, self._scales, strict=True)]
        return Columns(self._keys, sums, self._length, asked), rows > 0


class _KeptPart:
    """Some rows of one part, and in which of their lines stands what: each sum, and how often it was None."""

    def __init__(self, gathered: Gathered, codes: Numbers, keys: int) -> None:
        columns: list[Numbers] = []
        self.values, self.missing = dict[int, int](), dict[int, int]()
        for place in range(gathered.sums.sums):
            values, given = _joined(gathered.values, place), _joined(gathered.given, place)
            for lines, column in ((self.values, values), (self.missing, ~given.astype(np.bool_))):
                if column.any():
                    columns.append(column)
                    lines[place] = len(columns)  # the first one counts rows
        slices = np.concatenate(gathered.slices)
        days = [_joined(gathered.days, place) for place in range(gathered.part.days)]
        self.kept = kept_part(gathered.part, slices, codes, days, columns, keys)
        self.scales = gathered.scales


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
        known = [*joined.dictionary.to_pylist(), None]
        numbers = np.asarray(pc.fill_null(joined.indices, len(known) - 1))
        codes, found = _dense(codes * len(known) + numbers)
        words = [[one[place] for place in (found // len(known)).tolist()] for one in words]
        words.append([known[place] for place in (found % len(known)).tolist()])
    return np.split(small(codes), np.cumsum(lengths)[:-1]), words, len(words[0])


def _dense(codes: Numbers) -> tuple[Numbers, Numbers]:
    """Return codes numbered without gaps, and the code of each number."""
    if int(codes.max()) >= max(len(codes), MANY):
        found, numbers = np.unique(codes, return_inverse=True)
        return numbers, found
    there = np.bincount(codes) > 0
    return (np.cumsum(there) - 1)[codes], np.flatnonzero(there)


def _words(column: pa.Array) -> pa.Array:
    return pc.dictionary_encode(column)  # None is no word: Arrow joins no dictionaries that have it


def _day_numbers(column: pa.Array) -> Numbers:
    return np.asarray(pc.fill_null(column.cast(pa.int32()), 0))


def _joined(pieces: list[list[Numbers]], place: int) -> Numbers:
    return np.concatenate([one[place] for one in pieces])
