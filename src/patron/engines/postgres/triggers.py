"""Statement-level triggers that note whose row changes, whoever writes to the contract tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlglot import exp

from patron.contract import CONTRACT, FACTS, Column, Table, Type
from patron.engines.postgres.render import quoted

EVENTS = {
    "insert": "REFERENCING NEW TABLE AS new_rows",
    "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "REFERENCING OLD TABLE AS old_rows",
}
SEEN = {"insert": ("new_rows",), "update": ("old_rows", "new_rows"), "delete": ("old_rows",)}
# Rows of these change the rows of all customers with a fact about them: products and campaigns.
REFERRED = tuple(table for table in CONTRACT if "customer_id" not in table.names)


def notes_of(table: Table) -> Table:
    """Return the table that keeps the keys of changed rows of `table` until the next build.

    A trigger cannot know all customers of a product: it does not see a purchase that another transaction has yet
    to commit, and that one does not see the product's change. The build that sees both looks them up again.
    """
    return Table(
        f"changed_{table.name}",
        f"Rows of {table.name} that changed since the latest build; one may stand here several times.",
        (Column(table.key.name, Type.ID, "The row.", required=True),),
        keyed=False,
    )


def counter_of(table: Table) -> str:
    """Return the sequence that rises with each statement that writes to `table`."""
    return f"changes_of_{table.name}"


def trigger_statements(schema: str) -> Iterator[str]:
    """Yield the statements that install functions and triggers on every contract table.

    The functions run with their owner's rights, so that an application needs no right on Patron's own tables.
    """
    home = quoted(schema)
    for table in CONTRACT:
        counting = f"    PERFORM nextval({_literal(f'{home}.{counter_of(table)}')});\n"
        yield f"CREATE SEQUENCE IF NOT EXISTS {home}.{counter_of(table)}"
        for event, referencing in EVENTS.items():
            name = f"note_{event}_{table.name}"
            changed = "\n    UNION\n".join(customers_of(table, rows, home) for rows in SEEN[event])
            keys = "\n    UNION\n".join(f"    SELECT {table.key.name} FROM {rows}" for rows in SEEN[event])
            yield _function(
                home,
                name,
                f"{counting}    INSERT INTO {home}.changed_customers\n{changed};\n"
                + (f"    INSERT INTO {home}.{notes_of(table).name}\n{keys};\n" if table in REFERRED else ""),
            )
            yield (
                f"CREATE OR REPLACE TRIGGER {name} AFTER {event.upper()} ON {home}.{table.name} {referencing} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {home}.{name}()"
            )
        name = f"note_truncate_{table.name}"
        everybody = f"    SELECT customer_id FROM {home}.customer_features"
        yield _function(home, name, f"{counting}    INSERT INTO {home}.changed_customers\n{everybody};\n")
        yield (
            f"CREATE OR REPLACE TRIGGER {name} AFTER TRUNCATE ON {home}.{table.name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {home}.{name}()"
        )


@contextmanager
def noting_at_once(connection: psycopg.Connection[Any], table: Table, schema: str) -> Iterator[None]:
    """Let no trigger see what is inserted into `table`, which is empty, and note all of it at the end.

    A trigger is handed every row in a list of its own; of a whole table that list is the table itself. The caller
    holds a transaction, and where rows have a customer it notes these, whom it knows without asking the server.
    """
    home, trigger = quoted(schema), f"note_insert_{table.name}"
    connection.execute(f"ALTER TABLE {home}.{table.name} DISABLE TRIGGER {trigger}".encode())
    yield
    connection.execute(f"ALTER TABLE {home}.{table.name} ENABLE TRIGGER {trigger}".encode())
    rows = f"{home}.{table.name}"
    if table in REFERRED:
        connection.execute(f"INSERT INTO {home}.changed_customers {customers_of(table, rows, home)}".encode())
        notes = f"INSERT INTO {home}.{notes_of(table).name} SELECT {table.key.name} FROM {rows}"
        connection.execute(notes.encode())
    connection.execute(f"SELECT nextval({_literal(f'{home}.{counter_of(table)}')})".encode())


@contextmanager
def unnoted(connection: psycopg.Connection[Any], table: Table, schema: str) -> Iterator[None]:
    """Let rows of `table` come and go without a note: a build of them comes too. The caller holds a transaction."""
    home = f"{quoted(schema)}.{table.name}"
    names = [f"note_{event}_{table.name}" for event in EVENTS]
    for name in names:
        connection.execute(f"ALTER TABLE {home} DISABLE TRIGGER {name}".encode())
    yield
    for name in names:
        connection.execute(f"ALTER TABLE {home} ENABLE TRIGGER {name}".encode())


def _literal(text: str) -> str:
    return exp.Literal.string(text).sql(dialect="postgres")


def _function(home: str, name: str, statements: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {home}.{name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\n"
        f"SET search_path = pg_catalog, pg_temp AS $function$\nBEGIN\n"
        f"{statements}    RETURN NULL;\nEND\n$function$"
    )


def customers_of(table: Table, rows: str, home: str) -> str:
    """Select the customers whose row the changed `rows` of `table` may alter."""
    if "customer_id" in table.names:
        return f"    SELECT DISTINCT customer_id FROM {rows}"
    return "\n    UNION\n".join(
        f"    SELECT fact.customer_id FROM {home}.{fact.name} AS fact JOIN {rows} USING ({table.key.name})"
        for fact in FACTS
        if any(column.references == table.name for column in fact.references)
    )
