"""One build of customer_360 on Spark.

The model's files run one after the other in a session of their own, where the names of the contract's tables stand
for the shop's. What a step makes is written once where several steps read it, and is otherwise a view that Spark
works into its only reader, so that steps by customer share their shuffle.

An incremental build is the same with other tables: while the steps by customer run, the names of the contract's
tables stand for the rows of changed customers, and what is made joins the rows that are kept of before.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from patron.contract import CONTRACT
from patron.contract.bookkeeping import BUILDS, NEW_CUSTOMERS
from patron.engines.base import BuildRecord, OnProgress, Progress, Reconciliation, Step
from patron.engines.spark.lake import BY_CUSTOMER, COMMIT, SUPERSEDED, Lake, Made, made_by, materialised
from patron.engines.spark.marks import BATCH, COUNTS, MARKS, changed, marks
from patron.engines.spark.render import rendered
from patron.engines.spark.session import telling
from patron.engines.spark.sweeping import note_attempt
from patron.errors import BuildError, DatabaseError, NoDatabase, NotReconciled
from patron.model.render import parameters
from patron.model.steps import STORED, Kept, kept, step_named, steps
from patron.model.steps import Step as ModelStep
from patron.tracing import span

if TYPE_CHECKING:
    from patron.engines.spark.engine import SparkEngine

T = TypeVar("T")
MADE = (Kept.BUILD_STEP, Kept.BATCH_STEP, *STORED, Kept.VIEW)
OF_CUSTOMERS = (Kept.BUILD_STEP, Kept.BATCH_STEP, Kept.CUSTOMER_TABLE)
NARROWED = tuple(table for table in CONTRACT if "customer_id" in table.names)
# With more of the customers changed than this, all are computed.
FULL_FROM_SHARE = 0.3
# With more of them changed since the base than this, the tables by customer are written whole again.
WHOLE_FROM_SHARE = 0.1
FEW = 1000  # customers, below which no share counts


class SparkBuild:
    """One build; `run` does it and returns its record."""

    def __init__(
        self, engine: SparkEngine, lake: Lake, as_of: date, *, full: bool, progress: OnProgress
    ) -> None:
        self.engine = engine
        self.lake = lake
        self.as_of = as_of
        self.progress = progress
        self.started_at = datetime.now(UTC)
        self.last = lake.last_commit()
        self.build_id = int(self.last["build_id"] if self.last else 0) + 1
        # Nobody else writes to it: a try that failed and a build that runs at the same time have other ones.
        self.folder = f"{self.build_id}-{secrets.token_hex(4)}"
        self.made = Made(self.folder, self.folder)
        self.values = parameters(engine.settings.model, as_of, self.build_id)
        self.settings = json.loads(engine.settings.model.model_dump_json())
        self.full = full or self.last is None or self._features_differ(self.last)
        self.recomputed: int | None = None  # all customers, unless it is known which
        self.viewed: set[str] = set()
        self.steps: dict[str, Step] = {}
        self.running: str | None = None

    def _features_differ(self, last: dict[str, Any]) -> bool:
        """Whether the rows of before see later days, or were made by other steps or with another setting they hold."""
        used = json.loads(last["settings"])
        return bool(
            self.as_of < last["as_of"]
            or last["model"] != self.engine.model_mark
            or MARKS not in made_by(last).columns
            or used.get("positive_response_types") != self.settings["positive_response_types"]
            or used.get("figures", True) != self.settings["figures"]
        )

    def run(self) -> BuildRecord:
        """Build, reconcile, let one new row of `builds` swap it in, and let the session show it.

        Raises BuildError or NotReconciled and then leaves what readers see as it was.
        """
        try:
            return self._run()
        except NoDatabase:
            raise
        except DatabaseError as error:
            step = f" in the step {self.running}" if self.running else ""
            raise BuildError(
                f"The build as of {self.as_of} failed{step} and customer_360 is as it was: {error}"
            ) from error

    def _run(self) -> BuildRecord:
        self.lake.show_declared()
        self.lake.show_build(self.last)
        note_attempt(self.lake, self.folder, self.started_at)
        self._timed("changed customers", self._find_changed)
        made = [step for step in steps() if step.kept in MADE and _is_needed(step)]
        of_customers = [step for step in made if step.kept in OF_CUSTOMERS]
        of_all = [step for step in made if step.kept not in OF_CUSTOMERS]
        if not self.full:
            self._timed("narrowing", self._narrow)
        for number, step in enumerate([*of_customers, *of_all]):
            if number == len(of_customers) and not self.full:
                self.lake.show_contract(NARROWED)
            self.progress(Progress(step.name, number, len(made)))
            self._timed(step.name, lambda step=step: self._make(step))  # type: ignore[misc]
        new = self._timed("new customers", self._note_new)
        reconciliation = self._timed("reconciliation", self._reconcile)
        customers = self._count("customer_features")
        record = BuildRecord(
            build_id=self.build_id,
            as_of=self.as_of,
            kind="full" if self.full else "incremental",
            started_at=self.started_at,
            finished_at=datetime.now(UTC),
            customers=customers,
            new_customers=new,
            recomputed=customers if self.recomputed is None else self.recomputed,
            settings=self.settings,
            steps=tuple(self.steps.values()),
            reconciliation=reconciliation,
            model=self.engine.model_mark,
        )
        self._commit(record)
        return record

    # -- whose rows are computed again ------------------------------------------------------------------

    def _find_changed(self) -> None:
        """Mark all customers; find those to compute again, and whether they are few enough to be the only ones."""
        known = {"customer_id": self.lake.columns_of(NEW_CUSTOMERS)["customer_id"]}
        if not self.full:
            former = self.lake.path(MARKS, made_by(self.last or {}).folder)
            self.lake.show_own("former_marks", former, known | COUNTS)
        self._write(MARKS, marks(), known | COUNTS)
        if self.full:
            return
        self._write(BATCH, changed("former_marks", MARKS, self.as_of), known)
        self.recomputed = self._count(BATCH)
        everybody = self._count(MARKS)
        if self.recomputed > max(FEW, FULL_FROM_SHARE * everybody):
            self.full, self.recomputed = True, None
            return
        self._choose_base(known, everybody)

    def _choose_base(self, known: dict[str, str], everybody: int) -> None:
        """Go on with the base of before, unless too many of its customers have been computed again since."""
        last = made_by(self.last or {})
        sql = f"SELECT customer_id FROM {BATCH}"
        if not last.is_whole:
            sql += f" UNION SELECT customer_id FROM {SUPERSEDED}"
        gone = int(self.lake.rows(f"SELECT COUNT(*) AS number FROM ({sql}) AS gone")[0]["number"])
        if gone <= max(FEW, WHOLE_FROM_SHARE * everybody):
            self.made = Made(self.folder, last.base, self.made.columns)
            self._write(SUPERSEDED, sql, known)

    def _narrow(self) -> None:
        """Let the names of the contract's tables stand for the rows of customers that are computed again."""
        for table in NARROWED:
            rows = (
                f"SELECT own.* FROM {table.name} AS own "
                f"LEFT SEMI JOIN {BATCH} ON {BATCH}.customer_id = own.customer_id"
            )
            name = f"narrowed_{table.name}"
            self.lake.write(self.lake.frame(rows), name, folder=self.folder)
            columns = self.lake.columns_of(table)
            self.lake.show_own(table.name, self.lake.path(name, self.folder), columns)

    # -- the steps --------------------------------------------------------------------------------------

    def _make(self, step: ModelStep) -> None:
        values = {name: self.values[name] for name in step.parameters}
        sql = rendered(step.tree, values)
        if not materialised(step, steps()):
            self.lake.view(step.name, sql)
            self.viewed.add(step.name)
            return
        if step.is_rollup and not self.engine.settings.model.figures:
            sql = f"SELECT * FROM ({sql}) AS unwanted WHERE FALSE"
        if step.name in BY_CUSTOMER and not self.full:
            sql = self._with_kept(step, sql)
        self._write(step.name, sql)

    def _with_kept(self, step: ModelStep, sql: str) -> str:
        """Return the query for the rows of `sql` and those of before that the build's folder is to hold too."""
        kept_in = step.name if self.made.is_whole else f"own_{step.name}"
        if not self.made.is_whole and made_by(self.last or {}).is_whole:
            return sql  # none: all are in the base
        columns = ", ".join(step.columns)
        return (
            f"SELECT {columns} FROM ({sql}) AS fresh UNION ALL SELECT {columns} FROM {kept_in} AS known "
            f"LEFT ANTI JOIN {BATCH} ON {BATCH}.customer_id = known.customer_id"
        )

    def _write(self, name: str, sql: str, columns: dict[str, str] | None = None) -> None:
        """Write a query's rows into the build's folder, and let `name` stand for them."""
        frame = self.lake.frame(sql)
        self.lake.write(frame, name, folder=self.folder)
        self.made.columns[name] = columns or {
            field.name: field.dataType.simpleString() for field in frame.schema.fields
        }
        self.lake.show_made(name, self.made)

    def _count(self, table: str) -> int:
        return int(self.lake.rows(f"SELECT COUNT(*) AS number FROM {table}")[0]["number"])

    def _note_new(self) -> int:
        """Write who was in no build before; the row of `builds` makes it count."""
        columns = self.lake.columns_of(NEW_CUSTOMERS)
        fresh = (
            f"SELECT CAST({self.build_id} AS BIGINT) AS build_id, fresh.customer_id, '{self.folder}' AS folder "
            "FROM customer_features AS fresh "
            "LEFT ANTI JOIN new_customers AS known ON known.customer_id = fresh.customer_id"
        )
        self.lake.write(self.lake.frame(fresh), NEW_CUSTOMERS.name)
        self.lake.show("all_new_customers", self.lake.source(NEW_CUSTOMERS), columns)
        counted = f"SELECT COUNT(*) AS number FROM all_new_customers WHERE folder = '{self.folder}'"
        return int(self.lake.rows(counted)[0]["number"])

    def _reconcile(self) -> tuple[Reconciliation, ...]:
        check = step_named("reconciliation")
        values = {name: self.values[name] for name in check.parameters}
        figures = tuple(Reconciliation(**row) for row in self.lake.rows(rendered(check.tree, values)))
        for figure in figures:
            if not figure.agrees:
                raise NotReconciled(
                    f"The build as of {self.as_of} does not reconcile: for {figure.figure} the sources have "
                    f"{figure.in_sources} and the result has {figure.in_result}; customer_360 is as it was. "
                    "See that nobody writes to the tables meanwhile, then run `patron build --full`."
                )
        return figures

    def _commit(self, record: BuildRecord) -> None:
        places = {"folder": self.folder, "columns": self.made.columns, "base": self.made.base}
        values: dict[str, Any] = {**asdict(record), **places}
        for name in ("settings", "steps", "reconciliation", "columns"):
            values[name] = json.dumps(values[name], default=str)
        one = pa.Table.from_pylist([values], schema=_arrow(values))
        kinds = self.lake.columns_of(BUILDS)
        typed = [f"CAST({name} AS {kinds[name]}) AS {name}" for name in (*BUILDS.names, *COMMIT)]
        with telling(self.lake.where):
            frame = self.lake.session.createDataFrame(one).selectExpr(*typed)
        self.lake.write(frame, BUILDS.name, one_file=True)
        try:
            self._see_it_stands()
        except DatabaseError as error:
            raise BuildError(
                f"The build as of {self.as_of} was written, but what became of it could not be seen; "
                f"`patron status` tells whether it stands: {error}"
            ) from error

    def _see_it_stands(self) -> None:
        latest = self.lake.last_commit()
        if latest is None or latest["folder"] != self.folder:
            raise BuildError(
                f"Another build ended while that as of {self.as_of} ran, and its customer_360 stands; "
                "build again if this one is wanted."
            )
        self.lake.show_build(latest, self.made.columns.keys() | self.viewed)

    def _timed(self, name: str, run: Callable[[], T]) -> T:
        self.running = name
        start = time.perf_counter()
        with span(name):
            result = run()
        self.steps[name] = Step(name, round(time.perf_counter() - start, 4))
        self.running = None
        return result


def _is_needed(step: ModelStep) -> bool:
    """Tell whether a step belongs to a build: a view does where a step reads it."""
    if step.kept is not Kept.VIEW:
        return True
    return any(step.name in one.reads and _is_needed(one) for one in kept(*MADE, Kept.CHECK))


def _arrow(values: Mapping[str, Any]) -> pa.Schema:
    kinds = {int: pa.int64(), date: pa.date32(), datetime: pa.timestamp("us", tz="UTC")}
    return pa.schema([(name, kinds.get(type(value), pa.string())) for name, value in values.items()])
