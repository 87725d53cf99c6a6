"""`--replace`: a table is swapped whole, so what the new files lack goes away.

A row stays if its key stands in the new files, even where its new version was refused. Nothing may be left that
refers to a row which goes: then the load is refused whole, with a sentence that says how many rows and of what.
"""

from __future__ import annotations

from collections.abc import Sequence

from patron.contract import CONTRACT, Column, Table
from patron.engines.store import Merged, Store
from patron.errors import SourceError
from patron.sources.staging import StagedTable

KEPT_IDS = "kept_ids"


class Replacing:
    """Removes what new files lack; comes after all tables were merged."""

    def __init__(self, store: Store, load_id: int, orphans: frozenset[str], *, undoable: bool) -> None:
        self.store = store
        self.load_id = load_id
        self.orphans = orphans
        self.undoable = undoable
        self.notes: list[str] = []

    def remove(self, staged: Sequence[StagedTable], merged: dict[str, Merged]) -> dict[str, int]:
        """Remove rows of the staged tables, children before parents; return how many of each table.

        Raises SourceError where a table would be left without rows, or rows without what they refer to.
        """
        tables = [one.table for one in staged if not merged[one.table.name].filled]
        for one in staged:
            counts = merged[one.table.name]
            if not counts.inserted + counts.updated + counts.unchanged:
                raise SourceError(
                    f"--replace would leave {one.table.name} without any row, since none of the new ones could be "
                    "stored, so nothing was loaded; mend its files, or leave them out."
                )
        for one in staged:
            if one.table in tables:
                self._find(one)
        order = [table for table in reversed(CONTRACT) if table in tables]
        return {table.name: self._remove(table) for table in order}

    def _find(self, staged: StagedTable) -> None:
        """Keep the keys of rows that are to go in a temporary table of the shop's database."""
        table, key = staged.table, staged.table.key.name
        self.store.send(
            f"SELECT DISTINCT {key} AS id FROM {staged.stage.name} WHERE {key} IS NOT NULL", KEPT_IDS
        )
        self.store.keep(
            f"SELECT {key} AS id FROM {self.store.home}{table.name} AS stored "
            f"WHERE NOT EXISTS (SELECT 1 FROM {KEPT_IDS} AS kept WHERE kept.id = stored.{key})",
            vanished(table),
        )

    def _remove(self, table: Table) -> int:
        ids = vanished(table)
        if not self.store.count(f"SELECT COUNT(*) FROM {ids}"):
            return 0
        for child in CONTRACT:
            for column in child.references:
                if column.references == table.name:
                    self._leave_no_orphans(child, column, table)
        self.store.note_changed(table, ids)
        if self.undoable:
            columns = ", ".join(table.names)
            self.store.run(
                f"INSERT INTO {self.store.home}former_{table.name} (load_id, change, {columns}) "
                f"SELECT ?, 'removed', {columns} FROM {self.store.home}{table.name} "
                f"WHERE {table.key.name} IN (SELECT id FROM {ids})",
                [self.load_id],
            )
        return self.store.remove(table, ids)

    def _leave_no_orphans(self, child: Table, column: Column, table: Table) -> None:
        rows, parents, example = self.store.rows(
            f"SELECT COUNT(*), COUNT(DISTINCT {column.name}), MIN({column.name}) "
            f"FROM {self.store.home}{child.name} WHERE {column.name} IN (SELECT id FROM {vanished(table)})"
        )[0]
        if not rows:
            return
        if table.name in self.orphans:
            if note := self.store.admit_orphans(child, column):
                self.notes.append(note)
            return
        raise SourceError(
            f"{rows} rows of {child.name} refer to {parents} rows of {table.name} that the new files lack "
            f"(such as {column.name} '{example}'), so nothing was replaced; bring these rows too, or replace "
            f"{child.name} in the same load."
        )


def vanished(table: Table) -> str:
    """Return the name of the temporary table with the keys of rows that go."""
    return f"vanished_{table.name}"
