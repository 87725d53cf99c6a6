"""Patron's own tables: what was loaded, what was refused, what changed, what was built.

They are declared like the shop's, so that one generator writes all DDL. A column that a later version adds to one
of them comes last and may be None, so that it can be added to the tables that are there.
"""

from __future__ import annotations

from patron.contract.tables import Column, Table, Type

LOADS = Table(
    "loads",
    "One row per finished load.",
    (
        Column("load_id", Type.BIGINT, "The load's number, rising.", required=True),
        Column("started_at", Type.INSTANT, "When it began.", required=True),
        Column("finished_at", Type.INSTANT, "When it was stored.", required=True),
        Column("source", Type.TEXT, "The folder or file it read.", required=True),
        Column("rows_read", Type.BIGINT, "Rows found in its files.", required=True, unit="rows"),
        Column("inserted", Type.BIGINT, "Rows with a new key.", required=True, unit="rows"),
        Column("updated", Type.BIGINT, "Rows that replaced one of the same key.", required=True, unit="rows"),
        Column("unchanged", Type.BIGINT, "Rows that were there already.", required=True, unit="rows"),
        Column("quarantined", Type.BIGINT, "Rows set aside.", required=True, unit="rows"),
        Column("details", Type.JSON, "The same counts for each table, and the files.", required=True),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "Rows that were refused, each with its reason and its content as it was read.",
    (
        Column("load_id", Type.BIGINT, "The load that met the row.", required=True),
        Column("table_name", Type.TEXT, "The contract table it was meant for.", required=True),
        Column("source_file", Type.TEXT, "The file it stood in.", required=True),
        Column("source_line", Type.BIGINT, "Its line (CSV) or row (Parquet) there, from 1."),
        Column("reason_code", Type.TEXT, "Reason, in one word a program can use.", required=True),
        Column("reason", Type.TEXT, "Reason, in a sentence.", required=True),
        Column("content", Type.TEXT, "The row as it was read.", required=True),
    ),
    keyed=False,
)

CHANGED_CUSTOMERS = Table(
    "changed_customers",
    "Customers whose row may be out of date at the next build; one may stand here several times.",
    (Column("customer_id", Type.ID, "The customer.", required=True),),
    keyed=False,
)

BUILDS = Table(
    "builds",
    "One row per build that replaced customer_360.",
    (
        Column("build_id", Type.BIGINT, "The build's number, rising.", required=True),
        Column("as_of", Type.DATE, "The last day whose facts it saw.", required=True),
        Column("kind", Type.TEXT, "full or incremental.", required=True),
        Column("started_at", Type.INSTANT, "When it began.", required=True),
        Column("finished_at", Type.INSTANT, "When it was done.", required=True),
        Column("customers", Type.BIGINT, "Rows of customer_360.", required=True, unit="customers"),
        Column("new_customers", Type.BIGINT, "Of these, not there before.", required=True, unit="customers"),
        Column("recomputed", Type.BIGINT, "Customers computed again.", required=True, unit="customers"),
        Column("settings", Type.JSON, "Thresholds it used.", required=True),
        Column("steps", Type.JSON, "Seconds and rows of each step.", required=True),
        Column("reconciliation", Type.JSON, "Each figure in sources and result.", required=True),
        Column("model", Type.TEXT, "Mark of the model's steps that it ran; None before there were marks."),
    ),
)

NEW_CUSTOMERS = Table(
    "new_customers",
    "Who was new in each build.",
    (
        Column("build_id", Type.BIGINT, "The build.", required=True),
        Column("customer_id", Type.ID, "A customer that was not in customer_360 before it.", required=True),
    ),
    keyed=False,
)

BOOKKEEPING: tuple[Table, ...] = (LOADS, QUARANTINE, CHANGED_CUSTOMERS, BUILDS, NEW_CUSTOMERS)
