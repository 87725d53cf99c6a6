"""Loads a folder of files in the contract layout: every row is stored or quarantined, and the counts say so.

    >>> report = load(engine, Path("shop/"))                                            # doctest: +SKIP
    >>> report.quarantined                                                               # doctest: +SKIP
    3

1. `layout` finds the files and what keeps them from being loaded, before anything is written.
2. `reading` types and checks all rows in DuckDB, next to the shop's tables and not in them.
3. In one transaction, parents before children: rows whose references lead nowhere and later rows of a key are
   refused, the engine's store merges the rest, `quarantine` keeps what was refused, and the load is recorded.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from patron.contract import Column
from patron.engines import Engine, OnProgress, Progress
from patron.engines.base import no_progress
from patron.engines.duckdb.opening import reason
from patron.engines.store import Merged, Store, number
from patron.errors import DatabaseError, SettingsError, SourceError, did_you_mean
from patron.sources.checks import GOOD, duplicate, unknown
from patron.sources.layout import Found, find
from patron.sources.quarantine import collect, release_settled
from patron.sources.reading import Reader
from patron.sources.staging import StagedTable

MOST_PROBLEMS = 20  # that a message lists
# What `allow_orphans` may say, and the table whose unknown keys it lets through. A fact without a customer is
# nobody's, and an answer to an unknown campaign has no channel.
ORPHANS = {"products": "product_catalog", "sessions": "website_behavior"}


@dataclass(frozen=True)
class TableCounts:
    """What became of one table's rows; they add up."""

    table: str
    rows_read: int
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0

    def __post_init__(self) -> None:
        kept = self.inserted + self.updated + self.unchanged + self.quarantined
        if self.rows_read != kept:
            raise SourceError(
                f"Of {self.rows_read} rows of {self.table} {kept} are accounted for, so nothing was loaded; "
                "this is a fault of Patron, please report it."
            )


@dataclass(frozen=True)
class LoadReport:
    """What one load did.

    `reasons` counts refused rows by table and reason code. `new_in_quarantine` of them were not there before,
    and `released` entries of earlier loads were settled by this one. Times are in UTC.
    """

    load_id: int
    source: str
    tables: tuple[TableCounts, ...]
    files: tuple[str, ...]
    reasons: dict[str, dict[str, int]]
    started_at: datetime
    finished_at: datetime
    new_in_quarantine: int = 0
    released: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def rows_read(self) -> int:
        """Rows found in all files."""
        return sum(table.rows_read for table in self.tables)

    @property
    def inserted(self) -> int:
        """Rows with a new key."""
        return sum(table.inserted for table in self.tables)

    @property
    def updated(self) -> int:
        """Rows that replaced one of the same key."""
        return sum(table.updated for table in self.tables)

    @property
    def unchanged(self) -> int:
        """Rows that were there already."""
        return sum(table.unchanged for table in self.tables)

    @property
    def quarantined(self) -> int:
        """Rows that were refused."""
        return sum(table.quarantined for table in self.tables)


def load(
    engine: Engine,
    path: Path,
    *,
    allow_orphans: Iterable[str] = frozenset(),
    progress: OnProgress = no_progress,
) -> LoadReport:
    """Load the files at `path`, a folder or one file, in one transaction.

    `allow_orphans` may name "products" and "sessions": rows that refer to an unknown one are then stored.
    `progress` is told bytes in the stage "reading" and rows in the stage "storing", from any thread.

    Raises SourceError when the files cannot be loaded, with all that is wrong with them, SettingsError for
    another word in `allow_orphans`, DatabaseError when the database fails; nothing is stored then.
    """
    orphans = _orphan_tables(allow_orphans)
    found = find(path)
    engine.query("SELECT load_id FROM loads LIMIT 1")  # says so where `patron init` is still to come
    try:
        with engine.store() as store:
            return _Load(engine, store, path, found, orphans, progress).run()
    except duckdb.Error as error:
        raise DatabaseError(
            f"Nothing of {path} was loaded, because the database failed: {reason(error)}."
        ) from error


