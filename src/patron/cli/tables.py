"""Tables, lists and hints that several commands print."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from patron.cli.words import exact, whole

SIDE_BY_SIDE = 100  # from this width of the terminal on
COMMAND_WIDTH = 46


def table(*columns: str, title: str | None = None) -> Table:
    """Return an empty table.

    A column whose name begins with '>' is one of numbers, to the right; one that begins with '~' is one of
    text that may break into lines.
    """
    made = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        header_style="dim",
        border_style="dim",
        title=title,
        title_justify="left",
        title_style="bold",
    )
    for name in columns:
        justify: Literal["left", "right"] = "right" if name.startswith(">") else "left"
        overflow: Literal["fold", "ellipsis"] = "fold" if name.startswith("~") else "ellipsis"
        made.add_column(name.lstrip(">~"), justify=justify, no_wrap=overflow == "ellipsis", overflow=overflow)
    return made


def counts(rows: Mapping[str, int]) -> Table:
    """Return a table of how many rows each table has."""
    made = table("Table", ">Rows")
    for name, count in rows.items():
        made.add_row(name, whole(count))
    return made


def checks(figures: Iterable[Mapping[str, Any]], title: str | None = None) -> Table:
    """Return a table of each figure in the sources and in customer_360, with a mark where they agree."""
    made = table("", "Figure", ">In the sources", ">In customer_360", title=title)
    for figure in figures:
        mark = Text("✔", "green") if figure["agrees"] else Text("✘", "bold red")
        made.add_row(mark, figure["figure"], exact(figure["in_sources"]), exact(figure["in_result"]))
    return made


def side_by_side(console: Console, left: RenderableType, right: RenderableType) -> RenderableType:
    """Return both beside each other where the terminal is wide enough, else one below the other."""
    if console.width < SIDE_BY_SIDE:
        return Group(left, "", right)
    grid = Table.grid(padding=(0, 4, 0, 0))
    grid.add_row(left, right)
    return grid


class Verbatim(Text):
    """Text to copy: its lines are left as they are, however narrow the terminal."""


def glance(url: str) -> tuple[str, str]:
    """Return the command that shows figures of the build at `url`; those of a lake are asked for elsewhere."""
    from patron.engines.address import address

    if address(url).engine == "spark":
        return "patron publish --to served.duckdb", "the figures are asked for there"
    return "patron status --summary", "the figures at a glance"


def commands(*lines: tuple[str, str], database: str | None = None) -> Verbatim:
    """Return commands to try next, each with what it is for; `database` is where they are to look.

    A database whose URL holds a password is not repeated.
    """
    from patron.engines.address import address

    if database is not None and not address(database).has_secret:
        lines = ((f"export PATRON_DATABASE={shlex.quote(database)}", "look here from now on"), *lines)
    made = Verbatim("What to try next", "bold")
    for command, purpose in lines:
        made.append(f"\n  {command.ljust(COMMAND_WIDTH)}").append(f"  {purpose}", "not bold dim")
    return made
