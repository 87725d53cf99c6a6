"""Asks a database once for all that a build's figures are made of, so that filtered ones need not be asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from typing import Any, Protocol

import pyarrow as pa
from sqlglot import exp

from patron.memory.kept import MOST_ROWS, KeptPicks, Memory, Slices
from patron.memory.sums import Gathered, KeptSums, TooMany
from patron.metrics.compute import Database, Shape, current_build, draw_to, lines, shaped
from patron.metrics.parts import Picks, split
from patron.metrics.registry import Query, registry
from patron.metrics.window import Window

DAYS = {one.name for one in fields(Window)}
MOST_ADDED = 20_000_000  # rows of about twelve bytes each; for a figure of more the database is asked
OF_A_PERIOD = {"is_always", "has_parts", *DAYS}


class Streaming(Database, Protocol):
    """What it takes of an engine."""

    def stream(
        self, sql: str, parameters: Sequence[Any] = ()
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """Read a query's rows as Arrow batches."""
        ...


def remember(database: Streaming) -> Memory:
    """Return what the latest build's figures of all time are made of; raises NoDatabase where there are none.

    All of it is read in the one snapshot that the caller has of the database.
    """
    build = current_build(database)
    memory = Memory(build, Slices(database.query("SELECT * FROM slices")))
    for query, by in _queries():
        kept = _kept(database, query, Shape((), is_always=True, has_parts=False, by=by))
        if kept is not None:
            memory.keep(query.sql, by, kept, is_always=True)
            if not _has_period(query):
                memory.keep(query.sql, by, kept, is_always=False)
    return memory


def remember_days(database: Streaming, memory: Memory) -> None:
    """Remember in `memory`, of the same build, what figures of any period are made of, which are many more rows."""
    if memory.has_days:
        return
    try:
        for query, by in _queries():
            if _has_period(query):
                kept = _kept(database, query, Shape((), is_always=False, has_parts=True, by=by))
                if kept is not None:
                    memory.keep(query.sql, by, kept, is_always=False)
    finally:
        memory.has_days = True  # also where it fails: what takes so long is tried once a build


def _has_period(query: Query) -> bool:
    return not OF_A_PERIOD.isdisjoint(str(one.this) for one in query.tree.find_all(exp.Placeholder))


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


def _kept(database: Streaming, query: Query, shape: Shape) -> KeptSums | KeptPicks | None:
    parts = split(shaped(query.tree, shape), DAYS)
    if isinstance(parts, Picks):
        with _reading(database, parts.query.limit(MOST_ROWS)) as reader:
            return KeptPicks(parts, reader.read_all())
    if parts is None:
        return None
    gathered: list[Gathered] = []
    for part in parts.parts:
        with _reading(database, part.query) as reader:
            try:
                gathered.append(
                    Gathered.of(part, parts, reader, MOST_ADDED - sum(len(one) for one in gathered))
                )
            except TooMany:
                return None
    return KeptSums(parts, gathered)


def _reading(database: Streaming, query: exp.Select) -> AbstractContextManager[pa.RecordBatchReader]:
    sql, names = database.parameterised(query)
    values = {"draw_to": draw_to(1.0)}
    return database.stream(sql, [values[name] for name in names])
