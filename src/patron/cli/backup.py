"""`patron backup`: the embedded form in one file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from patron.cli.application import SCHEMA, command
from patron.cli.run import Run
from patron.cli.words import minute, place, size
from patron.errors import BackupError, DatabaseBusy

To = Annotated[Path, typer.Option("--to", metavar="FILE", help="The file to write, such as shop.tar.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]


@command(SCHEMA)
def backup(run: Run, to: To, overwrite: Overwrite = False) -> None:
    """Back up the database file, with the keys and the audit log beside it, as of one moment.

    It works while `patron serve` runs, whose readers go on meanwhile. The file is a tar that holds personal
    data and may be read by its owner alone. PostgreSQL has tools of its own for this.
    """
    from patron.backup import back_up
    from patron.backup.asking import asked
    from patron.backup.making import write

    if to.exists() and not overwrite:
        raise BackupError(f"{to} is there already; add --overwrite to replace it, or name another file.")
    file, began = file_of(run), datetime.now(UTC)
    with run.progress("Backing up"):
        try:
            with run.connect(any_version=True) as engine:
                back_up(file, engine.copy, to)
        except DatabaseBusy as busy:
            write(asked(file, busy), to)
    written = to.stat().st_size
    run.show(
        {"database": place(run.url), "file": str(to), "bytes": written, "made_at": began},
        Text(
            f"{to} is a backup of {place(run.url)} as of {minute(began)} UTC: {size(written)}.", "bold green"
        ),
    )


def file_of(run: Run) -> str:
    """Return the path of the database; raises BackupError where it is no file."""
    from patron.engines.address import address
    from patron.engines.base import NOT_A_FILE

    where = address(run.kept_url)
    if where.engine != "duckdb":
        raise BackupError(NOT_A_FILE)
    return where.target
