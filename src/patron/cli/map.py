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
from patron.cli.tables import commands, table
from patron.cli.words import counted, place, whole
from patron.errors import SourceError

if TYPE_CHECKING:
    from patron.sources.mapping.preview import Preview

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH…",
        help="Files, a folder of them, or a database's path or URL; with --check also a mapping, FILE.toml.",
    ),
]
To = Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write the mapping to this file.")]
Check = Annotated[
    bool,
    typer.Option(
        "--check",
        help="Show what a mapping would load: that among PATH, else the one beside it, else the one proposed.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace FILE if it is there already.")]


@command(DATA)
def map(  # noqa: A001 - the command is called so
    run: Run, paths: Paths, to: To = None, check: Check = False, overwrite: Overwrite = False
) -> None:
    """Propose a mapping for files, a folder or a database: what each column may be, how sure, and why.

    With --check it shows ten rows of each table as they would be loaded, and what would be refused.
    """
    if check:
        _check(run, paths)
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
        (f"patron map {shown} {to} --check", "see what it would load"),
        (f"patron load {shown} --mapping {to}", "load it"),
    )
    todo = sum(line.startswith("# TODO") for line in found.text.splitlines())
    waiting = f"{counted(todo, 'line')} there marked TODO: these wait for your word."
    hints = [Text(one, "yellow") for one in (waiting if todo else None, found.advice) if one]
    document = {"source": shown, "to": to, "tables": found.tables, "advice": found.advice}
    run.show(document, Text(said, "bold green"), *hints, commands(*following))


def _check(run: Run, paths: list[str]) -> None:
    from patron.sources.mapping.beside import find_mapping
    from patron.sources.mapping.model import parse_mapping, read_mapping
    from patron.sources.mapping.preview import preview
    from patron.sources.recognition import recognise

    named = [path for path in paths if path.lower().endswith(".toml")]
    sources = [path for path in paths if path not in named]
    if len(named) > 1 or not sources:
        raise SourceError("To check a mapping, name its source and at most one mapping, such as FILE.toml.")
    shown = " ".join(place(path) for path in sources)
    with TemporaryDirectory(prefix="patron-map-") as folder:
        path = Path(named[0]) if named else find_mapping(sources)
        if path is not None:
            mapping = read_mapping(path)
        else:
            Path(folder, "proposing").mkdir()
            found = recognise(sources, Path(folder, "proposing"), run.settings.id_type, shown)
            mapping = parse_mapping(found.text, "the proposed mapping")
        previews = preview(sources, mapping, Path(folder), run.settings.id_type)
    document: dict[str, Any] = {"mapping": path, "tables": previews}
    said = (
        f"By {path}:" if path else "By the mapping that `patron map` proposes, since there is none beside it:"
    )
    following = (
        (f"patron load {shown} --mapping {path}", "load it")
        if path
        else (f"patron map {shown} --to FILE.toml", "write that mapping, to read it through")
    )
    run.show(document, Text(said), *(_part(one) for one in previews), *_hint(previews), commands(following))


def _hint(previews: list[Preview]) -> list[Text]:
    """Return what to do where rows would be refused because their ids are text."""
    columns = dict.fromkeys(column for one in previews for column in one.ids_with_letters)
    said = (
        f"Ids are to be whole numbers ({', '.join(columns)}). If those refused are right, set "
        'id_type = "text" in patron.toml before the first load.'
    )
    return [Text(said, "yellow")] if columns else []


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
