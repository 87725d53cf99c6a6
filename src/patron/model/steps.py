"""The model's steps: what each `.sql` file says of itself, and the order in which they run.

A step's file opens with its meaning, its grain (one row per what) and how it is kept, and each column of its
last SELECT carries its meaning in a comment. Everything here is read from there; nothing is said twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files

import sqlglot
from sqlglot import exp

from patron.contract import CONTRACT
from patron.contract.bookkeeping import SLICE_NUMBERS
from patron.errors import ContractError

DIALECT = "duckdb"
ROLLUPS = "rollups"  # the folder of the steps that figures are summed from


class Kept(StrEnum):
    """How a step's rows are kept."""

    BUILD_STEP = "build step"  # only while a build runs, computed once for all of its batches
    BATCH_STEP = "batch step"  # only while a batch of customers is computed
    CUSTOMER_TABLE = "customer table"  # a table whose rows are computed batch by batch
    SHOP_TABLE = "shop table"  # a table that every build computes whole
    SHOP_SUM = "shop sum"  # a table of sums over customers, to which an incremental build adds what changed
    VIEW = "view"
    CHECK = "check"  # a query whose rows go into the build's record


STORED = (Kept.CUSTOMER_TABLE, Kept.SHOP_TABLE, Kept.SHOP_SUM)  # in tables that outlast a build


@dataclass(frozen=True)
class Step:
    """One step of the model.

    `sql` is the file as an analyst reads it, in DuckDB's dialect, with `$name` where a setting or the date of
    the build goes. `reads` are the tables and steps it reads. `columns` maps each column that it
    names to its meaning; those that a star passes on are known to `lineage.traced`.
    """

    name: str
    meaning: str
    grain: str
    kept: Kept
    sql: str
    reads: tuple[str, ...]
    columns: dict[str, str]
    parameters: tuple[str, ...]
    is_rollup: bool = False

    @property
    def tree(self) -> exp.Query:
        """A fresh syntax tree of the step, to be changed at will."""
        return _parse(self.name, self.sql)

    @cached_property
    def mentions(self) -> frozenset[str]:
        """Every name in the step's text: all columns that it could read are among them."""
        return frozenset(node.name for node in self.tree.find_all(exp.Identifier))

    @cached_property
    def sums(self) -> tuple[str, ...]:
        """The columns of a shop sum that add up over customers."""
        return tuple(one.alias_or_name for one in self.tree.selects if one.find(exp.AggFunc))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The columns of a shop sum that tell its rows apart."""
        return tuple(name for name in self.columns if name not in self.sums)


@cache
def steps() -> tuple[Step, ...]:
    """Return all steps, each after what it reads; of steps that could swap places the first in alphabet."""
    home = files(__package__)
    own, rollups = ({path.name for path in folder.iterdir()} for folder in (home, home / ROLLUPS))
    paths = {
        **{name: home / name for name in own if name.endswith(".sql")},
        **{name: home / ROLLUPS / name for name in rollups if name.endswith(".sql")},
    }
    found = {name.removesuffix(".sql"): path.read_text("utf-8") for name, path in paths.items()}
    known = set(found) | {table.name for table in (*CONTRACT, SLICE_NUMBERS)}
    read = {
        name: replace(_read_step(name, sql, known), is_rollup=f"{name}.sql" in rollups)
        for name, sql in found.items()
    }
    sorter = TopologicalSorter(
        {name: [one for one in step.reads if one in found] for name, step in read.items()}
    )
    order: list[Step] = []
    try:
        sorter.prepare()
    except CycleError as error:
        raise ContractError(
            f"The model's steps read each other in a circle: {' > '.join(error.args[1])}."
        ) from error
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += [read[name] for name in ready]
        sorter.done(*ready)
    return tuple(order)


def step_named(name: str) -> Step:
    """Return the step called `name`; raises ContractError when there is none."""
    for step in steps():
        if step.name == name:
            return step
    raise ContractError(f"The model has no step '{name}'; it has: {', '.join(one.name for one in steps())}.")


def kept(*ways: Kept) -> tuple[Step, ...]:
    """Return the steps that are kept in one of these ways, in running order."""
    return tuple(step for step in steps() if step.kept in ways)


def _read_step(name: str, sql: str, known: set[str]) -> Step:
    meaning, grain, way = _header(name, sql)
    tree = _parse(name, sql)
    local = {cte.alias for cte in tree.find_all(exp.CTE)}
    reads = sorted({table.name for table in tree.find_all(exp.Table)} - local)
    unknown = [table for table in reads if table not in known]
    if unknown:
        raise ContractError(
            f"Step {name} reads '{unknown[0]}', which is neither a contract table nor a step."
        )
    placeholders = {str(node.this) for node in tree.find_all(exp.Placeholder)}
    return Step(
        name, meaning, grain, way, sql, tuple(reads), _meanings(name, tree), tuple(sorted(placeholders))
    )


def _header(name: str, sql: str) -> tuple[str, str, Kept]:
    lines: list[str] = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    said = {
        key: line.removeprefix(key).strip()
        for line in lines
        for key in ("Grain:", "Kept as:")
        if line.startswith(key)
    }
    meaning = " ".join(line for line in lines if not line.startswith(("Grain:", "Kept as:")))
    if not meaning or len(said) != 2:
        raise ContractError(
            f"Step {name} must open with its meaning, a line '-- Grain: …' and a line '-- Kept as: …'."
        )
    try:
        return meaning, said["Grain:"].rstrip("."), Kept(said["Kept as:"])
    except ValueError as error:
        raise ContractError(
            f"Step {name} is kept as '{said['Kept as:']}'; it can be: {', '.join(Kept)}."
        ) from error


def _meanings(name: str, tree: exp.Query) -> dict[str, str]:
    meanings: dict[str, str] = {}
    for projection in tree.selects:
        if projection.is_star:
            continue
        said = projection.comments or [
            comment for node in projection.walk() for comment in node.comments or ()
        ]
        if not said:
            raise ContractError(
                f"Column {projection.alias_or_name} of step {name} has no comment that says its meaning."
            )
        meanings[projection.alias_or_name] = " ".join(comment.strip() for comment in said)
    return meanings


def _parse(name: str, sql: str) -> exp.Query:
    try:
        tree = sqlglot.parse_one(sql, read=DIALECT)
    except sqlglot.errors.ParseError as error:
        raise ContractError(f"Step {name} is not valid SQL: {error}.") from error
    if not isinstance(tree, exp.Query):
        raise ContractError(f"Step {name} must be one SELECT.")
    return tree
