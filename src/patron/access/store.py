"""Where keys and the audit log are kept, which is never in the DuckDB file: a running server owns that.

Beside a DuckDB file stands a small SQLite file, which the server and `patron keys` may both have open, so that a
key that is revoked is refused from then on. On PostgreSQL both are tables of the shop's database.
"""

from __future__ import annotations

import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from patron.access.keys import ApiKey
from patron.access.roles import Role

KEY_COLUMNS = "key_id, name, role, digest, created_at, expires_at, revoked_at"
AUDIT_COLUMNS = "at, caller, role, action, subject, request_id, details"


@dataclass(frozen=True)
class AuditEntry:
    """Something that was done, and by whom. `caller` is a key's or token's name, never its secret."""

    caller: str
    role: str
    action: str
    subject: str = ""
    request_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    number: int | None = None


class AccessStore(ABC):
    """Keeps keys, the audit log and the server's secrets. Instants are kept as text in ISO 8601, in UTC.

    `is_remote` says that a statement goes over a network, so that nobody waits for it in an event loop.
    """

    is_remote: bool

    def __enter__(self) -> Self:
        """Use it in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it at the end of the block."""
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""

    @abstractmethod
    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement with `?` for its values and return its rows; raises DatabaseError."""

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""
        marks = ", ".join("?" * 7)
        values = [key.key_id, key.name, key.role.value, key.digest, *map(_text, _instants(key))]
        self.execute(f"INSERT INTO api_keys ({KEY_COLUMNS}) VALUES ({marks})", values)

    def all_keys(self) -> list[ApiKey]:
        """Return all keys, the oldest first."""
        return [_key(row) for row in self.execute(f"SELECT {KEY_COLUMNS} FROM api_keys ORDER BY created_at")]

    def find(self, key_id: str) -> ApiKey | None:
        """Return one key, or None where there is none of that id."""
        rows = self.execute(f"SELECT {KEY_COLUMNS} FROM api_keys WHERE key_id = ?", [key_id])
        return _key(rows[0]) if rows else None

    def revoke(self, key_id: str) -> bool:
        """Refuse a key from now on; return whether it was good until now."""
        rows = self.execute(
            "UPDATE api_keys SET revoked_at = ? WHERE key_id = ? AND revoked_at IS NULL RETURNING key_id",
            [_text(datetime.now(UTC)), key_id],
        )
        return bool(rows)

    def secret(self, name: str) -> bytes:
        """Return 32 random bytes that are made once and are the same for all servers of this shop."""
        made = secrets.token_hex(32)
        self.execute(
            "INSERT INTO server_secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", [name, made]
        )
        return bytes.fromhex(self.execute("SELECT value FROM server_secrets WHERE name = ?", [name])[0][0])

    def note(self, *entries: AuditEntry) -> None:
        """Append to the audit log, all of them or none."""
        marks = f"({', '.join('?' * 7)})"
        values: list[Any] = []
        for entry in entries:
            said = (entry.caller, entry.role, entry.action, entry.subject, entry.request_id)
            values += [_text(entry.at), *said, json.dumps(entry.details, default=str)]
        self.execute(
            f"INSERT INTO audit_log ({AUDIT_COLUMNS}) VALUES {', '.join([marks] * len(entries))}", values
        )

    def entries(self, limit: int, before: int | None = None) -> list[AuditEntry]:
        """Return the latest entries, the last first; those before the number `before`."""
        rows = self.execute(
            f"SELECT {AUDIT_COLUMNS}, number FROM audit_log WHERE number < ? ORDER BY number DESC LIMIT ?",
            [2**62 if before is None else before, limit],
        )
        return [
            AuditEntry(row[1], row[2], row[3], row[4], row[5], json.loads(row[6]), _instant(row[0]), row[7])
            for row in rows
        ]


def access_store(url: str) -> AccessStore:
    """Open the keys and the audit log that belong to the database at `url`; raises DatabaseError."""
    # With the engines come libraries that `patron --help` is not to wait for.
    from patron.engines.address import address

    where = address(url)
    if where.engine == "duckdb":
        from patron.access.sqlite import SqliteAccess

        return SqliteAccess(where.target)
    from patron.access.postgres import PostgresAccess

    return PostgresAccess(where.target)


def _instants(key: ApiKey) -> tuple[datetime | None, ...]:
    return key.created_at, key.expires_at, key.revoked_at


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat(timespec="microseconds")


def _instant(text: str | None) -> Any:
    return None if text is None else datetime.fromisoformat(text)


def _key(row: tuple[Any, ...]) -> ApiKey:
    return ApiKey(row[0], row[1], Role(row[2]), row[3], *map(_instant, row[4:]))
