"""Where the rows lie that loads have stored, and how a load is swapped in.

A load writes to a folder of its own, `made/load-3f9c0a1b`, which nobody changes once it is written. The one row that
it adds to `load_commits` at its end names, for each table, the folders that hold all that loads have stored up to
it: it is one file, it is there or it is not, and so it is the swap. These files lie a hundred to a folder, so that
however many loads there were, few are read to find the latest. What others wrote to a table stays where it is, and
counts where no load has stored a row of the same key.

A load builds on what the one before it left, so two that run side by side must not both end. Before its end each claims
to be the one that follows its predecessor, and then looks whether somebody else does: of two that do, at least the
one who looks last sees both claims and gives up. Nobody claims beside a claim that stands, so that tries that are
refused do not make the others wait any longer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from patron.contract.bookkeeping import DISCARDS, LOADS, QUARANTINE, SETTLED
from patron.engines.base import Row
from patron.errors import DatabaseBusy, DatabaseError, NoDatabase

if TYPE_CHECKING:
    from patron.engines.spark.lake import Lake

COMMITS = "load_commits"
CLAIMS = "load_claims"
# Each load adds files of one row, in folders of so many: nobody reads more of them to find the latest.
BLOCK = 100
COLUMNS = {"change_id": "BIGINT", "finished_at": "TIMESTAMP", "folder": "STRING", "places": "STRING"}
CLAIMED = {"folder": "STRING", "claimed_at": "TIMESTAMP"}
# The end of a load is one small file: a claim that is older and led to none is that of a load that was killed.
CLAIMED_FOR = timedelta(minutes=10)
# A load that has not come to its last row by then gives up, before others take its claim for that of a killed one.
ENDS_WITHIN = CLAIMED_FOR / 2
# Patron's own tables that loads keep here; what could undo them is not kept.
KEPT_BY_LOADS = (LOADS, QUARANTINE, SETTLED, DISCARDS)
PREFIX = "load-"

Places = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Loaded:
    """What loads have stored up to one of them: by table the folders that hold its rows, each under `made`.

    `change_id` is that load's number among all that changed something, 0 before the first one.
    """

    change_id: int = 0
    folder: str | None = None
    places: Places = field(default_factory=dict)


def commits(lake: Lake) -> list[Row]:
    """Return the rows of all loads that changed something, the latest first; of those with one number, the first.

    Raises DatabaseError where rows of some are gone: who took what those stored for what nobody reads would erase it.
    """
    last = latest(lake)
    if last.folder is None:
        return []
    numbers = range(last.change_id // BLOCK + 1)
    lake.show_own(COMMITS, [lake.path(_block(number)) for number in numbers], COLUMNS)
    found = lake.rows(f"SELECT * FROM {COMMITS}")
    if {row["change_id"] // BLOCK for row in found} != set(numbers):
        raise DatabaseError(
            f"{lake.where.shown} lacks files of {COMMITS} that loads wrote; bring them back, as from former "
            "versions that the store keeps."
        )
    return sorted(found, key=lambda row: (-row["change_id"], row["finished_at"], row["folder"]))


def latest(lake: Lake) -> Loaded:
    """Return what loads have stored until now.

    Where two ended at the same time, it is what the first of them left.
    """
    block, missing, found = 0, None, _last_in_block(lake, 0)
    # A block begins when the one before is full, so the last one is found by looking ever further ahead, then between.
    while found is not None and _is_full(found) and missing != block + 1:
        number = 2 * block + 1 if missing is None else (block + missing) // 2
        ahead = _last_in_block(lake, number)
        if ahead is None:
            missing = number
        else:
            block, found = number, ahead
    return loaded_by(found) if found else Loaded()


def _is_full(last: Row) -> bool:
    return bool(last["change_id"] % BLOCK == BLOCK - 1)


def _block(number: int) -> str:
    return f"{COMMITS}/block={number}"


def _last_in_block(lake: Lake, number: int) -> Row | None:
    rest = "ORDER BY change_id DESC, finished_at, folder LIMIT 1"
    found = _rows(lake, COMMITS, [lake.path(_block(number))], COLUMNS, rest)
    return found[0] if found else None


def stands(lake: Lake, load: Loaded) -> bool:
    """Return whether what is loaded counts, though others may have built on it meanwhile."""
    rest = "WHERE change_id = ? ORDER BY finished_at, folder LIMIT 1"
    found = _rows(
        lake, COMMITS, [lake.path(_block(load.change_id // BLOCK))], COLUMNS, rest, [load.change_id]
    )
    return [row["folder"] for row in found] == [load.folder]


def claim(lake: Lake, before: Loaded, folder: str) -> None:
    """Claim that the load of `folder` is the one that follows `before`; raises DatabaseBusy where another one may be.

    DatabaseError says that another one was, or that it took too long to find out.
    """
    if latest(lake).folder != before.folder:
        raise overtaken(lake)
    see_unclaimed(lake, before, folder)
    now = datetime.now(UTC)
    one = {"folder": folder, "claimed_at": now}
    lake.add(pa.Table.from_pylist([one]), _claims(before), CLAIMED)
    if latest(lake).folder != before.folder:
        raise overtaken(lake)
    see_unclaimed(lake, before, folder)
    if datetime.now(UTC) - now > ENDS_WITHIN:
        raise DatabaseError(
            f"{lake.where.shown} took more than {ENDS_WITHIN // timedelta(minutes=1)} minutes to end this load, so "
            f"nothing was loaded; load again in {CLAIMED_FOR // timedelta(minutes=1)} minutes."
        )


def see_unclaimed(lake: Lake, before: Loaded, folder: str) -> None:
    """Raise DatabaseBusy where another load than that of `folder` claims to follow `before`."""
    rest = "WHERE folder <> ? AND claimed_at > ? LIMIT 1"
    since = datetime.now(UTC) - CLAIMED_FOR
    if _rows(lake, CLAIMS, [lake.path(_claims(before))], CLAIMED, rest, [folder, since]):
        raise DatabaseBusy(
            f"Another load into {lake.where.shown} is ending, or was killed while it did, so nothing was loaded; "
            f"load again in {CLAIMED_FOR // timedelta(minutes=1)} minutes."
        )


def _claims(before: Loaded) -> str:
    """Return where the claims to follow `before` lie, so that nobody reads those to follow others."""
    return f"{CLAIMS}/{before.folder or 'first'}"


def commit(lake: Lake, load: Loaded) -> None:
    """Let what is loaded count for everybody from now on."""
    one = {
        "change_id": load.change_id,
        "finished_at": datetime.now(UTC),
        "folder": load.folder,
        "places": json.dumps(load.places),
    }
    lake.add(pa.Table.from_pylist([one]), _block(load.change_id // BLOCK), COLUMNS)


def _rows(
    lake: Lake,
    name: str,
    paths: Sequence[str],
    columns: Mapping[str, str],
    rest: str,
    parameters: Iterable[Any] = (),
) -> list[Row]:
    """Return rows of what lies at `paths`, which is not there before the first one is."""
    try:
        lake.show_own(name, paths, columns)
        return lake.rows(f"SELECT * FROM {name} {rest}", parameters)
    except NoDatabase:
        return []


def overtaken(lake: Lake) -> DatabaseError:
    """Return the error of a load that ended after another one which had begun as it did."""
    return DatabaseError(
        f"Another load into {lake.where.shown} ended while this one ran, so nothing was loaded; load again."
    )


def loaded_by(commit: Row) -> Loaded:
    """Return what loads had stored when `commit` was added."""
    places = {table: tuple(folders) for table, folders in json.loads(commit["places"]).items()}
    return Loaded(commit["change_id"], commit["folder"], places)


def folders_of(loaded: Loaded) -> set[str]:
    """Return the folders of loads that hold something of what is `loaded`."""
    return {place.partition("/")[0] for places in loaded.places.values() for place in places}
