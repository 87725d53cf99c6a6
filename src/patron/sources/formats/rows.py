"""Formats that Python reads row by row: their values come as text, in batches, whatever they are in the file."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from patron.sources.checks import Given
from patron.sources.formats.records import Fault
from patron.sources.staging import Part, Refused, RowNumbers, Target

ROWS_A_BATCH = 10_000


class Record(NamedTuple):
    """A row: its place in the file, and its values in the order of the columns."""

    place: int
    values: list[str | None]


class RowsPart(Part):
    """A file whose rows are read one by one."""

    @abstractmethod
    def names(self) -> list[str]:
        """Return the columns' names; raises SourceError when the file cannot be read."""

    @abstractmethod
    def records(self) -> Iterator[Record | Fault]:
        """Go through the rows, and what cannot be one; raises SourceError when the file cannot be read on."""

    def look(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Given]]:
        """Return the names, all of text."""
        return [(name, Given(f"c{number}")) for number, name in enumerate(self.names())]

    def read(self, target: Target, folder: Path) -> None:
        """Insert all sound rows and count the faults."""
        self.rows = self.faults = 0
        schema = pa.schema([(given.expression, pa.string()) for given in self.columns.values()])
        batches = pa.RecordBatchReader.from_batches(schema, self._batches(schema))
        target.connection.register("arriving_rows", batches)
        try:
            target.insert(self.columns, "arriving_rows", [], lambda rows: rows == self.rows)
        finally:
            target.connection.unregister("arriving_rows")

    def refused(self, target: Target, rows: RowNumbers) -> Iterator[Fault | Refused]:
        """Go through the rows again, and the faults, in the file's order."""
        wanted, number = iter(rows.tolist()), -1
        row = next(wanted, None)
        for one in self.records():
            if isinstance(one, Fault):
                yield one
                continue
            number += 1
            if number == row:
                values = dict(zip(self.columns, one.values, strict=True))
                yield Refused(one.place, values, values)
                row = next(wanted, None)

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        records = self._sound()
        while some := list(islice(records, ROWS_A_BATCH)):
            columns = zip(*some, strict=True)
            arrays = [pa.array(values, pa.string()) for values in columns]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _sound(self) -> Iterator[list[str | None]]:
        for one in self.records():
            if isinstance(one, Fault):
                self.faults += 1
            else:
                self.rows += 1
                yield one.values


def is_text(values: Iterable[str | None]) -> bool:
    """Whether all values can be written as UTF-8."""
    try:
        for value in values:
            if value is not None:
                value.encode()
    except UnicodeEncodeError:
        return False
    return True
