"""`patron init`: create what is missing in the database."""

from __future__ import annotations

from rich.text import Text

from patron.cli.application import DATA, command
from patron.cli.run import Run
from patron.cli.words import counted, place


@command(DATA)
def init(run: Run) -> None:
    """Create the contract tables, the views and, on PostgreSQL, the stored procedure.

    What is there already stays as it is, so it does no harm to run this again.
    """
    from patron.contract import CONTRACT

    with run.making() as engine:
        before = engine.contents()
        engine.init()
        after = engine.contents()
    made = {name: kind for name, kind in after.items() if name not in before}
    document = {
        "database": place(run.url),
        "made": [{"name": name, "kind": kind} for name, kind in made.items()],
        "there": [{"name": name, "kind": after[name]} for name in before],
    }
    lines = Text()
    for kind in ("table", "view", "procedure"):
        names = [name for name in made if made[name] == kind]
        if names:
            lines.append(f"Made {counted(len(names), kind)}: ", "green").append(", ".join(names)).append("\n")
    there = sum(name in before for name in after)
    if there:
        lines.append(
            f"{counted(there, 'thing')} {'was' if there == 1 else 'were'} there and stayed.\n", "dim"
        )
    contract = sum(table.name in after for table in CONTRACT)
    lines.append(f"{place(run.url)} is ready: all {contract} contract tables are there.", "bold")
    run.show(document, lines)
