"""Which earlier loads a load builds on: those whose rows it found, changed or removed.

An earlier load can be undone only once all that build on it are.
"""

from __future__ import annotations

import json
from typing import Any

from patron.contract import Table
from patron.engines.store import Merged, Store
from patron.sources.replacing import vanished
from patron.sources.staging import StagedTable


def earlier_loads_met(
    store: Store, staged: list[StagedTable], merged: dict[str, Merged], removed: dict[str, int]
) -> set[int]:
    """Return the numbers of earlier loads, which can be undone, that had stored rows met in this one."""
    found: set[int] = set()
    undoable = _undoable(store)
    if not undoable:
        return found
    for one in staged:
        counts = merged[one.table.name]
        if counts.filled:
            continue
        if counts.updated or counts.unchanged:
            found |= _behind(store, one.table, _met(store, one), undoable)
        if removed.get(one.table.name):
            found |= _behind(store, one.table, f"SELECT id FROM {vanished(one.table)}", undoable)
    return found


def _undoable(store: Store) -> dict[int, dict[str, Any]]:
    rows = store.rows(f"SELECT load_id, details FROM {store.home}loads WHERE state = 'stored'")
    return {load_id: json.loads(details) for load_id, details in rows}


def _met(store: Store, staged: StagedTable) -> str:
    key, stage = staged.table.key.name, staged.stage
    return (
        f"SELECT staged.{key} AS id FROM {stage.name} AS staged "
        f"JOIN {stage.met} AS met ON met.staged_row = staged.{store.row_number}"
    )


def _behind(store: Store, table: Table, ids: str, undoable: dict[int, dict[str, Any]]) -> set[int]:
    """Return the loads that inserted or changed the rows of these keys."""
    key, former = table.key.name, f"{store.home}former_{table.name}"
    rows = store.rows(f"SELECT DISTINCT load_id FROM {former} WHERE {key} IN ({ids})")
    found = {load_id for (load_id,) in rows}
    fillers = [load_id for load_id, details in undoable.items() if table.name in details["filled"]]
    if fillers and store.count(
        f"SELECT COUNT(*) FROM (SELECT 1 FROM ({ids}) AS met WHERE NOT EXISTS "
        f"(SELECT 1 FROM {former} AS former WHERE former.{key} = met.id AND former.change = 'inserted') LIMIT 1) AS one"
    ):
        found.add(max(fillers))
    return found
