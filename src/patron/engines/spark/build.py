"""One build of customer_360 on Spark.

The model's files run one after the other in a session of their own, where the names of the contract's tables stand
for the shop's. What a step makes is written once where several steps read it, and is otherwise a view that Spark
works into its only reader, so that steps by customer share their shuffle.
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

from patron.contract.bookkeeping import BUILDS, NEW_CUSTOMERS
from patron.engines.base import BuildRecord, OnProgress, Progress, Reconciliation, Step
from patron.engines.spark.lake import COMMIT, Lake, materialised
from patron.engines.spark.render import rendered
from patron.errors import BuildError, DatabaseError, NoDatabase, NotReconciled
from patron.model.render import parameters
from patron.model.steps import STORED, Kept, kept, step_named, steps
from patron.model.steps import Step as ModelStep
from patron.tracing import span

if TYPE_CHECKING:
    from patron.engines.spark.engine import SparkEngine

T = TypeVar("T")
MADE = (Kept.BUILD_STEP, Kept.BATCH_STEP, *STORED, Kept.VIEW)
# What the build reads of its own result and of no other's.
FIRST_FIGURES = "SELECT COUNT(*) AS number FROM customer_features"


class SparkBuild:
    """One build; `run` does it and returns its record."""

    def __init__(self, engine: SparkEngine, lake: Lake, as_of: date, progress: OnProgress) -> None:
        self.engine = engine
        self.lake = lake
        self.as_of = as_of
        self.progress = progress
        self.started_at = datetime.now(UTC)
        self.last = lake.last_commit()
        self.build_id = int(self.last["build_id"] if self.last else 0) + 1
        # Nobody else writes to it: a try that failed and a build that runs at the same time have other ones.
        self.folder = f"{self.build_id}-{secrets.token_hex(4)}"
        self.values = parameters(engine.settings.model, as_of, self.build_id)
        self.settings = json.loads(engine.settings.model.model_dump_json())
        self.steps: dict[str, Step] = {}
        self.columns: dict[str, dict[str, str]] = {}
        self.running: str | None = None

    def run(self) -> BuildRecord:
        """Build, reconcile, and let one new row of `builds` swap it in.

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
        made = [step for step in steps() if step.kept in MADE and _is_needed(step)]
        for number, step in enumerate(made):
            self.progress(Progress(step.name, number, len(made)))
            self._timed(step.name, lambda step=step: self._make(step))  # type: ignore[misc]
        new = self._timed("new customers", self._note_new)
        reconciliation = self._timed("reconciliation", self._reconcile)
        customers = int(self.lake.rows(FIRST_FIGURES)[0]["number"])
        record = BuildRecord(
            build_id=self.build_id,
            as_of=self.as_of,
            kind="full",
            started_at=self.started_at,
            finished_at=datetime.now(UTC),
            customers=customers,
            new_customers=new,
            recomputed=customers,
            settings=self.settings,
            steps=tuple(self.steps.values()),
            reconciliation=reconciliation,
            model=self.engine.model_mark,
        )
        self._commit(record)
        return record

    def _make(self, step: ModelStep) -> None:
        values = {name: self.values[name] for name in step.parameters}
        sql = rendered(step.tree, values)
        if not materialised(step, steps()):
            self.lake.view(step.name, sql)
            return
        if step.is_rollup and not self.engine.settings.model.figures:
            sql = f"SELECT * FROM ({sql}) AS unwanted WHERE FALSE"
        frame = self.lake.frame(sql)
        self.lake.write(frame, step.name, folder=self.folder)
        columns = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
        self.columns[step.name] = columns
        self.lake.show(step.name, f"parquet.`{self.lake.path(step.name, self.folder)}`", columns)

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
                    "See that nobody writes to the tables meanwhile, then build again."
                )
        return figures

    def _commit(self, record: BuildRecord) -> None:
        values: dict[str, Any] = {**asdict(record), "folder": self.folder, "columns": self.columns}
        for name in ("settings", "steps", "reconciliation", "columns"):
            values[name] = json.dumps(values[name], default=str)
        one = pa.Table.from_pylist([values], schema=_arrow(values))
        kinds = self.lake.columns_of(BUILDS)
        typed = [f"CAST({name} AS {kinds[name]}) AS {name}" for name in (*BUILDS.names, *COMMIT)]
        frame = self.lake.session.createDataFrame(one).selectExpr(*typed)
        self.lake.write(frame, BUILDS.name, one_file=True)
        latest = self.lake.last_commit()
        if latest is None or latest["folder"] != self.folder:
            raise BuildError(
                f"Another build ended while that as of {self.as_of} ran, and its customer_360 stands; "
                "build again if this one is wanted."
            )

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
