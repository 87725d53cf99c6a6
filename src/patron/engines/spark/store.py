"""Stores a load in a lake: files are read in a DuckDB of the load's own, and sound rows go to the cluster as Arrow.

What loads keep beside the shop's rows (their record, the quarantine) is small. It is brought into that DuckDB, where
the statements of a load run, and what has changed is written to the load's folder at its end. The shop's own tables
stay on the cluster, which joins them with what arrives. A load is swapped in by one row: see `loaded`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp, parse_one

from patron.contract import CONTRACT, Column, Table, table_named
from patron.contract.bookkeeping import BOOKKEEPING
from patron.contract.ddl import column_type
from patron.engines.arrow import readable
from patron.engines.spark import loaded
from patron.engines.spark.fetching import OTHERS, fetch
from patron.engines.spark.lake import Lake, parts
from patron.engines.spark.loaded import see_unclaimed
from patron.engines.spark.marks import row_mark
from patron.engines.spark.render import DIALECT
from patron.engines.spark.session import FOLDER, telling
from patron.engines.spark.sweeping import note_attempt
from patron.engines.store import Merged, Stage, Store, number
from patron.errors import DatabaseError

if TYPE_CHECKING:
    from patron.engines.spark.engine import SparkEngine

ROWS_A_BATCH = 2_048  # as many as DuckDB holds in any case; however wide they are
# As many rows go to the cluster within a query, if they fit; more are written to a file there first.
FEW = 10_000
# A table in more folders than this is written into one.
MOST_FOLDERS = 30
SHOP = frozenset(table.name for table in CONTRACT)
STAGED_ROW = {"staged_row": "BIGINT"}
MET = STAGED_ROW | {"differs": "BOOLEAN"}


class SparkStore(Store):
    """Stores one load in a lake."""

    home = ""
    row_number = "rowid"
    keeps_former = False

    def __init__(self, engine: SparkEngine, lake: Lake) -> None:
        super().__init__()
        self.engine = engine
        self.lake = lake
        config: dict[str, Any] = {"temp_directory": str(self.folder / "spilled")}
        for name in ("memory_limit", "threads"):
            if (value := getattr(engine.settings, name)) is not None:
                config[name] = value
        self.reader = duckdb.connect(config=config)
        self._begin()

    def _begin(self) -> None:
        self.own = f"{loaded.PREFIX}{secrets.token_hex(4)}"  # nobody else writes there
        self.changed: set[str] = set()
        self.spent: list[str] = []
        self.ending = False

    def close(self) -> None:
        super().close()
        self.engine.end(self.lake)

    def bring_files(self, url: str, wanted: Callable[[str], bool]) -> Path | None:
        if url.partition("://")[0].lower() in OTHERS:
            return None
        into = Path(mkdtemp(prefix="fetched-", dir=self.folder))
        fetch(self.lake, url, into, wanted)
        return into

    @contextmanager
    def transaction(self, *, dry_run: bool = False) -> Iterator[None]:
        self._begin()
        self.lake.show_declared()
        self.before = self.lake.loaded
        if not dry_run:  # what is refused at its end need not be done
            see_unclaimed(self.lake, self.before, self.own)
        note_attempt(self.lake, self.own, datetime.now(UTC))
        self._bring_kept()
        try:
            yield
            if not dry_run:
                self._commit()
        except BaseException:
            if not self.ending:  # its row may be there, and then its folder counts
                with suppress(DatabaseError):
                    self.lake.empty(self.own)
            raise
        if dry_run:
            self.lake.empty(self.own)
        elif self.lake.loaded is not self.before:
            with suppress(DatabaseError):  # the load stands; whoever asks next is told of a lost connection
                self.engine.lake.show_declared()

    def lock(self, tables: Iterable[Table]) -> None:
        """Nobody can be kept from writing: who ends first stands, and the other load says so."""

    # -- what loads keep, in the reader -------------------------------------------------------------------

    def _bring_kept(self) -> None:
        for table in BOOKKEEPING:
            columns = ", ".join(
                f"{one.name} {column_type(one.type, self.lake.id_type).sql('duckdb').replace('JSON', 'VARCHAR')}"
                for one in table.columns
            )
            self.reader.execute(f"CREATE OR REPLACE TEMP TABLE {table.name} ({columns})")
            if table.name in self.before.places:
                self._receive(
                    f"SELECT * FROM {table.name}", f"INSERT INTO {table.name} SELECT * FROM arriving"
                )

    def _commit(self) -> None:
        """Write what has changed, and let one new row of `load_commits` make it count."""
        kept = [table for table in loaded.KEPT_BY_LOADS if table.name in self.changed]
        for table in kept:
            self._write_kept(table)
        if self.lake.loaded is self.before:
            return
        loaded.claim(self.lake, self.before, self.own)
        self.ending = True
        try:
            loaded.commit(self.lake, self.lake.loaded)
            stands = loaded.stands(self.lake, self.lake.loaded)
        except DatabaseError as error:
            raise DatabaseError(
                "The load was written, but what became of it could not be seen; "
                f"`patron loads` tells whether it stands: {error}"
            ) from error
        if not stands:
            raise loaded.overtaken(self.lake)
        for name in self.spent:
            with suppress(DatabaseError):  # it is swept with its folder
                self.lake.empty(f"{self.own}/{name}")

    def _write_kept(self, table: Table) -> None:
        rows = self._write_rows(f"SELECT * FROM {table.name}", table.name, self.lake.columns_of(table))
        self._place(table, [f"{self.own}/{table.name}"] if rows else [])

    def _place(self, table: Table, places: Sequence[str]) -> None:
        """Let a table consist of these folders from now on."""
        others = {name: where for name, where in self.lake.loaded.places.items() if name != table.name}
        if places:
            others[table.name] = tuple(places)
        self.lake.loaded = loaded.Loaded(self.before.change_id + 1, self.own, others)

    # -- plain SQL ------------------------------------------------------------------------------------------

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        rows = number(self.reader, sql, list(parameters))
        target = parse_one(sql, read="duckdb").this.find(exp.Table)
        if rows and target is not None:
            self.changed.add(target.name)
        return rows

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        if not _named(sql) & SHOP:
            return self.reader.execute(sql, list(parameters)).fetchall()
        return [tuple(row.values()) for row in self.lake.rows(self._there(sql), parameters)]

    def keep(self, query: str, name: str, parameters: Sequence[Any] = ()) -> int:
        if not _named(query) & SHOP:
            return number(self.reader, f"CREATE OR REPLACE TEMP TABLE {name} AS {query}", list(parameters))
        return self._fetch(self._there(query), name, parameters)

    def fetch(self, query: str, into: str, parameters: Sequence[Any] = ()) -> int:
        return self.keep(query, into, parameters)

    def send(self, query: str, into: str) -> int:
        return self.keep(query, into)

    def _there(self, sql: str) -> str:
        """Return a query of the shop's tables in the cluster's words; what else it names is brought there."""
        for name in sorted(_named(sql) - SHOP):
            self._bring(f"SELECT * FROM {name}", name)
        return parse_one(sql, read="duckdb").sql(DIALECT)

    # -- rows to the cluster and back -----------------------------------------------------------------------

    def _fetch(self, sql: str, into: str, parameters: Sequence[Any] = ()) -> int:
        return self._receive(
            sql, f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT * FROM arriving", parameters
        )

    def _receive(self, sql: str, statement: str, parameters: Sequence[Any] = ()) -> int:
        with readable(self.lake.batches(self.lake.frame(sql, parameters)), self.reader):
            return number(self.reader, statement)

    def _bring(self, query: str, name: str) -> None:
        """Let `name` stand on the cluster for the rows of a query of the reader."""
        described = self.reader.execute(f"DESCRIBE {query}").fetchall()
        columns = {
            column: exp.DataType.build(kind, dialect="duckdb").sql(DIALECT) for column, kind, *_ in described
        }
        rows = number(self.reader, f"SELECT COUNT(*) FROM ({query})")
        if 0 < rows <= FEW:
            few = list(parts(self.reader.sql(query).to_arrow_reader(ROWS_A_BATCH)))
            if len(few) == 1:
                with telling(self.lake.where):
                    self.lake.sent(few[0], columns).createOrReplaceTempView(name)
                return
        if not rows:
            nothing = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in columns.items())
            self.lake.view(name, f"SELECT {nothing} WHERE FALSE")
            return
        place = f"{name}_{secrets.token_hex(4)}"
        self._write_rows(query, place, columns)
        self.spent.append(place)
        self.lake.show_own(name, self.lake.path(place, self.own), columns)

    def _write_rows(self, query: str, name: str, columns: Mapping[str, str]) -> int:
        """Write the rows of a query of the reader into the load's folder; return how many."""
        count = 0
        for part in parts(self.reader.sql(query).to_arrow_reader(ROWS_A_BATCH)):
            self.lake.add(part, f"{FOLDER}/{self.own}/{name}", columns)
            count += part.num_rows
        return count

    # -- a load ---------------------------------------------------------------------------------------------

    def find_unknown(self, stage: Stage, column: Column) -> str:
        parent = table_named(str(column.references))
        self._bring(
            f"SELECT DISTINCT {column.name} AS id FROM {stage.name} WHERE state = 0 AND {column.name} IS NOT NULL",
            "wanted_ids",
        )
        self._fetch(
            f"SELECT wanted.id FROM wanted_ids AS wanted LEFT ANTI JOIN {parent.name} AS parent "
            f"ON parent.{parent.key.name} = wanted.id",
            "unknown_ids",
        )
        return "unknown_ids"

    def admit_orphans(self, table: Table, column: Column) -> str | None:
        return None

    def merge(self, stage: Stage, load_id: int, *, undoable: bool) -> Merged:
        table = stage.table
        self.reader.execute(f"CREATE OR REPLACE TEMP TABLE {stage.met} (staged_row BIGINT, differs BOOLEAN)")
        filled = not self.lake.rows(f"SELECT 1 AS one FROM {table.name} LIMIT 1")
        names = ", ".join(table.names)
        columns = STAGED_ROW | self.lake.columns_of(table)
        sound = self._write_rows(
            f"SELECT rowid AS staged_row, {names} FROM {stage.name} WHERE state = 0", table.name, columns
        )
        if not sound:
            return Merged(filled=filled)
        self.lake.show_own("arrived", self.lake.path(table.name, self.own), columns)
        met = updated = 0
        if not filled:
            met, updated = self._meet(stage)
        if met < sound or updated:
            self._add(table, met, updated)
        return Merged(sound - met, updated, met - updated, filled)

    def _meet(self, stage: Stage) -> tuple[int, int]:
        """Write which arrived rows have a known key; return how many these are, and how many say something else."""
        table, key = stage.table, stage.table.key.name
        differs = " OR ".join(f"NOT (arrived.{name} <=> stored.{name})" for name in table.names[1:])
        met = f"met_{table.name}"
        # Others may have written a key twice.
        sql = (
            f"SELECT arrived.staged_row, MIN(CASE WHEN {differs} THEN 1 ELSE 0 END) = 1 AS differs "
            f"FROM arrived JOIN {table.name} AS stored ON stored.{key} = arrived.{key} GROUP BY arrived.staged_row"
        )
        self.lake.write(self.lake.frame(sql), met, folder=self.own)
        self.lake.show_own(met, self.lake.path(met, self.own), MET)
        self.spent.append(met)
        counted = self.lake.rows(
            f"SELECT COUNT(*) AS met, COUNT(CASE WHEN differs THEN 1 END) AS updated FROM {met}"
        )
        return counted[0]["met"], counted[0]["updated"]

    def _add(self, table: Table, met: int, updated: int) -> None:
        """Let arrived rows that are new or say something else belong to the table from now on."""
        former = self.lake.loaded.places.get(table.name, ())
        whole = former and (updated or len(former) >= MOST_FOLDERS)
        if not met and not whole:  # as they arrived they are what is new
            self._show(table, [*former, f"{self.own}/{table.name}"])
            return
        fresh = f"SELECT {', '.join(f'arrived.{name}' for name in table.names)} FROM arrived"
        if met:
            fresh += (
                f" LEFT ANTI JOIN (SELECT staged_row FROM met_{table.name} WHERE NOT differs) AS same "
                "ON same.staged_row = arrived.staged_row"
            )
        if whole:
            key = table.key.name
            self.lake.view("fresh", fresh)
            fresh = (
                f"SELECT * FROM fresh UNION ALL SELECT stored.* FROM loaded_{table.name} AS stored "
                f"LEFT ANTI JOIN fresh ON fresh.{key} = stored.{key}"
            )
        self.lake.write(self.lake.frame(fresh), f"new_{table.name}", folder=self.own)
        self.spent.append(table.name)
        self._show(table, [*([] if whole else former), f"{self.own}/new_{table.name}"])

    def _show(self, table: Table, places: Sequence[str]) -> None:
        self._place(table, places)
        self.lake.show_contract([table])

    def fetch_met(self, stage: Stage) -> None:
        if (met := f"met_{stage.table.name}") in self.spent:
            self._fetch(f"SELECT staged_row, differs FROM {met}", stage.met)

    # -- rows by their keys ---------------------------------------------------------------------------------

    def note_changed(self, table: Table, ids: str) -> None:
        """Nothing to note: builds see by themselves whose rows have changed."""

    def remove(self, table: Table, ids: str) -> int:
        self._bring(f"SELECT id FROM {ids}", ids)
        key = table.key.name
        if table.name in self.lake.loaded.places:
            left = (
                f"SELECT own.* FROM loaded_{table.name} AS own LEFT ANTI JOIN {ids} ON {ids}.id = own.{key}"
            )
            self.lake.write(self.lake.frame(left), f"left_{table.name}", folder=self.own)
            self._show(table, [f"{self.own}/left_{table.name}"])
        removed = self.count(f"SELECT COUNT(*) FROM {ids}")
        rest = self.lake.rows(
            f"SELECT COUNT(*) AS number FROM {table.name} AS stored LEFT SEMI JOIN {ids} ON {ids}.id = stored.{key}"
        )
        if rest[0]["number"]:
            raise DatabaseError(
                f"{rest[0]['number']} rows of {table.name} that are to go were not stored by loads, so nothing was "
                f"replaced; remove them from {self.lake.source(table)} with what wrote them."
            )
        return removed

    def restore(self, table: Table, former: str, load_id: int) -> int:
        raise _kept_nothing()

    def note_appended(self, table: Table, rows: int) -> None:
        """Nothing to do: rows that come are in files of their own."""

    def fingerprint(self, table: Table) -> str:
        """Return the folders of what loads stored, and a checksum of all rows that others wrote."""
        places = ", ".join(self.lake.loaded.places.get(table.name, ()))
        others = f"others_{table.name}"
        self.lake.show(others, self.lake.source(table), self.lake.columns_of(table))
        beside = self.lake.rows(
            f"SELECT COUNT(*) AS entries, SUM(CAST({row_mark(table)} AS DECIMAL(38, 0))) AS mark FROM {others} AS own"
        )[0]
        return f"{places}; {beside['entries']}, {beside['mark'] or 0}"

    def mark(self) -> str | None:
        return None

    def untouched(self, table: Table, ids: str, marks: Sequence[str]) -> int:
        raise _kept_nothing()


def _kept_nothing() -> DatabaseError:
    return DatabaseError("What a load into a lake replaced is not kept, so it cannot be undone.")


def _named(sql: str) -> set[str]:
    """Return the tables that a query names."""
    tree = parse_one(sql, read="duckdb")
    own = {one.alias for one in tree.find_all(exp.CTE)}
    return {table.name for table in tree.find_all(exp.Table)} - own
