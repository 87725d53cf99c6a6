"""How often one caller may ask: a bucket of tokens each, filled at a steady rate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

KEPT = 10_000  # callers; the ones seen longest ago are forgotten, with full buckets


class Buckets:
    """A bucket for each caller: `burst` tokens, `rate` new ones a second."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.burst, self.clock = rate, burst, clock
        self._held: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> int:
        """Take a token; return 0, or where there is none the seconds until there is one, rounded up."""
        now = self.clock()
        tokens, then = self._held.pop(caller, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - then) * self.rate)
        taken = tokens >= 1
        self._held[caller] = (tokens - 1 if taken else tokens, now)
        if len(self._held) > KEPT:
            del self._held[next(iter(self._held))]
        return 0 if taken else max(1, math.ceil((1 - tokens) / self.rate))
