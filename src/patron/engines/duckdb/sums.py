"""Customers' slices and the sums over them in an incremental build on DuckDB: what changed is taken off and put on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from patron.model.steps import step_named
from patron.model.sums import ANEW_FROM_SHARE, CUSTOMER_SLICES, added_to, changed_sums, summed_tables

if TYPE_CHECKING:
    import duckdb

    from patron.model.steps import Step


class ChangedSums:
    """The rows behind the sums, as they were and as they are, of the customers for whom they differ.

    `temp.batch` holds the customers that are computed again, and `temp.NAME_batch` their new rows of each table that
    sums read. These go into the tables by `take_in`, for then each table is looked through once for all that is
    needed of it. Call it when slices are known, then `add` for each shop sum if those affected `are_few`.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, main: str, *, has_batch: bool) -> None:
        self.cursor = cursor
        self.main = main
        self.has_batch = has_batch
        self.are_few = False

    def take_in(self) -> int:
        """Bring customers' slices up to date, and the rows behind the sums; returns how many customers there are."""
        everybody = self._regroup()
        self.are_few = self._count("temp.affected") <= max(1000, ANEW_FROM_SHARE * everybody)
        for name in summed_tables():
            if self.are_few:
                self._keep(f"former_{name}", f"FROM {self.main}.{name} WHERE {_is_among('affected')}")
            if self.has_batch:
                self._replace(name, "batch", f"{name}_batch", "customer_id")
            if self.are_few:
                fresh = f" UNION ALL BY NAME FROM temp.{name}_batch" if self.has_batch else ""
                self._keep(f"fresh_{name}", f"FROM temp.former_{name} WHERE NOT {_is_among('batch')}{fresh}")
            if self.has_batch:
                self._run(f"DROP TABLE temp.{name}_batch")
        return everybody

    def add(self, step: Step) -> int:
        """Bring a shop sum up to date; returns how many rows it has."""
        unordered = step.tree
        unordered.set("order", None)
        query = unordered.sql("duckdb")
        for time in ("former", "fresh"):
            for name in (*summed_tables(), CUSTOMER_SLICES):
                self._run(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM temp.{time}_{name}")
            self._keep(time, query)
        for name in (*summed_tables(), CUSTOMER_SLICES):
            self._run(f"DROP VIEW temp.{name}")
        self._keep("changes", changed_sums(step, "temp.former", "temp.fresh"))
        table = f"{self.main}.{step.name}"
        for statement in added_to(step, table, "temp.changes"):
            self._run(statement)
        return self._count(table)

    def _regroup(self) -> int:
        """Find whom the sums count otherwise than before, and give those their slices; returns the number of all."""
        kept = f"{self.main}.{CUSTOMER_SLICES}"
        now = step_named(CUSTOMER_SLICES).tree
        now.set("order", None)
        self._keep(
            "regrouped",
            f"SELECT now.customer_id, now.slice_id FROM ({now.sql('duckdb')}) AS now "
            f"LEFT JOIN {kept} AS was ON was.customer_id = now.customer_id "
            "WHERE now.slice_id IS DISTINCT FROM was.slice_id OR now.customer_id IN (FROM temp.batch)",
        )
        self._keep(
            "affected", "SELECT customer_id FROM temp.regrouped UNION SELECT customer_id FROM temp.batch"
        )
        # The slices just found take the place of those that the step would look up again.
        found = exp.select(*now.selects).from_(now.args["from_"].this)
        found = found.join("temp.regrouped", using=["customer_id"])
        self._keep(f"former_{CUSTOMER_SLICES}", f"FROM {kept} WHERE {_is_among('affected')}")
        self._keep(f"fresh_{CUSTOMER_SLICES}", found.sql("duckdb"))
        self._replace(CUSTOMER_SLICES, "affected", f"fresh_{CUSTOMER_SLICES}", "draw, customer_id")
        return self._count(kept)

    def _replace(self, name: str, whose: str, fresh: str, order: str) -> None:
        """Put fresh rows in the place of all that a table has of some customers."""
        self._run(f"DELETE FROM {self.main}.{name} WHERE {_is_among(whose)}")
        self._run(f"INSERT INTO {self.main}.{name} BY NAME FROM temp.{fresh} ORDER BY {order}")

    def _keep(self, name: str, query: str) -> None:
        self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")

    def _run(self, sql: str) -> None:
        self.cursor.execute(sql)

    def _count(self, table: str) -> int:
        return int(self.cursor.execute(f"SELECT COUNT(*) FROM {table}").fetchall()[0][0])


def _is_among(table: str) -> str:
    return f"customer_id IN (SELECT customer_id FROM temp.{table})"
