"""`patron dictionary`: what every column means and where it comes from."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from patron.cli.application import SCHEMA, command
from patron.cli.run import Run
from patron.cli.tables import table

if TYPE_CHECKING:
    from patron.model.dictionary import Description, Entry
    from patron.model.lineage import Node

MAIN = "customer_360"
WIDE = 120  # from this width on, tables have room for what a column is made of


def complete_name(incomplete: str) -> list[str]:
    """Return the tables and the columns of customer_360 whose name begins so, for the shell."""
    from patron.model.dictionary import columns, tables

    names = [one.name for one in tables()] + [entry.column for entry in columns(MAIN)]
    return [name for name in names if name.startswith(incomplete)]


Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]",
        help="A column of customer_360, a table or view, or one of its columns as table.column.",
        show_default="all columns of customer_360",
        autocompletion=complete_name,
    ),
]


@command(SCHEMA)
def dictionary(run: Run, name: Name = None) -> None:
    """Say what a column means, its type, and which columns of the contract it is made of."""
    from patron.errors import ContractError, did_you_mean
    from patron.model.dictionary import columns, tables

    described = {one.name: one for one in tables()}
    of, _, column = (name or MAIN).rpartition(".")
    if not of and column in described:
        of, column = column, ""
    entries = columns(of or MAIN, run.settings.id_type)
    if not column:
        wide = not run.json and run.console.width >= WIDE
        run.show(_document(described[of], entries), *_table(described[of], entries, wide=wide))
        return
    for entry in entries:
        if entry.column == column:
            run.show({"table": of or MAIN, **asdict(entry)}, *_one(of or MAIN, entry))
            return
    known = [*(entry.column for entry in entries), *(described if not of else ())]
    raise ContractError(
        f"{of or MAIN} has no column '{column}'{'' if of else ', and there is no table of that name'}."
        f"{did_you_mean(column, known)} `patron dictionary {of or MAIN}` lists what there is."
    )


def _document(table: Description, entries: list[Entry]) -> dict[str, Any]:
    return {"table": table.name, "kind": table.kind, "meaning": table.meaning, "columns": entries}


def _table(described: Description, entries: list[Entry], *, wide: bool) -> list[RenderableType]:
    made = table("Column", "Type", "~Meaning", *(["~Made of"] if wide else []))
    for entry in entries:
        sources = ", ".join([*entry.sources, *(f"${name}" for name in entry.parameters)])
        cells: list[RenderableType] = [
            Text(entry.column, "bold"),
            Text(entry.type, "dim"),
            entry.meaning,
            Text(sources, "dim"),
        ]
        made.add_row(*cells[: len(made.columns)])
    return [Text.assemble((described.name, "bold"), f": {described.meaning}"), made]


def _one(table: str, entry: Entry) -> list[RenderableType]:
    from patron.model.lineage import lineage

    unit = f", {entry.unit}" if entry.unit else ""
    head = Text.assemble(
        (f"{table}.{entry.column}", "bold"), (f"  {entry.type}{unit}", "dim"), f"\n{entry.meaning}"
    )
    origin = lineage(entry.column, table)
    return [head, _tree(origin)] if origin.inputs else [head]


def _tree(node: Node, parent: Tree | None = None) -> Tree:
    """Return what a column is made of as a tree; contract columns and settings are its leaves."""
    if parent is None:
        branch = Tree(Text("Made of", "dim"), guide_style="dim")
    else:
        branch = parent.add(Text(node.name, "" if node.inputs else "bold"))
    for one in node.inputs:
        _tree(one, branch)
    return branch
