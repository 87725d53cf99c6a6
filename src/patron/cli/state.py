"""What `patron status` tells, read from a database."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from typing import Any

from patron.cli.refused import refused
from patron.contract import CONTRACT
from patron.contract.bookkeeping import BOOKKEEPING
from patron.engines import Engine
from patron.engines.base import Reconciliation
from patron.model.render import parameters
from patron.model.steps import Kept, kept, step_named
from patron.settings import Model

LATEST = 5  # loads and builds that are told


class State(StrEnum):
    """How far a database has come."""

    NO_DATABASE = "no database"
    NOT_INITIALISED = "not initialised"
    EMPTY = "empty"
    NOT_BUILT = "not built"
    CHANGED = "changed since the build"
    WRONG = "does not reconcile"
    SETTINGS = "settings changed since the build"
    DUE = "dates came since the build"
    UP_TO_DATE = "up to date"


def nothing(state: State) -> dict[str, Any]:
    """Return the status of a database that has nothing to count."""
    lists = ("changed_settings", "tables", "quarantine", "loads", "builds", "reconciliation")
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
    wanted = {table.name for table in (*CONTRACT, *BOOKKEEPING)}
    wanted |= {step.name for step in kept(Kept.CUSTOMER_TABLE, Kept.SHOP_TABLE, Kept.VIEW)}
    if not wanted <= there.keys():
        return nothing(State.NOT_INITIALISED)
    tables = [_counted(engine, table.name, table.date) for table in CONTRACT]
    builds = _latest(engine, "builds", "build_id", "settings", "steps", "reconciliation")
    found = {
        "changed_customers": engine.changed_customers(),
        "due_customers": _due(engine, today) if builds else 0,
        "changed_settings": _changed_settings(engine, builds[0]["settings"]) if builds else [],
        "tables": tables,
        "quarantine": refused(engine),
        "loads": _latest(engine, "loads", "load_id", "details"),
        "builds": builds,
        "reconciliation": [
            {
                "figure": one.figure,
                "in_sources": one.in_sources,
                "in_result": one.in_result,
                "agrees": one.agrees,
            }
            for one in reconciled_now(engine)
        ],
    }
    return {"state": _state(found), **found}


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


def _latest(engine: Engine, table: str, key: str, *documents: str) -> list[dict[str, Any]]:
    rows = engine.query(f"SELECT * FROM {table} ORDER BY {key} DESC LIMIT {LATEST}")  # noqa: S608
    return [{**row, **{name: json.loads(row[name]) for name in documents}} for row in rows]


def _due(engine: Engine, today: date) -> int:
    sql = "SELECT COUNT(*) AS number FROM customers_to_come WHERE comes_on <= ?"
    return int(engine.query(sql, [today])[0]["number"])


def _changed_settings(engine: Engine, used: dict[str, Any]) -> list[str]:
    before, now = Model.model_validate(used), engine.settings.model
    return [name for name in Model.model_fields if getattr(before, name) != getattr(now, name)]


def _state(found: dict[str, Any]) -> State:
    """Return the first state that fits; what a build would bring right comes before what is wrong."""
    in_order = {
        State.EMPTY: not any(table["rows"] for table in found["tables"]),
        State.NOT_BUILT: not found["builds"],
        State.CHANGED: found["changed_customers"] > 0,
        State.WRONG: not all(one["agrees"] for one in found["reconciliation"]),
        State.SETTINGS: bool(found["changed_settings"]),
        State.DUE: found["due_customers"] > 0,
        State.UP_TO_DATE: True,
    }
    return next(state for state, fits in in_order.items() if fits)
