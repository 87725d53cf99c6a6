"""Patron's own tables: what was loaded, what was refused, what changed, what was built.

They are declared like the shop's, so that one generator writes all DDL. A column that a later version adds to one
of them comes last and may be None, so that it can be added to the tables that are there. Whatever changes here or in
the contract is a new version of the schema: see `patron.contract.versions`.
"""

from __future__ import annotations

from dataclasses import replace

from patron.contract.tables import CONTRACT, Column, Table, Type

LOADS = Table(
    "loads",
    "One row per finished load.",
    (
        Column("load_id", Type.BIGINT, "The load's number, rising.", required=True),
        Column(
            "state",
            Type.TEXT,
            "stored: it can be undone; final: what it replaced is no longer kept; undone.",
            required=True,
        ),
        Column("started_at", Type.INSTANT, "When it began.", required=True),
        Column("finished_at", Type.INSTANT, "When it was stored.", required=True),
        Column("undone_at", Type.INSTANT, "When it was undone."),
        Column("source", Type.TEXT, "The folders or files it read.", required=True),
        Column("content_hash", Type.TEXT, "SHA-256 over the content of all its files."),
        Column("bytes_read", Type.BIGINT, "Size of all its files.", required=True, unit="bytes"),
        Column("mapping_hash", Type.TEXT, "SHA-256 of the mapping it was read by."),
        Column("mapping", Type.TEXT, "The mapping it was read by, as it was written."),
        Column("rows_read", Type.BIGINT, "Rows found in its files.", required=True, unit="rows"),
        Column("inserted", Type.BIGINT, "Rows with a new key.", required=True, unit="rows"),
        Column("updated", Type.BIGINT, "Rows that replaced one of the same key.", required=True, unit="rows"),
        Column("unchanged", Type.BIGINT, "Rows that were there already.", required=True, unit="rows"),
        Column("quarantined", Type.BIGINT, "Rows set aside.", required=True, unit="rows"),
        Column("removed", Type.BIGINT, "Rows that the new files lack.", required=True, unit="rows"),
        Column("details", Type.JSON, "Counts for each table, the files, what was noticed.", required=True),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "Rows that were refused, each with its reason and its content as it was read.",
    (
        Column("entry_id", Type.BIGINT, "The entry's number, rising.", required=True),
        Column("load_id", Type.BIGINT, "The load that met the row.", required=True),
        Column("table_name", Type.TEXT, "The contract table it was meant for.", required=True),
        Column("source_file", Type.TEXT, "The file it stood in.", required=True),
        Column("source_line", Type.BIGINT, "Its line (CSV) or row (Parquet) there, from 1."),
        Column("reason_code", Type.TEXT, "Reason, in one word a program can use.", required=True),
        Column("reason", Type.TEXT, "Reason, in a sentence.", required=True),
        Column("content", Type.TEXT, "The row as it was read.", required=True),
    ),
)

SETTLED = Table(
    "settled_rows",
    "Entries that left the quarantine, kept as long as the load that settled them can be undone.",
    (
        Column("settled_by", Type.BIGINT, "The load by which the entry was settled.", required=True),
        *QUARANTINE.columns,
    ),
    keyed=False,
)

DISCARDS = Table(
    "discards",
    "Who discarded rows of the quarantine, when and why; nothing here is ever changed.",
    (
        Column("discarded_at", Type.INSTANT, "When.", required=True),
        Column("discarded_by", Type.TEXT, "Who.", required=True),
        Column("why", Type.TEXT, "Why, as it was given.", required=True),
        Column("table_name", Type.TEXT, "The contract table the rows were meant for.", required=True),
        Column("reason_code", Type.TEXT, "Why they had been refused.", required=True),
        Column("rows_discarded", Type.BIGINT, "How many there were.", required=True, unit="rows"),
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


SCHEMA_HISTORY = Table(
    "schema_history",
    "One row per version of the schema that this database has had, the present one last.",
    (
        Column("change_id", Type.BIGINT, "The change's number, rising.", required=True),
        Column("schema_version", Type.BIGINT, "The version it was brought to.", required=True),
        Column("patron", Type.TEXT, "The version of Patron that did it.", required=True),
        Column("done_at", Type.INSTANT, "When.", required=True),
    ),
)


def former_of(table: Table) -> Table:
    """Return the table that keeps what loads replaced in `table`, so that they can be undone.

    Where `change` is 'inserted' there was no row: only the key is given.
    """
    free = (
        replace(column, required=False, references=None, minimum=None, maximum=None, indexed=False)
        for column in table.columns[1:]
    )
    return Table(
        f"former_{table.name}",
        f"Rows of {table.name} as they were before a load, kept as long as it can be undone.",
        (
            Column("load_id", Type.BIGINT, "The load that changed the row.", required=True),
            Column("change", Type.TEXT, "What it did: inserted, updated or removed it.", required=True),
            table.key,
            *free,
        ),
        keyed=False,
    )


FORMER: dict[str, Table] = {table.name: former_of(table) for table in CONTRACT}

SLICE_NUMBERS = Table(
    "slice_numbers",
    "The number that each slice got when a build first met it, so that sums kept under it stay good.",
    (
        Column("slice_id", Type.BIGINT, "The number.", required=True),
        Column("customer_segment", Type.TEXT, "High, Medium or Low Value.", required=True),
        Column("rfm_segment", Type.TEXT, "Name of the RFM segment.", required=True),
        Column("churn_risk_score", Type.INTEGER, "1 to 5, or None."),
        Column("favorite_product_category", Type.TEXT, "Category bought most, or None."),
        Column("preferred_marketing_channel", Type.TEXT, "Channel liked most, or None."),
    ),
)

BOOKKEEPING: tuple[Table, ...] = (
    LOADS,
    QUARANTINE,
    SETTLED,
    DISCARDS,
    *FORMER.values(),
    CHANGED_CUSTOMERS,
    BUILDS,
    NEW_CUSTOMERS,
    SLICE_NUMBERS,
    SCHEMA_HISTORY,
)
