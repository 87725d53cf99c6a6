"""Parquet: columns have types, and the file says itself how many rows it has.

Text in Parquet ought to be UTF-8, and DuckDB reads nothing of a file where it is not. Such a file is copied with
its text as bytes, so that only the rows concerned are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from patron.errors import SourceError
from patron.sources.checks import Given
from patron.sources.formats.records import Fault, readable
from patron.sources.staging import OtherCount, Part, Refused, RowNumbers, Target, first_line, plain

ROWS_AT_ONCE = 5_000
# Folders such as year=2024 are a way to part files and not a column.
READ = "read_parquet(?, hive_partitioning = false)"
READ_NUMBERED = "read_parquet(?, hive_partitioning = false, file_row_number = true)"


class ParquetPart(Part):
    """A Parquet file, or a copy of it with its text as bytes."""

    copy: Path | None = None

    def look(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Given]]:
        """Return the names and types that the file declares."""
        try:
            rows = connection.execute(f"DESCRIBE SELECT * FROM {READ}", [plain(self.file.path)]).fetchall()
        except duckdb.Error as error:
            raise SourceError(f"{self.file.name} cannot be read as Parquet: {first_line(error)}") from error
        return [
            (name, Given(exp.to_identifier(name, quoted=True).sql("duckdb"), kind)) for name, kind, *_ in rows
        ]

    def read(self, target: Target, folder: Path) -> None:
        """Insert all rows; there are no faults."""
        try:
            try:
                self._insert(target)
            except duckdb.InvalidInputException as error:
                if "not valid UTF8" not in str(error):
                    raise
                self._copy_with_text_as_bytes(folder / f"{target.name}-{len(target.parts)}.parquet")
                self._insert(target)
        except duckdb.InterruptException:
            raise
        except (duckdb.Error, pa.ArrowException, OSError, OtherCount) as error:
            raise SourceError(f"{self.file.name} cannot be read: {first_line(error)}.") from error

    def refused(self, target: Target, rows: RowNumbers) -> Iterator[Fault | Refused]:
        """Read the rows of these numbers again, some at a time."""
        for start in range(0, len(rows), ROWS_AT_ONCE):
            for number, *values in self._again(target, rows[start : start + ROWS_AT_ONCE].tolist()):
                texts = [readable(value) if isinstance(value, bytes) else value for value in values]
                row = dict(zip(self.columns, texts, strict=True))
                yield Refused(number + 1, row, row)

    def _again(self, target: Target, rows: list[int]) -> list[tuple[Any, ...]]:
        texts = ", ".join(
            given.expression if given.type == "BLOB" else f"CAST({given.expression} AS VARCHAR)"
            for given in self.columns.values()
        )
        return target.connection.execute(
            f"SELECT file_row_number, {texts} FROM {READ_NUMBERED} WHERE file_row_number BETWEEN ? AND ? "
            "AND file_row_number IN (SELECT UNNEST(CAST(? AS BIGINT[]))) ORDER BY file_row_number",
            [self._path, rows[0], rows[-1], rows],
        ).fetchall()

    def _insert(self, target: Target) -> None:
        said = pq.read_metadata(self.file.path).num_rows
        self.rows = target.insert(self.columns, READ, [self._path], lambda rows: rows == said)

    @property
    def _path(self) -> str:
        return plain(self.copy or self.file.path)

    def _copy_with_text_as_bytes(self, copy: Path) -> None:
        source = pq.ParquetFile(self.file.path)
        schema = pa.schema(
            field.with_type(pa.binary()) if _is_text(field.type) else field for field in source.schema_arrow
        )
        with pq.ParquetWriter(copy, schema) as writer:
            for batch in source.iter_batches():
                writer.write_batch(batch.cast(schema))
        self.copy = copy
        self.columns = {
            name: replace(given, type="BLOB") if given.type == "VARCHAR" else given
            for name, given in self.columns.items()
        }


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
