"""`patron upgrade`: bring a database that another version of Patron made to this one's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from patron.cli.application import SCHEMA, command
from patron.cli.run import Run
from patron.cli.tables import commands
from patron.cli.words import place

if TYPE_CHECKING:
    from patron.engines.upgrading import Upgrade

DryRun = Annotated[bool, typer.Option("--dry-run", help="Do it all, tell what it did, and undo it.")]


@command(SCHEMA)
def upgrade(run: Run, dry_run: DryRun = False) -> None:
    """Bring the database to the schema of this version of Patron.

    It is one transaction: all of it is done, or nothing. The shop's data and the records stay; what builds fill is made
    anew where it has other columns, for the next build to fill. It does no harm to run this again.
    """
    with run.connect(any_version=True) as engine:
        done = engine.upgrade(dry_run=dry_run)
    document = {"database": place(run.url), "dry_run": dry_run, **_document(done)}
    parts = [Text("\n").join(_lines(done, place(run.url), dry_run=dry_run))]
    if done.needs_build and not dry_run:
        parts.append(
            commands(("patron build", "compute every customer with this version"), database=run.database)
        )
    run.show(document, *parts)


def _document(done: Upgrade) -> dict[str, Any]:
    return {
        "before": done.before,
        "after": done.after,
        "versions": [{"number": one.number, "brings": one.brings} for one in done.versions],
        "changes": done.changes,
        "needs_build": done.needs_build,
    }


def _lines(done: Upgrade, where: str, *, dry_run: bool) -> list[Text]:
    lines = [Text(f"Version {one.number}: {one.brings}") for one in done.versions]
    lines += [Text(f"- {change}", "dim") for change in done.changes]
    if not lines:
        said = f"{where} has version {done.after} of the schema already, and nothing is to be done."
    elif dry_run:
        said = f"{where} would be at version {done.after} of the schema; this was a dry run, and it is as it was."
    else:
        said = f"{where} is at version {done.after} of the schema, from version {done.before}."
    return [*lines, Text(said, "bold" if dry_run else "bold green")]
