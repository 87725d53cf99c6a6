"""`patron publish`: bring what was built in one database to where it is served from."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from patron.cli.application import DATA, command
from patron.cli.run import Run
from patron.cli.tables import commands
from patron.cli.words import counted, seconds

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="URL",
        help="Where customer_360 was built.",
        show_default="the database of --database",
    ),
]
To = Annotated[
    str,
    typer.Option(
        metavar="URL",
        help="Where it is served from: a path, duckdb:///path or postgresql://…; made if it is new.",
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        min=1,
        max=64,
        help="Parts brought at the same time from a lake to PostgreSQL, each through a connection of its own.",
    ),
]


Facts = Annotated[
    bool,
    typer.Option(
        "--facts",
        help="Bring the tables that it was built from too, whose rows the pages of customers show one by one; never "
        "where there are others.",
    ),
]


@command(DATA)
def publish(run: Run, to: To, source: From = None, facts: Facts = False, jobs: Jobs = 2) -> None:
    """Bring the latest build's tables to the database that serves them, swapped in whole.

    Whoever reads there sees what was there until all has arrived. One that was stopped goes on where it was.
    """
    from patron.engines.address import shown
    from patron.publish import publish as bring

    origin = run.kept_url if source is None else source
    with (
        run.connect(origin) as built,
        run.connect(to, create=True) as served,
        run.progress(f"Publishing to {shown(to)}") as progress,
    ):
        done = bring(built, served, shown(origin), progress, jobs=jobs, facts=facts)
    said = Text.assemble(
        (f"Build {done.build_id} of {shown(origin)} is at {shown(to)}", "bold green"),
        f" in {seconds(done.seconds)}: {counted(done.rows, 'row')}",
        f", {counted(done.resumed_rows, 'row')} of them brought by an earlier try."
        if done.resumed_rows
        else ".",
    )
    run.show(done, said, commands(("patron serve", "the dashboard and the API"), database=to))
