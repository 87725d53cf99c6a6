"""Takes a publication into a DuckDB file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from patron.contract import CONTRACT, Table
from patron.contract.ddl import create_table
from patron.engines.arrow import readable
from patron.engines.duckdb.clustering import write_anew
from patron.engines.receiving import ARRIVALS, Receiver, arriving, in_words

if TYPE_CHECKING:
    from patron.engines.duckdb.engine import DuckDBEngine


class DuckDBReceiver(Receiver):
    """Takes a publication into a DuckDB file that this process owns."""

    def __init__(self, engine: DuckDBEngine) -> None:
        self.engine = engine

    def begin(
        self, publication: str, tables: Iterable[str], sources: Sequence[Table] = ()
    ) -> dict[tuple[str, int], int]:
        with self.engine.writing, self.engine.transaction() as cursor:
            cursor.execute(create_table(ARRIVALS, "duckdb"))
            other = "SELECT 1 FROM arrivals WHERE publication <> ?"
            known = "SELECT 1 FROM arrivals WHERE publication = ?"
            fresh = (
                cursor.execute(other, [publication]).fetchall()
                or not cursor.execute(known, [publication]).fetchall()
            )
            if fresh:
                cursor.execute("DELETE FROM arrivals")
            for source in CONTRACT:
                cursor.execute("DELETE FROM arrivals WHERE table_name = ?", [source.name])
                cursor.execute(f"DROP TABLE IF EXISTS {arriving(source.name)}")
            for table in (*(tables if fresh else ()), *(source.name for source in sources)):
                cursor.execute(f"CREATE OR REPLACE TABLE {arriving(table)} AS FROM {table} WITH NO DATA")
            found = cursor.execute('SELECT table_name, part, "rows" FROM arrivals').fetchall()
        return {(table, part): rows for table, part, rows in found}

    def own_facts(self) -> str | None:
        loads = self.engine.query("SELECT COUNT(*) AS number FROM loads")[0]["number"]
        return in_words(loads) if loads else None

    def receive(self, publication: str, table: str, part: int, rows: pa.RecordBatchReader) -> int:
        with self.engine.writing, self.engine.telling(), self.engine.transaction() as cursor:
            with readable(rows, cursor):
                (stored,) = cursor.execute(
                    f"INSERT INTO {arriving(table)} BY NAME SELECT * FROM arriving"
                ).fetchall()[0]
            cursor.execute("INSERT INTO arrivals VALUES (?, ?, ?, ?)", [publication, table, part, stored])
        return int(stored)

    def swap(self, tables: Iterable[str], sources: Sequence[Table] = ()) -> None:
        with self.engine.writing.to_contract(), self.engine.telling(), self.engine.transaction() as cursor:
            for table in tables:
                cursor.execute(f"DROP TABLE {table}")
                cursor.execute(f"ALTER TABLE {arriving(table)} RENAME TO {table}")
            for source in sources:
                write_anew(cursor, source, self.engine.settings.id_type, arriving(source.name))
                cursor.execute(f"DROP TABLE {arriving(source.name)}")
            cursor.execute("DROP TABLE arrivals")
