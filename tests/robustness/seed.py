"""The seed of what is random here: printed by each test that draws from it, and given back by PATRON_TEST_SEED."""

from __future__ import annotations

import os
import random

SEED = int(os.environ.get("PATRON_TEST_SEED", random.randrange(2**32)))


def seeded(name: str) -> random.Random:
    """Return random numbers of a test's own; prints how to have the same again."""
    print(f"{name}: PATRON_TEST_SEED={SEED}")
    return random.Random(f"{SEED} {name}")
