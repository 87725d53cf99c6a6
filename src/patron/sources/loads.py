"""The records of loads: what was loaded, and which earlier load brought the very same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from patron.contract import Table, table_named
from patron.contract.bookkeeping import FORMER
from patron.engines import Engine, Row
from patron.engines.store import Store
from patron.errors import SourceError
from patron.sources.checks import UNKNOWN

LOOKED_AT = 20  # loads in which the latest of each table is looked for
KEPT = ("stored", "final")  # the states of loads that were not undone


def loads(engine: Engine, limit: int | None = None) -> list[Row]:
    """Return the records of loads, the latest first, with `details` parsed; raises NoDatabase before `init`."""
    query = "SELECT * FROM loads ORDER BY load_id DESC"
    return [_parsed(row) for row in engine.query(f"{query} LIMIT {limit:d}" if limit is not None else query)]


def latest_warnings(engine: Engine) -> list[Row]:
    """Return for each table what was noticed about its rows as a whole when it was loaded last."""
    found: list[Row] = []
    seen: set[str] = set()
    for load in loads(engine, LOOKED_AT):
        tables = {table["table"] for table in load["details"]["tables"] if table["rows_read"]}
        if load["state"] in KEPT:
            fresh = [one for one in load["details"]["warnings"] if one["table"] in tables - seen]
            found += [{"load_id": load["load_id"], **one} for one in fresh]
            seen |= tables
    return found


def load_numbered(engine: Engine, load_id: int) -> Row:
    """Return one load's record; raises SourceError when there is none."""
    rows = engine.query("SELECT * FROM loads WHERE load_id = ?", [load_id])
    if not rows:
        raise SourceError(f"There is no load {load_id}; `patron loads` lists those that there are.")
    return _parsed(rows[0])


def next_load_id(store: Store) -> int:
    """Return the number of the load to come."""
    return store.count(f"SELECT COALESCE(MAX(load_id), 0) + 1 FROM {store.home}loads")


def record(store: Store, load: Mapping[str, Any]) -> None:
    """Keep a load's record."""
    columns, marks = ", ".join(load), ", ".join("?" for _ in load)
    store.run(f"INSERT INTO {store.home}loads ({columns}) VALUES ({marks})", list(load.values()))


def forget(store: Store, load_id: int, undoable: int) -> None:
    """Forget what loads replaced, but for the latest `undoable` of them."""
    last = load_id - undoable
    stale = store.run(
        f"UPDATE {store.home}loads SET state = 'final' WHERE state = 'stored' AND load_id <= ?", [last]
    )
    if undoable and not stale:
        return
    for former in FORMER.values():
        store.run(f"DELETE FROM {store.home}{former.name} WHERE load_id <= ?", [last])
    store.run(f"DELETE FROM {store.home}settled_rows WHERE settled_by <= ?", [last])


def later_details(store: Store, load_id: int) -> dict[int, dict[str, Any]]:
    """Return the details of all loads after one that were not undone, by their number."""
    rows = store.rows(
        f"SELECT load_id, details FROM {store.home}loads WHERE load_id > ? AND state <> 'undone' ORDER BY load_id",
        [load_id],
    )
    return {number: json.loads(details) for number, details in rows}


def find_same(
    store: Store, content: str | None, mapping: str | None, options: dict[str, Any]
) -> tuple[int, dict[str, Any]] | None:
    """Find the latest load of the same content, read in the same way, if all is still as that load left it.

    Returns its number and details, or None where that is not so or cannot be known.
    """
    rows = store.rows(
        f"SELECT load_id, mapping_hash, details FROM {store.home}loads "
        "WHERE content_hash = ? AND state <> 'undone' ORDER BY load_id DESC LIMIT 1",
        [content],
    )
    if content is None or not rows:
        return None
    load_id, its_mapping, details = rows[0][0], rows[0][1], json.loads(rows[0][2])
    if its_mapping != mapping or details["options"] != options or _may_be_taken_now(details):
        return None
    tables = [table_named(name) for name in details["fingerprints"]]
    store.lock(tables)
    names = {table.name for table in tables}
    for later in later_details(store, load_id).values():
        if names & changed_by(later):
            return None
    return (load_id, details) if all(_is_as_left(store, table, details) for table in tables) else None


def changed_by(details: dict[str, Any]) -> set[str]:
    """Return the tables of which a load changed rows."""
    return {
        table["table"]
        for table in details["tables"]
        if table["inserted"] + table["updated"] + table["removed"]
    }


def _is_as_left(store: Store, table: Table, details: dict[str, Any]) -> bool:
    return bool(store.fingerprint(table) == details["fingerprints"][table.name])


def _may_be_taken_now(details: dict[str, Any]) -> bool:
    """Whether rows were refused that would be taken once others have come."""
    return any(code in UNKNOWN.values() for codes in details["reasons"].values() for code in codes)


def _parsed(row: Row) -> Row:
    return {**row, "details": json.loads(row["details"])}
