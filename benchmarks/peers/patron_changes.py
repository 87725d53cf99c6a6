"""Patron after a small change: incremental builds beside full ones, on a copy of the shop."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.compare import assert_same
from benchmarks.measure import BenchmarkError, Cpu, Figures, Stopwatch, own_cpu
from benchmarks.news import load_news
from patron.engines import Engine, connect
from patron.export import export
from patron.model.steps import steps
from patron.settings import Model, Settings


def incremental(store: str, as_of: str, threads: int, *, figures: bool = False) -> Figures:
    """Time a full build, one after 1 % changed as of the same day, and one after another 1 % as of the next day.

    What the last one leaves is compared with a full build of the same day; raises BenchmarkError where they differ.
    The model is parsed before the clock starts; `benchmarks.peers.patron_build:first_use` times that.
    """
    steps()
    with TemporaryDirectory(dir=Path(store).parent) as scratch:
        copy = Path(scratch, "shop.duckdb")
        shutil.copy(store, copy)
        settings = Settings(threads=threads, model=Model(figures=figures))
        with connect(str(copy), settings, create=False) as engine:
            return changes(engine, date.fromisoformat(as_of), Path(scratch))


def changes(engine: Engine, day: date, scratch: Path, cpu: Cpu = own_cpu) -> Figures:
    """Build, change 1 %, build as of the same day, change another 1 %, build as of the next; then compare."""
    figures: Figures = {"full": build(engine, day, full=True, cpu=cpu)}
    tomorrow = day + timedelta(days=1)
    for number, (name, as_of) in enumerate((("same_day", day), ("next_day", tomorrow)), start=1):
        figures[f"{name}_load"] = load_news(engine, as_of, number, scratch / name)
        figures[name] = build(engine, as_of, cpu=cpu)
        if figures[name]["kind"] != "incremental":
            raise BenchmarkError(f"The build of {name} was {figures[name]['kind']}, not incremental.")
    results = scratch / "full.parquet", scratch / "incremental.parquet"
    export(engine, "customer_360", results[1])
    build(engine, tomorrow, full=True)
    export(engine, "customer_360", results[0])
    figures["values_compared"] = assert_same(*results, "An incremental build")
    return figures


def build(engine: Engine, as_of: date, *, full: bool = False, cpu: Cpu = own_cpu) -> Figures:
    """Build customer_360; return its times and what its record says."""
    with Stopwatch(cpu) as watch:
        record = engine.build(as_of, full=full)
    listed = [{"name": step.name, "seconds": step.seconds, "rows": step.rows} for step in record.steps]
    return watch.figures | {"kind": record.kind, "recomputed": record.recomputed, "steps": listed}
