"""Empties the folders of builds and loads that nobody reads any more.

A reader sees the build that was the latest when it began, so a folder stays for a day after a later build took its
place, and the latest few stay in any case, with the bases they stand on. Spark Connect has no command to delete a
folder; writing no rows over it removes all files in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pyarrow as pa

from patron.engines.base import Row
from patron.engines.spark.lake import Lake, at
from patron.engines.spark.loaded import commits, folders_of, loaded_by
from patron.errors import DatabaseError, NoDatabase

KEPT_BUILDS = 3
KEPT_FOR = timedelta(days=1)  # after a later build took its place
TRIED_FOR = timedelta(days=7)  # no build takes that long: without a row of its own by then, it has failed
ATTEMPTS, SWEPT = "attempts", "swept_folders"
COLUMNS = {
    ATTEMPTS: {"folder": "STRING", "started_at": "TIMESTAMP_NTZ"},
    SWEPT: {"folder": "STRING", "swept_at": "TIMESTAMP_NTZ"},
}


def note_attempt(lake: Lake, folder: str, started_at: datetime) -> None:
    """Note that a build or a load writes to `folder`, so that it is known even if the build never ends."""
    _add(lake, ATTEMPTS, [folder], started_at)


def sweep(lake: Lake, now: datetime) -> tuple[str, ...]:
    """Empty what nobody reads any more; returns in a sentence what could not be done, and raises nothing."""
    try:
        gone = {row["folder"] for row in _rows(lake, SWEPT)}
        done = [folder for folder in _unread(lake, now) if folder not in gone]
        for folder in done:
            lake.empty(folder)
        if done:
            _add(lake, SWEPT, done, now)
    except DatabaseError as error:
        return (f"Folders of former builds are still there: {error}",)
    return ()


def _unread(lake: Lake, now: datetime) -> list[str]:
    lake.last_commit()  # shows all_builds as it is now
    found = lake.rows("SELECT build_id, folder, base, finished_at FROM all_builds")
    loads = commits(lake)
    kept = set(_read(found, now)) | set(_read_of_loads(loads, now))
    known = {row["folder"] for row in [*found, *loads]}
    tried = [row for row in _rows(lake, ATTEMPTS) if row["folder"] not in known]
    failed = [row["folder"] for row in tried if row["started_at"] < _naive(now - TRIED_FOR)]
    return sorted((known - kept) | set(failed))


def _read(builds: list[Row], now: datetime) -> Iterable[str]:
    """Yield the folders that somebody may read.

    Builds that ended side by side have one number: a later number alone takes their place.
    """
    latest = sorted({one["build_id"] for one in builds}, reverse=True)[:KEPT_BUILDS]
    for one in builds:
        later = [other["finished_at"] for other in builds if other["build_id"] > one["build_id"]]
        if one["build_id"] in latest or min(later) >= _naive(now - KEPT_FOR):
            yield one["folder"]
            yield one["base"] or one["folder"]


def _read_of_loads(loads: list[Row], now: datetime) -> Iterable[str]:
    """Yield the folders with rows that loads stored, as they are now and as somebody may have begun to read them."""
    for one in loads:
        later = [other["finished_at"] for other in loads if other["change_id"] > one["change_id"]]
        if not later or min(later) >= _naive(now - KEPT_FOR):
            yield from folders_of(loaded_by(one))


def _rows(lake: Lake, table: str) -> list[Row]:
    try:
        return lake.rows(f"SELECT * FROM {at(lake.path(table))}")
    except NoDatabase:
        return []


def _add(lake: Lake, table: str, folders: list[str], moment: datetime) -> None:
    columns = COLUMNS[table]
    rows = [dict(zip(columns, (folder, _naive(moment)), strict=True)) for folder in folders]
    lake.add(pa.Table.from_pylist(rows), table, columns)


def _naive(moment: datetime) -> datetime:
    """Return a moment of UTC as tables have it."""
    return moment.replace(tzinfo=None)
