"""Statement-level triggers that note whose row changes, whoever writes to the contract tables."""

from __future__ import annotations

from collections.abc import Iterator

from patron.contract import CONTRACT, FACTS, Table
from patron.engines.postgres.render import quoted

EVENTS = {
    "insert": "REFERENCING NEW TABLE AS new_rows",
    "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "REFERENCING OLD TABLE AS old_rows",
}
SEEN = {"insert": ("new_rows",), "update": ("old_rows", "new_rows"), "delete": ("old_rows",)}


def trigger_statements(schema: str) -> Iterator[str]:
    """Yield the statements that install functions and triggers on every contract table.

    The functions run with their owner's rights, so that an application needs no right on Patron's own tables.
    """
    home = quoted(schema)
    for table in CONTRACT:
        for event, referencing in EVENTS.items():
            name = f"note_{event}_{table.name}"
            changed = "\n    UNION\n".join(_changed(table, rows, home) for rows in SEEN[event])
            yield _function(home, name, changed)
            yield (
                f"CREATE OR REPLACE TRIGGER {name} AFTER {event.upper()} ON {home}.{table.name} {referencing} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {home}.{name}()"
            )
        name = f"note_truncate_{table.name}"
        yield _function(home, name, f"    SELECT customer_id FROM {home}.customer_features")
        yield (
            f"CREATE OR REPLACE TRIGGER {name} AFTER TRUNCATE ON {home}.{table.name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {home}.{name}()"
        )


def _function(home: str, name: str, changed: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {home}.{name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\n"
        f"SET search_path = pg_catalog, pg_temp AS $function$\nBEGIN\n"
        f"    INSERT INTO {home}.changed_customers\n{changed};\n    RETURN NULL;\nEND\n$function$"
    )


def _changed(table: Table, rows: str, home: str) -> str:
    """Select the customers whose row the changed `rows` of `table` may alter."""
    if "customer_id" in table.names:
        return f"    SELECT DISTINCT customer_id FROM {rows}"
    return "\n    UNION\n".join(
        f"    SELECT fact.customer_id FROM {home}.{fact.name} AS fact JOIN {rows} USING ({table.key.name})"
        for fact in FACTS
        if any(column.references == table.name for column in fact.references)
    )
