"""Several things at once in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor


def together(tasks: Iterable[Callable[[], object]]) -> None:
    """Run all tasks at the same time and wait for all; raises the first error that one of them raised."""
    tasks = list(tasks)
    with ThreadPoolExecutor(len(tasks)) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()
