"""Undoes a load: every table is as it was before, or nothing happens and one sentence says why.

A load can be undone while nothing later depends on it: no later load found, changed or removed a row that it
stored, no fact refers to a row that it inserted, and nobody else has written to its rows. What it replaced is kept
for as many loads as the setting `undoable_loads` says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from patron.contract import CONTRACT, Table
from patron.engines import Engine
from patron.engines.quarantine import bring_back
from patron.engines.store import Store
from patron.errors import DatabaseError, SourceError
from patron.sources.loads import changed_by, later_details


@dataclass(frozen=True)
class TableUndone:
    """What an undo did to one table: rows that the load had inserted, changed and removed."""

    table: str
    taken_out: int
    restored: int
    brought_back: int


@dataclass(frozen=True)
class UndoReport:
    """What an undo did; `back_in_quarantine` counts entries that the load had settled."""

    load_id: int
    source: str
    tables: tuple[TableUndone, ...]
    back_in_quarantine: int


def undo(engine: Engine, load_id: int) -> UndoReport:
    """Undo a load in one transaction.

    Raises SourceError when there is no such load or it cannot be undone any more, DatabaseError when the database
    fails; nothing has changed then.
    """
    engine.query("SELECT load_id FROM loads LIMIT 1")  # says so where `patron init` is still to come
    try:
        with engine.store() as store, store.transaction():
            return _Undo(engine, store, load_id).run()
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise DatabaseError(
            f"Load {load_id} was not undone, because the database failed: {reason}"
        ) from error


class _Undo:
    """One undo under way."""

    def __init__(self, engine: Engine, store: Store, load_id: int) -> None:
        self.engine = engine
        self.store = store
        self.home = store.home
        self.load_id = load_id

    def run(self) -> UndoReport:
        source, self.details = self._record()
        names = changed_by(self.details)
        self.tables = [table for table in CONTRACT if table.name in names]
        self.store.lock(CONTRACT)
        self.later = later_details(self.store, self.load_id)
        self._refuse_if_built_upon()
        for table in self.tables:
            self._find_rows(table)
            self._refuse_if_touched(table)
        for table in self.tables:
            self._note_changed(table)
        for table in self.tables:
            self._bring_back(table)
        for table in self.tables:
            self._restore(table)
        for table in reversed(self.tables):
            self._refuse_if_referred_to(table)
            self.store.remove(table, _ids("inserted", table))
        for table in self.tables:
            self._note_changed(table)
        undone = tuple(self._undone(table) for table in self.tables)
        back = bring_back(self.store, self.load_id)
        self._forget()
        return UndoReport(self.load_id, source, undone, back)

    # -- whether it can be done -------------------------------------------------------------------------

    def _record(self) -> tuple[str, dict[str, Any]]:
        rows = self.store.rows(
            f"SELECT source, state, undone_at, details FROM {self.home}loads WHERE load_id = ?",
            [self.load_id],
        )
        if not rows:
            raise SourceError(f"There is no load {self.load_id}; `patron loads` lists those that there are.")
        source, state, undone_at, details = rows[0]
        if state == "undone":
            raise SourceError(
                f"Load {self.load_id} was undone already, on {undone_at:%Y-%m-%d at %H:%M} UTC; "
                "load its files again if you want it back."
            )
        if not self.store.keeps_former:
            raise SourceError(
                f"Load {self.load_id} cannot be undone: in a lake it is not kept what a load replaced; "
                "load what is right instead."
            )
        if state == "final":
            raise SourceError(
                f"Load {self.load_id} cannot be undone any more: what it replaced is kept for the latest "
                f"{self.engine.settings.undoable_loads} loads (the setting undoable_loads); load what is right instead."
            )
        return source, json.loads(details)

    def _refuse_if_built_upon(self) -> None:
        later = [number for number, details in self.later.items() if self.load_id in details["builds_on"]]
        if later:
            listed = f"load{'s' if later[1:] else ''} {' and '.join(map(str, later))}"
            raise SourceError(
                f"Load {self.load_id} cannot be undone, because {listed} found or changed rows that it stored; "
                f"undo load {later[-1]} first."
            )

    def _refuse_if_touched(self, table: Table) -> None:
        """Refuse where the rows are not as the load left them: others may write to the database too."""
        counts = next(one for one in self.details["tables"] if one["table"] == table.name)
        marks = [self.details["mark"], *(one for each in self._later_undone() for one in each)]
        for change in ("inserted", "updated"):
            ids = _ids(change, table)
            untouched = self.store.untouched(table, ids, [mark for mark in marks if mark])
            if not untouched == counts[change] == self.store.count(f"SELECT COUNT(*) FROM {ids}"):
                raise SourceError(
                    f"Load {self.load_id} cannot be undone, because rows of {table.name} that it {change} are not "
                    "as it left them: somebody changed them since by other means than loads; "
                    "load what is right instead."
                )
        if self.store.count(
            f"SELECT COUNT(*) FROM {self.home}{table.name} "
            f"WHERE {table.key.name} IN (SELECT id FROM {_ids('removed', table)})"
        ):
            raise SourceError(
                f"Load {self.load_id} cannot be undone, because rows that it removed from {table.name} are there "
                "again; load what is right instead."
            )

    def _later_undone(self) -> list[list[str]]:
        rows = self.store.rows(
            f"SELECT details FROM {self.home}loads WHERE load_id > ? AND state = 'undone'", [self.load_id]
        )
        return [[json.loads(details).get("undo_mark")] for (details,) in rows]

    def _refuse_if_referred_to(self, table: Table) -> None:
        for child in CONTRACT:
            for column in child.references:
                if column.references != table.name:
                    continue
                rows, example = self.store.rows(
                    f"SELECT COUNT(*), MIN({column.name}) FROM {self.home}{child.name} "
                    f"WHERE {column.name} IN (SELECT id FROM {_ids('inserted', table)})"
                )[0]
                if rows:
                    raise SourceError(
                        f"Load {self.load_id} cannot be undone, because {rows} rows of {child.name} refer to rows of "
                        f"{table.name} that it inserted (such as {column.name} '{example}'); "
                        "undo the loads that brought these first."
                    )

    # -- doing it ---------------------------------------------------------------------------------------

    def _find_rows(self, table: Table) -> None:
        """Keep the keys of the rows that the load inserted, updated and removed, each in a temporary table."""
        key, former = table.key.name, f"{self.home}former_{table.name}"
        for change in ("inserted", "updated", "removed"):
            query = (
                f"SELECT {key} AS id FROM {former} WHERE load_id = {self.load_id:d} AND change = '{change}'"
            )
            if change == "inserted" and table.name in self.details["filled"]:
                query = (  # the table was empty, and whatever is there has come with the load, or after it
                    f"SELECT {key} AS id FROM {self.home}{table.name} AS stored WHERE NOT EXISTS (SELECT 1 "
                    f"FROM {former} AS former WHERE former.{key} = stored.{key} AND former.change = 'inserted')"
                )
            self.store.keep(query, _ids(change, table))

    def _note_changed(self, table: Table) -> None:
        for change in ("inserted", "updated", "removed"):
            self.store.note_changed(table, _ids(change, table))

    def _bring_back(self, table: Table) -> None:
        """Insert the rows that the load removed."""
        rows = self._insert_former(table, "removed")
        self.store.note_appended(table, rows)

    def _restore(self, table: Table) -> None:
        """Give the rows that the load changed their former content."""
        rows = self.store.restore(table, f"former_{table.name}", self.load_id)
        self.store.note_appended(table, rows)

    def _insert_former(self, table: Table, change: str) -> int:
        columns = ", ".join(table.names)
        return self.store.run(
            f"INSERT INTO {self.home}{table.name} ({columns}) SELECT {columns} FROM {self.home}former_{table.name} "
            "WHERE load_id = ? AND change = ?",
            [self.load_id, change],
        )

    def _undone(self, table: Table) -> TableUndone:
        counted = (
            self.store.count(f"SELECT COUNT(*) FROM {_ids(change, table)}")
            for change in ("inserted", "updated", "removed")
        )
        return TableUndone(table.name, *counted)

    def _forget(self) -> None:
        for table in self.tables:
            self.store.run(f"DELETE FROM {self.home}former_{table.name} WHERE load_id = ?", [self.load_id])
        self.store.run(
            f"UPDATE {self.home}loads SET state = 'undone', undone_at = ?, details = ? WHERE load_id = ?",
            [
                datetime.now(UTC).replace(tzinfo=None),
                json.dumps({**self.details, "undo_mark": self.store.mark()}, ensure_ascii=False),
                self.load_id,
            ],
        )


def _ids(change: str, table: Table) -> str:
    return f"{change}_{table.name}"
