"""Work of a build on DuckDB that is done side by side: in an order that holds, and given up whole when a part fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

import duckdb
import pytest

from patron.engines.duckdb.workers import Task, Work, Workers

FOREVER = "SELECT COUNT(*) FROM range(1000000000) AS a, range(1000000000) AS b"


@pytest.fixture(params=[1, 3])
def workers(request: pytest.FixtureRequest) -> Workers:
    connection = duckdb.connect()
    return Workers([connection.cursor() for _ in range(request.param)])


def test_a_task_waits_for_what_it_needs(workers: Workers) -> None:
    done: list[str] = []

    def task(name: str, *needs: str) -> Task:
        return Task(lambda _: done.append(name), frozenset(needs))

    tasks = {
        "last": task("last", "left", "right"),
        "left": task("left", "first"),
        "right": task("right", "first"),
    }
    with workers:
        workers.run({**tasks, "first": task("first")}, {})
    assert (done[0], sorted(done[1:3]), done[3]) == ("first", ["left", "right"], "last")


def test_spare_work_is_done_though_nobody_waits_for_it(workers: Workers) -> None:
    spare: dict[str, Work] = {str(number): _query(f"SELECT {number}") for number in range(10)}
    with workers:
        given = workers.run({"only": Task(_query("SELECT 1"))}, spare)
        assert {name: future.result() for name, future in given.items()} == {
            name: [(int(name),)] for name in spare
        }
        assert workers.run({}, {}) == {}


def test_a_failure_ends_what_runs_and_what_waits(workers: Workers) -> None:
    done: list[str] = []
    tasks = {
        "bad": Task(_query("SELECT CAST('a' AS INTEGER)")),
        "later": Task(lambda _: done.append("later"), frozenset({"bad"})),
    }
    with pytest.raises(duckdb.ConversionException), workers:
        workers.run(tasks, dict.fromkeys(["long", "longer"], _query(FOREVER)))
    assert done == []


def test_a_failure_of_the_block_ends_what_runs(workers: Workers) -> None:
    begun = threading.Event()

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        begun.set()
        cursor.execute(FOREVER).fetchall()

    def interrupted() -> None:
        with workers:
            given.update(workers.run({}, {"long": work}))
            begun.wait()
            raise KeyboardInterrupt

    given: dict[str, Future[object]] = {}
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(duckdb.InterruptException):
        given["long"].result()


def _query(sql: str) -> Callable[[duckdb.DuckDBPyConnection], list[tuple[object, ...]]]:
    return lambda cursor: cursor.execute(sql).fetchall()
