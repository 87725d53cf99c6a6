"""Entries of the audit log: each is written before its asker goes on, and those that come together in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from patron.access import AuditEntry
from patron.api.context import Context
from patron.api.noting import Notes


class Log:
    """Takes entries after a while, and breaks at the subject 99."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []

    async def write(self, entries: Sequence[AuditEntry]) -> None:
        await asyncio.sleep(0.01)
        if any(entry.subject == "99" for entry in entries):
            raise OSError("the disk is full")
        self.writes.append([entry.subject for entry in entries])


def entry(number: int) -> AuditEntry:
    """Return an entry about somebody."""
    return AuditEntry("a caller", "analyst", "profile shown", str(number))


def test_who_adds_goes_on_when_it_is_written_and_those_together_are_one_write() -> None:
    log = Log()
    notes = Notes(log.write)

    async def add(number: int) -> None:
        await notes.add(entry(number))
        assert any(str(number) in write for write in log.writes)

    async def main() -> None:
        await asyncio.gather(*map(add, range(10)))
        await add(10)
        early = asyncio.create_task(add(11))
        await asyncio.sleep(0.001)  # it is being written now
        await asyncio.gather(early, *map(add, range(12, 20)))

    asyncio.run(main())
    assert [one for write in log.writes for one in write] == [str(number) for number in range(20)]
    assert [len(write) for write in log.writes] == [10, 1, 1, 8]


def test_what_cannot_be_written_is_told_to_those_who_asked_then_and_to_nobody_else() -> None:
    log = Log()
    notes = Notes(log.write)

    async def main() -> Sequence[BaseException | None]:
        failed = await asyncio.gather(notes.add(entry(99)), notes.add(entry(1)), return_exceptions=True)
        await notes.add(entry(2))
        return failed

    assert [type(error) for error in asyncio.run(main())] == [OSError, OSError]
    assert log.writes == [["2"]]


def test_who_goes_away_keeps_nobody_from_being_noted() -> None:
    log = Log()
    notes = Notes(log.write)

    async def main() -> None:
        first, second = (asyncio.create_task(notes.add(entry(number))) for number in (1, 2))
        await asyncio.sleep(0.001)
        first.cancel()
        await second
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(main())
    asyncio.run(notes.add(entry(3)))  # another loop, whose former one has ended
    assert log.writes == [["1", "2"], ["3"]]


def test_entries_that_are_written_together_are_all_there_in_order(context: Context) -> None:
    async def main() -> None:
        await asyncio.gather(*(context.notes.add(entry(number)) for number in range(40)))

    asyncio.run(main())
    assert [one.subject for one in context.access.entries(40)] == [
        str(number) for number in range(39, -1, -1)
    ]