class _Load:
    """One load under way."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        path: Path,
        found: Found,
        orphans: frozenset[str],
        progress: OnProgress,
    ) -> None:
        self.started_at = datetime.now(UTC)
        self.store = store
        self.path = path
        self.found = found
        self.orphans = orphans
        self.progress = progress
        self.notes: list[str] = []
        self.reader = Reader(store.reader, store.folder, engine.settings.id_type, progress)

    def run(self) -> LoadReport:
        """Read, then store; raises what `load` raises."""
        parts = self.reader.look(self.found)
        if self.found.problems:
            raise SourceError(_sentence(self.path, self.found.problems), self.found.problems)
        staged = self.reader.stage(parts)
        with self.store.transaction(table.table for table in staged):
            return self._store(staged)

    def _store(self, staged: list[StagedTable]) -> LoadReport:
        load_id = self.store.next_load_id()
        merged = []
        rows, done = sum(table.rows_read for table in staged), 0
        for table in staged:
            self._refuse_orphans(table)
            self._refuse_duplicates(table)
            merged.append(self.store.merge(table.stage))
            done += table.rows_read
            self.progress(Progress("storing", done, rows))
        refused = collect(self.store.reader, staged)
        released = release_settled(self.store, staged, load_id)
        new = self.store.quarantine(load_id)
        report = LoadReport(
            load_id=load_id,
            source=str(self.path),
            tables=tuple(_counts(*one, refused) for one in zip(staged, merged, strict=True)),
            files=tuple(part.file.name for table in staged for part in table.parts),
            reasons=_by_table(refused),
            started_at=self.started_at,
            finished_at=datetime.now(UTC),
            new_in_quarantine=new,
            released=released,
            notes=(*self.found.all_notes(), *self.notes),
        )
        self.store.record(_row(report))
        return report

    # -- checks that need the shop's tables -------------------------------------------------------------

    def _refuse_orphans(self, staged: StagedTable) -> None:
        for column in staged.table.references:
            known_to_be_missing = self.store.find_unknown(staged.stage, column)
            if column.references in self.orphans:
                self._admit(staged, column, known_to_be_missing)
                continue
            self.store.reader.execute(
                f"UPDATE {staged.stage.name} SET state = ? "
                f"WHERE state = {GOOD} AND {column.name} IN (SELECT id FROM {known_to_be_missing})",
                [staged.problems.number(unknown(column))],
            )

    def _admit(self, staged: StagedTable, column: Column, missing: str) -> None:
        if number(self.store.reader, f"SELECT COUNT(*) FROM {missing}") and (
            note := self.store.admit_orphans(staged.table, column)
        ):
            self.notes.append(note)

    def _refuse_duplicates(self, staged: StagedTable) -> None:
        """Of the good rows with one key the first is taken, and the others are refused, equal ones too."""
        name, key = staged.stage.name, staged.table.key.name
        self.store.reader.execute(
            f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {key}, MIN(rowid) AS taken FROM {name} "
            f"WHERE state = {GOOD} GROUP BY {key} HAVING COUNT(*) > 1"
        )
        if not number(self.store.reader, "SELECT COUNT(*) FROM repeated"):
            return
        self.store.reader.execute(
            f"UPDATE {name} SET state = ? FROM repeated "
            f"WHERE {name}.state = {GOOD} AND {name}.{key} = repeated.{key} AND {name}.rowid > repeated.taken",
            [staged.problems.number(duplicate(staged.table))],
        )


def _orphan_tables(words: Iterable[str]) -> frozenset[str]:
    for word in words:
        if word not in ORPHANS:
            raise SettingsError(
                f"--allow-orphans cannot be '{word}'.{did_you_mean(word, ORPHANS)} "
                f"It can be: {', '.join(ORPHANS)}; a fact needs its customer and an answer its campaign."
            )
    return frozenset(ORPHANS[word] for word in words)


def _counts(staged: StagedTable, merged: Merged, refused: Counter[tuple[str, str]]) -> TableCounts:
    name = staged.table.name
    quarantined = sum(count for (table, _), count in refused.items() if table == name)
    return TableCounts(name, staged.rows_read, merged.inserted, merged.updated, merged.unchanged, quarantined)


def _by_table(refused: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    reasons: dict[str, dict[str, int]] = {}
    for (table, code), count in sorted(refused.items()):
        reasons.setdefault(table, {})[code] = count
    return reasons


def _row(report: LoadReport) -> dict[str, Any]:
    """Return the load as a row of `loads`."""
    details = {
        "tables": [asdict(table) for table in report.tables],
        "files": report.files,
        "reasons": report.reasons,
        "new_in_quarantine": report.new_in_quarantine,
        "released": report.released,
        "notes": report.notes,
    }
    return {
        "load_id": report.load_id,
        "started_at": report.started_at.replace(tzinfo=None),
        "finished_at": report.finished_at.replace(tzinfo=None),
        "source": report.source,
        "rows_read": report.rows_read,
        "inserted": report.inserted,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "quarantined": report.quarantined,
        "details": json.dumps(details, ensure_ascii=False),
    }


def _sentence(path: Path, problems: list[str]) -> str:
    if len(problems) == 1:
        return f"Nothing of {path} was loaded: {_ended(problems[0])}"
    shown = [f"  - {_ended(problem)}" for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        shown.append(f"  - and {len(problems) - MOST_PROBLEMS} more.")
    listed = "\n".join(shown)
    return f"Nothing of {path} was loaded, for {len(problems)} reasons:\n{listed}"


def _ended(problem: str) -> str:
    return problem if problem.endswith("?") else f"{problem}."
