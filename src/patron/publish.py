"""Brings what was built in one database to where it is served from.

What is brought is all that a build leaves behind: the tables that customer_360 and the figures are read from, the
cut points, and the record of the builds; where asked, the contract's tables too, of which the pages of customers
show single facts. It arrives in parts beside what is served and is swapped in whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event

import pyarrow as pa
from sqlglot import exp

from patron.contract import CONTRACT
from patron.contract.bookkeeping import BUILDS, NEW_CUSTOMERS
from patron.engines.base import Engine, OnProgress, Progress, no_progress
from patron.engines.receiving import Receiver
from patron.errors import BuildError
from patron.model.steps import STORED, kept

ROWS_A_PART = 1_000_000
MOST_PARTS = 64  # of a table, which is read once for each
CUSTOMERS = "customer_features"  # one row each
BY = "customer_id"
HASHES = 16**4  # that the first four letters of a hash tell apart


@dataclass(frozen=True)
class Part:
    """A part of a table: its number there, and the query for its rows."""

    table: str
    number: int
    query: str


Bring = Callable[[Part, Receiver, Event], int]


@dataclass(frozen=True)
class Published:
    """What a publication brought: the build, its rows in all, those that had arrived in an earlier try, seconds.

    `facts` says whether the facts came too, and are not there at all or from an earlier publication.
    """

    build_id: int
    rows: int
    resumed_rows: int
    seconds: float
    facts: bool


def publish(
    source: Engine,
    target: Engine,
    shown: str,
    progress: OnProgress = no_progress,
    *,
    jobs: int = 1,
    facts: bool = False,
) -> Published:
    """Bring the latest build of `source`, which is `shown` so, to `target`, whole or not at all.

    With `facts` the contract's tables come too, as they are now. At most `jobs` parts are brought at the same time,
    where both sides let more than one be. One that was killed goes on where it was, but for facts, which change without
    a build. Raises BuildError when there is nothing to publish, it was made by another version of Patron or is no
    longer whole, or when `target` has facts of its own; DatabaseError when either side fails. `target` is then as it
    was.
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
        if (there := _count(source, CUSTOMERS)) != last["customers"]:
            raise BuildError(
                f"The latest build of {shown} had {last['customers']} customers, of whom {there} are still there; "
                "bring back the files that are gone, or run `patron build --full` there."
            )
        if not _is_ready(target):
            target.init()
        receiver = target.receiver()
        if facts and (own := receiver.own_facts()):
            raise BuildError(
                f"The target already has {own} of its own, which a publication with facts would "
                "replace; publish to a database of its own, or without --facts."
            )
        tables, sources = _tables(), CONTRACT if facts else ()
        columns = tables | {table.name: table.names for table in sources}
        counts = {table: _count(source, table) for table in columns}
        parts = [part for table in columns for part in _parts(source, table, columns[table], counts[table])]
        publication = f"{last['build_id']} {last['started_at'].isoformat()} {shown} {target.model_mark}"
        arrived = receiver.begin(publication, tables, sources)

        def bring(part: Part, to: Receiver, stopped: Event) -> int:
            with source.stream(part.query) as reader:
                coming = _as_made_here(reader, part.table, last["model"], target.model_mark)
                coming = pa.RecordBatchReader.from_batches(coming.schema, _until(stopped, coming))
                return to.receive(publication, part.table, part.number, coming)

        missing = [part for part in parts if (part.table, part.number) not in arrived]
        with _receivers(receiver, jobs if source.shares_snapshots else 1) as receivers:
            rows = _bring_all(missing, receivers, bring, progress)
        receiver.swap(tables, sources)
    resumed = sum(arrived.values())
    return Published(int(last["build_id"]), rows + resumed, resumed, time.monotonic() - start, facts)


@contextmanager
def _receivers(first: Receiver, jobs: int) -> Iterator[list[Receiver]]:
    """Give as many receivers as there may be, `jobs` at most."""
    with ExitStack() as stack:
        receivers = [first]
        while len(receivers) < jobs and (another := stack.enter_context(first.beside())) is not None:
            receivers.append(another)
        yield receivers


def _bring_all(parts: list[Part], receivers: list[Receiver], bring: Bring, progress: OnProgress) -> int:
    """Bring all parts, one by each receiver at a time; return their rows.

    What is under way when one fails is brought to its end, so that it need not be brought again.
    """
    stopped = Event()
    if len(receivers) == 1:
        rows = 0
        for number, part in enumerate(parts):
            progress(Progress(part.table, number, len(parts)))
            rows += bring(part, receivers[0], stopped)
        return rows
    free: SimpleQueue[Receiver] = SimpleQueue()
    for receiver in receivers:
        free.put(receiver)

    def bring_one(part: Part) -> int:
        receiver = free.get()
        try:
            return bring(part, receiver, stopped)
        finally:
            free.put(receiver)

    with ThreadPoolExecutor(len(receivers), thread_name_prefix="patron-publishing") as pool:
        coming = {pool.submit(bring_one, part): part for part in parts}
        rows = 0
        try:
            for number, done in enumerate(as_completed(coming)):
                progress(Progress(coming[done].table, number, len(parts)))
                rows += done.result()
        except (KeyboardInterrupt, SystemExit):  # nobody is to wait for parts under way
            stopped.set()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return rows


def _until(stopped: Event, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if stopped.is_set():
            raise BuildError("The publication was stopped; it goes on where it was when it is started again.")
        yield batch


def _is_ready(target: Engine) -> bool:
    """Tell whether `target` has the tables of this version: making them again would get in readers' way."""
    last = target.last_build() if BUILDS.name in target.contents() else None
    return last is not None and last["model"] == target.model_mark


def _tables() -> dict[str, tuple[str, ...]]:
    """Return the tables that a build leaves behind, each with its columns."""
    made = {step.name: tuple(step.columns) for step in kept(*STORED)}
    return made | {table.name: table.names for table in (NEW_CUSTOMERS, BUILDS)}


def _parts(source: Engine, table: str, columns: tuple[str, ...], rows: int) -> list[Part]:
    """Return a table's parts: customers are spread over them by a hash that does not change."""
    query = exp.select(*map(exp.column, columns)).from_(exp.to_table(table))
    parts = min(max(1, -(-rows // ROWS_A_PART)), MOST_PARTS) if BY in columns else 1
    bounds = [f"{place * HASHES // parts:04x}" for place in range(1, parts)]
    return [
        Part(table, number, source.sql(query.where(*_between(low, high), copy=True)))
        for number, (low, high) in enumerate(zip([None, *bounds], [*bounds, None], strict=True))
    ]


def _count(source: Engine, table: str) -> int:
    count = exp.select(exp.alias_(exp.Count(this=exp.Star()), "number")).from_(exp.to_table(table))
    return int(source.query(source.sql(count))[0]["number"])


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
