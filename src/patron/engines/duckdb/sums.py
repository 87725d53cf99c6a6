"""Shop sums of an incremental build on DuckDB: what changed is taken off and put on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patron.model.sums import ANEW_FROM_SHARE, CUSTOMER_SLICES, ENTRIES, changed_sums, summed_tables

if TYPE_CHECKING:
    import duckdb

    from patron.model.steps import Step


class ChangedSums:
    """The rows behind the sums, as they were and as they are, of the customers for whom they differ.

    `temp.batch` holds the customers that are computed again. Call `keep_former` before anything is merged, `compare`
    when all customers have their slices, then `add` for each shop sum.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, main: str) -> None:
        self.cursor = cursor
        self.main = main
        self.are_few = False

    def keep_former(self) -> None:
        """Keep the rows of before of the customers that are computed again, and everybody's slice."""
        for name in summed_tables():
            self._run(
                f"CREATE OR REPLACE TEMP TABLE former_{name} AS "
                f"SELECT * FROM {self.main}.{name} WHERE customer_id IN (SELECT customer_id FROM temp.batch)"
            )
        self._run(f"CREATE OR REPLACE TEMP TABLE slices_before AS FROM {self.main}.{CUSTOMER_SLICES}")

    def compare(self) -> None:
        """Find the customers whose slice is another, and whether those for whom sums change are few enough."""
        self._run(
            "CREATE OR REPLACE TEMP TABLE moved AS "
            "SELECT COALESCE(was.customer_id, now.customer_id) AS customer_id "
            "FROM temp.slices_before AS was "
            f"FULL JOIN {self.main}.{CUSTOMER_SLICES} AS now ON now.customer_id = was.customer_id "
            "WHERE was.slice_id IS DISTINCT FROM now.slice_id "
            "EXCEPT SELECT customer_id FROM temp.batch"
        )
        self._run(
            "CREATE OR REPLACE TEMP TABLE affected AS "
            "SELECT customer_id FROM temp.moved UNION ALL SELECT DISTINCT customer_id FROM temp.batch"
        )
        affected = self._count("temp.affected")
        everybody = self._count(f"{self.main}.{CUSTOMER_SLICES}")
        self.are_few = affected <= max(1000, ANEW_FROM_SHARE * everybody)
        if not self.are_few:
            return
        for name in summed_tables():
            self._run(
                f"CREATE OR REPLACE TEMP TABLE fresh_{name} AS "
                f"SELECT * FROM {self.main}.{name} WHERE customer_id IN (SELECT customer_id FROM temp.affected)"
            )
            self._run(
                f"INSERT INTO temp.former_{name} "
                f"FROM temp.fresh_{name} WHERE customer_id IN (SELECT customer_id FROM temp.moved)"
            )
        for time, table in (("former", "temp.slices_before"), ("fresh", f"{self.main}.{CUSTOMER_SLICES}")):
            self._run(
                f"CREATE OR REPLACE TEMP TABLE {time}_{CUSTOMER_SLICES} AS "
                f"FROM {table} WHERE customer_id IN (SELECT customer_id FROM temp.affected)"
            )

    def add(self, step: Step) -> int:
        """Bring a shop sum up to date; returns how many rows it has."""
        for time in ("former", "fresh"):
            for name in (*summed_tables(), CUSTOMER_SLICES):
                self._run(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM temp.{time}_{name}")
            self._run(f"CREATE OR REPLACE TEMP TABLE {time} AS {step.sql}")
        for name in (*summed_tables(), CUSTOMER_SLICES):
            self._run(f"DROP VIEW temp.{name}")
        changes = changed_sums(step, "temp.former", "temp.fresh")
        self._run(
            f"CREATE OR REPLACE TEMP TABLE summed AS "
            f"SELECT {', '.join(step.keys)}, {', '.join(f'SUM({name}) AS {name}' for name in step.sums)} "
            f"FROM (FROM {self.main}.{step.name} UNION ALL BY NAME ({changes})) "
            f"GROUP BY ALL HAVING SUM({ENTRIES}) <> 0"
        )
        self._run(f"DELETE FROM {self.main}.{step.name}")
        order = ", ".join(step_order(step))
        self._run(f"INSERT INTO {self.main}.{step.name} BY NAME FROM temp.summed ORDER BY {order}")
        return self._count(f"{self.main}.{step.name}")

    def _run(self, sql: str) -> None:
        self.cursor.execute(sql)

    def _count(self, table: str) -> int:
        return int(self.cursor.execute(f"SELECT COUNT(*) FROM {table}").fetchall()[0][0])


def step_order(step: Step) -> list[str]:
    """Return by which columns a step orders its rows."""
    order = step.tree.args.get("order")
    return [one.name for one in order.expressions] if order else ["ALL"]
