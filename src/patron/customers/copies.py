"""Rows that a server asks for by key, copied into files that are mapped into memory.

A database plans each question anew and reads whole blocks of rows for one customer's. Here a key is found by bisection,
and only its rows are touched. The files have no name: they are gone with the process, however it ends.
"""

from __future__ import annotations

import mmap
import shutil
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from patron.customers.columns import Reader, numbers_of, reader
from patron.engines.base import Row

Keys = Sequence[Any]
A_BATCH = 65_536  # rows, where they are in order
EVERY = 2**63
NEAR = 64  # rows, within which the last one of a key mostly is
MOST_RUNS = 100  # each is searched by itself


class Scattered(Exception):
    """The rows lie in no order that would be of use."""


class NoRoom(OSError):
    """There is no room for copies."""


class Room:
    """How many bytes copies may still take: no more than a setting says, nor than half of what is free."""

    def __init__(self, folder: Path, most: int) -> None:
        self.folder = folder
        self.left = min(most, shutil.disk_usage(folder).free // 2)

    def take(self, number: int) -> None:
        """Take so many bytes; raises NoRoom where they are not there."""
        self.left -= number
        if self.left < 0:
            raise NoRoom("there is no room for copies")


class _Texts(Sequence[str]):
    """An Arrow array of text as a sequence of Python's."""

    def __init__(self, array: pa.Array) -> None:
        self._length, self._text = len(array), reader(array)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: Any) -> Any:
        return self._text(place)


@dataclass(eq=False)
class Batch:
    """Some rows in the order of their keys, by column. It is equal to itself alone."""

    keys: Keys
    columns: dict[str, pa.Array]

    @cached_property
    def readers(self) -> dict[str, Reader]:
        """What gives the single values of each column."""
        return {name: reader(column) for name, column in self.columns.items()}


@dataclass
class _Run:
    """Batches in the order of their keys, with the first key of each."""

    firsts: list[Any] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)


class Copy:
    """Rows by their first column, in the order in which they came where its values are the same."""

    def __init__(self, batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> None:
        self.names, self.types = tuple(schema.names), tuple(schema.types)
        self.bytes: int = sum(batch.nbytes for batch in batches)
        self._runs: list[_Run] = []
        last: Any = None
        for batch in batches:
            column = batch.column(0)
            keys: Keys = numbers_of(column) if pa.types.is_integer(column.type) else _Texts(column)
            if last is None or keys[0] < last:
                self._runs.append(_Run())
            self._runs[-1].firsts.append(column[0].as_py())
            self._runs[-1].batches.append(Batch(keys, dict(zip(self.names, batch.columns, strict=True))))
            last = keys[len(keys) - 1]

    @property
    def batches(self) -> Iterator[Batch]:
        """All rows, in parts."""
        return (batch for run in self._runs for batch in run.batches)

    def keys(self) -> Iterator[Any]:
        """Return the keys of all rows."""
        return (key for batch in self.batches for key in batch.keys)

    def rows(self, key: Any, names: Sequence[str] = (), most: int = EVERY) -> list[Row]:
        """Return the rows of a key, the first `most` of them, with these columns, or all of them.

        Their values are as `columns.reader` gives them.
        """
        found: list[Row] = []
        for batch, start, end in self.places(key):
            readers = {name: batch.readers[name] for name in names} if names else batch.readers
            found += [
                {name: read(row) for name, read in readers.items()}
                for row in range(start, min(end, start + most - len(found)))
            ]
        return found

    def places(self, key: Any) -> Iterator[tuple[Batch, int, int]]:
        """Return where the rows of a key are: batches, and from where to before where in each."""
        return self._parts(key, key, bisect_right)

    def between(self, low: Any, below: Any) -> Iterator[list[pa.Array]]:
        """Return the columns of all rows whose keys are `low` or more and less than `below`, in parts."""
        for batch, start, end in self._parts(low, below, bisect_left):
            yield [column.slice(start, end - start) for column in batch.columns.values()]

    def _parts(self, low: Any, high: Any, ending: Any) -> Iterator[tuple[Batch, int, int]]:
        for run in self._runs:
            for number in range(max(bisect_left(run.firsts, low) - 1, 0), ending(run.firsts, high)):
                batch = run.batches[number]
                start = bisect_left(batch.keys, low)
                near = min(start + NEAR, len(batch.keys))
                is_near = near < len(batch.keys) and high < batch.keys[near]
                end = ending(batch.keys, high, start, near if is_near else len(batch.keys))
                if start < end:
                    yield batch, start, end


def copied(reader: pa.RecordBatchReader, room: Room) -> Copy:
    """Return a copy of rows in a file in the room's folder.

    Raises Scattered where their keys are in no order, NoRoom where there is no room for them.
    """
    before = room.left
    with tempfile.TemporaryFile(dir=room.folder) as file:
        try:
            runs = _write(reader, file, room)
        except Scattered:
            room.left = before  # the file goes at once
            raise
        if not runs:
            return Copy([], reader.schema)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with pa.ipc.open_file(pa.BufferReader(pa.py_buffer(mapped))) as rows:
        return Copy([rows.get_batch(number) for number in range(rows.num_record_batches)], rows.schema)


def _write(reader: pa.RecordBatchReader, file: IO[bytes], room: Room) -> int:
    """Write rows in batches of which each is in order, and return the number of runs that they make."""
    runs, last = 0, None
    with pa.ipc.new_file(file, reader.schema) as writer:
        waiting: list[pa.RecordBatch] = []

        def flush() -> None:
            if waiting:
                batch = pa.concat_batches(waiting)
                room.take(batch.nbytes)
                writer.write_batch(batch)
                waiting.clear()

        for batch in reader:
            for piece in _in_order(batch):
                first = piece.column(0)[0].as_py()
                if last is None or first < last:
                    flush()
                    runs += 1
                    if runs > MOST_RUNS:
                        raise Scattered
                last = piece.column(0)[-1].as_py()
                waiting.append(piece)
                if sum(one.num_rows for one in waiting) >= A_BATCH:
                    flush()
        flush()
    return runs


def _in_order(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch where its keys begin anew."""
    if not batch.num_rows:
        return
    keys = batch.column(0)
    falls = pc.indices_nonzero(pc.less(keys[1:], keys[:-1])).to_pylist()
    cuts = [0, *(place + 1 for place in falls), batch.num_rows]
    for start, end in pairwise(cuts):
        yield batch.slice(start, end - start)
