"""Where a sample goes: into a database, or into a folder that `patron load` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from patron.contract import CONTRACT, Table
from patron.contract.tables import CUSTOMER_INFO, Type
from patron.engines.arrow import arrow_schema
from patron.engines.base import Engine, OnProgress, Progress, no_progress
from patron.errors import SourceError
from patron.sources.sample.chunks import Sample, generate

STAGE = "sample data"
GROUP_BYTES = 256 << 20  # what is handed to a database at once: few large appends, yet bounded memory
Write = Callable[[Table, Iterator[pa.RecordBatch]], object]


def store(sample: Sample, engine: Engine, progress: OnProgress = no_progress) -> dict[str, int]:
    """Put the sample into the engine's contract tables, made where missing; return the rows of each.

    Progress counts customers. Raises SourceError when a table has rows already: sample data is never
    mixed with others.
    """
    engine.init()
    for table in CONTRACT:
        any_row = exp.select(exp.to_identifier(table.key.name)).from_(exp.to_table(table.name)).limit(1)
        if engine.query(any_row.sql(dialect=engine.dialect)):
            raise SourceError(
                f"The table {table.name} has rows already, and sample data is never mixed with others; "
                "name a new database with --database."
            )
    return _pour(sample, engine.append, GROUP_BYTES, progress)


def write_parquet(sample: Sample, folder: Path, progress: OnProgress = no_progress) -> dict[str, int]:
    """Write the sample into `folder`, one <table>.parquet each; return the rows of each table.

    Files get their names when all are complete. Progress counts customers. Raises SourceError when the
    folder cannot be written or holds a contract table already. Folders that were made for it go away again if it fails.
    """
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table in CONTRACT:
            for there in (*folder.glob(f"{table.name}.*"), *folder.glob(table.name)):
                raise SourceError(f"{there} is there already; name a new folder for the sample data.")
        return _write_parquet(sample, folder, progress)
    except OSError as error:
        raise SourceError(
            f"The sample data cannot be written to {folder}: {error.strerror or error}; "
            "name a folder that can be written and has room."
        ) from error
    finally:
        with suppress(OSError):  # there is something in it, as there should be
            for one in made:
                one.rmdir()


def _write_parquet(sample: Sample, folder: Path, progress: OnProgress) -> dict[str, int]:
    partial = {table.name: folder / f".{table.name}.parquet.partial" for table in CONTRACT}
    try:
        with ExitStack() as files:
            writers = {
                table.name: files.enter_context(_writer(partial[table.name], table, sample))
                for table in CONTRACT
            }

            def write(table: Table, batches: Iterator[pa.RecordBatch]) -> None:
                for batch in batches:
                    writers[table.name].write_batch(batch, row_group_size=max(1, batch.num_rows))

            rows = _pour(sample, write, 0, progress)
        for table in CONTRACT:
            partial[table.name].rename(folder / f"{table.name}.parquet")
        return rows
    finally:
        for path in partial.values():
            path.unlink(missing_ok=True)


def _writer(path: Path, table: Table, sample: Sample) -> pq.ParquetWriter:
    """Texts have few values and make dictionaries; numbers that rise or hardly repeat do not."""
    worded = [
        column.name for column in table.columns if column.type is Type.TEXT and table is not CUSTOMER_INFO
    ]
    return pq.ParquetWriter(
        path,
        arrow_schema(table, sample.id_type),
        compression="zstd",
        compression_level=1,
        use_dictionary=worded,
    )


@dataclass
class _Group:
    """Batches of whole chunks that are written together."""

    batches: dict[str, list[pa.RecordBatch]] = field(default_factory=dict)
    size: int = 0

    def add(self, table: Table, batch: pa.RecordBatch) -> None:
        self.batches.setdefault(table.name, []).append(batch)
        self.size += batch.nbytes

    def rows(self, name: str) -> int:
        return sum(batch.num_rows for batch in self.batches.get(name, ()))


def _pour(sample: Sample, write: Write, group_bytes: int, progress: OnProgress) -> dict[str, int]:
    """Write the sample group by group, in each the tables' parents first; return the rows of each table."""
    rows = dict.fromkeys((table.name for table in CONTRACT), 0)
    progress(Progress(STAGE, 0, sample.customers))
    for group in _groups(sample, group_bytes):
        before, here = rows[CUSTOMER_INFO.name], group.rows(CUSTOMER_INFO.name)
        total = sum(group.rows(table.name) for table in CONTRACT)
        written = 0
        for table in CONTRACT:
            for_table = group.batches.pop(table.name, [])
            if not for_table:
                continue
            count = sum(batch.num_rows for batch in for_table)
            write(table, iter(for_table))
            rows[table.name] += count
            written += count
            progress(Progress(STAGE, before + here * written / total, sample.customers))
    return rows


def _groups(sample: Sample, group_bytes: int) -> Iterator[_Group]:
    """Whole chunks, each group at least `group_bytes` large but for the last."""
    group = _Group()
    for table, batch in generate(sample):
        if table is CUSTOMER_INFO and group.size > group_bytes:
            yield group
            group = _Group()
        group.add(table, batch)
    yield group
