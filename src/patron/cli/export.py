"""`patron export`: a table as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from patron.cli.application import DATA, command
from patron.cli.run import Run
from patron.cli.words import counted, size


def complete_table(incomplete: str) -> list[str]:
    """Return the tables whose name begins so, for the shell."""
    from patron.export import exportable

    return [name for name in exportable() if name.startswith(incomplete)]


TableName = Annotated[
    str,
    typer.Argument(
        metavar="TABLE",
        help="customer_360, customer_360_core, customer_360_analytics, a contract table, quarantine, builds, …",
        autocompletion=complete_table,
    ),
]
To = Annotated[
    Path, typer.Option(metavar="FILE", help="Where to; the name ends in .csv, .csv.gz or .parquet.")
]
ForSpreadsheets = Annotated[
    bool,
    typer.Option(
        "--for-spreadsheets",
        help="Put an apostrophe before text that a spreadsheet would take for a formula.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there already.")]


@command(DATA)
def export(
    run: Run,
    table: TableName,
    to: To,
    for_spreadsheets: ForSpreadsheets = False,
    overwrite: Overwrite = False,
) -> None:
    """Write a table to a CSV or Parquet file, the values as they are.

    Rows are sorted by their key. In CSV, None is nothing at all and an empty text is "".
    """
    from patron.export import export as write

    with run.connect() as engine, run.progress(f"Writing {to.name}") as progress:
        done = write(
            engine, table, to, for_spreadsheets=for_spreadsheets, overwrite=overwrite, progress=progress
        )
    said = Text.assemble(
        (f"{counted(done.rows, 'row')} of {done.table} are in {done.path}", "bold green"),
        f" ({size(done.size)}).",
    )
    run.show(done, said)
