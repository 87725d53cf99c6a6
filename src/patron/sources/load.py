"""Loads what a shop has: every row is stored or quarantined, and the counts say so.

    >>> report = load(engine, Path("shop/"))                                            # doctest: +SKIP
    >>> report.quarantined                                                               # doctest: +SKIP
    3

1. A `Reader` finds what there is to read and what keeps it from being loaded, before anything is written:
   `reading` for files in the contract layout, `mapping.reading` for all else, by a mapping file.
2. It types and checks all rows in DuckDB, next to the shop's tables and not in them.
3. In one transaction, parents before children: rows whose references lead nowhere and later rows of a key are
   refused, the engine's store merges the rest, `quarantine` keeps what was refused, and the load is recorded.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from patron.contract import CONTRACT, Column, Table
from patron.engines import Engine, OnProgress, Progress
from patron.engines.address import public
from patron.engines.base import no_progress
from patron.engines.duckdb.opening import reason
from patron.engines.quarantine import add_refused
from patron.engines.store import Merged, Store, number
from patron.errors import DatabaseError, SettingsError, did_you_mean
from patron.sources.checks import GOOD, duplicate, unknown
from patron.sources.content import Files, Hashing, content_hash
from patron.sources.formats.remote import copying
from patron.sources.former import earlier_loads_met
from patron.sources.hopeless import check_hope, ids_with_letters
from patron.sources.loads import find_same, forget, next_load_id, record
from patron.sources.mapping.model import Mapping
from patron.sources.mapping.reading import MappedReader
from patron.sources.profile import Profile, profile, warnings_of
from patron.sources.quarantine import collect, latest_examples, release_settled
from patron.sources.reading import LayoutReader, Reader
from patron.sources.replacing import Replacing
from patron.sources.report import FileRead, LoadReport, TableCounts, Traces, as_row
from patron.sources.returning import Returning, Which, waiting_for, waiting_tables
from patron.sources.staging import StagedTable

__all__ = ["LoadReport", "TableCounts", "load"]

# What `allow_orphans` may say, and the table whose unknown keys it lets through. A fact without a customer is
# nobody's, and an answer to an unknown campaign has no channel.
ORPHANS = {"products": "product_catalog", "sessions": "website_behavior"}


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    orphans: frozenset[str] = frozenset()
    replace: bool = False
    dry_run: bool = False
    again: bool = False

    @property
    def kept(self) -> dict[str, Any]:
        """What a load of the same files must have in common to do the same."""
        return {"allow_orphans": sorted(self.orphans), "replace": self.replace}


def load(
    engine: Engine,
    paths: Path | str | Sequence[Path | str],
    *,
    mapping: Mapping | None = None,
    allow_orphans: Iterable[str] = frozenset(),
    replace: bool = False,
    dry_run: bool = False,
    again: bool = False,
    progress: OnProgress = no_progress,
) -> LoadReport:
    """Load what is at `paths` in one transaction, each a folder or a file in the contract layout.

    With a `mapping` it may be any files, a database or a URL of either.
    `allow_orphans` may name "products" and "sessions": rows that refer to an unknown one are then stored.
    With `replace`, rows go that the new files of a table lack. A `dry_run` does everything and keeps nothing.
    Files that were loaded before are not read again if nothing has changed since, unless `again` says so.
    `progress` is told bytes in the stage "reading" and rows in the stage "storing", from any thread.

    Raises SourceError when the files cannot be loaded, with all that is wrong with them, SettingsError for
    another word in `allow_orphans`, DatabaseError when the database fails; nothing is stored then.
    """
    options = Options(orphan_tables(allow_orphans), replace, dry_run, again)
    listed = [str(path) for path in ([paths] if isinstance(paths, Path | str) else paths)]
    source = ", ".join(map(public, listed))
    with storing(engine, source) as store:
        copied = copying(store.bring_files)
        reading = (store.reader, store.folder, engine.settings.id_type, progress, listed)
        reader = (
            LayoutReader(*reading, copied) if mapping is None else MappedReader(*reading, mapping, copied)
        )
        with closing(reader):
            return Loading(engine, store, source, options, progress).run(reader)


@contextmanager
def storing(engine: Engine, source: str) -> Iterator[Store]:
    """Give a store; what DuckDB says when it fails becomes a sentence about `source`."""
    engine.query("SELECT load_id FROM loads LIMIT 1")  # says so where `patron init` is still to come
    try:
        with engine.store() as store:
            yield store
    except duckdb.Error as error:
        raise DatabaseError(
            f"Nothing of {source} was loaded, because the database failed: {reason(error)}."
        ) from error


class Loading:
    """One load under way: of the files found, or of entries of the quarantine that are to be tried again."""

    def __init__(
        self, engine: Engine, store: Store, source: str, options: Options, progress: OnProgress
    ) -> None:
        self.started_at = datetime.now(UTC)
        self.engine = engine
        self.store = store
        self.source = source
        self.mapping: Mapping | None = None
        self.options = options
        self.progress = progress
        self.undoable_loads = engine.settings.undoable_loads if store.keeps_former else 0
        self.undoable = self.undoable_loads > 0
        self.notes: list[str] = []
        self.retried: dict[str, Returning] = {}
        self.waited: dict[str, Returning] = {}
        self.merged: dict[str, Merged] = {}
        self.builds_on: set[int] = set()
        self.load_id = 0

    def run(self, reader: Reader) -> LoadReport:
        """Read, then store; raises what `load` raises."""
        self.mapping = reader.mapping
        files = reader.look()
        with Hashing(files) as hashing:
            if self._may_be_known(files) and (report := self._same(hashing.files(), reader.notes())):
                return report
            staged = reader.stage()
            check_hope(staged, self.source, mapped=self.mapping is not None)
            self.notes += reader.notes()
            return self.store_all(staged, hashing.files)

    def store_all(
        self, staged: list[StagedTable], files: Callable[[], tuple[FileRead, ...]] = tuple
    ) -> LoadReport:
        """Store what was read, in one transaction."""
        with self.store.transaction(dry_run=self.options.dry_run):
            return self._store({one.table.name: one for one in staged}, files)

    # -- the very same files again ----------------------------------------------------------------------

    def _may_be_known(self, files: Files) -> bool:
        """Whether files of the same size were loaded before, so that hashing them first is worth the time."""
        size = sum(one.file.size for one in files)
        rows = self.engine.query("SELECT load_id FROM loads WHERE bytes_read = ? LIMIT 1", [size])
        return bool(rows) and not self.options.again

    def _same(self, files: tuple[FileRead, ...], notes: list[str]) -> LoadReport | None:
        """Record that the files are those of an earlier load, if nothing has changed since."""
        with self.store.transaction(dry_run=self.options.dry_run):
            same = find_same(self.store, content_hash(files), self._mapping_hash(), self.options.kept)
            if same is None:
                return None
            number, before = same
            report = LoadReport(
                load_id=next_load_id(self.store),
                source=self.source,
                tables=tuple(_unchanged(table) for table in before["tables"] if _was_read(table)),
                files=files,
                reasons=before["reasons"],
                examples=before["examples"],
                started_at=self.started_at,
                finished_at=datetime.now(UTC),
                notes=tuple(notes),
                content_hash=content_hash(files),
                mapping=self.mapping.text if self.mapping else None,
                mapping_hash=self._mapping_hash(),
                same_as=number,
                dry_run=self.options.dry_run,
            )
            kept = ("fingerprints", "profiles", "options")
            traces = Traces(builds_on=(number,), **{name: before[name] for name in kept})
            record(self.store, as_row(report, traces, undoable=self.undoable))
            return report

    def _mapping_hash(self) -> str | None:
        return hashlib.sha256(self.mapping.text.encode()).hexdigest() if self.mapping else None

    # -- storing ----------------------------------------------------------------------------------------

    def _store(self, staged: dict[str, StagedTable], files: Callable[[], tuple[FileRead, ...]]) -> LoadReport:
        self.load_id = next_load_id(self.store)
        forget(self.store, self.load_id, self.undoable_loads)
        self.bring_entries(staged)
        waiting = waiting_tables(self.store)
        self.store.lock(table for table in CONTRACT if table.name in staged or table.name in waiting)
        profiles = self._merge_all(staged, waiting)
        tables = [staged[table.name] for table in CONTRACT if table.name in staged]
        removed: dict[str, int] = {}
        if self.options.replace:
            replacing = Replacing(self.store, self.load_id, self.options.orphans, undoable=self.undoable)
            removed = replacing.remove([one for one in tables if one.parts], self.merged)
            self.notes += replacing.notes
        refused = collect(self.store.reader, tables)
        self.notes = [*ids_with_letters(tables), *self.notes]
        for name, returning in self.retried.items():
            refused.update({(name, code): count for code, count in returning.reasons()})
        counts = tuple(self._counts(one, refused, removed) for one in tables)
        new = add_refused(self.store, self.load_id)
        for returning in (*self.retried.values(), *self.waited.values()):
            self.builds_on |= set(returning.origins())
            returning.settle(self.load_id)
        read = files()
        names = {file.name for file in read} if self.mapping else set()
        released = release_settled(self.store, tables, self.load_id, self.mapping, names)
        report = LoadReport(
            load_id=self.load_id,
            source=self.source,
            tables=tuple(one for one in counts if one.rows_read or staged[one.table].parts),
            files=read,
            reasons=_by_table(refused),
            examples=latest_examples(self.store) if refused else {},
            started_at=self.started_at,
            finished_at=datetime.now(UTC),
            new_in_quarantine=new,
            released=released,
            notes=tuple(self.notes),
            warnings=tuple(warnings_of(self.store, profiles)),
            content_hash=content_hash(read),
            mapping=self.mapping.text if self.mapping else None,
            mapping_hash=self._mapping_hash(),
            dry_run=self.options.dry_run,
        )
        record(self.store, as_row(report, self._traces(tables, profiles, removed), undoable=self.undoable))
        return report

    def bring_entries(self, staged: dict[str, StagedTable]) -> None:
        """Stage entries of the quarantine that were asked for, in `retried` by table."""

    def _merge_all(self, staged: dict[str, StagedTable], waiting: set[str]) -> dict[str, Profile]:
        """Merge all tables, parents first, each with the rows that had waited for its parents."""
        profiles: dict[str, Profile] = {}
        rows, done = sum(table.rows_read for table in staged.values()), 0
        for table in CONTRACT:
            self._take_up(table, staged, waiting)
            one = staged.get(table.name)
            if one is None:
                continue
            self._refuse_orphans(one, staged)
            self._refuse_duplicates(one)
            if one.parts:
                profiles[table.name] = profile(self.store.reader, one)
            self.merged[table.name] = self.store.merge(one.stage, self.load_id, undoable=self.undoable)
            done += one.rows_read
            self.progress(Progress("storing", done, rows))
        return profiles

    def _take_up(self, table: Table, staged: dict[str, StagedTable], waiting: set[str]) -> None:
        """Stage quarantined rows of a table that waited for something that this load brought, in `waited`."""
        arrived = {name for name, merged in self.merged.items() if merged.inserted}
        codes = waiting_for(table, arrived)
        if table.name not in waiting or not codes:
            return
        one = staged.get(table.name) or StagedTable(self.store.reader, table, self.engine.settings.id_type)
        waited = Returning(self.store, one, called="waited")
        if waited.fetch(Which(reasons=tuple(codes)), but=self.retried.get(table.name)):
            staged[table.name] = one
            self.waited[table.name] = waited

    def _counts(
        self, staged: StagedTable, refused: Counter[tuple[str, str]], removed: dict[str, int]
    ) -> TableCounts:
        name = staged.table.name
        merged = self.merged[name]
        retried, waited = self.retried.get(name), self.waited.get(name)
        taken_up = waited.taken() if waited else 0
        tried = retried.rows + len(retried.failed) if retried else 0
        return TableCounts(
            name,
            staged.rows_read + tried + taken_up,
            merged.inserted,
            merged.updated,
            merged.unchanged,
            quarantined=sum(count for (table, _), count in refused.items() if table == name),
            taken_up=taken_up + (retried.taken() if retried else 0),
            removed=removed.get(name, 0),
        )

    def _traces(
        self, staged: list[StagedTable], profiles: dict[str, Profile], removed: dict[str, int]
    ) -> Traces:
        filled = {name for name, merged in self.merged.items() if merged.filled and merged.inserted}
        builds_on = self.builds_on | earlier_loads_met(self.store, staged, self.merged, removed)
        return Traces(
            options=self.options.kept,
            filled=tuple(sorted(filled)),
            builds_on=tuple(sorted(builds_on - {self.load_id})),
            mark=self.store.mark(),
            fingerprints={one.table.name: self.store.fingerprint(one.table) for one in staged},
            profiles=profiles,
        )

    # -- checks that need the shop's tables -------------------------------------------------------------

    def _refuse_orphans(self, staged: StagedTable, every: dict[str, StagedTable]) -> None:
        for column in staged.table.references:
            missing = self.store.find_unknown(staged.stage, column)
            if column.references in self.options.orphans:
                self._admit(staged, column, missing)
                continue
            if parent := every.get(str(column.references)):
                for state, code in self._refused_parents(parent, missing):
                    rows = f"SELECT {parent.table.key.name} FROM {parent.stage.name} WHERE state = {state}"
                    self._refuse(staged, f"{column.name} IN ({rows})", missing, column, code)
            self._refuse(staged, "TRUE", missing, column)

    def _refused_parents(self, parent: StagedTable, missing: str) -> list[tuple[int, str]]:
        """Return why rows of this load were refused that others refer to: the problems' numbers and codes."""
        key = parent.table.key.name
        found = self.store.reader.execute(
            f"SELECT DISTINCT state FROM {parent.stage.name} "
            f"WHERE state <> {GOOD} AND {key} IN (SELECT id FROM {missing}) ORDER BY state"
        ).fetchall()
        return [(state, parent.problems.numbered(state).code) for (state,) in found]

    def _refuse(
        self, staged: StagedTable, condition: str, missing: str, column: Column, parents: str | None = None
    ) -> None:
        self.store.reader.execute(
            f"UPDATE {staged.stage.name} SET state = ? "
            f"WHERE state = {GOOD} AND {column.name} IN (SELECT id FROM {missing}) AND {condition}",
            [staged.problems.number(unknown(column, parents))],
        ).fetchall()

    def _admit(self, staged: StagedTable, column: Column, missing: str) -> None:
        if number(self.store.reader, f"SELECT COUNT(*) FROM {missing}") and (
            note := self.store.admit_orphans(staged.table, column)
        ):
            self.notes.append(note)

    def _refuse_duplicates(self, staged: StagedTable) -> None:
        """Of the good rows with one key the first is taken, and the others are refused, equal ones too."""
        name, key = staged.stage.name, staged.table.key.name
        if self._rises(name, key):
            return
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

    def _rises(self, name: str, key: str) -> bool:
        """Whether each good row's key is above that of the row before, as exports often have it: then none repeats.

        To ask this costs next to nothing, and grouping by the key does not. All rows but one have a row before.
        """
        return bool(
            number(
                self.store.reader,
                f"SELECT COUNT(*) FILTER (WHERE {key} > former) >= COUNT(*) - 1 FROM "
                f"(SELECT {key}, LAG({key}) OVER () AS former FROM {name} WHERE state = {GOOD})",
            )
        )


def orphan_tables(words: Iterable[str]) -> frozenset[str]:
    for word in words:
        if word not in ORPHANS:
            raise SettingsError(
                f"--allow-orphans cannot be '{word}'.{did_you_mean(word, ORPHANS)} "
                f"It can be: {', '.join(ORPHANS)}; a fact needs its customer and an answer its campaign."
            )
    return frozenset(ORPHANS[word] for word in words)


def _was_read(table: dict[str, Any]) -> bool:
    return bool(table["rows_read"] - table["taken_up"] or not table["rows_read"])


def _unchanged(table: dict[str, Any]) -> TableCounts:
    """Return the counts of a table whose rows are all still as an earlier load left them."""
    read = table["rows_read"] - table["taken_up"]
    refused = table["quarantined"]
    return TableCounts(table["table"], read, unchanged=read - refused, quarantined=refused)


def _by_table(refused: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    reasons: dict[str, dict[str, int]] = {}
    for (table, code), count in sorted(refused.items()):
        reasons.setdefault(table, {})[code] = count
    return reasons
