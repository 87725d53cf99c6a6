"""The parts of a benchmark: what each measures, and the figures it hands back. `report` makes tables of them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import data, measure, server
from benchmarks.compare import assert_same
from benchmarks.data import AS_OF, Say, Shop
from benchmarks.measure import Figures, summary
from benchmarks.peers import patron_changes, postgres_sql
from patron.engines import connect
from patron.settings import Model, Settings

PATRON, WITH_FIGURES = "Patron", "Patron, with the dashboard's figures"
# Who builds customer_360 whole, in the order of a round, and with what arguments.
CONTESTANTS: dict[str, tuple[str, Figures]] = {
    PATRON: ("benchmarks.peers.patron_build:full", {}),
    WITH_FIGURES: ("benchmarks.peers.patron_build:full", {"figures": True}),
    "DuckDB by hand": ("benchmarks.peers.duckdb_sql:full", {}),
    "Polars, in memory": ("benchmarks.peers.polars_lazy:full", {"in_memory": True}),
    "Polars, Parquet": ("benchmarks.peers.polars_lazy:full", {"in_memory": False}),
    "chDB by hand": ("benchmarks.peers.chdb_sql:full", {}),
}
MEMORY_LIMIT = "4GiB"
INCREMENTAL = ("full", "same_day", "next_day")


def full(shop: Shop, rounds: int, threads: int, say: Say) -> Figures:
    """Let all contestants build customer_360 in turn, round by round; every peer's first result is compared.

    Raises BenchmarkError when a result differs from Patron's anywhere.
    """
    data.prepare(shop, threads, say)
    runs: dict[str, list[Figures]] = {name: [] for name in CONTESTANTS}
    compared: dict[str, int] = {}
    with TemporaryDirectory(dir=shop.folder) as scratch:
        ours = Path(scratch, "patron.parquet")
        for number in range(rounds):
            for name, (task, arguments) in CONTESTANTS.items():
                say(f"full build, round {number + 1} of {rounds}: {name}")
                result = ours if name == PATRON else Path(scratch, "peer.parquet")
                wanted = {"result": str(result)} if number == 0 and name != WITH_FIGURES else {}
                runs[name].append(_child(task, shop, threads, **arguments, **wanted))
                if wanted and name != PATRON:
                    compared[name] = assert_same(ours, result, name)
                    result.unlink()
    say(f"full build within {MEMORY_LIMIT}")
    bounded = _child(CONTESTANTS[PATRON][0], shop, threads, memory_limit=MEMORY_LIMIT)
    return {
        "customers": shop.customers,
        "contestants": {name: summary(made) for name, made in runs.items()},
        "values_compared": compared,
        "patron_with_table": summary([_and_table(one) for one in runs[PATRON]]),
        "memory_limit": MEMORY_LIMIT,
        "bounded": summary([bounded]),
        "steps": _typical(runs[PATRON])["steps"],
    }


def incremental(shop: Shop, rounds: int, threads: int, say: Say, *, figures: bool = False) -> Figures:
    """Time builds after 1 % of the customers changed beside a full one in the same process.

    With `figures` they keep what the dashboard's figures are summed from.
    """
    data.prepare(shop, threads, say, ("sample", "patron"))
    runs, parses = [], []
    for number in range(rounds):
        say(f"incremental builds, round {number + 1} of {rounds}")
        runs.append(_child("benchmarks.peers.patron_changes:incremental", shop, threads, figures=figures))
        parses.append(measure.run("benchmarks.peers.patron_build:first_use", threads))
    return {
        "customers": shop.customers,
        "first_use": summary(parses),
        **_summed_changes(runs),
    }


def scale(shop: Shop, rounds: int, threads: int, say: Say, times: int = 10) -> Figures:
    """Time full builds of N and of `times` N customers in turn."""
    shops = {one.customers: one for one in (shop, Shop(shop.work, times * shop.customers))}
    for one in shops.values():
        data.prepare(one, threads, say, ("sample", "patron"))
    runs: dict[int, list[Figures]] = {customers: [] for customers in shops}
    for number in range(rounds):
        for customers, one in shops.items():
            say(f"scale, round {number + 1} of {rounds}: {customers:,} customers")
            runs[customers].append(_child(CONTESTANTS[PATRON][0], one, threads))
    return {"times": times, "sizes": {str(customers): summary(made) for customers, made in runs.items()}}


def postgres(shop: Shop, rounds: int, say: Say, timeout_seconds: int = 30) -> Figures:
    """Time the procedure beside SQL by hand on PostgreSQL, the founding documents' way, and incremental builds."""
    data.prepare(shop, 1, say, ("sample",))
    with server.running(shop.work) as running:
        database = server.prepare(running, shop, say)
        runs: dict[str, list[Figures]] = {"procedure, first build": [], "by hand": [], "procedure, again": []}
        with running.copy_of(database) as url, TemporaryDirectory(dir=shop.work) as scratch:
            for number in range(rounds):
                for name, task in zip(
                    runs,
                    (postgres_sql.first_full, postgres_sql.by_hand, postgres_sql.full_again),
                    strict=True,
                ):
                    say(f"PostgreSQL, round {number + 1} of {rounds}: {name}")
                    runs[name].append(task(url, AS_OF, running.cpu))
            compared = postgres_sql.compare_by_hand(url, Path(scratch))
            say(f"the founding documents' SQL, at most {timeout_seconds} s a statement")
            founding = postgres_sql.founding(url, running.cpu, timeout_seconds)
        changed = []
        for number in range(rounds):
            say(f"PostgreSQL, incremental builds, round {number + 1} of {rounds}")
            with (
                running.copy_of(database) as url,
                TemporaryDirectory(dir=shop.work) as scratch,
                connect(url, Settings(model=Model(figures=False))) as engine,
            ):
                changed.append(patron_changes.changes(engine, AS_OF, Path(scratch), running.cpu))
        version = running.version()
    return {
        "customers": shop.customers,
        "version": version,
        "options": server.OPTIONS | {"work_mem": postgres_sql.WORK_MEM, "jit": "off"},
        "contestants": {name: summary(made) for name, made in runs.items()},
        "values_compared": compared,
        "founding": founding,
        "timeout_seconds": timeout_seconds,
        "incremental": _summed_changes(changed),
        "steps": _typical(runs["procedure, first build"])["steps"],
    }


def _child(task: str, shop: Shop, threads: int, **arguments: object) -> Figures:
    ours = task.startswith("benchmarks.peers.patron_")
    where = {"store": str(shop / "patron")} if ours else {"folder": str(shop.folder)}
    figures: Figures = measure.run(task, threads, **where, as_of=str(AS_OF), **arguments)
    return figures


def _summed_changes(runs: list[Figures]) -> Figures:
    figures: Figures = {name: summary([one[name] for one in runs]) for name in INCREMENTAL}
    figures["load"] = summary([one[f"{name}_load"] for one in runs for name in INCREMENTAL[1:]])
    figures["recomputed"] = runs[0]["same_day"]["recomputed"]
    figures["values_compared"] = runs[0]["values_compared"]
    figures["steps"] = _typical([one["same_day"] for one in runs])["steps"]
    return figures


def _and_table(one: Figures) -> Figures:
    """Add to a build the time of writing the whole view into a table."""
    both = {name: one[name] + one["table"][name] for name in ("wall", "user", "system")}
    return both | {"peak_bytes": one["table"]["peak_bytes"]}


def _typical(runs: list[Figures]) -> Figures:
    """Return the run of median wall time; of an even number the faster of the two in the middle."""
    return sorted(runs, key=lambda one: float(one["wall"]))[(len(runs) - 1) // 2]
