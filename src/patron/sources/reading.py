"""Reads files of the contract layout into stages, after a look at all of them.

What keeps one from being loaded stops the whole load. This is the mapping of every column to itself: it needs
no landing, so each row is read, typed and checked in one go.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from patron.contract import CONTRACT, IdType
from patron.engines.base import OnProgress, Progress
from patron.errors import SourceError
from patron.sources.content import Files, Wanted
from patron.sources.formats.files import SourceFile
from patron.sources.formats.parts import part_of
from patron.sources.formats.remote import Download, download, is_remote
from patron.sources.layout import Found, TableFile, find_all, match_columns
from patron.sources.mapping.model import Mapping
from patron.sources.staging import Part, StagedTable

POLL_SECONDS = 0.2
MOST_PROBLEMS = 20  # that a message lists


class Reader(ABC):
    """Reads what is at `paths` with a DuckDB connection; `folder` is for temporary copies.

    `progress` is told how many bytes have been read, also from a thread of its own. What is at a URL is `copied` first.
    First `look`, then `stage`.
    """

    mapping: Mapping | None = None

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        id_type: IdType,
        progress: OnProgress,
        paths: Sequence[str],
        copied: Download = download,
    ) -> None:
        self.connection = connection
        self.folder = folder
        self.id_type = id_type
        self.progress = progress
        self.paths = paths
        self.copied = copied
        self.done = 0
        self.total = 0
        set_up(connection)

    @abstractmethod
    def look(self) -> Files:
        """Return what will be read; raises SourceError with all that is wrong with it, before any row is read."""

    @abstractmethod
    def stage(self) -> list[StagedTable]:
        """Read everything, parents before children; raises SourceError when something cannot be read."""

    @abstractmethod
    def notes(self) -> list[str]:
        """Return what is worth telling about it."""

    def close(self) -> None:  # noqa: B027 - most have nothing open
        """Let go of what was opened for reading; comes after the refused rows have been looked up."""

    @contextmanager
    def reporting(self, connection: duckdb.DuckDBPyConnection, size: int) -> Iterator[None]:
        """Tell how far a file of `size` bytes has come while `connection` reads it."""
        over = threading.Event()

        def tell() -> None:
            while not over.wait(POLL_SECONDS):
                share = max(connection.query_progress(), 0.0) / 100
                self.progress(Progress("reading", self.done + share * size, self.total))

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()
        self.done += size
        self.progress(Progress("reading", self.done, self.total))


class LayoutReader(Reader):
    """Reads files that are named after the contract's tables."""

    found: Found
    parts: list[tuple[TableFile, Part]]

    def notes(self) -> list[str]:
        """Return what was passed over and which columns are missing."""
        return self.found.all_notes()

    def look(self) -> Files:
        """Look at the columns of all files."""
        here = [self.copied(path, self.folder) if is_remote(path) else Path(path) for path in self.paths]
        self.found = find_all(here)
        self.parts = [(file, part) for file in self.found.files if (part := self._look_at(file))]
        if self.found.problems:
            raise SourceError(sentence(", ".join(self.paths), self.found.problems), self.found.problems)
        return [Wanted(file, file.table.name, tuple(part.columns)) for file, part in self.parts]

    def stage(self) -> list[StagedTable]:
        """Read all files."""
        self.total = sum(file.size for file, _ in self.parts)
        by_table: dict[str, list[Part]] = {}
        for file, part in self.parts:
            by_table.setdefault(file.table.name, []).append(part)
        staged = []
        for table in CONTRACT:
            if table.name in by_table:
                staged.append(StagedTable(self.connection, table, self.id_type))
                self._read_into(staged[-1], by_table[table.name])
        return staged

    def _look_at(self, file: TableFile) -> Part | None:
        part = part_of(file)
        try:
            columns = part.look(self.connection)
        except SourceError as error:
            self.found.problems.append(str(error))
            return None
        matched = match_columns(file, [name for name, _ in columns], self.found)
        part.columns = {column: given for column, (_, given) in zip(matched, columns, strict=True)}
        for name, given in columns:
            if not given.readable:
                self.found.problems.append(nested(file, name, given.type))
        return part

    def _read_into(self, staged: StagedTable, parts: list[Part]) -> None:
        for part in parts:
            with self.reporting(self.connection, part.file.size):
                staged.add(part, self.folder)
            part.file.check_unchanged()


def set_up(connection: duckdb.DuckDBPyConnection) -> None:
    """Have a connection keep the order of files, by which a refused row is found again, and tell its progress."""
    connection.execute("SET preserve_insertion_order = true")
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")


def nested(file: SourceFile, column: str, kind: str) -> str:
    """Return the problem of a column that has no plain values."""
    return f"the column '{column}' of {file.name} is {kind} and not one value a row"


def sentence(path: str, problems: list[str]) -> str:
    """Return all problems as one message."""
    if len(problems) == 1:
        return f"Nothing of {path} was loaded: {_ended(problems[0])}"
    shown = [f"  - {_ended(problem)}" for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        shown.append(f"  - and {len(problems) - MOST_PROBLEMS} more.")
    listed = "\n".join(shown)
    return f"Nothing of {path} was loaded, for {len(problems)} reasons:\n{listed}"


def _ended(problem: str) -> str:
    return problem if problem.endswith("?") else f"{problem}."
