"""Quarantined rows that come back: into the stage of their table, behind the rows that were read.

From there they go the way of all rows. Whether they are sound now is asked anew; of rows with one key those from
files are taken first, then those of later loads.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pyarrow as pa

from patron.contract import Table
from patron.engines.quarantine import restate, settle
from patron.engines.store import Store, number
from patron.sources.checks import DUPLICATE, GOOD, UNKNOWN, Given, select_checked
from patron.sources.formats.records import FAULTS
from patron.sources.mapping.again import ROW, NotMade, as_mapped
from patron.sources.mapping.model import Mapping
from patron.sources.staging import StagedTable

BATCH = 5_000
RESTATED = pa.schema(
    [
        ("entry_id", pa.int64()),
        ("reason_code", pa.string()),
        ("reason", pa.string()),
        ("content", pa.string()),
    ]
)


@dataclass(frozen=True)
class Which:
    """Some entries of the quarantine: of these tables, with these reason codes, of these loads; all for none.

    `entries` names single ones by their numbers.
    """

    tables: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    loads: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()

    def condition(self) -> tuple[str, list[Any]]:
        """Return the entries as a condition in SQL, with its parameters."""
        parts: list[str] = ["TRUE"]
        parameters: list[Any] = []
        for column, values in (
            ("table_name", self.tables),
            ("reason_code", self.reasons),
            ("load_id", self.loads),
            ("entry_id", self.entries),
        ):
            if values:
                parts.append(f"{column} IN ({', '.join('?' for _ in values)})")
                parameters += values
        return " AND ".join(parts), parameters


def as_read(table: Table) -> dict[str, Given]:
    """Return where a quarantined row, as `as_mapped` gives it, has the values of the table's columns."""
    return {name: Given(f"{ROW} ->> '$.{name}'") for name in table.names}


def waiting_tables(store: Store) -> set[str]:
    """Return the tables of which rows are in quarantine because something that they refer to was not known."""
    codes = ", ".join("?" for _ in UNKNOWN)
    rows = store.rows(
        f"SELECT DISTINCT table_name FROM {store.home}quarantine WHERE reason_code IN ({codes})",
        list(UNKNOWN.values()),
    )
    return {name for (name,) in rows}


def waiting_for(table: Table, arrived: set[str]) -> list[str]:
    """Return the reason codes of rows of `table` that waited for one of the tables that have new rows."""
    parents = [str(column.references) for column in table.references]
    return [UNKNOWN[parent] for parent in parents if parent in arrived]


