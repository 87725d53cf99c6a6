"""Cursors: where a page ended, as an opaque text that only this shop's servers can write."""

from __future__ import annotations

import base64
import hashlib
import hmac
from binascii import Error as NotBase64
from typing import Any

import orjson

from patron.errors import RequestError

TAG_BYTES = 16
LONGEST = 4096


class Cursors:
    """Signs and checks cursors. Each is good for one question only: the route, its filters and its order."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, question: Any, place: list[Any]) -> str:
        """Return the cursor for the rows after `place` among the answers to `question`."""
        body = orjson.dumps(place, default=str)
        return base64.urlsafe_b64encode(self._tag(question, body) + body).rstrip(b"=").decode()

    def read(self, question: Any, cursor: str | None) -> list[Any] | None:
        """Return the place that a cursor holds, None for none.

        Raises RequestError when it was not written by this shop's server for the same question.
        """
        if cursor is None:
            return None
        try:
            raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
        except (NotBase64, UnicodeEncodeError, ValueError):
            raw = b""
        body = raw[TAG_BYTES:]
        if len(cursor) > LONGEST or not hmac.compare_digest(raw[:TAG_BYTES], self._tag(question, body)):
            raise RequestError("The cursor does not belong to this question; ask for its first page again.")
        place: list[Any] = orjson.loads(body)
        return place

    def _tag(self, question: Any, body: bytes) -> bytes:
        asked = orjson.dumps(question, default=str, option=orjson.OPT_SORT_KEYS)
        return hmac.digest(self._secret, hashlib.sha256(asked).digest() + body, "sha256")[:TAG_BYTES]
