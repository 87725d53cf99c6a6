"""Customers' slices and the sums over them in an incremental build on DuckDB: what changed is taken off and put on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from patron.engines.duckdb.batch import BATCH
from patron.model.steps import step_named
from patron.model.sums import ANEW_FROM_SHARE, CUSTOMER_SLICES, added_to, changed_sums, summed_tables

if TYPE_CHECKING:
    import duckdb

    from patron.model.steps import Step


class ChangedSums:
    """The rows behind the sums that count otherwise than before, as they were and as they are.

    The batch has the customers that are computed again and, in `NAME_batch`, their new rows of each table that sums
    read. These go into the tables by `take_in`, for then each table is looked through once for all that is
    needed of it. Call it when slices are known, then `add` for each shop sum if those affected `are_few`: those of the
    batch, and those `moved` to another slice.
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
            self._keep(
                f"former_{name}",
                f"SELECT *, rowid AS place FROM {self.main}.{name} "
                f"WHERE {_is_among('affected' if self.are_few else 'batch')}",
            )
            if not self.has_batch:
                self._keep(f"fresh_{name}", f"FROM temp.former_{name}")
                continue
            self._exchange(name)
            if self.are_few:
                self._pair(name)
        return everybody

    def _exchange(self, name: str) -> None:
        """Write the rows of computed customers that are others than before, which is seldom more than a few of each.

        So the others stay where they are, in the order of customers. Rows that went are kept in `gone_NAME`, those that
        came in `come_NAME`: of rows that are alike, all where their number is another.
        """
        columns = [row[0] for row in self.cursor.execute(f"DESCRIBE {BATCH}.{name}_batch").fetchall()]
        listed = ", ".join(columns)
        self._keep(
            "differing",
            f"SELECT {listed} FROM ("
            f"SELECT {listed}, -1 AS times FROM temp.former_{name} WHERE {_is_among('batch')} "
            f"UNION ALL SELECT {listed}, 1 FROM {BATCH}.{name}_batch"
            f") GROUP BY {listed} HAVING SUM(times) <> 0",
        )
        alike = " AND ".join(f"rows.{column} IS NOT DISTINCT FROM differing.{column}" for column in columns)
        for kept, source in (("gone", f"temp.former_{name}"), ("come", f"{BATCH}.{name}_batch")):
            self._keep(
                f"{kept}_{name}",
                f"SELECT rows.* FROM {source} AS rows JOIN temp.differing AS differing ON {alike}",
            )
        self._run(f"DELETE FROM {self.main}.{name} WHERE rowid IN (SELECT place FROM temp.gone_{name})")
        self._run(f"INSERT INTO {self.main}.{name} BY NAME FROM temp.come_{name} ORDER BY customer_id")

    def _pair(self, name: str) -> None:
        """Leave in `former_NAME` and put into `fresh_NAME` what counts otherwise: all of customers of another slice."""
        self._keep(
            f"fresh_{name}",
            f"SELECT * EXCLUDE (place) FROM temp.former_{name} "
            f"WHERE {_is_among('moved')} AND customer_id NOT IN (SELECT customer_id FROM {BATCH}.batch) "
            f"UNION ALL BY NAME FROM {BATCH}.{name}_batch WHERE {_is_among('moved')} "
            f"UNION ALL BY NAME FROM temp.come_{name} WHERE NOT {_is_among('moved')}",
        )
        self._keep(
            f"former_{name}",
            f"FROM temp.former_{name} WHERE {_is_among('moved')} "
            f"UNION ALL BY NAME FROM temp.gone_{name} WHERE NOT {_is_among('moved')}",
        )

    def add(self, step: Step) -> int:
        """Bring a shop sum up to date; returns how many rows it has."""
        former, fresh = (f"({_over(step, time)})" for time in ("former", "fresh"))
        self._keep("changes", changed_sums(step, former, fresh))
        table = f"{self.main}.{step.name}"
        self._run(added_to(step, table, "temp.changes"))
        return self._count(table)

    def _regroup(self) -> int:
        """Find whom the sums count otherwise than before, and give those their slices; returns the number of all."""
        kept = f"{self.main}.{CUSTOMER_SLICES}"
        now = step_named(CUSTOMER_SLICES).tree
        now.set("order", None)
        self._keep(
            "regrouped",
            "SELECT now.customer_id, now.slice_id, now.slice_id IS DISTINCT FROM was.slice_id AS moved "
            f"FROM ({now.sql('duckdb')}) AS now LEFT JOIN {kept} AS was ON was.customer_id = now.customer_id "
            f"WHERE now.slice_id IS DISTINCT FROM was.slice_id OR now.customer_id IN (FROM {BATCH}.batch)",
        )
        self._keep(
            "affected", f"SELECT customer_id FROM temp.regrouped UNION SELECT customer_id FROM {BATCH}.batch"
        )
        self._keep("moved", "SELECT customer_id FROM temp.regrouped WHERE moved")
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


def _over(step: Step, time: str) -> str:
    """Return the query of a shop sum over the rows that stand for a time: `former` or `fresh`."""
    query = step.tree
    query.set("order", None)
    for table in list(query.find_all(exp.Table)):
        if table.name in (*summed_tables(), CUSTOMER_SLICES):
            table.replace(exp.to_table(f"temp.{time}_{table.name}").as_(table.name, table=True))
    return query.sql("duckdb", comments=False)


def _is_among(table: str) -> str:
    home = BATCH if table == "batch" else "temp"
    return f"customer_id IN (SELECT customer_id FROM {home}.{table})"
