"""The changed customers of an incremental build: their rows are computed side by side.

A build writes in one transaction, and a transaction is one cursor's. So what is computed for the changed customers
goes into tables of a database in memory, which all cursors of the build share and which is gone when it ends:
their facts under the contract tables' names, the steps of the model, and NAME_batch for each customer table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Self

import duckdb
from sqlglot import exp

from patron.contract import CONTRACT, FACTS
from patron.engines.duckdb.workers import Task, Work, Workers
from patron.model.steps import Kept, step_named

if TYPE_CHECKING:
    from patron.engines.duckdb.build import DuckDBBuild

# No shop is called so: a database has its file's name, and that has no slash.
DATABASE = '"patron/batch"'
BATCH = f"{DATABASE}.main"
# Facts come first, for more waits for them.
NARROWED = {table.name: table.names for table in (*FACTS, *CONTRACT) if "customer_id" in table.names}
IN_BATCHES = (Kept.BATCH_STEP, Kept.CUSTOMER_TABLE)
CHECK = "reconciliation"


class ChangedBatch:
    """The tables in `BATCH`, there until the block ends: `batch` says who the changed customers are.

    The contract's side of the reconciliation is counted here too, by whoever has nothing else to do: it needs none
    of what is computed.
    """

    def __init__(self, build: DuckDBBuild) -> None:
        self.build = build
        self.main = f"{build.engine.catalog}.main"
        self._counts: dict[str, Future[Any]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            owner = stack.enter_context(self.build.engine.cursor())
            owner.execute(
                f"DETACH DATABASE IF EXISTS {DATABASE}"
            )  # of a build that was stopped at a bad moment
            owner.execute(f"ATTACH ':memory:' AS {DATABASE}")
            stack.callback(self._detach, owner)
            self._workers = stack.enter_context(
                Workers([self._cursor() for _ in range(self.build.engine.threads)])
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def _detach(self, owner: duckdb.DuckDBPyConnection) -> None:
        with suppress(duckdb.Error):  # the build has ended, well or not; the next one tries again
            owner.execute(f"DETACH DATABASE IF EXISTS {DATABASE}")

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor that finds tables of the batch before those of the shop."""
        cursor = self.build.engine.cursor()
        path = f"{BATCH},{self.main}".replace("'", "''")
        cursor.execute(f"SET search_path = '{path}'")
        return cursor

    def compute(self, changed: str, values: Mapping[str, Any]) -> int:
        """Compute the rows of those whom the query `changed` gives; returns how many they are."""
        with self._cursor() as cursor:
            customers = self.build.timed(
                "changed customers",
                lambda: cursor.execute(f"CREATE TABLE batch AS {changed}", values).fetchall()[0][0],
            )
        tasks = self._tasks() if customers else {}
        self._counts = self._workers.run(
            tasks, {part: self._count(part) for part in parts_of_check(self.main).parts}
        )
        self._workers.run({}, {"forget": self._forget(tasks.keys())})
        return int(customers)

    def _tasks(self) -> dict[str, Task]:
        """Return what makes each table; a step waits for the tables that it reads."""
        build = self.build
        used = {name for step in build.steps_of(*IN_BATCHES) for name in step.mentions}
        tasks = {
            name: Task(self._narrow(name, [column for column in columns if column in used]))
            for name, columns in NARROWED.items()
        }
        steps = build.steps_of(Kept.BUILD_STEP, *IN_BATCHES)
        made = {*tasks, *(step.name for step in steps)}
        for step in steps:
            into = f"{step.name}_batch" if step.kept is Kept.CUSTOMER_TABLE else step.name
            tasks[step.name] = Task(
                partial(build.run_step, step=step, opening=f"CREATE TABLE {into} AS"),
                frozenset(made.intersection(step.reads)),
            )
        return tasks

    def _narrow(self, name: str, columns: list[str]) -> Work:
        """Return what picks the batch's rows of a contract table, once for all steps that read them."""
        sql = (
            f"CREATE TABLE {name} AS SELECT {', '.join(columns)} FROM {self.main}.{name} "
            "WHERE customer_id IN (SELECT customer_id FROM batch)"
        )
        return lambda cursor: self.build.timed("narrowing", lambda: cursor.execute(sql))

    def _forget(self, names: Iterable[str]) -> Work:
        """Return what drops the tables of these tasks, but for the rows that the build is for."""
        wanted = {step.name for step in self.build.steps_of(Kept.CUSTOMER_TABLE)}
        dropped = [f"DROP TABLE {BATCH}.{name}" for name in names if name not in wanted]
        return lambda cursor: [cursor.execute(sql) for sql in dropped]

    # -- the contract's side of the reconciliation ------------------------------------------------------

    def _count(self, part: str) -> Work:
        sql = parts_of_check(self.main).parts[part]
        values = self._values_in(sql)
        return lambda cursor: self.build.timed(CHECK, lambda: cursor.execute(sql, values).fetchall())

    def _values_in(self, sql: str) -> dict[str, Any]:
        values = self.build.values_for(step_named(CHECK))
        return {name: value for name, value in values.items() if f"${name}" in sql}

    def rest_of_check(self) -> tuple[str, dict[str, Any]]:
        """Return the check with what was counted as values, once all is; raises what counting raised."""
        check = parts_of_check(self.main)
        values = self._values_in(check.rest)
        for name, count in self._counts.items():
            (row,) = count.result()
            values |= zip(check.values[name], row, strict=True)
        return check.rest, values


@dataclass(frozen=True)
class PartedCheck:
    """The check: queries for its parts that need nothing but contract tables, and the `rest`.

    In the rest, the columns of a part's only row are parameters, whose names are in `values`.
    """

    parts: dict[str, str]
    values: dict[str, list[str]]
    rest: str


@cache
def parts_of_check(main: str) -> PartedCheck:
    """Take the check apart; contract tables are those of the schema `main`."""
    check = step_named(CHECK).tree
    contract = {table.name for table in CONTRACT}
    own: dict[str, exp.CTE] = {}
    rest: list[exp.CTE] = []
    for cte in check.ctes:
        if _read(cte) <= contract | own.keys():
            own[cte.alias] = cte
        else:
            rest.append(cte)
    for cte in own.values():
        for table in cte.find_all(exp.Table):
            if table.name in contract:
                home = exp.to_table(f"{main}.{table.name}", dialect="duckdb")
                table.replace(home.as_(table.alias_or_name, table=True))
    wanted = sorted({name for cte in rest for name in _read(cte)} & own.keys())
    parts = {name: _with_own(own, name).sql("duckdb") for name in wanted}
    columns = {name: own[name].this.named_selects for name in wanted}
    for name in wanted:
        row = [exp.alias_(exp.Placeholder(this=f"{name}_{column}"), column) for column in columns[name]]
        own[name].set("this", exp.select(*row))
    check.args["with_"].set("expressions", [*(own[name] for name in wanted), *rest])
    values = {name: [f"{name}_{column}" for column in columns[name]] for name in wanted}
    return PartedCheck(parts, values, check.sql("duckdb", comments=False))


def _read(query: exp.Expr) -> set[str]:
    return {table.name for table in query.find_all(exp.Table)}


def _with_own(own: dict[str, exp.CTE], name: str) -> exp.Query:
    """Return the query of a part, after those parts that it reads."""
    query: exp.Query = own[name].this.copy()
    for read in sorted(_read(query) & own.keys()):
        query = query.with_(read, as_=_with_own(own, read), copy=False)
    return query
