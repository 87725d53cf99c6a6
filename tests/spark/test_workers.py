"""A worker of a cluster that dies in a build: the build ends right, or leaves the table of before."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from patron.engines import connect
from patron.engines.base import Progress
from patron.errors import BuildError
from patron.settings import Model, Settings
from tests.reference import customer_360
from tests.shops import TODAY, shop
from tests.support.compare import assert_same
from tests.support.databases import fill, lakes_of_the_model, rows
from tests.support.sparks import TWO_WORKERS, ApacheSpark

PLAIN = Settings(model=Model(figures=False))  # which takes half as many statements


@pytest.mark.slow
@pytest.mark.parametrize("lake", [one for one in lakes_of_the_model() if one == "spark"])
def test_a_worker_killed_in_a_build(lake: str, tmp_path: Path) -> None:
    """Sail's workers are threads of one process, which another test kills; Spark's are processes of their own."""
    server = ApacheSpark(TWO_WORKERS)
    try:
        with connect(f"sc://127.0.0.1:{server.port}/;tables={tmp_path / 'lake'}", PLAIN) as engine:
            engine.init()
            bought = shop(purchases=[{"customer_id": number} for number in range(1, 21)])
            fill(engine, bought)
            killed: list[int] = []

            def kill(progress: Progress) -> None:
                if progress.stage == "customer_features" and not killed:
                    killed.extend(server.workers()[:1])
                    os.kill(killed[0], signal.SIGKILL)

            try:
                engine.build(TODAY, progress=kill)
            except BuildError:
                assert engine.last_build() is None
                engine.build(TODAY)
            assert killed
            assert_same(rows(engine, "SELECT * FROM customer_360"), customer_360(bought, TODAY, PLAIN.model))
    finally:
        server.stop()
