"""Any of Patron's tables as a CSV or Parquet file, the values as they are.

Rows come sorted by their key and stream through in bounded memory, so that the same facts give the same bytes on
every engine. A file appears under its name only when it is whole.

CSV is that of RFC 4180 in UTF-8, with a header: text is quoted and numbers are not, None is nothing at all and an
empty text is "".

Example:
    >>> "customer_360" in exportable()
    True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet
from sqlglot import exp

from patron.contract import CONTRACT
from patron.contract.bookkeeping import BOOKKEEPING
from patron.engines.base import Engine, OnProgress, Progress, no_progress
from patron.errors import ExportError, did_you_mean
from patron.files import whole
from patron.model.steps import step_named

FROM_THE_MODEL = (
    *("customer_360", "customer_360_core", "customer_360_analytics"),
    *("customer_features", "customers_to_come", "current_build", "rfm_cut_points"),
)
ENDINGS = (".csv", ".csv.gz", ".parquet")
CHUNK = 256 * 1024  # bytes that a streamed file sends at a time, at least
GROUP_ROWS = 100_000  # rows of a Parquet row group, whatever batches an engine gives

# What makes a spreadsheet take a text for a formula when it stands first: the four signs, also in full width, and
# the control characters that a spreadsheet skips.
FORMULA = "^[=+\\-@\uff1d\uff0b\uff0d\uff20\\t\\r\\n\\x00]"

Write = Callable[[pa.RecordBatch], None]


@dataclass(frozen=True)
class Exported:
    """What was written; `size` is the file's, in bytes."""

    table: str
    path: Path
    rows: int
    columns: int
    size: int


def exportable() -> dict[str, tuple[str, ...]]:
    """Return the tables that can be exported, each with its columns in order."""
    tables = {table.name: table.names for table in (*CONTRACT, *BOOKKEEPING)}
    return tables | {name: tuple(step_named(name).columns) for name in FROM_THE_MODEL}


def export(
    engine: Engine,
    table: str,
    path: Path,
    *,
    for_spreadsheets: bool = False,
    overwrite: bool = False,
    progress: OnProgress = no_progress,
) -> Exported:
    """Write `table` to `path`, whose ending says how: .csv, .csv.gz or .parquet.

    `for_spreadsheets` puts an apostrophe before text that a spreadsheet would take for a formula; numbers stay
    numbers. Raises ExportError when the table is unknown, the file cannot be written, or it is there already and
    `overwrite` is not set; a file that was there is then untouched.
    """
    columns = _columns_of(table)
    ending = _ending_of(path, for_spreadsheets=for_spreadsheets)
    if path.exists() and not overwrite:
        raise ExportError(f"{path} is there already; add --overwrite to replace it, or name another file.")
    rows = 0
    with (
        engine.stream(_query(engine, table, columns)) as reader,
        whole(path, ExportError) as partial,
        _writer(partial, ending, reader.schema) as write,
    ):
        for batch in reader:
            write(defused(batch) if for_spreadsheets else batch)
            rows += batch.num_rows
            progress(Progress("rows", rows, None))
    return Exported(table, path, rows, len(columns), path.stat().st_size)


def encoded(reader: pa.RecordBatchReader, kind: str, *, for_spreadsheets: bool = False) -> Iterator[bytes]:
    """Yield the rows as a file's bytes while they are read; `kind` is csv or parquet."""
    sink = _Drain()
    with _writer(sink, f".{kind}", reader.schema) as write:
        for batch in reader:
            write(defused(batch) if for_spreadsheets else batch)
            if sink.waiting >= CHUNK:
                yield sink.drained()
    yield sink.drained()


