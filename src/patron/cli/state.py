"""What `patron status` tells, read from a database."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from patron.contract import CONTRACT
from patron.contract.bookkeeping import BOOKKEEPING
from patron.engines import Engine
from patron.engines.base import Reconciliation
from patron.model.render import parameters
from patron.model.steps import Kept, kept, step_named
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
    CHANGED = "changed since the build"
    UP_TO_DATE = "up to date"
    WRONG = "does not reconcile"


def nothing(state: State) -> dict[str, Any]:
    """Return the status of a database that has nothing to count."""
    lists = ("tables", "quarantine", "loads", "warnings", "builds", "reconciliation")
    return {"state": state, "changed_customers": 0, **{name: [] for name in lists}}


def read_status(engine: Engine) -> dict[str, Any]:
    """Return what is loaded, refused and built, and each figure of the latest build counted again now."""
    there = engine.contents()
    if not {table.name for table in (*CONTRACT, *BOOKKEEPING)} <= there.keys():
        return nothing(State.NOT_INITIALISED)
    derived = {step.name for step in kept(Kept.CUSTOMER_TABLE, Kept.SHOP_TABLE, Kept.VIEW)}
    last = engine.last_build()
    other = not derived <= there.keys() or (last is not None and last.get("model") != engine.model_mark)
    tables = [_counted(engine, table.name, table.date) for table in CONTRACT]
    changed = engine.query("SELECT COUNT(DISTINCT customer_id) AS number FROM changed_customers")[0]["number"]
    builds = _latest(engine, "builds", "build_id", "settings", "steps", "reconciliation")
    figures = reconciled_now(engine) if builds and not other else []
    state = _state(sum(table["rows"] for table in tables), bool(builds), changed, figures)
    return {
        "state": State.OTHER_VERSION if other else state,
        "changed_customers": changed,
        "tables": tables,
        "quarantine": engine.query(
            "SELECT table_name, reason_code, COUNT(*) AS rows, MIN(reason) AS example FROM quarantine "
            "GROUP BY table_name, reason_code ORDER BY table_name, rows DESC, reason_code"
        ),
        "loads": [_in_short(row) for row in loads(engine, LATEST)],
        "warnings": latest_warnings(engine),
        "builds": builds,
        "reconciliation": [
            {
                "figure": one.figure,
                "in_sources": one.in_sources,
                "in_result": one.in_result,
                "agrees": one.agrees,
            }
            for one in figures
        ],
    }


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


def _state(rows: int, built: bool, changed: int, figures: list[Reconciliation]) -> State:
    if not rows:
        return State.EMPTY
    if not built:
        return State.NOT_BUILT
    if changed:
        return State.CHANGED
    return State.UP_TO_DATE if all(one.agrees for one in figures) else State.WRONG
