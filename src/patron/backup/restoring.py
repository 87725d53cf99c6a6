"""Restores a backup: unpacks it beside the database, checks it, and swaps it in."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from patron.backup.making import CHUNK, FORMAT, MANIFEST
from patron.contract.versions import schema_version
from patron.engines.duckdb import restoring
from patron.engines.duckdb.restoring import DATABASE_FILE, PLACES
from patron.errors import BackupError, OtherVersion

LONGEST_MANIFEST = 1 << 16  # bytes


@dataclass(frozen=True)
class Restored:
    """What was restored: the instant that it is of, by which Patron it was made, and whether it needs an upgrade."""

    made_at: str
    patron: str
    needs_upgrade: bool


def restore(backup: Path, database: str, *, overwrite: bool = False) -> Restored:
    """Put what is in `backup` at the path `database`, and its keys beside it; the former ones are gone then.

    A backup without keys leaves those that are there. Raises BackupError when it is no whole backup, or a database is
    there and not to be overwritten; OtherVersion when a later Patron made it; DatabaseBusy when a process has the
    database open. All is then as it was.
    """
    path = Path(database)
    restoring.finish(database)
    if path.exists() and not overwrite:
        raise BackupError(
            f"{database} is there already; add --overwrite to put the backup in its place, or name another file "
            "with --database."
        )
    folder = Path(f"{database}.unpacking")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        manifest = _unpacked(backup, folder)
        _check_version(manifest, backup)
        restoring.swap(database, folder)
    except OSError as error:
        raise BackupError(
            f"{backup} cannot be restored to {database}: {os.strerror(error.errno) if error.errno else error}; "
            f"{database} is as it was."
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Restored(manifest["made_at"], manifest["patron"], manifest["schema_version"] < schema_version())


def _unpacked(backup: Path, folder: Path) -> dict[str, Any]:
    """Unpack the files that a backup holds and return its manifest; raises BackupError where it is not whole."""
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(backup, "r:") as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is None or member.name not in (*PLACES, MANIFEST):
                    raise BackupError(f"{backup} holds '{member.name}', which no backup of Patron does.")
                if member.name == MANIFEST:
                    manifest = json.loads(file.read(LONGEST_MANIFEST))
                else:
                    found[member.name] = _copied(file, folder / member.name)
    except (tarfile.TarError, ValueError) as error:
        raise BackupError(f"{backup} is no backup of Patron, or it is damaged: {error}.") from error
    if DATABASE_FILE not in found or manifest.get("files") != found:
        raise BackupError(
            f"{backup} is not whole: what it holds is not what it should; was it cut off when it was made or copied?"
        )
    return manifest


def _copied(file: IO[bytes], to: Path) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return {"bytes": size, "sha256": digest.hexdigest()}


def _check_version(manifest: dict[str, Any], backup: Path) -> None:
    if manifest["format"] > FORMAT or manifest["schema_version"] > schema_version():
        raise OtherVersion(
            f"{backup} was made by a later version of Patron ({manifest['patron']}): install that one or a later one."
        )
