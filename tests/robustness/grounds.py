"""Where databases are killed: their files, or a server of their own, and the ways to kill them."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, Self

import psycopg
from psycopg import sql

from patron.errors import PatronError
from tests.robustness.child import Child
from tests.support.postgres import PostgresServer, binaries

Kill = Callable[[Child], None]
_PATIENCE = 300


class Ground(Protocol):
    """Makes databases that may be killed, and kills them."""

    kills: dict[str, Kill]

    def empty(self) -> str:
        """Make a database with nothing in it and return its URL."""

    def copy(self, url: str) -> str:
        """Make a copy of a database that nobody uses and return its URL."""

    def drop(self, url: str) -> None:
        """Remove a database."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def ground_for(kind: str, folder: Path) -> Ground:
    """Return the ground for an engine: duckdb, postgres18 or postgres15."""
    return Files(folder) if kind == "duckdb" else Server(kind.removeprefix("postgres"))


class Files:
    """DuckDB files. The process that works on one is killed, just so or when it next writes its log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self.kills: dict[str, Kill] = {"process": Child.kill, "process at its log": _kill_at_the_log}

    def empty(self) -> str:
        return str(self._folder / f"{next(self._numbers)}.duckdb")

    def copy(self, url: str) -> str:
        copy = self.empty()
        shutil.copyfile(url, copy)
        return copy

    def drop(self, url: str) -> None:
        for path in self._folder.glob(f"{Path(url).name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()  # DuckDB spills into a folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Server(PostgresServer):
    """A PostgreSQL server. The client is killed, or what serves it, or the whole server, which then starts again."""

    def __init__(self, version: str) -> None:
        folder = binaries(version)
        assert folder is not None, f"PostgreSQL {version} is not on this machine"
        super().__init__(folder, version)
        self._numbers = itertools.count(1)
        # What is committed must outlive the server's processes; the machine is not switched off.
        self._do(sql.SQL("ALTER ROLE {} SET synchronous_commit = on").format(sql.Identifier("postgres")))
        self.kills: dict[str, Kill] = {
            "client": self._kill_client,
            "backend": self._kill_backend,
            "terminate": self._terminate,
            "server": self._kill_server,
        }

    def empty(self) -> str:
        return self._create("template0")

    def copy(self, url: str) -> str:
        return self._create(_name(url))

    def drop(self, url: str) -> None:
        self._do(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(_name(url))))

    def _create(self, template: str) -> str:
        name = f"killed_{next(self._numbers)}"
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._do(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def _kill_client(self, child: Child) -> None:
        child.kill()
        self._wait(lambda: child.serving not in self._backends())

    def _kill_backend(self, child: Child) -> None:
        _kill(child.serving)
        _fails_in_words(child)
        self._wait(self._answers)

    def _terminate(self, child: Child) -> None:
        self._do(sql.SQL("SELECT pg_terminate_backend({})").format(sql.Literal(child.serving)))
        _fails_in_words(child)
        self._wait(lambda: child.serving not in self._backends())

    def _kill_server(self, child: Child) -> None:
        assert self._process is not None
        backends = self._backends()
        self._process.kill()
        self._process.wait()
        for backend in backends:
            _kill(backend)
        _fails_in_words(child)
        self._start()

    def _backends(self) -> list[int]:
        """Return the processes of the server, but for the one that answers this."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            query = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            return [pid for (pid,) in connection.execute(query).fetchall()]

    def _do(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @staticmethod
    def _wait(done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not done():
            assert time.monotonic() < deadline, "the server does not come to rest"
            time.sleep(0.02)


def _kill_at_the_log(child: Child) -> None:
    """Kill a process as soon as it has written a part of its write-ahead log, or is done."""
    log = Path(f"{child.url}.wal")
    size = _size(log)
    while _size(log) == size and child.works_for(0):
        pass
    child.kill()


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _fails_in_words(child: Child) -> None:
    """Wait for a child whose server went away: it ends well, if it was done, or says one sentence."""
    try:
        child.ends()
    except PatronError as error:
        assert "\n" not in str(error)  # noqa: PT017  it may have ended well


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):  # it may have ended by itself
        os.kill(process, signal.SIGKILL)


def _name(url: str) -> str:
    return url.split("?")[0].rsplit("/", 1)[1]
