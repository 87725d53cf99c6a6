"""Measures what each figure costs: CPU milliseconds on one database, unfiltered, filtered and narrowed to periods.

    python -m benchmarks.figures shop.duckdb [--rounds 20] [--seed 1]

A figure's cost is the CPU time of the whole process, so it holds on a busy machine too; on PostgreSQL only Patron's
own share is seen, and wall time tells more. The shop must be built. Filters are drawn from the values that its
customers have, up to three values of one to three columns; periods begin and end on any day of its last three years.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from benchmarks.questions import random_filters
from patron.engines import Engine, connect
from patron.metrics import Filters, Period, compute, current_build, dashboard, registry
from patron.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with connect(options.database, Settings(threads=1), create=False) as engine:
        found = measure(engine, options.rounds, random.Random(options.seed))
    print(json.dumps(found, indent=2) if options.json else as_text(found))


def measure(engine: Engine, rounds: int, rng: random.Random) -> dict[str, dict[str, dict[str, float]]]:
    """Return by figure and kind of narrowing the median and the worst of CPU and wall time, in ms."""
    narrowings = [(random_filters(engine, rng), random_period(engine, rng)) for _ in range(rounds)]
    kinds: dict[str, list[tuple[Filters, Period]]] = {
        "unfiltered": [(Filters(), Period())] * rounds,
        "filters": [(filters, Period()) for filters, _ in narrowings],
        "months": [(filters, whole_months(period)) for filters, period in narrowings],
        "any days": narrowings,
    }
    figures: dict[str, Callable[..., Any]] = {name: _one(engine, name) for name in registry()}
    figures["dashboard"] = lambda filters, period: dashboard(engine, filters, period)
    return {
        name: {kind: _timed(figure, given) for kind, given in kinds.items()}
        for name, figure in figures.items()
    }


def _one(engine: Engine, name: str) -> Callable[..., Any]:
    return lambda filters, period: compute(engine, name, filters, period)


def _timed(figure: Callable[..., Any], narrowings: list[tuple[Filters, Period]]) -> dict[str, float]:
    cpu, wall = [], []
    for filters, period in narrowings:
        figure(filters, period)  # writes the statement and warms what is cached
        started, clock = time.process_time(), time.perf_counter()
        figure(filters, period)
        cpu.append((time.process_time() - started) * 1000)
        wall.append((time.perf_counter() - clock) * 1000)
    return {
        "cpu": statistics.median(cpu),
        "cpu_worst": max(cpu),
        "wall": statistics.median(wall),
        "wall_worst": max(wall),
    }


def random_period(engine: Engine, rng: random.Random) -> Period:
    as_of = current_build(engine).as_of
    start, end = sorted(as_of - timedelta(days=rng.randrange(3 * 365)) for _ in "ab")
    return Period(start, end)


def whole_months(period: Period) -> Period:
    assert period.start
    assert period.end
    after = (period.end.replace(day=1) + timedelta(days=31)).replace(day=1)
    return Period(period.start.replace(day=1), after - timedelta(days=1))


def as_text(found: dict[str, dict[str, dict[str, float]]]) -> str:
    kinds = list(next(iter(found.values())))
    lines = ["CPU ms, median (worst)".ljust(24) + "".join(kind.rjust(18) for kind in kinds)]
    for name, by_kind in found.items():
        cells = [f"{by_kind[kind]['cpu']:.1f} ({by_kind[kind]['cpu_worst']:.1f})" for kind in kinds]
        lines.append(name.ljust(24) + "".join(cell.rjust(18) for cell in cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
