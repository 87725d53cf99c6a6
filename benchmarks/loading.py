"""How long `patron load` takes beside the database's own COPY of the same CSV without any checks.

    python -m benchmarks.loading --rows 2000000 --work /tmp/loading

Writes a CSV of purchases of so many rows, and the customers and products that they refer to, and loads the
purchases into a fresh DuckDB file and, with `--postgres URL`, into an empty schema of that server: once with
DuckDB's `COPY … FROM` or PostgreSQL's `COPY` into a table of the same types without keys, once with Patron, in
turns. Prints one JSON document: seconds and peak memory of each run, and Patron's time over COPY's.

What is there in Patron's tables before is what the purchases refer to, and nothing else. Each run is a process
of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from patron.contract import table_named
from patron.contract.ddl import create_table
from patron.engines import connect
from patron.settings import Settings
from patron.sources.load import load

PURCHASES = table_named("purchase_transactions")
ROWS_A_CUSTOMER, PRODUCTS = 40, 5_000
ROUNDS = 3


def write_files(rows: int, folder: Path) -> None:
    """Write purchases in the order of their dates, as a till does, and what they refer to; once."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "done").exists():
        return
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
    with duckdb.connect() as connection:
        for name, query in queries.items():
            connection.sql(query).write_csv(str(folder / f"{name}.csv"))
    (folder / "done").touch()


# -- one run each, in a process of its own ------------------------------------------------------------------


def copy_into_duckdb(folder: Path, url: str) -> float:
    Path(url).unlink(missing_ok=True)
    with duckdb.connect(url) as connection:
        connection.execute(create_table(PURCHASES, "duckdb", keys=False))
        began = time.perf_counter()
        connection.execute(
            f"COPY purchase_transactions FROM '{folder / 'purchase_transactions.csv'}' (HEADER)"
        )
        connection.execute("CHECKPOINT")
        return time.perf_counter() - began


def copy_into_postgres(folder: Path, url: str) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute(create_table(PURCHASES, "postgres", keys=False).encode())
        began = time.perf_counter()
        statement = "COPY purchase_transactions FROM STDIN WITH (FORMAT csv, HEADER)"
        path = folder / "purchase_transactions.csv"
        with connection.cursor() as cursor, cursor.copy(statement) as copy, path.open("rb") as stream:
            while block := stream.read(1 << 20):
                copy.write(block)
        return time.perf_counter() - began


def load_with_patron(folder: Path, url: str) -> float:
    if url.startswith("postgresql:"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
            connection.execute("CREATE SCHEMA public")
    else:
        Path(url).unlink(missing_ok=True)
    with connect(url, Settings()) as engine:
        engine.init()
        load(engine, [folder / "customer_info.csv", folder / "product_catalog.csv"])
        began = time.perf_counter()
        report = load(engine, folder / "purchase_transactions.csv")
        if not url.startswith("postgresql:"):
            engine.query("CHECKPOINT")
        seconds = time.perf_counter() - began
        assert report.inserted == report.rows_read > 0
        return seconds


RUNS = {
    "duckdb COPY": copy_into_duckdb,
    "duckdb patron": load_with_patron,
    "postgres COPY": copy_into_postgres,
    "postgres patron": load_with_patron,
}


def measure(name: str, folder: Path, url: str) -> dict[str, float]:
    """Run one of `RUNS` in a process of its own; return its seconds and the most memory it had, in MB."""
    words = [sys.executable, "-m", "benchmarks.loading", "--run", name, "--work", str(folder), "--url", url]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def measure_all(rows: int, work: Path, postgres: str | None) -> dict[str, Any]:
    """Return all runs, the best of each, and Patron's time over COPY's on each engine."""
    folder = work / f"{rows}-rows"
    write_files(rows, folder)
    urls = {"duckdb": str(work / "loading.duckdb")} | ({"postgres": postgres} if postgres else {})
    runs: dict[str, list[dict[str, float]]] = {}
    for _ in range(ROUNDS):
        for name in RUNS:
            if (engine := name.split()[0]) in urls:
                runs.setdefault(name, []).append(measure(name, folder, urls[engine]))
    best = {name: min(run["seconds"] for run in some) for name, some in runs.items()}
    times = {engine: round(best[f"{engine} patron"] / best[f"{engine} COPY"], 2) for engine in urls}
    return {
        "rows": rows,
        "megabytes": round((folder / "purchase_transactions.csv").stat().st_size / 1e6),
        "runs": runs,
        "best_seconds": best,
        "patron_over_copy": times,
    }


def main() -> None:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.loading", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--work", type=Path, required=True, help="a folder for files and databases")
    parser.add_argument("--postgres", metavar="URL", help="a database whose schema public may be dropped")
    parser.add_argument("--run", choices=RUNS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run is None:
        print(json.dumps(measure_all(given.rows, given.work, given.postgres), indent=2))
        return
    seconds = RUNS[given.run](given.work, given.url)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"seconds": round(seconds, 3), "megabytes": round(most)}))


if __name__ == "__main__":
    main()
