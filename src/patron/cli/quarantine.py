"""`patron quarantine`: what was refused and why; repairing it, trying it again, discarding it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from patron.cli.application import DATA, command, group
from patron.cli.letters import printable
from patron.cli.load import AllowOrphans, DryRun, show_report
from patron.cli.run import Run
from patron.cli.tables import commands, table
from patron.cli.words import counted, place, whole
from patron.errors import SettingsError

Tables = Annotated[
    list[str] | None, typer.Option("--table", metavar="TABLE", help="Only rows meant for this table.")
]
Reasons = Annotated[
    list[str] | None, typer.Option("--reason", metavar="CODE", help="Only rows refused for this.")
]
Loads = Annotated[
    list[int] | None, typer.Option("--load", metavar="ID", help="Only rows that this load met.")
]
Entries = Annotated[
    list[int] | None,
    typer.Option("--entry", metavar="ID", help="Only this row; an export has its number in patron_entry."),
]


@group(DATA)
def quarantine(run: Run) -> None:
    """List what is in quarantine by reason, with examples; `export`, `retry` or `discard` it."""
    from patron.sources.repair import reasons

    with run.connect() as engine:
        found = reasons(engine)
    document = {"database": place(run.url), "rows": sum(row["rows"] for row in found), "reasons": found}
    if not found:
        run.show(document, Text(f"Nothing is in quarantine in {place(run.url)}.", "bold green"))
        return
    following = commands(
        ("patron quarantine export --to refused.csv", "the rows with their reasons, to be repaired"),
        ("patron quarantine retry refused.csv", "once they are"),
        database=run.database,
    )
    headline = Text(f"{counted(document['rows'], 'row')} in quarantine in {place(run.url)}:", "bold yellow")
    run.show(document, headline, _listed(found), following)


@command(DATA, of=quarantine)
def export(
    run: Run,
    to: Annotated[Path, typer.Option(metavar="FILE", help="Where to: a CSV file.")],
    tables: Tables = None,
    reasons: Reasons = None,
    loads: Loads = None,
    entries: Entries = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it is there already.")
    ] = False,
) -> None:
    """Write refused rows to a CSV file, as they were and with their reasons, so that they can be repaired."""
    from patron.sources.repair import export_for_repair

    with run.connect() as engine, run.progress(f"Writing {to.name}"):
        rows = export_for_repair(engine, to, _which(tables, reasons, loads, entries), overwrite=overwrite)
    said = Text(f"{counted(rows, 'row')} of the quarantine are in {to}.", "bold green")
    following = commands((f"patron quarantine retry {to}", "once they are repaired"), database=run.database)
    run.show({"database": place(run.url), "path": to, "rows": rows}, said, following)


@command(DATA, of=quarantine)
def retry(
    run: Run,
    repaired: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="An export whose rows were repaired.", show_default=False),
    ] = None,
    tables: Tables = None,
    reasons: Reasons = None,
    loads: Loads = None,
    entries: Entries = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping", metavar="FILE", help="See rows through this mapping, instead of that of their load."
        ),
    ] = None,
    allow_orphans: AllowOrphans = None,
    dry_run: DryRun = False,
) -> None:
    """Try refused rows again, as they are or as a repaired FILE has them; this is a load and can be undone."""
    from patron.sources.mapping.model import read_mapping
    from patron.sources.repair import retry as try_again

    mapped = read_mapping(mapping) if mapping else None

    with run.connect() as engine, run.progress("Trying again") as progress:
        report = try_again(
            engine,
            repaired,
            _which(tables, reasons, loads, entries),
            mapping=mapped,
            allow_orphans=allow_orphans or (),
            dry_run=dry_run,
            progress=progress,
        )
    show_report(run, report)


@command(DATA, of=quarantine)
def discard(
    run: Run,
    why: Annotated[str, typer.Option(help="Why; it is kept for good.")],
    tables: Tables = None,
    reasons: Reasons = None,
    loads: Loads = None,
    entries: Entries = None,
    everything: Annotated[bool, typer.Option("--all", help="Discard all there is.")] = False,
) -> None:
    """Delete refused rows for good; who did so, when and why is kept in the table discards."""
    from patron.sources.repair import discard as delete

    if not (tables or reasons or loads or entries or everything):
        raise SettingsError(
            "Say what to discard: --table, --reason, --load or --entry, or --all for everything."
        )
    with run.connect() as engine:
        rows = delete(engine, why, _which(tables, reasons, loads, entries))
    run.show(
        {"database": place(run.url), "discarded": rows},
        Text(f"{counted(rows, 'row')} discarded.", "bold green"),
    )


def _which(
    tables: list[str] | None, reasons: list[str] | None, loads: list[int] | None, entries: list[int] | None
) -> Any:
    from patron.contract import table_named
    from patron.sources.returning import Which

    names = tuple(table_named(name).name for name in tables or ())
    return Which(names, tuple(reasons or ()), tuple(loads or ()), tuple(entries or ()))


def _listed(rows: list[dict[str, Any]]) -> Table:
    made = table("Table", "Reason", ">Rows", "~For example")
    for row in rows:
        for number, one in enumerate(row["examples"]):
            line = f":{one['source_line']}" if one["source_line"] else ""
            example = printable(f"{one['source_file']}{line}: {one['reason']}")
            first = (
                (row["table_name"], row["reason_code"], whole(row["rows"])) if not number else ("", "", "")
            )
            made.add_row(*first, example)
    return made
