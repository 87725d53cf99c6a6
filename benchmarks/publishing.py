"""The part publish: what a build left behind, brought to PostgreSQL while readers ask, beside a bare COPY of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

import patron.publish
from benchmarks import data, server
from benchmarks.data import AS_OF, Say, Shop
from benchmarks.measure import BenchmarkError, Figures, Stopwatch, own_cpu, summary
from patron.contract.bookkeeping import BUILDS, NEW_CUSTOMERS
from patron.engines import Engine, connect
from patron.engines.base import Progress
from patron.model.steps import STORED, kept
from patron.settings import Settings

READERS = 8
QUESTION = "SELECT as_of, COUNT(*) AS number FROM customer_360 GROUP BY as_of"


class Killed(Exception):
    """Stands for what ends a publication half-way."""


def publish(shop: Shop, rounds: int, threads: int, say: Say) -> Figures:
    """Publish one build after the other while readers ask, each stopped half-way and started again first.

    Raises BenchmarkError when a reader sees anything but one build or the other.
    """
    data.prepare(shop, threads, say, ("sample", "patron"))
    seen: list[set[tuple[Any, int]]] = []
    runs: dict[str, list[Figures]] = {"COPY of the same rows": [], "patron publish": []}
    with (
        server.running(shop.work) as running,
        TemporaryDirectory(dir=shop.folder) as scratch,
        connect(str(shop / "patron"), Settings(threads=threads), create=False) as built,
    ):
        url = running.emptied("published")

        def cpu() -> tuple[float, float]:
            own, theirs = own_cpu(), running.cpu()
            return own[0] + theirs[0], own[1] + theirs[1]

        built.build(AS_OF, full=True)
        with connect(url, Settings(), create=True) as served:
            patron.publish.publish(built, served, "built")
        files = _written(built, Path(scratch))
        size = sum(file.stat().st_size for file in files.values())
        for number in range(1, rounds + 1):
            built.build(AS_OF + timedelta(days=number))
            say(f"publishing, round {number} of {rounds}")
            with connect(url, Settings()) as served:
                _stop_half_way(built, served)
            with connect(url, Settings()) as served, _asking(url, seen):
                _forget_arrivals(served)
                with Stopwatch(cpu) as watch:
                    done = patron.publish.publish(built, served, "built")
            runs["patron publish"].append(watch.figures)
            with _asking(url, seen):
                runs["COPY of the same rows"].append(_copied(running.emptied("copied"), files, cpu))
        customers = int(built.query("SELECT COUNT(*) AS number FROM customer_360")[0]["number"])
    days = [AS_OF + timedelta(days=number) for number in range(rounds + 1)]
    wrong = [found for found in seen if found not in [{(day, customers)} for day in days]]
    if wrong or not seen:
        raise BenchmarkError(
            f"{len(wrong)} of {len(seen)} answers were no one build, the first: {wrong[:1]}."
        )
    return {
        "customers": customers,
        "rows": done.rows,
        "tables": len(files),
        "copy_bytes": size,
        "readers": READERS,
        "asked": len(seen),
        "contestants": {name: summary(made) for name, made in runs.items()},
    }


def _stop_half_way(built: Engine, served: Engine) -> None:
    def stop(progress: Progress) -> None:
        if progress.done >= (progress.total or 0) / 2:
            raise Killed

    with suppress(Killed):
        patron.publish.publish(built, served, "built", stop)


def _forget_arrivals(served: Engine) -> None:
    """Let the measured publication bring all rows itself; that it goes on half-way is what the tests show."""
    with served.changing() as run:
        run("DROP TABLE IF EXISTS arrivals")


def _tables() -> list[str]:
    return [*(step.name for step in kept(*STORED)), NEW_CUSTOMERS.name, BUILDS.name]


def _written(built: Engine, folder: Path) -> dict[str, Path]:
    """Write what is published as files for COPY, as CSV."""
    files = {table: folder / f"{table}.csv" for table in _tables()}
    for table, file in files.items():
        built.query(f"COPY (FROM {table}) TO '{file}' (FORMAT csv, HEADER false)")
    return files


def _copied(url: str, files: dict[str, Path], cpu: Any) -> Figures:
    """Copy the files into tables made for them, one after the other, each in a transaction of its own."""
    with connect(url, Settings(), create=True) as engine:
        engine.init()
    with Stopwatch(cpu) as watch, psycopg.connect(url) as connection:
        for table, file in files.items():
            with (
                connection.cursor() as cursor,
                cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)".encode()) as copy,
                file.open("rb") as source,
            ):
                while part := source.read(1 << 20):
                    copy.write(part)
            connection.commit()
    return watch.figures


@contextmanager
def _asking(url: str, seen: list[set[tuple[Any, int]]]) -> Iterator[None]:
    done = threading.Event()

    def ask() -> None:
        with connect(url, Settings()) as reader:
            while not done.is_set():
                seen.append({(row["as_of"], row["number"]) for row in reader.query(QUESTION)})
                done.wait(0.5)

    with ThreadPoolExecutor(READERS) as pool:
        asking = [pool.submit(ask) for _ in range(READERS)]
        try:
            yield
        finally:
            done.set()
        for one in asking:
            one.result()  # a reader that met an error ends the run with it
