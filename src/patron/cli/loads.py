"""`patron loads`: what was loaded, and undoing it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from patron.cli.application import DATA, command, group
from patron.cli.letters import printable
from patron.cli.run import Run
from patron.cli.tables import commands, table
from patron.cli.words import counted, minute, place, seconds, size, whole

COUNTS = ("rows_read", "inserted", "updated", "unchanged", "quarantined")
LoadId = Annotated[int, typer.Argument(metavar="ID", help="The load's number, as `patron loads` lists it.")]


@group(DATA)
def loads(run: Run) -> None:
    """List the loads, the latest first; `show` one, or `undo` it."""
    from patron.sources.loads import loads as read_loads

    with run.connect() as engine:
        rows = read_loads(engine)
    listed = [
        {name: value for name, value in row.items() if name not in ("details", "mapping")} for row in rows
    ]
    if not rows:
        run.show(
            {"database": place(run.url), "loads": []}, Text(f"Nothing was loaded into {place(run.url)} yet.")
        )
        return
    run.show({"database": place(run.url), "loads": listed}, load_table(rows))


@command(DATA, of=loads)
def show(run: Run, load_id: LoadId) -> None:
    """Show all that is known of one load: its files, counts, what it refused and what was noticed."""
    from patron.sources.loads import load_numbered

    with run.connect() as engine:
        row = load_numbered(engine, load_id)
    details = row["details"]
    parts: list[RenderableType] = [_about(row), _files(details["files"]), _tables(details["tables"])]
    if details["reasons"]:
        parts.append(_reasons(details["reasons"]))
    if details["warnings"]:
        said = "\n".join(f"Warning: {printable(one['sentence'])}" for one in details["warnings"])
        parts.append(Text(said, "yellow"))
    if row["mapping"]:
        parts.append(Text(printable(row["mapping"]), "dim"))
    run.show({"database": place(run.url), **row}, *parts)


@command(DATA, of=loads)
def undo(run: Run, load_id: LoadId) -> None:
    """Undo a load: every table becomes as it was before, as long as nothing later depends on what it stored."""
    from patron.sources.undo import undo as undo_load

    with run.connect() as engine, run.progress("Undoing"):
        report = undo_load(engine, load_id)
    made = table("Table", ">Taken out", ">Restored", ">Brought back")
    for one in report.tables:
        made.add_row(one.table, whole(one.taken_out), whole(one.restored), whole(one.brought_back))
    parts: list[RenderableType] = [Text(f"Load {load_id} is undone.", "bold green")]
    parts += [made] if report.tables else []
    if report.back_in_quarantine:
        parts.append(Text(f"{counted(report.back_in_quarantine, 'row')} went back to quarantine."))
    following = commands(("patron build", "bring customer_360 up to date"), database=run.database)
    run.show({"database": place(run.url), "undone": report}, *parts, following)


def load_table(rows: list[dict[str, Any]], title: str | None = None) -> Table:
    """Return a table of loads."""
    made = table(
        *(">Load", "When (UTC)", "~From", ">Read", ">New", ">Updated", ">Refused", "State"),
        title=title,
    )
    for row in rows:
        numbers = (whole(row[name]) for name in ("rows_read", "inserted", "updated", "quarantined"))
        when, source = minute(row["finished_at"]), printable(row["source"])
        style = "dim" if row["state"] == "undone" else ""
        made.add_row(str(row["load_id"]), when, source, *numbers, row["state"], style=style)
    return made


def _about(row: dict[str, Any]) -> Text:
    took = seconds(row["finished_at"] - row["started_at"])
    said = Text.assemble(
        (f"Load {row['load_id']} from {printable(row['source'])}", "bold"),
        f"\n{minute(row['finished_at'])} UTC, {took}, {row['state']}",
    )
    if row["undone_at"]:
        said.append(f" {minute(row['undone_at'])} UTC")
    if row["details"]["same_as"]:
        said.append(f"\nThe very same files as load {row['details']['same_as']}; nothing had changed since.")
    if row["details"]["builds_on"]:
        said.append(f"\nIt builds on load {', '.join(map(str, row['details']['builds_on']))}.")
    return said


def _files(files: list[dict[str, Any]]) -> Table:
    made = table("~File", "Table", ">Size", "~SHA-256")
    for file in files:
        made.add_row(printable(file["name"]), file["table"], size(file["size"]), file["sha256"])
    return made


def _tables(tables: list[dict[str, Any]]) -> Table:
    made = table("Table", ">Read", ">New", ">Updated", ">Unchanged", ">Quarantined", ">Removed", ">Taken up")
    for one in tables:
        made.add_row(one["table"], *(whole(one[name]) for name in (*COUNTS, "removed", "taken_up")))
    return made


def _reasons(reasons: dict[str, dict[str, int]]) -> Table:
    made = table("Table", "Reason", ">Rows")
    for name, codes in reasons.items():
        for code, count in codes.items():
            made.add_row(name, code, whole(count))
    return made
