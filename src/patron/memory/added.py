"""The rows of one part of a query's sums, and how those that count are added up by key.

Rows are kept one by one, or as a table with a line for each slice where most slices have a row of most keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Protocol

import numpy as np

from patron.memory.numbers import EXACT, Chosen, Whole
from patron.metrics.conditions import Numbers
from patron.metrics.parts import Part

SPARSE = 6  # cells to each row: a table of more is slower to add up than the rows are
MOST_CELLS = 5_000_000  # of eight bytes each


class Kept(Protocol):
    """The rows of one part, as they are kept."""

    def added(self, chosen: Chosen, asked: Mapping[str, int]) -> Numbers:
        """Return a line for each column, the number of rows first, with the column's sum for each key.

        The rows are those of the chosen slices and of the days asked for.
        """
        ...

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        ...


def kept_part(
    part: Part,
    slices: Numbers,
    codes: Numbers,
    days: Sequence[Numbers],
    columns: Sequence[Numbers],
    keys: int,
) -> Kept:
    """Keep some rows with their slice, the number of their key of `keys`, their days, and the columns to add up."""
    main = days[part.main] if days else np.zeros(len(codes), np.int8)
    # A table has hardly fewer cells than there are rows, and to count its cells takes much memory.
    if not part.of_others and len(codes) * (1 + len(columns)) <= MOST_CELLS:
        table = Table(part, main, codes, keys)
        cells = table.length * (int(slices.max()) + 1)
        if cells <= SPARSE * len(codes) and cells * (1 + len(columns)) <= MOST_CELLS:
            table.fill(slices, columns)
            return table
    return Rows(part, main, slices, codes, days, columns, keys)


class _Days:
    """What lies in the order of the day that most conditions are on, so that some days are a stretch or two."""

    def __init__(self, part: Part, main: Numbers) -> None:
        """Take the days, in order."""
        self._part = part
        self._days, starts = np.unique(main, return_index=True)
        self._starts = np.append(starts, len(main))

    def stretches(self, asked: Mapping[str, int]) -> Iterator[tuple[int, int]]:
        """Return from where to where those are that count."""
        if not self._part.of_main:
            yield 0, int(self._starts[-1])
            return
        days = {self._part.main: self._days}
        counts = np.zeros(len(self._days) + 2, np.bool_)
        counts[1:-1] = reduce(np.logical_and, (one(days, asked) for one in self._part.of_main))
        edges = np.flatnonzero(counts[1:] != counts[:-1])
        yield from zip(self._starts[edges[::2]].tolist(), self._starts[edges[1::2]].tolist(), strict=True)


class Table:
    """A line for each slice, with all columns of each key and day: lines are quicker to add up than rows."""

    def __init__(self, part: Part, main: Numbers, codes: Numbers, keys: int) -> None:
        """Take the days and keys of all rows."""
        self._keys = keys
        both, self._places = np.unique(main.astype(np.int64) * keys + codes, return_inverse=True)
        self._codes = both % keys
        self._days = _Days(part, both // keys)

    @property
    def length(self) -> int:
        """How many pairs there are of a day and a key."""
        return len(self._codes)

    def fill(self, slices: Numbers, columns: Sequence[Numbers]) -> None:
        """Take the rows themselves."""
        cells = np.zeros((int(slices.max()) + 1, self.length, 1 + len(columns)), np.int64)
        for place, values in enumerate([np.ones(len(slices), np.int8), *columns]):
            np.add.at(cells[:, :, place], (slices, self._places), values)
        del self._places
        self._cells = cells

    def added(self, chosen: Chosen, asked: Mapping[str, int]) -> Numbers:
        """Return what `Kept.added` says."""
        lines = np.flatnonzero(chosen[: len(self._cells)])
        added = np.zeros((self._keys, self._cells.shape[2]), np.int64)
        for start, stop in self._days.stretches(asked):
            np.add.at(added, self._codes[start:stop], self._cells[lines, start:stop].sum(axis=0))
        return added.T

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        return self._cells.nbytes


class Rows:
    """Rows one by one. Numbers are kept in as few bytes as hold them, for there are millions of rows by day."""

    def __init__(
        self,
        part: Part,
        main: Numbers,
        slices: Numbers,
        codes: Numbers,
        days: Sequence[Numbers],
        columns: Sequence[Numbers],
        keys: int,
    ) -> None:
        order = np.argsort(main, kind="stable")  # quick, as there are few different ones
        self._part, self._keys = part, keys
        self._main = _Days(part, main[order])
        self._slices, self._codes = slices[order], codes[order]
        self._days = {place: days[place][order] for place in part.read_by_others}
        self._columns = [one[order] for one in columns]
        self._fits = all(np.abs(one.astype(np.float64)).sum() < EXACT for one in columns)

    def added(self, chosen: Chosen, asked: Mapping[str, int]) -> Numbers:
        """Return what `Kept.added` says."""
        rows = self._counted(chosen, asked)
        codes = self._codes[rows].astype(np.intp)
        added = np.empty((1 + len(self._columns), self._keys), np.int64)
        added[0] = np.bincount(codes, minlength=self._keys)
        for place, values in enumerate(self._columns, 1):
            added[place] = self._by_key(codes, values[rows])
        return added

    def _counted(self, chosen: Chosen, asked: Mapping[str, int]) -> Whole:
        """Return the places of the rows that count."""
        found = [
            np.flatnonzero(chosen.take(self._slices[start:stop])) + start  # half the time of an index
            for start, stop in self._main.stretches(asked)
        ]
        rows = np.concatenate([np.zeros(0, np.int64), *found])
        if not self._part.of_others:
            return rows
        days = {place: one[rows] for place, one in self._days.items()}
        return rows[reduce(np.logical_and, (one(days, asked) for one in self._part.of_others))]

    def _by_key(self, codes: Whole, values: Numbers) -> Numbers:
        if self._keys == 1:
            return np.asarray(values.sum(keepdims=True, dtype=np.int64))
        if self._fits:
            return np.bincount(codes, values, self._keys)
        added = np.zeros(self._keys, np.int64)
        np.add.at(added, codes, values)
        return added

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        arrays = [self._slices, self._codes, *self._days.values(), *self._columns]
        return sum(one.nbytes for one in arrays)
