"""The part publish: what a build left behind, brought to PostgreSQL while readers ask, beside a bare COPY of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

import patron.publish
from benchmarks import data, lakes, server
from benchmarks.data import AS_OF, Say, Shop
from benchmarks.measure import BenchmarkError, Cpu, Figures, Stopwatch, own_cpu, summary
from patron.contract import CONTRACT
from patron.contract.bookkeeping import BUILDS, NEW_CUSTOMERS
from patron.contract.ddl import create_table
from patron.engines import Engine, connect
from patron.engines.base import Progress
from patron.model.steps import STORED, kept
from patron.settings import Settings

READERS = 8
QUESTION = "SELECT as_of, COUNT(*) AS number FROM customer_360 GROUP BY as_of"
DUCKDB = "duckdb"
SOURCES = {DUCKDB: "DuckDB"} | {key: name for key, (name, _) in lakes.ENGINES.items()}
COPY, COPY_FACTS = "COPY of the same rows", "COPY of the same rows and facts"
JOBS = (
    2  # parts at a time from a lake, as `patron publish` has it by itself; DuckDB gives one after the other
)


class Killed(Exception):
    """Stands for what ends a publication half-way."""


@dataclass
class Source:
    """What is published from, the CPU time of all who take part, where it goes, and what readers saw there."""

    name: str
    engine: Engine
    cpu: Cpu
    url: str
    seen: list[set[tuple[date, int]]] = field(default_factory=list)


def publish(shop: Shop, sources: list[str], rounds: int, threads: int, say: Say) -> Figures:
    """Publish one build after the other from each of SOURCES named while readers ask.

    Each publication is stopped half-way and started again first. In the end the facts are published too, once where
    none are and once where all are there. Raises BenchmarkError when a reader sees anything but one build or the other.
    """
    data.prepare(shop, threads, say, ("sample", "patron", "arrivals"))
    runs: dict[str, list[Figures]] = {}
    with (
        server.running(shop.work) as running,
        TemporaryDirectory(dir=shop.folder) as scratch,
        connect(str(shop / "patron"), Settings(threads=threads), create=False) as built,
        ExitStack() as stack,
    ):
        say("building")
        built.build(AS_OF, full=True)
        files = _written(built, Path(scratch))
        opened = [
            stack.enter_context(_source(key, shop, Path(scratch), built, running, threads)) for key in sources
        ]
        for number in range(1, rounds + 1):
            say(f"publishing, round {number} of {rounds}")
            for source in opened:
                source.engine.build(AS_OF + timedelta(days=number))
                _stop_half_way(source)
                rows, watched = _published(source)
                runs.setdefault(f"patron publish from {source.name}", []).append(watched)
            with _asking(opened[0]):
                runs.setdefault(COPY, []).append(_copied(running, files))
        say("publishing with facts")
        for source in opened:
            for when in ("for the first time", "again"):
                rows_with_facts, watched = _published(source, facts=True)
                runs[f"patron publish --facts from {source.name}, {when}"] = [watched]
        with _asking(opened[0]):
            runs[COPY_FACTS] = [_copied(running, files | _facts_written(built, Path(scratch)))]
        copy_bytes = sum(file.stat().st_size for file in files.values())
        customers = int(built.query("SELECT COUNT(*) AS number FROM customer_360")[0]["number"])
        for source in opened:
            _judge(source, customers, rounds)
    return {
        "customers": customers,
        "rows": rows,
        "rows_with_facts": rows_with_facts,
        "tables": len(files),
        "copy_bytes": copy_bytes,
        "readers": READERS,
        "asked": sum(len(source.seen) for source in opened),
        "contestants": {name: summary(made) for name, made in runs.items()},
    }


@contextmanager
def _source(
    key: str, shop: Shop, scratch: Path, built: Engine, running: server.Server, threads: int
) -> Iterator[Source]:
    """Lend a source whose first build is published already."""
    with ExitStack() as stack:
        engine, process = built, None
        if key != DUCKDB:
            _, start = lakes.ENGINES[key]
            port, process, _ = stack.enter_context(start(threads))
            engine = stack.enter_context(lakes.lake(shop, scratch / key, port))
            engine.build(AS_OF, full=True)

        def cpu() -> tuple[float, float]:
            spent = [own_cpu(), running.cpu(), *([server.cpu_of(process)] if process else [])]
            return sum(user for user, _ in spent), sum(system for _, system in spent)

        source = Source(SOURCES[key], engine, cpu, running.emptied(f"published_{key}"))
        with connect(source.url, Settings(), create=True) as served:
            patron.publish.publish(engine, served, source.name)
        yield source


def _stop_half_way(source: Source) -> None:
    """Publish half of it, then let what arrived be forgotten: that it goes on there is what the tests show."""

    def stop(progress: Progress) -> None:
        if progress.done >= (progress.total or 0) / 2:
            raise Killed

    with connect(source.url, Settings()) as served:
        with suppress(Killed):
            patron.publish.publish(source.engine, served, source.name, stop)
        with served.changing() as run:
            run("DROP TABLE IF EXISTS arrivals")


def _published(source: Source, *, facts: bool = False) -> tuple[int, Figures]:
    """Publish while readers ask; return how many rows came."""
    with connect(source.url, Settings()) as served, _asking(source), Stopwatch(source.cpu) as watch:
        done = patron.publish.publish(source.engine, served, source.name, jobs=JOBS, facts=facts)
    return done.rows, watch.figures


def _written(built: Engine, folder: Path) -> dict[str, Path]:
    """Write what is published as files for COPY, as CSV."""
    tables = (*(step.name for step in kept(*STORED)), NEW_CUSTOMERS.name, BUILDS.name)
    return _as_csv(built, tables, folder)


def _facts_written(built: Engine, folder: Path) -> dict[str, Path]:
    return _as_csv(built, tuple(table.name for table in CONTRACT), folder)


def _as_csv(built: Engine, tables: tuple[str, ...], folder: Path) -> dict[str, Path]:
    files = {table: folder / f"{table}.csv" for table in tables}
    for table, file in files.items():
        built.query(f"COPY (FROM {table}) TO '{file}' (FORMAT csv, HEADER false)")
    return files


def _copied(running: server.Server, files: dict[str, Path]) -> Figures:
    """Copy the files one after the other, each in a transaction; facts into tables that have no keys."""
    url = running.emptied("copied")
    with connect(url, Settings(), create=True) as engine:
        engine.init()

    def cpu() -> tuple[float, float]:
        own, theirs = own_cpu(), running.cpu()
        return own[0] + theirs[0], own[1] + theirs[1]

    with psycopg.connect(url) as connection:
        for one in CONTRACT:
            connection.execute(f"DROP TABLE {one.name} CASCADE".encode())
            connection.execute(create_table(one, "postgres", keys=False).encode())
        connection.commit()
        with Stopwatch(cpu) as watch:
            for table, file in files.items():
                with (
                    connection.cursor() as cursor,
                    cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)".encode()) as copy,
                    file.open("rb") as stream,
                ):
                    while part := stream.read(1 << 20):
                        copy.write(part)
                connection.commit()
    return watch.figures


@contextmanager
def _asking(source: Source) -> Iterator[None]:
    done = threading.Event()

    def ask() -> None:
        with connect(source.url, Settings()) as reader:
            while not done.is_set():
                source.seen.append({(row["as_of"], row["number"]) for row in reader.query(QUESTION)})
                done.wait(0.5)

    with ThreadPoolExecutor(READERS) as pool:
        asking = [pool.submit(ask) for _ in range(READERS)]
        try:
            yield
        finally:
            done.set()
        for one in asking:
            one.result()  # a reader that met an error ends the run with it


def _judge(source: Source, customers: int, rounds: int) -> None:
    builds = [{(AS_OF + timedelta(days=number), customers)} for number in range(rounds + 1)]
    wrong = [found for found in source.seen if found not in builds]
    if wrong or not source.seen:
        raise BenchmarkError(
            f"Of {source.name} {len(wrong)} of {len(source.seen)} answers were no one build, "
            f"the first: {wrong[:1]}."
        )
