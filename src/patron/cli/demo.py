"""`patron demo`: the whole product in one command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from patron.cli.application import START, command
from patron.cli.run import Run
from patron.cli.serve import serve_until_stopped
from patron.cli.tables import commands
from patron.cli.words import counted

if TYPE_CHECKING:
    from patron.engines import Engine

FILE = "patron-demo.duckdb"
CUSTOMERS = 5000

Customers = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="How many customers the shop has.", show_default=str(CUSTOMERS)),
]
Serve = Annotated[
    bool,
    typer.Option(
        "--serve/--no-serve", help="Serve the dashboard in the end, until stopped; not with --json."
    ),
]


@command(START)
def demo(run: Run, customers: Customers = None, serve: Serve = True) -> None:
    """Make a believable shop, build its customer_360, show what is in it, and serve the dashboard on it.

    The shop is kept in patron-demo.duckdb in this folder, or where --database or PATRON_DATABASE says, and is
    used again when it is there.
    """
    from patron.cli.summary import read_summary, summary

    url = run.database if run.database is not None else os.environ.get("PATRON_DATABASE") or FILE
    if url == FILE and not Path(FILE).exists():
        _make_file(run, customers or CUSTOMERS)
    with run.connect(url, create=True) as engine:
        _prepare(run, engine, url, customers)
        found = read_summary(engine, url)
    run.show(found, summary(found, run.console), _next(url))
    if serve and not run.json:
        serve_until_stopped(run, url, run.settings.server, any_port=True)


def _make_file(run: Run, customers: int) -> None:
    """Make the demo's file under another name first, so that a demo that was stopped leaves no half of one."""
    partial = Path(f"{FILE}.partial")
    if partial.exists():
        run.connect(str(partial)).close()  # raises DatabaseBusy when another demo is making it right now
        _remove(partial)
    engine = run.connect(str(partial), create=True)
    try:
        with engine:
            _prepare(run, engine, FILE, customers)
        partial.replace(FILE)
    finally:
        _remove(partial)


def _remove(database: Path) -> None:
    for path in (database, Path(f"{database}.wal")):
        path.unlink(missing_ok=True)


def _prepare(run: Run, engine: Engine, url: str, customers: int | None) -> None:
    """Put a shop into the database unless it has one, and build it unless it is built."""
    from patron.errors import SourceError
    from patron.sources.sample import Sample, store
    from patron.sources.sample.chunks import LAST_DAY

    engine.init()
    there = engine.query("SELECT COUNT(*) AS n FROM customer_info")[0]["n"]
    if there and customers not in (None, there):
        raise SourceError(
            f"{url} has a shop with {counted(there, 'customer')} already; remove it for one with {customers:,}, "
            "or name another place with --database."
        )
    if not there:
        wanted = Sample(customers or CUSTOMERS, id_type=run.settings.id_type)
        with run.progress("Making a shop") as progress:
            store(wanted, engine, progress)
    if engine.last_build() is None:
        with run.progress("Building customer_360") as progress:
            engine.build(LAST_DAY, progress=progress)


def _next(url: str) -> RenderableType:
    return commands(
        ("patron status", "what is loaded and built"),
        ("patron dictionary churn_risk_score", "what a column means"),
        ("patron export customer_360 --to customers.csv", "the rows as a file"),
        ("patron load FOLDER --database shop.duckdb", "your own files instead"),
        database=url,
    )
