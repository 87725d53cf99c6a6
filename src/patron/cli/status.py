"""`patron status`: what is loaded, refused and built, and whether every figure reconciles now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from patron.cli.application import DATA, command
from patron.cli.letters import printable
from patron.cli.loads import load_table
from patron.cli.run import Run
from patron.cli.tables import checks, commands, glance, table
from patron.cli.words import counted, day, minute, place, seconds, whole
from patron.errors import NoDatabase, NotReconciled

Summary = Annotated[
    bool,
    typer.Option("--summary", help="Show the figures of the latest build instead, as `patron demo` does."),
]
LOAD = (("patron load FOLDER", "your CSV or Parquet files"), ("patron sample", "dummy data"))
BUILD = (("patron build", "bring customer_360 up to date"),)
NEXT = {
    "no database": (*LOAD, ("patron demo", "the whole product in one command")),
    "not initialised": LOAD,
    "made by another version": (("patron upgrade", "make what this version needs"), *BUILD),
    "empty": LOAD,
    "not built": BUILD,
    "published": (
        ("patron serve", "the dashboard and the API"),
        ("patron status --summary", "the figures at a glance"),
    ),
    "changed since the build": BUILD,
    "settings changed since the build": BUILD,
    "dates came since the build": BUILD,
    "does not reconcile": (("patron build --full", "compute every customer again"),),
}


@command(DATA)
def status(run: Run, summary: Summary = False) -> None:
    """Show what is loaded, refused and built, and whether every figure reconciles now.

    It fails, with exit code 1, when customer_360 does not agree with its sources.
    """
    from patron.cli.state import State, nothing, read_status

    if summary:
        _show_summary(run)
        return
    try:
        with run.connect() as engine, run.progress("Counting and reconciling"):
            found = read_status(engine, date.today())
    except NoDatabase:
        found = nothing(State.NO_DATABASE)
    document = {"database": place(run.url), **found}
    following = NEXT.get(document["state"]) or (glance(run.url),)
    run.show(document, *_parts(document), commands(*following, database=run.database))
    if document["state"] == State.WRONG:
        wrong = [one["figure"] for one in document["reconciliation"] if not one["agrees"]]
        raise NotReconciled(
            f"customer_360 in {place(run.url)} does not agree with its sources: see {', '.join(wrong)} above; "
            "compute every customer again with `patron build --full`."
        )


def _show_summary(run: Run) -> None:
    from patron.cli.summary import read_summary, summary

    with run.connect() as engine, run.progress("Reading the figures"):
        if engine.last_build() is None:
            raise NoDatabase(f"{place(run.url)} has no customer_360 to show yet; run `patron build` first.")
        document = read_summary(engine, run.url)
    run.show(document, summary(document, run.console))


def _parts(found: dict[str, Any]) -> Iterator[RenderableType]:
    yield _headline(found)
    if found["tables"]:
        yield _tables(found["tables"])
    if found["quarantine"]:
        yield _quarantine(found["quarantine"])
    if found["loads"]:
        yield load_table(found["loads"], title="Latest loads")
    if found["warnings"]:
        yield _warnings(found["warnings"])
    if found["builds"]:
        yield _builds(found["builds"])
    if found["reconciliation"]:
        yield checks(
            found["reconciliation"], title=f"Reconciled now, as of {day(found['builds'][0]['as_of'])}"
        )


def _headline(found: dict[str, Any]) -> RenderableType:
    where, changed, due = found["database"], found["changed_customers"], found["due_customers"]
    settings = ", ".join(found["changed_settings"])
    built = _age(found["builds"][0]["as_of"]) if found["builds"] else ""
    said, style = {
        "no database": (f"No data yet: there is no database at {where}.", "bold"),
        "not initialised": (f"No data yet: {where} has none of Patron's tables.", "bold"),
        "made by another version": (
            f"{where} was made by another version of Patron: run `patron upgrade`, then `patron build`.",
            "bold yellow",
        ),
        "empty": (f"No data yet: the tables of {where} are empty.", "bold"),
        "not built": (f"{where} has data, and customer_360 is not built yet.", "bold yellow"),
        "published": (
            f"{where} serves customer_360 {built}, which was built elsewhere and published here; the tables it "
            "was built from are there, and empty here.",
            "bold green",
        ),
        "changed since the build": (
            f"{where}: {counted(changed, 'customer')} changed since customer_360 was built {built}.",
            "bold yellow",
        ),
        "does not reconcile": (f"{where}: customer_360 does not agree with its sources.", "bold red"),
        "settings changed since the build": (
            f"{where}: settings changed since customer_360 was built {built}: {settings}.",
            "bold yellow",
        ),
        "dates came since the build": (
            f"{where}: customer_360 is built {built}, and {counted(due, 'customer')} "
            f"{'has' if due == 1 else 'have'} facts of the days since.",
            "bold yellow",
        ),
        "up to date": (f"{where} is up to date, built {built}.", "bold green"),
    }[found["state"]]
    return Text(said, style)


def _age(as_of: date) -> str:
    days = (date.today() - as_of).days
    return f"as of {day(as_of)}" + (f", {counted(days, 'day')} ago" if days > 0 else "")


def _tables(rows: list[dict[str, Any]]) -> Table:
    made = table("Table", ">Rows", "First", "Last")
    for row in rows:
        made.add_row(row["table"], whole(row["rows"]), str(row["first"] or ""), str(row["last"] or ""))
    return made


def _quarantine(rows: list[dict[str, Any]]) -> Table:
    made = table("Table", "Reason", ">Rows", "~For example", title="Quarantine")
    for row in rows:
        made.add_row(
            row["table_name"],
            row["reason_code"],
            whole(row["rows"]),
            row["example"],
            style="yellow",
        )
    return made


def _warnings(rows: list[dict[str, Any]]) -> Text:
    lines = (f"Warning: {printable(row['sentence'])} (load {row['load_id']})" for row in rows)
    return Text("\n".join(lines), "yellow")


def _builds(rows: list[dict[str, Any]]) -> Table:
    made = table(
        ">Build",
        "When (UTC)",
        "As of",
        "Kind",
        ">Customers",
        ">New",
        ">Computed",
        ">Took",
        title="Latest builds",
    )
    for row in rows:
        made.add_row(
            str(row["build_id"]),
            minute(row["finished_at"]),
            str(row["as_of"]),
            row["kind"],
            whole(row["customers"]),
            whole(row["new_customers"]),
            whole(row["recomputed"]),
            seconds(row["finished_at"] - row["started_at"]),
        )
    return made
