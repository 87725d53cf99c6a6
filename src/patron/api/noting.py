"""What is noted in the audit log before it is shown: entries that come at the same time are written together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from patron.access import AuditEntry


class Notes:
    """Writes entries in the order in which they come; who adds one goes on when it is written, and not before.

    Those of one turn of the event loop are one write, and so are those that come while another one runs.
    """

    def __init__(self, write: Callable[[Sequence[AuditEntry]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[tuple[AuditEntry, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, entry: AuditEntry) -> None:
        """Return when an entry is written; raises what writing raises."""
        loop = asyncio.get_running_loop()
        written = loop.create_future()
        self._waiting.append((entry, written))
        if self._writing is None or self._writing.done():
            self._writing = loop.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                await self._write([entry for entry, _ in taken])
            except Exception as error:
                for written in _still_wanted(taken):
                    written.set_exception(error)
            else:
                for written in _still_wanted(taken):
                    written.set_result(None)


def _still_wanted(taken: list[tuple[AuditEntry, asyncio.Future[None]]]) -> list[asyncio.Future[None]]:
    """Return those whose asker has not gone meanwhile."""
    return [written for _, written in taken if not written.done()]
