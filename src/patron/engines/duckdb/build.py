"""One build of customer_360 on DuckDB.

A batch of customers is computed with the model's files as they are: temporary views named like the contract
tables narrow every fact to the batch. A full build takes ranges of customers, which the facts' order by
customer makes cheap, on as many threads as there are; an incremental one takes the changed customers.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
from sqlglot import exp

from patron.contract import FACTS
from patron.engines.base import BuildRecord, OnProgress, Progress, Reconciliation, Step
from patron.engines.duckdb.batch import BATCH, IN_BATCHES, NARROWED, ChangedBatch
from patron.engines.duckdb.opening import reason
from patron.engines.duckdb.picks import sql_of
from patron.engines.duckdb.sums import ChangedSums
from patron.engines.duckdb.workers import Task, Workers
from patron.errors import BuildError, NotReconciled
from patron.model.render import parameters
from patron.model.steps import Kept, kept, step_named
from patron.model.steps import Step as ModelStep
from patron.model.sums import CUSTOMER_SLICES, SLICES, new_slice_numbers, summed_tables
from patron.tracing import span

if TYPE_CHECKING:
    from patron.engines.duckdb.engine import DuckDBEngine

# A batch of this many facts (about 50,000 customers) keeps a step's hash tables near the processor's cache, while
# the fixed cost of a statement stays out of sight.
FACTS_A_BATCH = 2_000_000
# What DuckDB is told while workers run, each a statement of its own; settings of the whole process, put back after.
WORKING = {
    # DuckDB's own parallelism would have to gather what its threads grouped apart.
    "threads": 1,
    # Numbered customers of one batch lie so close together that they can be grouped in an array of 2 to the power
    # of this many places instead of a hash table; larger arrays cost more to clear than they save.
    "perfect_ht_threshold": 18,
    # A worker compresses what it inserts as it goes, and not at its commit, which others have to wait for.
    "write_buffer_row_group_count": 1,
}
# Nearly every customer has others: compressing them takes a fifth of the time of writing, and saves a fiftieth of disk.
HARDLY_COMPRESSED = frozenset({"email", "phone_number"})
# With more of the customers changed than this, a full build is the cheaper one.
FULL_FROM_SHARE = 0.3
T = TypeVar("T")


class DuckDBBuild:
    """One build; `run` does it in the caller's thread and returns its record."""

    def __init__(self, engine: DuckDBEngine, as_of: date, *, full: bool, progress: OnProgress) -> None:
        self.engine = engine
        self.as_of = as_of
        self.progress = progress
        self.started_at = datetime.now(UTC)
        last = engine.last_build()
        self.build_id = (last["build_id"] if last else 0) + 1
        self.values = parameters(engine.settings.model, as_of, self.build_id)
        self.settings = json.loads(engine.settings.model.model_dump_json())
        self.figures = engine.settings.model.figures
        self.seconds: dict[str, float] = {}
        self.rows: dict[str, int] = {}
        self.failed: str | None = None  # the step that was the first to fail
        self.counting = threading.Lock()  # workers change these
        self.same_model = last is not None and last["model"] == engine.model_mark
        self.full = full or last is None or as_of < last["as_of"] or self._features_differ(last)

    def _features_differ(self, last: dict[str, Any]) -> bool:
        """Whether the rows of before were made by other steps, or with another setting that they hold."""
        used = json.loads(last["settings"])
        return bool(
            not self.same_model
            or used.get("positive_response_types") != self.settings["positive_response_types"]
            or used.get("figures", True) != self.figures
        )

    def steps_of(self, *ways: Kept) -> tuple[ModelStep, ...]:
        """Return the steps to run: those of the rollups only where figures are wanted."""
        return tuple(step for step in kept(*ways) if self.figures or not step.is_rollup)

    def run(self) -> BuildRecord:
        """Build, reconcile, swap; raises BuildError or NotReconciled and then leaves all as it was."""
        try:
            if self.full or self._too_many_changed():
                return self._run_full()
            return self._run_incremental()
        except duckdb.CatalogException:
            raise
        except duckdb.Error as error:
            step = f" in the step {self.failed}" if self.failed else ""
            raise BuildError(
                f"The build as of {self.as_of} failed{step} and customer_360 is as it was: {reason(error)}."
            ) from error

    # -- full: ranges of customers, then a swap ---------------------------------------------------------

    def _run_full(self) -> BuildRecord:
        self.full = True
        ranges = self._ranges()
        with self.engine.transaction() as cursor:
            _drop_next(cursor)
            for step in kept(Kept.CUSTOMER_TABLE):
                _create_next(cursor, step.name)
        try:
            self._compute(ranges)
            with self.engine.transaction() as cursor:
                new = self._note_new(cursor, "customer_features_next")
                for step in kept(Kept.CUSTOMER_TABLE):
                    cursor.execute(f"DROP TABLE {step.name}")
                    cursor.execute(f"ALTER TABLE {step.name}_next RENAME TO {step.name}")
                return self._finish(cursor, new)
        except BaseException:
            with suppress(duckdb.Error), self.engine.transaction() as cursor:
                _drop_next(cursor)
            raise

    def _ranges(self) -> list[str]:
        """Cut the customers into ranges of about equally many; return each as a condition on customer_id."""
        facts = sum(self.engine.query(f"SELECT COUNT(*) AS n FROM {fact.name}")[0]["n"] for fact in FACTS)
        batches = max(1, round(facts / FACTS_A_BATCH))
        if batches == 1:
            return ["TRUE"]
        shares = [number / batches for number in range(1, batches)]
        cuts = self.engine.query("SELECT QUANTILE_DISC(customer_id, ?) AS cuts FROM customer_info", [shares])
        bounds = [exp.convert(cut).sql("duckdb") for cut in dict.fromkeys(cuts[0]["cuts"])]
        return [
            " AND ".join(
                part for part in (low and f"customer_id > {low}", high and f"customer_id <= {high}") if part
            )
            for low, high in zip([None, *bounds], [*bounds, None], strict=True)
        ]

    def _compute(self, ranges: list[str]) -> None:
        """Compute every range into the next tables, each worker in one transaction of its own.

        All transactions begin before the first one writes, so that all see the same facts.
        """
        number = min(len(ranges), self.engine.threads)
        tuned = self._set_for_workers() if len(ranges) > 1 else nullcontext()
        queue = iter(ranges)
        done = iter(range(1, len(ranges) + 1))

        def work(cursor: duckdb.DuckDBPyConnection) -> None:
            self._run_once(cursor)
            for condition in queue:
                with self._narrowed(cursor, condition):
                    self._run_batch(cursor)
                self.progress(Progress("customers", next(done), len(ranges)))
            cursor.commit()

        with tuned, Workers([self.engine.cursor() for _ in range(number)]) as workers:
            for cursor in workers.cursors:
                cursor.begin()
                cursor.execute("SELECT 1 FROM customer_info LIMIT 1")
            try:
                workers.run({str(one): Task(work) for one in range(number)}, {})
            except BaseException:
                deque(queue, maxlen=0)
                raise

    @contextmanager
    def _set_for_workers(self, threads: int = 1) -> Iterator[None]:
        """Let each worker's statements have so many of DuckDB's threads: more would gather what they grouped apart."""
        working = WORKING | {"threads": threads}
        with self.engine.cursor() as cursor:
            before = {
                name: cursor.execute("SELECT current_setting(?)", [name]).fetchall()[0][0] for name in working
            }
            try:
                for name, value in working.items():
                    cursor.execute(f"SET GLOBAL {name} = {value}")
                yield
            finally:
                for name, value in before.items():
                    cursor.execute(f"SET GLOBAL {name} = {int(value)}")

    # -- incremental: the changed customers, in one transaction -----------------------------------------

    def _changed(self) -> str:
        return (
            "SELECT customer_id FROM changed_customers UNION "
            "SELECT customer_id FROM customers_to_come WHERE comes_on <= $as_of"
        )

    def _too_many_changed(self) -> bool:
        with self.engine.cursor() as cursor:
            changed = _count(cursor, f"({self._changed()})", {"as_of": self.as_of})
            return changed > 1000 and changed > FULL_FROM_SHARE * _count(cursor, "customer_info")

    def _run_incremental(self) -> BuildRecord:
        with ChangedBatch(self) as batch:
            # Half, since the largest table is one worker's for as long as all others together take: one of two threads.
            with self._set_for_workers(max(1, self.engine.threads // 2)):
                recomputed = batch.compute(self._changed(), {"as_of": self.as_of})
            with self.engine.transaction() as cursor:
                _drop_next(cursor)
                new = 0
                if recomputed:
                    new = self._note_new(cursor, f"{BATCH}.customer_features_batch")
                    self.timed("merge", lambda: self._merge(cursor))
                sums = (
                    ChangedSums(cursor, f"{self.engine.catalog}.main", has_batch=recomputed > 0)
                    if self.figures
                    else None
                )
                return self._finish(cursor, new, recomputed, sums, batch)

    def _merge(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Put fresh rows in the place of former ones, but for what sums read: they need both."""
        for step in self.steps_of(Kept.CUSTOMER_TABLE):
            if step.name in summed_tables():
                continue
            cursor.execute(
                f"DELETE FROM {step.name} WHERE customer_id IN (SELECT customer_id FROM {BATCH}.batch)"
            )
            cursor.execute(
                f"INSERT INTO {step.name} BY NAME FROM {BATCH}.{step.name}_batch ORDER BY customer_id"
            )

    # -- what both share --------------------------------------------------------------------------------

    @contextmanager
    def _narrowed(self, cursor: duckdb.DuckDBPyConnection, condition: str) -> Iterator[None]:
        """Let the names of the contract tables stand for their rows under `condition`, for this cursor."""
        start = time.perf_counter()
        mentioned = {name for step in self.steps_of(*IN_BATCHES) for name in step.mentions}
        for name, columns in NARROWED.items():
            used = ", ".join(column for column in columns if column in mentioned)
            cursor.execute(
                f"CREATE OR REPLACE TEMP VIEW {name} AS "
                f"SELECT {used} FROM {self.engine.catalog}.main.{name} WHERE {condition}"
            )
        self._took("narrowing", time.perf_counter() - start)
        yield
        for name in NARROWED:  # after a failure the transaction takes them with it
            cursor.execute(f"DROP VIEW temp.{name}")

    def _run_once(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Compute what all batches of this cursor share."""
        for step in self.steps_of(Kept.BUILD_STEP):
            self.run_step(cursor, step, f"CREATE OR REPLACE TEMP TABLE {step.name} AS")

    def _run_batch(self, cursor: duckdb.DuckDBPyConnection) -> None:
        for step in self.steps_of(Kept.BATCH_STEP):
            self.run_step(cursor, step, f"CREATE OR REPLACE TEMP TABLE {step.name} AS")
        for step in self.steps_of(Kept.CUSTOMER_TABLE):
            self.run_step(cursor, step, f"INSERT INTO {step.name}_next BY NAME")
        for step in self.steps_of(Kept.BATCH_STEP):
            cursor.execute(f"DROP TABLE temp.{step.name}")

    def run_step(self, cursor: duckdb.DuckDBPyConnection, step: ModelStep, opening: str) -> None:
        def run() -> int:
            row = cursor.execute(f"{opening} {sql_of(step.name)}", self.values_for(step)).fetchone()
            return int(row[0]) if row else 0

        rows = self.timed(step.name, run)
        with self.counting:
            self.rows[step.name] = self.rows.get(step.name, 0) + rows

    def values_for(self, step: ModelStep) -> dict[str, Any]:
        return {name: self.values[name] for name in step.parameters}

    def _note_new(self, cursor: duckdb.DuckDBPyConnection, features: str) -> int:
        # After another model the former rows may be gone; then the customers of all builds before are known.
        known = "customer_features" if self.same_model else "new_customers"
        row = cursor.execute(
            f"INSERT INTO new_customers SELECT $build_id, customer_id FROM {features} "
            f"ANTI JOIN {known} USING (customer_id)",
            {"build_id": self.build_id},
        ).fetchone()
        return int(row[0]) if row else 0

    def _run_for_all(self, cursor: duckdb.DuckDBPyConnection, sums: ChangedSums | None) -> None:
        """Compute what depends on everyone; sums that hardly changed are brought up to date."""
        for step in kept(Kept.SHOP_TABLE, Kept.SHOP_SUM):
            if step.is_rollup and not self.figures:
                cursor.execute(f"DELETE FROM {step.name}")
            elif step.name == CUSTOMER_SLICES and sums:
                self.rows[step.name] = self.timed(step.name, sums.take_in)
            elif step.kept is Kept.SHOP_SUM and sums and sums.are_few:
                self.rows[step.name] = self.timed(step.name, partial(sums.add, step))
            else:
                cursor.execute(f"DELETE FROM {step.name}")
                self.run_step(cursor, step, f"INSERT INTO {step.name} BY NAME")
            if step.name == SLICES:
                cursor.execute(new_slice_numbers())

    def _finish(
        self,
        cursor: duckdb.DuckDBPyConnection,
        new: int,
        recomputed: int | None = None,
        sums: ChangedSums | None = None,
        batch: ChangedBatch | None = None,
    ) -> BuildRecord:
        """Compute what depends on everyone, reconcile, forget the changes that were taken in, keep the record."""
        self._run_for_all(cursor, sums)
        customers = _count(cursor, "customer_features")
        reconciliation = self._reconcile(cursor, batch)
        cursor.execute("DELETE FROM changed_customers")
        record = BuildRecord(
            build_id=self.build_id,
            as_of=self.as_of,
            kind="full" if self.full else "incremental",
            started_at=self.started_at,
            finished_at=datetime.now(UTC),
            customers=customers,
            new_customers=new,
            recomputed=customers if recomputed is None else recomputed,
            settings=self.settings,
            steps=tuple(Step(name, round(s, 4), self.rows.get(name)) for name, s in self.seconds.items()),
            reconciliation=reconciliation,
            model=self.engine.model_mark,
        )
        values = asdict(record)
        for name in ("started_at", "finished_at"):
            values[name] = values[name].replace(tzinfo=None)
        for name in ("settings", "steps", "reconciliation"):
            values[name] = json.dumps(values[name], default=str)
        marks = ", ".join("?" for _ in values)
        cursor.execute(f"INSERT INTO builds ({', '.join(values)}) VALUES ({marks})", list(values.values()))
        return record

    def _reconcile(
        self, cursor: duckdb.DuckDBPyConnection, batch: ChangedBatch | None
    ) -> tuple[Reconciliation, ...]:
        """Compare the result with the sources, whose side a batch of changed customers has counted already."""
        check = step_named("reconciliation")
        query, values = batch.rest_of_check() if batch else (check.sql, self.values_for(check))
        rows = self.timed("reconciliation", lambda: cursor.execute(query, values).fetchall())
        figures = tuple(Reconciliation(*row) for row in rows)
        for figure in figures:
            if not figure.agrees:
                raise NotReconciled(
                    f"The build as of {self.as_of} does not reconcile: for {figure.figure} the sources have "
                    f"{figure.in_sources} and the result has {figure.in_result}; customer_360 is as it was. "
                    "Try `patron build --full`."
                )
        return figures

    def timed(self, name: str, run: Callable[[], T]) -> T:
        start = time.perf_counter()
        try:
            with span(name):
                result = run()
        except duckdb.Error:
            with self.counting:
                self.failed = self.failed or name
            raise
        self._took(name, time.perf_counter() - start)
        return result

    def _took(self, name: str, seconds: float) -> None:
        with self.counting:
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds


def _create_next(cursor: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create the table that a full build fills and puts in the place of `name`."""
    columns = [
        f"{column} {kind}{' USING COMPRESSION uncompressed' if column in HARDLY_COMPRESSED else ''}"
        for column, kind, *_ in cursor.execute(f"DESCRIBE {name}").fetchall()
    ]
    cursor.execute(f"CREATE TABLE {name}_next ({', '.join(columns)})")


def _drop_next(cursor: duckdb.DuckDBPyConnection) -> None:
    """Drop what a full build that was killed has left behind."""
    for step in kept(Kept.CUSTOMER_TABLE):
        cursor.execute(f"DROP TABLE IF EXISTS {step.name}_next")


def _count(cursor: duckdb.DuckDBPyConnection, table: str, values: dict[str, Any] | None = None) -> int:
    return int(cursor.execute(f"SELECT COUNT(*) FROM {table}", values).fetchall()[0][0])
