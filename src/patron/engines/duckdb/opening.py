"""Opens a DuckDB file, and says in a sentence why it cannot be."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from patron.engines.address import MEMORY
from patron.engines.duckdb.restoring import finish
from patron.errors import DatabaseBusy, DatabaseError, NoDatabase, PatronError
from patron.settings import Settings

Config = dict[str, str | bool | int | float | list[str]]
# Nothing is to be fetched from the internet because a name or a file looks as if an extension were meant.
OFFLINE: Config = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
MAGIC = b"DUCK"  # at byte 8 of every DuckDB file, after a checksum
# The write-ahead log, and those that stand beside it during a checkpoint or while it is replayed.
LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")
# Replaying failed for want of room, or of a right: the log itself may be sound and stays where it is.
HINDERED = re.compile(
    r"could not (open|read|write|create|sync|move)|cannot open|memory|no space", re.IGNORECASE
)

NO_RIGHT = re.compile(r"read-only file system|permission denied", re.IGNORECASE)


def open_file(path: str, settings: Settings, over: Config, *, create: bool) -> duckdb.DuckDBPyConnection:
    """Open the DuckDB file at `path` to read and write, or a database in memory.

    DuckDB's own settings in `over` go over those of `settings`.

    Raises NoDatabase when it is missing and not to be created, DatabaseBusy when another process has it, DatabaseError
    when it cannot be opened as what it is.
    """
    config = dict(OFFLINE)
    if settings.memory_limit is not None:
        config["memory_limit"] = settings.memory_limit
    if settings.threads is not None:
        config["threads"] = settings.threads
    config |= over
    if path == MEMORY:
        return duckdb.connect(path, config=config)
    finish(path)
    if not create and not Path(path).exists():
        raise NoDatabase(
            f"There is no database at {path}; make one with `patron init`, or name another with --database."
        )
    return _open(path, config, read_only=False)


def open_read_only(path: str) -> duckdb.DuckDBPyConnection:
    """Open the DuckDB file at `path` to read only; raises what `open_file` raises."""
    if not Path(path).exists():
        raise NoDatabase(f"There is no database at {path}; name a DuckDB file that exists.")
    return _open(path, dict(OFFLINE), read_only=True)


def reason(error: BaseException) -> str:
    """Return the first line of what DuckDB says, without its kind of error in front and the full stop at the end."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return re.sub(r"^(?:[A-Z]\w* ){1,3}Error: ", "", lines[0]).rstrip(".")


def _open(path: str, config: Config, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    _check_file(Path(path))
    try:
        connection = duckdb.connect(path, read_only=read_only, config=config)
    except duckdb.OutOfMemoryException as error:
        raise DatabaseError(
            f"There is not enough memory to open {path}: {reason(error)}; set memory_limit higher, or give the "
            "machine more."
        ) from error
    except duckdb.Error as error:
        raise _cannot_open(path, reason(error), read_only=read_only) from error
    opened = connection.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    if [file and Path(file).resolve() for (file,) in opened] != [Path(path).resolve()]:
        connection.close()
        raise DatabaseError(
            f"DuckDB opened something else than the file {path}, so nothing would be kept there; "
            "give the file another name."
        )
    return connection


def _check_file(path: Path) -> None:
    """Raise DatabaseError when there is something at `path` that is no DuckDB file, or no folder to make it in."""
    try:
        if not path.exists():
            if not path.parent.is_dir():
                raise DatabaseError(
                    f"There is no folder {path.parent} to keep {path.name} in; make it first."
                )
            return
        if not path.is_file():
            raise DatabaseError(f"{path} is no file; name a DuckDB file, or a new one.")
        with path.open("rb") as file:
            if file.read(12)[8:] == MAGIC:
                return
    except OSError as error:
        raise DatabaseError(f"{path} cannot be opened: {error.strerror or error}.") from error
    what = "is no DuckDB database" if path.stat().st_size else "is empty, which no DuckDB database is"
    raise DatabaseError(
        f"{path} {what}; name another file with --database, or move this one away. "
        "Files to load are named after `patron load`."
    )


def _cannot_open(path: str, reason: str, *, read_only: bool) -> PatronError:
    if "Could not set lock" in reason:
        holder = re.search(r"PID (\d+)", reason)
        who = f"process {holder.group(1)}" if holder else "another process"
        return DatabaseBusy(
            f"{path} is in use by {who}, and DuckDB lets one process at a time open a file; "
            "end that process or wait for it, then try again."
        )
    if not read_only and "while replaying" in reason and not HINDERED.search(reason):
        return _set_aside(path, reason)
    if not read_only and NO_RIGHT.search(reason):
        return DatabaseError(
            f"{path} cannot be opened to write ({reason.rpartition(': ')[2]}): it and its folder, where DuckDB keeps "
            "its log, must be writable for this user."
        )
    return DatabaseError(f"{path} cannot be opened as a DuckDB database: {reason}.")


def _set_aside(path: str, reason: str) -> PatronError:
    """Rename the write-ahead log, which holds what was committed since the last checkpoint and is damaged."""
    mark = f"set-aside-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    logs = [log for suffix in LOGS if (log := Path(path + suffix)).exists()]
    try:
        names = " and ".join(str(log.rename(f"{log}.{mark}")) for log in logs)
    except OSError as error:
        return DatabaseError(
            f"The write-ahead log of {path} cannot be replayed ({reason}) nor renamed ({error.strerror}); "
            f"move {' and '.join(map(str, logs))} away yourself to open the database as of its last checkpoint."
        )
    return DatabaseError(
        f"The write-ahead log of {path} cannot be replayed ({reason}) and was set aside as {names}; "
        "the next command opens the database as of its last checkpoint: see with `patron status` what it has, "
        "and load again what is missing."
    )
