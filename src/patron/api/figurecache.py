"""Figures as they were answered, kept until the next build: between two builds no figure changes."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from isal import igzip

LEVEL = 2  # of compression, of 0 to 3: as small as zlib's third, in a seventh of its time
SMALL = 500  # bytes; not worth compressing
Compute = Callable[[], Awaitable["Kept"]]


@dataclass(frozen=True)
class Kept:
    """One answer and the build it is of: compressed where that is worth it, and else as it is."""

    build_id: int
    zipped: bytes | None
    plain: bytes

    @classmethod
    def of(cls, build_id: int, body: bytes) -> Kept:
        """Return an answer with what is to be kept of it."""
        if len(body) < SMALL:
            return cls(build_id, None, body)
        return cls(build_id, igzip.compress(body, LEVEL), b"")

    @property
    def body(self) -> bytes:
        """The answer uncompressed, which next to nobody asks for."""
        return self.plain if self.zipped is None else gzip.decompress(self.zipped)


class FigureCache:
    """The answers of one build, the ones asked for longest ago dropped first.

    Of requests for the same figure that come while it is computed, all wait for the first one's answer.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._build_id: int | None = None
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._addresses: dict[bytes, tuple[Hashable, str]] = {}
        self._coming: dict[tuple[int, Hashable], asyncio.Future[Kept]] = {}

    def has(self, build_id: int, key: Hashable) -> bool:
        """Whether the answer to `key` is there and of that build."""
        return build_id == self._build_id and key in self._kept

    def get(self, build_id: int, key: Hashable) -> Kept | None:
        """Return the answer to `key` if it is of that build."""
        if build_id != self._build_id or key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def remember(self, address: bytes, key: Hashable, operation: str) -> None:
        """Note that a whole address asks for `key`, so that nobody need read it again."""
        if len(self._addresses) >= 2 * self.most:
            self._addresses.clear()
        self._addresses[address] = (key, operation)

    def asked_for(self, address: bytes) -> tuple[Hashable, str] | None:
        """Return the key that an address asks for and its operation, or None for one that was not asked yet."""
        return self._addresses.get(address)

    async def compute(self, build_id: int, key: Hashable, compute: Compute) -> Kept:
        """Return the answer to `key`, computed once; it may be of a later build than was asked for."""
        coming = self._coming.get((build_id, key))
        if coming is None:
            coming = asyncio.ensure_future(self._computed(key, compute))
            self._coming[build_id, key] = coming
            coming.add_done_callback(lambda _: self._coming.pop((build_id, key), None))
        return await asyncio.shield(coming)

    async def _computed(self, key: Hashable, compute: Compute) -> Kept:
        kept = await compute()
        if self._build_id is None or kept.build_id > self._build_id:
            self._build_id = kept.build_id
            self._kept.clear()
        if kept.build_id == self._build_id and self.most:
            self._kept[key] = kept
            if len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return kept
