"""What each figure's `.sql` file says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import sqlglot
from sqlglot import exp

from patron.errors import ContractError, did_you_mean

DIALECT = "duckdb"
_SAID = ("Title:", "Unit:")


@dataclass(frozen=True)
class Figure:
    """One figure: what it is called, what it counts, what it means, and its query.

    `unit` is customers, money, rate (0 to 1), points or answers. `sql` is the file, in DuckDB's dialect, and
    `columns` maps each of its columns to its meaning.
    """

    name: str
    title: str
    unit: str
    meaning: str
    sql: str
    columns: dict[str, str]

    @property
    def tree(self) -> exp.Query:
        """A fresh syntax tree of the query, to be changed at will."""
        return _parse(self.name, self.sql)


@cache
def figures() -> dict[str, Figure]:
    """Return all figures by name, in alphabetical order."""
    paths = [path for path in files(__package__).iterdir() if path.name.endswith(".sql")]
    found = [_read(path.name.removesuffix(".sql"), path.read_text("utf-8")) for path in paths]
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}


def figure(name: str) -> Figure:
    """Return the figure called `name`; raises ContractError with a suggestion when there is none."""
    if name not in figures():
        raise ContractError(
            f"There is no figure '{name}'.{did_you_mean(name, figures())} There are: {', '.join(figures())}."
        )
    return figures()[name]


def _read(name: str, sql: str) -> Figure:
    header = [line.removeprefix("--").strip() for line in sql.splitlines() if line.startswith("--")]
    said = {key: line.removeprefix(key).strip() for line in header for key in _SAID if line.startswith(key)}
    meaning = " ".join(line for line in header if not line.startswith(_SAID))
    if not meaning or len(said) != len(_SAID):
        raise ContractError(
            f"Figure {name} must open with lines '-- Title: …' and '-- Unit: …' and its meaning."
        )
    return Figure(name, said["Title:"], said["Unit:"], meaning, sql, _columns(name, _parse(name, sql)))


def _columns(name: str, tree: exp.Query) -> dict[str, str]:
    columns = {}
    for column in tree.selects:
        said = [comment.strip() for node in column.walk() for comment in node.comments or ()]
        if not said:
            raise ContractError(
                f"Column {column.alias_or_name} of figure {name} has no comment with its meaning."
            )
        columns[column.alias_or_name] = " ".join(said)
    return columns


def _parse(name: str, sql: str) -> exp.Query:
    try:
        tree = sqlglot.parse_one(sql, read=DIALECT)
    except sqlglot.errors.ParseError as error:
        raise ContractError(f"Figure {name} is not valid SQL: {error}.") from error
    if not isinstance(tree, exp.Query):
        raise ContractError(f"Figure {name} must be one SELECT.")
    return tree
