"""Figures of one build from memory: for any filter, without asking the database again.

`remember` asks each metric's query once, its sums by slice (see `parts`). A filter leaves some slices, whose sums are
added up here exactly, in whole cents; the formulas of the query's columns make the figure of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from patron.memory.numbers import Whole, unit_of, whole
from patron.memory.picked import PickedRows, Row, rows_of, values_of
from patron.metrics import Build
from patron.metrics.filters import FILTERS, UNKNOWN, Filters
from patron.metrics.parts import SLICE, Column, Columns, Formula, Picks, Sums

Chosen = np.ndarray[
    Any, np.dtype[np.bool_]
]  # for each slice_id whether it is left; there is none of the number 0
MOST_ROWS = 1_000_000  # of which the first are picked; who has more has them asked for where these do not do
AT_ONCE = 50_000  # rows that are looked through before the next ones are


class Slices:
    """Which slices a filter leaves."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Take the rows of the table of slices."""
        self.length = max((row[SLICE] for row in rows), default=0) + 1
        numbers = [row[SLICE] for row in rows]
        self._all = np.zeros(self.length, np.bool_)
        self._all[numbers] = True
        self._latest = Filters(), self._all
        self._values: dict[str, tuple[dict[str, int], Whole]] = {}
        for name in FILTERS:
            codes: dict[str, int] = {}
            column = np.zeros(self.length, np.int64)
            for row in rows:
                text = UNKNOWN if row[name] is None else str(row[name])
                column[row[SLICE]] = codes.setdefault(text, len(codes))
            self._values[name] = codes, column

    def left_by(self, filters: Filters) -> Chosen:
        """Return which ones `filters` leaves."""
        known, chosen = self._latest
        if known == filters:
            return chosen
        chosen = self._all.copy()
        for name, values in filters.given.items():
            codes, column = self._values[name]
            wanted = np.zeros(max(len(codes), 1), np.bool_)
            wanted[[codes[str(value)] for value in values if str(value) in codes]] = True
            chosen &= wanted[column]
        self._latest = filters, chosen  # a dashboard asks for the same many times
        return chosen


@dataclass(frozen=True)
class _Added:
    """One sum of each row, as whole numbers of a unit of so many decimal places; `given` where some are None."""

    values: Whole
    places: int
    given: Whole | None

    @classmethod
    def of(cls, column: pa.Array, order: Whole) -> _Added:
        places = column.type.scale if pa.types.is_decimal(column.type) else 0
        missing = column.null_count > 0
        given = np.asarray(column.is_valid())[order].astype(np.int64) if missing else None
        values = whole(column)[order]
        return cls(values * given if given is not None else values, places, given)

    def of_keys(self, rows: Whole, bounds: Whole) -> Column:
        """Return the sum of each key of the rows that are left, which lie between its bounds; None of nothing."""
        added = _between(self.values[rows], bounds).tolist()
        counted = np.diff(bounds) if self.given is None else _between(self.given[rows], bounds)
        if self.places:
            unit = unit_of(self.places)
            added = [unit * value for value in added]
        return [value if count else None for value, count in zip(added, counted.tolist(), strict=True)]


class KeptSums:
    """The rows of a query of sums, by key."""

    def __init__(self, sums: Sums, table: pa.Table) -> None:
        """Take a query and its rows; raises TypeError for sums of a type that is not exact."""
        self.sums = sums
        codes, first = _numbered([table.column(f"key_{place}") for place in range(sums.keys)], len(table))
        order = np.argsort(codes, kind="stable")
        self._starts = np.searchsorted(codes[order], np.arange(len(first) + 1))
        self._keys = [table.column(f"key_{place}").take(first).to_pylist() for place in range(sums.keys)]
        self._slices = _numbers_of_slices(table)[order]
        self._sums = [
            _Added.of(table.column(f"sum_{place}").combine_chunks(), order) for place in range(sums.sums)
        ]

    def rows(self, chosen: Chosen) -> list[Row]:
        """Return the figure's rows of the chosen slices."""
        rows = np.flatnonzero(chosen[self._slices])
        bounds = np.searchsorted(rows, self._starts)
        if self.sums.is_one:
            bounds = np.array([0, len(rows)])
        columns = Columns(self._keys, [one.of_keys(rows, bounds) for one in self._sums], len(bounds) - 1)
        if not self.sums.keeps_keys and not self.sums.is_one:
            columns = _only(columns, np.diff(bounds).astype(np.bool_))
        found = {name: formula(columns) for name, formula in self.sums.columns.items()}
        return _ordered(rows_of(found), self.sums.order, columns)


