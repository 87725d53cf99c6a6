"""`patron restore`: the embedded form back from one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from patron.cli.application import SCHEMA, command
from patron.cli.backup import Overwrite, file_of
from patron.cli.run import Run
from patron.cli.words import place

From = Annotated[Path, typer.Argument(metavar="FILE", help="A backup that `patron backup` made.")]


@command(SCHEMA)
def restore(run: Run, file: From, overwrite: Overwrite = False) -> None:
    """Put a backup in the place of the database file, and of the keys and the audit log beside it.

    All of it comes, or nothing. No server may have the database open.
    """
    from patron import backup

    done = backup.restore(file, file_of(run), overwrite=overwrite)
    lines = [Text(f"{place(run.url)} is as it was at {done.made_at}.", "bold green")]
    if done.needs_upgrade:
        lines.append(Text(f"Patron {done.patron} made it: run `patron upgrade` next.", "yellow"))
    document = {"database": place(run.url), "made_at": done.made_at, "patron": done.patron}
    run.show({**document, "needs_upgrade": done.needs_upgrade}, *lines)
