"""Puts files that were restored in the place of a DuckDB file and its keys, so that a kill leaves the old or the new.

What is to come stands in a folder beside the database. Renaming that folder to its last name is the moment from which
the new counts: whoever opens the database then first moves in what is still in the folder.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from patron.errors import DatabaseBusy
from patron.files import fsync_folder

ACCESS = ".access"  # the ending of the file with keys and the audit log, which stands beside the database
DATABASE_FILE, ACCESS_FILE = "database.duckdb", "access.sqlite"
# Where each file goes, and the logs of what stood there before, which are no logs of the new one.
PLACES = {
    ACCESS_FILE: (ACCESS, (f"{ACCESS}-wal", f"{ACCESS}-shm")),
    DATABASE_FILE: ("", (".wal", ".wal.checkpoint", ".wal.recovery")),
}


def coming(path: str) -> Path:
    """Return the folder in which files wait that take the place of the database at `path` and of its keys."""
    return Path(f"{path}.restoring")


def swap(path: str, folder: Path) -> None:
    """Let the files in `folder`, which is beside the database at `path`, take its place.

    Raises DatabaseBusy when another process has the database open; OSError when the system refuses.
    """
    with _nobody_uses(Path(path)):
        fsync_folder(folder)
        folder.rename(coming(path))
        fsync_folder(folder.parent)
        finish(path)


def finish(path: str) -> None:
    """Move in what a restoration that was cut off has left to move; does nothing otherwise."""
    folder = coming(path)
    if not folder.is_dir():
        return
    with _alone(folder):
        for name, (ending, logs) in PLACES.items():
            if (folder / name).exists():
                for log in logs:
                    Path(f"{path}{log}").unlink(missing_ok=True)
                (folder / name).replace(f"{path}{ending}")
        fsync_folder(folder.parent)
        with suppress(FileNotFoundError):  # another process has finished it meanwhile
            folder.rmdir()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time be in the block."""
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


@contextmanager
def _nobody_uses(path: Path) -> Iterator[None]:
    """Hold the lock that DuckDB takes on an open file, where there is a file; raises DatabaseBusy."""
    if not path.exists():
        yield
        return
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DatabaseBusy(
                f"{path} is in use by another process, such as a server: stop that first, then restore."
            ) from error
        yield
