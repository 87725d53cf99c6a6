"""Makes a backup: copies as of one moment, then a tar of them that ends with what it must hold.

The copies are made beside the database while nobody writes, which takes as long as copying the file; readers go on, and
whatever becomes of them afterwards holds nobody up.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from patron import __version__
from patron.access.sqlite import SqliteAccess
from patron.contract.versions import schema_version
from patron.engines.duckdb.opening import reason
from patron.engines.duckdb.restoring import ACCESS, ACCESS_FILE, DATABASE_FILE
from patron.errors import BackupError
from patron.files import whole

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 20  # bytes
Files = dict[str, BinaryIO]
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Backup:
    """What was written: where, its size in bytes, and the instant that it is of."""

    path: Path
    size: int
    made_at: datetime


def back_up(database: str, copy: Callable[[Path], None], to: Path) -> Backup:
    """Write a backup of the DuckDB file `database`, which `copy` copies, to `to`.

    Raises BackupError when it cannot be written; a file that was there is then untouched.
    """
    made_at = datetime.now(UTC)
    with copies(database, copy) as files:
        write(archive(files, made_at), to)
    return Backup(to, to.stat().st_size, made_at)


def write(chunks: Iterator[bytes], to: Path) -> None:
    """Write a backup to a file that its owner alone may read; raises BackupError."""
    with whole(to, BackupError) as partial:
        number = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "wb") as file:
            file.writelines(chunks)


@contextmanager
def copies(database: str, copy: Callable[[Path], None]) -> Iterator[Files]:
    """Give open files with the database and its keys as of one moment; they have no names and leave nothing behind.

    Raises BackupError where there is no room for them, or what was copied cannot be opened.
    """
    path = Path(database)
    with ExitStack() as stack:
        _ONE_AT_A_TIME.acquire()
        try:
            for left in path.parent.glob(f".{glob.escape(path.name)}.backup-*"):  # by one that was killed
                shutil.rmtree(left, ignore_errors=True)
            opened: Files = {}
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.backup-") as folder:
                made = _copied(database, copy, Path(folder))
                for one in made:
                    opened[one.name] = stack.enter_context(one.open("rb"))
        except (OSError, duckdb.Error) as error:
            said = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else reason(error)
            raise BackupError(
                f"{database} cannot be copied to its folder {path.parent}, from where it is backed up: {said}; "
                "that folder needs as much room as the database takes."
            ) from error
        finally:
            _ONE_AT_A_TIME.release()
        yield opened


def archive(files: Mapping[str, BinaryIO], made_at: datetime) -> Iterator[bytes]:
    """Yield the bytes of a tar of these files, the last in it being what it must hold."""
    contents = {}
    for name, file in files.items():
        digest, size = hashlib.sha256(), os.fstat(file.fileno()).st_size
        yield _header(name, size, made_at)
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            yield chunk
        yield _padding(size)
        contents[name] = {"bytes": size, "sha256": digest.hexdigest()}
    manifest = json.dumps(_manifest(contents, made_at), indent=2).encode()
    yield _header(MANIFEST, len(manifest), made_at) + manifest + _padding(len(manifest))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _copied(database: str, copy: Callable[[Path], None], folder: Path) -> list[Path]:
    made = [folder / DATABASE_FILE]
    if Path(f"{database}{ACCESS}").exists():
        made.append(folder / ACCESS_FILE)
        with SqliteAccess(database) as access:
            access.copy(made[-1])
    copy(made[0])
    # Opening the copy shows that it can be, and takes in what a reader has kept from being written to the file itself.
    duckdb.connect(str(made[0])).close()
    return made


def _manifest(contents: dict[str, Any], made_at: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "patron": __version__,
        "schema_version": schema_version(),
        "made_at": made_at.isoformat(timespec="seconds"),
        "files": contents,
    }


def _header(name: str, size: int, made_at: datetime) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, int(made_at.timestamp()), 0o600
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
