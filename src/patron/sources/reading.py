"""Reads files into stages, after a look at all of them: what keeps one from being loaded stops the whole load."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from patron.contract import CONTRACT, IdType
from patron.engines.base import OnProgress, Progress
from patron.errors import SourceError
from patron.sources.layout import Found, SourceFile, match_columns
from patron.sources.parquet import ParquetPart
from patron.sources.staging import Part, StagedTable
from patron.sources.text import TextPart

POLL_SECONDS = 0.2


class Reader:
    """Reads files with a DuckDB connection; `folder` is for copies of broken ones.

    `progress` is told how many bytes have been read, also from a thread of its own.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, id_type: IdType, progress: OnProgress
    ) -> None:
        self.connection = connection
        self.folder = folder
        self.id_type = id_type
        self.progress = progress
        self.done = 0
        self.total = 0
        # A refused row is found again by its number, so a stage must have the order of the file.
        connection.execute("SET preserve_insertion_order = true")
        connection.execute("SET enable_progress_bar = true")
        connection.execute("SET enable_progress_bar_print = false")

    def look(self, found: Found) -> list[Part]:
        """Look at every file's columns; what is wrong with them is added to the problems found."""
        return [part for file in found.files if (part := self._look_at(file, found))]

    def _look_at(self, file: SourceFile, found: Found) -> Part | None:
        part = TextPart(file) if file.is_text else ParquetPart(file)
        try:
            columns = part.look(self.connection)
        except SourceError as error:
            found.problems.append(str(error))
            return None
        matched = match_columns(file, [name for name, _ in columns], found)
        part.columns = {column: given for column, (_, given) in zip(matched, columns, strict=True)}
        for name, given in columns:
            if not given.readable:
                found.problems.append(
                    f"the column '{name}' of {file.name} is {given.type} and not one value a row"
                )
        return part

    def stage(self, parts: list[Part]) -> list[StagedTable]:
        """Read all files; raises SourceError when one cannot be read. The tables come parents before children."""
        self.total = sum(part.file.size for part in parts)
        by_table: dict[str, list[Part]] = {}
        for part in parts:
            by_table.setdefault(part.file.table.name, []).append(part)
        return [self._stage(by_table[table.name]) for table in CONTRACT if table.name in by_table]

    def _stage(self, parts: list[Part]) -> StagedTable:
        staged = StagedTable(self.connection, parts[0].file.table, self.id_type)
        for part in parts:
            with self._reporting(part.file):
                staged.add(part, self.folder)
            part.file.check_unchanged()
        return staged

    @contextmanager
    def _reporting(self, file: SourceFile) -> Iterator[None]:
        over = threading.Event()

        def tell() -> None:
            while not over.wait(POLL_SECONDS):
                share = max(self.connection.query_progress(), 0.0) / 100
                self.progress(Progress("reading", self.done + share * file.size, self.total))

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()
        self.done += file.size
        self.progress(Progress("reading", self.done, self.total))
