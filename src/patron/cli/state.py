"""What `patron status` tells, read from a database."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from patron.cli.refused import refused
from patron.contract import CONTRACT
from patron.contract.bookkeeping import BOOKKEEPING, LOADS
from patron.engines import Engine
from patron.engines.base import Reconciliation
from patron.model.render import parameters
from patron.model.steps import STORED, Kept, kept, step_named
from patron.settings import Model
from patron.sources.loads import latest_warnings, loads

LATEST = 5  # loads and builds that are told


class State(StrEnum):
    """How far a database has come."""

    NO_DATABASE = "no database"
    NOT_INITIALISED = "not initialised"
    OTHER_VERSION = "made by another version"
    EMPTY = "empty"
    NOT_BUILT = "not built"
    PUBLISHED = "published"
    CHANGED = "changed since the build"
    WRONG = "does not reconcile"
    SETTINGS = "settings changed since the build"
    DUE = "dates came since the build"
    UP_TO_DATE = "up to date"


def nothing(state: State) -> dict[str, Any]:
    """Return the status of a database that has nothing to count."""
    lists = ("changed_settings", "tables", "quarantine", "loads", "warnings", "builds", "reconciliation")
    return {"state": state, "changed_customers": 0, "due_customers": 0, **{name: [] for name in lists}}


def read_status(engine: Engine, today: date) -> dict[str, Any]:
    """Return what is loaded, refused and built, and each figure of the latest build counted again now.

    All of it is of one moment, whoever writes meanwhile. `changed_settings` are the thresholds that are no longer
    those of the latest build, and `due_customers` those with something dated after that build and until `today`.
    """
    with engine.snapshot():
        return _read(engine, today)


def _read(engine: Engine, today: date) -> dict[str, Any]:
    there = engine.contents()
    if not {table.name for table in (*CONTRACT, *BOOKKEEPING)} <= there.keys():
        return nothing(State.NOT_INITIALISED)
    derived = {step.name for step in kept(*STORED, Kept.VIEW)}
    last = engine.last_build()
    used = _settings_of(last) if last and last.get("model") == engine.model_mark else None
    lacks = not derived <= there.keys() and (last is not None or engine.installs_derived)
    other = lacks or (last is not None and used is None)
    if other:
        used = None  # what could be said of this build would be this version's words about another's figures
    found = {
        "changed_customers": engine.changed_customers(),
        "due_customers": _due(engine, today) if used else 0,
        "changed_settings": _changed_settings(engine, used) if used else [],
        "tables": [_counted(engine, table.name, table.date) for table in CONTRACT],
        "quarantine": refused(engine),
        "loads": [_in_short(row) for row in loads(engine, LATEST)],
        "warnings": latest_warnings(engine),
        "builds": _latest(engine, "builds", "build_id", "settings", "steps", "reconciliation"),
        "reconciliation": [
            {
                "figure": one.figure,
                "in_sources": one.in_sources,
                "in_result": one.in_result,
                "agrees": one.agrees,
            }
            for one in (reconciled_now(engine) if used and not _is_published(engine) else [])
        ],
    }
    return {"state": State.OTHER_VERSION if other else _state(found), **found}


def _is_published(engine: Engine) -> bool:
    """Tell whether customer_360 was built elsewhere and brought here by `patron publish`, without its sources."""
    last = engine.last_build()
    tables = [*(table.name for table in CONTRACT), LOADS.name]
    return bool(last and last["customers"]) and not any(
        _counted(engine, table, None)["rows"] for table in tables
    )


def reconciled_now(engine: Engine) -> list[Reconciliation]:
    """Return each figure of the latest build, counted again in the sources as they are and in customer_360."""
    last = engine.last_build()
    if last is None:
        return []
    values = parameters(Model.model_validate_json(last["settings"]), last["as_of"], last["build_id"])
    rows = engine.query(engine.sql(step_named("reconciliation").tree, values))
    return [Reconciliation(**row) for row in rows]


# The names below are the contract's own and no user's words, so they need no quoting.


def _counted(engine: Engine, table: str, date: str | None) -> dict[str, Any]:
    first, last = (f"CAST({one}({date}) AS DATE)" if date else "NULL" for one in ("MIN", "MAX"))
    sql = f"SELECT COUNT(*) AS rows, {first} AS first, {last} AS last FROM {table}"  # noqa: S608
    return {"table": table, **engine.query(sql)[0]}


def _in_short(load: dict[str, Any]) -> dict[str, Any]:
    """Return a load without what only later loads need to know of it."""
    kept = ("tables", "files", "reasons", "new_in_quarantine", "released", "notes", "warnings", "same_as")
    return {**load, "details": {name: load["details"][name] for name in kept}}


def _latest(engine: Engine, table: str, key: str, *documents: str) -> list[dict[str, Any]]:
    rows = engine.query(f"SELECT * FROM {table} ORDER BY {key} DESC LIMIT {LATEST}")  # noqa: S608
    return [{**row, **{name: json.loads(row[name]) for name in documents}} for row in rows]


def _due(engine: Engine, today: date) -> int:
    sql = "SELECT COUNT(*) AS number FROM customers_to_come WHERE comes_on <= ?"
    return int(engine.query(sql, [today])[0]["number"])


def _settings_of(build: dict[str, Any]) -> Model | None:
    """Return the thresholds of a build; None where another version let it have what this one does not."""
    try:
        return Model.model_validate_json(build["settings"])
    except ValidationError:
        return None


def _changed_settings(engine: Engine, used: Model) -> list[str]:
    now = engine.settings.model
    return [name for name in Model.model_fields if getattr(used, name) != getattr(now, name)]


def _state(found: dict[str, Any]) -> State:
    """Return the first state that fits; what a build would bring right comes before what is wrong."""
    without_sources = not any(table["rows"] for table in found["tables"])
    built = bool(found["builds"]) and found["builds"][0]["customers"] > 0
    in_order = {
        State.PUBLISHED: without_sources and built and not found["loads"],
        State.EMPTY: without_sources,
        State.NOT_BUILT: not found["builds"],
        State.CHANGED: found["changed_customers"] > 0,
        State.WRONG: not all(one["agrees"] for one in found["reconciliation"]),
        State.SETTINGS: bool(found["changed_settings"]),
        State.DUE: found["due_customers"] > 0,
        State.UP_TO_DATE: True,
    }
    return next(state for state, fits in in_order.items() if fits)
