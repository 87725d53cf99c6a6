"""The data of a run, made once and kept in the run's folder: one sample shop, as each contestant stores it.

`<work>/<customers>/` holds the sample as `patron sample` writes it, Patron's database made from it, and the same
rows in the order in which a shop's facts arrive (by day, customers mixed) as Parquet and as each peer's tables.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import duckdb
from pyarrow import parquet

from benchmarks import measure
from patron.contract import CONTRACT
from patron.contract.ddl import create_table
from patron.engines import Engine, connect
from patron.model.steps import steps
from patron.settings import Settings
from patron.sources.sample import Sample, write_parquet

AS_OF = date(2025, 12, 31)  # the sample's last day
SEED = 1
ROWS_AT_ONCE = 1_000_000
# What is prepared, in this order: the name of the file or folder, and the task that makes it.
PARTS = {
    "sample": "benchmarks.data:make_sample",
    "patron": "benchmarks.data:make_patron",
    "arrivals": "benchmarks.data:make_arrivals",
    "peer.duckdb": "benchmarks.peers.duckdb_sql:prepare",
    "chdb": "benchmarks.peers.chdb_sql:prepare",
}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Shop:
    """Where one size's data is."""

    work: Path
    customers: int

    @property
    def folder(self) -> Path:
        """The folder of everything of this size; DuckDB's version in its name, since files change with it."""
        return self.work / f"duckdb-{version('duckdb')}" / str(self.customers)

    def __truediv__(self, part: str) -> Path:
        """Where a prepared part is. Patron's own is named by the model, which says what tables it has."""
        return self.folder / (f"patron-{model_mark()}.duckdb" if part == "patron" else part)


@cache
def model_mark() -> str:
    """Return a short mark of the contract and the model, other for others."""
    texts = [create_table(table, "duckdb") for table in CONTRACT] + [step.sql for step in steps()]
    return sha256("\n".join(texts).encode()).hexdigest()[:8]


def prepare(shop: Shop, threads: int, say: Say, parts: tuple[str, ...] = tuple(PARTS)) -> None:
    """Make the parts that are not there yet; one that is there is whole, since it gets its name at the end."""
    shop.folder.mkdir(parents=True, exist_ok=True)
    for name in parts:
        if (shop / name).exists():
            continue
        say(f"preparing {name} for {shop.customers:,} customers")
        partial = shop / f"partial-{name}"
        remove(partial)
        measure.run(PARTS[name], threads, folder=str(shop.folder), to=str(partial), customers=shop.customers)
        partial.rename(shop / name)


def remove(path: Path) -> None:
    """Remove a file with its write-ahead log, or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    for file in (path, path.with_name(f"{path.name}.wal")):
        file.unlink(missing_ok=True)


def make_sample(folder: str, to: str, customers: int, threads: int) -> None:
    """Write the sample as Parquet files."""
    write_parquet(Sample(customers, SEED, AS_OF), Path(to))


def make_patron(folder: str, to: str, customers: int, threads: int) -> None:
    """Put the sample into Patron's own database, in the sample's order, which is that of customers."""
    with connect(to, Settings(threads=threads)) as engine:
        append_sample(engine, Path(folder, "sample"))


def append_sample(engine: Engine, sample: Path) -> None:
    """Fill the contract tables from the sample's files, by Patron's way for rows that it made itself."""
    engine.init()
    for table in CONTRACT:
        with parquet.ParquetFile(sample / f"{table.name}.parquet") as file:
            engine.append(table, file.iter_batches(ROWS_AT_ONCE))


def make_arrivals(folder: str, to: str, customers: int, threads: int) -> None:
    """Write the sample's facts by day, customers mixed, as they arrive at a shop."""
    Path(to).mkdir()
    with duckdb.connect(config={"threads": threads}) as connection:
        for table in CONTRACT:
            order = f"ORDER BY {table.date}, hash({table.key.name})" if table.is_fact else ""
            connection.execute(
                f"COPY (SELECT * FROM '{folder}/sample/{table.name}.parquet' {order}) "
                f"TO '{to}/{table.name}.parquet' (COMPRESSION zstd)"
            )
