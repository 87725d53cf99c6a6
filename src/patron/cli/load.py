"""`patron load`: files and databases into the contract tables, with quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from patron.cli.application import DATA, command
from patron.cli.documents import plain
from patron.cli.letters import printable
from patron.cli.run import Run
from patron.cli.tables import commands, table
from patron.cli.words import counted, place, whole
from patron.errors import NoDatabase, SourceError

if TYPE_CHECKING:
    from patron.engines import Engine
    from patron.sources.load import LoadReport

COUNTS = ("rows_read", "inserted", "updated", "unchanged", "quarantined")

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH…",
        help="A folder of files named after the tables, or such files; with a mapping any files, or a database.",
    ),
]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="How the tables are made of the shop's own files or tables; `patron map` writes one.",
    ),
]
AllowOrphans = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-orphans",
        metavar="WHAT",
        help="Store rows although they refer to an unknown one of these: products or sessions.",
    ),
]


Replace = Annotated[
    bool,
    typer.Option("--replace", help="Swap each table whole: rows that the new files lack go away."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Do everything, tell what came of it, and keep nothing.")
]
Again = Annotated[
    bool, typer.Option("--again", help="Read files again that are known and after which nothing changed.")
]


@command(DATA)
def load(
    run: Run,
    paths: Paths,
    mapping: MappingFile = None,
    allow_orphans: AllowOrphans = None,
    replace: Replace = False,
    dry_run: DryRun = False,
    again: Again = False,
) -> None:
    """Load files into the contract tables; a row that does not fit goes to quarantine with its reason.

    All paths are one load, stored whole or not at all. Loading the same files again changes nothing.
    """
    from patron.sources.formats.remote import is_remote
    from patron.sources.layout import find_all
    from patron.sources.load import load as load_paths
    from patron.sources.mapping.model import read_mapping

    mapped = read_mapping(mapping) if mapping else None
    if mapped is None and not any(map(is_remote, paths)):
        find_all([Path(path) for path in paths])  # before a database is made
    with _database(run, dry_run=dry_run) as engine, run.progress("Loading") as progress:
        if "customer_info" not in engine.contents():
            engine.init()
        report = load_paths(
            engine,
            paths,
            mapping=mapped,
            allow_orphans=allow_orphans or (),
            replace=replace,
            dry_run=dry_run,
            again=again,
            progress=progress,
        )
    show_report(run, report)
    if report.quarantined and report.quarantined == report.rows_read:
        raise SourceError(
            f"Not one of {counted(report.quarantined, 'row')} could be stored, and all are in quarantine; "
            "put right what the reasons name and load again."
        )


def _database(run: Run, *, dry_run: bool) -> AbstractContextManager[Engine]:
    """Open the database; a dry run makes none, and works in memory where there is none."""
    if not dry_run:
        return run.making()
    try:
        return run.connect()
    except NoDatabase:
        return run.connect(":memory:")


# -- for people -----------------------------------------------------------------------------------------


def show_report(run: Run, report: LoadReport) -> None:
    """Print what a load did."""
    totals = {name: getattr(report, name) for name in (*COUNTS, "removed", "taken_up")}
    run.show({"database": place(run.url), **totals, **plain(report)}, *_parts(run, report))


def _parts(run: Run, report: LoadReport) -> Iterator[RenderableType]:
    yield _headline(run, report)
    if report.tables:
        yield _tables(report)
    if report.quarantined:
        goes = "would go" if report.dry_run else "went"
        refused = f"{counted(report.quarantined, 'row')} did not fit and {goes} to quarantine:"
        yield Group(Text(refused, "bold yellow"), "", _reasons(report))
    if report.warnings:
        yield Text("\n".join(f"Warning: {printable(one.sentence)}" for one in report.warnings), "yellow")
    if report.notes:
        yield Text("\n".join(f"Note: {printable(note)}" for note in report.notes), "dim")
    if report.dry_run:
        yield Text("This was a dry run: nothing was kept.", "bold")
        return
    following = [("patron build", "bring customer_360 up to date")]
    if report.quarantined:
        following.append(("patron quarantine export --to refused.csv", "the refused rows, to be repaired"))
    yield commands(*following, database=run.database)


def _headline(run: Run, report: LoadReport) -> Text:
    stored = report.rows_read - report.quarantined
    verb = "would be" if report.dry_run else "are"
    said = Text.assemble(
        (f"{counted(stored, 'row')} of {whole(report.rows_read)} {verb} in {place(run.url)}", "bold green"),
        f": {whole(report.inserted)} new, {whole(report.updated)} updated, {whole(report.unchanged)} unchanged.",
    )
    if report.same_as is not None:
        said.append(f"\nLoad {report.same_as} brought the very same files, and nothing has changed since.")
    if report.removed:
        said.append(f"\n{counted(report.removed, 'row')} that the new files lack {verb} gone.")
    if report.taken_up:
        said.append(f"\n{counted(report.taken_up, 'row')} came out of the quarantine.")
    return said


def _tables(report: LoadReport) -> Table:
    removed = (">Removed",) if report.removed else ()
    made = table("Table", ">Read", ">New", ">Updated", ">Unchanged", ">Quarantined", *removed)
    for one in report.tables:
        numbers = [whole(getattr(one, name)) for name in (*COUNTS, *(["removed"] if removed else []))]
        made.add_row(one.table, *numbers, style="yellow" if one.quarantined else "")
    return made


def _reasons(report: LoadReport) -> Table:
    made = table("Table", "Reason", ">Rows", "~For example")
    for name, reasons in report.reasons.items():
        for code, count in sorted(reasons.items(), key=lambda item: -item[1]):
            made.add_row(name, code, whole(count), printable(report.examples.get(name, {}).get(code, "")))
    return made
