"""What PostgreSQL says when it refuses, in a line, with the GRANT that is missing."""

from __future__ import annotations

import re

import psycopg

from patron.engines.postgres.render import quoted

# What the server's words say is missing, and what is granted for it. Servers that speak another language get no hint.
GRANTS = (
    (r"permission denied for table", "{tables} ON ALL TABLES IN SCHEMA {schema}"),
    (r"permission denied for view (?P<name>\S+)", "SELECT ON {schema}.{name}"),
    (r"permission denied for schema", "USAGE, CREATE ON SCHEMA {schema}"),
    (r"permission denied for procedure (?P<name>\S+)", "EXECUTE ON PROCEDURE {schema}.{name}"),
    (r"permission denied to create temporary tables", "TEMPORARY ON DATABASE {database}"),
)


def reason(error: psycopg.Error) -> str:
    """Return the first line of what the driver says, without the full stop at its end."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def refusal(
    error: psycopg.Error, connection: psycopg.Connection[tuple[object, ...]], schema: str, *, reading: bool
) -> str:
    """Return the reason and, where the server refused for want of a right, how the owner can give it."""
    said = reason(error)
    if not isinstance(error, psycopg.errors.InsufficientPrivilege):
        return said
    user = quoted(connection.info.user)
    if owned := re.search(r"must be owner of \w+ (.+)", said):
        return f"{said}; let the owner of {owned.group(1)} run this, or be a member of that role"
    for pattern, grant in GRANTS:
        if found := re.search(pattern, said):
            wanted = grant.format(
                tables="SELECT" if reading else "SELECT, INSERT, UPDATE, DELETE",
                schema=quoted(schema),
                database=quoted(connection.info.dbname),
                **found.groupdict(),
            )
            return f"{said}; the owner can allow it with GRANT {wanted} TO {user}"
    return f"{said}; the owner has to grant that right to {user}"
