"""API keys: `patron_<id>_<secret>`.

The secret has 256 random bits, so a plain SHA-256 of it is as hard to turn back as any slow hash, and checking it
costs nothing. Only that hash is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from patron.access.roles import Role

PREFIX = "patron"
_SHAPE = re.compile(rf"{PREFIX}_([0-9a-f]{{16}})_([A-Za-z0-9_-]{{43}})")
_NOBODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class ApiKey:
    """A key as it is kept. Instants are in UTC; `expires_at` may be None."""

    key_id: str
    name: str
    role: Role
    digest: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def state(self) -> str:
        """active, expired or revoked, now."""
        if self.revoked_at is not None:
            return "revoked"
        expired = self.expires_at is not None and self.expires_at <= datetime.now(UTC)
        return "expired" if expired else "active"


@dataclass(frozen=True)
class NewKey:
    """A key just made, with the text that is shown this once."""

    key: ApiKey
    text: str


def new_key(role: Role, name: str, expires_at: datetime | None = None) -> NewKey:
    """Make a key; nothing is kept yet."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    key = ApiKey(key_id, name, role, _digest(secret), datetime.now(UTC), expires_at)
    return NewKey(key, f"{PREFIX}_{key_id}_{secret}")


def parse(text: str) -> tuple[str, str] | None:
    """Return the id and the secret of a key's text, or None for what has not its shape."""
    found = _SHAPE.fullmatch(text)
    return (found[1], found[2]) if found else None


def matches(key: ApiKey | None, secret: str) -> bool:
    """Whether `secret` is that of `key` and the key is active; takes as long where there is no such key."""
    same = hmac.compare_digest(key.digest if key else _NOBODY, _digest(secret))
    return same and key is not None and key.state == "active"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
