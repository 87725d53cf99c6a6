"""Patron itself, through what any program may call."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from benchmarks.measure import Figures, Stopwatch
from benchmarks.peers.patron_changes import build
from patron.engines import connect
from patron.export import export
from patron.model.steps import steps
from patron.settings import Model, Settings


def full(
    store: str,
    as_of: str,
    threads: int,
    result: str | None = None,
    memory_limit: str | None = None,
    *,
    figures: bool = False,
) -> Figures:
    """Build customer_360 whole, then write the whole view into a table too, timed apart (`table`).

    Peers make customer_360 and no more, so the sums for `figures` of a dashboard are left out unless asked for.
    """
    settings = Settings(threads=threads, memory_limit=memory_limit, model=Model(figures=figures))
    with connect(store, settings, create=False) as engine:
        built = build(engine, date.fromisoformat(as_of), full=True)
        with Stopwatch() as table:
            engine.query("CREATE OR REPLACE TABLE benchmark_whole AS FROM customer_360")
        engine.query("DROP TABLE benchmark_whole")
        if result:
            export(engine, "customer_360", Path(result), overwrite=True)
    return built | {"table": table.figures}


def first_use(threads: int) -> Figures:
    """Read and parse the model, as every process does once before its first build."""
    with Stopwatch() as watch:
        steps()
    return watch.figures
