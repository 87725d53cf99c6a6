"""Gets refused rows in after all: a file to repair them in, another try, or an end with a record.

The file is CSV with one row an entry. Columns that begin with `patron_` say which entry it is and why it was
refused; the others are those that the entry's own file had. Of an entry that has no columns, since its line could
not be split, `patron_raw` has the line.
"""

from __future__ import annotations

import csv
import getpass
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from patron.contract import CONTRACT, table_named
from patron.engines import Engine, OnProgress, Row
from patron.engines.base import no_progress
from patron.engines.store import Store
from patron.errors import SourceError
from patron.sources.load import Loading, Options, orphan_tables, storing
from patron.sources.mapping.model import Mapping
from patron.sources.report import LoadReport
from patron.sources.returning import Returning, Which
from patron.sources.staging import StagedTable

EXAMPLES = 3  # of each reason
ABOUT = {
    "patron_entry": "entry_id",
    "patron_load": "load_id",
    "patron_table": "table_name",
    "patron_file": "source_file",
    "patron_line": "source_line",
    "patron_code": "reason_code",
    "patron_reason": "reason",
}
RAW = "patron_raw"
REPAIRED = pa.schema(
    [("entry_id", pa.int64()), ("load_id", pa.int64()), ("table_name", pa.string()), ("content", pa.string())]
)


def reasons(engine: Engine, which: Which | None = None) -> list[Row]:
    """Return how many entries there are by table and reason, most first, each with `examples`."""
    condition, parameters = (which or Which()).condition()
    counted = engine.query(
        f"SELECT table_name, reason_code, COUNT(*) AS rows FROM quarantine WHERE {condition} "
        "GROUP BY table_name, reason_code ORDER BY rows DESC, table_name, reason_code",
        parameters,
    )
    shown = engine.query(
        "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY table_name, reason_code "
        f"ORDER BY load_id DESC, source_file, source_line) AS place FROM quarantine WHERE {condition}) AS numbered "
        "WHERE place <= ? ORDER BY place",
        [*parameters, EXAMPLES],
    )
    examples: dict[tuple[str, str], list[Row]] = {}
    for row in shown:
        row.pop("place")
        examples.setdefault((row["table_name"], row["reason_code"]), []).append(row)
    return [{**row, "examples": examples[row["table_name"], row["reason_code"]]} for row in counted]


# -- a file for repair --------------------------------------------------------------------------------------


def export_for_repair(
    engine: Engine, path: Path, which: Which | None = None, *, overwrite: bool = False
) -> int:
    """Write entries to a CSV file in which they can be repaired; return how many.

    Raises SourceError when there are none, the file cannot be written, or it is there and not to be overwritten.
    """
    if path.exists() and not overwrite:
        raise SourceError(f"{path} is there already; add --overwrite to replace it, or name another file.")
    files = _columns_of_files(engine)
    columns: dict[str, None] = {}
    for entry, values in _entries(engine, which):
        columns |= dict.fromkeys(values or files.get((entry["load_id"], entry["source_file"]), []))
    rows = 0
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, [*ABOUT, *columns, RAW])
            writer.writeheader()
            for entry, values in _entries(engine, which):
                about = {name: entry[column] for name, column in ABOUT.items()}
                writer.writerow({**about, **values, RAW: None if values else entry["content"]})
                rows += 1
    except OSError as error:
        raise SourceError(f"{path} cannot be written: {error.strerror or error}.") from error
    return rows


def _columns_of_files(engine: Engine) -> dict[tuple[int, str], list[str]]:
    """Return the columns of loaded files, by load and name, for lines that could not be split into them."""
    rows = engine.query(
        "SELECT load_id, details FROM loads WHERE load_id IN (SELECT load_id FROM quarantine) ORDER BY load_id"
    )
    return {
        (row["load_id"], file["name"]): file.get("columns", [])
        for row in rows
        for file in json.loads(row["details"])["files"]
    }


