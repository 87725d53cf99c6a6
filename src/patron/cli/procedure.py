"""`patron procedure`: print the stored procedure."""

from __future__ import annotations

from patron.cli.application import SCHEMA, command
from patron.cli.run import Run


@command(SCHEMA)
def procedure(run: Run) -> None:
    """Print the stored procedure that builds customer_360 inside PostgreSQL.

    `patron init` installs it; from then on any client can CALL refresh_customer_360() with nothing of Patron running.
    """
    from patron.engines.postgres.procedure import procedure_sql

    sql = procedure_sql(run.settings)
    run.show_text({"dialect": "postgres", "procedure": sql}, sql)
