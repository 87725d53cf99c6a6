"""How processes share the tests out: what stands on one fixture goes to one of them, and what takes long begins first.

pytest-xdist hands out single tests otherwise, so that each process would make the same large shop, and a test of
minutes may be the last to begin.
"""

from __future__ import annotations

import re

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# A module's tests on one engine share what the module has made there; a large shop is that of several modules, and so
# is Apache Spark, which is slow until it has run much.
_ENGINE = re.compile(r"[\[-](duckdb|postgres15|postgres18|sail|spark)[\]-]")
_BROWSER = "tests/browser"
_SPARK = "tests/spark spark"
# What takes a minute or more, the longest first. The others follow as they are collected, which ends with short ones.
_LONGEST = (
    "tests/browser postgres18",
    _SPARK,
    "tests/deploy/test_image.py",
    "tests/browser duckdb",
    "tests/browser",
    "tests/robustness/test_kills.py duckdb",
    "tests/model/test_against_reference.py duckdb",
    "tests/metrics/test_figures.py duckdb",
    "tests/robustness/test_kills.py postgres18",
    "tests/spark/test_load.py sail",
    "tests/spark/test_incremental.py sail",
    "tests/metrics/test_figures.py postgres18",
    "tests/metrics/test_figures.py postgres15",
)
LONGEST = {unit: place for place, unit in enumerate(_LONGEST)}


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out units of work: the tests of one module on one engine, and those of one site in the browser."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False  # which would have the units of many tests first
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        longest = min(self.workqueue, key=lambda unit: LONGEST.get(unit, len(LONGEST)))
        self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)


def unit_of(nodeid: str) -> str:
    """Return the name of the unit that a test belongs to."""
    file, _, test = nodeid.partition("::")
    engine = _ENGINE.search(test)
    if engine and engine[1] == "spark":
        return _SPARK
    place = _BROWSER if file.startswith(f"{_BROWSER}/") else file
    return f"{place} {engine[1]}" if engine else place
