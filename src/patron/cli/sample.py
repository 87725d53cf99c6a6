"""`patron sample`: believable dummy data."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from patron.cli.application import DATA, command
from patron.cli.days import METAVAR, parse_day
from patron.cli.run import Run
from patron.cli.tables import commands, counts
from patron.cli.words import counted, place

Customers = Annotated[int, typer.Option(min=1, metavar="N", help="How many customers.")]
Seed = Annotated[
    int, typer.Option(min=0, metavar="S", help="Which of all possible shops; the same seed, the same rows.")
]
To = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write Parquet files into this folder instead of the database."),
]
End = Annotated[
    date | None,
    typer.Option(
        parser=parse_day, metavar=METAVAR, help="The last day of its history.", show_default="2025-12-31"
    ),
]


@command(DATA)
def sample(run: Run, customers: Customers = 5000, seed: Seed = 1, to: To = None, end: End = None) -> None:
    """Make believable dummy data, in the database or as Parquet files.

    The same numbers give the same rows, wherever they go.
    """
    from patron.sources.sample import Sample, store, write_parquet
    from patron.sources.sample.chunks import LAST_DAY

    wanted = Sample(customers, seed, end or LAST_DAY, run.settings.id_type)
    with run.progress("Making sample data") as progress:
        if to is not None:
            rows = write_parquet(wanted, to, progress)
        else:
            with run.making() as engine:
                rows = store(wanted, engine, progress)
    where = str(to) if to is not None else place(run.url)
    document = {
        "customers": customers,
        "seed": seed,
        "end": wanted.end,
        "to": where,
        "tables": [{"table": name, "rows": count} for name, count in rows.items()],
    }
    done = Text.assemble(
        (f"{counted(sum(rows.values()), 'row')} of sample data are in {where}", "bold green"),
        f", up to {wanted.end}.",
    )
    if to is not None:
        following = commands((f"patron load {to}", "put them into a database"))
    else:
        following = commands(
            (f"patron build --as-of {wanted.end}", "make customer_360"), database=run.database
        )
    run.show(document, done, counts(rows), following)
