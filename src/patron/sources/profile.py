"""How a load's rows are as a whole, and what about it is not as it was in the loads before.

Everything is computed from the staged rows; what was before is what the records of earlier loads say of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from patron.engines.store import Store
from patron.sources.report import DataWarning
from patron.sources.staging import StagedTable

Profile = dict[str, Any]


def profile(reader: duckdb.DuckDBPyConnection, staged: StagedTable) -> Profile:
    """Return how the sound rows of a stage are as a whole."""
    return {}


def warnings_of(store: Store, profiles: dict[str, Profile]) -> Iterator[DataWarning]:
    """Yield what is not as it was in earlier loads."""
    yield from ()
