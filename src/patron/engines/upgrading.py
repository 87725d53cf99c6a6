"""Brings the schema of a database from the version it carries to that of this Patron.

A version's own statements come first, then the tables that are lacking and the columns that were added, and last all
that is derived is made anew where its columns are other ones. All of it is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import ErrorLevel

from patron import __version__
from patron.contract.bookkeeping import BUILDS, CHANGED_CUSTOMERS, LOADS, QUARANTINE, SCHEMA_HISTORY
from patron.contract.versions import Version, schema_version, since
from patron.errors import NoDatabase, OtherVersion
from patron.model.steps import STORED, Kept, kept

if TYPE_CHECKING:
    from patron.engines.base import Engine

Run = Callable[..., list[tuple[Any, ...]]]  # a statement in the engine's dialect, and values if it has any
Columns = dict[str, list[tuple[str, str]]]
HISTORY = SCHEMA_HISTORY.name
# The latest change, not the highest number: nothing keeps a version from being taken back by a later one.
VERSION = f"SELECT (SELECT schema_version FROM {HISTORY} ORDER BY change_id DESC LIMIT 1) AS version"
UNVERSIONED = {table.name for table in (LOADS, QUARANTINE, CHANGED_CUSTOMERS, BUILDS)}


class Rehearsed(Exception):
    """A dry run has come to its end, and what it did is undone."""


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade did: the versions it passed, and in a sentence each what became of tables and views.

    `needs_build` says that what builds fill is empty, or was computed by another version's model.
    """

    before: int
    after: int
    versions: tuple[Version, ...]
    changes: tuple[str, ...]
    needs_build: bool


def by_table(rows: Iterable[tuple[Any, ...]]) -> Columns:
    """Group rows of (table, column, type) by the table."""
    found: Columns = {}
    for table, name, kind in rows:
        found.setdefault(table, []).append((name, kind))
    return found


def upgrade(engine: Engine, run: Run) -> Upgrade:
    """Bring the schema up to date by `run`, which is in a transaction; raises NoDatabase or OtherVersion."""
    before = engine.columns(run)
    found = _version(before, run)
    if found is None:
        raise NoDatabase("There is nothing of Patron's to upgrade here yet; run `patron init` first.")
    if found > schema_version():
        raise _later(found, "The database")
    versions = since(found)
    for version in versions:
        for statement in version.statements:
            tree = sqlglot.parse_one(statement, read="duckdb")
            run(tree.sql(engine.dialect, unsupported_level=ErrorLevel.RAISE))
    engine.install(run)
    run(stamping())
    marks = run(f"SELECT model FROM {BUILDS.name} ORDER BY build_id DESC LIMIT 1")
    needs_build = bool(marks) and marks[0][0] != engine.model_mark
    return Upgrade(
        found, schema_version(), versions, tuple(_changes(before, engine.columns(run))), needs_build
    )


def stamping() -> str:
    """Return the statement that notes this Patron's version of the schema, unless the database has it already."""
    return (
        f"INSERT INTO {HISTORY} (change_id, schema_version, patron, done_at) "
        f"SELECT COALESCE(MAX(change_id), 0) + 1, {schema_version()}, '{__version__}', TIMEZONE('UTC', NOW()) "
        f"FROM {HISTORY} HAVING COALESCE(({VERSION}), 0) <> {schema_version()}"
    )


def is_unversioned(names: Collection[str]) -> bool:
    """Whether these are the tables and views of a database from before versions were counted."""
    return set(names) >= UNVERSIONED and HISTORY not in names


def other_version(found: int, shown: str) -> OtherVersion | None:
    """Return the error of a database, which is `shown` so, whose schema is not of this Patron's version."""
    if found == schema_version():
        return None
    if found > schema_version():
        return _later(found, shown)
    return OtherVersion(
        f"{shown} was made by an earlier version of Patron, with version {found} of the schema where this one works on "
        f"version {schema_version()}: stop what else uses it, make a backup, and run `patron upgrade`."
    )


def lacks(found: Columns) -> str | None:
    """Return in words which table or view that builds fill lacks what; None where all is there, or nothing is yet."""
    if BUILDS.name not in found:
        return None
    for step in kept(*STORED, Kept.VIEW):
        names = {name for name, _ in found.get(step.name, [])}
        if not names:
            return f"it has no {step.name}"
        if missing := [name for name in step.columns if name not in names]:
            return f"{step.name} lacks {missing[0]}"
    return None


def _later(found: int, shown: str) -> OtherVersion:
    return OtherVersion(
        f"{shown} was made by a later version of Patron, with version {found} of the schema where this one "
        f"({__version__}) knows version {schema_version()}: install that Patron or a later one."
    )


def _version(columns: Columns, run: Run) -> int | None:
    if HISTORY in columns:
        found = run(VERSION)[0][0]
        return None if found is None else int(found)
    return 0 if is_unversioned(columns) else None


def _changes(before: Columns, after: Columns) -> Iterator[str]:
    for name, columns in after.items():
        if name not in before:
            yield f"{name} is made"
        elif added := [column for column, _ in columns if column not in dict(before[name])]:
            yield f"{name} gets {', '.join(added)}"
        elif columns != before[name]:
            yield f"{name} is made anew"
    for name in before:
        if name not in after:
            yield f"{name} is dropped"
