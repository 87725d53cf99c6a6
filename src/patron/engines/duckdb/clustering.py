"""Keeps fact tables in the order of customer_id, which makes one customer's facts a few blocks and not all.

What a load adds is appended in that order by itself, as a tail. Once the tails since the table was last written
in order are more than a fifth of it, the table is written anew, so that over time each row is moved a bounded
number of times. How long the tails are stands in a small table of DuckDB's own, `clustering`.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb

from patron.contract import Column, IdType, Table, Type
from patron.contract.ddl import create_table
from patron.engines.store import number

ORDER = "customer_id"
LONGEST_TAIL = 0.2  # of the table

CLUSTERING = Table(
    "clustering",
    "How far each fact table is from the order of customer_id.",
    (
        Column("table_name", Type.TEXT, "The table.", required=True),
        Column(
            "tail", Type.BIGINT, "Rows added since it was last written in order.", required=True, unit="rows"
        ),
    ),
    keyed=False,
)


def note_appended(
    connection: duckdb.DuckDBPyConnection, table: Table, rows: int, *, continues: bool = False
) -> None:
    """Note that `rows` were appended to `table`, in the caller's transaction.

    `continues` says that they are in order and come after all that was there, as in the first load of a table.
    """
    if not table.is_fact or continues or not rows:
        return
    connection.execute(create_table(CLUSTERING, "duckdb"))
    connection.execute("INSERT INTO clustering VALUES (?, ?)", [table.name, rows])


def recluster_if_needed(connection: duckdb.DuckDBPyConnection, table: Table, id_type: IdType) -> bool:
    """Write `table` in order if its tails are too long, in the caller's transaction; return whether it was."""
    if not table.is_fact:
        return False
    connection.execute(create_table(CLUSTERING, "duckdb"))
    tail = number(connection, "SELECT SUM(tail) FROM clustering WHERE table_name = ?", [table.name])
    if tail <= LONGEST_TAIL * number(connection, f"SELECT COUNT(*) FROM {table.name}"):
        return False
    write_anew(connection, table, id_type, table.name)
    return True


def write_anew(connection: duckdb.DuckDBPyConnection, table: Table, id_type: IdType, source: str) -> None:
    """Write `table` anew with the rows of `source`, facts in order, in the caller's transaction."""
    written = replace(table, name=f"{table.name}_in_order")
    connection.execute(create_table(written, "duckdb", id_type, keys=False, if_not_exists=False))
    order = f"ORDER BY {ORDER}" if table.is_fact else ""
    connection.execute(f"INSERT INTO {written.name} BY NAME SELECT * FROM {source} {order}")
    connection.execute(f"DROP TABLE {table.name}")
    connection.execute(f"ALTER TABLE {written.name} RENAME TO {table.name}")
    connection.execute(create_table(CLUSTERING, "duckdb"))
    connection.execute("DELETE FROM clustering WHERE table_name = ?", [table.name])
