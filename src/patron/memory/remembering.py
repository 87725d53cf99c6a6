"""Asks a database once for all that a build's figures are made of, so that filtered ones need not be asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa
from sqlglot import exp

from patron.memory.kept import MOST_ROWS, KeptPicks, KeptSums, Memory, Slices
from patron.metrics.compute import Database, Shape, current_build, draw_to, lines, shaped
from patron.metrics.filters import Period
from patron.metrics.parts import Picks, Sums, split
from patron.metrics.registry import Query, registry
from patron.metrics.window import window

OF_A_PERIOD = {"is_always", "has_parts", "from_day", "to_day", "whole_from", "whole_to"}


class Streaming(Database, Protocol):
    """What it takes of an engine."""

    def stream(
        self, sql: str, parameters: Sequence[Any] = ()
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """Read a query's rows as Arrow batches."""
        ...


def remember(database: Streaming) -> Memory:
    """Return what the latest build's figures are made of; raises NoDatabase where there are none.

    All of it is read in the one snapshot that the caller has of the database.
    """
    build = current_build(database)
    memory = Memory(build, Slices(database.query("SELECT * FROM slices")))
    values = {**window(Period(), build.as_of).parameters(), "draw_to": draw_to(1.0)}
    for query, by in _queries():
        parts = split(shaped(query.tree, Shape((), is_always=True, has_parts=False, by=by)))
        if parts is None:
            continue
        table = _read(database, parts, values)
        kept = KeptSums(parts, table) if isinstance(parts, Sums) else KeptPicks(parts, table)
        names = {str(one.this) for one in query.tree.find_all(exp.Placeholder)}
        memory.keep(query.sql, by, kept, of_any_period=names.isdisjoint(OF_A_PERIOD))
    return memory


def _queries() -> Iterator[tuple[Query, str | None]]:
    """Return every query of every metric, once for each column that it can be broken down by."""
    on_lines = [one.name for one in registry().values() if one.is_line]
    yield lines(tuple(on_lines)), None
    for one in registry().values():
        choices = [option.values for option in one.options if option.name == "by"]
        for by in choices[0] if choices else (None,):
            yield (lines((one.name,)) if one.is_line else one.query), by
        for extra in one.extras.values():
            yield extra, None


def _read(database: Streaming, parts: Sums | Picks, values: dict[str, Any]) -> pa.Table:
    query = parts.query.limit(MOST_ROWS) if isinstance(parts, Picks) else parts.query
    sql, names = database.parameterised(query)
    with database.stream(sql, [values[name] for name in names]) as reader:
        return reader.read_all()
