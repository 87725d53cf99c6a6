"""The way of rows through a mapping into their stage: read once, typed and checked, and put down nowhere between.

An input that one table alone is made of, row by row, need not land: it passes. Its files are then all that the
sandbox can still reach. Rows that are refused afterwards are read again and land, they alone. What cannot pass,
such as a file that DuckDB does not read whole as it is, lands as other inputs do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from patron.sources.checks import Given
from patron.sources.formats.parquet import ParquetPart
from patron.sources.formats.text import TextPart
from patron.sources.mapping.sandbox import Landing, identifier, unique_names
from patron.sources.mapping.table import TAKEN, MappedTable
from patron.sources.staging import (
    OtherCount,
    Part,
    RowNumbers,
    StagedTable,
    Target,
    check_count,
    first_line,
    plain,
    whole,
)

ROWS_A_BATCH = 25_000
PICKED = "picked_rows"


def may_pass(part: Part) -> bool:
    """Whether the sandbox can read a file itself: DuckDB does, and finds it without looking into its folder."""
    return isinstance(part, TextPart | ParquetPart) and plain(part.file.path) == str(part.file.path)


class Passage(Target):
    """Takes the rows of an input's file through `table` into `staged`; `home` is where some of them land.

    `is_passed` says that they went this way and did not land, `taken` how many were taken.
    """

    def __init__(self, table: MappedTable, home: Landing, staged: StagedTable) -> None:
        super().__init__(home.connection, home.name)
        self.parts = home.parts
        self.table = table
        self.home = home
        self.staged = staged
        self.columns: Mapping[str, Given] = {}
        self.is_tried = self.is_passed = self.is_stopped = False
        self.read = self.taken = 0
        self.source = ""
        self.parameters: list[Any] = []

    def take(self, part: Part, columns: Mapping[str, Given], folder: Path) -> None:
        """Read a file, whose rows become `columns` of the contract; raises what `add` raises."""
        self.columns = columns
        self.add(part, folder)

    def select(self, columns: Mapping[str, Given], source: str) -> str:
        """Return the SELECT of a source's columns as they would land."""
        return self.home.select(columns, source)

    def insert(
        self,
        columns: Mapping[str, Given],
        source: str,
        parameters: Sequence[Any],
        accept: Callable[[int], bool],
    ) -> int:
        """Let a source's rows pass, or else land, and return how many it has; raises what landing them raises."""
        if not self.is_tried:
            self.is_tried = True
            self.source, self.parameters = self.select(columns, source), list(parameters)
            try:
                return self._pass(accept)
            except (duckdb.InterruptException, OtherCount):
                raise
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                if self.is_stopped:
                    raise KeyboardInterrupt from None
                if isinstance(self.parts[-1], TextPart):  # its sound records are picked out, and land
                    raise OtherCount(first_line(error)) from error
                # Whatever it is will show again, and in its own words.
        return super().insert(columns, source, parameters, accept)

    def _pass(self, accept: Callable[[int], bool]) -> int:
        kept = () if self.table.filter is None else (TAKEN,)
        made = self.staged.select(self.columns, f"({self.table.select_from(self.source)})", kept)
        batches = self.connection.sql(made, params=self.parameters).to_arrow_reader(ROWS_A_BATCH)
        schema = pa.schema([field for field in batches.schema if field.name not in kept])
        with whole(self.staged.connection):
            rows = pa.RecordBatchReader.from_batches(schema, self._counted(batches))
            self.taken = self.staged.insert_arrow(rows)
            check_count(self.read, accept)
        self.is_passed = True
        return self.read

    def _counted(self, batches: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        """Count the rows of a source, and go on with those that the filter takes."""
        try:
            for batch in batches:
                self.read += batch.num_rows
                yield batch if self.table.filter is None else _taken(batch)
        except KeyboardInterrupt:  # which would reach us as an error of DuckDB's
            self.is_stopped = True
            raise

    def land(self, rows: RowNumbers) -> tuple[RowNumbers, RowNumbers]:
        """Let rows land that are numbered as they were staged; return their numbers in the file, and in the landing."""
        if not len(rows):
            return rows, rows
        *_, number, place = unique_names([*self.home.types, "number", "place"])
        numbered = f"SELECT *, ROW_NUMBER() OVER () - 1 AS {identifier(number)} FROM ({self.source})"
        taken = (
            f"SELECT *, ROW_NUMBER() OVER () - 1 AS {identifier(place)} FROM ({numbered}) "
            f"WHERE {self.table.condition}"
        )
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {PICKED} AS SELECT * FROM ({taken}) "
            f"WHERE {identifier(place)} IN (SELECT UNNEST(CAST(? AS BIGINT[])))",
            [*self.parameters, rows.tolist()],
        )
        first = self.connection.execute(f"SELECT COUNT(*) FROM {self.name}").fetchall()[0][0]
        columns = ", ".join(map(identifier, self.home.types))
        self.connection.execute(
            f"INSERT INTO {self.name} SELECT {columns} FROM {PICKED} ORDER BY {identifier(number)}"
        )
        found = self.connection.execute(
            f"SELECT {identifier(number)} AS number FROM {PICKED} ORDER BY number"
        ).fetchnumpy()
        self.connection.execute(f"DROP TABLE {PICKED}")
        return np.asarray(found["number"]), np.arange(first, first + len(rows))


def _taken(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.filter(batch.column(TAKEN)).drop_columns([TAKEN])
