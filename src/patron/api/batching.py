"""Answers questions about one thing each together, where they come at the same time.

DuckDB takes longer to plan a question about one customer than to answer it, and plans one about twenty no longer. So
who asks while others are being answered waits for the next turn, and is then answered with all who came meanwhile; who
asks alone does not wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
MOST = 32  # questions at a time
AT_ONCE = 1  # batch: two would each plan what one does for both


class Batches(Generic[K, V]):
    """Asks `answer` with the keys of all who wait; it returns what it knows of each by key."""

    def __init__(self, answer: Callable[[Sequence[K]], Awaitable[dict[K, V]]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[K, asyncio.Future[V | None]]] = []
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()  # the event loop itself holds none of them

    async def get(self, key: K) -> V | None:
        """Return what is known of `key`, None where that is nothing; raises what `answer` raises."""
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, future))
        if self._running < AT_ONCE:
            self._running += 1
            task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                found = await self._answer(list(dict.fromkeys(key for key, _ in taken)))
            except Exception as error:
                for _, future in _still_wanted(taken):
                    future.set_exception(error)
            else:
                for key, future in _still_wanted(taken):
                    future.set_result(found.get(key))
        self._running -= 1  # before anybody who was answered asks again


def _still_wanted(
    taken: list[tuple[K, asyncio.Future[V | None]]],
) -> list[tuple[K, asyncio.Future[V | None]]]:
    """Return those whose asker has not gone meanwhile."""
    return [(key, future) for key, future in taken if not future.done()]
