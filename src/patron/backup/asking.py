"""Asks the server that has a DuckDB file open for a backup: nobody else can copy the file while it runs.

A server leaves a note beside the file that says where it listens. Who may read the keys beside the file may make some,
so where the server takes none but callers with credentials, a key is made for this one request and revoked after it.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from patron.access import AuditEntry, Role, access_store, new_key
from patron.backup.making import CHUNK
from patron.errors import BackupError, DatabaseBusy

NOTE = ".server"  # the ending of the file with the note
ROUTE = "/api/v1/backup"
PATIENCE = 600  # seconds that the server may take to make its copy
KEY_MINUTES = 15
UNAUTHORIZED = 401


@contextmanager
def noted(database: str, address: str, host: str) -> Iterator[None]:
    """Leave the note of a server that listens at `address` and is asked for as `host`, for the time of the block."""
    note = Path(f"{database}{NOTE}")
    with suppress(OSError):  # a server without it serves as well
        note.write_text(json.dumps({"address": address, "host": host, "process": os.getpid()}), "utf-8")
    try:
        yield
    finally:
        with suppress(OSError):
            note.unlink()


def asked(database: str, busy: DatabaseBusy) -> Iterator[bytes]:
    """Yield the backup that the server of `database` makes; raises `busy` where no server answers, or BackupError."""
    try:
        note = json.loads(Path(f"{database}{NOTE}").read_text("utf-8"))
        where = urlsplit(note["address"])
        server = http.client.HTTPConnection(str(where.hostname), where.port, timeout=PATIENCE)
        response = _request(server, note["host"], {})
    except (OSError, ValueError, KeyError) as error:
        raise busy from error
    if response.status == UNAUTHORIZED:
        response.read()
        with _key(database) as key:
            response = _request(server, note["host"], {"Authorization": f"Bearer {key}"})
    try:
        yield from _read(response)
    finally:
        server.close()


def _request(
    server: http.client.HTTPConnection, host: str, headers: dict[str, str]
) -> http.client.HTTPResponse:
    server.request("POST", ROUTE, headers={"Host": host, "Content-Length": "0", **headers})
    return server.getresponse()


def _read(response: http.client.HTTPResponse) -> Iterator[bytes]:
    if response.status != http.client.OK:
        try:
            said = json.loads(response.read())["detail"]
        except (ValueError, KeyError):
            said = f"it answered with {response.status}"
        raise BackupError(f"The server that has the database open made no backup: {said}")
    try:
        while chunk := response.read(CHUNK):
            yield chunk
    except (OSError, http.client.HTTPException) as error:
        raise BackupError("The server ended before its backup was whole; try again.") from error


@contextmanager
def _key(database: str) -> Iterator[str]:
    made = new_key(Role.ADMIN, "patron backup", datetime.now(UTC) + timedelta(minutes=KEY_MINUTES))
    with access_store(database) as store:
        store.add(made.key)
        store.note(AuditEntry("command line", Role.ADMIN, "key created", made.key.key_id))
        try:
            yield made.text
        finally:
            store.revoke(made.key.key_id)
            store.note(AuditEntry("command line", Role.ADMIN, "key revoked", made.key.key_id))