def _entries(engine: Engine, which: Which | None) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Yield entries, and the values of those that have columns."""
    condition, parameters = (which or Which()).condition()
    order = "table_name, load_id, source_file, source_line, entry_id"
    query = f"SELECT * FROM quarantine WHERE {condition} ORDER BY {order}"
    with engine.stream(query, parameters) as batches:
        for batch in batches:
            for entry in batch.to_pylist():
                yield entry, _values(entry["content"])


def _values(content: str) -> dict[str, Any]:
    try:
        values = json.loads(content)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


# -- another try --------------------------------------------------------------------------------------------


def retry(
    engine: Engine,
    repaired: Path | None = None,
    which: Which | None = None,
    *,
    mapping: Mapping | None = None,
    allow_orphans: Iterable[str] = frozenset(),
    dry_run: bool = False,
    progress: OnProgress = no_progress,
) -> LoadReport:
    """Try entries of the quarantine again, or those in a `repaired` export with what it says; it is a load.

    An entry that is stored leaves the quarantine, any other says what is wrong with it now. Raises SourceError
    when the file is no such export, and what `load` raises.
    """
    source = f"quarantine, as repaired in {repaired}" if repaired else "quarantine"
    options = Options(orphan_tables(allow_orphans), dry_run=dry_run)
    rows = _read_repaired(repaired) if repaired else None
    with storing(engine, source) as store:
        retrying = _Retrying(engine, store, source, options, progress, which or Which(), rows)
        retrying.mapping = mapping
        return retrying.store_all([])


class _Retrying(Loading):
    """A load of what is in the quarantine."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        source: str,
        options: Options,
        progress: OnProgress,
        which: Which,
        repaired: pa.Table | None,
    ) -> None:
        super().__init__(engine, store, source, options, progress)
        self.which = which
        self.repaired = repaired
        store.reader.execute("SET preserve_insertion_order = true")

    def bring_entries(self, staged: dict[str, StagedTable]) -> None:
        """Stage the entries of all tables."""
        if self.repaired is not None:
            self._match(self.repaired)
        for table in CONTRACT:
            one = StagedTable(self.store.reader, table, self.engine.settings.id_type)
            returning = Returning(self.store, one, self.mapping)
            self._bring(returning)
            if returning.untried:
                self.notes.append(
                    f"{returning.untried} rows of {table.name} were left as they are: they are lines without columns, "
                    "or lack columns that their mapping needs; `patron quarantine export` gives them for repair."
                )
            if returning.rows or returning.failed:
                staged[table.name] = one
                self.retried[table.name] = returning

    def _bring(self, returning: Returning) -> int:
        if self.repaired is None:
            return returning.fetch(self.which)
        name = returning.staged.table.name
        return returning.take(
            f"(SELECT entry_id, load_id, reason_code, content FROM matched_entries WHERE table_name = '{name}')",
            repaired=True,
        )

    def _match(self, repaired: pa.Table) -> None:
        """Find the entries of a repaired file; some may have left the quarantine since it was exported."""
        reader = self.store.reader
        reader.register("arriving", repaired)
        self.store.send("SELECT * FROM arriving", "repaired_entries")
        reader.unregister("arriving")
        condition, parameters = self.which.condition()
        found = self.store.fetch(
            "SELECT held.entry_id, held.load_id, held.reason_code, held.table_name, said.content "
            f"FROM (SELECT * FROM {self.store.home}quarantine WHERE {condition}) AS held "
            "JOIN repaired_entries AS said ON said.entry_id = held.entry_id "
            "AND said.load_id = held.load_id AND said.table_name = held.table_name",
            "matched_entries",
            parameters,
        )
        if missing := repaired.num_rows - found:
            self.notes.append(
                f"{missing} rows of the file were passed over: they are no longer in the quarantine."
            )


def _read_repaired(path: Path) -> pa.Table:
    """Read an export that was repaired, maybe with a spreadsheet that separates columns otherwise."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            delimiter = max(",;\t", key=first.count)
            stream.seek(0)
            rows = list(_repaired_rows(csv.DictReader(stream, delimiter=delimiter), path))
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read as CSV in UTF-8: {error}.") from error
    return pa.Table.from_pylist(rows, schema=REPAIRED)


def _repaired_rows(reader: csv.DictReader[str], path: Path) -> Iterator[dict[str, Any]]:
    lacking = [
        name
        for name in ("patron_entry", "patron_load", "patron_table")
        if name not in (reader.fieldnames or ())
    ]
    if lacking:
        raise SourceError(
            f"{path} has no column {' and no '.join(lacking)}; repair a file that `patron quarantine export` wrote."
        )
    seen: set[int] = set()
    for row in reader:
        try:
            entry, load_id, table = (
                int(row["patron_entry"]),
                int(row["patron_load"]),
                table_named(row["patron_table"]),
            )
        except (TypeError, ValueError) as error:
            raise SourceError(
                f"Line {reader.line_num} of {path} does not say which entry it is; leave the columns "
                "patron_entry, patron_load and patron_table as they are."
            ) from error
        if entry in seen:
            raise SourceError(
                f"Line {reader.line_num} of {path} has entry {entry} a second time; leave one of them out."
            )
        seen.add(entry)
        given = {name: text for name, text in row.items() if name and name not in (*ABOUT, RAW)}
        values = {name: text or None for name, text in given.items() if text or name in table.names}
        if any(values.values()):
            content = json.dumps(values, ensure_ascii=False)
            yield {"entry_id": entry, "load_id": load_id, "table_name": table.name, "content": content}


# -- an end -------------------------------------------------------------------------------------------------


def discard(engine: Engine, why: str, which: Which | None = None, *, who: str | None = None) -> int:
    """Delete entries for good and record who did so (by default whose process this is), when and why; count them.

    Raises SourceError without a reason, DatabaseError when the database fails.
    """
    if not why.strip():
        raise SourceError("To discard rows, say why; it is kept in the table discards.")
    condition, parameters = (which or Which()).condition()
    with storing(engine, "quarantine") as store, store.transaction():
        store.run(
            f"INSERT INTO {store.home}discards SELECT ?, ?, ?, table_name, reason_code, COUNT(*) "
            f"FROM {store.home}quarantine WHERE {condition} GROUP BY table_name, reason_code",
            [datetime.now(UTC).replace(tzinfo=None), who or getpass.getuser(), why.strip(), *parameters],
        )
        return store.run(f"DELETE FROM {store.home}quarantine WHERE {condition}", parameters)
