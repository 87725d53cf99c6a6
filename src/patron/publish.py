"""Brings what was built in one database to where it is served from.

What is brought is all that a build leaves behind: the tables that customer_360 and the figures are read from, the
cut points, and the record of the builds. It arrives in parts beside what is served and is swapped in whole.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from patron.contract.bookkeeping import BUILDS, NEW_CUSTOMERS
from patron.engines.base import Engine, OnProgress, Progress, no_progress
from patron.errors import BuildError
from patron.model.steps import STORED, kept

ROWS_A_PART = 1_000_000
BY = "customer_id"
HASHES = 16**4  # that the first four letters of a hash tell apart


@dataclass(frozen=True)
class Published:
    """What a publication brought: the build, its rows in all, those that had arrived in an earlier try, seconds."""

    build_id: int
    rows: int
    resumed_rows: int
    seconds: float


def publish(source: Engine, target: Engine, shown: str, progress: OnProgress = no_progress) -> Published:
    """Bring the latest build of `source`, which is `shown` so, to `target`, whole or not at all.

    One that was killed goes on where it was. Raises BuildError when there is nothing to publish or it was made by
    another version of Patron, DatabaseError when either side fails; `target` is then as it was.
    """
    start = time.monotonic()
    with source.snapshot():
        last = source.last_build()
        if last is None:
            raise BuildError(f"{shown} has no customer_360 to publish; run `patron build` there first.")
        if last["model"] != source.model_mark:
            raise BuildError(
                f"The latest build of {shown} was made by another version of Patron; run `patron build` there "
                "with this one first."
            )
        if not _is_ready(target):
            target.init()
        tables = _tables()
        receiver = target.receiver()
        publication = f"{last['build_id']} {last['started_at'].isoformat()} {shown} {target.model_mark}"
        there = receiver.begin(publication, tables)
        rows = 0
        for number, (table, columns) in enumerate(tables.items()):
            progress(Progress(table, number, len(tables)))
            for part, query in enumerate(_parts(source, table, columns)):
                if (table, part) not in there:
                    with source.stream(query) as reader:
                        arrived = _as_made_here(reader, table, last["model"], target.model_mark)
                        rows += receiver.receive(publication, table, part, arrived)
        receiver.swap(tables)
    resumed = sum(there.values())
    return Published(int(last["build_id"]), rows + resumed, resumed, time.monotonic() - start)


def _is_ready(target: Engine) -> bool:
    """Tell whether `target` has the tables of this version: making them again would get in readers' way."""
    last = target.last_build() if BUILDS.name in target.contents() else None
    return last is not None and last["model"] == target.model_mark


def _tables() -> dict[str, tuple[str, ...]]:
    """Return the tables that a build leaves behind, each with its columns."""
    made = {step.name: tuple(step.columns) for step in kept(*STORED)}
    return made | {table.name: table.names for table in (NEW_CUSTOMERS, BUILDS)}


def _parts(source: Engine, table: str, columns: tuple[str, ...]) -> list[str]:
    """Return the queries of a table's parts: customers are spread over them by a hash that does not change."""
    query = exp.select(*map(exp.column, columns)).from_(exp.to_table(table))
    if BY not in columns:
        return [source.sql(query)]
    count = source.query(
        source.sql(exp.select(exp.alias_(exp.Count(this=exp.Star()), "number")).from_(exp.to_table(table)))
    )
    parts = max(1, -(-int(count[0]["number"]) // ROWS_A_PART))
    if parts == 1:
        return [source.sql(query)]
    bounds = [f"{place * HASHES // parts:04x}" for place in range(1, parts)]
    return [
        source.sql(query.where(*_between(low, high), copy=True))
        for low, high in zip([None, *bounds], [*bounds, None], strict=True)
    ]


def _between(low: str | None, high: str | None) -> list[exp.Expr]:
    """Return conditions that a customer's hash, the same on every engine, lies from `low` to below `high`."""
    digest = exp.MD5(this=exp.cast(exp.column(BY), "text"))
    first = exp.Substring(this=digest, start=exp.Literal.number(1), length=exp.Literal.number(4))
    conditions: list[exp.Expr] = []
    if low is not None:
        conditions.append(exp.GTE(this=first.copy(), expression=exp.Literal.string(low)))
    if high is not None:
        conditions.append(exp.LT(this=first.copy(), expression=exp.Literal.string(high)))
    return conditions


def _as_made_here(reader: pa.RecordBatchReader, table: str, made: str, here: str) -> pa.RecordBatchReader:
    """Return the rows; builds of the source's model are of the target's, whose steps are the same in other words."""
    if table != BUILDS.name:
        return reader
    rows = reader.read_all()
    marks = [here if mark == made else mark for mark in rows.column("model").to_pylist()]
    place = rows.schema.get_field_index("model")
    return rows.set_column(place, "model", pa.array(marks, pa.string())).to_reader()
