"""`patron procedure`: print the stored procedure, or all that `patron init` installs with it."""

from __future__ import annotations

from typing import Annotated

import typer

from patron.cli.application import SCHEMA, command
from patron.cli.run import Run

DEFAULT = "public"

Home = Annotated[
    str | None,
    typer.Option(
        "--schema",
        metavar="NAME",
        help="The schema it is to live in.",
        show_default=f"that of the database if it is PostgreSQL, else {DEFAULT}",
    ),
]
Everything = Annotated[
    bool,
    typer.Option(
        "--all",
        help="Print the whole installation: tables, indexes, views and triggers before the procedure.",
    ),
]


@command(SCHEMA)
def procedure(run: Run, schema: Home = None, everything: Everything = False) -> None:
    """Print the stored procedure that builds customer_360 inside PostgreSQL.

    `patron init` installs it; from then on any client can CALL refresh_customer_360() with nothing of Patron running.
    The procedure needs the tables, views and triggers around it: --all prints a script of everything.
    """
    from patron.engines.postgres.installation import script
    from patron.engines.postgres.procedure import procedure_sql

    home = schema or _schema_of_the_database(run)
    sql = (script if everything else procedure_sql)(run.settings, home)
    name = "installation" if everything else "procedure"
    run.show_text({"dialect": "postgres", "schema": home, name: sql}, sql)


def _schema_of_the_database(run: Run) -> str:
    from patron.engines.address import address

    if address(run.url).engine != "postgres":
        return DEFAULT
    from patron.engines.postgres import PostgresEngine

    with run.connect() as engine:
        return engine.schema if isinstance(engine, PostgresEngine) else DEFAULT
