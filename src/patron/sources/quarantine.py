"""What becomes of refused rows: each goes to the quarantine with its reason and its content as it was read.

The content of a row whose columns could be told apart is a JSON object, column by column, with the values as
text; of anything else it is the line itself. A row that is refused again keeps the entry it has. An entry goes
when what it says is in the table after all, or when a later load brought another row of its key.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

import duckdb
import pyarrow as pa

from patron.contract import Table
from patron.engines.arrow import arrow_type
from patron.engines.quarantine import fetch_earlier, settle
from patron.engines.store import REFUSED, REFUSED_COLUMNS, Store
from patron.sources.checks import DUPLICATE, GOOD, WHOLE_NUMBER, Problems, select_checked
from patron.sources.formats.records import FAULTS, Fault
from patron.sources.mapping.again import ROW, as_mapped
from patron.sources.mapping.model import Mapping
from patron.sources.returning import as_read
from patron.sources.staging import Part, StagedTable

BATCH_ROWS = 5_000
BATCH_LETTERS = 8_000_000
SCHEMA = pa.schema([(column.name, arrow_type(column.type, "bigint")) for column in REFUSED_COLUMNS])

Reasons = Counter[tuple[str, str]]


class Entry(NamedTuple):
    """A refused row, as the quarantine keeps it."""

    table_name: str
    source_file: str
    source_line: int
    reason_code: str
    reason: str
    content: str


def collect(reader: duckdb.DuckDBPyConnection, staged: list[StagedTable]) -> Reasons:
    """Put all refused rows of a load into the reader's table `REFUSED`; return how many, by table and code."""
    reader.register("arriving", SCHEMA.empty_table())
    reader.execute(f"CREATE TEMP TABLE {REFUSED} AS SELECT * FROM arriving")
    reader.unregister("arriving")
    reasons: Reasons = Counter()
    for table in staged:
        for part in table.parts:
            for batch in _batches(_entries(table, part)):
                _insert(reader, batch)
                reasons.update((entry.table_name, entry.reason_code) for entry in batch)
            part.file.check_unchanged()
    return reasons


def release_settled(
    store: Store, staged: list[StagedTable], load_id: int, mapping: Mapping | None, files: Collection[str]
) -> int:
    """Take out of the quarantine what this load has settled of earlier ones; return how many entries.

    An entry from one of `files`, which were read by `mapping` now, is seen through it where its own load's mapping
    makes no row of it: that was wrong, and has been put right.
    """
    return sum(_release(store, table, load_id, mapping, files) for table in staged)


def latest_examples(store: Store) -> dict[str, dict[str, str]]:
    """Return, by table and reason code, where the latest refused row stands and what is wrong with it."""
    rows = store.rows(
        "SELECT table_name, reason_code, source_file, source_line, reason FROM ("
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY table_name, reason_code "
        f"ORDER BY load_id DESC, source_file, source_line) AS place FROM {store.home}quarantine) AS refused "
        "WHERE place = 1 ORDER BY table_name, reason_code"
    )
    examples: dict[str, dict[str, str]] = {}
    for table, code, file, line, reason in rows:
        examples.setdefault(table, {})[code] = f"{file}{f':{line}' if line else ''}: {reason}"
    return examples


# -- what was refused -------------------------------------------------------------------------------------


def _entries(staged: StagedTable, part: Part) -> Iterator[Entry]:
    rows, problems = staged.refused(part)
    if not len(rows) and not part.faults:
        return
    numbers = iter(problems)
    for one in part.refused(staged, rows):
        if isinstance(one, Fault):
            yield Entry(staged.table.name, part.file.name, *one)
            continue
        problem = staged.problems.numbered(int(next(numbers)))
        content = json.dumps(one.content, ensure_ascii=False)
        reason = problem.sentence(one.values)
        yield Entry(staged.table.name, part.file.name, one.place, problem.code, reason, content)


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    letters = 0
    for entry in entries:
        batch.append(entry)
        letters += len(entry.content)
        if len(batch) >= BATCH_ROWS or letters >= BATCH_LETTERS:
            yield batch
            batch, letters = [], 0
    if batch:
        yield batch


def _insert(reader: duckdb.DuckDBPyConnection, batch: list[Entry]) -> None:
    columns = zip(*batch, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
    reader.register("arriving", pa.table(arrays, schema=SCHEMA))
    reader.execute(f"INSERT INTO {REFUSED} SELECT * FROM arriving")
    reader.unregister("arriving")


# -- what is settled --------------------------------------------------------------------------------------


def _release(
    store: Store, staged: StagedTable, load_id: int, mapping: Mapping | None, files: Collection[str]
) -> int:
    if not fetch_earlier(store, staged.table, load_id, FAULTS, into="earlier"):
        return 0
    store.fetch_met(staged.stage)
    mapped, failed = as_mapped(store, staged.table, "earlier", staged.id_type)
    released = _settle(store, staged, mapped, load_id)
    if mapping and failed:
        store.reader.execute(
            "CREATE OR REPLACE TEMP TABLE misread AS SELECT * FROM earlier "
            "WHERE entry_id IN (SELECT UNNEST(CAST(? AS BIGINT[]))) "
            "AND source_file IN (SELECT UNNEST(CAST(? AS VARCHAR[])))",
            [[one.entry_id for one in failed], list(files)],
        )
        mapped, _ = as_mapped(store, staged.table, "misread", staged.id_type, mapping)
        released += _settle(store, staged, mapped, load_id)
    return released


def _settle(store: Store, staged: StagedTable, entries: str, load_id: int) -> int:
    reader = store.reader
    reader.execute(f"CREATE OR REPLACE TEMP TABLE retried AS {_retried(staged, entries)}")
    reader.execute(f"CREATE OR REPLACE TEMP TABLE settled AS {_settled(staged)}", [DUPLICATE])
    return settle(store, load_id, "SELECT entry_id FROM settled")


def _retried(staged: StagedTable, entries: str) -> str:
    """Type and check the earlier entries' content as if it had been read again.

    A key such as 1.5 is no key: as a number it would be another row's.
    """
    told = f"{ROW} IS NOT NULL"
    if staged.id_type == "bigint":
        told += f" AND REGEXP_FULL_MATCH({ROW} ->> '$.{staged.table.key.name}', '{WHOLE_NUMBER}')"
    source = f"(SELECT * FROM {entries} WHERE {told})"
    kept = ("entry_id", "reason_code")
    return select_checked(staged.table, as_read(staged.table), source, staged.id_type, Problems(), keep=kept)


def _settled(staged: StagedTable) -> str:
    """Entries whose key this load stored anew, or whose very row it found stored.

    Of two rows with one key that came together only the first was taken: the other is settled by nothing less
    than its own content.
    """
    table: Table = staged.table
    key = table.key.name
    same = " AND ".join(f"entry.{name} IS NOT DISTINCT FROM stored.{name}" for name in table.names)
    return f"""
        SELECT DISTINCT entry.entry_id
        FROM retried AS entry
        JOIN {staged.stage.name} AS stored ON stored.{key} = entry.{key} AND stored.state = {GOOD}
        LEFT JOIN {staged.stage.met} AS met ON met.staged_row = stored.rowid
        WHERE (COALESCE(met.differs, TRUE) AND entry.reason_code <> ?)
          OR (entry.state = {GOOD} AND {same})
    """