class Returning:
    """Entries of one table in its stage; `rows` is how many, and `failed` are others of which no row can be made.

    Those of loads by a mapping are seen through that, or through `mapping` if there is one. `called` is what its
    tables in the reader begin with.
    """

    def __init__(
        self, store: Store, staged: StagedTable, mapping: Mapping | None = None, *, called: str = "retried"
    ) -> None:
        self.store = store
        self.staged = staged
        self.mapping = mapping
        self.failed: list[NotMade] = []
        self.name = f"{called}_{staged.table.name}"
        self.first = 0  # the rowid of the first entry in the stage
        self.rows = 0
        self.untried = 0  # lines that could not be split, and rows that lack columns their mapping needs
        self.repaired = False

    def fetch(self, which: Which, *, but: Returning | None = None) -> int:
        """Stage the table's entries that `which` names, without those of `but`; return how many there are.

        Those that are refused as duplicates only where that reason is named, or they are: they would replace the
        row that was taken.
        """
        condition, parameters = which.condition()
        if DUPLICATE not in which.reasons and not which.entries:
            condition += f" AND reason_code <> '{DUPLICATE}'"
        self.store.fetch(
            "SELECT entry_id, load_id, reason_code, content "
            f"FROM {self.store.home}quarantine WHERE table_name = ? AND {condition}",
            "fetched_entries",
            [self.staged.table.name, *parameters],
        )
        if but:
            self.store.reader.execute(
                f"DELETE FROM fetched_entries WHERE entry_id IN (SELECT entry_id FROM {but.name}_all)"
            )
        return self.take("fetched_entries")

    def take(self, entries: str, *, repaired: bool = False) -> int:
        """Stage the entries in a table of the reader; `repaired` says that their content is another now."""
        self.repaired = repaired
        reader, stage = self.store.reader, self.staged.stage
        codes = ", ".join(f"'{code}'" for code in FAULTS)
        splittable = "TRUE" if repaired else f"reason_code NOT IN ({codes})"
        mapped, self.failed = as_mapped(
            self.store, self.staged.table, entries, self.staged.id_type, self.mapping
        )
        reader.execute(f"CREATE OR REPLACE TEMP TABLE {self.name}_all AS SELECT * FROM {mapped}")
        self.rows = number(
            reader,
            f"CREATE OR REPLACE TEMP TABLE {self.name} AS "
            "SELECT ROW_NUMBER() OVER (ORDER BY load_id DESC, entry_id) - 1 AS place, * "
            f"FROM {self.name}_all WHERE {splittable} AND {ROW} IS NOT NULL",
        )
        self.untried = number(reader, f"SELECT COUNT(*) FROM {self.name}_all") - self.rows - len(self.failed)
        if self.rows:
            table, names = self.staged.table, ", ".join(self.staged.table.names)
            checked = select_checked(
                table,
                as_read(table),
                self.name,
                self.staged.id_type,
                self.staged.problems,
                keep=["place"],
            )
            reader.execute(
                f"INSERT INTO {stage.name} SELECT {names}, state FROM ({checked}) ORDER BY place"
            ).fetchall()
            # Rows of the transaction under way have rowids of their own.
            self.first = number(reader, f"SELECT MAX(rowid) FROM {stage.name}") - self.rows + 1
        return self.rows

    def origins(self) -> list[int]:
        """Return the loads that had refused the entries which are taken now."""
        rows = self.store.reader.execute(
            f"SELECT DISTINCT load_id FROM ({self._with_state('= 0')})"
        ).fetchall()
        return [load_id for (load_id,) in rows]

    def settle(self, load_id: int) -> int:
        """Take the entries that were stored out of the quarantine and let the others say what is wrong now."""
        reader = self.store.reader
        for some in chain(self._failed(), self._restated() if self.rows else ()):
            columns = zip(*some, strict=True)
            arrays = [pa.array(values, kind) for values, kind in zip(columns, RESTATED.types, strict=True)]
            reader.register("arriving", pa.table(arrays, schema=RESTATED))
            restate(self.store, load_id, "SELECT * FROM arriving")
            reader.unregister("arriving")
        if not self.rows:
            return 0
        return settle(self.store, load_id, f"SELECT entry_id FROM ({self._with_state('= 0')})")

    def taken(self) -> int:
        """Return how many of the entries are sound now."""
        return (
            number(self.store.reader, f"SELECT COUNT(*) FROM ({self._with_state('= 0')})") if self.rows else 0
        )

    def reasons(self) -> list[tuple[str, int]]:
        """Return the reason codes of the entries that are still refused, and how many have each."""
        counts = Counter(one.code for one in self.failed)
        if self.rows:
            rows = self.store.reader.execute(
                f"SELECT state, COUNT(*) FROM ({self._with_state('<> 0')}) GROUP BY state ORDER BY state"
            ).fetchall()
            for state, count in rows:
                counts[self.staged.problems.numbered(state).code] += count
        return sorted(counts.items())

    def _with_state(self, condition: str) -> str:
        return (
            f"SELECT entry.*, staged.state FROM {self.name} AS entry "
            f"JOIN {self.staged.stage.name} AS staged ON staged.rowid = entry.place + {self.first} "
            f"WHERE staged.state {condition}"
        )

    def _failed(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the entries of which no row can be made, for another reason now, some at a time."""
        reader, why = self.store.reader, {one.entry_id: one for one in self.failed}
        for start in range(0, len(self.failed), BATCH):
            some = [one.entry_id for one in self.failed[start : start + BATCH]]
            rows = reader.execute(
                f"SELECT entry_id, reason_code, content FROM {self.name}_all "
                "WHERE entry_id IN (SELECT UNNEST(CAST(? AS BIGINT[]))) ORDER BY entry_id",
                [some],
            ).fetchall()
            yield [
                (entry, why[entry].code, why[entry].reason, content)
                for entry, code, content in rows
                if self.repaired or why[entry].code != code
            ]

    def _restated(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the entries that are refused for another reason now, some at a time.

        One that lost against a later row of its key needs none: it is settled. One that lost against a row that
        came with it is a duplicate of that.
        """
        reader, problems = self.store.reader, self.staged.problems
        key, stage = self.staged.table.key.name, self.staged.stage.name
        reader.execute(
            f"CREATE OR REPLACE TEMP TABLE refused_again AS SELECT entry.entry_id, staged.state, "
            f"entry.reason_code, entry.content, entry.{ROW}, entry.load_id = winner.load_id AS came_together "
            f"FROM {self.name} AS entry JOIN {stage} AS staged ON staged.rowid = entry.place + {self.first} "
            f"LEFT JOIN {stage} AS taken ON taken.{key} = staged.{key} AND taken.state = {GOOD} "
            f"LEFT JOIN {self.name} AS winner ON winner.place + {self.first} = taken.rowid "
            f"WHERE staged.state <> {GOOD}"
        )
        for start in range(0, number(reader, "SELECT COUNT(*) FROM refused_again"), BATCH):
            rows = reader.execute(
                f"SELECT * FROM refused_again ORDER BY entry_id LIMIT {BATCH} OFFSET {start}"
            ).fetchall()
            some = []
            for entry_id, state, code, content, row, came_together in rows:
                problem = problems.numbered(state)
                lost = problem.code == DUPLICATE and not came_together
                if not lost and (self.repaired or problem.code != code):
                    sentence = problem.sentence(_texts(self.staged.table, row))
                    some.append((entry_id, problem.code, sentence, content))
            if some:
                yield some


def _texts(table: Table, content: str) -> dict[str, str | None]:
    return {**dict.fromkeys(table.names), **json.loads(content)}
