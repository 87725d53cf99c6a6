"""The part `load`: `patron load` beside each database's own COPY of the same CSV, which checks nothing.

The CSV has purchases in the order of their dates, as a till writes them. What they refer to is in Patron's tables
before, and nothing else. COPY fills a table of the same columns and types that has no key and no index.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import psycopg

from benchmarks import data, measure, server
from benchmarks.data import Say
from benchmarks.measure import BenchmarkError, Figures, Stopwatch, own_cpu, peak_bytes, summary
from patron.contract import table_named
from patron.contract.ddl import create_indexes, create_table
from patron.engines import Engine, connect
from patron.settings import Settings
from patron.sources.load import load as load_files
from patron.sources.mapping.model import parse_mapping

PURCHASES = table_named("purchase_transactions")
FILE = "purchase_transactions.csv"
ROWS_A_CUSTOMER, PRODUCTS = 40, 5_000
BLOCK = 1 << 20
# Every column as it is, but for an amount that is computed.
MAPPING = "\n".join(
    [
        f"[purchase_transactions]\nfrom = '{FILE}'\n[purchase_transactions.columns]",
        *(f"{name} = '{name}'" for name in PURCHASES.names if name != "total_amount"),
        "total_amount = 'ROUND(total_amount * 1.00, 2)'",
    ]
)
ENGINES = {"duckdb": "DuckDB", "postgres": "PostgreSQL"}
COPY, PATRON, MAPPED = "COPY", "patron load", "patron load --mapping"
Arguments = dict[str, bool]
CONTESTANTS: dict[str, dict[str, tuple[str, Arguments]]] = {
    "DuckDB": {
        COPY: ("copy_into_duckdb", {}),
        PATRON: ("load_into_duckdb", {"mapped": False}),
        MAPPED: ("load_into_duckdb", {"mapped": True}),
    },
    "PostgreSQL": {
        COPY: ("copy_into_postgres", {"keyed": False}),
        "COPY, then keys and indexes": ("copy_into_postgres", {"keyed": True}),
        PATRON: ("load_into_postgres", {"mapped": False}),
        MAPPED: ("load_into_postgres", {"mapped": True}),
    },
}


def measure_all(work: Path, rows: int, engines: list[str], rounds: int, threads: int, say: Say) -> Figures:
    """Time all contestants of `engines`, by their names in ENGINES, in turn, round by round."""
    folder = work / "loading" / str(rows)
    prepare(folder, rows, threads, say)
    names = [shown for name, shown in ENGINES.items() if name in engines]
    runs: dict[str, dict[str, list[Figures]]] = {engine: {} for engine in names}
    with server.running(work) as running:
        for number in range(rounds):
            for engine in names:
                for name, (task, arguments) in CONTESTANTS[engine].items():
                    say(f"{engine}, round {number + 1} of {rounds}: {name}")
                    where: Figures = {"url": str(folder.with_name("loading.duckdb"))}
                    if engine == ENGINES["postgres"]:
                        where = {"url": running.emptied("loading"), "postmaster": running.postmaster}
                    made = measure.run(
                        f"benchmarks.loading:{task}", threads, folder=str(folder), **where, **arguments
                    )
                    runs[engine].setdefault(name, []).append(made)
        version = running.version()
    data.remove(folder.with_name("loading.duckdb"))
    return {
        "rows": rows,
        "bytes": (folder / FILE).stat().st_size,
        "version": version,
        "options": server.OPTIONS,
        "engines": {
            engine: {name: summary(some) for name, some in made.items()} for engine, made in runs.items()
        },
    }


# -- the files ----------------------------------------------------------------------------------------------


def prepare(folder: Path, rows: int, threads: int, say: Say) -> None:
    """Write the files into `folder`, unless they are there."""
    if folder.exists():
        return
    say(f"preparing a CSV of {rows:,} purchases")
    partial = folder.with_name(f"partial-{rows}")
    data.remove(partial)
    measure.run("benchmarks.loading:write_files", threads, to=str(partial), rows=rows)
    partial.rename(folder)


def write_files(to: str, rows: int, threads: int) -> None:
    """Write the purchases and what they refer to."""
    customers = max(rows // ROWS_A_CUSTOMER, 1)
    queries = {
        "customer_info": f"SELECT range + 1 AS customer_id, 'Name ' || range AS first_name, "
        f"DATE '2019-01-01' + CAST(range % 1000 AS INTEGER) AS registration_date FROM range({customers})",
        "product_catalog": f"SELECT range + 1 AS product_id, 'Category ' || range % 20 AS category, "
        f"'Brand ' || range % 300 AS brand, CAST(range % 100 AS DECIMAL(18, 2)) AS price FROM range({PRODUCTS})",
        "purchase_transactions": f"SELECT range + 1 AS transaction_id, 1 + HASH(range) % {customers} AS customer_id, "
        f"1 + HASH(range + 1) % {PRODUCTS} AS product_id, "
        f"DATE '2020-01-01' + CAST(range * 2000 // {rows} AS INTEGER) AS purchase_date, "
        "1 + HASH(range + 2) % 5 AS quantity, CAST(HASH(range + 3) % 20000 AS DECIMAL(18, 2)) / 100 AS total_amount, "
        f"1 + HASH(range + 4) % 50 AS store_id, 1 + range // 3 AS order_id FROM range({rows})",
    }
    Path(to).mkdir(parents=True)
    with duckdb.connect(config={"threads": threads}) as connection:
        for name, query in queries.items():
            connection.sql(query).write_csv(str(Path(to, f"{name}.csv")))


# -- one run each, in a process of its own ------------------------------------------------------------------


def copy_into_duckdb(folder: str, url: str, threads: int) -> Figures:
    """Let DuckDB copy the CSV into a table in a file."""
    data.remove(Path(url))
    with duckdb.connect(url, config={"threads": threads}) as connection:
        connection.execute(create_table(PURCHASES, "duckdb", keys=False))
        with Stopwatch() as watch:
            connection.execute(f"COPY {PURCHASES.name} FROM '{folder}/{FILE}' (HEADER)")
            connection.execute("CHECKPOINT")
    return watch.figures


def load_into_duckdb(folder: str, url: str, mapped: bool, threads: int) -> Figures:
    """Load the CSV into Patron's database in a file."""
    data.remove(Path(url))
    with connect(url, Settings(threads=threads)) as engine:
        load_parents(engine, folder)
        with Stopwatch() as watch:
            _load(engine, folder, mapped=mapped)
            engine.query("CHECKPOINT")
    return watch.figures


