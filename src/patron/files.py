"""Files that appear under their names only when they are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from patron.errors import PatronError


@contextmanager
def whole(path: Path, error: type[PatronError]) -> Iterator[Path]:
    """Give a name beside `path` to write to; what stands there at the end of the block becomes `path` at once.

    Raises `error` when it cannot be written; what was at `path` is then untouched.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    except OSError as failure:
        reason = os.strerror(failure.errno) if failure.errno else str(failure).splitlines()[0]
        raise error(
            f"{path} cannot be written: {reason}; name a file in a folder that is there, "
            "has room, and may be written to."
        ) from failure
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def fsync_folder(folder: Path) -> None:
    """Let the names in a folder reach the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def below(file: str, root: str) -> str:
    """Return a file's path in the folder `root`, which never leads out of it; its name where it lies elsewhere."""
    path, top = PurePosixPath(file), PurePosixPath(root)
    if path == top or not path.is_relative_to(top):
        return path.name
    return str(PurePosixPath(*(part for part in path.relative_to(top).parts if part not in ("..", "/"))))
