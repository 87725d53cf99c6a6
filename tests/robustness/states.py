"""What a database holds, in a few numbers, so that two states can be told apart."""

from __future__ import annotations

from typing import Any

from patron.contract import CONTRACT
from patron.contract.bookkeeping import FORMER
from patron.engines import Engine

State = dict[str, tuple[Any, ...]]

# A number that changes with any value of any row, and not with the order of rows.
_CHECKSUM = {
    "duckdb": "SUM(HASH(rows)::HUGEINT)",
    "postgres": "SUM(HASHTEXTEXTENDED(rows::text, 0))",
}
SHOP = tuple(table.name for table in CONTRACT)
RESULT = ("customer_360", "rfm_cut_points")
_OTHERS = {
    "current_build": "SELECT * FROM current_build",
    "new_customers": "SELECT * FROM new_customers",
    "changed_customers": "SELECT DISTINCT customer_id FROM changed_customers",
    "customers_to_come": "SELECT * FROM customers_to_come",
    "builds": "SELECT build_id, as_of, kind, customers, new_customers, recomputed, settings FROM builds",
    "loads": "SELECT load_id, state, source, rows_read, inserted, updated, unchanged, quarantined FROM loads",
    "quarantine": "SELECT * FROM quarantine",
    "settled_rows": "SELECT * FROM settled_rows",
    **{former.name: f"SELECT * FROM {former.name}" for former in FORMER.values()},
}


def state_of(engine: Engine, *names: str) -> State:
    """Return rows and checksum of everything in the database, or of `names` only, times left out."""
    queries = {name: f"SELECT * FROM {name}" for name in (*SHOP, *RESULT)} | _OTHERS
    return {name: _sum(engine, query) for name, query in queries.items() if name in (names or queries)}


def difference(state: State, other: State) -> list[str]:
    """Return the names of what is not the same in both."""
    return [name for name, value in state.items() if other[name] != value]


def _sum(engine: Engine, query: str) -> tuple[Any, ...]:
    checksum = _CHECKSUM[engine.dialect]
    (row,) = engine.query(f"SELECT COUNT(*) AS n, {checksum} AS checksum FROM ({query}) AS rows")
    return row["n"], row["checksum"]