def defused(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with an apostrophe before each text that a spreadsheet would take for a formula."""
    return pa.RecordBatch.from_arrays(
        [_defused_column(column) for column in batch.columns], schema=batch.schema
    )


def _defused_column(values: pa.Array) -> pa.Array:
    if not _is_text(values.type):
        return values
    apostrophe = pa.scalar("'", values.type)
    safe = pc.binary_join_element_wise(apostrophe, values, pa.scalar("", values.type))
    return pc.if_else(pc.match_substring_regex(values, FORMULA), safe, values)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


# -- what to read ---------------------------------------------------------------------------------------


def _columns_of(table: str) -> tuple[str, ...]:
    known = exportable()
    if table not in known:
        raise ExportError(
            f"There is no table '{table}' to export.{did_you_mean(table, known)} There are: {', '.join(known)}."
        )
    return known[table]


def _query(engine: Engine, table: str, columns: Sequence[str]) -> str:
    """Return the query of all rows by key, text by code point; rows without a key by all they have."""
    keyless = {one.name for one in BOOKKEEPING if not one.keyed}
    query = exp.select(*map(exp.column, columns)).from_(exp.to_table(table))
    with engine.stream(query.limit(0).sql(engine.dialect)) as nothing:
        schema = nothing.schema
    keys = columns if table in keyless else columns[:1]
    return query.order_by(*(_ordered(key, schema.field(key).type) for key in keys)).sql(engine.dialect)


def _ordered(key: str, kind: pa.DataType) -> exp.Ordered:
    by: exp.Expression = exp.column(key)
    if _is_text(kind):
        by = exp.Collate(this=by, expression=exp.to_identifier("C", quoted=True))
    return exp.Ordered(this=by, nulls_first=False)


# -- how to write ---------------------------------------------------------------------------------------


def _ending_of(path: Path, *, for_spreadsheets: bool) -> str:
    ending = next((one for one in ENDINGS if path.name.lower().endswith(one)), None)
    if ending is None:
        raise ExportError(
            f"The name {path.name} does not say in what form; let it end in {' or '.join(ENDINGS)}."
        )
    if for_spreadsheets and ending == ".parquet":
        raise ExportError(
            "A spreadsheet opens no Parquet; use a name that ends in .csv with --for-spreadsheets."
        )
    return ending


@contextmanager
def _writer(path: Path | _Drain, ending: str, schema: pa.Schema) -> Iterator[Write]:
    if ending == ".parquet":
        with parquet.ParquetWriter(path, schema, compression="zstd") as file:
            groups = _Groups(file)
            yield groups.add
            groups.flush()
        return
    compression = "gzip" if ending.endswith(".gz") else None
    options = csv.WriteOptions(quoting_style="needed", quoting_header="none")
    with (
        nullcontext(path)
        if isinstance(path, _Drain)
        else pa.output_stream(path, compression=compression) as sink,
        csv.CSVWriter(sink, schema, write_options=options) as file,
    ):
        yield file.write_batch


class _Drain(RawIOBase):
    """A file that keeps what is written until it is drained."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.waiting = 0
        self._written = 0

    def writable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written in all."""
        return self._written

    def write(self, data: Any) -> int:
        """Keep some bytes."""
        part = bytes(data)
        self._parts.append(part)
        self.waiting += len(part)
        self._written += len(part)
        return len(part)

    def drained(self) -> bytes:
        """Return what was kept, and forget it."""
        whole = b"".join(self._parts)
        self._parts, self.waiting = [], 0
        return whole


class _Groups:
    """Writes row groups of one size, whatever the sizes of the batches."""

    def __init__(self, file: parquet.ParquetWriter) -> None:
        self.file = file
        self.batches: list[pa.RecordBatch] = []
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        while self.rows + batch.num_rows >= GROUP_ROWS:
            room = GROUP_ROWS - self.rows
            self._append(batch.slice(0, room))
            self.flush()
            batch = batch.slice(room)
        self._append(batch)

    def flush(self) -> None:
        if self.batches:
            self.file.write_table(pa.Table.from_batches(self.batches), row_group_size=GROUP_ROWS)
        self.batches, self.rows = [], 0

    def _append(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            self.batches.append(batch)
            self.rows += batch.num_rows
