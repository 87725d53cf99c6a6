"""What happens to the quarantine within a load, in SQL that every engine understands.

An entry that leaves the quarantine stays in `settled_rows` until the load that settled it can no longer be undone.
"""

from __future__ import annotations

from collections.abc import Sequence

from patron.contract import Table
from patron.contract.bookkeeping import QUARANTINE, SETTLED
from patron.engines.store import REFUSED, REFUSED_COLUMNS, Store

_COLUMNS = ", ".join(column.name for column in REFUSED_COLUMNS)
_ENTRY = ", ".join(QUARANTINE.names)
_SETTLED = ", ".join(SETTLED.names)
ARRIVED, RESTATED, GONE = "arrived_entries", "restated_entries", "gone_entries"

# As many equal rows stand in the quarantine as one load refused at most: loading a file again adds nothing.
_ADD = f"""
    INSERT INTO quarantine (entry_id, load_id, {_COLUMNS})
    SELECT
        ROW_NUMBER() OVER (ORDER BY table_name, source_file, source_line) + (
            SELECT COALESCE(MAX(entry_id), 0)
            FROM (SELECT entry_id FROM quarantine UNION ALL SELECT entry_id FROM settled_rows) AS numbered
        ),
        ?,
        {_COLUMNS}
    FROM (
        SELECT
            refused.*,
            held.copies AS copies,
            ROW_NUMBER() OVER (
                PARTITION BY refused.table_name, refused.reason_code, MD5(refused.content)
                ORDER BY refused.source_file, refused.source_line
            ) AS copy
        FROM {ARRIVED} AS refused
        LEFT JOIN (
            SELECT table_name, reason_code, MD5(content) AS digest, COUNT(*) AS copies
            FROM quarantine
            GROUP BY table_name, reason_code, MD5(content)
        ) AS held
          ON held.table_name = refused.table_name
          AND held.reason_code = refused.reason_code
          AND held.digest = MD5(refused.content)
    ) AS numbered
    WHERE copy > COALESCE(copies, 0)
"""


def add_refused(store: Store, load_id: int) -> int:
    """Take the rows of the reader's table `REFUSED` into the quarantine and return how many are new there.

    A row that stands there already, with the same table, code and content, is not taken again.
    """
    if not store.send(f"SELECT * FROM {REFUSED}", ARRIVED):
        return 0
    return store.run(_ADD, [load_id])


def fetch_earlier(store: Store, table: Table, load_id: int, but_not: Sequence[str], into: str) -> int:
    """Copy what earlier loads quarantined for `table` into the reader's table `into`; return how many rows.

    The table gets `entry_id`, `load_id`, `reason_code`, `source_file` and `content`. Reason codes in `but_not` are
    left out, and so is what `add_refused` was given again. Comes after that.
    """
    again = (
        f"AND NOT EXISTS (SELECT 1 FROM {ARRIVED} AS refused WHERE refused.table_name = held.table_name "
        "AND refused.reason_code = held.reason_code AND refused.content = held.content)"
    )
    refused = store.reader.execute(f"SELECT COUNT(*) FROM {REFUSED}").fetchall()[0][0]
    codes = ", ".join("?" for _ in but_not)
    return store.fetch(
        "SELECT held.entry_id, held.load_id, held.reason_code, held.source_file, held.content FROM quarantine AS held "
        f"WHERE held.table_name = ? AND held.load_id < ? AND held.reason_code NOT IN ({codes}) "
        f"{again if refused else ''}",
        into,
        [table.name, load_id, *but_not],
    )


def settle(store: Store, load_id: int, query: str) -> int:
    """Take entries out of the quarantine whose `entry_id` the reader's `query` gives; return how many."""
    if not store.send(query, GONE):
        return 0
    _copy_to_settled(store, load_id, GONE)
    return store.run(f"DELETE FROM quarantine WHERE entry_id IN (SELECT entry_id FROM {GONE})")


def restate(store: Store, load_id: int, query: str) -> int:
    """Give entries another reason or content; the reader's `query` has all of them and what they are to say.

    Its columns are `entry_id`, `reason_code`, `reason` and `content`. Returns how many there were.
    """
    if not store.send(query, RESTATED):
        return 0
    _copy_to_settled(store, load_id, RESTATED)
    return store.run(
        "UPDATE quarantine SET reason_code = said.reason_code, reason = said.reason, content = said.content "
        f"FROM {RESTATED} AS said WHERE quarantine.entry_id = said.entry_id"
    )


def bring_back(store: Store, load_id: int) -> int:
    """Undo what a load did to the quarantine: its own entries go, what it settled is as before; count these."""
    store.run("DELETE FROM quarantine WHERE load_id = ?", [load_id])
    store.run("DELETE FROM settled_rows WHERE load_id = ?", [load_id])
    store.run(
        "DELETE FROM quarantine WHERE entry_id IN (SELECT entry_id FROM settled_rows WHERE settled_by = ?)",
        [load_id],
    )
    back = store.run(
        f"INSERT INTO quarantine ({_ENTRY}) SELECT {_ENTRY} FROM settled_rows WHERE settled_by = ?", [load_id]
    )
    store.run("DELETE FROM settled_rows WHERE settled_by = ?", [load_id])
    return back


def _copy_to_settled(store: Store, load_id: int, entries: str) -> None:
    store.run(
        f"INSERT INTO settled_rows ({_SETTLED}) SELECT ?, {_ENTRY} FROM quarantine "
        f"WHERE entry_id IN (SELECT entry_id FROM {entries}) "
        "AND entry_id NOT IN (SELECT entry_id FROM settled_rows WHERE settled_by = ?)",
        [load_id, load_id],
    )
