"""`patron serve` as a process of its own, on a database that commands of `patron` have made."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import duckdb
import psycopg
from playwright.sync_api import Page
from psycopg.rows import dict_row

Row = dict[str, Any]
STARTS_WITHIN = 60


def patron(database: str, *words: object, folder: Path) -> str:
    """Run a command of `patron` and return what it printed; raises RuntimeError with its complaint."""
    command = [sys.executable, "-m", "patron", *map(str, words), "--database", database]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


@dataclass
class Site:
    """A database that is served, and a way to ask it past the server."""

    database: str
    folder: Path
    address: str = ""
    is_copied: bool = True
    """Whether a DuckDB file is copied first, so that `query` can ask the copy."""
    pages: list[Page] = field(default_factory=list, repr=False)
    """What was opened of it: closed before the server ends, or they would miss it."""
    _copy: Path | None = field(default=None, repr=False)
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for page in self.pages:
            if not page.is_closed():
                page.close()
        self.stop()

    def start(self) -> None:
        """Serve the database, at the port where it was before or at a free one."""
        self._copy_file()
        port = self.address.rpartition(":")[2] or "0"
        words = ["serve", "--port", port, "--database", self.database, "--json"]
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "patron", *words],
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        said = ""
        while not said.rstrip().endswith("}"):
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError(f"patron serve ended: {(self.folder / 'server.log').read_text()[-2000:]}")
            said += line
        self.address = str(json.loads(said)["address"])

    def stop(self) -> None:
        """Stop the server as its operator would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(STARTS_WITHIN)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def api(self, path: str) -> Any:
        """Return what the API answers."""
        with urllib.request.urlopen(f"{self.address}/api/v1/{path}") as answer:
            return json.load(answer)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Return the rows of a query that the server has no part in; `?` stands for a parameter.

        A DuckDB file has one owner, so its copy is asked, as it was before the server started.
        """
        if self._copy is not None:
            with duckdb.connect(str(self._copy), read_only=True) as connection:
                found = connection.execute(sql, list(parameters))
                names = [one[0] for one in found.description or ()]
                return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        with psycopg.connect(self.database, row_factory=dict_row) as connection:
            connection.execute("SET work_mem = '128MB'")
            return list(connection.execute(sql.replace("%", "%%").replace("?", "%s"), list(parameters)))

    def _copy_file(self) -> None:
        if self.database.startswith("postgresql:") or not self.is_copied:
            return
        file = Path(self.database)
        self._copy = file.with_suffix(".copy.duckdb")
        shutil.copyfile(file, self._copy)
