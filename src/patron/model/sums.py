"""Sums over customers that need not be made anew: what changed is taken off and put on.

A shop sum adds up rows of customer tables by slice, each row by itself. After an incremental build only the rows that
were computed and are others than before, and those of customers that went to another slice, count otherwise. Run over
those rows alone as they were, and as they are, the step gives what to take off and what to put on.
"""

from __future__ import annotations

from functools import cache

from patron.contract.bookkeeping import SLICE_NUMBERS
from patron.model.steps import Kept, Step, kept

SLICES = "slices"
CUSTOMER_SLICES = "customer_slices"
ENTRIES = "entries"  # how many rows are behind a sum; without any the sum is none
# With more of the customers affected than this, sums are cheaper made anew.
ANEW_FROM_SHARE = 0.3


@cache
def summed_tables() -> tuple[str, ...]:
    """Return the customer tables that shop sums read."""
    read = {name for step in kept(Kept.SHOP_SUM) for name in step.reads}
    return tuple(step.name for step in kept(Kept.CUSTOMER_TABLE) if step.name in read)


def changed_sums(step: Step, former: str, fresh: str) -> str:
    """Return a query for what to add to each row of a shop sum, from what its former and fresh rows add up to.

    Rows to which nothing is added are left out.
    """
    keys = ", ".join(step.keys)
    signed = ", ".join(f"-{name} AS {name}" for name in step.sums)
    added = ", ".join(f"SUM({name}) AS {name}" for name in step.sums)
    return (
        f"SELECT {keys}, {added}\n"
        f"FROM (\n"
        f"    SELECT {keys}, {signed} FROM {former}\n"
        f"    UNION ALL\n"
        f"    SELECT {keys}, {', '.join(step.sums)} FROM {fresh}\n"
        f") AS changes\n"
        f"GROUP BY {keys}\n"
        f"HAVING {' OR '.join(f'SUM({name}) <> 0' for name in step.sums)}"
    )


def added_to(step: Step, table: str, changes: str) -> str:
    """Return the statement that adds `changes` to a shop sum in `table`: rows of their sums alone are written."""
    same = " AND ".join(f"kept.{name} = changes.{name}" for name in step.keys)
    return (
        f"MERGE INTO {table} AS kept\n"
        f"USING {changes} AS changes ON {same}\n"
        f"WHEN MATCHED AND kept.{ENTRIES} + changes.{ENTRIES} = 0 THEN DELETE\n"
        f"WHEN MATCHED THEN UPDATE SET {', '.join(f'{name} = kept.{name} + changes.{name}' for name in step.sums)}\n"
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(step.columns)})\n"
        f"VALUES ({', '.join(f'changes.{name}' for name in step.columns)})"
    )


def new_slice_numbers(schema: str = "") -> str:
    """Return the statement that keeps the numbers of slices met for the first time; `schema` ends with a dot."""
    columns = ", ".join(SLICE_NUMBERS.names)
    return (
        f"INSERT INTO {schema}{SLICE_NUMBERS.name} ({columns})\n"
        f"SELECT {columns} FROM {schema}{SLICES}\n"
        f"WHERE slice_id NOT IN (SELECT slice_id FROM {schema}{SLICE_NUMBERS.name})"
    )
