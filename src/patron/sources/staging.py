"""Rows on their way in: a table's stage in DuckDB, and the files that fill it, each a part.

What a format must do is in `Part`; `text` and `parquet` do it.
"""

from __future__ import annotations

import glob
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from patron.contract import IdType, Table
from patron.contract.ddl import column_type
from patron.engines.store import Stage, number
from patron.sources.checks import GOOD, Given, Problems, select_checked
from patron.sources.layout import SourceFile
from patron.sources.records import Fault

Numbers = np.ndarray[Any, Any]
# A row's place in its file (a line or a row, from 1) and its values as they were read, by column.
Row = tuple[int, dict[str, str | None]]


class OtherCount(Exception):
    """DuckDB read another number of rows than the file has."""


class Part(ABC):
    """One file of a table. Its rows have the stage's rowids from `first` on.

    `columns` are the table's columns in the file's order; `faults` counts what could not become a row.
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
    def read(self, staged: StagedTable, folder: Path) -> None:
        """Insert all sound rows and count the faults; raises SourceError when the file cannot be read whole.

        `folder` is for a copy of a file that DuckDB does not read as it is.
        """

    @abstractmethod
    def refused(self, staged: StagedTable, rows: Numbers) -> Iterator[Fault | Row]:
        """Read the file's `rows` of these numbers again, and its faults, in the file's order."""


class StagedTable:
    """One table's rows in the connection's temporary table, and the problems that they can have."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, id_type: IdType) -> None:
        self.connection = connection
        self.table = table
        self.id_type = id_type
        self.stage = Stage(table)
        self.problems = Problems()
        self.parts: list[Part] = []
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

    def add(self, part: Part, folder: Path) -> None:
        """Read a file."""
        self.parts.append(part)
        part.first = number(self.connection, f"SELECT COUNT(*) FROM {self.stage.name}")
        part.read(self, folder)

    def insert(
        self,
        columns: Mapping[str, Given],
        source: str,
        parameters: Sequence[Any],
        accept: Callable[[int], bool],
    ) -> int:
        """Insert a source's rows, checked, and return how many.

        Raises OtherCount, and inserts nothing, if `accept` does not agree with that number.
        """
        select = select_checked(self.table, columns, source, self.id_type, self.problems)
        self.connection.begin()
        try:
            rows = number(self.connection, f"INSERT INTO {self.stage.name} {select}", parameters)
            _check(rows, accept)
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()
        return rows

    def refused(self, part: Part) -> tuple[Numbers, Numbers]:
        """Return the numbers of a part's refused rows, from 0, and of the problem of each."""
        found = self.connection.execute(
            f"SELECT rowid - ? AS number, state FROM {self.stage.name} "
            f"WHERE state <> {GOOD} AND rowid BETWEEN ? AND ? ORDER BY rowid",
            [part.first, part.first, part.first + part.rows - 1],
        ).fetchnumpy()
        return np.asarray(found["number"]), np.asarray(found["state"])


def _check(rows: int, accept: Callable[[int], bool]) -> None:
    if not accept(rows):
        raise OtherCount(f"{rows} rows were read, which is not what it has")


def plain(path: Path) -> str:
    """Return a path in which DuckDB sees no pattern."""
    return glob.escape(str(path))


def first_line(error: object) -> str:
    """Return the first line of a driver's message, without its full stop."""
    return str(error).strip().partition("\n")[0].rstrip(".")
