"""Work on a database in a process of its own, which may be killed at any moment."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

import patron.engines.duckdb.build
import patron.sources.load
import patron.sources.loads
import patron.sources.undo
from patron.engines import Engine, connect
from patron.engines.postgres import PostgresEngine
from patron.settings import Settings

Work = Callable[..., Any]

# A forked process starts in no time; it is forked from one that has neither threads nor databases.
_FORKS = multiprocessing.get_context("forkserver")
_PATIENCE = 300
_FORKS.set_forkserver_preload(["tests.robustness.child"])


class Child:
    """A process that opens the database at `url`, does `work(engine, *arguments)` and closes it."""

    def __init__(self, url: str, work: Work, *arguments: Any) -> None:
        self.url = url
        self._said, saying = _FORKS.Pipe(duplex=False)
        self._process = _FORKS.Process(target=_run, args=(saying, url, work, arguments))
        self._process.start()
        saying.close()
        self.serving: int = self._said.recv()  # the process that does the work: itself, or the server's

    def works_for(self, seconds: float) -> bool:
        """Wait for so long, or until the work is done; return whether it is still being done."""
        if not self._said.poll(seconds):
            return True
        try:
            self._hear()
        except EOFError:  # it has said that it is done already, and ended
            self._process.join(_PATIENCE)
            assert self._process.exitcode == 0, f"the child ended with {self._process.exitcode}"
        return False

    def works(self) -> None:
        """Wait until the work is done, with the database still open. Raises what was raised in it."""
        assert not self.works_for(_PATIENCE)

    def ends(self) -> None:
        """Wait until it ends. Raises what was raised in it."""
        self._process.join(_PATIENCE)
        assert self._process.exitcode == 0, f"the child ended with {self._process.exitcode}"
        while self._said.poll():
            try:
                self._hear()
            except EOFError:
                return

    def _hear(self) -> None:
        if (error := self._said.recv()) is not None:
            raise error

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self._process.kill()
        self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.is_alive():
            self.kill()


def build(engine: Engine, as_of: date, full: bool) -> None:
    """Build customer_360, if in full then in many batches on two threads."""
    patron.engines.duckdb.build.FACTS_A_BATCH = 50_000
    engine.build(as_of, full=full)


def load(engine: Engine, folder: Path) -> None:
    """Load a folder."""
    patron.sources.load.load(engine, folder)


def undo(engine: Engine, load_id: int) -> None:
    """Undo a load, unless it is undone."""
    if patron.sources.loads.load_numbered(engine, load_id)["state"] == "undone":
        return
    patron.sources.undo.undo(engine, load_id)


def hold(_: Engine) -> None:
    """Hold the database open until killed."""
    threading.Event().wait()


def _run(saying: Connection, url: str, work: Work, arguments: tuple[Any, ...]) -> None:
    with saying:
        try:
            with connect(url, Settings(threads=2), any_version=True) as engine:
                if isinstance(engine, PostgresEngine):
                    saying.send(engine.connection.info.backend_pid)
                else:
                    saying.send(os.getpid())
                work(engine, *arguments)
                saying.send(None)
        except Exception as error:
            saying.send(error)
