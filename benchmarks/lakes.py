"""The part spark: builds in a lake on Sail and on Apache Spark, beside DuckDB on the same data in the same run."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.sparks import ApacheSpark, SailProcess, free_port

from benchmarks import data, measure
from benchmarks.compare import assert_same
from benchmarks.data import AS_OF, Say, Shop
from benchmarks.measure import BenchmarkError, Figures
from benchmarks.news import write_news
from benchmarks.peers.patron_changes import build
from benchmarks.server import cpu_of
from patron.contract import CONTRACT, FACTS
from patron.engines import Engine, connect
from patron.export import export
from patron.settings import Settings

HEAP = "6g"
# As one sets up a server for real data on one machine: Spark's own defaults otherwise.
OPTIONS = {
    "spark.ui.enabled": "true",
    "spark.ui.retainedStages": "100000",
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
    "spark.sql.shuffle.partitions": "32",
}
# What Spark's status API counts of each stage, and what it is called here.
COUNTED = {
    "inputBytes": "read_bytes",
    "shuffleWriteBytes": "shuffled_bytes",
    "diskBytesSpilled": "spilled_bytes",
    "outputBytes": "written_bytes",
    "executorCpuTime": "tasks_ns",
}
Counts = Callable[[], dict[str, int]]


def spark(
    work: Path, sizes: list[int], engines: list[str], threads: int, say: Say, *, again: bool = True
) -> Figures:
    """Build whole, after 1 % of customers had news, and whole `again`, at each size and on each of ENGINES named.

    Raises BenchmarkError when the incremental build differs from the whole one anywhere.
    """
    made: Figures = {}
    for customers in sizes:
        shop = Shop(work, customers)
        data.prepare(shop, threads, say, ("sample", "patron", "arrivals"))
        say(f"DuckDB: {customers:,} customers")
        duckdb = measure.run(
            "benchmarks.peers.patron_changes:incremental",
            threads,
            store=str(shop / "patron"),
            as_of=str(AS_OF),
            figures=True,
        )
        measured: Figures = {"DuckDB": {"full": duckdb["full"], "changed": duckdb["same_day"]}}
        for engine in engines:
            name, running = ENGINES[engine]
            say(f"{name}: {customers:,} customers")
            with TemporaryDirectory(dir=shop.folder) as scratch, running(threads) as (port, process, counts):
                measured[name] = _builds(shop, Path(scratch), port, process, counts, again=again)
        made[str(customers)] = {"facts": _facts(shop), "engines": measured}
    return {"sizes": made, "options": OPTIONS | {"heap": HEAP, "master": f"local[{threads}]"}}


def _builds(shop: Shop, scratch: Path, port: int, process: int, counts: Counts, *, again: bool) -> Figures:
    tables = scratch / "lake"
    figures: Figures = {}
    with lake(shop, tables, port) as engine:

        def timed(*, full: bool = False) -> Figures:
            before = counts()
            one = build(engine, AS_OF, full=full, cpu=lambda: cpu_of(process))
            return one | {name: count - before[name] for name, count in counts().items()}

        figures["full"] = timed()
        write_news(engine, AS_OF, 1, scratch / "news")
        for fact in FACTS:
            shutil.move(scratch / "news" / f"{fact.name}.parquet", tables / fact.name / "news.parquet")
        figures["changed"] = timed()
        if figures["changed"]["kind"] != "incremental":
            raise BenchmarkError("The build after the news was not incremental.")
        if again:
            export(engine, "customer_360", scratch / "changed.parquet")
            figures["again"] = timed(full=True)
            export(engine, "customer_360", scratch / "again.parquet")
    if again:
        figures["values_compared"] = assert_same(
            scratch / "again.parquet", scratch / "changed.parquet", "An incremental build"
        )
    figures["peak_bytes"] = _peak_of(process)
    return figures


@contextmanager
def lake(shop: Shop, tables: Path, port: int) -> Iterator[Engine]:
    """Lend the engine of a lake at `tables` that holds the shop's facts as they arrived."""
    for table in CONTRACT:
        (tables / table.name).mkdir(parents=True)
        os.link(shop / "arrivals" / f"{table.name}.parquet", tables / table.name / "arrivals.parquet")
    with connect(f"sc://127.0.0.1:{port}/;tables={tables}", Settings()) as engine:
        engine.init()
        yield engine


@contextmanager
def _sail(threads: int) -> Iterator[tuple[int, int, Counts]]:
    server = SailProcess()
    try:
        yield server.port, server.process.pid, dict  # it counts neither what it shuffles nor what it spills
    finally:
        server.stop()


@contextmanager
def _apache_spark(threads: int) -> Iterator[tuple[int, int, Counts]]:
    status = free_port()
    options = OPTIONS | {"spark.master": f"local[{threads}]", "spark.ui.port": str(status)}
    server = ApacheSpark(options, java=(f"-Xmx{HEAP}",))

    def counts() -> dict[str, int]:
        home = f"http://127.0.0.1:{status}/api/v1/applications"
        (application,) = _asked(home)
        stages = _asked(f"{home}/{application['id']}/stages?status=complete")
        return {ours: sum(int(stage[theirs]) for stage in stages) for theirs, ours in COUNTED.items()}

    try:
        yield server.port, server.process.pid, counts
    finally:
        server.stop()


ENGINES = {"sail": ("Sail", _sail), "spark": ("Apache Spark", _apache_spark)}


def _asked(address: str) -> list[Figures]:
    with urllib.request.urlopen(address) as answer:
        found: list[Figures] = json.load(answer)
    return found


def _facts(shop: Shop) -> int:
    with connect(str(shop / "patron"), Settings(), create=False) as engine:
        return sum(_rows(engine, fact.name) for fact in FACTS)


def _rows(engine: Engine, table: str) -> int:
    return int(engine.query(f"SELECT COUNT(*) AS number FROM {table}")[0]["number"])


def _peak_of(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
