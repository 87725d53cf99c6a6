"""Work of one build that is done side by side: threads with a cursor each, and tasks that wait for one another."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from queue import SimpleQueue
from typing import Any, Self

import duckdb

from patron.tracing import in_this_span

Work = Callable[[duckdb.DuckDBPyConnection], Any]


@dataclass(frozen=True)
class Task:
    """Something to do with a cursor, once the tasks it `needs` are done."""

    work: Work
    needs: frozenset[str] = frozenset()


class Workers:
    """Threads that each do one thing at a time with one of the cursors, which are theirs until the block ends.

    Where the block fails they are interrupted, and what they have not begun is left undone.
    """

    def __init__(self, cursors: Sequence[duckdb.DuckDBPyConnection]) -> None:
        self.cursors = cursors
        self._free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        for cursor in cursors:
            self._free.put(cursor)
        self._pool = ThreadPoolExecutor(len(cursors))
        self._begun: list[Future[Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        # After a failure, Ctrl-C too, nobody is to wait for work that is thrown away; what begins just now is only
        # interrupted once it runs.
        while kind is not None and not all(future.done() for future in self._begun):
            for cursor in self.cursors:
                cursor.interrupt()
            time.sleep(0.01)
        self._pool.shutdown()
        for cursor in self.cursors:
            cursor.close()

    def run(self, tasks: Mapping[str, Task], spare: Mapping[str, Work]) -> dict[str, Future[Any]]:
        """Do all tasks, each as soon as those it needs are done; raises what one of them raises.

        Whoever finds none to do takes of the `spare` work, which nobody waits for here: what it gives is returned
        as futures, by name.
        """
        order = TopologicalSorter({name: task.needs for name, task in tasks.items()})
        order.prepare()
        ready: deque[str] = deque()
        left = dict(spare)
        given: dict[str, Future[Any]] = {}
        begun: dict[Future[Any], str | None] = {}
        while order.is_active():
            ready.extend(order.get_ready())
            while ready and len(begun) < len(self.cursors):
                name = ready.popleft()
                begun[self._begin(tasks[name].work)] = name
            while left and len(begun) < len(self.cursors):
                name = next(iter(left))
                given[name] = self._begin(left.pop(name))
                begun[given[name]] = None
            for future in wait(begun, return_when=FIRST_COMPLETED).done:
                done = begun.pop(future)
                future.result()
                if done is not None:
                    order.done(done)
        return given | {name: self._begin(work) for name, work in left.items()}

    def _begin(self, work: Work) -> Future[Any]:
        self._begun.append(self._pool.submit(in_this_span(self._do), work))
        return self._begun[-1]

    def _do(self, work: Work) -> Any:
        cursor = self._free.get()
        try:
            return work(cursor)
        finally:
            self._free.put(cursor)
