"""`patron map`: proposes how a shop's own files or tables become the contract's, and shows what would come of it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from patron.cli.application import DATA, command
from patron.cli.letters import printable
from patron.cli.run import Run
from patron.cli.tables import Verbatim, commands, table
from patron.cli.words import counted, place, whole
from patron.errors import SourceError

if TYPE_CHECKING:
    from patron.sources.mapping.preview import Preview

Paths = Annotated[
    list[str], typer.Argument(metavar="PATH…", help="Files, a folder of them, or a database's path or URL.")
]
To = Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write the mapping to this file.")]
Check = Annotated[
    Path | None,
    typer.Option(
        "--check", metavar="FILE", help="Show what this mapping would load, instead of writing one."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace FILE if it is there already.")]


@command(DATA)
def map(  # noqa: A001 - the command is called so
    run: Run, paths: Paths, to: To = None, check: Check = None, overwrite: Overwrite = False
) -> None:
    """Propose a mapping for files, a folder or a database: what each column may be, how sure, and why.

    With --check it shows ten rows of each table as a mapping would load them, and what it would refuse.
    """
    if check is not None:
        _check(run, paths, check)
        return
    from patron.sources.recognition import recognise

    if to is not None and to.exists() and not overwrite:
        raise SourceError(f"{to} is there already; add --overwrite to replace it, or name another file.")
    shown = " ".join(place(path) for path in paths)
    with TemporaryDirectory(prefix="patron-map-") as folder:
        found = recognise(paths, Path(folder), run.settings.id_type, shown)
    if to is None:
        run.show_text({"source": shown, "tables": found.tables, "mapping": found.text}, found.text)
        return
    try:
        to.write_text(found.text, "utf-8")
    except OSError as error:
        raise SourceError(f"{to} cannot be written: {error.strerror or error}.") from error
    columns = sum(len(one) for one in found.tables.values())
    said = f"{counted(columns, 'column')} of {counted(len(found.tables), 'table')} were recognised; see {to}."
    following = (
        (f"patron map {shown} --check {to}", "see what it would load"),
        (f"patron load {shown} --mapping {to}", "load it"),
    )
    todo = found.text.count("# TODO")
    hint = (
        [Text(f"{counted(todo, 'line')} there begin with TODO and wait for your word.", "yellow")]
        if todo
        else []
    )
    document = {"source": shown, "to": to, "tables": found.tables}
    run.show(document, Text(said, "bold green"), *hint, commands(*following))


def _check(run: Run, paths: list[str], mapping: Path) -> None:
    from patron.sources.mapping.model import read_mapping
    from patron.sources.mapping.preview import preview

    with TemporaryDirectory(prefix="patron-map-") as folder:
        previews = preview(paths, read_mapping(mapping), Path(folder), run.settings.id_type)
    document: dict[str, Any] = {"mapping": mapping, "tables": previews}
    run.show(document, *(_part(one) for one in previews), _hint(paths, mapping))


def _hint(paths: list[str], mapping: Path) -> Verbatim:
    shown = " ".join(place(path) for path in paths)
    return commands((f"patron load {shown} --mapping {mapping}", "load it"))


def _part(one: Preview) -> RenderableType:
    refused = sum(one.reasons.values())
    title = f"{one.table}: {counted(one.rows, 'row')} looked at, {whole(refused)} of them would be refused"
    columns = [name for name in one.columns if any(row[name] is not None for row in one.sample)]
    made = table(*columns, title=None)
    for row in one.sample:
        made.add_row(*("" if row[name] is None else printable(row[name]) for name in columns))
    parts: list[RenderableType] = [Text(title, "bold"), made]
    if one.reasons:
        reasons = table("Reason", ">Rows", "~For example")
        for code, count in sorted(one.reasons.items(), key=lambda item: -item[1]):
            reasons.add_row(code, whole(count), printable(one.examples[code]))
        parts += ["", reasons]
    return Group(*parts)
