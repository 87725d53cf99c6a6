"""A mark of each customer's facts, by which a build finds whose have changed since the one before.

Others write to a lake and note nothing, and in files of whatever format. So each build keeps for every customer how
many rows there are and a checksum of what they hold, with what their products and campaigns are: where these differ
from the former ones, the customer is computed again. One scan and sums by customer find that out, a fraction of what
computing takes.
"""

from __future__ import annotations

from datetime import date

from sqlglot import exp

from patron.contract import CUSTOMER_INFO, FACTS, Table
from patron.engines.spark.render import DIALECT
from patron.model.changes import TELLING

MARKS = "customer_marks"
BATCH = "batch"
# Not XOR, in which rows that stand twice would cancel each other.
_ADDED_UP = "CAST(SUM(CAST(mark AS DECIMAL(38, 0))) % 9223372036854775807 AS BIGINT)"
COUNTS = {"entries": "BIGINT", "mark": "BIGINT"}


def marks() -> str:
    """Return the query for every customer's mark, from the contract's tables."""
    rows = " UNION ALL ".join(_marked(table) for table in (CUSTOMER_INFO, *FACTS))
    return (
        f"SELECT customer_id, COUNT(*) AS entries, {_ADDED_UP} AS mark "
        f"FROM ({rows}) AS marked WHERE customer_id IS NOT NULL GROUP BY customer_id"
    )


def changed(former: str, now: str, as_of: date) -> str:
    """Return the query for the customers to compute again: marks differ, or something dated has come due."""
    day = exp.convert(as_of).sql(DIALECT)
    return (
        f"SELECT customer_id FROM (SELECT * FROM {former} UNION ALL SELECT * FROM {now}) AS twice "
        "GROUP BY customer_id "
        "HAVING COUNT(*) <> 2 OR MIN(entries) <> MAX(entries) OR MIN(mark) <> MAX(mark) "
        f"UNION SELECT customer_id FROM customers_to_come WHERE comes_on <= {day}"
    )


def row_mark(table: Table) -> str:
    """Return the checksum of a row of `own`, which has the columns of `table`, as SQL."""
    return f"XXHASH64({', '.join(_words(table))})"


def _words(table: Table) -> list[str]:
    words = [f"'{table.name}'", *(f"own.{column.name}" for column in table.columns)]
    # A missing value leaves a checksum as it is, wherever it stands.
    return words + [f"own.{column.name} IS NULL" for column in table.columns if not column.required]


def _marked(table: Table) -> str:
    words = _words(table)
    source = f"{table.name} AS own"
    for column in table.references:
        parent = str(column.references)
        if parent in TELLING:
            words += [f"{parent}.{name}" for name in TELLING[parent]]
            words += [f"{parent}.{name} IS NULL" for name in TELLING[parent]]
            source += f" LEFT JOIN {parent} ON {parent}.{column.name} = own.{column.name}"
    return f"SELECT own.customer_id, XXHASH64({', '.join(words)}) AS mark FROM {source}"
