"""`patron build`: bring customer_360 up to date."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from patron.cli.application import DATA, command
from patron.cli.days import METAVAR, parse_day
from patron.cli.run import Run
from patron.cli.tables import checks, commands, glance, side_by_side, table
from patron.cli.words import counted, day, seconds, whole

if TYPE_CHECKING:
    from patron.engines import BuildRecord, Engine

AsOf = Annotated[
    date | None,
    typer.Option(
        parser=parse_day,
        metavar=METAVAR,
        help="The last day whose facts count: YYYY-MM-DD, today or yesterday.",
        show_default="today",
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Compute every customer, not only the changed ones.")]

SILENCE = timedelta(
    days=60
)  # a shop that sold nothing for so long before as_of: more likely, a date forgotten


@command(DATA)
def build(run: Run, as_of: AsOf = None, full: Full = False) -> None:
    """Build customer_360, computing only the customers that changed where it can.

    Readers see the former table until the new one is complete and agrees with its sources.
    """
    from patron.tracing import exported

    with exported(), run.connect() as engine:
        with run.progress("Building customer_360") as progress:
            record = engine.build(as_of or date.today(), full=full, progress=progress)
        last_sale = _last_sale(engine)
        notes = engine.notes
    kept = {**document(record), "notes": notes}
    parts = [headline(record), side_by_side(run.console, steps(record), checks(kept["reconciliation"]))]
    if last_sale and record.as_of - last_sale > SILENCE:
        parts.append(_long_silence(last_sale, record.as_of))
    parts += [Text(f"Note: {note}", "yellow") for note in notes]
    following = commands(
        glance(run.url),
        ("patron export customer_360 --to customers.csv", "the rows as a file"),
        database=run.database,
    )
    run.show(kept, *parts, following)


def document(record: BuildRecord) -> dict[str, Any]:
    """Return a build's record for programs."""
    figures = [{**asdict(one), "agrees": one.agrees} for one in record.reconciliation]
    return {**asdict(record), "seconds": _elapsed(record), "reconciliation": figures}


def headline(record: BuildRecord) -> RenderableType:
    """Return in one line what a build did."""
    return Text.assemble(
        (f"customer_360 is built as of {day(record.as_of)}", "bold green"),
        f" in {seconds(_elapsed(record))}: {counted(record.customers, 'customer')}, "
        f"{whole(record.new_customers)} new, {whole(record.recomputed)} computed ({record.kind} build).",
    )


def steps(record: BuildRecord) -> Table:
    """Return a table of what each step took."""
    made = table("Step", ">Seconds", ">Rows")
    for step in record.steps:
        made.add_row(step.name, f"{step.seconds:.3f}", "" if step.rows is None else whole(step.rows))
    return made


def _elapsed(record: BuildRecord) -> float:
    return round((record.finished_at - record.started_at).total_seconds(), 3)


def _last_sale(engine: Engine) -> date | None:
    found: date | None = engine.query("SELECT MAX(last_purchase_date) AS day FROM customer_360")[0]["day"]
    return found


def _long_silence(last_sale: date, as_of: date) -> RenderableType:
    return Text(
        f"The last sale was on {last_sale}, long before {as_of}; for the shop as it was then: "
        f"patron build --as-of {last_sale}",
        "yellow",
    )