def copy_into_postgres(folder: str, url: str, postmaster: int, keyed: bool, threads: int) -> Figures:
    """Let PostgreSQL copy the CSV into a table; where it is `keyed`, make its key and indexes afterwards."""
    statement = f"COPY {PURCHASES.name} FROM STDIN WITH (FORMAT csv, HEADER)"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(create_table(PURCHASES, "postgres", keys=False).encode())
        with Stopwatch(lambda: _both(postmaster)) as watch:
            with (
                connection.cursor() as cursor,
                cursor.copy(statement.encode()) as copy,
                Path(folder, FILE).open("rb") as stream,
            ):
                while block := stream.read(BLOCK):
                    copy.write(block)
            if keyed:
                connection.execute(
                    f"ALTER TABLE {PURCHASES.name} ADD PRIMARY KEY ({PURCHASES.key.name})".encode()
                )
                for index in create_indexes(PURCHASES, "postgres"):
                    connection.execute(index.encode())
    return watch.figures | {"peak_bytes": peak_bytes()}


def load_into_postgres(folder: str, url: str, postmaster: int, mapped: bool, threads: int) -> Figures:
    """Load the CSV into Patron's tables, which have their keys and indexes."""
    with connect(url, Settings(threads=threads)) as engine:
        load_parents(engine, folder)
        with Stopwatch(lambda: _both(postmaster)) as watch:
            _load(engine, folder, mapped=mapped)
    return watch.figures | {"peak_bytes": peak_bytes()}


def load_parents(engine: Engine, folder: str) -> None:
    """Load what the purchases refer to."""
    engine.init()
    load_files(engine, [Path(folder, f"{name}.csv") for name in ("customer_info", "product_catalog")])


def _load(engine: Engine, folder: str, *, mapped: bool) -> None:
    mapping = parse_mapping(MAPPING) if mapped else None
    report = load_files(engine, Path(folder, FILE), mapping=mapping)
    if not report.inserted == report.rows_read > 0:
        raise BenchmarkError(f"Of {report.rows_read} rows {report.inserted} were inserted.")


def _both(postmaster: int) -> tuple[float, float]:
    """Return the CPU seconds of this process and the server's together."""
    ours, theirs = own_cpu(), server.cpu_of(postmaster)
    return ours[0] + theirs[0], ours[1] + theirs[1]
