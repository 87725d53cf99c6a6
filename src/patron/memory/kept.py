"""Figures of one build from memory: for any filter, without asking the database again.

`remember` asks each metric's query once, its sums by slice (see `parts`). A filter leaves some slices, whose sums are
added up (see `sums`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from sqlglot import exp

from patron.memory.numbers import Chosen, Whole, slice_numbers
from patron.memory.picked import PickedRows, Row
from patron.memory.sums import KeptSums
from patron.memory.written import WrittenRows
from patron.metrics import Build
from patron.metrics.filters import FILTERS, UNKNOWN, Filters
from patron.metrics.parts import SLICE, Picks
from patron.metrics.window import Window

MOST_ROWS = 1_000_000  # of which the first are picked; who has more has them asked for where these do not do
AT_ONCE = 4  # rows that are looked through first, to each that is wanted
QUICK = 32_000_000  # bytes of a query's sums, which take a few milliseconds to add up


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


class KeptPicks:
    """The rows of a query that picks the first ones, in its order."""

    def __init__(self, picks: Picks, table: pa.Table) -> None:
        self.picks = picks
        self._is_all = len(table) < MOST_ROWS
        self._slices = slice_numbers(table.column(SLICE))
        self._table = table.select(picks.columns).combine_chunks()
        columns = zip(picks.columns, self._table.columns, strict=True)
        self._written = WrittenRows({name: column.combine_chunks() for name, column in columns})

    def rows(self, chosen: Chosen, limit: int) -> PickedRows | None:
        """Return the first rows of the chosen slices, or None where they are not all here."""
        found: list[Whole] = [np.zeros(0, np.int64)]
        start, length = 0, AT_ONCE * limit
        while start < len(self._slices) and sum(map(len, found)) < limit:
            found.append(np.flatnonzero(chosen.take(self._slices[start : start + length])) + start)
            start, length = start + length, 2 * length  # the fewer there are, the further they are looked for
        places = np.concatenate(found)
        if len(places) < limit and not self._is_all:
            return None
        return PickedRows(self._table, self._written, places[:limit])


class Memory:
    """What is remembered of one build: each query by its text and what it is broken down by."""

    def __init__(self, build: Build, slices: Slices) -> None:
        self.build = build
        self._slices = slices
        self._kept: dict[tuple[str, Any, bool], KeptSums | KeptPicks] = {}
        self.has_days = False  # whether `remember_days` was through with it
        self.is_quick = True  # whether a figure of all time takes next to no time, whatever the filter

    def keep(self, sql: str, by: str | None, kept: KeptSums | KeptPicks, *, is_always: bool) -> None:
        """Remember a query as it is without a period (`is_always`), or with one."""
        self._kept[sql, by, is_always] = kept
        if is_always and isinstance(kept, KeptSums):
            self.is_quick &= kept.nbytes <= QUICK

    def rows(
        self, sql: str, filters: Filters, options: Mapping[str, Any], days: Window, *, is_always: bool
    ) -> Sequence[Row] | None:
        """Return the rows of a query, narrowed, or None where they must be asked for."""
        kept = self._kept.get((sql, options.get("by"), is_always))
        if kept is None:
            return None
        chosen = self._slices.left_by(filters)
        if isinstance(kept, KeptSums):
            return kept.rows(chosen, days.parameters())
        return kept.rows(chosen, limit_of(kept.picks, options))

    @property
    def nbytes(self) -> int:
        """How many bytes its sums take, which is nearly all of it but the rows that are picked from."""
        return sum(one.nbytes for one in set(self._kept.values()) if isinstance(one, KeptSums))


def limit_of(picks: Picks, options: Mapping[str, Any]) -> int:
    """Return how many rows are picked, which an option may say."""
    if isinstance(picks.limit, exp.Placeholder):
        return int(options[str(picks.limit.this)])
    return int(picks.limit.to_py())
