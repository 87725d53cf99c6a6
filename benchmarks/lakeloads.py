"""The part `lake-load`: `patron load` into a lake beside the engine's own reading and writing of the same CSV.

The engine's own way checks nothing: it reads the CSV with the columns' types and writes it as Parquet. What the
purchases refer to is in the lake before.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import measure
from benchmarks.data import Say
from benchmarks.lakes import ENGINES, HEAP, OPTIONS
from benchmarks.loading import FILE, PURCHASES, load_parents, prepare
from benchmarks.measure import BenchmarkError, Figures, Stopwatch, own_cpu, peak_bytes, summary
from benchmarks.server import cpu_of
from patron.engines import connect
from patron.engines.spark import SparkEngine
from patron.settings import Settings
from patron.sources.load import load

BARE, PATRON, AGAIN = "CSV to Parquet by the engine", "patron load", "patron load of the same rows again"


def measure_all(work: Path, rows: int, engines: list[str], rounds: int, threads: int, say: Say) -> Figures:
    """Time all contestants in turn, round by round, on each of ENGINES named."""
    folder = work / "loading" / str(rows)
    prepare(folder, rows, threads, say)
    made: Figures = {}
    for engine in engines:
        name, running = ENGINES[engine]
        runs: dict[str, list[Figures]] = {BARE: [], PATRON: [], AGAIN: []}
        for number in range(rounds):
            say(f"{name}, round {number + 1} of {rounds}")
            with TemporaryDirectory(dir=work) as scratch, running(threads) as (port, process, _):
                url = f"sc://127.0.0.1:{port}/;tables={scratch}/lake"
                found = measure.run(
                    "benchmarks.lakeloads:times", threads, folder=str(folder), url=url, process=process
                )
            for contestant, one in found.items():
                runs[contestant].append(one)
        made[name] = {contestant: summary(some) for contestant, some in runs.items()}
    return {
        "rows": rows,
        "bytes": (folder / FILE).stat().st_size,
        "engines": made,
        "options": OPTIONS | {"heap": HEAP, "master": f"local[{threads}]"},
    }


def times(folder: str, url: str, process: int, threads: int) -> Figures:
    """Load into a lake that has what the purchases refer to, load again, and let the engine do it its own way."""
    file = Path(folder, FILE)
    with connect(url, Settings(threads=threads)) as engine:
        if not isinstance(engine, SparkEngine):
            raise BenchmarkError(f"{url} is no lake.")
        load_parents(engine, folder)

        def cpu() -> tuple[float, float]:
            ours, theirs = own_cpu(), cpu_of(process)
            return ours[0] + theirs[0], ours[1] + theirs[1]

        with Stopwatch(cpu) as bare:
            schema = ", ".join(f"{name} {kind}" for name, kind in engine.lake.columns_of(PURCHASES).items())
            read = engine.lake.session.read.schema(schema).csv(str(file), header=True)
            read.write.parquet(f"{engine.where.tables}/bare")
        with Stopwatch(cpu) as first:
            report = load(engine, file)
        if not report.inserted == report.rows_read > 0:
            raise BenchmarkError(f"Of {report.rows_read} rows {report.inserted} were inserted.")
        peak = peak_bytes()  # of the process so far
        with Stopwatch(cpu) as again:
            report = load(engine, file, again=True)
        if report.unchanged != report.rows_read:
            raise BenchmarkError(f"Of {report.rows_read} rows {report.unchanged} were as before.")
    return {
        BARE: bare.figures,
        PATRON: first.figures | {"peak_bytes": peak},
        AGAIN: again.figures | {"peak_bytes": peak_bytes()},
    }
