"""CSV and TSV: DuckDB reads the file as it is, if it can read the whole of it.

The number of rows is held against the number of lines. A file that DuckDB refuses, or of which it reads another
number of rows, is split by `records`: the sound records go into a copy that DuckDB does read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import duckdb
import numpy as np

from patron.errors import SourceError
from patron.sources.checks import Given
from patron.sources.layout import BROKEN_GZIP, header
from patron.sources.records import (
    MAX_RECORD,
    Chunk,
    Fault,
    Grammar,
    count_lines,
    lines_as_records,
    scan,
)
from patron.sources.staging import Numbers, OtherCount, Part, Row, StagedTable, plain

Wanted = Callable[[int, int], bool]


class TextPart(Part):
    """A file of text with one record a row."""

    is_lined = False  # each row is one line

    @property
    def grammar(self) -> Grammar:
        """How its records are told apart."""
        return Grammar(str(self.file.delimiter), len(self.columns))

    def look(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Given]]:
        """Return the names in the first line, all of text."""
        return [(name, Given(name.strip().lower())) for name in header(self.file)]

    def read(self, staged: StagedTable, folder: Path) -> None:
        """Insert all sound rows and count the faults."""
        with self._unpacked() as stream:
            lines = count_lines(stream) - 1  # the first names the columns
        # In a file of one column a blank line might be a row without a value, or none.
        lined = lines if len(self.columns) > 1 else -1
        try:
            self.rows = self._insert(staged, self.file.path, lambda rows: rows == lined or self._has(rows))
        except duckdb.InterruptException:
            raise
        except (duckdb.Error, OtherCount):
            self._read_sound_records(staged, folder / f"{staged.table.name}-{len(staged.parts)}.csv")
        else:
            self.is_lined = self.rows == lined

    def refused(self, staged: StagedTable, rows: Numbers) -> Iterator[Fault | Row]:
        """Go through the records again, and the faults, in the file's order."""
        grammar, names = self.grammar, list(self.columns)

        def position(row: int) -> int:
            return int(np.searchsorted(rows, row))

        for one in self._records(lambda first, last: position(first) < position(last)):
            if isinstance(one, Fault):
                yield one
                continue
            for row in rows[position(one.first) : position(one.first + len(one.records))]:
                number = int(row) - one.first
                values = grammar.split(one.records[number])
                yield one.line + number, dict(zip(names, values, strict=True))

    def _has(self, rows: int) -> bool:
        """Whether the file has so many records and nothing else."""
        found = 0
        for one in self._records():
            if isinstance(one, Fault):
                return False
            found += len(one.records)
        return found == rows

    def _read_sound_records(self, staged: StagedTable, copy: Path) -> None:
        self.rows = self.faults = 0
        with copy.open("wb") as sound:
            sound.write(str(self.file.delimiter).join(self.columns).encode() + b"\n")
            for one in self._records():
                if isinstance(one, Fault):
                    self.faults += 1
                else:
                    self.rows += len(one.records)
                    sound.write(b"\n".join(one.records) + b"\n")
        try:
            self._insert(staged, copy, lambda rows: rows == self.rows)
        except OtherCount as error:
            raise SourceError(
                f"{self.file.name} has {self.rows} sound records, but DuckDB reads another number of them, so "
                "nothing was loaded; this is a fault of Patron, please report it, and try the file as Parquet."
            ) from error
        copy.unlink()

    def _insert(self, staged: StagedTable, path: Path, accept: Callable[[int], bool]) -> int:
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in self.columns)
        source = (
            "read_csv(?, header = true, auto_detect = false, delim = ?, quote = '\"', escape = '\"', "
            f"max_line_size = {MAX_RECORD + 1000}, columns = {{{columns}}})"
        )
        return staged.insert(self.columns, source, [plain(path), self.file.delimiter], accept)

    def _records(self, wanted: Wanted = lambda _first, _last: True) -> Iterator[Chunk | Fault]:
        """Go through the file; records may be left out where `wanted` says so of their numbers."""
        with self._unpacked() as stream:
            if self.is_lined:
                yield from lines_as_records(stream, wanted)
            else:
                yield from scan(stream, self.grammar)

    @contextmanager
    def _unpacked(self) -> Iterator[BinaryIO]:
        try:
            with self.file.open() as stream:
                yield stream
        except BROKEN_GZIP as error:
            raise SourceError(f"{self.file.name} cannot be unpacked to its end: {error}.") from error
