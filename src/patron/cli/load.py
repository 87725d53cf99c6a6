"""`patron load`: files in the contract layout, with quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from patron.cli.application import DATA, command
from patron.cli.letters import printable
from patron.cli.run import Run
from patron.cli.tables import commands, table
from patron.cli.words import counted, place, whole
from patron.errors import SourceError

if TYPE_CHECKING:
    from patron.sources.load import LoadReport

COUNTS = ("rows_read", "inserted", "updated", "unchanged", "quarantined")

Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH…",
        help="A folder of CSV or Parquet files named after the tables, or such files themselves.",
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


@command(DATA)
def load(run: Run, paths: Paths, allow_orphans: AllowOrphans = None) -> None:
    """Load files into the contract tables; a row that does not fit goes to quarantine with its reason.

    Each path is loaded whole or not at all, parents before children. Loading the same files again changes nothing.
    """
    from patron.cli.refused import refused
    from patron.sources.load import load as load_path

    ordered = _parents_first(paths)
    with run.making() as engine, run.progress("Loading") as progress:
        if "customer_info" not in engine.contents():
            engine.init()
        reports = [
            load_path(engine, path, allow_orphans=allow_orphans or (), progress=progress) for path in ordered
        ]
        held = refused(engine) if any(report.reasons for report in reports) else []
    examples = {(one["table_name"], one["reason_code"]): one["example"] for one in held}
    totals = _totals(reports)
    run.show({"database": place(run.url), **totals, "loads": reports}, *_parts(run, reports, examples))
    if totals["quarantined"] and totals["quarantined"] == totals["rows_read"]:
        raise SourceError(
            f"Not one of {counted(totals['quarantined'], 'row')} could be stored, and all are in quarantine; "
            "put right what the reasons name and load again."
        )


def _parents_first(paths: Sequence[Path]) -> list[Path]:
    """Return the paths so that what others refer to is loaded before them, as a shell lists files by name."""
    from patron.contract import CONTRACT
    from patron.sources.layout import find

    order = {one.name: number for number, one in enumerate(CONTRACT)}
    found = {path: find(path) for path in paths}
    return sorted(
        found, key=lambda path: min((order[file.table.name] for file in found[path].files), default=0)
    )


def _totals(reports: Sequence[LoadReport]) -> dict[str, int]:
    return {name: sum(getattr(report, name) for report in reports) for name in COUNTS}


# -- for people -----------------------------------------------------------------------------------------


def _parts(
    run: Run, reports: Sequence[LoadReport], examples: dict[tuple[str, str], str]
) -> list[RenderableType]:
    totals = _totals(reports)
    stored = totals["rows_read"] - totals["quarantined"]
    parts: list[RenderableType] = [
        Text.assemble(
            (
                f"{counted(stored, 'row')} of {whole(totals['rows_read'])} are in {place(run.url)}",
                "bold green",
            ),
            f": {whole(totals['inserted'])} new, {whole(totals['updated'])} updated, "
            f"{whole(totals['unchanged'])} unchanged.",
        ),
        _tables(reports),
    ]
    if totals["quarantined"]:
        said = f"{counted(totals['quarantined'], 'row')} did not fit and went to quarantine:"
        parts += [Text(said, "bold yellow"), _reasons(reports, examples)]
    notes = [printable(note) for report in reports for note in report.notes]
    if notes:
        parts.append(Text("\n".join(f"Note: {note}" for note in notes), "dim"))
    following = [("patron build", "bring customer_360 up to date")]
    if totals["quarantined"]:
        following.append(("patron export quarantine --to refused.csv", "the refused rows as they were"))
    return [*parts, commands(*following, database=run.database)]


def _tables(reports: Sequence[LoadReport]) -> Table:
    made = table("Table", ">Read", ">New", ">Updated", ">Unchanged", ">Quarantined")
    for report in reports:
        for one in report.tables:
            numbers = [whole(getattr(one, name)) for name in COUNTS]
            made.add_row(one.table, *numbers, style="yellow" if one.quarantined else "")
    return made


def _reasons(reports: Sequence[LoadReport], examples: dict[tuple[str, str], str]) -> Table:
    made = table("Table", "Reason", ">Rows", "~For example")
    for report in reports:
        for name, reasons in report.reasons.items():
            for code, count in sorted(reasons.items(), key=lambda item: -item[1]):
                made.add_row(name, code, whole(count), examples.get((name, code), ""))
    return made