class KeptPicks:
    """The rows of a query that picks the first ones, in its order."""

    def __init__(self, picks: Picks, table: pa.Table) -> None:
        self.picks = picks
        self._is_all = len(table) < MOST_ROWS
        self._slices = _numbers_of_slices(table)
        self._columns = {name: values_of(table.column(name).combine_chunks()) for name in picks.columns}

    def rows(self, chosen: Chosen, limit: int) -> PickedRows | None:
        """Return the first rows of the chosen slices, or None where they are not all here."""
        places = np.empty(0, np.int64)
        for start in range(0, len(self._slices), AT_ONCE):
            more = np.flatnonzero(chosen[self._slices[start : start + AT_ONCE]]) + start
            places = np.concatenate([places, more])
            if len(places) >= limit:
                break
        if len(places) < limit and not self._is_all:
            return None
        return PickedRows(self._columns, places[:limit])


class Memory:
    """What is remembered of one build: each query by its text and what it is broken down by."""

    def __init__(self, build: Build, slices: Slices) -> None:
        self.build = build
        self._slices = slices
        self._kept: dict[tuple[str, Any], KeptSums | KeptPicks] = {}
        self._of_any_period: set[str] = set()

    def keep(self, sql: str, by: str | None, kept: KeptSums | KeptPicks, *, of_any_period: bool) -> None:
        """Remember a query; what is `of_any_period` does not depend on one."""
        self._kept[sql, by] = kept
        if of_any_period:
            self._of_any_period.add(sql)

    def rows(
        self, sql: str, filters: Filters, options: Mapping[str, Any], *, is_always: bool
    ) -> Sequence[Row] | None:
        """Return the rows of a query, narrowed, or None where they must be asked for."""
        kept = self._kept.get((sql, options.get("by")))
        if kept is None or not (is_always or sql in self._of_any_period):
            return None
        chosen = self._slices.left_by(filters)
        if isinstance(kept, KeptSums):
            return kept.rows(chosen)
        return kept.rows(chosen, limit_of(kept.picks, options))


def limit_of(picks: Picks, options: Mapping[str, Any]) -> int:
    """Return how many rows are picked, which an option may say."""
    if isinstance(picks.limit, exp.Placeholder):
        return int(options[str(picks.limit.this)])
    return int(picks.limit.to_py())


def _only(columns: Columns, wanted: Chosen) -> Columns:
    """Return the rows that are wanted."""
    places = np.flatnonzero(wanted).tolist()
    keys, sums = ([[one[place] for place in places] for one in many] for many in (columns.keys, columns.sums))
    return Columns(keys, sums, len(places))


def _ordered(rows: list[Row], terms: Sequence[tuple[Formula, bool]], columns: Columns) -> list[Row]:
    """Return rows in the order of terms, of which each may have the highest first; None is last."""
    places = list(range(len(rows)))
    for formula, descending in reversed(terms):
        values = formula(columns)
        empty = [place for place in places if values[place] is None]
        places = [place for place in places if values[place] is not None]
        places = sorted(places, key=values.__getitem__, reverse=descending) + empty
    return [rows[place] for place in places]


def _numbered(keys: Sequence[pa.ChunkedArray], length: int) -> tuple[Whole, Whole]:
    """Return for each row the number of its keys, and for each number the first row that has it."""
    codes = np.zeros(length, np.int64)
    for column in keys:
        encoded = pc.dictionary_encode(column.combine_chunks(), null_encoding="encode")
        codes = codes * max(len(encoded.dictionary), 1) + encoded.indices.to_numpy()
    if not keys:
        return codes, np.zeros(1, np.int64)
    _, first, numbers = np.unique(codes, return_index=True, return_inverse=True)
    return numbers, first


def _numbers_of_slices(table: pa.Table) -> Whole:
    return np.asarray(pc.fill_null(table.column(SLICE), 0), np.int64)


def _between(values: Whole, bounds: Whole) -> Whole:
    added = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    return np.asarray(np.diff(added[bounds]))
