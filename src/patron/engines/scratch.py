"""A folder for temporary files that is gone when its process is, even if that was killed.

A process holds a lock on its folder, which the system lets go of when the process ends in whatever way. So a
folder whose lock is free belongs to nobody, and the next one who needs a folder sweeps it away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PREFIX = "patron-load-"
YOUNG = 60  # seconds in which a folder may have been made and not locked yet


class Scratch:
    """A temporary folder; close it when done."""

    def __init__(self) -> None:
        """Make the folder and sweep away those whose process is gone."""
        sweep(Path(tempfile.gettempdir()))
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):
            os.close(self._lock)
            self._lock = -1


def sweep(place: Path) -> None:
    """Remove the folders in `place` that killed processes have left there."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or swept by somebody else meanwhile
            if time.time() - folder.stat().st_mtime > YOUNG:
                _remove_if_free(folder)


def _remove_if_free(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(held)
