"""Rows on their way in: a table's stage in DuckDB, and the files that fill it, each a part.

What a format must do is in `Part`; the modules of `formats` do it. A part fills any `Target`: a contract table's
stage, where its columns are the table's, or a landing, where they wait for a mapping.
"""

from __future__ import annotations

import glob
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from patron.contract import IdType, Table, Type
from patron.contract.ddl import column_type
from patron.engines.store import Stage, number
from patron.sources.checks import GOOD, Given, Problems, not_a_number, select_checked
from patron.sources.formats.files import SourceFile
from patron.sources.formats.records import Fault

RowNumbers = np.ndarray[Any, np.dtype[np.int64]]

MANY = 0.01  # of a table's rows: fewer ids that are no number are slips


class Refused(NamedTuple):
    """A row that is refused: its place in its file (a line or a row, from 1), and its values.

    `values` are by column of the table, for the sentence that says why; `content` is by column of the source,
    as it was there.
    """

    place: int
    values: Mapping[str, str | None]
    content: Mapping[str, str | None]


class OtherCount(Exception):
    """DuckDB read another number of rows than the file has."""


class Target(ABC):
    """What files are read into: a table of `connection`, called `name`, filled by its `parts` one after the other."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        self.connection = connection
        self.name = name
        self.parts: list[Part] = []

    def add(self, part: Part, folder: Path) -> None:
        """Read a file; raises SourceError when it cannot be read whole. `folder` is for temporary copies."""
        self.parts.append(part)
        part.first = number(self.connection, f"SELECT COUNT(*) FROM {self.name}")
        part.read(self, folder)

    def insert(
        self,
        columns: Mapping[str, Given],
        source: str,
        parameters: Sequence[Any],
        accept: Callable[[int], bool],
    ) -> int:
        """Insert a source's rows and return how many.

        Raises OtherCount, and inserts nothing, if `accept` does not agree with that number.
        """
        with whole(self.connection):
            rows = number(
                self.connection, f"INSERT INTO {self.name} {self.select(columns, source)}", parameters
            )
            check_count(rows, accept)
        return rows

    def insert_arrow(self, batches: pa.RecordBatchReader) -> int:
        """Insert rows that are as the target has them already, and return how many."""
        self.connection.register("arriving_rows", batches)
        try:
            return number(self.connection, f"INSERT INTO {self.name} SELECT * FROM arriving_rows")
        finally:
            self.connection.unregister("arriving_rows")

    @abstractmethod
    def select(self, columns: Mapping[str, Given], source: str) -> str:
        """Return the SELECT of what is inserted, where the values of `columns` come from `source`."""


class Part(ABC):
    """One file of a target. Its rows have the target's rowids from `first` on.

    `columns` are the target's columns in the file's order; `faults` counts what could not become a row.
    """

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.columns: Mapping[str, Given] = {}
        self.first = 0
        self.rows = 0
        self.faults = 0

    @abstractmethod
    def look(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Given]]:
        """Return the file's columns, by the names they have there; raises SourceError when it has none."""

    @abstractmethod
    def read(self, target: Target, folder: Path) -> None:
        """Insert all sound rows and count the faults; raises SourceError when the file cannot be read whole.

        `folder` is for a copy of a file that DuckDB does not read as it is.
        """

    @abstractmethod
    def refused(self, target: Target, rows: RowNumbers) -> Iterator[Fault | Refused]:
        """Read the file's `rows` of these numbers again, and its faults, in the file's order."""


class StagedTable(Target):
    """One table's rows in the connection's temporary table, and the problems that they can have."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, id_type: IdType) -> None:
        self.stage = Stage(table)
        super().__init__(connection, self.stage.name)
        self.table = table
        self.id_type = id_type
        self.problems = Problems()
        columns = [
            f"{column.name} {column_type(column.type, id_type).sql('duckdb')}" for column in table.columns
        ]
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {self.stage.name} ({', '.join(columns)}, state SMALLINT)"
        )

    @property
    def rows_read(self) -> int:
        """All rows of all parts, sound or not."""
        return sum(part.rows + part.faults for part in self.parts)

    def ids_with_letters(self) -> tuple[str, ...]:
        """Return the columns of ids that are no number in so many rows that they may be right as text."""
        numbers = {
            number: column.name
            for column in self.table.columns
            if column.type is Type.ID and (number := self.problems.known(not_a_number(column)))
        }
        found = self.connection.execute(
            f"SELECT state, COUNT(*) FROM {self.name} WHERE state <> {GOOD} GROUP BY state ORDER BY state"
        ).fetchall()
        return tuple(
            numbers[state] for state, rows in found if state in numbers and rows >= MANY * self.rows_read
        )

    def select(self, columns: Mapping[str, Given], source: str, keep: Sequence[str] = ()) -> str:
        """Return the SELECT that types and checks the rows of `source`, after its columns in `keep`."""
        return select_checked(self.table, columns, source, self.id_type, self.problems, keep)

    def refused(self, part: Part) -> tuple[RowNumbers, RowNumbers]:
        """Return the numbers of a part's refused rows, from 0, and of the problem of each."""
        found = self.connection.execute(
            f"SELECT rowid - ? AS number, state FROM {self.stage.name} "
            f"WHERE state <> {GOOD} AND rowid BETWEEN ? AND ? ORDER BY rowid",
            [part.first, part.first, part.first + part.rows - 1],
        ).fetchnumpy()
        return np.asarray(found["number"]), np.asarray(found["state"])


@contextmanager
def whole(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Do what is in the block in one transaction of `connection`, whole or not at all."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def check_count(rows: int, accept: Callable[[int], bool]) -> None:
    """Raise OtherCount where so many rows are not accepted."""
    if not accept(rows):
        raise OtherCount(f"{rows} rows were read, which is not what it has")


def plain(path: Path) -> str:
    """Return a path in which DuckDB sees no pattern."""
    return glob.escape(str(path))


def first_line(error: object) -> str:
    """Return the first line of a driver's message, without its full stop."""
    return str(error).strip().partition("\n")[0].rstrip(".")
